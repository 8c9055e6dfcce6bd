"""What a notice must keep to once all that it inherits is known. Every check raises NoticeError with file, key and reason."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from policy.keys import KEYS, SKILL_KEYS, TOGETHER
from policy.notice_file import LeftOpen, NoticeFile, Stated, terms_of
from policy.terms import Term

_PROGRAMMES = {"refund": "返还", "skill": "技能提升补贴"}


def check_stated(file: NoticeFile, head: Mapping[str, Any], stated: Mapping[str, Stated]) -> None:
    """Everything needed is stated, each programme runs within the notice's year, and a term that has dates holds on
    every day of its programme; premiums go by months of their own."""
    for key, rule in KEYS.items():
        if key not in stated and rule.absent is None and not rule.optional:
            raise file.error(f"terms.{key}", f"缺少“{rule.label}”")
    for keys in TOGETHER:
        there = [key for key in keys if key in stated]
        for key in keys if there else ():
            if key not in stated:
                raise file.error(f"terms.{key}", f"缺少“{KEYS[key].label}”，应与 {there[0]} 一并写明")
    for name in ("catch_up", "pilot"):
        if f"{name}_from" in stated:
            _days(file, stated, name)
    periods = {programme: _period(file, head, stated, programme) for programme in _PROGRAMMES}
    for key in sorted(stated):
        programme = "skill" if key in SKILL_KEYS else "refund"
        if not key.startswith("premium_") and not _covers(terms_of(stated[key]), *periods[programme]):
            raise file.error(f"terms.{key}", f"日期没有覆盖整个{_PROGRAMMES[programme]}政策期间")


def check_left_open(file: NoticeFile, own: Mapping[str, Stated], inherited: Mapping[str, Stated]) -> None:
    """A choice does not reopen what a notice above settles, nor pass the bounds that a clause above sets."""
    for key, stated in sorted(own.items()):
        above = inherited.get(key)
        if not isinstance(stated, LeftOpen) or above is None:
            continue
        term = terms_of(above)[0]
        by = f"{term.document} {term.clause}（“{term.phrase}”）"
        if not isinstance(above, LeftOpen):
            raise file.error(f"terms.{key}", f"已由 {by} {'规定' if term.basis == 'law' else '解读确定'}，不能再作选项")
        if term.clause:
            _check_within(file, key, stated, above, by)


def _check_within(file: NoticeFile, key: str, stated: LeftOpen, above: LeftOpen, by: str) -> None:
    if wider := [word for word in stated.options if word not in above.options]:
        raise file.error(f"terms.{key}.options", f"{'、'.join(wider)} 超出 {by}")
    if above.least is not None and (stated.least is None or stated.least < above.least):
        raise file.error(f"terms.{key}.least", f"小于 {above.least}，超出 {by}")
    if above.most is not None and (stated.most is None or stated.most > above.most):
        raise file.error(f"terms.{key}.most", f"大于 {above.most}，超出 {by}")


def _period(file: NoticeFile, head: Mapping[str, Any], stated: Mapping[str, Stated], programme: str) -> tuple[date, date]:
    """First and last day of a programme, within the notice's own."""
    first, last = _days(file, stated, programme)
    for bound, day in (("from", first), ("until", last)):
        if not head["from"] <= day <= head["until"]:
            raise file.error(
                f"terms.{programme}_{bound}", f"{day} 不在本文件的期间 {head['from']} 至 {head['until']} 内，请写明本年度的日期"
            )
    return first, last


def _days(file: NoticeFile, stated: Mapping[str, Stated], name: str) -> tuple[date, date]:
    first, last = (terms_of(stated[f"{name}_{bound}"])[0].value for bound in ("from", "until"))
    if not isinstance(first, date) or not isinstance(last, date) or first > last:
        raise file.error(f"terms.{name}_until", f"{last} 早于 {name}_from {first}")
    return first, last


def _covers(terms: tuple[Term, ...], first: date, last: date) -> bool:
    """Whether one of them holds on every day."""
    for term in terms:
        if term.holds(first):
            if term.until is None or term.until >= last:
                return True
            first = term.until + timedelta(days=1)
    return False
