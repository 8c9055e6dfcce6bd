"""Workers that die while they remind: in the end everybody has been given each rung once, with one message."""

import random
import time
from datetime import date

import pytest

from agency.models import Message
from enterprises.models import Enterprise
from subsidies.refunds.models import Application, Reminder, State

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
OFFERS, DEATHS = 400, 10
SWEEP, IN_CHUNKS = "refunds.remind", {"subsidies.refunds.actions.reminders.CHUNK": 20}


@pytest.fixture
def offers(regions, programme, settings, desk_clock, moment) -> None:
    """Four hundred offers of 24 June that nobody has answered; it is 1 July."""
    settings.DEMO = True
    desk_clock(moment(7, 1))
    units = Enterprise.objects.bulk_create(
        Enterprise(
            uscc=f"9114{number:014}", name=f"甲市第{number:04}号公司", kind="企业", region=regions["140302"],
            phone=f"138{number:08}",
        )
        for number in range(OFFERS)
    )  # fmt: skip
    Application.objects.bulk_create(
        Application(
            state=State.OFFERED, programme=programme, enterprise=unit, region=unit.region, year=2024, amount=7_200,
            offered_at=moment(6, 24), confirm_by=date(2024, 7, 15),
        )
        for unit in units
    )  # fmt: skip


def test_a_sweep_that_is_killed_leaves_nobody_out_and_reminds_nobody_twice(offers, forge, seeded: random.Random):
    died = 0
    for _ in range(DEATHS):
        before, group = Reminder.objects.count(), forge.start(SWEEP, **IN_CHUNKS)
        while forge.runs(group) and Reminder.objects.count() == before:
            time.sleep(0.005)
        time.sleep(seeded.random() * 0.02)
        forge.kill(group)
        died += forge.wait(group) != 0
        assert Reminder.objects.count() == Message.objects.filter(kind="reminder").count()
    assert died
    assert forge.sweep(SWEEP) == 0
    assert forge.sweep(SWEEP) == 0
    given = Reminder.objects.values_list("application", flat=True)
    told = Message.objects.filter(kind="reminder").values_list("case_id", flat=True)
    everybody = sorted(Application.objects.values_list("pk", flat=True))
    assert sorted(given) == sorted(told) == everybody
