"""What must hold of any enterprise, tried on thousands."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.explain import for_enterprise, for_staff, how_amount, payee_reason, remedy
from policy.facts import RefundFacts
from policy.notice import Terms, load
from policy.refund import RULES, assess_refund
from policy.verdict import Answer, Outcome, failed, unknown
from tests.policy.strategies import METHODS, NOTICES, facts, sound
from tests.policy.test_golden import terms_of

UNKNOWABLE = (
    "kind", "on", "paid_months", "months_paid_last_year", "mean_insured", "start_insured", "end_insured", "dismissals",
    "claimants", "retired", "died", "paid_normal", "paid_arrears", "paid_after_year", "refunded",
    "paid_for_public_hosts", "paid_for_large_hosts", "paid_for_sme_hosts", "deferred_unpaid", "employees", "revenue",
    "assets", "industry", "channel",
)  # fmt: skip


@cache
def terms(notice: str, method: str = "", headcount: str = "mean", late: str = "out", basis: str = "whole") -> Terms:
    chosen = {"layoff_method": method} if method else {}
    chosen |= {"dispatch_size_basis": basis} if notice != "shandong/2024" else {}
    return load(notice).terms({**chosen, "small_unit_headcount": headcount, "base_late_arrivals": late})


any_terms = st.builds(
    terms,
    st.sampled_from(NOTICES),
    st.sampled_from(METHODS),
    st.sampled_from(["mean", "start", "end"]),
    st.sampled_from(["out", "in"]),
    st.sampled_from(["whole", "by_host"]),
)


def eligible(law: Terms, row: RefundFacts) -> bool:
    return assess_refund(law, row).outcome is Outcome.ELIGIBLE


class TestAnyRow:
    @given(any_terms, facts())
    def test_unknown_never_leads_to_eligible(self, law: Terms, row: RefundFacts) -> None:
        verdict = assess_refund(law, row)
        answers = {finding.answer for finding in verdict.findings}
        expected = (
            Outcome.INELIGIBLE
            if Answer.FAIL in answers
            else Outcome.INCOMPLETE
            if Answer.UNKNOWN in answers
            else Outcome.ELIGIBLE
        )
        assert verdict.outcome is expected
        assert (verdict.amount is not None) == (verdict.outcome is Outcome.ELIGIBLE)

    @given(any_terms, facts())
    def test_the_codes_are_those_of_the_findings(self, law: Terms, row: RefundFacts) -> None:
        verdict = assess_refund(law, row)
        assert (verdict.failed, verdict.unknown) == (failed(verdict.findings), unknown(verdict.findings))
        assert [finding for rule in RULES if (finding := verdict.finding(rule))] == list(verdict.findings)

    @given(any_terms, facts())
    def test_every_finding_has_clause_and_words(self, law: Terms, row: RefundFacts) -> None:
        verdict = assess_refund(law, row)
        for finding in verdict.findings:
            assert finding.clause
            spoken = (for_enterprise(finding), for_staff(finding), remedy(finding))
            assert spoken[0]
            assert spoken[1].endswith(f"［{finding.clause}］")
            assert bool(spoken[2]) == (finding.answer is not Answer.PASS)
            assert not any(trace in "".join(spoken) for trace in ("{", "None", "不明不明", "E+", "_"))
        assert payee_reason(verdict.payee_because)
        assert bool(how_amount(law, verdict)) == (verdict.amount is not None)

    @given(facts())
    def test_the_frozen_row_is_the_row(self, row: RefundFacts) -> None:
        text = row.to_json()
        assert RefundFacts.from_json(text) == row
        assert len(text.encode()) < 1000

    @given(any_terms, facts())
    def test_replay_from_stored_text_gives_the_same_verdict(self, law: Terms, row: RefundFacts) -> None:
        again = assess_refund(Terms.parse(law.canonical()), RefundFacts.from_json(row.to_json()))
        assert again == assess_refund(law, row)

    @given(any_terms, facts(), facts())
    def test_filling_in_an_unknown_never_turns_an_answer(self, law: Terms, row: RefundFacts, other: RefundFacts) -> None:
        known = {
            name: getattr(other, name) for name in UNKNOWABLE if getattr(row, name) is None and getattr(other, name) is not None
        }
        before = {finding.rule: finding.answer for finding in assess_refund(law, row).findings}
        after = {finding.rule: finding.answer for finding in assess_refund(law, replace(row, **known)).findings}
        assert {rule: after[rule] for rule, answer in before.items() if answer is not Answer.UNKNOWN} == {
            rule: answer for rule, answer in before.items() if answer is not Answer.UNKNOWN
        }

    @given(any_terms, facts())
    def test_the_printed_rate_lies_between_nothing_and_itself(self, law: Terms, row: RefundFacts) -> None:
        verdict = assess_refund(law, row)
        assert verdict.layoff_rate is None or verdict.layoff_rate >= 0


class TestTermsThatChangeInTheYear:
    @given(facts(on=st.none()), st.dates(date(2031, 3, 1), date(2031, 11, 30)))
    def test_fail_where_the_day_is_not_known_only_what_fails_on_every_day(self, row: RefundFacts, on: date) -> None:
        law = terms_of("chenglan/2031", {})
        without, known = assess_refund(law, row), assess_refund(law, replace(row, on=on))
        assert set(without.failed) <= set(known.failed)
        assert without.outcome is not Outcome.ELIGIBLE
        for figure in ("size", "base", "rate", "layoff_rate"):
            assert getattr(without, figure) in (None, getattr(known, figure))


class TestSoundRows:
    @given(any_terms, sound(), st.integers(1, 400))
    def test_a_larger_numerator_never_makes_eligible(self, law: Terms, row: RefundFacts, more: int) -> None:
        assert row.claimants is not None
        assert row.dismissals is not None
        worse = replace(row, claimants=row.claimants + more, dismissals=row.dismissals + more)
        assert eligible(law, row) or not eligible(law, worse)

    @given(st.sampled_from(NOTICES), st.sampled_from(METHODS), sound(), st.integers(1, 400))
    def test_more_leavers_never_make_eligible(self, notice: str, method: str, row: RefundFacts, more: int) -> None:
        law = terms(notice, method, "start")
        assert row.end_insured is not None
        worse = replace(row, end_insured=max(0, row.end_insured - more))
        assert eligible(law, row) or not eligible(law, worse)

    @given(any_terms, sound(), st.integers(1, 24))
    def test_more_months_paid_never_make_ineligible(self, law: Terms, row: RefundFacts, more: int) -> None:
        assert row.paid_months is not None
        assert eligible(law, replace(row, paid_months=row.paid_months + more)) or not eligible(law, row)

    @given(any_terms, sound(), st.decimals("0.01", "100000", places=2))
    def test_the_amount_grows_with_the_base(self, law: Terms, row: RefundFacts, more: Decimal) -> None:
        assert row.paid_normal is not None
        less, greater = assess_refund(law, row), assess_refund(law, replace(row, paid_normal=row.paid_normal + more))
        assert (less.amount is None) == (greater.amount is None)
        assert less.amount is None or greater.amount is None or less.amount <= greater.amount

    @given(any_terms, sound())
    def test_the_amount_is_within_half_a_fen_of_base_times_rate(self, law: Terms, row: RefundFacts) -> None:
        verdict = assess_refund(law, row)
        if verdict.amount is not None and verdict.base is not None and verdict.rate is not None:
            exact = Fraction(verdict.base) * Fraction(verdict.rate)
            assert abs(Fraction(verdict.amount) - exact) <= Fraction(1, 200)
        else:
            assert verdict.outcome is not Outcome.ELIGIBLE


class TestTheEdgeOfTheRate:
    @pytest.mark.parametrize("months", range(1, 13))
    @given(total=st.integers(1, 40_000), claimants=st.integers(0, 300))
    def test_is_where_exact_fractions_put_it(self, months: int, total: int, claimants: int) -> None:
        row = RefundFacts(claimants=claimants, mean_insured=Decimal(total) / months)
        mean = Fraction(total, months)
        limit = Fraction(20, 100) if mean <= 30 else Fraction(55, 1000)
        finding = assess_refund(terms("shandong/2024"), row).findings[1]
        assert finding.rule == "layoff_rate"
        assert (finding.answer is Answer.PASS) == (Fraction(claimants) / mean <= limit)

    @pytest.mark.parametrize(("total", "months", "claimants"), [(400, 11, 2), (2000, 11, 10), (2400, 12, 11)])
    def test_is_reached_exactly_by_these(self, total: int, months: int, claimants: int) -> None:
        row = RefundFacts(claimants=claimants, mean_insured=Decimal(total) / months)
        law = terms("shandong/2024")
        assert assess_refund(law, row).findings[1].answer is Answer.PASS
        one_more = replace(row, claimants=claimants + 1)
        assert assess_refund(law, one_more).findings[1].answer is Answer.FAIL
