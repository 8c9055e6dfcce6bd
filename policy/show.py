"""A notice as people read it, and what two notices rule differently.

Both come as tables for a terminal of so many columns, or, without a width, as tab-separated rows for another program.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from policy.explain import day, percent
from policy.keys import GROUPS, KEYS, Value
from policy.notice import Choice, Notice
from policy.tables import table
from policy.terms import Reading, Term, Terms

NOTHING_SAID = "没有规定"
_BASES = {"law": "条文", "reading": "解读", "choice": "经办选择"}


class Line(NamedTuple):
    """One term in words. `days`: when it holds, empty for always; `options`: what may be chosen, a line each; `source`:
    document and section; `reading`: the name of its reading; `stated_by`: the id of the notice that states it. What does
    not apply is empty."""

    group: str
    label: str
    key: str
    value: str
    days: str
    basis: str
    options: str
    source: str
    phrase: str
    reading: str
    stated_by: str

    @property
    def said(self) -> bool:
        """Whether any notice states the term."""
        return self.basis != NOTHING_SAID


def lines(notice: Notice, terms: Terms) -> list[Line]:
    """Every term of the notice with these choices made, by group; what no notice says as 没有规定."""
    choices = {choice.key: choice for choice in notice.choices()}
    stated: dict[str, list[Term]] = {}
    for term in terms.all():
        stated.setdefault(term.key, []).append(term)
    return [
        line
        for group, keys in GROUPS.items()
        for key in keys
        for line in _lines(group, key, stated.get(key, ()), choices.get(key), notice, terms)
    ]


def _lines(group: str, key: str, stated: Sequence[Term], choice: Choice | None, notice: Notice, terms: Terms) -> Iterable[Line]:
    label = KEYS[key].label
    if not stated:
        absent = KEYS[key].absent
        yield Line(group, label, key, "" if absent is None else in_words(key, absent), "", NOTHING_SAID, "", "", "", "", "")
    for term in stated:
        basis = _BASES[term.basis]
        if choice and (choice.locked or key in terms.chosen):
            basis += "，不能另选" if choice.locked else "，已选"
        yield Line(
            group=group,
            label=label,
            key=key,
            value=in_words(key, term.value),
            days=f"{term.since or '起始'} 至 {term.until or '长期'}" if term.since or term.until else "",
            basis=basis,
            options=_options(choice) if choice and not choice.locked else "",
            source=f"{term.document} {term.clause}" if term.clause else "",
            phrase=term.phrase,
            reading=term.reading,
            stated_by=notice.stated_by[key],
        )


def in_words(key: str, value: Value) -> str:
    """A value as people read it: 5.5%, 1,500元, 是, 2024年12月31日, 领取失业金人数÷月均参保人数."""
    rule = KEYS[key]
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, tuple):
        return "、".join(rule.words.get(word, word) for word in value) or "无"
    if isinstance(value, date):
        return day(value)
    if isinstance(value, Decimal):
        return percent(value) if rule.most == 1 else f"{value.normalize():,f}元"
    return rule.words.get(value, value) if isinstance(value, str) else str(value)


def _options(choice: Choice) -> str:
    if choice.options:
        return "\n".join(f"可选：{option.label}（{option.value}）" for option in choice.options)
    return f"可选：{choice.least} 至 {choice.most}" if choice.most is not None else f"可选：不小于 {choice.least}"


def show(notice: Notice, terms: Terms, width: int | None) -> str:
    """The notice by group, then its readings."""
    found = lines(notice, terms)
    if width is None:
        heads = ("分组", "条款项", "键", "值", "期间", "性质", "选项", "出处", "摘句", "解读", "写明于")
        readings = [(name, each.text, each.reason) for name, each in notice.readings.items()]
        return f"{_tabbed(heads, found)}\n\n{_tabbed(('解读', '内容', '理由'), readings)}"
    status = "征求意见稿" if notice.draft else "正式文件"
    head = [
        f"{notice.document}　{notice.title}" if notice.number else notice.document,
        f"{notice.id}　{notice.region}　{notice.authority}",
        f"{notice.since} 至 {notice.until}　{status}" + (f"　补充 {'、'.join(notice.lineage)}" if notice.lineage else ""),
    ]
    tables = [
        table(group, ("条款项", "值", "性质", "出处"), [_cells(line, notice) for line in found if line.group == group], width)
        for group in GROUPS
    ]
    return "\n".join([*head, *tables, _readings(notice.readings, width)])


def _cells(line: Line, notice: Notice) -> tuple[str, ...]:
    own = f"{notice.document} "
    source = f"本文件 {line.source.removeprefix(own)}" if line.source.startswith(own) else line.source
    return (
        f"{line.label}\n{line.key}",
        _joined(line.value, line.days, line.options),
        line.basis,
        _joined(
            source,
            line.phrase and f"“{line.phrase}”",
            line.reading and f"解读 {line.reading}",
            line.stated_by not in ("", notice.id) and f"承自 {line.stated_by}",
        ),
    )


def _readings(readings: Mapping[str, Reading], width: int) -> str:
    rows = [(name, f"{each.text}\n理由：{each.reason}") for name, each in readings.items()]
    return table("解读", ("名称", "内容"), rows, width)


def diff(one: Notice, other: Notice, width: int | None) -> str:
    """Terms that the two rule differently, that only one rules, that only one leaves open; readings that differ."""
    kinds: dict[str, list[tuple[str, str, str]]] = {"规定不同": [], "一份已定、一份可选": [], "只有一份规定": []}
    sides = [_by_key(lines(notice, notice.terms())) for notice in (one, other)]
    same = neither = 0
    for key in KEYS:
        first, second = (side[key] for side in sides)
        kind = _difference(first, second)
        if kind:
            name = f"{first[0].label}\n{key}"
            kinds[kind].append((name, _side(first, second), _side(second, first)))
        elif first[0].said:
            same += 1
        else:
            neither += 1
    names = dict.fromkeys([*one.readings, *other.readings])
    differing = [name for name in names if one.readings.get(name) != other.readings.get(name)]
    kinds["解读不同"] = [(name, _read(one, name), _read(other, name)) for name in differing]
    if width is None:
        rows = [(kind, *row) for kind, found in kinds.items() for row in found]
        return _tabbed(("差别", "条款项", one.id, other.id), rows)
    tables = [table(kind, ("条款项", one.id, other.id), rows, width) for kind, rows in kinds.items() if rows]
    heads = [f"{notice.id}　{notice.document}" for notice in (one, other)]
    return "\n".join([*heads, *tables, f"\n  其余 {same} 项相同；{neither} 项两份都没有规定。"])


def _by_key(found: Iterable[Line]) -> dict[str, list[Line]]:
    by_key: dict[str, list[Line]] = {}
    for line in found:
        by_key.setdefault(line.key, []).append(line)
    return by_key


def _difference(first: Sequence[Line], second: Sequence[Line]) -> str:
    """How two notices differ on a term; empty where they do not."""
    if first[0].said != second[0].said:
        return "只有一份规定"
    if bool(first[0].options) != bool(second[0].options):
        return "一份已定、一份可选"
    same = [(line.value, line.days, line.options) for line in first] == [(line.value, line.days, line.options) for line in second]
    return "" if same else "规定不同"


def _side(found: Sequence[Line], other: Sequence[Line]) -> str:
    """What one notice says; what may be chosen only where that is not the same in the other."""
    same = set(found[0].options.splitlines()) == set(other[0].options.splitlines())
    return _joined(
        *[
            _joined(line.value if line.said else NOTHING_SAID, line.days, "" if same else line.options, line.source)
            for line in found
        ]
    )


def _read(notice: Notice, name: str) -> str:
    reading = notice.readings.get(name)
    return f"{reading.text}\n理由：{reading.reason}" if reading else "没有这条解读"


def _joined(*parts: str | bool) -> str:
    return "\n".join(part for part in parts if isinstance(part, str) and part)


def _tabbed(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join("\t".join(cell.replace("\n", "；") for cell in row) for row in (heads, *rows))
