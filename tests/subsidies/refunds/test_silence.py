"""What silence leads to: told that it can still answer, confirmed by silence or by proxy where that was chosen."""

from datetime import date

import pytest
from django.db.models import Q

from agency.models import Event, Message, Role
from subsidies.refunds import actions, queries
from subsidies.refunds.models import Application, State


@pytest.fixture
def programme(make_programme, request):
    """national/2024, where the agency chooses how an offer is confirmed; shanxi/2024 unless a test says."""
    mode = getattr(request, "param", None)
    return (
        make_programme("national/2024", {"confirm_mode": mode, "size_when_not_recorded": "insured_count"})
        if mode
        else make_programme()
    )


def texts(kind):
    return [message.text.reveal() for message in Message.objects.filter(kind=kind).order_by("pk")]


def deliver():
    Message.objects.filter(kind="offer_silent").update(state=Message.State.DELIVERED)


class TestTold:
    def test_who_declines_is_told_once_that_it_may_still_take_it(self, offered, acts_for, days, moment):
        application = offered()
        actions.decline(application, "", by=acts_for(application.enterprise), at=days.answered)
        assert [actions.tell_turned(at=days.answered), actions.tell_turned(at=moment(7, 1))] == [1, 0]
        assert "2024年12月31日前" in texts("declined")[0]
        actions.confirm(application, by=acts_for(application.enterprise), at=moment(7, 2))
        assert actions.tell_turned(at=moment(7, 3)) == 0

    def test_who_lets_the_deadline_pass_is_told_once_what_still_helps(self, offered, moment):
        offered()
        actions.day_turns(date(2024, 7, 16), at=moment(7, 16))
        assert [actions.tell_turned(at=moment(7, 16)), actions.tell_turned(at=moment(7, 17))] == [1, 0]
        [text] = texts("overdue")
        assert "届时未办理的视为放弃" in text

    def test_without_a_phone_or_after_the_period_nothing_is_sent(self, offered, moment):
        application = offered()
        Application.objects.update(state=State.OVERDUE)
        assert actions.tell_turned(at=moment(1, 2, year=2025)) == 0
        type(application.enterprise).objects.update(phone="", phone_index="")
        assert actions.tell_turned(at=moment(7, 16)) == 0

    def test_at_once_from_several_workers_tells_once(self, offered, moment, at_once):
        offered()
        Application.objects.update(state=State.OVERDUE)
        at_once(*[lambda: actions.tell_turned(at=moment(7, 16))] * 4)
        assert len(texts("overdue")) == 1


class TestNeverOffered:
    def test_the_eligible_that_nobody_told_are_the_agencys_omission(self, make_enterprise, make_unit, offered, screen, moment):
        forgotten, unit = make_enterprise(), make_unit()
        offered()
        assert not queries.omitted(Q(), date(2024, 12, 31))
        actions.day_turns(date(2025, 1, 1), at=moment(1, 1, year=2025))
        assert [case.enterprise for case in queries.omitted(Q(), date(2025, 1, 1))] == [forgotten]
        states = dict(Application.objects.values_list("enterprise", "state"))
        assert (states[forgotten.pk], states[unit.pk]) == (State.ELIGIBLE, State.ELIGIBLE)


class TestSilent:
    @pytest.mark.parametrize("programme", ["silent"], indirect=True)
    def test_silence_accepts_the_day_after_the_deadline_with_its_event(self, offered, moment):
        application = offered()
        [text] = texts("offer_silent")
        assert "到期未提出的，视为接受" in text
        deliver()
        assert actions.day_turns(date(2024, 7, 15), at=moment(7, 15)).silent == 0
        assert actions.day_turns(date(2024, 7, 16), at=moment(7, 16)) == (0, 0, 1)
        application.refresh_from_db()
        event = Event.objects.filter(case_kind="refund", case_id=application.pk).latest("pk")
        assert (application.state, event.by, event.to_state) == (State.CONFIRMED, None, State.CONFIRMED)
        assert "默示确认" in event.why

    @pytest.mark.parametrize("programme", ["silent"], indirect=True)
    def test_a_message_that_did_not_arrive_tells_nobody(self, offered, moment):
        application = offered()
        assert actions.day_turns(date(2024, 7, 16), at=moment(7, 16)) == (1, 0, 0)
        application.refresh_from_db()
        assert application.state == State.OVERDUE

    @pytest.mark.parametrize("programme", ["silent"], indirect=True)
    def test_who_asked_for_a_correction_has_not_kept_silent(self, offered, acts_for, moment):
        application = offered()
        deliver()
        actions.ask_correction(application, "contact", "电话变了", by=acts_for(application.enterprise), at=moment(6, 26))
        assert actions.day_turns(date(2024, 7, 16), at=moment(7, 16)).silent == 0

    @pytest.mark.parametrize("programme", ["silent"], indirect=True)
    def test_nobody_is_urged_to_answer_before_the_deadline(self, offered, moment):
        offered()
        assert actions.remind(at=moment(7, 8)) == 0

    def test_is_never_done_where_it_was_not_chosen(self, offered, moment):
        offered()
        Message.objects.update(kind="offer_silent", state=Message.State.DELIVERED)
        assert actions.day_turns(date(2024, 7, 16), at=moment(7, 16)) == (1, 0, 0)


class TestProxy:
    @pytest.fixture
    def overdue(self, offered, moment):
        def make(**fields):
            application = offered(**fields)
            Application.objects.filter(pk=application.pk).update(state=State.OVERDUE)
            application.refresh_from_db()
            return application

        return make

    @pytest.mark.parametrize("programme", ["proxy_for_small"], indirect=True)
    def test_the_agency_confirms_for_small_units_after_the_deadline(self, overdue, offered, programme, staff, moment):
        small, just_small, large, waiting = overdue(), overdue(people=30), overdue(people=31), offered()
        done = actions.confirm_for_all(programme, by=staff(Role.PREPARER), at=moment(7, 16))
        assert done.moved == [small.pk, just_small.pk]
        assert dict(Application.objects.values_list("pk", "state"))[waiting.pk] == State.OFFERED
        event = Event.objects.filter(case_kind="refund", case_id=small.pk).latest("pk")
        assert "代为确认" in event.why
        assert event.by == staff(Role.PREPARER)
        with pytest.raises(actions.RefundRefused, match="不超过 30 人"):
            actions.confirm_for(large, by=staff(Role.PREPARER), at=moment(7, 16))
        with pytest.raises(actions.RefundRefused, match="只有逾期未确认"):
            actions.confirm_for(waiting, by=staff(Role.PREPARER), at=moment(7, 16))

    def test_is_refused_where_the_notice_asks_the_enterprise_itself(self, overdue, programme, staff, moment):
        application = overdue()
        for deed in (
            lambda: actions.confirm_for(application, by=staff(Role.PREPARER), at=moment(7, 16)),
            lambda: actions.confirm_for_all(programme, by=staff(Role.PREPARER), at=moment(7, 16)),
        ):
            with pytest.raises(actions.RefundRefused, match="晋人社厅发〔2024〕28号 六"):
                deed()
        application.refresh_from_db()
        assert application.state == State.OVERDUE
