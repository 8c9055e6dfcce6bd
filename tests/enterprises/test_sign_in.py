"""An enterprise signs in by its code, its registered phone and a code sent to it; nothing tells who is registered."""

import re
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from agency.models import Code, Event, Message, Region, User
from agency.sealed import sealed_with_index
from enterprises.actions import SignInRefused, request_code, sign_in
from enterprises.models import Enterprise, Member

pytestmark = pytest.mark.django_db
USCC, PHONE = "91140300000000000X", "13800000001"


@pytest.fixture
def at() -> datetime:
    return datetime(2024, 7, 1, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def enterprise(db) -> Enterprise:
    region = Region.objects.create(code="1403", name="甲市", path="1403/", office_name="甲市失业保险中心", phone="0353-2200000")
    return Enterprise.objects.create(uscc=USCC, name="某单位", kind="企业", region=region, phone=PHONE)


def sent() -> str:
    return re.search(r"\d{6}", Message.objects.latest("pk").text.reveal()).group()


def wrong() -> str:
    return f"{(int(sent()) + 1) % 10**6:06}"


def refused(*given, at) -> str:
    with pytest.raises(SignInRefused) as refusal:
        sign_in(*given, at=at)
    return str(refusal.value)


class TestRequestCode:
    def test_sends_a_code_to_the_registered_phone_and_makes_the_account(self, enterprise, at):
        request_code(USCC, PHONE, at=at)
        message = Message.objects.get()
        assert (message.phone.reveal(), message.region_id, message.urgent) == (PHONE, "1403", True)
        user = User.objects.get()
        assert (user.username, user.kind, user.name, user.has_usable_password()) == (USCC, "ENTERPRISE", "某单位", False)
        assert Member.objects.get().enterprise == enterprise

    def test_takes_the_code_as_people_type_it(self, enterprise, at):
        request_code(f" {USCC.lower()} ", f" {PHONE} ", at=at)
        assert Message.objects.count() == 1

    @pytest.mark.parametrize(("uscc", "phone"), [(USCC, "13800000002"), ("91140300000000001X", PHONE), ("", ""), (USCC, "")])
    def test_answers_alike_and_sends_nothing_where_they_do_not_match(self, uscc, phone, enterprise, at):
        assert request_code(uscc, phone, at=at) is None
        assert not Message.objects.exists()
        assert not User.objects.exists()

    def test_an_enterprise_without_a_phone_is_never_matched(self, enterprise, at):
        Enterprise.objects.update(**sealed_with_index("phone", ""))
        request_code(USCC, "", at=at)
        assert not Message.objects.exists()

    def test_a_voided_enterprise_gets_none(self, enterprise, at):
        Enterprise.objects.update(voided=True)
        request_code(USCC, PHONE, at=at)
        assert not Message.objects.exists()

    def test_a_member_of_staff_is_never_signed_in_by_a_name_like_a_code(self, enterprise, at):
        User.objects.create(username=USCC, name="某人", kind=User.Kind.STAFF)
        request_code(USCC, PHONE, at=at)
        assert not Message.objects.exists()

    def test_too_often_answers_alike_too(self, enterprise, at):
        for second in (0, 1, 59, 60):
            assert request_code(USCC, PHONE, at=at + timedelta(seconds=second)) is None
        assert Message.objects.count() == 2

    def test_ten_a_day_are_sent(self, enterprise, at):
        for minute in range(15):
            request_code(USCC, PHONE, at=at + timedelta(minutes=minute))
        assert Message.objects.count() == 10


class TestSignIn:
    def test_the_right_code_signs_in_and_is_told(self, enterprise, at):
        request_code(USCC, PHONE, at=at)
        user = sign_in(USCC, PHONE, sent(), at=at + timedelta(seconds=30))
        assert user.memberships.get().enterprise == enterprise
        told = Event.objects.get(kind=Event.Kind.SIGN_IN)
        assert (told.case_kind, told.case_id, told.by, told.region_id) == ("sign_in", enterprise.pk, user, "1403")

    def test_a_second_time_takes_a_second_code(self, enterprise, at):
        request_code(USCC, PHONE, at=at)
        sign_in(USCC, PHONE, sent(), at=at)
        refused(USCC, PHONE, sent(), at=at)
        request_code(USCC, PHONE, at=at + timedelta(minutes=1))
        assert sign_in(USCC, PHONE, sent(), at=at + timedelta(minutes=1)) == User.objects.get()
        assert Member.objects.count() == 1

    def test_every_refusal_says_the_same(self, enterprise, at):
        request_code(USCC, PHONE, at=at)
        said = {
            refused(USCC, PHONE, wrong(), at=at),
            refused(USCC, "13800000002", sent(), at=at),
            refused("91140300000000001X", PHONE, sent(), at=at),
            refused(USCC, PHONE, "", at=at),
            refused(USCC, PHONE, sent(), at=at + timedelta(minutes=5)),
        }
        assert len(said) == 1
        assert Event.objects.filter(kind=Event.Kind.REFUSED, case_kind="sign_in").count() == 5

    def test_before_any_code_was_asked_for_there_is_none(self, enterprise, at):
        refused(USCC, PHONE, "000000", at=at)

    @pytest.mark.parametrize(("wrong_tries", "signs_in"), [(19, True), (20, False)])
    def test_twenty_wrong_tries_in_an_hour_shut_the_door(self, wrong_tries, signs_in, enterprise, at):
        for number in range(wrong_tries):
            if number % 4 == 0:  # a fresh code before the one at hand is used up
                request_code(USCC, PHONE, at=at + timedelta(minutes=number))
            refused(USCC, PHONE, wrong(), at=at + timedelta(minutes=number))
        last = at + timedelta(minutes=wrong_tries)
        request_code(USCC, PHONE, at=last)
        if signs_in:
            assert sign_in(USCC, PHONE, sent(), at=last)
        else:
            refused(USCC, PHONE, sent(), at=last)

    def test_after_the_hour_it_opens_again(self, enterprise, at):
        request_code(USCC, PHONE, at=at)
        for _ in range(20):
            refused(USCC, PHONE, wrong(), at=at)
        later = at + timedelta(hours=1)
        request_code(USCC, PHONE, at=later)
        assert sign_in(USCC, PHONE, sent(), at=later)

    def test_the_tries_at_one_do_not_shut_the_door_of_another(self, enterprise, at):
        request_code(USCC, PHONE, at=at)
        for _ in range(25):
            refused("91140300000000001X", PHONE, "000000", at=at)
        assert sign_in(USCC, PHONE, sent(), at=at)

    def test_a_code_sent_to_a_phone_that_is_registered_no_more_is_refused(self, enterprise, at):
        request_code(USCC, PHONE, at=at)
        code = sent()
        Enterprise.objects.update(**sealed_with_index("phone", "13800000009"))
        refused(USCC, "13800000009", code, at=at)
        refused(USCC, PHONE, code, at=at)

    def test_a_shut_account_stays_out(self, enterprise, at):
        request_code(USCC, PHONE, at=at)
        User.objects.update(is_active=False)
        refused(USCC, PHONE, sent(), at=at)

    def test_no_phone_and_no_code_are_in_the_events(self, enterprise, at):
        request_code(USCC, PHONE, at=at)
        refused(USCC, PHONE, wrong(), at=at)
        sign_in(USCC, PHONE, sent(), at=at)
        told = str(list(Event.objects.values()))
        assert PHONE not in told
        assert sent() not in told


def at_once(count: int, deed) -> None:
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait(20)
        try:
            deed()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_one_code_leaves_however_often_it_is_asked_for(self, enterprise, at):
        at_once(8, lambda: request_code(USCC, PHONE, at=at))
        assert (Message.objects.count(), Code.objects.count(), User.objects.count(), Member.objects.count()) == (1, 1, 1, 1)

    def test_the_same_code_signs_in_once(self, enterprise, at):
        request_code(USCC, PHONE, at=at)
        code, signed = sent(), []

        def enter() -> None:
            with suppress(SignInRefused):
                signed.append(sign_in(USCC, PHONE, code, at=at))

        at_once(8, enter)
        assert len(signed) == 1
        assert Event.objects.filter(kind=Event.Kind.SIGN_IN).count() == 1

    def test_guessing_at_once_gives_no_more_tries(self, enterprise, at):
        request_code(USCC, PHONE, at=at)
        guess = wrong()

        def try_it() -> None:
            with suppress(SignInRefused):
                sign_in(USCC, PHONE, guess, at=at)

        at_once(8, try_it)
        assert Code.objects.get().tries == 5
        assert Event.objects.filter(kind=Event.Kind.REFUSED).count() == 8
