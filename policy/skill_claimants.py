"""Claims in their order: what a person was granted by an earlier one counts as received for the next."""

from dataclasses import replace
from datetime import date

from policy.notice import Terms
from policy.skill import SkillFacts, SkillVerdict, Subsidy, assess_skill
from policy.verdict import Outcome


class Claimants:
    """The persons of one run of claims, with what it granted each so far; no more of them is kept."""

    def __init__(self) -> None:
        self._granted: dict[str, tuple[Subsidy, ...]] = {}
        self._last: dict[str, date] = {}

    def known(self, person: str, facts: SkillFacts) -> SkillFacts:
        """The facts of the next claim with what earlier ones were granted. `facts.received`: what the person had received
        before the run; nobody named: not known."""
        granted = self._granted.get(person, ())
        return replace(facts, received=None if not person or facts.received is None else facts.received + granted)

    def assess(self, terms: Terms, person: str, facts: SkillFacts) -> SkillVerdict:
        """The next claim, with what earlier ones were granted; see `known`. Clauses: each finding's own."""
        verdict = assess_skill(terms, self.known(person, facts))
        if person and verdict.outcome is Outcome.ELIGIBLE:
            granted = Subsidy(facts.occupation, facts.grade, facts.claimed_on)
            self._granted[person] = (*self._granted.get(person, ()), granted)
        return verdict

    def goes_back(self, person: str, claimed_on: date | None) -> bool:
        """Whether this claim is dated before the person's previous one; claims of one person belong in their order."""
        if not person or claimed_on is None:
            return False
        previous = self._last.get(person, claimed_on)
        self._last[person] = claimed_on
        return claimed_on < previous
