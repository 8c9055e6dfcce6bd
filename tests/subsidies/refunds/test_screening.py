"""Screening: who comes out how, what a second one changes, and what it leaves alone."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agency.actions import lift_hold
from agency.models import Event, Hold, Programme, Role
from agency.moves import MoveRefused
from agency.queries import terms_of
from enterprises.models import MonthlyContribution, SizeDecision, SizeListing, WorkforceYear
from policy.facts import RefundFacts
from policy.refund import assess_refund
from subsidies.payout.models import Award
from subsidies.refunds import actions
from subsidies.refunds.actions.decisions import Deciding, write_decisions
from subsidies.refunds.actions.screenings import screen_chunk
from subsidies.refunds.models import Application, Decision, ScreeningRun, State
from subsidies.refunds.queries.assessments import ANSWERS, answers_in, assess_all, case_of


class TestFirstScreening:
    def test_gives_every_enterprise_its_case_with_decision_size_and_event(self, make_enterprise, screen):
        eligible, laid_off = make_enterprise(), make_enterprise(people=40, claimants=3)
        incomplete = make_enterprise(claimants=None, workforce={"start_count": None})
        run = screen()
        found = {case.enterprise_id: case for case in Application.objects.select_related("decision")}
        assert [found[each.pk].state for each in (eligible, laid_off, incomplete)] == ["ELIGIBLE", "INELIGIBLE", "INCOMPLETE"]
        assert found[eligible.pk].amount == Decimal("7200.00")
        assert found[laid_off.pk].failed == ["layoff_rate"]
        assert found[laid_off.pk].decision.layoff_rate == Decimal("0.075")
        assert found[incomplete.pk].unknown == ["layoff_rate"]
        assert all(case.decision.run == run for case in found.values())
        assert Event.objects.filter(case_kind="refund", kind="MOVE", by=None).count() == 3
        size = SizeDecision.objects.get(enterprise=eligible)
        assert (size.size, size.basis, size.current, size.edition) == ("中小微", "size_standard", True, run.edition)

    def test_counts_what_it_found(self, make_enterprise, screen):
        for claimants in (0, 0, 9, None):
            make_enterprise(people=20, claimants=claimants)
        run = screen()
        assert run.counts["outcomes"] == {"eligible": 2, "ineligible": 1, "incomplete": 1}
        assert run.counts["amount"] == "28800.00"
        assert run.counts["failed"] == {"layoff_rate": 1}
        assert run.counts["unknown"] == {"layoff_rate": 1}
        assert run.counts["born"] == 4
        assert run.finished_at is not None

    def test_keeps_decisions_that_replay_to_the_same(self, make_enterprise, screen, pay):
        make_enterprise(kind="社会团体")
        make_enterprise(kind="分支机构", parent_uscc="9114")
        make_enterprise(dispatch=True)
        make_enterprise(people=33, claimants=1, account="", recorded_size="小型")
        pay(make_enterprise(months=range(1, 12)), 12, 10, employer_due=None)
        screen()
        for decision in Decision.objects.all():
            verdict = assess_refund(terms_of(decision.edition), RefundFacts.from_json(decision.facts))
            assert tuple(getattr(decision, name) for name in ANSWERS) == answers_in(verdict)
            assert len(decision.facts) < 1000
        assert Decision.objects.count() == 5

    def test_takes_a_dispatch_unit_by_its_only_channel(self, make_enterprise, screen):
        unit = make_enterprise(dispatch=True)
        screen()
        application = unit.applications.get()
        assert application.channel == "自主申请"
        assert application.failed == []
        assert application.unknown == ["base_known"]  # who its hosts are is not on record

    def test_leaves_out_other_regions_and_voided_enterprises(self, make_enterprise, screen):
        make_enterprise(region="1404")
        make_enterprise(voided=True)
        inside = make_enterprise()
        screen()
        assert list(Application.objects.values_list("enterprise", flat=True)) == [inside.pk]

    def test_leaves_a_case_of_another_programme_where_it_is(self, make_enterprise, make_programme, programme, screen, regions):
        other = make_programme(region="1404")
        enterprise = make_enterprise(region="1404")
        screen(of=other)
        enterprise.region = regions["140302"]
        enterprise.save()
        assert screen().counts["elsewhere"] == 1
        assert enterprise.applications.get().programme == other

    def test_needs_no_more_queries_for_many_than_for_one(self, make_enterprise, programme, staff, days):
        actions.start_screening(programme, days.screened.date(), by=staff(Role.PREPARER), at=days.screened)
        run = ScreeningRun.objects.select_related("programme__region", "edition").get()

        def queries(first_id: int, last_id: int) -> int:
            with CaptureQueriesContext(connection) as seen:
                screen_chunk(run, first_id, last_id, at=days.screened)
            return len(seen)

        few = [make_enterprise(claimants=number % 3) for number in range(3)]
        many = [make_enterprise(claimants=number % 3) for number in range(40)]
        assert queries(many[0].pk, many[-1].pk) == queries(few[0].pk, few[-1].pk)
        assert queries(many[0].pk, many[-1].pk) == queries(few[0].pk, few[-1].pk)  # and again, now that they are known


class TestAnotherScreening:
    def test_changes_nothing_where_nothing_changed(self, make_enterprise, screen, moment):
        make_enterprise()
        make_enterprise(claimants=9)
        screen()
        before = Event.objects.count(), Decision.objects.count(), SizeDecision.objects.count()
        run = screen(moment(6, 21))
        assert (run.counts["unchanged"], run.counts["decided"], run.counts["sizes"]) == (2, 0, 0)
        assert (Event.objects.filter(case_kind="refund").count(), Decision.objects.count(), SizeDecision.objects.count()) == (
            2, *before[1:],
        )  # fmt: skip

    def test_moves_a_case_whose_outcome_changed_and_keeps_the_earlier_decision(self, make_enterprise, screen, moment):
        enterprise = make_enterprise(claimants=9)
        screen()
        WorkforceYear.objects.filter(enterprise=enterprise).update(claimants=0)
        run = screen(moment(6, 21))
        application = enterprise.applications.get()
        assert (application.state, application.failed, application.amount) == ("ELIGIBLE", [], Decimal("7200.00"))
        assert [each.outcome for each in application.decisions.order_by("pk")] == ["ineligible", "eligible"]
        assert application.decision == application.decisions.latest("pk")
        assert (run.counts["moved"], run.counts["decided"]) == (1, 1)
        kinds = Event.objects.filter(case_kind="refund", case_id=application.pk).order_by("pk").values_list("kind", "to_state")
        assert list(kinds) == [("MOVE", "INELIGIBLE"), ("DECISION", ""), ("MOVE", "ELIGIBLE")]

    def test_changes_only_what_changed_and_says_what(self, make_enterprise, screen, moment):
        enterprise, *_others = (make_enterprise() for _ in range(3))
        screen()
        WorkforceYear.objects.filter(enterprise=enterprise).update(claimants=9)
        enterprise.account, enterprise.employees = "", 12
        enterprise.save()
        run = screen(moment(6, 21))
        assert (run.counts["decided"], run.counts["unchanged"]) == (1, 2)
        told = Event.objects.get(case_kind="refund", kind="DECISION")
        assert told.case_id == enterprise.applications.get().pk
        assert told.why == (
            "重新判定：结论 合格→不合格；裁员率 0.000000→0.900000；返还金额 7200.00→无；收款账户 对公账户→暂缓，待处理；"
            "新增不符合：裁员率；数据：领取失业金人数 0→9，从业人员 10→12，对公账户 是→否"
        )

    def test_says_that_another_edition_counts(self, make_enterprise, screen, moment, programme):
        make_enterprise()
        screen()
        edition = programme.editions.get()
        edition.pk, edition.number, edition.counts_from = None, 2, date(2024, 6, 21)
        edition.save()
        screen(moment(6, 21))
        assert Event.objects.get(case_kind="refund", kind="DECISION").why == "重新判定：适用新版本"

    def test_decides_anew_where_only_the_amount_changed(self, make_enterprise, screen, moment, pay):
        enterprise = make_enterprise()
        screen()
        pay(enterprise, 12, 0, line="2", employer_due=Decimal(0), employee_due=Decimal(0), employer_paid=Decimal(100))
        run = screen(moment(6, 21))
        assert enterprise.applications.get().amount == Decimal("7260.00")
        assert (run.counts["moved"], run.counts["decided"]) == (0, 1)

    def test_decides_anew_under_another_edition(self, make_enterprise, screen, moment, programme):
        enterprise = make_enterprise()
        screen()
        edition = programme.editions.get()
        edition.pk, edition.number, edition.counts_from = None, 2, date(2024, 6, 21)
        edition.save()
        screen(moment(6, 21))
        assert enterprise.applications.get().decision.edition == edition

    def test_keeps_the_history_of_a_size_that_changed(self, make_enterprise, screen, moment):
        enterprise = make_enterprise()
        screen()
        SizeListing.objects.create(uscc=enterprise.uscc, size="大型", year=2023)
        run = screen(moment(6, 21))
        sizes = SizeDecision.objects.filter(enterprise=enterprise).order_by("pk")
        assert [(each.size, each.basis, each.current) for each in sizes] == [
            ("中小微", "size_standard", False), ("大型", "statistics_list", True),
        ]  # fmt: skip
        assert run.counts["sizes"] == 1
        assert Event.objects.get(case_kind="size").why == "划型变更：大型"

    def test_leaves_alone_what_somebody_moved_meanwhile(self, make_enterprise, screen, days):
        """What is written is compared, under a lock, with what was read."""
        run, application = (make_enterprise(claimants=9), screen(), Application.objects.get())[1:]
        found = assess_all(run.edition, 2024, [case_of(application, run.on)], run.on)
        read = Deciding(application.pk, application.state, application.decision_id, found[application.enterprise_id])
        Application.objects.update(state=State.SUBMITTED)
        assert write_decisions([read], run.edition, by=None, at=days.screened) == []
        assert application.decisions.count() == 1


class TestScreeningOfACaseFurtherOn:
    @pytest.fixture
    def changed(self):
        """Half of what it paid came back: the amount sinks."""

        def change(application: Application) -> None:
            MonthlyContribution.objects.filter(enterprise=application.enterprise, month=date(2023, 12, 1)).update(
                employer_paid=Decimal(100), employer_due=Decimal(100)
            )

        return change

    def test_holds_it_and_says_what_changed(self, offered, screen, moment, changed):
        application = offered()
        changed(application)
        run = screen(moment(7, 1))
        application.refresh_from_db()
        hold = Hold.objects.get()
        assert (hold.case_kind, hold.case_id, hold.kind) == ("refund", application.pk, "FACTS_CHANGED")
        assert "返还金额 7200.00→6840.00" in hold.reason
        assert (application.state, application.amount, run.counts["held"]) == ("OFFERED", Decimal("7200.00"), 1)

    def test_holds_it_once_and_lets_go_when_it_is_as_before(self, offered, screen, moment, changed):
        application = offered()
        changed(application)
        screen(moment(7, 1))
        assert screen(moment(7, 2)).counts["held"] == 0
        MonthlyContribution.objects.filter(month=date(2023, 12, 1)).update(employer_paid=Decimal(700), employer_due=Decimal(700))
        assert screen(moment(7, 3)).counts["let_go"] == 1
        assert Hold.objects.get().lifted_at is not None

    def test_does_not_open_again_what_a_person_has_settled(self, offered, screen, moment, changed, staff):
        application = offered()
        changed(application)
        screen(moment(7, 1))
        lift_hold(Hold.objects.get(), "已与单位核对", by=staff(Role.PREPARER), at=moment(7, 2))
        assert screen(moment(7, 3)).counts["held"] == 0
        MonthlyContribution.objects.filter(month=date(2023, 11, 1)).update(employer_paid=Decimal(100), employer_due=Decimal(100))
        assert screen(moment(7, 4)).counts["held"] == 1

    def test_says_the_latest_change(self, offered, screen, moment, changed):
        application = offered()
        changed(application)
        screen(moment(7, 1))
        WorkforceYear.objects.update(claimants=9)
        screen(moment(7, 2))
        assert "新增不符合：裁员率" in Hold.objects.get(lifted_at=None).reason

    def test_holds_the_award_once_there_is_one(self, confirmed, staff, days, screen, moment, changed):
        application = confirmed()
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        changed(application)
        screen(moment(7, 4))
        hold = Hold.objects.get()
        assert (hold.case_kind, hold.case_id) == (Award.CASE, application.award_id)

    def test_counts_the_day_of_its_confirmation_also_after_the_period(self, confirmed, screen, moment):
        application = confirmed()
        run = screen(moment(1, 15, year=2025))
        assert run.counts["held"] == 0
        assert application.state == State.CONFIRMED

    def test_only_decides_anew_what_applied_in_vain(self, make_enterprise, screen, acts_for, days, moment):
        enterprise = make_enterprise(claimants=9)
        screen()
        application = enterprise.applications.get()
        actions.apply(application, by=acts_for(enterprise), at=days.answered)
        WorkforceYear.objects.update(claimants=0)
        screen(moment(7, 1))
        application.refresh_from_db()
        assert (application.state, application.decision.outcome) == ("SUBMITTED", "eligible")
        assert not Hold.objects.exists()

    def test_leaves_alone_what_has_ended(self, offered, screen, moment, changed, acts_for, days):
        application = offered()
        actions.withdraw(application, "", by=acts_for(application.enterprise), at=days.answered)
        changed(application)
        assert screen(moment(7, 1)).counts["ended"] == 1
        assert not Hold.objects.exists()


class TestStarting:
    def test_is_refused_where_the_programme_is_not_open(self, programme, staff, days):
        Programme.objects.update(state="CLOSED")
        with pytest.raises(actions.RefundRefused, match="不能筛查"):
            actions.start_screening(programme, days.screened.date(), by=staff(Role.PREPARER), at=days.screened)

    def test_is_refused_before_any_edition_counts(self, programme, staff, days):
        with pytest.raises(actions.RefundRefused, match="没有生效的版本"):
            actions.start_screening(programme, date(2023, 12, 31), by=staff(Role.PREPARER), at=days.screened)

    def test_is_refused_for_a_day_to_come(self, programme, staff, days):
        with pytest.raises(actions.RefundRefused, match="晚于今天"):
            actions.start_screening(programme, days.offered.date(), by=staff(Role.PREPARER), at=days.screened)

    def test_is_refused_while_another_runs(self, programme, staff, days):
        actions.start_screening(programme, days.screened.date(), by=staff(Role.PREPARER), at=days.screened)
        with pytest.raises(actions.RefundRefused, match="已有筛查在进行"):
            actions.start_screening(programme, days.screened.date(), by=staff(Role.PREPARER), at=days.screened)

    def test_is_for_the_posts_of_the_region(self, programme, staff, days):
        for user in (staff(Role.FINANCE), staff(Role.PREPARER, region="1404")):
            with pytest.raises(MoveRefused):
                actions.start_screening(programme, days.screened.date(), by=user, at=days.screened)
