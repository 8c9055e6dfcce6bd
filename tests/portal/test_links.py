"""The short link of an offer's SMS: what it opens, what ends it, and what it leaves behind."""

import io
import logging
import re

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from agency.actions import NewLink, end_expired_links, new_links
from agency.models import Event, Link, Message, User
from config.logs import MASK
from subsidies.refunds import actions
from subsidies.refunds.models import Application, State

PHONE = "13812345678"
CODE_PAGE = "/sign-in/link/"


@pytest.fixture(autouse=True)
def morning(desk_at):
    return desk_at(6, 26)


@pytest.fixture
def case(offered) -> Application:
    return offered(phone=PHONE)


@pytest.fixture
def address(case) -> str:
    """The path of the link in the offer's SMS."""
    text = Message.objects.get(kind="offer", case_id=case.pk).text.reveal()
    return re.search(r"http://127\.0\.0\.1:\d+(/l/[\w-]{22}) ", text).group(1)


def code_sent() -> str:
    text = Message.objects.filter(kind="sign_in_code").latest("pk").text.reveal()
    return re.search(r"\d{6}", text).group()


def wrong_code() -> str:
    return "000000" if code_sent() != "000000" else "111111"


def enter(client: Client, address: str):
    """Ask for the code and give it."""
    client.post(address)
    return client.post(CODE_PAGE, {"code": code_sent()})


def plain(page: bytes) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page.decode())


class TestOpening:
    def test_shows_nothing_but_the_request_for_a_code(self, client, case, address):
        page = client.get(address).content.decode()
        assert '尾号 <strong class="number">5678</strong>' in page
        for secret in (case.enterprise.name, case.enterprise.uscc, "7,200", PHONE, PHONE[:3], "返还金额"):
            assert secret not in page

    def test_uses_nothing_up_however_often_a_scanner_looks(self, case, address):
        events, links = Event.objects.count(), list(Link.objects.values())
        for number in range(50):
            scanner = Client()
            assert (scanner.head if number % 2 else scanner.get)(address).status_code == 200
            assert not scanner.cookies
        assert (Event.objects.count(), list(Link.objects.values())) == (events, links)
        assert not Message.objects.filter(kind="sign_in_code").exists()
        assert enter(Client(), address)["Location"] == reverse("portal:refund", args=[case.pk])

    def test_is_told_to_no_other_site_and_kept_nowhere(self, client, address):
        for answer in (client.get(address), client.head(address), client.post(address), client.get("/l/nothing")):
            assert answer["Referrer-Policy"] == "no-referrer"
            assert answer["Cache-Control"] == "no-store"
            assert "noindex" in answer["X-Robots-Tag"]

    def test_takes_no_other_method(self, client, address):
        assert client.put(address).status_code == 405

    def test_of_what_never_was_a_link_says_the_same_whatever_its_form(self, client, address):
        right = address.removeprefix("/l/")
        forms = [
            "A" * 22, right[:-1], right + "A", right.swapcase(), "x", "A" * 500, "../" * 7 + "A", "a/b", "%00" * 22, "链接",
            right + "/", right + "%20", "'; DROP TABLE agency_link; --", "A" * 21 + "%0a",
        ]  # fmt: skip
        pages = {(answer.status_code, plain(answer.content)) for answer in map(client.get, ("/l/" + each for each in forms))}
        assert len(pages) == 1
        assert pages.pop()[0] == 404
        assert {client.post("/l/" + each).status_code for each in forms} == {404}
        assert not Message.objects.filter(kind="sign_in_code").exists()


class TestCode:
    def test_leaves_at_once_to_the_phone_of_the_message_and_signs_in_to_the_case(self, client, case, address):
        assert client.post(address)["Location"] == CODE_PAGE
        message = Message.objects.get(kind="sign_in_code")
        assert (message.phone.reveal(), message.urgent, message.next_try_at) == (PHONE, True, message.created_at)
        assert "5678" in client.get(CODE_PAGE).content.decode()
        answer = client.post(CODE_PAGE, {"code": code_sent()})
        assert answer["Location"] == reverse("portal:refund", args=[case.pk])
        assert Event.objects.get(kind=Event.Kind.SIGN_IN).by == User.objects.get(username=case.enterprise.uscc)
        assert "请确认是否接受返还" in client.get(answer["Location"]).content.decode()

    def test_is_sent_once_a_minute_as_to_whoever_signs_in(self, client, case, address):
        client.post(address)
        client.post(address)
        assert Message.objects.filter(kind="sign_in_code").count() == 1
        assert "一分钟内只发送一次" in client.get(CODE_PAGE).content.decode()
        other = Client()
        other.post(reverse("portal:sign_in"), {"uscc": case.enterprise.uscc, "phone": PHONE})
        assert Message.objects.filter(kind="sign_in_code").count() == 1

    def test_that_is_wrong_five_times_ends_the_link_and_the_right_one_then_helps_no_more(self, client, case, address):
        client.post(address)
        for _ in range(4):
            assert "输错五次" in client.post(CODE_PAGE, {"code": wrong_code()}).content.decode()
        answer = client.post(CODE_PAGE, {"code": wrong_code()})
        assert (answer.status_code, "验证码五次不符" in answer.content.decode()) == (410, True)
        assert Link.objects.get().ended_because == Link.End.WRONG_CODES
        assert client.post(CODE_PAGE, {"code": code_sent()})["Location"] == reverse("portal:sign_in")
        page = client.get(address)
        assert (page.status_code, reverse("portal:sign_in") in page.content.decode()) == (410, True)
        assert "_auth_user_id" not in client.session

    def test_that_is_wrong_counts_over_several_codes(self, client, case, address, desk_at):
        for hour in range(10, 15):
            desk_at(6, 26, hour)
            client.post(address)
            client.post(CODE_PAGE, {"code": wrong_code()})
        assert Link.objects.get().ended_because == Link.End.WRONG_CODES

    def test_of_no_six_digits_costs_no_try(self, client, case, address):
        client.post(address)
        assert "6 位数字" in client.post(CODE_PAGE, {"code": "12345"}).content.decode()
        assert Link.objects.get().tries == 0

    def test_is_asked_for_first(self, client, db):
        assert client.post(CODE_PAGE, {"code": "123456"})["Location"] == reverse("portal:sign_in")

    def test_page_is_checked_for_its_origin(self, case, address):
        careful = Client(enforce_csrf_checks=True)
        assert careful.post(address, HTTP_ORIGIN="null")["Location"] == CODE_PAGE
        assert careful.post(CODE_PAGE, {"code": code_sent()}).status_code == 403

    def test_goes_to_no_phone_that_is_registered_no_more(self, client, case, address):
        enterprise = case.enterprise
        enterprise.phone = "13900000000"
        enterprise.save()
        for answer in (client.get(address), client.post(address)):
            assert (answer.status_code, "已不是单位的登记手机号" in answer.content.decode()) == (410, True)
        assert not Message.objects.filter(kind="sign_in_code").exists()

    def test_signs_in_over_the_session_of_another_enterprise(self, signed_in, make_enterprise, case, address):
        other = make_enterprise()
        client = signed_in(other)
        assert other.name not in client.get(address).content.decode()
        enter(client, address)
        page = client.get(reverse("portal:refund", args=[case.pk])).content.decode()
        assert case.enterprise.name in page
        assert client.session["_auth_user_id"] == str(User.objects.get(username=case.enterprise.uscc).pk)


class TestEnd:
    @pytest.mark.parametrize(
        "answer",
        [
            lambda case, user, at: actions.confirm(case, by=user, at=at),
            lambda case, user, at: actions.decline(case, "", by=user, at=at),
            lambda case, user, at: actions.withdraw(case, "", by=user, at=at),
        ],
    )
    def test_comes_with_the_first_answer(self, client, case, address, acts_for, morning, answer):
        answer(case, acts_for(case.enterprise), morning)
        page = client.get(address)
        assert (page.status_code, "此链接已失效：已答复" in page.content.decode()) == (410, True)
        assert client.post(address).status_code == 410
        assert not Message.objects.filter(kind="sign_in_code").exists()

    def test_comes_while_the_code_is_on_its_way(self, client, case, address, acts_for, morning):
        client.post(address)
        actions.decline(case, "", by=acts_for(case.enterprise), at=morning)
        assert client.post(CODE_PAGE, {"code": code_sent()}).status_code == 410
        assert "_auth_user_id" not in client.session

    def test_comes_when_the_last_day_is_over(self, client, case, address, desk_at):
        desk_at(7, 15, 23)
        assert client.get(address).status_code == 200
        at = desk_at(7, 16, 0)
        assert "期限已过" in client.get(address).content.decode()
        assert end_expired_links(at=at) == 1
        link = Link.objects.get()
        assert (link.ended_at, link.ended_because) == (link.expires_at, Link.End.DEADLINE)
        assert client.get(address).status_code == 410

    def test_comes_with_a_newer_link_and_two_phones_of_one_case_have_one_each(self, client, case, address, morning):
        wanted = [NewLink(case.pk, case.enterprise.uscc, phone, case.confirm_by) for phone in (PHONE, "13900000000")]
        case.enterprise.legal_phone = "13900000000"
        case.enterprise.save()
        newer = new_links("refund", wanted, at=morning)
        assert "请打开最近一条短信里的链接" in client.get(address).content.decode()
        pages = [client.get("/l/" + each.rpartition("/")[2]).content.decode() for each in newer]
        assert ["5678" in page for page in pages] == [True, False]
        assert "0000" in pages[1]


class TestAnswer:
    def test_names_the_link_as_its_channel(self, client, case, address):
        enter(client, address)
        client.post(reverse("portal:confirm", args=[case.pk]), {"decision": case.decision_id})
        case.refresh_from_db()
        assert (case.state, case.answer_channel) == (State.CONFIRMED, "LINK")
        assert "短信链接" in client.get(reverse("portal:refund", args=[case.pk])).content.decode()

    def test_after_an_ordinary_sign_in_names_the_portal(self, signed_in, case):
        client = signed_in(case.enterprise)
        client.post(reverse("portal:confirm", args=[case.pk]), {"decision": case.decision_id})
        case.refresh_from_db()
        assert case.answer_channel == "PORTAL"


class TestSecret:
    def test_is_nowhere_in_the_database_in_plain(self, client, case, address):
        enter(client, address)
        token = address.removeprefix("/l/")
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT count(*) FROM "{table}" row WHERE row::text LIKE %s', [f"%{token}%"])
                assert cursor.fetchone() == (0,), table

    def test_is_in_no_log(self, client, case, address):
        token, out = address.removeprefix("/l/"), io.StringIO()
        handler = logging.StreamHandler(out)
        logging.getLogger().addHandler(handler)
        try:
            client.get(address)
            client.put(address)  # 405
            client.get(address[:-1])  # 404 of the view
            client.get(f"/l{address}")  # 404
            Link.objects.update(expires_at="2024-06-01T00:00:00+08:00")
            client.get(address)  # 410
            logging.getLogger("celery.worker").error("task failed: %r", {"address": f"http://site{address}"})
        finally:
            logging.getLogger().removeHandler(handler)
        said = out.getvalue()
        assert token[:8] not in said
        assert f"Method Not Allowed (PUT): /l/{MASK}" in said
        assert said.count(f"/l/{MASK}") == 5
