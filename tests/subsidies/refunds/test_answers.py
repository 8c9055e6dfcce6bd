"""What an enterprise answers: once, by its own people, within the period."""

import pytest

from agency.models import Event, Hold, Programme, Role, User
from agency.moves import MoveRefused
from enterprises.models import WorkforceYear
from subsidies.payout.models import Award
from subsidies.refunds import actions
from subsidies.refunds.models import Application, State


class TestConfirmAndDecline:
    def test_of_the_same_offer_at_the_same_moment_are_one_move_and_one_refusal(self, offered, acts_for, days, at_once, rounds):
        application = offered()
        user = acts_for(application.enterprise)
        told = Event.objects.filter(case_kind="refund", case_id=application.pk, kind="MOVE").count()
        winners = set()
        for _ in range(rounds(200)):
            one, other = (Application.objects.get(pk=application.pk) for _ in range(2))
            results = at_once(
                lambda one=one: actions.confirm(one, by=user, at=days.answered),
                lambda other=other: actions.decline(other, "不需要", by=user, at=days.answered, through="SMS"),
            )
            assert results.count(None) == 1
            [refusal] = [result for result in results if result is not None]
            assert isinstance(refusal, actions.AlreadyAnswered), refusal
            application.refresh_from_db()
            first = "短信回复" if application.state == State.DECLINED else "网上服务"
            assert f"2024年6月26日 10:00 已通过{first}答复，现在的状态是“{application.get_state_display()}”" in str(refusal)
            winners.add(application.state)
            events = Event.objects.filter(case_kind="refund", case_id=application.pk, kind="MOVE")
            assert events.count() == told + 1
            assert events.latest("pk").to_state == application.state
            told += 1
            Application.objects.filter(pk=application.pk).update(state=State.OFFERED, answered_at=None)
        assert winners <= {State.CONFIRMED, State.DECLINED}

    def test_move_the_case_and_keep_the_day(self, offered, acts_for, days):
        application = offered()
        actions.confirm(application, by=acts_for(application.enterprise), at=days.answered)
        application.refresh_from_db()
        assert (application.state, application.answered_at) == ("CONFIRMED", days.answered)

    @pytest.mark.parametrize("through", ["PORTAL", "LINK", "SMS", "CALL", "PAPER"])
    def test_name_the_channel_on_the_case_and_in_its_event(self, offered, acts_for, days, through):
        application = offered()
        user = acts_for(application.enterprise)
        actions.decline(application, "不需要", by=user, at=days.answered, through=through)
        application.refresh_from_db()
        event = Event.objects.latest("pk")
        label = Application.AnswerChannel(through).label
        assert (application.answer_channel, event.detail, event.why) == (through, {"channel": through}, f"不需要（{label}）")
        actions.confirm(application, by=user, at=days.reviewed)
        application.refresh_from_db()
        assert (application.answer_channel, application.reason) == ("PORTAL", "")

    @pytest.mark.parametrize("before", [State.DECLINED, State.OVERDUE])
    def test_a_case_declined_or_overdue_may_still_be_confirmed(self, offered, acts_for, days, before):
        application = offered()
        Application.objects.update(state=before)
        application.refresh_from_db()
        actions.confirm(application, by=acts_for(application.enterprise), at=days.answered)
        assert application.state == State.CONFIRMED

    def test_are_for_the_people_of_the_enterprise_alone(self, offered, make_enterprise, acts_for, days):
        application = offered()
        stranger = acts_for(make_enterprise())
        for deed in (
            lambda: actions.confirm(application, by=stranger, at=days.answered),
            lambda: actions.decline(application, "", by=stranger, at=days.answered),
            lambda: actions.apply(application, by=stranger, at=days.answered),
            lambda: actions.withdraw(application, "", by=stranger, at=days.answered),
            lambda: actions.ask_correction(application, "account", "错", by=stranger, at=days.answered),
        ):
            with pytest.raises(actions.RefundRefused, match="您不是该单位的用户"):
                deed()

    @pytest.mark.parametrize(("month", "day", "year", "taken"), [(12, 31, 2024, True), (1, 1, 2025, False)])
    def test_are_taken_up_to_the_last_day_of_the_period(self, offered, acts_for, moment, month, day, year, taken):
        application = offered()
        user = acts_for(application.enterprise)
        if taken:
            actions.confirm(application, by=user, at=moment(month, day, 23, year=year))
            return
        with pytest.raises(actions.RefundRefused, match="不在期内"):
            actions.confirm(application, by=user, at=moment(month, day, 0, year=year))

    def test_are_refused_once_the_programme_is_closed(self, offered, acts_for, days):
        application = offered()
        Programme.objects.update(state="CLOSED")
        application = Application.objects.get(pk=application.pk)
        with pytest.raises(actions.RefundRefused, match="已结束"):
            actions.confirm(application, by=acts_for(application.enterprise), at=days.answered)

    def test_may_be_done_by_a_clerk_of_the_region_on_its_behalf(self, offered, staff, days):
        application = offered()
        with pytest.raises(MoveRefused):
            actions.confirm(application, by=staff(Role.PREPARER, region="140303"), at=days.answered)
        actions.confirm(application, by=staff(Role.PREPARER, region="140302"), at=days.answered)
        assert application.state == State.CONFIRMED


class TestApply:
    def test_is_assessed_anew_on_the_day(self, make_enterprise, screen, acts_for, days):
        enterprise = make_enterprise(claimants=9)
        screen()
        WorkforceYear.objects.update(claimants=0)
        application = enterprise.applications.get()
        actions.apply(application, by=acts_for(enterprise), at=days.answered)
        assert (application.state, application.channel, application.failed) == ("SUBMITTED", "自主申请", [])
        assert (application.decision.on, application.decision.outcome) == (days.answered.date(), "eligible")
        assert application.decision.by == acts_for(enterprise)

    def test_is_taken_also_where_it_is_not_eligible(self, make_enterprise, screen, acts_for, days):
        enterprise = make_enterprise(claimants=9)
        screen()
        application = enterprise.applications.get()
        actions.apply(application, by=acts_for(enterprise), at=days.answered)
        assert (application.state, application.failed) == ("SUBMITTED", ["layoff_rate"])

    def test_keeps_its_first_day_when_it_was_returned(self, make_unit, screen, acts_for, staff, moment, allocation):
        unit = make_unit()
        screen()
        application = unit.applications.get()
        actions.apply(application, allocation(unit, moment(12, 30)), by=acts_for(unit), at=moment(12, 30))
        actions.return_for_completion(application, "请补用工单位明细", by=staff(Role.PREPARER), at=moment(1, 6, year=2025))
        actions.apply(application, allocation(unit, moment(12, 30)), by=acts_for(unit), at=moment(1, 8, year=2025))
        assert (application.state, application.submitted_at) == ("SUBMITTED", moment(12, 30))
        assert application.decision.outcome == "eligible"

    def test_is_the_way_of_an_enterprise_that_no_screening_has_seen(
        self, programme, make_enterprise, credit_list, acts_for, days
    ):
        enterprise = make_enterprise()
        application = actions.apply_for(enterprise, programme, by=acts_for(enterprise), at=days.answered)
        assert (application.state, application.decision.outcome) == ("SUBMITTED", "eligible")
        assert enterprise.sizes.get().size == "中小微"
        with pytest.raises(actions.RefundRefused, match="已有返还事项"):
            actions.apply_for(enterprise, programme, by=acts_for(enterprise), at=days.answered)

    def test_is_refused_where_the_programme_does_not_cover_the_region(self, programme, make_enterprise, acts_for, days):
        enterprise = make_enterprise(region="1404")
        with pytest.raises(actions.RefundRefused, match="不在本项目实施范围"):
            actions.apply_for(enterprise, programme, by=acts_for(enterprise), at=days.answered)


class TestWithdraw:
    def test_strikes_an_award_that_is_not_yet_published(self, confirmed, staff, acts_for, days):
        application = confirmed()
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        actions.withdraw(application, "改由总公司申请", by=acts_for(application.enterprise), at=days.approved)
        assert (application.state, Award.objects.get().state) == ("WITHDRAWN", "STRUCK")

    def test_is_refused_once_it_is_published(self, confirmed, staff, acts_for, days):
        application = confirmed()
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        Award.objects.update(state="PUBLICISED")
        with pytest.raises(actions.RefundRefused, match="不能撤回"):
            actions.withdraw(application, "", by=acts_for(application.enterprise), at=days.approved)
        application.refresh_from_db()
        assert application.state == State.APPROVED

    def test_leaves_the_way_to_apply_again(self, offered, acts_for, days):
        application = offered()
        user: User = acts_for(application.enterprise)
        actions.withdraw(application, "", by=user, at=days.answered)
        actions.apply(application, by=user, at=days.reviewed)
        assert application.state == State.SUBMITTED


class TestCorrection:
    @pytest.mark.parametrize("about", ["account", "size"])
    def test_of_account_or_size_needs_a_proof_and_leaves_nothing_without(self, offered, acts_for, days, about):
        application = offered()
        with pytest.raises(actions.RefundRefused, match="须上传证明材料"):
            actions.ask_correction(application, about, "不对", by=acts_for(application.enterprise), at=days.answered)
        assert not Hold.objects.exists()

    def test_holds_the_case_until_the_last_one_is_settled(self, confirmed, acts_for, staff, days, scan):
        application = confirmed()
        user, clerk = acts_for(application.enterprise), staff(Role.PREPARER)
        first = actions.ask_correction(application, "account", "账号换了", [scan()], by=user, at=days.answered)
        second = actions.ask_correction(application, "contact", "电话换了", by=user, at=days.answered)
        with pytest.raises(actions.RefundRefused, match="单位申请更正"):
            actions.review(application, by=clerk, at=days.reviewed)
        actions.settle_correction(first, "已核对", by=clerk, at=days.reviewed)
        assert Hold.objects.get().lifted_at is None
        actions.settle_correction(second, "已更新", by=clerk, at=days.reviewed)
        assert (Hold.objects.get().lifted_by, second.settlement) == (clerk, "已更新")
        actions.review(application, by=clerk, at=days.reviewed)
        assert application.state == State.REVIEWED

    def test_is_settled_once_and_with_a_word(self, offered, acts_for, staff, days):
        application = offered()
        asked = actions.ask_correction(application, "other", "说明", by=acts_for(application.enterprise), at=days.answered)
        for text, why in (("", "请写明处理结果"), ("好", None), ("又好", "已由他人处理")):
            if why is None:
                actions.settle_correction(asked, text, by=staff(Role.PREPARER), at=days.reviewed)
                continue
            with pytest.raises(actions.RefundRefused, match=why):
                actions.settle_correction(asked, text, by=staff(Role.PREPARER), at=days.reviewed)

    def test_is_settled_by_the_posts_of_the_region(self, offered, acts_for, staff, days):
        application = offered()
        asked = actions.ask_correction(application, "other", "说明", by=acts_for(application.enterprise), at=days.answered)
        with pytest.raises(MoveRefused):
            actions.settle_correction(asked, "好", by=staff(Role.PREPARER, region="140303"), at=days.reviewed)
