"""A notice (政策文件) as data: load, inherit, choose, resolve to frozen terms.

    notice = load("shanxi/2024")
    terms = notice.terms({"publicity_days": "7"})
    terms.value("ratio_large"), terms.clause("ratio_large"), terms.canonical(), terms.sha256

A term states a value with clause and phrase, or is left to the agency (`choice = true`, `default`). What a notice
states over a choice of the notice it extends is locked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from policy.keys import KEYS, Value
from policy.notice_checks import check_left_open, check_stated
from policy.notice_file import LeftOpen, NoticeFile, Stated, document_of, terms_of
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

    `since` and `until` are the first and last day of its programme year. `stated_by`: the id of the notice that
    states a key, this one or one of `lineage`, the notices that it extends, nearest first; `locked`: keys that a
    notice decides where one above it left a choice.
    """

    id: str
    title: str
    number: str
    authority: str
    region: str
    draft: bool
    since: date
    until: date
    stated_by: Mapping[str, str]
    locked: frozenset[str]
    lineage: tuple[str, ...]
    stated: Mapping[str, Stated]
    readings: Mapping[str, Reading]

    @property
    def document(self) -> str:
        """What its clauses are quoted by: the 文号, or the title of a draft that has none yet."""
        return document_of(self.number, self.title)

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
        own = sorted(key for key, by in self.stated_by.items() if by == self.id)
        return [term for key in own for term in terms_of(self.stated[key]) if term.clause]

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
    return sorted({_id_of(path) for folder in (BUILT_IN, *folders) for path in folder.glob("*.toml")})


def load(name: str, folders: Iterable[Path] = ()) -> Notice:
    """A notice by short name (`shanxi/2024`: in policy/notices, then in these folders) or by path of its TOML.

    The file of `shanxi/2024` is called `shanxi-2024.toml`.

    Raises NoticeError: no such notice, unknown key, wrong type, overlapping dates or a gap, a phrase over 40
    characters, a missing clause, a cycle of `extends`, a choice over what a notice above decides.
    """
    return _load(name, tuple(folders), ())


def _load(name: str, folders: tuple[Path, ...], below: tuple[str, ...]) -> Notice:
    file = NoticeFile(_find(name, folders))
    head = file.head()
    if not name.endswith(".toml") and head["id"] != name:
        raise file.error("notice.id", f"应为 {name}，与文件名一致")
    if head["id"] in below:
        raise file.error("notice.extends", f"循环继承：{' -> '.join((*below, head['id']))}")
    base = _extended(file, head["extends"], folders, (*below, head["id"])) if "extends" in head else None
    own = file.terms()
    stated = {**(base.stated if base else {}), **own}
    check_stated(file, head, stated)
    check_left_open(file, own, base.stated if base else {})
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
        stated_by={**(base.stated_by if base else {}), **dict.fromkeys(own, head["id"])},
        locked=_locked(base, stated) if base else frozenset(),
        lineage=(base.id, *base.lineage) if base else (),
        stated=stated,
        readings=readings,
    )


def _extended(file: NoticeFile, name: str, folders: tuple[Path, ...], below: tuple[str, ...]) -> Notice:
    """The notice that this file extends: built in, of these folders, or of the file's own."""
    folders = (*folders, file.path.parent)
    if name.endswith(".toml") or not _candidates(name, folders):
        raise file.error("notice.extends", f"没有政策文件 {name}；应为简称，如 national/2024，所引的文件放在同一文件夹")
    return _load(name, folders, below)


def _find(name: str, folders: tuple[Path, ...]) -> Path:
    if name.endswith(".toml"):
        return Path(name)
    found = _candidates(name, folders)
    if not found:
        raise NoticeError(f"没有政策文件 {name}；现有：{'、'.join(names(folders))}，也可以写 TOML 文件的路径")
    if len(found) > 1:
        raise NoticeError(f"{found[1]}：notice.id：与 {found[0]} 同名，请改名")
    return found[0]


def _candidates(name: str, folders: tuple[Path, ...]) -> list[Path]:
    """The files of this short name, each once."""
    paths = [folder / f"{name.replace('/', '-')}.toml" for folder in (BUILT_IN, *folders)]
    return list({path.resolve(): path for path in paths if path.is_file()}.values())


def _id_of(path: Path) -> str:
    file = NoticeFile(path)
    name = str(file.head()["id"])
    if path.stem != name.replace("/", "-"):
        raise file.error("notice.id", f"{name} 与文件名不一致，文件应名为 {name.replace('/', '-')}.toml")
    return name


def _cited(stated: Mapping[str, Stated]) -> set[str]:
    return {term.reading for each in stated.values() for term in terms_of(each) if term.reading}


def _readings_left(base: Notice, stated: Mapping[str, Stated]) -> dict[str, Reading]:
    """Readings of the base, without those whose every term is now stated otherwise."""
    settled = _cited(base.stated) - _cited(stated)
    return {key: reading for key, reading in base.readings.items() if key not in settled}


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
