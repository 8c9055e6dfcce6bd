"""Signing in with code, registered phone and a code that was sent there."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from agency.models import Event, Message, User
from sheets.values import uscc_check

PHONE = "13812345678"


def uscc_of(number: int) -> str:
    """A code with a right check character; number 1 is registered."""
    body = f"91140300MA{number:07}"
    return body + uscc_check(body)


@pytest.fixture
def enterprise(make_enterprise):
    return make_enterprise(phone=PHONE, uscc=uscc_of(1))


@pytest.fixture(autouse=True)
def morning(desk_at):
    return desk_at(6, 26)


def first_step(client: Client, uscc: str, phone: str = PHONE):
    return client.post(reverse("portal:sign_in"), {"uscc": uscc, "phone": phone})


def second_step(client: Client, code: str):
    return client.post(reverse("portal:sign_in_code"), {"code": code})


def code_sent() -> str:
    text = Message.objects.filter(kind="sign_in_code").latest("pk").text.reveal()
    return re.search(r"\d{6}", text).group()


def without_tokens(page: bytes) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page.decode())


class TestFirstStep:
    def test_answers_the_same_whether_the_pair_is_registered_or_not(self, client, enterprise):
        stranger, wrong_phone = Client(), Client()
        answers = [
            first_step(client, enterprise.uscc),
            first_step(stranger, uscc_of(2)),
            first_step(wrong_phone, enterprise.uscc, "13812345679"),
        ]
        assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, reverse("portal:sign_in_code"))}
        pages = [without_tokens(each.get(reverse("portal:sign_in_code")).content) for each in (client, stranger)]
        assert pages[0] == pages[1]
        assert Message.objects.count() == 1
        assert Message.objects.get().phone.reveal() == PHONE

    def test_says_what_is_wrong_with_the_shape(self, client, db):
        page = first_step(client, "123", "0350").content.decode()
        assert "请更正以下内容" in page
        assert page.count('aria-invalid="true"') == 2
        assert 'href="#id_uscc"' in page

    def test_takes_small_letters_blanks_and_full_width_signs(self, client, enterprise):
        shown = enterprise.uscc.lower()
        first_step(client, f" {shown[:8]} {shown[8:]}", "１３８ 1234 5678")
        assert Message.objects.count() == 1

    def test_leaves_no_plain_phone_in_the_session(self, client, enterprise):
        first_step(client, enterprise.uscc)
        assert PHONE not in str(dict(client.session))
        assert "138****5678" in client.get(reverse("portal:sign_in_code")).content.decode()

    def test_keeps_phone_and_code_out_of_the_address(self, client, enterprise):
        assert first_step(client, enterprise.uscc)["Location"] == "/sign-in/code/"


class TestSecondStep:
    def test_signs_in_with_the_right_code_under_a_new_session_key(self, client, enterprise):
        first_step(client, enterprise.uscc)
        before = client.session.session_key
        answer = second_step(client, code_sent())
        assert answer["Location"] == reverse("portal:refunds")
        assert client.session.session_key != before
        assert "sign_in" not in client.session
        assert Event.objects.get(kind=Event.Kind.SIGN_IN).by == User.objects.get(username=enterprise.uscc)

    def test_refuses_a_wrong_code_and_says_so(self, client, enterprise):
        first_step(client, enterprise.uscc)
        wrong = "000000" if code_sent() != "000000" else "111111"
        page = second_step(client, wrong).content.decode()
        assert "未能登录" in page
        assert "_auth_user_id" not in client.session

    def test_says_the_same_to_a_stranger_as_to_a_wrong_code(self, client, enterprise):
        other = Client()
        first_step(client, enterprise.uscc)
        first_step(other, uscc_of(2))
        wrong = "000000" if code_sent() != "000000" else "111111"
        pages = [without_tokens(second_step(each, wrong).content) for each in (client, other)]
        assert pages[0] == pages[1]

    def test_takes_a_code_once(self, client, enterprise):
        first_step(client, enterprise.uscc)
        code = code_sent()
        second_step(client, code)
        again = Client()
        first_step(again, enterprise.uscc)
        assert "未能登录" in second_step(again, code).content.decode()

    def test_refuses_the_right_code_after_five_wrong_ones(self, client, enterprise):
        first_step(client, enterprise.uscc)
        code = code_sent()
        wrong = "000000" if code != "000000" else "111111"
        for _ in range(5):
            second_step(client, wrong)
        assert "未能登录" in second_step(client, code).content.decode()

    def test_refuses_a_code_after_five_minutes(self, client, enterprise, desk_clock, moment):
        first_step(client, enterprise.uscc)
        desk_clock(moment(6, 26, 11))
        assert "未能登录" in second_step(client, code_sent()).content.decode()

    def test_sends_whoever_skipped_the_first_step_back_to_it(self, client, db):
        assert client.get(reverse("portal:sign_in_code"))["Location"] == reverse("portal:sign_in")
        assert second_step(client, "123456")["Location"] == reverse("portal:sign_in")


class TestSignOut:
    def test_takes_a_post(self, signed_in, enterprise):
        client = signed_in(enterprise)
        assert client.get(reverse("portal:sign_out")).status_code == 405
        assert client.post(reverse("portal:sign_out"))["Location"] == reverse("portal:home")
        assert client.get(reverse("portal:refunds"))["Location"] == reverse("portal:sign_in")


class TestDemo:
    def test_says_where_the_fake_gateway_shows_the_code(self, client, enterprise, settings):
        settings.DEMO, settings.SMS_GATEWAY_URL = True, "http://127.0.0.1:8001"
        first_step(client, enterprise.uscc)
        assert "http://127.0.0.1:8001/outbox" in client.get(reverse("portal:sign_in_code")).content.decode()

    def test_names_no_gateway_otherwise(self, client, enterprise, settings):
        settings.DEMO, settings.SMS_GATEWAY_URL = False, "http://127.0.0.1:8001"
        settings.ALLOWED_HOSTS = ["testserver"]
        first_step(client, enterprise.uscc)
        assert "outbox" not in client.get(reverse("portal:sign_in_code")).content.decode()
