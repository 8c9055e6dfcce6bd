"""对账: every step, every difference named, checked against an addition in plain Python."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from agency.actions import open_hold
from agency.models import Hold, Role
from subsidies.payout import actions, queries
from subsidies.payout.models import Award, Payment, PublishedLine


def told(programme) -> dict[str, tuple[int, Decimal, dict[str, int]]]:
    return {
        step.name: (step.count, step.amount, {less.label: less.count for less in step.less})
        for step in queries.reconciliation(programme, "refund")
    }


@pytest.fixture
def busy_city(make_awards, publish, look_up, released_batch, bank_answers, staff, moment):
    """Fourteen awards, each at another place between approval and payment."""
    reviewer, finance = staff(Role.REVIEWER), staff(Role.FINANCE)
    awards = make_awards(11)
    open_hold("award", awards[0].pk, Hold.Kind.CLERK, "待查", "140302", by=reviewer, at=moment(6, 2))
    actions.strike(awards[1], "单位撤回", by=reviewer, at=moment(6, 2))
    publish()
    line = PublishedLine.objects.get(award=awards[2])
    objection = actions.file_objection(line, "王某某", "13800000000", "已停业", "web", by=None, at=moment(6, 5))
    actions.uphold(objection, "属实", by=reviewer, at=moment(6, 6))
    actions.file_objection(
        PublishedLine.objects.get(award=awards[3]), "李某某", "13800000000", "不实", "web", by=None, at=moment(6, 6)
    )
    actions.close_rounds(date(2024, 6, 8), at=moment(6, 8))
    look_up(awards[4:], moment(6, 12, 8))
    look_up(awards[4:5], moment(6, 12, 9), ("严重失信",))
    batch = released_batch()  # awards 5 to 10
    bank_answers(batch, returned={1: "账号不存在", 2: "户名不符"}, change={3: {"traded_on": None}})
    actions.book_results(batch, by=finance, at=moment(6, 14))
    actions.mend_account(
        Award.objects.get(pk=awards[6].pk), "甲", "某银行", "6222000099999999", by=staff(Role.PREPARER), at=moment(6, 17)
    )
    actions.accept_account(awards[6], by=reviewer, at=moment(6, 18))
    make_awards(1, account="")
    publish(moment(6, 19))
    make_awards(2)
    return awards


class TestReconciliation:
    def test_every_difference_is_named(self, programme, busy_city):
        steps = told(programme)
        assert [(name, steps[name][0]) for name in steps] == [("approved", 14), ("published", 10), ("bank_file", 6), ("paid", 3)]
        assert steps["published"][2] == {"公示前撤回或不予发放": 1, "公示前暂缓": 1, "待公示": 2}
        assert steps["bank_file"][2] == {"公示后不予发放": 1, "公示中": 1, "异议核查": 1, "拨付前暂缓": 1}
        assert steps["paid"][2] == {"待银行回盘": 1, "退票待更正账户": 1, "退票后待重新拨付": 1}

    def test_every_step_agrees_in_count_and_yuan(self, programme, busy_city):
        steps = queries.reconciliation(programme, "refund")
        assert all(step.agrees for step in steps)
        for before, step in pairwise(steps):
            assert before.amount - sum(less.amount for less in step.less) == step.amount

    def test_amounts_are_those_of_an_addition_by_hand(self, programme, busy_city):
        steps = told(programme)
        owed = {award.pk: award.amount for award in Award.objects.all()}
        assert steps["approved"][1] == sum(owed.values())
        assert steps["paid"][1] == sum(owed[award.pk] for award in busy_city[8:11])
        assert steps["bank_file"][1] == sum(owed[award.pk] for award in busy_city[5:11])

    def test_a_payment_that_went_astray_is_seen(self, programme, busy_city):
        Payment.objects.filter(award=busy_city[9]).update(state="RETURNED")
        assert [step.name for step in queries.reconciliation(programme, "refund") if not step.agrees] == ["paid"]

    def test_a_case_that_withdrew_and_was_approved_anew_counts_once(self, programme, make_awards, staff, moment):
        [first] = make_awards(1)
        actions.strike(first, "单位撤回", by=staff(Role.REVIEWER), at=moment(6, 2))
        make_awards(1, case_id=first.case_id, amount=Decimal("900.00"))
        assert told(programme)["approved"] == (1, Decimal("900.00"), {})

    def test_asks_a_fixed_number_of_queries(self, programme, busy_city, make_awards, django_assert_max_num_queries):
        with django_assert_max_num_queries(25):
            queries.reconciliation(programme, "refund")

    def test_of_an_empty_programme_is_all_zero(self, programme):
        assert told(programme) == {name: (0, Decimal(0), {}) for name in ("approved", "published", "bank_file", "paid")}
