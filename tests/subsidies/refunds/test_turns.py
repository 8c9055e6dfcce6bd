"""What the calendar turns, and the message that the money has arrived."""

from datetime import date

import pytest

from agency.models import Event, Message, Role
from subsidies.payout.models import Award
from subsidies.refunds import actions
from subsidies.refunds.models import Application, State


class TestDayTurns:
    def test_an_offer_is_overdue_the_day_after_its_deadline(self, offered, moment):
        application = offered()
        assert actions.day_turns(date(2024, 7, 15), at=moment(7, 15)).overdue == 0
        assert actions.day_turns(date(2024, 7, 16), at=moment(7, 16)).overdue == 1
        assert actions.day_turns(date(2024, 7, 16), at=moment(7, 16)).overdue == 0
        application.refresh_from_db()
        assert application.state == State.OVERDUE

    @pytest.mark.parametrize("state", [State.OFFERED, State.DECLINED, State.OVERDUE])
    def test_silence_is_waived_the_day_after_the_period_with_its_clause(self, offered, moment, state):
        application = offered()
        Application.objects.update(state=state)
        assert actions.day_turns(date(2024, 12, 31), at=moment(12, 31)).waived == 0
        assert actions.day_turns(date(2025, 1, 1), at=moment(1, 1, year=2025)).waived == 1
        application.refresh_from_db()
        assert application.state == State.WAIVED
        assert "晋人社厅发〔2024〕28号 六" in Event.objects.filter(case_kind="refund").latest("pk").why

    def test_what_was_confirmed_or_applied_for_is_not_waived(
        self, confirmed, make_unit, acts_for, screen, moment, days, allocation
    ):
        case = confirmed()
        unit = make_unit()
        screen(moment(7, 1))
        accepted = allocation(unit, moment(12, 31))
        actions.apply(unit.applications.get(), accepted, by=acts_for(unit), at=moment(12, 31))
        assert actions.day_turns(date(2025, 1, 1), at=moment(1, 1, year=2025)).waived == 0
        case.refresh_from_db()
        assert case.state == State.CONFIRMED

    def test_of_the_eligible_only_dispatch_units_that_were_told_are_waived(
        self, make_unit, make_enterprise, screen, programme, staff, moment, days
    ):
        told, untold, never_offered = make_unit(), make_unit(phone=""), make_enterprise()
        screen()
        actions.guide_dispatch(programme, by=staff(Role.PREPARER), at=days.offered)
        assert actions.day_turns(date(2025, 1, 1), at=moment(1, 1, year=2025)).waived == 1
        states = dict(Application.objects.values_list("enterprise", "state"))
        assert states == {told.pk: "WAIVED", untold.pk: "ELIGIBLE", never_offered.pk: "ELIGIBLE"}


class TestTellPaid:
    def test_tells_each_once_with_amount_and_uses(self, confirmed, staff, days, moment):
        application = confirmed()
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        assert actions.tell_paid(at=moment(7, 20)) == 0
        Award.objects.update(state="PAID", paid_on=date(2024, 7, 19))
        assert actions.tell_paid(at=moment(7, 20)) == 1
        assert actions.tell_paid(at=moment(7, 20)) == 0
        text = Message.objects.get(kind="paid").text.reveal()
        assert "7,200.00元" in text
        assert "2024年7月19日" in text
        assert "转岗培训" in text
