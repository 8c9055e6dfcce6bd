"""The counter for the SMS gateway, called as docs/gateways.md says it is to be called."""

import hashlib
import hmac
import json
import logging
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from agency import clock
from agency.actions import SendResult, book_sent, queue_messages, take_messages
from agency.models import Event, Message, Push, Reply

pytestmark = pytest.mark.django_db
URL = "/gateway/sms/"
PHONE = "13800000001"


@pytest.fixture
def call(settings, monkeypatch):
    """call({"reports": [...]}) -> (status, JSON); `body` as it is, `seconds_off`, `signed` with another secret or not at all.

    It is the same second when a call is signed and when it is read, however busy the machine is."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=True)

    calls = count()

    def send(said: Any = None, *, body: bytes | None = None, seconds_off: int = 0, secret: str | None = None, **headers: str):
        body = json.dumps(said).encode() if body is None else body
        now = int(time.time())
        monkeypatch.setattr("config.webhook.time", SimpleNamespace(time=lambda: now))
        stamp = str(now + (seconds_off or next(calls)))  # no two calls alike
        key = (settings.GATEWAY_SECRET if secret is None else secret).encode()
        signed = {
            "X-Wengang-Timestamp": stamp,
            "X-Wengang-Signature": hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest(),
        }
        answer = client.post(URL, body, content_type="application/json", headers=signed | headers)
        return answer.status_code, answer.json()

    return send


@pytest.fixture
def sent(db) -> list[Message]:
    """Three messages that the gateway accepted."""
    rows = [("refund", number, None, PHONE, {"code": "1", "minutes": 5}) for number in range(3)]
    queue_messages("sign_in_code", rows, at=clock.now())
    book_sent([SendResult(each.key, True, f"G{each.key}") for each in take_messages(9, at=clock.now())], at=clock.now())
    return list(Message.objects.order_by("pk"))


def report(message: Message, code: str = "DELIVERED", number: str = "", **also: str) -> dict[str, str]:
    return {"number": number or f"R-{message.pk}-{code}", "id": str(message.pk), "code": code, **also}


def reply(number: str = "MO-1", **also: Any) -> dict[str, Any]:
    return {"number": number, "phone": PHONE, "text": "Y", "at": datetime.now(UTC).isoformat()} | also


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


class TestReports:
    @pytest.mark.parametrize("seconds_off", [-300, 300])
    def test_are_taken_when_the_clocks_are_five_minutes_apart(self, call, sent, seconds_off):
        assert call({"reports": [report(sent[0])]}, seconds_off=seconds_off)[0] == 200

    def test_each_is_booked_with_its_reason_in_chinese(self, call, sent):
        said = [report(sent[0]), report(sent[1], "UNDELIVERED", problem="NO_SERVICE"), report(sent[2], "PENDING")]
        assert call({"reports": said}) == (200, {"code": "TAKEN", "reports": 2, "replies": 0})
        assert states() == ["DELIVERED", "FAILED", "SENT"]
        assert Message.objects.get(pk=sent[1].pk).failure == "未送达：停机或空号"

    def test_the_first_final_state_stands_whatever_comes_later_or_twice(self, call, sent):
        one = sent[0]
        call({"reports": [report(one), report(one, "UNDELIVERED")]})
        call({"reports": [report(one)]})
        call({"reports": [report(one, "EXPIRED")]})
        assert states()[0] == "DELIVERED"
        assert Event.objects.filter(case_kind="message", case_id=one.pk, to_state__in=["DELIVERED", "FAILED"]).count() == 1

    def test_an_old_report_does_not_end_a_message_that_was_sent_once_more(self, call, sent):
        failed = report(sent[0], "UNDELIVERED")
        call({"reports": [failed]})
        Message.objects.filter(pk=sent[0].pk).update(state="SENT")
        assert call({"reports": [failed]})[1]["reports"] == 0
        assert states()[0] == "SENT"

    @pytest.mark.parametrize(
        ("state", "tries", "ends"), [("SENDING", 1, "DELIVERED"), ("QUEUED", 1, "DELIVERED"), ("QUEUED", 0, "QUEUED")]
    )
    def test_one_that_overtakes_the_answer_counts(self, call, sent, state, tries, ends):
        Message.objects.filter(pk=sent[0].pk).update(state=state, tries=tries)
        call({"reports": [report(sent[0], gateway_id="G-9")]})
        book_sent([SendResult(str(sent[0].pk), True, "G-9")], at=clock.now())
        assert states()[0] == ends

    def test_one_of_a_message_that_is_not_ours_is_passed_over(self, call, sent):
        assert call({"reports": [report(sent[0]) | {"id": "999999999999999999"}]}) == (
            200,
            {"code": "TAKEN", "reports": 0, "replies": 0},
        )

    def test_a_thousand_cost_a_fixed_number_of_statements(self, call, sent, django_assert_max_num_queries):
        said = [report(sent[0], number=f"R-{number}") | {"id": str(number)} for number in range(1000)]
        with django_assert_max_num_queries(25):
            assert call({"reports": said})[0] == 200


class TestReplies:
    def test_are_kept_sealed_once_each(self, call):
        assert call({"replies": [reply(), reply(), reply("MO-2", phone="+86 138-0000-0001")]})[1]["replies"] == 2
        assert call({"replies": [reply(text="N")]})[1]["replies"] == 0
        kept = Reply.objects.order_by("pk")
        assert [(each.phone.reveal(), each.text.reveal(), each.state) for each in kept] == [(PHONE, "Y", "NEW")] * 2
        assert PHONE not in str(list(Event.objects.values()))

    def test_are_of_the_desks_day(self, call, settings):
        settings.DEMO = True
        call({"replies": [reply(at=(datetime.now(UTC) - timedelta(hours=2)).isoformat())]})
        assert abs(Reply.objects.get().received_at - (clock.now() - timedelta(hours=2))) < timedelta(seconds=5)

    @pytest.mark.parametrize("text", ["", "是" * 1000, "\u0000", "'; DROP TABLE", "😀", "{{ x }}"])
    def test_any_words_can_be_kept(self, call, text):
        assert call({"replies": [reply(text=text)]})[0] == 200
        assert Reply.objects.get().text.reveal() == text


class TestRefused:
    """Each is told with a code, and writes nothing but a line of the log without a phone or a word in it."""

    @pytest.fixture(autouse=True)
    def nothing_is_written(self, sent, caplog):
        events = Event.objects.count()
        with caplog.at_level(logging.DEBUG):
            yield
        assert (Event.objects.count(), Reply.objects.count(), states()) == (events, 0, ["SENT"] * 3)
        said = "\n".join(record.getMessage() for record in caplog.get_records("call"))
        assert "refused" in said
        assert PHONE not in said

    @pytest.mark.parametrize(
        ("also", "status", "code"),
        [
            ({"secret": "another"}, 401, "UNSIGNED"),
            ({"X-Wengang-Signature": ""}, 401, "UNSIGNED"),
            ({"X-Wengang-Signature": "Ünlesbar"}, 401, "UNSIGNED"),
            ({"X-Wengang-Timestamp": "gestern"}, 401, "UNSIGNED"),
            ({"X-Wengang-Timestamp": "9" * 400}, 401, "UNSIGNED"),
            ({"seconds_off": -301}, 401, "STALE"),
            ({"seconds_off": 301}, 401, "STALE"),
        ],
    )
    def test_unsigned_or_of_another_time(self, call, sent, also, status, code):
        assert call({"reports": [report(sent[0])], "replies": [reply()]}, **also) == (status, {"code": code})
        assert not Push.objects.exists()

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"null", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"reports": 5}', b'{"reports": [5]}', b'{"replies": {}}',
            b'{"replies": [{}]}', b'{"reports": [{"number": "1", "id": 5, "code": "DELIVERED"}]}',
            b'{"reports": [{"number": "1", "id": "x", "code": "DELIVERED"}]}',
            b'{"reports": [{"number": "\\u0000", "id": "1", "code": "DELIVERED"}]}',
            json.dumps({"replies": [reply()] * 1001}).encode(),
            json.dumps({"replies": [reply(text="\ud800")]}).encode(),
            json.dumps({"replies": [reply(text="x" * 1001)]}).encode(),
            json.dumps({"replies": [reply(phone="phone")]}).encode(),
            json.dumps({"replies": [reply(at="2024-07-01T10:00:00")]}).encode(),
            json.dumps({"replies": [reply(at="2099-07-01T10:00:00+08:00")]}).encode(),
            json.dumps({"replies": [reply(), reply("MO-2", at="0001-01-01T00:00:00+23:00")]}).encode(),
        ],
        ids=count(),
    )  # fmt: skip
    def test_malformed(self, call, body):
        status, said = call(body=body)
        assert (status, said["code"], bool(said["problem"])) == (400, "INVALID", True)

    def test_too_large(self, call):
        assert call(body=b" " * (2 * 1024 * 1024 + 1))[0] == 413

    def test_by_get(self, client):
        answer = client.get(URL)
        assert (answer.status_code, answer.json()["code"]) == (405, "INVALID")

    def test_without_a_secret_nobody_is_let_in(self, call, settings, sent):
        settings.GATEWAY_SECRET = ""
        assert call({"reports": [report(sent[0])]}, secret="") == (401, {"code": "UNSIGNED"})


class TestReplayed:
    def test_the_very_same_call_is_refused_and_the_same_reports_signed_anew_change_nothing(self, call, sent, settings):
        said = {"reports": [report(sent[0])], "replies": [reply()]}
        body, stamp = json.dumps(said).encode(), str(int(time.time()))
        signature = hmac.new(settings.GATEWAY_SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"X-Wengang-Timestamp": stamp, "X-Wengang-Signature": signature}
        first, again = (Client().post(URL, body, content_type="application/json", headers=headers) for _ in range(2))
        assert (first.status_code, again.status_code, again.json()) == (200, 409, {"code": "REPLAYED"})
        assert call(said, seconds_off=1) == (200, {"code": "TAKEN", "reports": 0, "replies": 0})
        assert (states(), Reply.objects.count()) == (["DELIVERED", "SENT", "SENT"], 1)
