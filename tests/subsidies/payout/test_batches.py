"""拨付批次: three people, once only, what may be in it, what drops its approvals, what leaves the house."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from agency.actions import lift_hold, open_hold, state_by_hand
from agency.actions.files import opened
from agency.models import Event, File, Hold, Role
from agency.moves import MoveRefused
from agency.sealed import Sealed, seal
from subsidies.payout import actions, queries
from subsidies.payout.models import Payment, PaymentBatch


def state_of(row) -> str:
    return type(row).objects.values_list("state", flat=True).get(pk=row.pk)


def refused(doing, word: str, kind=actions.BatchRefused) -> str:
    with pytest.raises(kind, match=word) as told:
        doing()
    return str(told.value)


class TestMaking:
    def test_takes_every_award_that_may_be_paid_with_its_account_as_it_is(self, programme, cleared, staff, moment):
        awards = cleared(3)
        batch = actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12))
        assert (batch.number, batch.count, batch.total) == ("1403-2024-001", 3, Decimal("6000.03"))
        payments = list(batch.payments.order_by("line"))
        assert [payment.line for payment in payments] == [1, 2, 3]
        assert [payment.account.reveal() for payment in payments] == [award.account.reveal() for award in awards]
        assert [payment.account_index for payment in payments] == [award.account_index for award in awards]
        assert {state_of(award) for award in awards} == {"CLEARED"}

    def test_leaves_out_a_hold_on_the_award_or_its_case_and_says_so(self, programme, cleared, staff, moment):
        awards = cleared(2)
        open_hold("award", awards[0].pk, Hold.Kind.CLERK, "举报待查", "140302", by=staff(Role.PREPARER), at=moment(6, 12))
        open_hold("refund", awards[1].case_id, Hold.Kind.FACTS_CHANGED, "数据有变", "140302", by=None, at=moment(6, 12))
        refused(lambda: actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12)), "暂缓 2 件")
        assert not PaymentBatch.objects.exists()

    def test_leaves_out_an_account_that_is_not_known(self, programme, make_awards, cleared, staff, moment):
        without = make_awards(1, account="")[0], make_awards(1, bank="")[0], make_awards(1, account_source="held")[0]
        awards = cleared(1)
        batch = actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12))
        assert list(batch.payments.values_list("award", flat=True)) == [awards[0].pk]
        assert {hold.case_id for hold in Hold.objects.filter(kind="NO_ACCOUNT")} == {award.pk for award in without}

    def test_needs_a_look_up_of_the_day(self, programme, cleared, look_up, staff, moment):
        awards = cleared(2)
        refused(lambda: actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 13)), "今日尚未核验信用 2 件")
        look_up(awards[:1], moment(6, 13, 8))
        assert actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 13)).count == 1

    @pytest.mark.parametrize(("flags", "why"), [(("严重失信",), "暂缓 1 件"), (None, "暂缓 1 件"), (("注销",), "暂缓 1 件")])
    def test_leaves_out_a_hit_and_an_unanswered_look_up(self, programme, cleared, look_up, staff, moment, flags, why):
        look_up(cleared(1), moment(6, 12, 9), flags)
        refused(lambda: actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12)), why)

    def test_a_hit_stands_although_its_hold_was_lifted_until_a_clear_look_up(self, programme, cleared, look_up, staff, moment):
        [award] = cleared(1)
        look_up([award], moment(6, 12, 9), ("严重失信",))
        Hold.objects.update(lifted_at=moment(6, 12, 9), lifted_by=staff(Role.REVIEWER), lifted_why="误列")
        refused(lambda: actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12)), "今日信用核验未通过 1 件")
        state_by_hand(
            "award", award.pk, award.uscc, "140302", "PAYMENT", date(2024, 6, 12), (), "信用中国查询，已移出",
            by=staff(Role.REVIEWER), at=moment(6, 12, 10),
        )  # fmt: skip
        assert actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12, 11)).count == 1

    def test_a_list_that_the_notice_does_not_name_bars_nothing(self, programme, cleared, look_up, staff, moment):
        look_up(cleared(1), moment(6, 12, 9), ("拟注销",))
        assert actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12)).count == 1

    def test_an_award_in_a_batch_is_in_no_other(self, programme, cleared, staff, moment):
        cleared(2)
        actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12))
        refused(lambda: actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12)), "没有公示无异议、待拨付的件")

    def test_the_database_itself_refuses_a_second_live_payment(self, programme, cleared, released_batch):
        cleared(1)
        payment = released_batch().payments.get()
        payment.pk, payment.line = None, 2
        with pytest.raises(IntegrityError, match="payment_one_live_an_award"), transaction.atomic():
            payment.save(force_insert=True)

    @pytest.mark.parametrize("role", [Role.PREPARER, Role.REVIEWER, Role.AUDITOR, Role.POLICY])
    def test_is_refused_to_other_posts(self, programme, cleared, staff, moment, role):
        cleared(1)
        refused(lambda: actions.make_batch(programme, by=staff(role), at=moment(6, 12)), "需要：财务", MoveRefused)

    def test_is_refused_under_a_draft_notice(self, make_programme, staff, moment):
        programme = make_programme("xpcc/2024", year=2025)
        refused(
            lambda: actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12)),
            "征求意见稿，尚未补录正式文号和印发日期，不能拨付",
        )


class TestThreePeople:
    def test_the_maker_neither_checks_nor_releases_also_with_a_second_tab(self, programme, cleared, staff, moment):
        cleared(1)
        maker, checker = staff(Role.FINANCE), staff(Role.FINANCE, 2)
        batch = actions.make_batch(programme, by=maker, at=moment(6, 12))
        second_tab = PaymentBatch.objects.get(pk=batch.pk)
        actions.submit_batch(batch, by=maker, at=moment(6, 12))
        for tab in (batch, second_tab):
            refused(lambda tab=tab: actions.check_batch(tab, by=maker, at=moment(6, 12)), "编制人不能复核")
        actions.check_batch(second_tab, by=checker, at=moment(6, 12))
        for tab in (batch, second_tab):
            for person in (maker, checker):
                refused(lambda tab=tab, person=person: actions.release_batch(tab, by=person, at=moment(6, 12)), "第三人")
        assert state_of(batch) == "APPROVED"
        assert not File.objects.filter(kind="BANK").exists()

    def test_only_the_maker_submits(self, programme, cleared, staff, moment):
        cleared(1)
        batch = actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12))
        refused(lambda: actions.submit_batch(batch, by=staff(Role.FINANCE, 2), at=moment(6, 12)), "由编制人（财务1-1403）提交")

    def test_a_reviewer_may_check_but_not_release(self, programme, cleared, staff, moment):
        cleared(1)
        batch = actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12))
        actions.submit_batch(batch, by=staff(Role.FINANCE), at=moment(6, 12))
        actions.check_batch(batch, by=staff(Role.REVIEWER), at=moment(6, 12))
        with pytest.raises((actions.BatchRefused, MoveRefused)):
            actions.release_batch(batch, by=staff(Role.REVIEWER, 2), at=moment(6, 12))
        assert state_of(batch) == "APPROVED"

    @pytest.mark.parametrize(
        ("change", "constraint"),
        [
            ({"checker": "maker"}, "batch_checker_is_not_maker"),
            ({"releaser": "maker"}, "batch_releaser_is_a_third"),
            ({"releaser": "checker"}, "batch_releaser_is_a_third"),
            ({"checker": None}, "batch_approved_by_a_checker"),
            ({"file": None}, "batch_released_is_whole"),
            ({"releaser": None}, "batch_released_is_whole"),
        ],
    )
    def test_the_database_itself_refuses_fewer_people(self, cleared, released_batch, change, constraint):
        cleared(1)
        batch = released_batch()
        values = {name: value and getattr(batch, value) for name, value in change.items()}
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            PaymentBatch.objects.filter(pk=batch.pk).update(**values)

    def test_nothing_skips_a_step(self, programme, cleared, staff, moment):
        cleared(1)
        batch = actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12))
        refused(lambda: actions.check_batch(batch, by=staff(Role.FINANCE, 2), at=moment(6, 12)), "当前为“编制中”")
        refused(lambda: actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(6, 12)), "当前为“编制中”")


class TestReleasing:
    def test_writes_the_bank_file_with_count_total_and_hash(self, cleared, released_batch, rows_in):
        cleared(2)
        batch = released_batch()
        with opened(batch.file) as plain:
            content = plain.read()
        assert batch.sha256 == batch.file.sha256 == hashlib.sha256(content).hexdigest()
        assert (batch.file.kind, batch.file.name) == ("BANK", "1403-2024-001.xlsx")
        name, text = queries.sha256_companion(batch)
        assert (name, text) == ("1403-2024-001.xlsx.sha256", f"{batch.sha256}  1403-2024-001.xlsx\n")
        assert rows_in(content) == [
            ["批次号", "明细号", "户名", "开户行", "账号", "金额", "用途"],
            ["1403-2024-001", "1", "甲市第0001号公司", "某银行甲市支行", "6222000000000001", "1000.01", "2024年度稳岗返还"],
            ["1403-2024-001", "2", "甲市第0002号公司", "某银行甲市支行", "6222000000000002", "2000.01", "2024年度稳岗返还"],
            ["合计", "2", "", "", "", "3000.02", ""],
        ]

    def test_the_stored_file_shows_no_account(self, cleared, released_batch, settings):
        cleared(1)
        released_batch()
        stored = [path.read_bytes() for path in settings.FILES_ROOT.rglob("*") if path.is_file()]
        assert stored
        assert not any(b"6222000000000001" in content or content.startswith(b"PK") for content in stored)

    def test_is_an_export_and_so_is_each_reading(self, cleared, released_batch, staff, moment):
        cleared(1)
        batch = released_batch()
        exports = Event.objects.filter(kind=Event.Kind.EXPORT)
        assert exports.get().detail["sha256"] == batch.sha256
        with actions.read_bank_file(batch, by=staff(Role.FINANCE, 3), at=moment(6, 12, 15)) as plain:
            assert plain.read(2) == b"PK"
        assert exports.count() == 2
        assert exports.order_by("-pk").first().by == staff(Role.FINANCE, 3)

    def test_no_event_holds_an_account(self, cleared, released_batch):
        cleared(1)
        released_batch()
        told = "".join(f"{event.why}{event.detail}" for event in Event.objects.all())
        assert "6222000000000001" not in told

    def test_a_second_click_is_refused_and_says_who_released_it_when(self, cleared, released_batch, staff, moment):
        cleared(1)
        batch = released_batch()
        told = refused(lambda: actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(6, 12, 11)), "不会重复放行")
        assert "2024-06-12 10:00 由财务3-1403放行" in told
        assert File.objects.filter(kind="BANK").count() == 1

    def test_needs_a_look_up_of_its_own_day(self, cleared, approved_batch, look_up, staff, moment):
        awards = cleared(2)
        batch = approved_batch()
        refused(
            lambda: actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(6, 13)), "今日未核验信用或核验未通过 2 笔"
        )
        look_up(awards, moment(6, 13, 8))
        actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(6, 13))
        assert {state_of(award) for award in awards} == {"PAYING"}

    def test_a_hold_opened_since_stops_it(self, cleared, approved_batch, staff, moment):
        awards = cleared(2)
        batch = approved_batch()
        open_hold("award", awards[0].pk, Hold.Kind.CLERK, "举报待查", "140302", by=staff(Role.REVIEWER), at=moment(6, 12))
        refused(lambda: actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(6, 12)), "暂缓 1 笔")
        assert {state_of(award) for award in awards} == {"CLEARED"}

    @pytest.mark.parametrize(("line", "needed"), [("3000.02", False), ("3000.01", True), (None, False)])
    def test_the_collective_decision_is_needed_above_the_amount(
        self, programme, cleared, approved_batch, staff, moment, line, needed
    ):
        programme.collective_decision_over = line and Decimal(line)
        programme.save()
        cleared(2)
        batch = approved_batch()
        releaser = staff(Role.FINANCE, 3)
        if needed:
            refused(lambda: actions.release_batch(batch, by=releaser, at=moment(6, 12), collective_decision=" "), "集体审议文号")
        number = "集审〔2024〕7号" if needed else ""
        actions.release_batch(batch, by=releaser, at=moment(6, 12), collective_decision=number)
        assert (batch.state, batch.collective_decision) == ("RELEASED", number)

    def test_is_refused_over_another_region(self, cleared, approved_batch, staff, moment):
        cleared(1)
        batch = approved_batch()
        with pytest.raises((actions.BatchRefused, MoveRefused)):
            actions.release_batch(batch, by=staff(Role.FINANCE, 3, region="140302"), at=moment(6, 12))
        assert state_of(batch) == "APPROVED"


class TestChangeAfterApproval:
    def test_dropping_a_line_drops_the_approvals(self, cleared, approved_batch, staff, moment):
        awards = cleared(3)
        batch = approved_batch()
        payment = batch.payments.get(line=2)
        actions.drop_payment(payment, "账户存疑", by=staff(Role.FINANCE, 3), at=moment(6, 12))
        batch.refresh_from_db()
        assert (batch.state, batch.checker, batch.checked_at, batch.count, str(batch.total)) == (
            "DRAFT",
            None,
            None,
            2,
            "4000.02",
        )
        assert (payment.state, state_of(awards[1])) == ("DROPPED", "CLEARED")
        refused(lambda: actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(6, 12)), "当前为“编制中”")

    def test_the_batch_goes_on_without_the_line_and_the_award_goes_into_another(
        self, programme, cleared, approved_batch, staff, moment
    ):
        awards = cleared(2)
        batch = approved_batch()
        actions.drop_payment(batch.payments.get(line=1), "账户存疑", by=staff(Role.FINANCE), at=moment(6, 12))
        actions.submit_batch(batch, by=staff(Role.FINANCE), at=moment(6, 12))
        actions.check_batch(batch, by=staff(Role.FINANCE, 2), at=moment(6, 12))
        actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(6, 12))
        assert [state_of(award) for award in awards] == ["CLEARED", "PAYING"]
        second = actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12))
        assert (second.number, list(second.payments.values_list("award", flat=True))) == ("1403-2024-002", [awards[0].pk])

    @pytest.mark.parametrize(
        "change", [{"amount": Decimal("9999999.00")}, {"account_name": "别人"}, {"account_index": "x"}, {"bank": "别家银行"}]
    )
    def test_a_payment_line_cannot_be_edited(self, cleared, approved_batch, change):
        cleared(1)
        batch = approved_batch()
        with pytest.raises(DatabaseError), transaction.atomic():
            Payment.objects.filter(batch=batch).update(**change)

    def test_an_account_swapped_behind_its_index_does_not_leave_the_house(self, cleared, approved_batch, staff, moment):
        cleared(1)
        batch = approved_batch()
        Payment.objects.filter(batch=batch).update(account=Sealed(seal("6222999999999999")))
        refused(
            lambda: actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(6, 12)),
            "第 1 笔的账号",
            actions.AccountBroken,
        )
        assert state_of(batch) == "APPROVED"

    def test_a_line_slipped_in_after_submission_stops_the_release(
        self, programme, make_awards, cleared, approved_batch, staff, moment
    ):
        extra = cleared(2)[1]
        open_hold("award", extra.pk, Hold.Kind.CLERK, "待查", "140302", by=staff(Role.PREPARER), at=moment(6, 12))
        batch = approved_batch()
        Hold.objects.update(lifted_at=moment(6, 12))
        Payment.objects.create(
            batch=batch, award=extra, region_id="140302", line=2, amount=extra.amount, account_name=extra.account_name,
            bank=extra.bank, account=extra.account,
        )  # fmt: skip
        refused(lambda: actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(6, 12)), "与提交复核时不一致")

    def test_sending_back_needs_a_reason_and_drops_the_approval(self, cleared, approved_batch, staff, moment):
        cleared(1)
        batch = approved_batch()
        refused(lambda: actions.send_back(batch, " ", by=staff(Role.FINANCE, 2), at=moment(6, 12)), "理由")
        actions.send_back(batch, "用途有误", by=staff(Role.FINANCE, 2), at=moment(6, 12))
        assert (batch.state, batch.checker) == ("DRAFT", None)

    def test_cancelling_frees_the_awards(self, programme, cleared, approved_batch, staff, moment):
        cleared(2)
        batch = approved_batch()
        refused(lambda: actions.cancel_batch(batch, by=staff(Role.FINANCE), at=moment(6, 12)), "待放行")
        actions.send_back(batch, "重做", by=staff(Role.FINANCE, 2), at=moment(6, 12))
        actions.cancel_batch(batch, by=staff(Role.FINANCE), at=moment(6, 12))
        assert (batch.state, batch.count) == ("CANCELLED", 0)
        assert actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12)).count == 2

    def test_an_empty_batch_is_not_submitted(self, programme, cleared, staff, moment):
        cleared(1)
        batch = actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12))
        actions.drop_payment(batch.payments.get(), "账户存疑", by=staff(Role.FINANCE), at=moment(6, 12))
        refused(lambda: actions.submit_batch(batch, by=staff(Role.FINANCE), at=moment(6, 12)), "没有拨付明细")

    def test_nothing_is_dropped_after_release(self, cleared, released_batch, staff, moment):
        cleared(1)
        batch = released_batch()
        refused(lambda: actions.drop_payment(batch.payments.get(), "后悔", by=staff(Role.FINANCE), at=moment(6, 12)), "不能再改")


class TestAHitAfterMaking:
    def test_takes_its_own_line_out_and_sends_the_batch_back(self, cleared, approved_batch, look_up, moment):
        awards = cleared(3)
        batch = approved_batch()
        look_up(awards[1:2], moment(6, 12, 11), ("严重失信",))
        assert actions.drop_stopped(at=moment(6, 12, 11)) == 1
        batch.refresh_from_db()
        assert (batch.state, batch.checker, batch.count, str(batch.total)) == ("DRAFT", None, 2, "4000.02")
        assert list(batch.payments.order_by("line").values_list("state", flat=True)) == ["PENDING", "DROPPED", "PENDING"]
        assert actions.drop_stopped(at=moment(6, 12, 11)) == 0

    def test_leaves_other_batches_as_they_are(self, programme, cleared, approved_batch, look_up, staff, moment):
        awards = cleared(2)
        hold = open_hold("award", awards[1].pk, Hold.Kind.CLERK, "待查", "140302", by=staff(Role.REVIEWER), at=moment(6, 12))
        first = approved_batch()
        lift_hold(hold, "已查明", by=staff(Role.REVIEWER), at=moment(6, 12))
        second = actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 12))
        look_up(awards[1:], moment(6, 12, 11), ("严重失信",))
        actions.drop_stopped(at=moment(6, 12, 11))
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, first.count, second.state, second.count) == ("APPROVED", 1, "DRAFT", 0)
