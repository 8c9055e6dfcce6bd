"""A notice's terms once its choices are made: frozen, with clause and phrase, and text that an Edition keeps."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Literal, Self

from policy.keys import KEYS, Type, Value

_FORMAT = 1

Programme = Literal["refund", "skill"]


class NoticeError(Exception):
    """A notice that cannot be used; the message names file, key and reason, in Chinese."""


@dataclass(frozen=True, slots=True)
class Term:
    """One number, limit or option of a notice.

    `basis`: `law` (a clause says it), `reading` (our interpretation: `reading` names the entry of
    `Terms.readings`), `choice` (the agency's) or `absent` (no notice says anything). `document` is the 文号, or
    the title where there is none, of what says it; `phrase` at most 40 characters of it, verbatim; `outside`:
    that document is not among those the notices come from. `since` and `until`: both days in; None = open.
    """

    key: str
    label: str
    type: Type
    value: Value
    basis: str
    clause: str = ""
    document: str = ""
    phrase: str = ""
    reading: str = ""
    outside: bool = False
    since: date | None = None
    until: date | None = None

    def holds(self, on: date) -> bool:
        """Whether the term is in force on this day."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Reading:
    """解读: how we read a clause, and why."""

    text: str
    reason: str


class Terms:
    """A notice with its choices resolved: frozen, and all that rules and screens need.

    `chosen`: the choices made that differ from the default, by key. `readings`: by id. Equal terms have equal
    canonical text.
    """

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 the notice's own word
        title: str,
        number: str,
        authority: str,
        region: str,
        draft: bool,
        chosen: Mapping[str, str],
        readings: Mapping[str, Reading],
        terms: Iterable[Term],
    ) -> None:
        self.id = id
        self.title = title
        self.number = number
        self.authority = authority
        self.region = region
        self.draft = draft
        self.chosen = MappingProxyType(dict(chosen))
        self.readings = MappingProxyType(dict(readings))
        by_key: dict[str, list[Term]] = {}
        for term in terms:
            by_key.setdefault(term.key, []).append(term)
        self._terms = {key: tuple(by_key[key]) for key in sorted(by_key)}

    def states(self, key: str, on: date | None = None) -> bool:
        """Whether the terms say anything under this key (on that day); False for a key that nobody knows."""
        return any(on is None or term.holds(on) for term in self._terms.get(key, ()))

    def term(self, key: str, on: date | None = None) -> Term:
        """The term, of several the one in force `on` (without a day the first).

        What no notice states has its absent value and no clause, also in terms that were kept before the key came
        to be. KeyError where there is neither.
        """
        for term in self._terms.get(key, ()):
            if on is None or term.holds(on):
                return term
        rule = KEYS[key]
        if key in self._terms or rule.absent is None:
            raise KeyError(f"{key} {on or ''}")
        return Term(key, rule.label, rule.type, rule.absent, "absent")

    def value(self, key: str, on: date | None = None) -> Value:
        """The value of a term. KeyError as of `term`."""
        return self.term(key, on).value

    def clause(self, key: str, on: date | None = None) -> str:
        """Document and section of a term, `人社部发〔2024〕40号 二`; empty for an agency choice. KeyError as of `term`."""
        term = self.term(key, on)
        return f"{term.document} {term.clause}" if term.clause else ""

    def all(self) -> Sequence[Term]:
        """Every term that is stated, by key, then by day."""
        return [term for terms in self._terms.values() for term in terms]

    def number_of(self, key: str, on: date | None = None) -> Decimal:
        """The value of a term that is a number: a fraction or yuan, exact. KeyError as of `term`, TypeError for another."""
        value = self.value(key, on)
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise TypeError(f"{key} 不是数字：{value!r}")
        return Decimal(value)

    def count_of(self, key: str, on: date | None = None) -> int:
        """The value of a term that is a whole number: months, days, heads. KeyError as of `term`, TypeError for another."""
        value = self.value(key, on)
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{key} 不是整数：{value!r}")
        return value

    def word_of(self, key: str, on: date | None = None) -> str:
        """The value of a term that is a word or a text. KeyError as of `term`, TypeError for another."""
        value = self.value(key, on)
        if not isinstance(value, str):
            raise TypeError(f"{key} 不是文字：{value!r}")
        return value

    def words_of(self, key: str, on: date | None = None) -> tuple[str, ...]:
        """The value of a term that is a list of words. KeyError as of `term`, TypeError for another."""
        value = self.value(key, on)
        if not isinstance(value, tuple):
            raise TypeError(f"{key} 不是列表：{value!r}")
        return value

    def says(self, key: str, on: date | None = None) -> bool:
        """The value of a term that is true or false. KeyError as of `term`, TypeError for another."""
        value = self.value(key, on)
        if not isinstance(value, bool):
            raise TypeError(f"{key} 不是“是/否”：{value!r}")
        return value

    def day_of(self, key: str, on: date | None = None) -> date:
        """The value of a term that is a day. KeyError as of `term`, TypeError for another."""
        value = self.value(key, on)
        if not isinstance(value, date):
            raise TypeError(f"{key} 不是日期：{value!r}")
        return value

    def day_that_counts(self, keys: Iterable[str], on: date | None, programme: Programme = "refund") -> date | None:
        """The day to look these terms up for: None if none of them changes, else `on` held within the period."""
        if on is None or not self._changing.intersection(keys):
            return None
        first, last = self.period(programme)
        return min(max(on, first), last)

    def days_that_may_count(self, keys: Iterable[str], programme: Programme) -> Sequence[date | None]:
        """The days of the programme from which any of these terms differs, its first day among them; None if none does."""
        changing = self._changing.intersection(keys)
        first, last = self.period(programme)
        starts = [term.since for key in changing for term in self._terms[key] if term.since]
        return sorted({first, *[max(first, day) for day in starts if day <= last]}) if changing else [None]

    def as_of(self, on: date) -> "Terms":
        """These terms as if what holds on that day of the programmes held always; premiums keep their months."""
        return _as_of(self, on)

    @cached_property
    def _changing(self) -> frozenset[str]:
        """Keys of the terms that have more than one value over time."""
        return frozenset(key for key, terms in self._terms.items() if len(terms) > 1)

    @property
    def refund_period(self) -> tuple[date, date]:
        """First and last day of the refund programme, both in."""
        return self.period("refund")

    @property
    def skill_period(self) -> tuple[date, date]:
        """First and last day of the skill programme, both in. KeyError in terms that were kept before it was ruled."""
        return self.period("skill")

    def period(self, programme: Programme) -> tuple[date, date]:
        """First and last day of a programme, both in. KeyError in terms that were kept before it was ruled."""
        return self.day_of(f"{programme}_from"), self.day_of(f"{programme}_until")

    def canonical(self) -> str:
        """The terms as text, the same for the same terms; an Edition keeps it, `parse` reads it."""
        return self._canonical

    @cached_property
    def _canonical(self) -> str:
        document = {
            "format": _FORMAT,
            "id": self.id,
            "title": self.title,
            "number": self.number,
            "authority": self.authority,
            "region": self.region,
            "draft": self.draft,
            "chosen": dict(self.chosen),
            "readings": {key: {"text": each.text, "reason": each.reason} for key, each in self.readings.items()},
            "terms": {key: [_dump(term) for term in terms] for key, terms in self._terms.items()},
        }
        return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1)

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the canonical text."""
        return hashlib.sha256(self._canonical.encode()).hexdigest()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The terms that `canonical` wrote. Raises NoticeError."""
        try:
            document = json.loads(text)
            if document.pop("format") != _FORMAT:
                raise NoticeError("政策文本的格式版本不认识")
            terms = [_parse(key, each) for key, several in document.pop("terms").items() for each in several]
            readings = {key: Reading(**each) for key, each in document.pop("readings").items()}
            return cls(terms=terms, readings=readings, **document)
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
            raise NoticeError(f"政策文本已损坏，无法读取：{error}") from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Terms) and self._canonical == other._canonical

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"<Terms {self.id} {self.sha256[:12]}>"


@lru_cache(maxsize=64)
def _as_of(terms: Terms, on: date) -> Terms:
    held = [
        term if term.key.startswith("premium_") else replace(term, since=None, until=None)
        for term in terms.all()
        if term.holds(on) or term.key.startswith("premium_")
    ]
    return Terms(
        id=terms.id,
        title=terms.title,
        number=terms.number,
        authority=terms.authority,
        region=terms.region,
        draft=terms.draft,
        chosen=terms.chosen,
        readings=terms.readings,
        terms=held,
    )


_OPTIONAL = ("clause", "document", "phrase", "reading", "outside")


def _dump(term: Term) -> dict[str, Any]:
    entry: dict[str, Any] = {"label": term.label, "type": term.type, "basis": term.basis}
    entry |= {name: getattr(term, name) for name in _OPTIONAL if getattr(term, name)}
    entry |= {name: day.isoformat() for name in ("since", "until") if (day := getattr(term, name))}
    value = term.value
    entry["value"] = str(value) if isinstance(value, Decimal | date) else value
    return entry


def _parse(key: str, entry: Mapping[str, Any]) -> Term:
    written = dict(entry)
    if written["type"] == "decimal":
        written["value"] = Decimal(written["value"])
    elif written["type"] == "date":
        written["value"] = date.fromisoformat(written["value"])
    elif written["type"] == "words":
        written["value"] = tuple(written["value"])
    for name in written.keys() & {"since", "until"}:
        written[name] = date.fromisoformat(written[name])
    return Term(key=key, **written)
