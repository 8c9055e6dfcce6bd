"""The fake SMS gateway keeps docs/gateways.md."""

import http.client
import stat
from pathlib import Path

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
