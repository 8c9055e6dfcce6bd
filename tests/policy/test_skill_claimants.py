from dataclasses import replace
from datetime import date

from policy.notice import load
from policy.skill import SkillFacts, Subsidy
from policy.skill_claimants import Claimants
from policy.verdict import Outcome

TERMS = load("hebei/2024").terms()
CLAIM = SkillFacts(
    claimed_on=date(2024, 9, 2),
    occupation="6-31-01-03",
    grade="四级",
    issued_on=date(2024, 8, 1),
    certificate_type="职业技能等级证书",
    certificate_valid=True,
    insured_months=24,
    status="在职",
    training_checked=True,
    received=(),
)


def outcomes(*claims: tuple[str, SkillFacts]) -> list[str]:
    claimants = Claimants()
    return [claimants.assess(TERMS, person, facts).outcome.value for person, facts in claims]


class TestWhatWasGranted:
    def test_counts_for_the_next_claim_of_the_same_person(self) -> None:
        assert outcomes(("甲", CLAIM), ("甲", CLAIM)) == ["eligible", "ineligible"]

    def test_does_not_count_for_another_person(self) -> None:
        assert outcomes(("甲", CLAIM), ("乙", CLAIM)) == ["eligible", "eligible"]

    def test_counts_beside_what_was_received_before_the_run(self) -> None:
        before = replace(CLAIM, received=tuple(Subsidy(f"工种{n}", "五级", date(2024, 3, n)) for n in (1, 2)))
        other = replace(before, occupation="6-31-01-04")
        assert outcomes(("甲", before), ("甲", other)) == ["eligible", "ineligible"]

    def test_is_nothing_where_the_claim_was_not_granted(self) -> None:
        refused, unknown = replace(CLAIM, certificate_valid=False), replace(CLAIM, certificate_valid=None)
        assert outcomes(("甲", refused), ("甲", unknown), ("甲", CLAIM)) == ["ineligible", "incomplete", "eligible"]

    def test_is_not_known_of_a_claim_without_a_name(self) -> None:
        assert outcomes(("", CLAIM), ("", CLAIM)) == ["incomplete", "incomplete"]

    def test_is_not_known_where_what_was_received_is_not(self) -> None:
        verdict = Claimants().assess(TERMS, "甲", replace(CLAIM, received=None))
        assert (verdict.outcome, verdict.unknown) == (
            Outcome.INCOMPLETE,
            ("yearly_limit", "once_per_grade", "not_below_received"),
        )


class TestTheOrder:
    def back(self, *claims: tuple[str, date | None]) -> list[bool]:
        claimants = Claimants()
        return [claimants.goes_back(person, claimed_on) for person, claimed_on in claims]

    def test_goes_back_where_a_claim_is_dated_before_the_persons_previous_one(self) -> None:
        assert self.back(("甲", date(2024, 6, 2)), ("甲", date(2024, 6, 1))) == [False, True]

    def test_may_have_two_of_one_day(self) -> None:
        assert self.back(("甲", date(2024, 6, 2)), ("甲", date(2024, 6, 2))) == [False, False]

    def test_is_of_one_person(self) -> None:
        assert self.back(("甲", date(2024, 6, 2)), ("乙", date(2024, 6, 1)), ("", date(2024, 5, 1))) == [False] * 3

    def test_passes_over_a_claim_without_a_day(self) -> None:
        assert self.back(("甲", date(2024, 6, 2)), ("甲", None), ("甲", date(2024, 6, 1))) == [False, False, True]
