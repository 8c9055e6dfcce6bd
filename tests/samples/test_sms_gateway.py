"""The fake SMS gateway keeps docs/gateways.md."""

import hashlib
import hmac
import http.client
import http.server
import json
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def message(key: str, phone: str = "13800000001", text: str = "您有一笔稳岗返还待确认") -> dict[str, str]:
    return {"id": key, "phone": phone, "text": text, "sign": "演示", "template": "offer"}


@pytest.fixture(scope="module")
def url(shared_fake) -> str:
    return shared_fake("sms_gateway")


class TestSending:
    def test_sends_once_however_often_it_is_asked(self, fake, call):
        url = fake("sms_gateway")
        first = call(f"{url}/send", message("1"))
        assert first == (200, {"id": "1", "code": "ACCEPTED", "gateway_id": first[1]["gateway_id"]})
        assert call(f"{url}/send", message("1")) == first
        assert call(f"{url}/send-batch", {"messages": [message("1")]})[1]["results"] == [first[1]]
        assert len(call(f"{url}/outbox?format=json")[1]["messages"]) == 1

    def test_refuses_the_same_id_for_another_text(self, fake, call):
        url = fake("sms_gateway")
        call(f"{url}/send", message("1"))
        assert call(f"{url}/send", message("1", text="别的内容")) == (409, {"id": "1", "code": "CONFLICT"})
        results = call(f"{url}/send-batch", {"messages": [message("1", text="别的内容"), message("2")]})[1]["results"]
        assert [each["code"] for each in results] == ["CONFLICT", "ACCEPTED"]

    def test_tells_a_wrong_number(self, url, call):
        assert call(f"{url}/send", message("9", phone="0356-123"))[1]["code"] == "INVALID_PHONE"
        assert call(f"{url}/status?id=9")[1]["statuses"][0]["code"] == "UNDELIVERED"

    @pytest.mark.parametrize("body", [{}, [], {"id": 1, "phone": "1", "text": "", "sign": "", "template": ""}, message("")])
    def test_refuses_a_malformed_message(self, url, call, body):
        assert call(f"{url}/send", body)[0] == 400

    def test_refuses_a_batch_over_a_thousand(self, url, call):
        messages = [message(str(number)) for number in range(1001)]
        assert call(f"{url}/send-batch", {"messages": messages})[0] == 400


class TestSigning:
    def test_refuses_an_unsigned_caller(self, fake, call):
        url = fake("sms_gateway")
        assert call(f"{url}/send", message("1"), secret="another") == (401, {"code": "UNSIGNED"})
        assert call(f"{url}/status?id=1", secret="another") == (401, {"code": "UNSIGNED"})
        assert call(f"{url}/outbox?format=json")[1]["messages"] == []

    def test_refuses_a_signature_of_another_time(self, url, call):
        assert call(f"{url}/send", message("1"), seconds_off=-301) == (401, {"code": "UNSIGNED"})
        assert call(f"{url}/send", message("1"), seconds_off=-290)[0] == 200


class TestMishaps:
    def test_is_busy_at_the_first_try_only(self, fake, call):
        url = fake("sms_gateway", "--busy", "1")
        assert call(f"{url}/send", message("1")) == (503, {"id": "1", "code": "BUSY"})
        assert call(f"{url}/send", message("1"))[1]["code"] == "ACCEPTED"

    def test_cuts_the_first_answer_and_keeps_the_message(self, fake, call):
        url = fake("sms_gateway", "--cut", "1")
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            call(f"{url}/send", message("1"))
        assert call(f"{url}/send", message("1"))[1]["code"] == "ACCEPTED"
        assert len(call(f"{url}/outbox?format=json")[1]["messages"]) == 1

    def test_loses_what_it_accepted(self, fake, call):
        url = fake("sms_gateway", "--lose", "1")
        assert call(f"{url}/send", message("1"))[1]["code"] == "ACCEPTED"
        assert call(f"{url}/status?id=1&id=2")[1]["statuses"] == [
            {"id": "1", "gateway_id": "SMS-00000001", "code": "PENDING"},
            {"id": "2", "code": "UNKNOWN"},
        ]
        assert call(f"{url}/outbox?format=json")[1]["messages"] == []

    def test_delivers_twice(self, fake, call):
        url = fake("sms_gateway", "--twice", "1")
        call(f"{url}/send", message("1"))
        assert len(call(f"{url}/outbox?format=json")[1]["messages"]) == 2

    def test_mishaps_repeat_with_the_seed_in_any_order(self, fake, call, tmp_path):
        keys = [str(number) for number in range(60)]
        outcomes = []
        for name, order in (("a", keys), ("b", keys[::-1])):
            url = fake("sms_gateway", "--reject", "0.3", "--keep", str(tmp_path / name))
            results = call(f"{url}/send-batch", {"messages": [message(key) for key in order]})[1]["results"]
            outcomes.append({each["id"]: each["code"] for each in results})
        assert outcomes[0] == outcomes[1]
        assert 0 < list(outcomes[0].values()).count("REJECTED") < 60


class TestOutbox:
    def test_shows_one_phone_newest_first(self, fake, call):
        url = fake("sms_gateway")
        for key, phone in (("1", "13800000001"), ("2", "13800000002"), ("3", "13800000001")):
            call(f"{url}/send", message(key, phone=phone))
        assert [each["id"] for each in call(f"{url}/outbox?phone=13800000001&format=json")[1]["messages"]] == ["3", "1"]

    def test_is_read_back_after_a_restart(self, fake, call, tmp_path: Path):
        call(f"{fake('sms_gateway')}/send", message("1"))
        assert stat.S_IMODE((tmp_path / "outbox.jsonl").stat().st_mode) == 0o600
        url = fake("sms_gateway")
        assert [each["id"] for each in call(f"{url}/outbox?format=json")[1]["messages"]] == ["1"]
        assert call(f"{url}/send", message("1"))[1]["gateway_id"] == "SMS-00000001"


class TestPushing:
    """Its calls, taken by a server that first refuses one."""

    @pytest.fixture
    def calls(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        taken: list[dict[str, Any]] = []
        secret = os.environ["WENGANG_GATEWAY_SECRET"].encode()

        class Counter(http.server.BaseHTTPRequestHandler):
            refused = False

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = self.headers["X-Wengang-Timestamp"].encode() + b"." + body
                assert hmac.new(secret, signed, hashlib.sha256).hexdigest() == self.headers["X-Wengang-Signature"]
                if Counter.refused:
                    taken.append(json.loads(body))
                self.send_response(200 if Counter.refused else 503)
                self.end_headers()
                Counter.refused = True

            def log_message(self, *_: object) -> None:
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Counter) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/", taken
            server.shutdown()

    def wait(self, call, url: str) -> None:
        until = time.monotonic() + 20
        while call(f"{url}/healthz")[1]["to_report"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        time.sleep(0.2)

    def test_reports_twice_and_the_opposite_and_again_what_was_not_taken(self, fake, call, calls):
        url = fake("sms_gateway", "--webhook", calls[0], "--report-ms", "10", "--duplicate", "1", "--contradict", "1")
        call(f"{url}/send", message("1"))
        self.wait(call, url)
        reports = [(each["number"], each["code"]) for said in calls[1] for each in said["reports"]]
        assert reports == [("R-1", "DELIVERED"), ("R-1", "DELIVERED"), ("R-1-2", "UNDELIVERED")]

    def test_hands_over_what_a_phone_replies(self, fake, call, calls):
        url = fake("sms_gateway", "--webhook", calls[0])
        number = call(f"{url}/reply", {"phone": "13800000001", "text": "Y"})[1]["number"]
        assert call(f"{url}/reply", {"phone": "nobody", "text": "Y"})[0] == 400
        self.wait(call, url)
        [reply] = [each for said in calls[1] for each in said["replies"]]
        assert (reply["number"], reply["phone"], reply["text"]) == (number, "13800000001", "Y")

    @pytest.mark.parametrize("mishap", ["lose", "mute"])
    def test_is_silent_of_what_is_lost(self, fake, call, calls, mishap):
        url = fake("sms_gateway", "--webhook", calls[0], f"--{mishap}", "1")
        call(f"{url}/send", message("1"))
        assert call(f"{url}/healthz")[1] == {"messages": 1, "to_report": 0}
        code = call(f"{url}/status?id=1")[1]["statuses"][0]["code"]
        assert code == {"lose": "PENDING", "mute": "DELIVERED"}[mishap]
