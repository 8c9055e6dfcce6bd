"""A notice (政策文件) as data: load, inherit, choose, resolve to frozen terms.

    notice = load("shanxi/2024")
    terms = notice.terms({"publicity_days": "7"})
    terms.value("ratio_large"), terms.clause("ratio_large"), terms.canonical(), terms.sha256
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Self

Value = Decimal | int | bool | str | date | tuple[str, ...]


class NoticeError(Exception):
    """A notice file that cannot be used; the message names file, key and reason, in Chinese."""


class ChoiceRefused(Exception):
    """A choice that does not exist, is not among the options, or is locked by a clause; in Chinese."""


@dataclass(frozen=True, slots=True)
class Term:
    """One number, limit or option of a notice.

    `basis`: `law` (a clause says it), `reading` (our interpretation, its reason in `reading`) or `choice` (the
    agency's). `document` is the 文号, or the title where there is none, of what says it; `phrase` at most 40
    characters of it, verbatim. `since` and `until`: both days in; None = open.
    """

    key: str
    label: str
    value: Value
    basis: str
    clause: str
    document: str
    phrase: str
    reading: str
    outside: bool
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a choice: the value as `--choose` takes it, and its Chinese label."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An agency choice of a notice. A locked one shows the value that the clause decides, and cannot be set.

    `options` is empty where any number from `least` to `most` will do.
    """

    key: str
    label: str
    options: tuple[Option, ...]
    default: str
    locked: bool
    clause: str
    phrase: str
    least: Decimal | None
    most: Decimal | None


class Terms:
    """A notice with its choices resolved: frozen, and all that rules and screens need.

    Attributes: id (`shanxi/2024`), title, number (文号, empty if none), authority, region (name), draft (bool),
    chosen (choices that differ from the default, by key).
    """

    id: str
    title: str
    number: str
    authority: str
    region: str
    draft: bool
    chosen: Mapping[str, str]

    def value(self, key: str, on: date | None = None) -> Value:
        """The value of a term; of a term that changes within the year, the one in force `on`. KeyError if none."""
        raise NotImplementedError

    def clause(self, key: str, on: date | None = None) -> str:
        """Document and section of a term, `人社部发〔2024〕40号 二`; empty for an agency choice."""
        raise NotImplementedError

    def term(self, key: str, on: date | None = None) -> Term:
        """The whole term."""
        raise NotImplementedError

    def all(self) -> Sequence[Term]:
        """Every term, by key."""
        raise NotImplementedError

    @property
    def refund_period(self) -> tuple[date, date]:
        """First and last day of the refund programme, both in."""
        raise NotImplementedError

    @property
    def sha256(self) -> str:
        """Hex digest of the canonical text."""
        raise NotImplementedError

    def canonical(self) -> str:
        """The terms as text, the same for the same terms; an Edition keeps it."""
        raise NotImplementedError

    @classmethod
    def parse(cls, text: str) -> Self:
        """The terms that `canonical` wrote. Raises NoticeError."""
        raise NotImplementedError


class Notice:
    """A notice with what it inherits. `draft`: 征求意见稿, calculated and previewed, never published or paid."""

    id: str
    title: str
    number: str
    authority: str
    region: str
    draft: bool
    since: date
    until: date

    def in_force(self, day: date) -> bool:
        """Whether the notice's programme year has this day."""
        raise NotImplementedError

    def choices(self) -> Sequence[Choice]:
        """Every agency choice, locked ones included, by key."""
        raise NotImplementedError

    def terms(self, choices: Mapping[str, str] | None = None) -> Terms:
        """The terms with these choices, the rest at their defaults. Raises ChoiceRefused."""
        raise NotImplementedError


def names(folders: Iterable[Path] = ()) -> list[str]:
    """Short names of the notices of policy/notices and of these folders."""
    raise NotImplementedError


def load(name: str, folders: Iterable[Path] = ()) -> Notice:
    """A notice by short name (`shanxi/2024`: in policy/notices, then in these folders) or by path of its TOML.

    Raises NoticeError: no such notice, unknown key, wrong type, overlapping dates, a phrase over 40 characters,
    a missing clause, a cycle of `extends`.
    """
    raise NotImplementedError
