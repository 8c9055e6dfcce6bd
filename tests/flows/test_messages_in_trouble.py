"""A campaign whose worker is killed again and again, through a gateway that fails, loses, repeats, overtakes and contradicts:
every message ends in the one state that it is drawn, and no phone hears twice."""

import json
import random
import time
import urllib.request
from collections import Counter
from datetime import timedelta

import pytest

from agency import clock
from agency.actions import found_region, queue_messages, set_desk_clock
from agency.models import Event, Message
from samples.signed import happens

pytestmark = pytest.mark.django_db(transaction=True)
SHARES = {
    "reject": 0.03,
    "fail": 0.02,
    "duplicate": 0.1,
    "lose": 0.05,
    "mute": 0.05,
    "reorder": 0.2,
    "contradict": 0.1,
    "cut": 0.05,
}
SEED, KILLS = 7, 20
TEXT = {"name": "某单位", "title": "甲市2024年稳岗返还", "deadline": "2024年8月31日", "link": "https://wengang.example/l/x"}
SEND, ASK = "agency.send_messages", "agency.read_receipts"


@pytest.fixture
def gateway(fake, the_machine, web_process, settings) -> dict[str, object]:
    """The settings of a sweep that talks to a gateway which calls our web process."""
    settings.DEMO = True
    shares = [word for name, share in SHARES.items() for word in (f"--{name}", str(share))]
    webhook = f"{the_machine.environment()['PUBLIC_URL']}/gateway/sms/"
    url = fake("sms_gateway", "--webhook", webhook, "--report-ms", "50", "--delay-ms", "20", "--seed", str(SEED), *shares)
    return {
        "agency.tasks.settings.SMS_GATEWAY_URL": url,
        "agency.tasks.settings.SMS_REPORTS": "pushed",
        "agency.tasks.SENT_AT_ONCE": 30,
    }


def wanted(key: str) -> str:
    def befalls(mishap: str) -> bool:
        return happens(SHARES[mishap], SEED, mishap, key)

    if befalls("reject"):
        return "FAILED"
    return "NO_ANSWER" if befalls("lose") else "FAILED" if befalls("fail") else "DELIVERED"


def later(**by: int) -> None:
    set_desk_clock(clock.now() + timedelta(**by), real_now=clock.now() - clock.offset())


def waiting() -> int:
    return Message.objects.filter(state__in=["QUEUED", "SENDING"]).count()


class TestKilled:
    def test_again_and_again_each_message_ends_once_in_its_own_state(self, gateway, forge, tmp_path, rounds):
        count = rounds(600)
        found_region("149100", "甲市", at=clock.now())
        phones = [f"142{number:08}" for number in range(count)]
        queue_messages("offer", [("refund", n, None, phone, TEXT) for n, phone in enumerate(phones)], at=clock.now())
        moments = random.Random(SEED)
        killed = 0
        for _ in range(KILLS):
            group = forge.start(SEND, **gateway)
            time.sleep(moments.uniform(0.02, 0.3))
            forge.kill(group)
            killed += forge.wait(group) != 0
            later(minutes=11)  # what it had in hand is queued again
        assert killed > KILLS / 2
        while waiting():
            assert forge.sweep(SEND, **gateway) == 0
            later(minutes=61)
        self.reported(gateway["agency.tasks.settings.SMS_GATEWAY_URL"])
        later(hours=73)
        assert forge.sweep(ASK, **gateway) == 0
        ends = dict(Message.objects.values_list("pk", "state"))
        assert {key: state for key, state in ends.items() if state != wanted(str(key))} == {}
        assert set(ends.values()) == {"DELIVERED", "FAILED", "NO_ANSWER"}
        sent = [json.loads(line) for line in (tmp_path / "outbox.jsonl").read_text(encoding="utf-8").splitlines()]
        assert Counter(each["phone"] for each in sent) == Counter(phones)
        final = Event.objects.filter(case_kind="message", to_state__in=["DELIVERED", "FAILED", "NO_ANSWER"])
        assert final.count() == final.values("case_id").distinct().count() == count

    def reported(self, url: str) -> None:
        until = time.monotonic() + 30
        while json.load(urllib.request.urlopen(f"{url}/healthz", timeout=10))["to_report"]:
            assert time.monotonic() < until, "the reports did not all come"
            time.sleep(0.1)
