"""The facts a skill claim is decided from, as one frozen row. Empty is unknown, never zero."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, NamedTuple, Self

from policy.fact_rows import NOT_CHECKED, FactRow, From, cached, count, day, word, yes_no
from policy.keys import GRADES, INSURED_STATUSES
from sheets import values
from sheets.values import BadValue, Cell

__all__ = ["COLUMNS", "SkillFacts", "Subsidy"]


class Subsidy(NamedTuple):
    """What a person was given or holds: a skill subsidy, a training subsidy, a certificate. None = not known.

    `on`: of a skill subsidy the day of its claim, of a training subsidy the day it was paid, of a certificate the
    day of issue.
    """

    occupation: str | None
    grade: str | None
    on: date | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """`6-31-01-03:五级:2024-06-03`; an empty part or `?` is not known. Raises BadValue."""
        parts = [part.strip() for part in text.rsplit(":", 2)]
        if len(parts) < 3:
            raise BadValue(f"“{text}”应写成 职业代码:等级:日期，几项之间用 ; 分隔；不明的部分留空")
        occupation, grade, on = ["" if part == NOT_CHECKED else part for part in parts]
        return cls(occupation or None, _grade(grade), day(on))


_text = values.text_up_to(200)
_long_text = values.text_up_to(10_000)
_grade = word(GRADES)


def _parts(cell: Cell) -> list[str]:
    written: str = _long_text(cell) or ""
    narrow = written.translate({0xFF1A: ":", 0xFF1B: ";", 0xFF1F: "?"})
    return [part for each in narrow.split(";") if (part := each.strip())]


def _subsidies(cell: Cell) -> tuple[Subsidy, ...]:
    return tuple([Subsidy.parse(part) for part in _parts(cell) if part != NOT_CHECKED])


def _is_checked(cell: Cell) -> bool:
    return NOT_CHECKED not in _parts(cell)


def _subsidies_if_checked(cell: Cell) -> tuple[Subsidy, ...] | None:
    found = _subsidies(cell)
    return found if _is_checked(cell) else None


def _certificate_type(cell: Cell) -> str | None:
    """The notices' own 技能人员职业资格证书 is 职业资格证书."""
    written: str | None = _text(cell)
    return written.removeprefix("技能人员") if written else None


def _restored(kept: list[list[Any]]) -> tuple[Subsidy, ...]:
    return tuple([Subsidy(occupation, grade, date.fromisoformat(on) if on else None) for occupation, grade, on in kept])


_list = cached(_subsidies)
_list_if_checked = cached(_subsidies_if_checked)


@dataclass(frozen=True, slots=True)
class SkillFacts(FactRow):
    """One claim's facts; the columns of `assess skill` by the same names (`skill_subsidies` for `received`).

    None is UNKNOWN. `occupation` is the code (or, everywhere alike, the name) of a 职业（工种）.
    """

    claimed_on: date | None = None
    occupation: str | None = None
    grade: str | None = None  # 五级 ... 一级
    issued_on: date | None = None
    certificate_type: str | None = None
    certificate_valid: bool | None = None
    insured_months: int | None = None  # cumulative months paid on the day that skill_months_at names
    status: str | None = None  # on the day of the claim
    status_at_issue: str | None = None  # on the day of issue; read only where drawing_at = issue
    training_subsidies: tuple[Subsidy, ...] = ()
    training_checked: bool = False  # False: not (all) checked
    received: tuple[Subsidy, ...] | None = None  # skill subsidies granted before this claim; None: not known who claims
    certificates_held: tuple[Subsidy, ...] | None = None  # read only where a notice bars by certificates held
    post_agrees: bool | None = None  # 证岗相适, a person's answer; read only where a notice asks it
    FROM: ClassVar[Mapping[str, From]] = {
        "claimed_on": From(day),
        "occupation": From(cached(_text)),
        "grade": From(_grade),
        "issued_on": From(day),
        "certificate_type": From(cached(_certificate_type)),
        "certificate_valid": From(yes_no),
        "insured_months": From(count),
        "status": From(word(INSURED_STATUSES)),
        "status_at_issue": From(word(INSURED_STATUSES)),
        "training_subsidies": From(_list, NOT_CHECKED),
        "training_checked": From(cached(_is_checked), NOT_CHECKED, "training_subsidies"),
        "received": From(_list_if_checked, "", "skill_subsidies"),
        "certificates_held": From(_list_if_checked, NOT_CHECKED),
        "post_agrees": From(yes_no),
    }
    RESTORE: ClassVar[Mapping[str, Callable[[Any], Any]]] = {
        "claimed_on": date.fromisoformat,
        "issued_on": date.fromisoformat,
        **dict.fromkeys(("training_subsidies", "received", "certificates_held"), _restored),
    }


COLUMNS = tuple(dict.fromkeys(SkillFacts.columns()))
