"""Replies by SMS: which answer an offer, which a clerk has to read, and who hears back."""

from datetime import timedelta

import pytest

from agency.actions import NewReply, answer_meant, book_push, settle_reply
from agency.models import Event, Message, Programme, Reply, Role
from agency.moves import MoveRefused
from subsidies.refunds import actions
from subsidies.refunds.actions.replies import take_replies

pytestmark = pytest.mark.django_db
PHONE, OTHER = "13911112222", "13933334444"


@pytest.fixture
def replied(days):
    """replied("Y") -> what became of one reply: (state, fate)."""
    made = 0

    def send(text: str, phone: str = PHONE, at=days.answered, **late) -> tuple[str, str]:
        nonlocal made
        made += 1
        number = f"MO-{made}"
        book_push(number, [], [NewReply(number, phone, text, at)], called_at=at, at=at)
        take_replies(at=at + timedelta(**late))
        reply = Reply.objects.get(number=number)
        return reply.state, reply.fate

    return send


def said() -> list[str]:
    return list(Message.objects.filter(kind__startswith="reply_").order_by("pk").values_list("kind", flat=True))


class TestWords:
    @pytest.mark.parametrize("text", ["Y", "y", "Ｙ", " y ", "y。", "“Y”", "YES", "ｙｅｓ!", "是", "同 意", "【确认】", "接受\n"])
    def test_that_accept(self, text):
        assert answer_meant(text) is True

    @pytest.mark.parametrize("text", ["N", "ｎｏ", "否", "不同意", "不 接受。", "放弃"])
    def test_that_decline(self, text):
        assert answer_meant(text) is False

    @pytest.mark.parametrize(
        "text", ["", "。", "YN", "Y N", "是不是", "不", "同意吗", "退订", "TD", "1", "好的", "Y13800000000", "😀"]
    )
    def test_of_which_nobody_guesses(self, text):
        assert answer_meant(text) is None

    def test_are_named_by_the_offer(self, offered):
        offered(phone=PHONE)
        text = Message.objects.get(kind="offer").text.reveal()
        assert "回复Y接受、回复N放弃" in text


class TestAnswering:
    def test_yes_confirms_by_the_enterprises_own_user_and_notes_the_channel(self, offered, replied):
        case = offered(phone=PHONE)
        assert replied("ｙ") == ("TAKEN", "CONFIRMED")
        case.refresh_from_db()
        assert (case.state, case.answer_channel) == ("CONFIRMED", "SMS")
        event = Event.objects.get(case_kind="refund", case_id=case.pk, to_state="CONFIRMED")
        assert event.by.username == case.enterprise.uscc
        assert "短信回复" in event.why
        reply = Reply.objects.get()
        assert (reply.case_kind, reply.case_id, reply.region_id) == ("refund", case.pk, case.region_id)
        assert said() == ["reply_confirmed"]

    def test_no_declines_from_the_legal_representatives_phone_and_another_message_tells(self, offered, replied, days):
        case = offered(legal_phone=PHONE)
        assert replied("N") == ("TAKEN", "DECLINED")
        case.refresh_from_db()
        assert case.state == "DECLINED"
        assert said() == []
        assert actions.tell_turned(at=days.answered) == 1

    def test_yes_after_no_and_after_the_deadline_confirms_within_the_period(self, offered, replied, days):
        first, second = offered(phone=PHONE), offered(phone=OTHER)
        replied("N")
        assert replied("Y", at=days.answered + timedelta(hours=1)) == ("TAKEN", "CONFIRMED")
        late = days.answered + timedelta(days=60)
        actions.day_turns(late.date(), at=late)
        assert replied("Y", OTHER, at=late) == ("TAKEN", "CONFIRMED")
        for case in (first, second):
            case.refresh_from_db()
            assert case.state == "CONFIRMED"

    def test_the_same_once_more_is_taken_and_nobody_is_told_again(self, offered, replied):
        offered(phone=PHONE)
        replied("Y")
        assert replied("Y") == ("TAKEN", "REPEATED")
        assert said() == ["reply_confirmed"]

    def test_a_second_sweep_finds_nothing(self, offered, replied, days):
        offered(phone=PHONE)
        replied("Y")
        assert not take_replies(at=days.answered)


class TestListing:
    """What stays as it was, and waits for a clerk."""

    @pytest.fixture
    def case(self, offered):
        return offered(phone=PHONE)

    def test_an_unknown_phone_hears_nothing(self, case, replied):
        assert replied("Y", OTHER) == ("LISTED", "UNKNOWN_PHONE")
        assert said() == []
        self.unmoved(case)

    def test_other_words(self, case, replied):
        assert replied("请问何时到账") == ("LISTED", "UNCLEAR")
        assert said() == ["reply_unclear"]
        self.unmoved(case)

    def test_several_open_offers_of_one_phone(self, case, offered, replied):
        other = offered(phone=OTHER, legal_phone=PHONE)
        assert replied("Y") == ("LISTED", "SEVERAL")
        self.unmoved(case)
        self.unmoved(other)

    def test_one_of_two_that_is_answered_already_leaves_no_doubt(self, case, offered, replied, acts_for, days):
        other = offered(phone=OTHER, legal_phone=PHONE)
        actions.confirm(other, by=acts_for(other.enterprise), at=days.answered)
        assert replied("N") == ("TAKEN", "DECLINED")
        case.refresh_from_db()
        assert case.state == "DECLINED"

    def test_no_after_it_was_confirmed(self, case, replied):
        replied("Y")
        assert replied("N") == ("LISTED", "ANSWERED")
        case.refresh_from_db()
        assert case.state == "CONFIRMED"

    def test_one_from_before_the_offer(self, case, replied, days):
        assert replied("Y", at=days.offered - timedelta(seconds=1), days=2) == ("LISTED", "NO_OFFER")
        self.unmoved(case)

    def test_one_from_before_a_later_answer_in_the_portal(self, case, replied, acts_for, days):
        actions.decline(case, "", by=acts_for(case.enterprise), at=days.answered)
        assert replied("Y", at=days.answered - timedelta(hours=1), days=1) == ("LISTED", "ANSWERED")
        case.refresh_from_db()
        assert case.state == "DECLINED"

    def test_one_after_the_period(self, case, replied, moment):
        assert replied("Y", at=moment(1, 2, year=2025)) == ("LISTED", "LATE")
        self.unmoved(case)

    def test_no_after_the_deadline(self, case, replied, days):
        late = days.answered + timedelta(days=60)
        actions.day_turns(late.date(), at=late)
        assert replied("N", at=late) == ("LISTED", "LATE")

    def test_one_of_a_programme_that_is_closed(self, case, replied):
        Programme.objects.update(state="CLOSED")
        assert replied("Y") == ("LISTED", "NO_OFFER")
        self.unmoved(case)

    def test_one_whose_user_may_not_act(self, case, replied, acts_for):
        user = acts_for(case.enterprise)
        user.is_active = False
        user.save()
        assert replied("Y") == ("LISTED", "REFUSED")
        self.unmoved(case)

    def test_a_phone_hears_back_once_a_day(self, case, replied, days):
        for _ in range(3):
            replied("？")
        replied("？", at=days.answered + timedelta(days=1, seconds=1))
        assert said() == ["reply_unclear"] * 2

    def test_a_clerk_of_the_region_settles_it_and_says_how(self, case, replied, staff, days):
        replied("喂")
        reply = Reply.objects.get()
        with pytest.raises(MoveRefused):
            settle_reply(reply, "已联系", by=staff(Role.PREPARER, region="1404"), at=days.answered)
        settle_reply(reply, "已电话联系，登记接受", by=staff(Role.PREPARER), at=days.answered)
        reply.refresh_from_db()
        assert (reply.state, reply.settlement) == ("SETTLED", "已电话联系，登记接受")

    def unmoved(self, case) -> None:
        case.refresh_from_db()
        assert case.state == "OFFERED"


class TestCost:
    def test_a_hundred_listed_ones_cost_a_fixed_number_of_statements(self, offered, django_assert_max_num_queries, days):
        offered(phone=PHONE)
        new = [NewReply(f"MO-{number}", PHONE if number % 2 else OTHER, "？", days.answered) for number in range(100)]
        book_push("1", [], new, called_at=days.answered, at=days.answered)
        with django_assert_max_num_queries(40):
            assert sum(take_replies(at=days.answered).values()) == 100
        assert said() == ["reply_unclear"]
