"""判定: facts, verdict and flags of any number of claims, those of one person one after the other."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from agency.models import Edition
from agency.queries import terms_of
from policy import explain
from policy.skill import SkillFacts, SkillVerdict, Subsidy, assess_skill
from policy.verdict import Finding, Outcome
from subsidies.skills.models import Decision, Flag, State
from subsidies.skills.queries.facts import Earlier, Row, background_of, facts_of


class Assessed(NamedTuple):
    """One claim with what the policy answers to its facts, and what a person has to look at besides."""

    row: Row
    facts: SkillFacts
    verdict: SkillVerdict
    flags: tuple[str, ...]

    @property
    def state(self) -> State:
        """Where the comparison alone takes the claim."""
        if self.verdict.outcome is Outcome.INELIGIBLE:
            return State.REJECTED
        return State.TO_REVIEW if self.flags or self.verdict.outcome is Outcome.INCOMPLETE else State.APPROVED

    @property
    def answers(self) -> tuple[Any, ...]:
        """The answers as a decision's columns hold them, in the order of ANSWERS."""
        verdict = self.verdict
        return verdict.outcome.value, verdict.amount, list(verdict.failed), list(verdict.unknown), list(self.flags)


ANSWERS = ("outcome", "amount", "failed", "unknown", "flags")


def assess_all(edition: Edition, rows: Sequence[Row], goes: Callable[[Assessed], State]) -> list[Assessed]:
    """Assess claims, given in claim order a person, under an edition. Where each `goes` counts for those of the same person
    after it: one approved is granted before them, one that is neither approved nor rejected stays open before them.

    Three statements."""
    terms = terms_of(edition)
    background = background_of(terms, rows)
    mine: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        mine[row.person_index].append(row)
    found = []
    for person, their_rows in mine.items():
        history = _History(background.claims.get(person, ()), {row.id for row in their_rows})
        for row in their_rows:
            facts = facts_of(terms, row, background, history.granted)
            new = Assessed(row, facts, assess_skill(terms, facts), tuple(_flags(row, history)))
            history.add(new, goes(new))
            found.append(new)
    return found


class _History:
    """What one person was granted, and which claims are open, as the claims at hand are decided one after the other."""

    def __init__(self, claims: Iterable[Earlier], at_hand: set[int]) -> None:
        others = [claim for claim in claims if claim.id not in at_hand]
        self.granted: list[Subsidy] = [claim.subsidy for claim in others if claim.granted]
        self._open = [(claim.claimed_on, claim.id) for claim in others if claim.is_open]

    def is_open_before(self, row: Row) -> bool:
        return any(before < (row.claimed_on, row.id) for before in self._open)

    def add(self, new: Assessed, state: State) -> None:
        if state is State.APPROVED:
            self.granted.append(Subsidy(new.facts.occupation, new.facts.grade, new.facts.claimed_on))
        elif state is not State.REJECTED:
            self._open.append((new.row.claimed_on, new.row.id))


def _flags(row: Row, history: _History) -> Iterable[str]:
    names = {row.name, row.person_name, None if row.of_another else row.certificate_name} - {None}
    if len(names) > 1:
        yield Flag.NAME_DIFFERS.value
    if row.of_another:
        yield Flag.OTHER_HOLDER.value
    if history.is_open_before(row):
        yield Flag.EARLIER_OPEN.value


def verdict_of(decision: Decision) -> SkillVerdict:
    """The verdict derived again from the decision's edition and frozen facts."""
    return assess_skill(terms_of(decision.edition), SkillFacts.from_json(decision.facts))


def findings_of(decision: Decision) -> tuple[Finding, ...]:
    """One finding a rule asked, in order, with its figures and clause."""
    return verdict_of(decision).findings


def in_words(failed: Iterable[str], unknown: Iterable[str], flags: Iterable[str]) -> str:
    """Why a claim was not simply approved: 参保状态；证书有效待核实；申请、参保、证书的姓名不一致."""
    return "；".join(
        [explain.rule_label(code) for code in failed]
        + [f"{explain.rule_label(code)}待核实" for code in unknown]
        + [Flag(flag).label for flag in flags]
    )


def amount_of(assessed: Iterable[Assessed]) -> Decimal:
    """Yuan of those that are granted something, added up."""
    return sum((each.verdict.amount or Decimal(0) for each in assessed), Decimal(0))
