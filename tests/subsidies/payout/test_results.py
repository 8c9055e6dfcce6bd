"""银行回盘: matched or listed, totals or nothing, paid on the bank's day, returned with a day to mend."""

from datetime import date
from decimal import Decimal

import pytest

from agency.models import Hold, Role
from agency.moves import MoveRefused
from subsidies.payout import actions, queries
from subsidies.payout.models import Award, BankLine, Payment


def state_of(row) -> str:
    return type(row).objects.values_list("state", flat=True).get(pk=row.pk)


def reasons() -> dict[str, str]:
    return dict(BankLine.objects.filter(payment__isnull=True).values_list("line", "mismatch"))


class TestBooking:
    def test_a_returned_line_gives_its_award_a_day_to_mend_the_account(
        self, cleared, released_batch, bank_answers, staff, moment
    ):
        awards = cleared(3)
        batch = released_batch()
        bank_answers(batch, returned={2: "账号不存在"})
        booked = actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        assert (booked.succeeded, booked.returned, batch.state) == (2, 1, "RECONCILED")
        awards[1].refresh_from_db()
        assert (awards[1].state, awards[1].correct_by, awards[1].paid_on) == ("PAYMENT_RETURNED", date(2024, 7, 14), None)
        payment = Payment.objects.get(award=awards[1])
        assert (payment.state, payment.failure, payment.bank_serial, payment.paid_on) == (
            "RETURNED",
            "账号不存在",
            "BK000002",
            None,
        )

    def test_twice_is_refused(self, cleared, released_batch, bank_answers, staff, moment):
        cleared(1)
        batch = released_batch()
        bank_answers(batch)
        actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        with pytest.raises(actions.ResultsRefused, match="已对账，不会重复入账"):
            actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))

    def test_is_refused_before_release_and_without_an_answer(self, cleared, approved_batch, released_batch, staff, moment):
        cleared(1)
        batch = approved_batch()
        with pytest.raises(actions.ResultsRefused, match="放行后才能入账"):
            actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(6, 12))
        with pytest.raises(actions.ResultsRefused, match="还没有该批次的银行回盘"):
            actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))

    @pytest.mark.parametrize("role", [Role.PREPARER, Role.REVIEWER, Role.AUDITOR])
    def test_is_refused_to_other_posts(self, cleared, released_batch, bank_answers, staff, moment, role):
        cleared(1)
        batch = released_batch()
        bank_answers(batch)
        with pytest.raises(MoveRefused, match="需要：财务"):
            actions.book_results(batch, by=staff(role), at=moment(6, 14))


class TestTotals:
    @pytest.fixture
    def refused(self, staff, moment):
        def book(batch) -> str:
            with pytest.raises(actions.ResultsRefused) as told:
                actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
            assert not Payment.objects.exclude(state="PENDING").exists()
            assert set(Award.objects.values_list("state", flat=True)) == {"PAYING"}
            return str(told.value)

        return book

    def test_another_total_books_nothing(self, cleared, released_batch, bank_answers, refused):
        cleared(3)
        batch = released_batch()
        bank_answers(batch, change={2: {"amount": Decimal("2000.00")}})
        assert "3 笔 6000.02 元，批次为 3 笔 6000.03 元，不一致，未入账；其中 1 笔没有匹配" in refused(batch)
        assert reasons() == {"2": "金额与拨付明细不一致"}

    def test_a_missing_line_books_nothing(self, cleared, released_batch, bank_answers, refused):
        cleared(3)
        batch = released_batch()
        bank_answers(batch)[0].delete()
        assert "2 笔 5000.02 元，批次为 3 笔" in refused(batch)

    def test_an_unknown_line_too_many_books_nothing_and_is_listed(self, cleared, released_batch, bank_answers, refused):
        cleared(2)
        batch = released_batch()
        extra = bank_answers(batch)[0]
        extra.pk, extra.line, extra.account = None, "77", "6222000099999999"
        extra.save(force_insert=True)
        assert "3 笔" in refused(batch)
        assert reasons() == {"77": "本批次没有这个明细号"}
        assert [line.line for line in queries.unmatched_lines()] == ["77"]

    def test_a_voided_line_does_not_count(self, cleared, released_batch, bank_answers, staff, moment):
        cleared(2)
        batch = released_batch()
        extra = bank_answers(batch)[0]
        extra.pk, extra.line, extra.voided = None, "77", True
        extra.save(force_insert=True)
        assert actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14)).succeeded == 2
        assert not queries.unmatched_lines()


class TestMatching:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"line": "88"}, "本批次没有这个明细号"),
            ({"account": "6222000012345678"}, "账号与拨付明细不一致"),
            ({"traded_on": None}, "结果为成功但没有交易日期"),
            ({"traded_on": date(2024, 6, 11)}, "交易日期早于放行日期"),
            ({"traded_on": date(2024, 6, 15)}, "交易日期晚于今天"),
        ],
    )
    def test_a_line_that_does_not_match_is_listed_and_the_others_are_booked(
        self, cleared, released_batch, bank_answers, staff, moment, change, reason
    ):
        awards = cleared(3)
        batch = released_batch()
        bank_answers(batch, change={2: change})
        booked = actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        assert booked == actions.Booked(succeeded=2, returned=0, unmatched=1, waiting=1)
        assert list(reasons().values()) == [reason]
        assert [state_of(award) for award in awards] == ["PAID", "PAYING", "PAID"]
        assert state_of(batch) == "RELEASED"

    def test_swapped_amounts_with_the_right_total_book_neither_line(self, cleared, released_batch, bank_answers, staff, moment):
        awards = cleared(3)
        batch = released_batch()
        bank_answers(batch, change={1: {"amount": Decimal("2000.01")}, 2: {"amount": Decimal("1000.01")}})
        booked = actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        assert (booked.succeeded, booked.unmatched, booked.waiting) == (1, 2, 2)
        assert [state_of(award) for award in awards] == ["PAYING", "PAYING", "PAID"]

    def test_a_corrected_answer_books_the_rest_once(self, cleared, released_batch, bank_answers, staff, moment):
        awards = cleared(3)
        batch = released_batch()
        bank_answers(batch, change={2: {"traded_on": None}})
        actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        BankLine.objects.filter(line="2").update(traded_on=date(2024, 6, 14))
        booked = actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 15))
        assert (booked, batch.state) == (actions.Booked(1, 0, 0, 0), "RECONCILED")
        assert list(Award.objects.order_by("pk").values_list("paid_on", flat=True)) == [
            date(2024, 6, 13), date(2024, 6, 14), date(2024, 6, 13),
        ]  # fmt: skip
        assert {state_of(award) for award in awards} == {"PAID"}


class TestReturned:
    @pytest.fixture
    def returned(self, cleared, released_batch, bank_answers, staff, moment) -> Award:
        [award] = cleared(1)
        batch = released_batch()
        bank_answers(batch, returned={1: "账号不存在"})
        actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        award.refresh_from_db()
        return award

    def test_mended_and_accepted_by_a_second_person_it_goes_into_a_new_batch_and_is_paid(
        self, programme, returned, look_up, bank_answers, staff, moment
    ):
        actions.mend_account(
            returned, "甲市第0001号公司", "另一银行", "6222 0000 8888 8888", by=staff(Role.PREPARER), at=moment(6, 20)
        )
        with pytest.raises(actions.AwardRefused, match="不能核对自己的更正"):
            actions.accept_account(returned, by=staff(Role.PREPARER), at=moment(6, 20))
        actions.accept_account(returned, by=staff(Role.REVIEWER), at=moment(6, 21))
        assert state_of(returned) == "CLEARED"
        look_up([returned], moment(6, 24, 8))
        batch = actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 24))
        assert batch.payments.get().account == "6222000088888888"
        actions.submit_batch(batch, by=staff(Role.FINANCE), at=moment(6, 24))
        actions.check_batch(batch, by=staff(Role.FINANCE, 2), at=moment(6, 24))
        actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(6, 24))
        bank_answers(batch, on=date(2024, 6, 25))
        actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 26))
        returned.refresh_from_db()
        assert (returned.state, returned.paid_on) == ("PAID", date(2024, 6, 25))
        assert list(returned.payments.order_by("pk").values_list("state", flat=True)) == ["RETURNED", "SUCCEEDED"]

    def test_a_mended_account_is_not_used_before_it_is_accepted(self, programme, returned, look_up, staff, moment):
        actions.mend_account(
            returned, "甲市第0001号公司", "另一银行", "6222000088888888", by=staff(Role.PREPARER), at=moment(6, 20)
        )
        assert list(queries.accounts_to_accept()) == [returned]
        look_up([returned], moment(6, 24, 8))
        with pytest.raises(actions.BatchRefused):
            actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 24))

    def test_is_not_accepted_before_it_is_mended(self, returned, staff, moment):
        with pytest.raises(actions.AwardRefused, match="没有待核对的账户更正"):
            actions.accept_account(returned, by=staff(Role.REVIEWER), at=moment(6, 20))

    def test_is_forfeited_the_day_after_its_last_day(self, returned, moment):
        actions.forfeit(date(2024, 7, 14), at=moment(7, 14))
        assert state_of(returned) == "PAYMENT_RETURNED"
        assert actions.forfeit(date(2024, 7, 15), at=moment(7, 15)).moved == [returned.pk]
        assert state_of(returned) == "FORFEITED"

    def test_is_not_forfeited_while_we_have_not_looked_at_its_mended_account(self, returned, staff, moment):
        actions.mend_account(
            returned, "甲市第0001号公司", "另一银行", "6222000088888888", by=staff(Role.PREPARER), at=moment(7, 14)
        )
        assert actions.forfeit(date(2024, 8, 1), at=moment(8, 1)).moved == []
        actions.accept_account(returned, by=staff(Role.REVIEWER), at=moment(8, 2))
        assert state_of(returned) == "CLEARED"

    def test_is_not_mended_after_its_day(self, returned, staff, moment):
        with pytest.raises(actions.AwardRefused, match="期限（2024-07-14）已过"):
            actions.mend_account(returned, "甲", "另一银行", "6222000088888888", by=staff(Role.PREPARER), at=moment(7, 15))

    def test_a_paid_award_is_not_mended(self, cleared, released_batch, bank_answers, staff, moment):
        [award] = cleared(1)
        batch = released_batch()
        with pytest.raises(actions.AwardRefused, match="当前状态为“拨付中”"):
            actions.mend_account(award, "甲", "另一银行", "6222000088888888", by=staff(Role.PREPARER), at=moment(6, 13))
        bank_answers(batch)
        actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        with pytest.raises(actions.AwardRefused, match="已拨付"):
            actions.mend_account(award, "甲", "另一银行", "6222000088888888", by=staff(Role.PREPARER), at=moment(6, 14))

    def test_its_holds_are_lifted_with_the_acceptance(self, returned, staff, moment):
        actions.mend_account(returned, "甲", "另一银行", "6222000088888888", by=staff(Role.PREPARER), at=moment(6, 20))
        assert Hold.objects.filter(lifted_at__isnull=True).get().kind == "NO_ACCOUNT"
        actions.accept_account(returned, by=staff(Role.REVIEWER), at=moment(6, 21))
        assert not Hold.objects.filter(lifted_at__isnull=True).exists()
