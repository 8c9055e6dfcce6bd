"""Sweeps, by a real worker through a real broker to the fake gateway."""

import json
import logging
import os
import threading
import time
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection
from kombu import pools
from redis import Redis

from agency import clock
from agency.actions import queue_messages, requeue_stuck, set_desk_clock, take_messages
from agency.models import DeskClock, Event, Message
from agency.tasks import read_receipts, send_messages, sms_gateway, wake

PHONE = "13800000001"
OFFER = {
    "name": "某单位",
    "title": "甲市2024年稳岗返还",
    "amount": "1,815.08",
    "deadline": "2024年8月31日",
    "link": "http://a.cn/l/x",
}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue(regions):
    def queued(count: int, phone: str = PHONE, kind: str = "offer", urgent: bool = False, params=OFFER) -> None:
        rows = [("refund", number, "1403", phone, params) for number in range(count)]
        queue_messages(kind, rows, at=clock.now(), urgent=urgent)

    return queued


@pytest.fixture
def gateway(fake, settings):
    """A fake gateway of its own, which this process talks to."""

    def begin(*options: str) -> str:
        settings.SMS_GATEWAY_URL = fake("sms_gateway", *options)
        return settings.SMS_GATEWAY_URL

    return begin


def delivered(folder) -> list[str]:
    """Ids that the fake took, once a line."""
    return [json.loads(line)["id"] for line in (folder / "outbox.jsonl").read_text(encoding="utf-8").splitlines()]


class TestSendMessages:
    def test_a_woken_worker_sends_what_is_queued(self, worker, outbox, queue):
        queue(3, phone="13800000077")
        wake("agency.send_messages")
        worker()
        arrived = outbox("13800000077")
        assert len(arrived) == 3
        assert {message["sign"] for message in arrived} == {"甲市失业保险中心"}
        assert "确认是否接受" in arrived[0]["text"]
        assert set(Message.objects.values_list("state", flat=True)) == {"SENT"}

    def test_a_sign_in_code_overtakes_a_campaign(self, queue, gateway, tmp_path, monkeypatch):
        monkeypatch.setattr("agency.tasks.SENT_AT_ONCE", 20)
        gateway()
        queue(60)
        queue(1, kind="sign_in_code", urgent=True, params={"code": "123456", "minutes": 5})
        code = Message.objects.get(kind="sign_in_code")
        send_messages()
        assert str(code.pk) in delivered(tmp_path)[:20]

    def test_many_workers_send_each_message_once(self, queue, worker, outbox):
        queue(400, phone="13800000078")
        for _ in range(4):
            wake("agency.send_messages")
        worker()
        assert Message.objects.filter(state="SENT").count() == 400
        assert Event.objects.filter(case_kind="message", to_state="SENT").count() == 400
        assert len(outbox("13800000078")) == 200  # as many as the fake shows

    def test_a_line_that_is_cut_sends_nothing_twice(self, queue, gateway, tmp_path):
        gateway("--cut", "1")
        queue(30)
        send_messages()
        assert set(Message.objects.values_list("state", flat=True)) == {"QUEUED"}
        Message.objects.update(next_try_at=clock.now())
        send_messages()
        assert set(Message.objects.values_list("state", flat=True)) == {"SENT"}
        assert len(delivered(tmp_path)) == len(set(delivered(tmp_path))) == 30

    def test_a_worker_killed_after_sending_leaves_rows_that_are_sent_again_under_the_same_key(self, queue, gateway, tmp_path):
        gateway()
        queue(5)
        sms_gateway().send(take_messages(10, at=clock.now()))  # and here it dies: nothing is booked
        later = clock.now() + timedelta(minutes=11)
        assert requeue_stuck(at=later) == 5
        Message.objects.update(next_try_at=clock.now())
        send_messages()
        assert set(Message.objects.values_list("state", flat=True)) == {"SENT"}
        assert len(delivered(tmp_path)) == 5

    def test_a_gateway_that_is_away_loses_nothing(self, queue, settings):
        settings.SMS_GATEWAY_URL = "http://127.0.0.1:9"
        queue(5)
        send_messages()
        assert set(Message.objects.values_list("state", "tries")) == {("QUEUED", 1)}

    def test_with_nothing_queued_it_does_nothing(self, gateway, regions):
        gateway()
        send_messages()
        assert not Event.objects.filter(case_kind="message").exists()

    def test_two_workers_together_keep_the_pace_of_the_gateway(self, queue, gateway, settings):
        gateway()
        settings.SMS_PER_SECOND = 40
        queue(60)
        begun = time.monotonic()
        both = [threading.Thread(target=self.sweep) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join(60)
        taken = time.monotonic() - begun
        assert Message.objects.filter(state="SENT").count() == 60
        assert taken >= 1.0  # the first twenty at once, two times twenty each half a second after the other

    def sweep(self) -> None:
        send_messages()
        connection.close()

    def test_no_phone_reaches_the_log_or_the_broker(self, worker, outbox, queue, the_machine, caplog):
        queue(3, phone="13800000079")
        begun = (the_machine.logs / "worker.log").stat().st_size
        with caplog.at_level(logging.DEBUG), Redis.from_url(os.environ["REDIS_URL"]) as broker, broker.monitor() as seen:
            wake("agency.send_messages")
            said = []
            for command in seen.listen():
                said.append(str(command))
                if "agency.send_messages" in said[-1]:
                    break
        worker()
        log = (the_machine.logs / "worker.log").read_bytes()[begun:].decode()
        for text in (log, caplog.text, *said):
            assert "13800000079" not in text
        assert "agency.send_messages" in log


class TestReadReceipts:
    def test_books_what_was_delivered_and_leaves_what_is_on_its_way(self, queue, gateway):
        gateway("--lose", "0.5")
        queue(40)
        send_messages()
        read_receipts()
        states = list(Message.objects.values_list("state", flat=True))
        assert set(states) == {"DELIVERED", "SENT"}
        lost = states.count("SENT")
        read_receipts()
        assert Message.objects.filter(state="SENT").count() == lost


class TestWake:
    def test_without_a_broker_the_beat_will_find_it(self, caplog):
        before = current_app.conf.broker_url
        self.go_to("redis+socket:///nowhere/redis.sock")
        try:
            begun = time.monotonic()
            wake("agency.send_messages")
            assert time.monotonic() - begun < 5
        finally:
            self.go_to(before)
        assert "waits for its beat" in caplog.text

    def go_to(self, broker: str) -> None:
        """From now on this broker, by new connections."""
        current_app.conf.broker_url = broker
        current_app.amqp._producer_pool = current_app._pool = None
        pools.reset()  # kombu keeps pools of its own, closed ones too


class TestDeskClock:
    def test_moves_for_every_process_at_once_and_runs_on(self, at, settings):
        settings.DEMO = True
        set_desk_clock(at, real_now=clock.now() - clock.offset())
        assert abs((clock.now() - at).total_seconds()) < 5
        assert clock.today() == at.date()
        assert str(clock.now().tzinfo) == "Asia/Shanghai"

    def test_is_one_row_however_often_it_is_set(self, at, settings):
        settings.DEMO = True
        for day in (1, 2, 3):
            set_desk_clock(at.replace(day=day), real_now=clock.now() - clock.offset())
        assert DeskClock.objects.count() == 1
        assert clock.today().day == 3

    def test_counts_for_nothing_outside_a_demo(self, at, settings):
        settings.DEMO = False
        set_desk_clock(at, real_now=clock.now())
        assert clock.now().year != 2024
