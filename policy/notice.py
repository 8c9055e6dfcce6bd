"""A notice (政策文件) as data: load, inherit, choose, resolve to frozen terms.

    notice = load("shanxi/2024")
    terms = notice.terms({"publicity_days": "7"})
    terms.value("ratio_large"), terms.clause("ratio_large"), terms.canonical(), terms.sha256

A term states a value with clause and phrase, or is left to the agency (`choice = true`, `default`). What a notice
states over a choice of the notice it extends is locked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from policy.keys import KEYS, SKILL_KEYS, TOGETHER, Value
from policy.notice_file import LeftOpen, NoticeFile, Stated, terms_of
from policy.terms import NoticeError, Reading, Term, Terms

__all__ = ["Choice", "ChoiceRefused", "Notice", "NoticeError", "Option", "Reading", "Term", "Terms", "load", "names"]

BUILT_IN = Path(__file__).parent / "notices"


class ChoiceRefused(Exception):
    """A choice that does not exist, is not among the options, or is locked by a clause; in Chinese."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a choice: the value as `--choose` takes it, and its Chinese label."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An agency choice of a notice. A locked one has as default what the clause decides, and cannot be set.

    `options`, the default first, is empty where any number from `least` to `most` will do. `clause` (document and
    section) and `phrase` of what locks it, or bounds it.
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


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice with what it inherits. `draft`: 征求意见稿, calculated and previewed, never published or paid.

    `since` and `until` are the first and last day of its programme year. `own`: keys that this notice itself
    states; `locked`: keys that it decides where a notice above left a choice; `lineage`: ids of the notices that
    it extends, nearest first.
    """

    id: str
    title: str
    number: str
    authority: str
    region: str
    draft: bool
    since: date
    until: date
    own: frozenset[str]
    locked: frozenset[str]
    lineage: tuple[str, ...]
    stated: Mapping[str, Stated]
    readings: Mapping[str, Reading]

    def in_force(self, day: date) -> bool:
        """Whether the notice's programme year has this day."""
        return self.since <= day <= self.until

    def choices(self) -> Sequence[Choice]:
        """Every agency choice, locked ones included, by key."""
        return [
            _choice_of(key, stated)
            for key, stated in sorted(self.stated.items())
            if isinstance(stated, LeftOpen) or key in self.locked
        ]

    def stated_here(self) -> Sequence[Term]:
        """Terms with a clause that this notice itself states, not those it inherits, by key."""
        return [term for key in sorted(self.own) for term in terms_of(self.stated[key]) if term.clause]

    def terms(self, choices: Mapping[str, str] | None = None) -> Terms:
        """The terms with these choices (values as `--choose` takes them), the rest default. Raises ChoiceRefused."""
        made = {key: self._chosen(key, written) for key, written in (choices or {}).items()}
        terms = [term for key, stated in self.stated.items() for term in made.get(key, terms_of(stated))]
        return Terms(
            id=self.id,
            title=self.title,
            number=self.number,
            authority=self.authority,
            region=self.region,
            draft=self.draft,
            chosen={key: _written(term.value) for key, (term,) in made.items() if (term,) != terms_of(self.stated[key])},
            readings=self.readings,
            terms=terms,
        )

    def _chosen(self, key: str, written: str) -> tuple[Term]:
        stated = self.stated.get(key)
        if stated is None or (key not in self.locked and not isinstance(stated, LeftOpen)):
            choices = "、".join(choice.key for choice in self.choices() if not choice.locked)
            raise ChoiceRefused(f"{self.id} 没有选项 {key}；可选的有：{choices}")
        choice = _choice_of(key, stated)
        name = f"{choice.label}（{key}）"
        if not isinstance(stated, LeftOpen):
            raise ChoiceRefused(f"{name}由 {choice.clause} 规定为 {choice.default}（“{choice.phrase}”），不能另选")
        allowed = [option.value for option in choice.options]
        if not allowed:
            return (replace(stated.default, value=_number_chosen(name, choice, stated.default.type, written)),)
        if written not in allowed:
            raise ChoiceRefused(f"{name}不能是 {written}，可选：{'、'.join(allowed)}")
        return (replace(stated.default, value=written),)


def names(folders: Iterable[Path] = ()) -> list[str]:
    """Short names of the notices of policy/notices and of these folders. Raises NoticeError."""
    return sorted({NoticeFile(path).head()["id"] for folder in (BUILT_IN, *folders) for path in folder.glob("*.toml")})


def load(name: str, folders: Iterable[Path] = ()) -> Notice:
    """A notice by short name (`shanxi/2024`: in policy/notices, then in these folders) or by path of its TOML.

    The file of `shanxi/2024` is called `shanxi-2024.toml`.

    Raises NoticeError: no such notice, unknown key, wrong type, overlapping dates, a phrase over 40 characters,
    a missing clause, a cycle of `extends`.
    """
    return _load(name, tuple(folders), ())


def _load(name: str, folders: tuple[Path, ...], below: tuple[str, ...]) -> Notice:
    file = NoticeFile(_find(name, folders))
    head = file.head()
    if not name.endswith(".toml") and head["id"] != name:
        raise file.error("notice.id", f"应为 {name}，与文件名一致")
    if head["id"] in below:
        raise file.error("notice.extends", f"循环继承：{' -> '.join((*below, head['id']))}")
    base = _load(head["extends"], (*folders, file.path.parent), (*below, head["id"])) if "extends" in head else None
    own = file.terms()
    stated = {**(base.stated if base else {}), **own}
    _check_whole(file, stated)
    readings = {**(_readings_left(base, stated) if base else {}), **file.readings()}
    for key in sorted(_cited(own) - readings.keys()):
        raise file.error(f"readings.{key}", "条款引用了这条解读，但没有写明")
    return Notice(
        id=head["id"],
        title=head["title"],
        number=head.get("number", ""),
        authority=head["authority"],
        region=head["region"],
        draft=head["status"] == "draft",
        since=head["from"],
        until=head["until"],
        own=frozenset(own),
        locked=_locked(base, stated) if base else frozenset(),
        lineage=(base.id, *base.lineage) if base else (),
        stated=stated,
        readings=readings,
    )


def _check_whole(file: NoticeFile, stated: Mapping[str, Stated]) -> None:
    """Raises NoticeError where a term is missing, or does not hold throughout."""
    for key, rule in KEYS.items():
        if key not in stated and rule.absent is None and not rule.optional:
            raise file.error(f"terms.{key}", f"缺少“{rule.label}”")
    for key in sorted(key for key, each in stated.items() if not _covers_the_period(key, terms_of(each), stated)):
        programme = "技能提升补贴" if key in SKILL_KEYS else "返还"
        raise file.error(f"terms.{key}", f"日期没有覆盖整个{programme}政策期间")
    for keys in TOGETHER:
        there = [key for key in keys if key in stated]
        for key in keys if there else ():
            if key not in stated:
                raise file.error(f"terms.{key}", f"缺少“{KEYS[key].label}”，应与 {there[0]} 一并写明")


def _find(name: str, folders: tuple[Path, ...]) -> Path:
    if name.endswith(".toml"):
        return Path(name)
    for folder in (BUILT_IN, *folders):
        path = folder / f"{name.replace('/', '-')}.toml"
        if path.is_file():
            return path
    known = "、".join(names())
    raise NoticeError(f"没有政策文件 {name}；现有：{known}，也可以写 TOML 文件的路径")


def _cited(stated: Mapping[str, Stated]) -> set[str]:
    return {term.reading for each in stated.values() for term in terms_of(each) if term.reading}


def _readings_left(base: Notice, stated: Mapping[str, Stated]) -> dict[str, Reading]:
    """Readings of the base, without those whose every term is now stated otherwise."""
    settled = _cited(base.stated) - _cited(stated)
    return {key: reading for key, reading in base.readings.items() if key not in settled}


def _covers_the_period(key: str, terms: tuple[Term, ...], stated: Mapping[str, Stated]) -> bool:
    """Whether a term that has dates holds on every day of its programme; premiums go by months of their own."""
    if key.startswith("premium_"):
        return True
    programme = "skill" if key in SKILL_KEYS else "refund"
    day, last = (terms_of(stated[f"{programme}_{bound}"])[0].value for bound in ("from", "until"))
    for term in terms:
        if isinstance(day, date) and term.holds(day):
            day = date.max if term.until is None else term.until + timedelta(days=1)
    return isinstance(day, date) and isinstance(last, date) and day > last


def _locked(base: Notice, stated: Mapping[str, Stated]) -> frozenset[str]:
    left_open = {key for key, each in base.stated.items() if isinstance(each, LeftOpen)} | base.locked
    return frozenset(key for key in left_open if not isinstance(stated[key], LeftOpen))


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, tuple) else str(value)


def _choice_of(key: str, stated: Stated) -> Choice:
    term = terms_of(stated)[0]
    left_open = stated if isinstance(stated, LeftOpen) else None
    words = KEYS[key].words
    return Choice(
        key=key,
        label=term.label,
        options=tuple(Option(word, words[word]) for word in left_open.options) if left_open else (),
        default=_written(term.value),
        locked=left_open is None,
        clause=f"{term.document} {term.clause}" if term.clause else "",
        phrase=term.phrase,
        least=left_open.least if left_open else None,
        most=left_open.most if left_open else None,
    )


def _number_chosen(name: str, choice: Choice, kind: str, written: str) -> Value:
    try:
        number = Decimal(written)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or (kind == "int" and number != number.to_integral_value()):
        raise ChoiceRefused(f"{name}不能是 {written}，应为{'整数' if kind == 'int' else '数字'}")
    low, high = choice.least, choice.most
    if (low is not None and number < low) or (high is not None and number > high):
        because = f"（{choice.clause}）" if choice.clause else ""
        raise ChoiceRefused(f"{name}不能是 {written}，应在 {low} 至 {high} 之间{because}")
    return int(number) if kind == "int" else number
