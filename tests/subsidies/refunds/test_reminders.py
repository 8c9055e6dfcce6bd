"""The ladder of reminders: which rung, to whom, once."""

import re
from datetime import date

import pytest

from agency.models import Hold, Link, Message, Role
from policy import reminders
from policy.notice import load
from policy.workdays import Calendar
from subsidies.refunds import actions, queries
from subsidies.refunds.models import Application, Reminder, State

SHANXI = load("shanxi/2024")
PUBLISHED = Calendar({})


def rungs(terms, offered_on):
    return [(rung.kind.value, rung.due_on) for rung in reminders.ladder(terms, offered_on, PUBLISHED)]


class TestLadder:
    def test_three_sms_a_week_apart_then_the_call_list_then_the_public_list(self):
        assert rungs(SHANXI.terms({}), date(2024, 6, 24)) == [
            ("SMS", date(2024, 7, 1)), ("SMS", date(2024, 7, 8)), ("SMS", date(2024, 7, 15)), ("CALL", date(2024, 7, 22)),
            ("PUBLIC", date(2024, 7, 29)),
        ]  # fmt: skip

    def test_over_the_holidays_a_rung_waits_for_a_working_day_where_that_was_chosen(self):
        chosen = SHANXI.terms({"reminder_on": "next_workday", "reminder_every_days": "5"})
        # offered on Thursday 26 September: 1 to 7 October are off, Saturday 12 October is worked, Sunday 13 is not
        assert rungs(chosen, date(2024, 9, 26))[:3] == [
            ("SMS", date(2024, 10, 8)), ("SMS", date(2024, 10, 8)), ("SMS", date(2024, 10, 11))
        ]  # fmt: skip
        assert rungs(chosen, date(2024, 10, 7))[0] == ("SMS", date(2024, 10, 12))
        assert rungs(SHANXI.terms({}), date(2024, 9, 26))[0] == ("SMS", date(2024, 10, 3))

    @pytest.mark.parametrize(("then", "last"), [("nothing", "SMS"), ("call_list", "CALL"), ("public_list", "PUBLIC")])
    def test_it_ends_where_the_programme_chose(self, then, last):
        terms = SHANXI.terms({"reminder_then": then})
        assert rungs(terms, date(2024, 6, 24))[-1][0] == last
        assert reminders.publishes(terms) == (then == "public_list")

    def test_nothing_is_due_before_the_first_rung_or_after_the_period(self):
        terms, offered, deadline = SHANXI.terms({}), date(2024, 12, 10), date(2024, 12, 31)
        assert reminders.due(terms, offered, deadline, date(2024, 12, 16), PUBLISHED) is None
        assert reminders.due(terms, offered, deadline, date(2024, 12, 17), PUBLISHED).number == 1
        assert reminders.due(terms, offered, deadline, date(2025, 1, 1), PUBLISHED) is None

    def test_an_sms_does_not_follow_upon_the_notice_of_the_missed_deadline(self):
        terms, offered = SHANXI.terms({}), date(2024, 6, 24)
        assert reminders.due(terms, offered, date(2024, 6, 30), date(2024, 7, 1), PUBLISHED) is None
        assert reminders.due(terms, offered, date(2024, 6, 29), date(2024, 7, 1), PUBLISHED).number == 1


class TestRemind:
    def test_each_rung_is_given_once(self, offered, moment):
        application = offered(legal_phone="13900000009")
        assert actions.remind(at=moment(6, 30)) == 0
        assert [actions.remind(at=at) for at in (moment(7, 1), moment(7, 1, 18), moment(7, 7))] == [1, 0, 0]
        texts = {message.phone.reveal(): message.text.reveal() for message in Message.objects.filter(kind="reminder")}
        assert set(texts) == {application.enterprise.phone.reveal(), "13900000009"}
        assert all("2024年7月15日前" in text and "网上服务" in text and "元" not in text for text in texts.values())
        assert len({re.search(r"/l/[\w-]{22} ", text).group() for text in texts.values()}) == 2
        assert list(Link.objects.order_by("pk").values_list("ended_because", flat=True)) == ["NEWER", "", ""]
        assert Reminder.objects.get().phones == 2

    def test_missed_days_bring_the_newest_rung_alone(self, offered, moment):
        offered()
        assert actions.remind(at=moment(7, 14)) == 1
        assert list(Reminder.objects.values_list("rung", "kind")) == [(2, "SMS")]
        assert Message.objects.filter(kind="reminder").count() == 1

    def test_after_the_deadline_it_says_that_the_period_still_runs(self, offered, moment):
        application = offered()
        Application.objects.update(confirm_by=date(2024, 6, 28))
        actions.day_turns(date(2024, 6, 29), at=moment(6, 29))
        assert actions.remind(at=moment(7, 1)) == 1
        assert "2024年12月31日前" in Message.objects.get(case_id=application.pk, kind="reminder_overdue").text.reveal()

    @pytest.mark.parametrize("state", [State.CONFIRMED, State.DECLINED, State.WITHDRAWN])
    def test_who_answered_is_left_in_peace(self, offered, moment, state):
        offered()
        Application.objects.update(state=state)
        assert actions.remind(at=moment(7, 1)) == 0

    def test_who_waits_for_the_agency_is_reminded_once_it_has_done_its_part(self, offered, acts_for, staff, moment):
        application = offered()
        actions.ask_correction(application, "contact", "电话变了", by=acts_for(application.enterprise), at=moment(6, 26))
        assert actions.remind(at=moment(7, 2)) == 0
        actions.settle_correction(application.corrections.get(), "已更正", by=staff(Role.PREPARER), at=moment(7, 3))
        assert not Hold.objects.filter(lifted_at__isnull=True)
        assert actions.remind(at=moment(7, 4)) == 1

    def test_the_lists_take_those_who_are_silent_to_the_end(self, offered, programme, moment):
        silent, answers = offered(), offered()
        actions.day_turns(date(2024, 7, 16), at=moment(7, 16))
        assert actions.remind(at=moment(7, 22)) == 2
        assert list(queries.to_call(programme)) == [silent, answers]
        assert queries.unconfirmed_programmes(date(2024, 7, 22)) == []
        Application.objects.filter(pk=answers.pk).update(state=State.CONFIRMED)
        assert actions.remind(at=moment(7, 29)) == 1
        assert queries.unconfirmed_programmes(date(2024, 7, 29)) == [programme]
        assert list(queries.unconfirmed_names(programme)) == [{"name": silent.enterprise.name}]
        assert queries.unconfirmed_programmes(date(2025, 1, 1)) == []

    def test_two_sweeps_at_once_give_it_once(self, offered, moment, at_once):
        for _ in range(3):
            offered()
        given = at_once(*[lambda: actions.remind(at=moment(7, 1))] * 4)
        assert sum(given) == Reminder.objects.count() == Message.objects.filter(kind="reminder").count() == 3
