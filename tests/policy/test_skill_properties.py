"""What must hold of any skill claim, tried on thousands."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import cache
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from policy.explain import for_staff, for_worker, remedy, rule_label
from policy.keys import GRADES
from policy.notice import Terms, load
from policy.skill import RULES, SkillFacts, SkillVerdict, Subsidy, assess_skill
from policy.skill_claimants import Claimants
from policy.verdict import Answer, Outcome
from tests.policy.skill_strategies import claims, days, grades, occupations, sound_claims
from tests.policy.strategies import NOTICES
from tests.policy.test_golden import INVENTED

AT = ("claim", "issue")
SCOPES = ("same_occupation_and_grade", "same_occupation", "any")
UNKNOWABLE = [field.name for field in fields(SkillFacts) if not field.name.startswith("training")]


@cache
def terms(notice: str, months_at: str = "claim", drawing_at: str = "claim", scope: str = SCOPES[0]) -> Terms:
    found = load(notice, [INVENTED])
    chosen = {"skill_months_at": months_at, "drawing_at": drawing_at, "training_bar_scope": scope}
    left_open = {choice.key for choice in found.choices() if not choice.locked}
    return found.terms({key: value for key, value in chosen.items() if key in left_open})


any_terms = st.builds(
    terms, st.sampled_from([*NOTICES, "jia/2024", "yi/2024"]), st.sampled_from(AT), st.sampled_from(AT), st.sampled_from(SCOPES)
)
six = st.builds(terms, st.sampled_from(NOTICES), st.sampled_from(AT), st.sampled_from(AT), st.sampled_from(SCOPES))


def answers(verdict: SkillVerdict) -> dict[str, Answer]:
    return {finding.rule: finding.answer for finding in verdict.findings}


class TestAnyClaim:
    @given(any_terms, claims())
    def test_unknown_never_leads_to_eligible(self, law: Terms, claim: SkillFacts) -> None:
        verdict = assess_skill(law, claim)
        found = set(answers(verdict).values())
        expected = (
            Outcome.INELIGIBLE if Answer.FAIL in found else Outcome.INCOMPLETE if Answer.UNKNOWN in found else Outcome.ELIGIBLE
        )
        assert verdict.outcome is expected
        assert (verdict.amount is not None) == (verdict.outcome is Outcome.ELIGIBLE)

    @given(six, claims())
    def test_every_finding_has_clause_and_words(self, law: Terms, claim: SkillFacts) -> None:
        for finding in assess_skill(law, claim).findings:
            assert finding.clause
            spoken = (for_worker(finding), for_staff(finding), remedy(finding))
            assert spoken[0]
            assert spoken[1].endswith(f"［{finding.clause}］")
            assert bool(spoken[2]) == (finding.answer is not Answer.PASS)
            assert not any(trace in "".join(spoken) for trace in ("{", "None", "不明不明", "E+", "_", "received", "claim"))
            assert rule_label(finding.rule)

    @given(any_terms, claims())
    def test_every_finding_of_any_notice_has_words(self, law: Terms, claim: SkillFacts) -> None:
        for finding in assess_skill(law, claim).findings:
            assert for_worker(finding)
            assert for_staff(finding) != f"［{finding.clause}］"
            assert bool(remedy(finding)) == (finding.answer is not Answer.PASS)

    @given(six, claims())
    def test_asked_rules_are_answered_in_their_order(self, law: Terms, claim: SkillFacts) -> None:
        asked = list(answers(assess_skill(law, claim)))
        window = [] if law.states("claim_window_months") else ["within_window"]
        assert asked == [rule for rule in RULES if rule not in (*window, "post_matches")]

    @given(claims())
    def test_the_frozen_claim_is_the_claim(self, claim: SkillFacts) -> None:
        text = claim.to_json()
        assert SkillFacts.from_json(text) == claim
        assert len(text.encode()) < 1000

    @given(any_terms, claims())
    def test_replay_from_stored_text_gives_the_same_verdict(self, law: Terms, claim: SkillFacts) -> None:
        again = assess_skill(Terms.parse(law.canonical()), SkillFacts.from_json(claim.to_json()))
        assert again == assess_skill(law, claim)


def filled(claim: SkillFacts, other: SkillFacts) -> SkillFacts:
    """The claim with what it does not know taken from the other, parts of known subsidies included."""
    known = {
        name: getattr(other, name) for name in UNKNOWABLE if getattr(claim, name) is None and getattr(other, name) is not None
    }
    lists = {
        name: tuple(map(filled_in, getattr(claim, name)))
        for name in ("training_subsidies", "received", "certificates_held")
        if getattr(claim, name)
    }
    return replace(claim, **{**lists, **known})


def filled_in(subsidy: Subsidy) -> Subsidy:
    return Subsidy(subsidy.occupation or "6-31-01-03", subsidy.grade or "四级", subsidy.on)


class TestFillingIn:
    @given(any_terms, claims(), claims())
    def test_an_unknown_never_turns_a_fail_into_eligible(self, law: Terms, claim: SkillFacts, other: SkillFacts) -> None:
        before, after = assess_skill(law, claim), assess_skill(law, filled(claim, other))
        assert before.outcome is not Outcome.INELIGIBLE or after.outcome is not Outcome.ELIGIBLE

    @given(six, claims(), claims())
    def test_an_unknown_never_turns_an_answer(self, law: Terms, claim: SkillFacts, other: SkillFacts) -> None:
        before, after = answers(assess_skill(law, claim)), answers(assess_skill(law, filled(claim, other)))
        settled = {rule: answer for rule, answer in before.items() if answer is not Answer.UNKNOWN}
        assert {rule: after[rule] for rule in settled} == settled

    @given(six, claims(training_checked=st.just(False)))
    def test_checking_training_never_turns_a_fail(self, law: Terms, claim: SkillFacts) -> None:
        before, after = answers(assess_skill(law, claim)), answers(assess_skill(law, replace(claim, training_checked=True)))
        rule = "not_with_training_subsidy"
        assert before[rule] is after[rule] or (before[rule], after[rule]) == (Answer.UNKNOWN, Answer.PASS)


class TestMore:
    @given(any_terms, sound_claims(), st.integers(1, 24))
    def test_months_never_make_ineligible(self, law: Terms, claim: SkillFacts, more: int) -> None:
        assert claim.insured_months is not None
        before = assess_skill(law, claim)
        after = assess_skill(law, replace(claim, insured_months=claim.insured_months + more))
        assert after.outcome is Outcome.ELIGIBLE or before.outcome is not Outcome.ELIGIBLE

    @given(any_terms, sound_claims(), st.lists(st.builds(Subsidy, occupations, grades, days), min_size=1, max_size=3).map(tuple))
    def test_subsidies_never_make_eligible(self, law: Terms, claim: SkillFacts, more: tuple[Subsidy, ...]) -> None:
        worse = replace(claim, received=more, training_subsidies=more, certificates_held=more)
        assert assess_skill(law, claim).outcome is Outcome.ELIGIBLE or assess_skill(law, worse).outcome is not Outcome.ELIGIBLE

    @given(six, sound_claims(grade=st.just("五级")))
    def test_a_higher_grade_is_worth_more(self, law: Terms, claim: SkillFacts) -> None:
        amounts = [assess_skill(law, replace(claim, grade=grade)).amount for grade in GRADES[:3]]
        assert all(low is None or high is None or low < high for low, high in pairwise(amounts))
        assert len({amount is None for amount in amounts}) == 1


named = st.tuples(st.sampled_from(["甲", "乙", "丙", ""]), sound_claims())


def run(law: Terms, rows: Sequence[tuple[str, SkillFacts]]) -> dict[str, list[SkillVerdict]]:
    claimants = Claimants()
    verdicts: dict[str, list[SkillVerdict]] = defaultdict(list)
    for person, claim in rows:
        verdicts[person].append(claimants.assess(law, person, claim))
    return verdicts


class TestManyPersons:
    @given(any_terms, st.lists(named, max_size=12), st.randoms(use_true_random=False))
    def test_the_order_of_rows_of_different_persons_does_not_matter(self, law: Terms, rows, random) -> None:
        queues = {person: iter([row for row in rows if row[0] == person]) for person, _ in rows}
        order = [person for person, _ in rows]
        random.shuffle(order)
        assert run(law, [next(queues[person]) for person in order]) == run(law, rows)

    @given(six, st.lists(st.tuples(st.just("甲"), sound_claims()), max_size=8))
    def test_nobody_is_granted_more_than_the_law_allows(self, law: Terms, rows) -> None:
        granted = [
            (claim.occupation, claim.grade, claim.claimed_on and claim.claimed_on.year)
            for (_, claim), verdict in zip(rows, run(law, rows)["甲"], strict=True)
            if verdict.outcome is Outcome.ELIGIBLE
        ]
        known = [each[:2] for each in granted if each[0]]
        assert len(known) == len(set(known))
        assert all(sum(year == each[2] for each in granted) <= 3 for year in (2024, 2025))
        for (occupation, first, _), (other, then, _) in pairwise(granted):
            assert occupation is None or occupation != other or GRADES.index(then) > GRADES.index(first)
