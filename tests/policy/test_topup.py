"""What must hold of any top-up, tried on thousands; the edges are golden cases."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.facts import RefundFacts
from policy.notice import Terms
from policy.refund import assess_refund
from policy.skill_facts import SkillFacts
from policy.topup import TopUpRefused, difference
from policy.verdict import Answer
from tests.policy.strategies import facts, sound
from tests.policy.test_golden import terms_of

CHANGES = [date(2031, 7, 1), date(2031, 10, 1), date(2031, 11, 30)]
days = st.one_of(st.dates(date(2031, 3, 1), date(2031, 11, 30)), st.sampled_from(CHANGES))
size = st.sampled_from(["大型", "小型", "中小微"])


def law() -> Terms:
    return terms_of("chenglan/2031", {})


class TestAnyTopUp:
    @given(facts(on=st.one_of(days, st.none())), days)
    def test_is_never_negative_and_never_guessed(self, row: RefundFacts, since: date) -> None:
        found = difference(law(), row, since)
        if found.payable is None:
            assert found.finding.answer is Answer.UNKNOWN
        else:
            assert found.payable >= 0
            assert (found.payable > 0) == (found.finding.answer is Answer.PASS)

    @given(sound(on=days, recorded_size=size, paid_after_year=st.just(Decimal(0))), days)
    def test_brings_what_was_paid_to_what_is_due(self, row: RefundFacts, since: date) -> None:
        found = difference(law(), row, since)
        assert row.on is not None
        if found.before is not None and found.payable is not None and row.on < since:
            assert found.before + found.payable >= (found.after or 0)
            assert found.before + found.payable in (found.before, found.after)

    @given(sound(on=days, recorded_size=size, paid_after_year=st.just(Decimal(0))))
    def test_of_one_change_after_the_other_adds_up(self, row: RefundFacts) -> None:
        own = assess_refund(law(), row).amount
        assert row.on is not None
        if own is not None:
            later = [day for day in CHANGES if day > row.on]
            paid = [difference(law(), row, day).payable or Decimal(0) for day in later]
            best = [assess_refund(law().as_of(day), row).amount or Decimal(0) for day in later]
            assert own + sum(paid) == max([own, *best])

    @given(sound(on=days, recorded_size=size, paid_after_year=st.just(Decimal(0))), days, st.decimals("0.01", "9999", places=2))
    def test_grows_with_the_base(self, row: RefundFacts, since: date, more: Decimal) -> None:
        assert row.paid_normal is not None
        smaller = difference(law(), row, since).payable
        greater = difference(law(), replace(row, paid_normal=row.paid_normal + more), since).payable
        if smaller is not None and greater is not None:
            assert greater >= smaller - Decimal("0.01")  # each of two amounts is rounded to the fen


@pytest.mark.parametrize(
    ("facts", "since", "period"),
    [
        (RefundFacts(), date(2031, 2, 28), "2031-03-01 至 2031-11-30"),
        (RefundFacts(), date(2031, 12, 1), "2031-03-01 至 2031-11-30"),
        (SkillFacts(), date(2031, 1, 31), "2031-02-01 至 2031-12-31"),
        (SkillFacts(), date(2032, 1, 1), "2031-02-01 至 2031-12-31"),
    ],
)
def test_a_day_outside_the_programme_is_refused(facts: RefundFacts | SkillFacts, since: date, period: str) -> None:
    with pytest.raises(TopUpRefused, match=f"{since} 不在政策期限 {period} 以内"):
        difference(law(), facts, since)
