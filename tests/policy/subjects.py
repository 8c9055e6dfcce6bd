"""What golden cases are about: each subject reads a case's facts, asks the law, and prints the result's cells."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from policy.assess import APPENDED, appended
from policy.facts import RefundFacts
from policy.keys import KEYS
from policy.notice import Terms
from policy.refund import assess_refund
from policy.verdict import Finding
from policy.workdays import Calendar, UnknownYear


class Result(NamedTuple):
    """The findings, and the cells that `expect` of a case may name; an empty cell is unknown."""

    findings: Sequence[Finding]
    cells: Mapping[str, str]


def cell(value: object) -> str:
    if isinstance(value, tuple):
        return ";".join(value)
    return "" if value is None else ("是" if value else "否") if isinstance(value, bool) else str(value)


def figures(findings: Sequence[Finding]) -> dict[str, str]:
    """What each finding rests on, as `layoff_rate.limit`."""
    return {f"{finding.rule}.{name}": cell(figure) for finding in findings for name, figure in finding.figures.items()}


def refund(terms: Terms, facts: Mapping[str, Any]) -> Result:
    verdict = assess_refund(terms, RefundFacts.from_row(facts))
    printed = dict(zip(APPENDED, map(cell, appended(verdict)), strict=True))
    return Result(verdict.findings, printed | figures(verdict.findings))


def term(terms: Terms, facts: Mapping[str, Any]) -> Result:
    """What a notice states under one key on a day; for what no rule of `policy` reads, but a window does."""
    key, on = facts["rule"], facts.get("on")
    if not terms.states(key) and KEYS[key].absent is None:
        return Result((), {"value": "", "basis": "absent", "clause": ""})
    stated = terms.term(key, on)
    return Result((), {"value": cell(stated.value), "basis": stated.basis, "clause": terms.clause(key, on)})


def days(_: Terms, facts: Mapping[str, Any]) -> Result:
    """`last`: of a period of `n` days whose first day counts (公示期); `until`: of a limit that runs from the day after."""
    calendar = Calendar({date.fromisoformat(day): works for day, works in facts.get("listed", {}).items()})
    first, n, unit = facts["first"], facts["n"], facts["unit"]
    try:
        return Result(
            (), {"last": cell(calendar.last_day(first, n, unit)), "until": cell(calendar.add(first, n, unit)), "clause": ""}
        )
    except UnknownYear as unknown:
        return Result((), {"unknown": str(unknown.year), "clause": ""})


SUBJECTS: Mapping[str, Callable[[Terms, Mapping[str, Any]], Result]] = {"refund": refund, "term": term, "days": days}
