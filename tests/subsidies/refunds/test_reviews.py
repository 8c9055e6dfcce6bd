"""First and second review: the day's look-up, the day's facts, two people, one award."""

from datetime import date
from decimal import Decimal

import pytest

from agency.actions import lift_hold
from agency.models import CreditCheck, Hold, Message, Role
from agency.moves import MoveRefused
from enterprises.models import Enterprise, MonthlyContribution, WorkforceYear
from subsidies.payout.models import Award
from subsidies.refunds import actions
from subsidies.refunds.models import Application, State

REVIEW = CreditCheck.Moment.REVIEW


@pytest.fixture
def reviewed(confirmed, staff, days):
    """A case past its first review."""

    def do(**fields) -> Application:
        application = confirmed(**fields)
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        return application

    return do


class TestReview:
    def test_needs_the_look_up_of_the_day(self, confirmed, staff, moment, look_up):
        application = confirmed()
        with pytest.raises(actions.RefundRefused, match="当日尚未核验信用"):
            actions.review(application, by=staff(Role.PREPARER), at=moment(7, 3))
        look_up(application, REVIEW, moment(7, 3), None)
        with pytest.raises(actions.RefundRefused, match="无应答"):
            actions.review(application, by=staff(Role.PREPARER), at=moment(7, 3))
        look_up(application, REVIEW, moment(7, 3))
        actions.review(application, by=staff(Role.PREPARER), at=moment(7, 3))
        assert (application.state, application.reviewed_by) == ("REVIEWED", staff(Role.PREPARER))

    def test_stops_a_hit_on_its_own_line_only(self, make_enterprise, screen, look_up, programme, staff, acts_for, days):
        listed, clear = make_enterprise(), make_enterprise()
        screen()
        cases = [each.applications.get() for each in (listed, clear)]
        for case in cases:
            look_up(case, CreditCheck.Moment.SCREENING, days.screened)
        actions.offer_all(programme, by=staff(Role.PREPARER), at=days.offered)
        for case in cases:
            case.refresh_from_db()
            actions.confirm(case, by=acts_for(case.enterprise), at=days.answered)
        look_up(cases[0], REVIEW, days.reviewed, ("严重失信",))
        look_up(cases[1], REVIEW, days.reviewed, ("失信被执行人",))  # bars nobody in 山西
        done = actions.review_all(Application.objects.all(), by=staff(Role.PREPARER), at=days.reviewed)
        assert done.moved == [cases[1].pk]
        assert "核验列入：严重失信" in done.refused[cases[0].pk]
        assert Hold.objects.get().case_id == cases[0].pk

    def test_goes_on_once_the_listing_is_lifted(self, confirmed, look_up, staff, moment, days):
        application = confirmed()
        look_up(application, REVIEW, days.reviewed, ("严重失信",))
        look_up(application, REVIEW, moment(7, 5))
        actions.review(application, by=staff(Role.PREPARER), at=moment(7, 5))
        assert application.state == State.REVIEWED

    def test_is_refused_where_the_facts_of_the_day_fail(self, confirmed, staff, days):
        application = confirmed()
        Enterprise.objects.update(registration="吊销")
        with pytest.raises(actions.RefundRefused, match="不符合条件：登记状态"):
            actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        WorkforceYear.objects.update(claimants=None)
        Enterprise.objects.update(registration="")
        with pytest.raises(actions.RefundRefused, match="尚不能判定：裁员率"):
            actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)

    def test_holds_a_case_whose_amount_changed_until_a_person_has_looked(self, confirmed, staff, days):
        application = confirmed()
        changed = {"employer_paid": Decimal(100), "employer_due": Decimal(100)}
        MonthlyContribution.objects.filter(month=date(2023, 12, 1)).update(**changed)
        with pytest.raises(actions.RefundRefused, match=r"返还金额 7200\.00→6840\.00"):
            actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        assert application.amount == Decimal("7200.00")
        lift_hold(Hold.objects.get(), "已告知单位", by=staff(Role.PREPARER), at=days.reviewed)
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        assert (application.state, application.amount) == ("REVIEWED", Decimal("6840.00"))
        assert application.decision.amount == Decimal("6840.00")
        assert application.decision.on == days.answered.date()

    def test_counts_the_day_of_confirmation_also_in_january(self, offered, acts_for, look_up, staff, moment):
        application = offered()
        actions.confirm(application, by=acts_for(application.enterprise), at=moment(12, 31, 23))
        january = moment(1, 6, year=2025)
        look_up(application, REVIEW, january)
        actions.review(application, by=staff(Role.PREPARER), at=january)
        assert application.state == State.REVIEWED

    def test_is_for_the_posts_of_the_region(self, confirmed, staff, days):
        application = confirmed()
        for user in (staff(Role.PREPARER, region="140303"), staff(Role.REVIEWER), staff(Role.FINANCE)):
            with pytest.raises(actions.RefundRefused, match="没有初审岗位"):
                actions.review(application, by=user, at=days.reviewed)
        assert application.state == State.CONFIRMED

    def test_takes_nothing_that_does_not_wait_for_it(self, offered, staff, days):
        application = offered()
        with pytest.raises(actions.RefundRefused, match="不在待初审状态"):
            actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)

    def test_refuses_an_amount_of_nothing(self, make_enterprise, screen, acts_for, look_up, staff, days, pay):
        """Of last year's premiums all came a year late but one month, and that was given back."""
        enterprise = make_enterprise(months=range(2, 13))
        MonthlyContribution.objects.update(arrived_on=date(2024, 1, 9))
        pay(enterprise, 1, 10)
        pay(enterprise, 1, 10, type="补缴", line="again", arrived_on=date(2024, 1, 9))
        pay(enterprise, 1, 10, type="退费", line="back", arrived_on=date(2024, 1, 10))
        screen()
        application = Application.objects.get()
        assert (application.state, application.amount) == ("ELIGIBLE", Decimal("0.00"))
        actions.apply(application, by=acts_for(enterprise), at=days.answered)
        look_up(application, REVIEW, days.reviewed)
        with pytest.raises(actions.RefundRefused, match="返还金额为零"):
            actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)


class TestReturnAndReject:
    def test_tell_the_enterprise_why(self, make_unit, screen, acts_for, staff, days, allocation):
        unit = make_unit()
        screen()
        application = unit.applications.get()
        actions.apply(application, allocation(unit, days.answered), by=acts_for(unit), at=days.answered)
        with pytest.raises(actions.RefundRefused, match="请写明理由"):
            actions.return_for_completion(application, " ", by=staff(Role.PREPARER), at=days.reviewed)
        actions.return_for_completion(application, "请补明细", by=staff(Role.PREPARER), at=days.reviewed)
        actions.apply(application, allocation(unit, days.answered), by=acts_for(unit), at=days.reviewed)
        actions.reject(application, "用工单位不实", by=staff(Role.PREPARER), at=days.reviewed)
        assert (application.state, application.reason) == ("REJECTED", "用工单位不实")
        assert "请补明细" in Message.objects.get(kind="returned").text.reveal()
        assert "用工单位不实" in Message.objects.get(kind="rejected").text.reveal()

    def test_in_the_second_review_is_the_reviewers(self, reviewed, staff, days):
        application = reviewed()
        with pytest.raises(MoveRefused):
            actions.reject(application, "不实", by=staff(Role.PREPARER), at=days.approved)
        actions.reject(application, "不实", by=staff(Role.REVIEWER), at=days.approved)
        assert application.state == State.REJECTED


class TestApprove:
    def test_is_never_by_who_reviewed_it(self, reviewed, staff, days):
        application = reviewed()
        both = staff(Role.REVIEWER)
        Application.objects.update(reviewed_by=both)
        application.refresh_from_db()
        with pytest.raises(actions.RefundRefused, match="初审人不能复审"):
            actions.approve(application, by=both, at=days.approved)
        actions.approve(application, by=staff(Role.REVIEWER, 2), at=days.approved)
        assert application.state == State.APPROVED

    def test_is_stopped_by_a_hit_after_the_review(self, reviewed, look_up, staff, days):
        application = reviewed()
        look_up(application, REVIEW, days.approved, ("严重失信",))
        with pytest.raises(actions.RefundRefused, match="严重失信"):
            actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        assert not Award.objects.exists()

    def test_of_many_makes_an_award_each(self, make_enterprise, screen, look_up, programme, staff, acts_for, days):
        for _ in range(3):
            make_enterprise()
        screen()
        for case in Application.objects.all():
            look_up(case, CreditCheck.Moment.SCREENING, days.screened)
        actions.offer_all(programme, by=staff(Role.PREPARER), at=days.offered)
        for case in Application.objects.all():
            actions.confirm(case, by=acts_for(case.enterprise), at=days.answered)
            look_up(case, REVIEW, days.reviewed)
        assert len(actions.review_all(Application.objects.all(), by=staff(Role.PREPARER), at=days.reviewed).moved) == 3
        done = actions.approve_all(Application.objects.all(), by=staff(Role.REVIEWER), at=days.approved)
        assert (len(done.moved), done.refused) == (3, {})
        for case in Application.objects.select_related("award", "enterprise"):
            assert (case.award.case_id, case.award.uscc) == (case.pk, case.enterprise.uscc)
            assert case.award.account.reveal() == case.enterprise.account.reveal()
            assert case.award.account_index == case.enterprise.account_index != ""

    def test_pays_a_small_enterprise_without_account_to_the_one_it_pays_from(self, reviewed, staff, days):
        application = reviewed(account="", tax_account="622299", tax_account_name="缴费户", tax_bank="某银行", employees=5)
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        award = application.award
        assert (award.account_source, award.account.reveal(), award.account_name) == ("tax", "622299", "缴费户")
        assert not Hold.objects.exists()

    def test_holds_payment_where_no_account_is_known(self, reviewed, staff, days):
        application = reviewed(account="", tax_account="")
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        hold = Hold.objects.get()
        assert (hold.case_kind, hold.case_id, hold.kind) == ("award", application.award_id, "NO_ACCOUNT")

    def test_holds_payment_where_the_payee_is_deregistered(
        self, make_programme, make_enterprise, screen, look_up, acts_for, staff, days
    ):
        """注销 bars nobody in 吉林, but nobody is left to be paid."""
        jilin = make_programme("jilin/2024", {"layoff_method": "claimants_over_mean"}, region="1404")
        enterprise = make_enterprise(region="1404", registration="注销", recorded_size="小型")
        screen(of=jilin)
        application = enterprise.applications.get()
        actions.apply(application, by=acts_for(enterprise), at=days.answered)
        look_up(application, REVIEW, days.reviewed)
        actions.review(application, by=staff(Role.PREPARER, region="1404"), at=days.reviewed)
        actions.approve(application, by=staff(Role.REVIEWER, region="1404"), at=days.approved)
        assert set(Hold.objects.values_list("case_kind", "kind")) == {("award", "DEREGISTERED"), ("award", "NO_ACCOUNT")}
