"""The wire to the outside, against the two fakes as processes: signed, bounded in time, many at once, safe to repeat."""

import json
import logging
import socket
import threading
import time
import urllib.request
from contextlib import closing
from datetime import date

import pytest
from django.db import transaction

from agency.actions import Outgoing
from agency.gateways import CreditPlatform, GatewayMisused, SmsGateway, _answer, _raw

ON = date(2024, 7, 1)


@pytest.fixture
def secret(settings) -> str:
    return settings.GATEWAY_SECRET


@pytest.fixture
def gateway(fake, secret):
    """gateway("--cut", "0.5"): a client of a fake of its own with these mishaps."""

    def client(*options: str, timeout: float = 10) -> SmsGateway:
        return SmsGateway(fake("sms_gateway", *options), secret, timeout)

    return client


@pytest.fixture
def platform(fake, secret, tmp_path):
    def client(rows: str, *options: str, timeout: float = 10) -> CreditPlatform:
        path = tmp_path / "records.csv"
        path.write_text(f"统一社会信用代码,名单类型,列入日期,移出日期,应答\n{rows}", encoding="utf-8")
        return CreditPlatform(fake("sharing_platform", "--records", str(path), *options), secret, timeout)

    return client


def messages(count: int, first: int = 1) -> list[Outgoing]:
    return [Outgoing(str(n), f"138{n:08}", f"第{n}条", "甲市", "offer") for n in range(first, first + count)]


def listening() -> socket.socket:
    """A server that takes connections and never answers."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(64)
    return server


def address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


class TestSending:
    def test_every_message_is_accepted_with_its_own_number(self, gateway):
        results = gateway().send(messages(1200))
        assert {result.key: result.gateway_id for result in results if result.accepted} == {
            str(n): f"SMS-{n:08}" for n in range(1, 1201)
        }

    def test_of_nothing_is_nothing(self, gateway):
        assert gateway().send([]) == []

    def test_a_bad_number_fails_for_good_and_stops_no_other(self, gateway):
        bad = Outgoing("7", "12345", "甲", "甲市", "offer")
        told = {result.key: result for result in gateway().send([*messages(3), bad])}
        assert (told["7"].accepted, told["7"].retry, told["7"].failure) == (False, False, "手机号无效")
        assert all(told[key].accepted for key in "123")

    def test_a_message_that_the_gateway_cannot_read_fails_alone(self, gateway):
        endless = Outgoing("7", "13800000007", "长" * 1001, "甲市", "offer")
        told = {result.key: result for result in gateway().send([*messages(6), endless, *messages(6, first=8)])}
        assert (told["7"].accepted, told["7"].retry) == (False, False)
        assert sum(result.accepted for result in told.values()) == 12

    def test_a_refused_one_is_not_tried_again(self, gateway):
        results = gateway("--reject", "1").send(messages(3))
        assert [(result.accepted, result.retry, result.failure) for result in results] == [(False, False, "网关拒收")] * 3

    def test_a_busy_gateway_is_asked_again(self, gateway):
        line = gateway("--busy", "1")
        assert [(result.accepted, result.retry) for result in line.send(messages(3))] == [(False, True)] * 3
        assert all(result.accepted for result in line.send(messages(3)))

    def test_a_cut_line_leaves_it_unknown_and_the_same_key_is_not_sent_twice(self, gateway):
        line = gateway("--cut", "1")
        first = line.send(messages(3))
        assert [(result.accepted, result.retry) for result in first] == [(False, True)] * 3
        assert "网关无应答" in first[0].failure
        again = line.send(messages(3))
        assert all(result.accepted for result in again)

    def test_a_number_used_for_another_text_is_refused(self, gateway):
        line = gateway()
        line.send(messages(1))
        [result] = line.send([Outgoing("1", "13800000001", "另一条", "甲市", "offer")])
        assert (result.accepted, result.retry) == (False, False)
        assert "另一条短信" in result.failure

    def test_a_gateway_that_is_away_leaves_all_to_be_tried_again(self, secret):
        with closing(listening()) as server:
            url = address(server)
        results = SmsGateway(url, secret, 2).send(messages(3))
        assert [(result.accepted, result.retry) for result in results] == [(False, True)] * 3

    def test_a_silent_gateway_is_not_waited_for_without_end(self, secret):
        with closing(listening()) as server:
            begun = time.monotonic()
            results = SmsGateway(address(server), secret, 0.5).send(messages(1200))
            assert time.monotonic() - begun < 5
        assert all(result.retry for result in results)
        assert len(results) == 1200

    def test_another_secret_is_not_served(self, fake):
        results = SmsGateway(fake("sms_gateway"), "another", 5).send(messages(1))
        assert [(result.accepted, result.retry) for result in results] == [(False, True)]
        assert "401" in results[0].failure

    def test_a_redirect_is_not_followed(self, secret):
        def answer(server: socket.socket) -> None:
            taken, _ = server.accept()
            taken.recv(65536)
            taken.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
            taken.close()

        with closing(listening()) as server:
            threading.Thread(target=answer, args=[server], daemon=True).start()
            [result] = SmsGateway(address(server), secret, 2).send(messages(1))
        assert (result.retry, result.failure) == (True, "网关无应答（HTTP 302）")

    @pytest.mark.parametrize(
        "body", [b"[]", b"not json", b'{"results": 7}', b'{"results": [7, {"id": "1"}]}', b'{"results": null}', b"{}"]
    )
    def test_an_answer_not_as_agreed_leaves_it_unknown(self, body, secret):
        def answer(server: socket.socket) -> None:
            taken, _ = server.accept()
            taken.recv(65536)
            taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            taken.close()

        with closing(listening()) as server:
            threading.Thread(target=answer, args=[server], daemon=True).start()
            [result] = SmsGateway(address(server), secret, 2).send(messages(1))
        assert (result.accepted, result.retry) == (False, True)

    def test_nothing_of_a_message_is_logged(self, gateway, caplog):
        with caplog.at_level(logging.DEBUG):
            gateway("--cut", "0.5", "--busy", "0.3").send(messages(50))
        assert "138000000" not in caplog.text
        assert "第1条" not in caplog.text

    def test_receipts_are_read_for_what_was_sent(self, gateway):
        line = gateway("--lose", "0.5")
        line.send(messages(40))
        states = {receipt.key: receipt.state for receipt in line.receipts([str(n) for n in range(1, 42)])}
        assert states["41"] is None
        assert set(states.values()) == {None, "DELIVERED"}

    def test_a_text_of_no_programme_has_the_template_that_the_site_names(self, fake, secret):
        url = fake("sms_gateway")
        other = messages(1, first=2)[0]._replace(template="T-7")
        SmsGateway(url, secret, 10, {"offer": "SITE-1"}).send([*messages(1), other])
        with urllib.request.urlopen(f"{url}/outbox?format=json", timeout=10) as answer:
            assert [each["template"] for each in json.load(answer)["messages"]] == ["T-7", "SITE-1"]

    def test_receipts_of_a_gateway_that_is_away_are_none(self, secret):
        with closing(listening()) as server:
            url = address(server)
        assert SmsGateway(url, secret, 2).receipts(["1"]) == []


class TestLookingUp:
    CODES = [f"{n:018}" for n in range(1, 6)]

    def test_tells_clear_listed_and_unanswered_apart(self, platform, at):
        rows = (
            f"{self.CODES[0]},严重失信,2024-01-01,,\n{self.CODES[1]},严重失信,2024-01-01,2024-06-30,\n{self.CODES[2]},,,,无应答\n"
        )
        found = platform(rows).look_up(self.CODES, ON, at=at)
        assert [(found[code].outcome, found[code].flags) for code in self.CODES] == [
            ("HIT", ("严重失信",)), ("CLEAR", ()), ("NO_ANSWER", ()), ("CLEAR", ()), ("CLEAR", ()),
        ]  # fmt: skip

    def test_keeps_the_reply_as_received_with_its_reference(self, platform, at):
        found = platform(f"{self.CODES[0]},严重失信,2024-01-01,,\n").look_up(self.CODES[:1], ON, at=at)[self.CODES[0]]
        raw = json.loads(found.raw)
        assert raw["reference"].startswith("PT-20240701-")
        assert raw["result"]["records"] == [{"type": "严重失信", "listed_on": "2024-01-01", "removed_on": None}]
        assert (found.answered_at, found.source) == (at, "信用信息共享平台")

    def test_asks_for_thousands_at_once_and_each_once(self, platform, at):
        codes = [f"{n:018}" for n in range(3000)]
        found = platform("", "--delay-ms", "50").look_up(codes + codes, ON, at=at)
        assert set(found) == set(codes)

    def test_what_a_busy_platform_did_not_take_is_absent(self, platform, at):
        line = platform("", "--busy", "1")
        assert line.look_up(self.CODES, ON, at=at) == {}
        assert set(line.look_up(self.CODES, ON, at=at)) == set(self.CODES)

    def test_a_platform_that_is_away_answers_for_nobody(self, secret, at):
        with closing(listening()) as server:
            url = address(server)
        assert CreditPlatform(url, secret, 2).look_up(self.CODES, ON, at=at) == {}

    @pytest.mark.parametrize("how", ["挂起", "乱码", "出错"])
    def test_a_code_that_spoils_its_request_alone_has_no_answer(self, platform, at, how):
        """It never answers, answers nonsense or breaks for one code among many: all the others are answered for."""
        codes = [f"{n:018}" for n in range(40)]
        found = platform(f"{codes[7]},,,,{how}\n", timeout=0.5).look_up(codes, ON, at=at)
        assert set(found) == set(codes)
        assert [code for code in codes if found[code].outcome == "NO_ANSWER"] == [codes[7]]
        assert json.loads(found[codes[7]].raw)["failed"]

    def test_waits_for_its_pace_before_each_request(self, platform, at):
        asked = []
        line = platform("")
        line.pace = asked.append
        line.look_up([f"{n:018}" for n in range(1100)], ON, at=at)
        assert sum(asked) == 3

    @pytest.mark.parametrize("flags", [["严重失信" * 5], [7], ["严重\ud800"], [""], "严重失信"])
    def test_flags_that_name_no_list_are_for_a_person_to_look_at(self, at, flags):
        said = _answer({"uscc": "1", "code": "OK", "flags": flags}, _raw({"flags": flags}), at)
        assert (said.outcome, said.flags) == ("NO_ANSWER", ())
        said.raw.encode()


class TestCare:
    @pytest.mark.django_db
    def test_nothing_is_called_with_a_transaction_open(self, secret, at):
        with transaction.atomic():
            for call in (
                lambda: SmsGateway("http://127.0.0.1:1", secret, 1).send(messages(1)),
                lambda: SmsGateway("http://127.0.0.1:1", secret, 1).receipts(["1"]),
                lambda: CreditPlatform("http://127.0.0.1:1", secret, 1).look_up(["1"], ON, at=at),
            ):
                with pytest.raises(GatewayMisused, match="事务"):
                    call()

    @pytest.mark.parametrize(("url", "given"), [("", "secret"), ("http://127.0.0.1:1", "")])
    def test_without_address_or_secret_it_says_so(self, url, given):
        with pytest.raises(GatewayMisused, match="未设置短信网关的地址"):
            SmsGateway(url, given, 1)
