"""What a rule answers: PASS, FAIL or UNKNOWN, with the clause, the reason and the figures it used."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

Figure = Decimal | int | str | bool | date | tuple[str, ...] | None


class Answer(StrEnum):
    """One rule's answer. Missing data is UNKNOWN, never a guess."""

    PASS = "PASS"  # noqa: S105 an answer, no password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


Reason = tuple[Answer, str]  # the answer, and the code of why


class Outcome(StrEnum):
    """What the answers of all rules come to: any FAIL is ineligible, else any UNKNOWN is incomplete."""

    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    INCOMPLETE = "incomplete"


class Finding(NamedTuple):
    """One rule's answer.

    `rule` is a code such as `layoff_rate`, `clause` names document and section
    (`人社部发〔2024〕40号 二`), `because` is the code of the reason (`explain` words it), `figures` what the
    answer rests on, the limit included; an unknown figure is None.
    """

    rule: str
    answer: Answer
    clause: str
    because: str
    figures: Mapping[str, Figure]


def failed(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Codes of the rules that failed, in the order asked."""
    return tuple([finding.rule for finding in findings if finding.answer is Answer.FAIL])


def unknown(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Codes of the rules that could not be answered, in the order asked."""
    return tuple([finding.rule for finding in findings if finding.answer is Answer.UNKNOWN])


_HARSHNESS = (Answer.UNKNOWN, Answer.PASS, Answer.FAIL)


def mildest(variants: Sequence[Sequence[Finding]]) -> tuple[Finding, ...]:
    """Of each rule that every variant asks the mildest finding, with its clause, in the order of the first; for where the
    day is not known and the terms change: a rule fails only if it fails whichever day it was."""
    first, *others = [{finding.rule: finding for finding in variant} for variant in variants]
    shared = [rule for rule in first if all(rule in other for other in others)]
    return tuple(
        [min((each[rule] for each in (first, *others)), key=lambda finding: _HARSHNESS.index(finding.answer)) for rule in shared]
    )


def outcome(failed_codes: tuple[str, ...], unknown_codes: tuple[str, ...]) -> Outcome:
    """FAIL outranks UNKNOWN, and UNKNOWN never leads to eligible."""
    if failed_codes:
        return Outcome.INELIGIBLE
    return Outcome.INCOMPLETE if unknown_codes else Outcome.ELIGIBLE
