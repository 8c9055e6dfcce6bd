"""What golden cases are about: each subject reads a case's facts, asks the law, and prints the result's cells."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from policy.assess import APPENDED, appended
from policy.facts import RefundFacts
from policy.notice import Terms
from policy.refund import assess_refund
from policy.verdict import Finding


class Result(NamedTuple):
    """The findings, and the cells that `expect` of a case may name; an empty cell is unknown."""

    findings: Sequence[Finding]
    cells: Mapping[str, str]


def cell(value: object) -> str:
    return "" if value is None else str(value)


def refund(terms: Terms, facts: Mapping[str, Any]) -> Result:
    verdict = assess_refund(terms, RefundFacts.from_row(facts))
    return Result(verdict.findings, dict(zip(APPENDED, map(cell, appended(verdict)), strict=True)))


SUBJECTS: Mapping[str, Callable[[Terms, Mapping[str, Any]], Result]] = {"refund": refund}
