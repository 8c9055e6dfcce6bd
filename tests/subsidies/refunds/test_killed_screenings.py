"""Workers that die while they screen: whatever the moment, after the retry the city stands as if nothing had happened."""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from agency import clock
from agency.actions.jobs import retry_job
from agency.models import Event, Job, Role
from enterprises.models import Enterprise, MonthlyContribution, SizeDecision, WorkforceYear
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Decision, ScreeningRun
from tests.business import events_of, rows_of
from tests.forge import KILLED

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
CITY, CHUNK, DEATHS = 600, 25, 14
SWEEP = "refunds.work_screenings"
IN_CHUNKS = {"subsidies.refunds.actions.screenings.CHUNK": CHUNK}
ALONE = IN_CHUNKS | {"subsidies.refunds.tasks.CHUNKS_A_CORE": 10_000}  # no helper: the sweep itself is what dies


@pytest.fixture
def city(regions, programme, credit_list, settings, desk_clock, days) -> None:
    """Six hundred enterprises: some are not eligible, of some a figure is not known."""
    settings.DEMO = True
    desk_clock(days.screened)
    luck = random.Random(1)
    units = [
        Enterprise(
            uscc=f"9114{number:014}", name=f"甲市第{number:04}号公司", industry="5210",
            kind=luck.choice(["企业", "企业", "社会团体", "机关事业单位"]), registration=luck.choice(["存续", "存续", "注销"]),
            region=regions[luck.choice(["140302", "140303"])],
            employees=luck.choice([10, 10, 400]), revenue=Decimal("900.00"), phone=f"138{number:08}", bank="某银行甲市支行",
            account_name=f"甲市第{number:04}号公司", account=f"62220000{number:08}",
        )
        for number in range(CITY)
    ]  # fmt: skip
    Enterprise.objects.bulk_create(units)
    MonthlyContribution.objects.bulk_create(_paid(unit, month) for unit in units for month in (1, 2, 3))
    WorkforceYear.objects.bulk_create(
        WorkforceYear(
            enterprise=unit, year=2023, start_count=10, end_count=10, dismissals=0, retired=0, died=0,
            claimants=luck.choice([0, 0, 0, 5, None]),
        )
        for unit in units
    )  # fmt: skip


def _paid(unit: Enterprise, month: int) -> MonthlyContribution:
    return MonthlyContribution(
        enterprise=unit, month=date(2023, month, 1), arrived_on=date(2023, month, 15), headcount=10, wage_base=Decimal(100_000),
        employer_due=700, employee_due=300, employer_paid=700, employee_paid=300,
    )  # fmt: skip


def change_half() -> None:
    """What the second screening finds: other layoffs, so that decisions are made anew and cases move."""
    WorkforceYear.objects.filter(enterprise__uscc__regex="[02468]$").update(claimants=2)
    WorkforceYear.objects.filter(enterprise__uscc__regex="[13]$").update(claimants=0)


def says() -> dict[str, Any]:
    """All that the screenings wrote, as people would compare it."""
    names = dict(Application.objects.values_list("pk", "enterprise__uscc"))
    runs = ScreeningRun.objects.filter(finished_at__isnull=False).order_by("pk").values_list("on", "counts")
    return {
        **{table.__name__: rows_of(table) for table in (Application, Decision, SizeDecision)},
        "events": events_of("refund", names),
        "size events": Counter(Event.objects.filter(case_kind="size").values_list("kind", "to_state", "why")),
        "runs": [tuple(run) for run in runs],
        "in force": Counter(Application.objects.values_list("enterprise__uscc", "decision__on", "decision__amount")),
    }


def retry_failed(job: Job, person: Any) -> None:
    """As a person does."""
    job.refresh_from_db()
    if job.state == Job.State.FAILED:
        assert "连续中断 3 次" in job.problem
        retry_job(job, by=person, at=clock.now())


Moment = tuple[int, float]  # so many chunks are done, and so many seconds later


def screened(forge, programme, staff, on, moments: list[Moment], settings: dict[str, Any]) -> tuple[float, list[int]]:
    """One screening from its order to its end; `moments`: when the processes that work it are killed, in turn. Returns how
    long the last of them took, in seconds, and how many chunks were done at each death."""
    clerk = staff(Role.PREPARER)
    run = actions.start_screening(programme, on.date(), by=clerk, at=on)
    job, deaths = Job.objects.get(kind=Job.Kind.SCREENING, subject_id=run.pk), []
    until = time.monotonic() + 120
    while job.state != Job.State.DONE:
        assert time.monotonic() < until, (job.state, job.done, job.problem)
        retry_failed(job, clerk)
        begun, group = times_begun(job), forge.start(SWEEP, **settings)
        if moments:
            while forge.runs(group) and (times_begun(job) == begun or chunks_done(job) < moments[0][0]):
                time.sleep(0.002)
            time.sleep(moments[0][1])
            forge.kill(group)
            if times_begun(job) > begun:  # else the connections of the last one were not gone yet
                moments = moments[1:]
        status = forge.wait(group)
        job.refresh_from_db()
        if status == KILLED and job.state == Job.State.RUNNING:
            deaths.append(chunks_done(job))
    assert job.chunks.count() == CITY // CHUNK
    return job.seconds_taken or 0.0, deaths


def times_begun(job: Job) -> int:
    return Event.objects.filter(case_kind=Job.CASE, case_id=job.pk, to_state=Job.State.RUNNING).count()


def chunks_done(job: Job) -> int:
    return job.chunks.filter(done_at__isnull=False).count()


def killed_at(took: float, luck: random.Random) -> list[Moment]:
    """Moments spread over the chunks, and over the time that a chunk takes; some come too late."""
    chunks = CITY // CHUNK
    return [(place * chunks // DEATHS, luck.random() * took / chunks) for place in range(DEATHS)]


def emptied() -> None:
    """The city before its first screening, as it was loaded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE refunds_screeningrun, refunds_application, enterprises_sizedecision, agency_event, agency_job CASCADE"
        )
    WorkforceYear.objects.filter(enterprise__uscc__regex="[02468]$").update(claimants=5)
    WorkforceYear.objects.filter(enterprise__uscc__regex="[13]$").update(claimants=None)


def test_screens_the_same_whenever_its_workers_are_killed(city, forge, programme, staff, days, seeded):
    emptied()
    first, _ = screened(forge, programme, staff, days.screened, [], ALONE)
    change_half()
    second, _ = screened(forge, programme, staff, days.offered, [], ALONE)
    undisturbed = says()
    assert len(undisturbed["Decision"]) > CITY  # the second decided some anew

    emptied()
    _, of_first = screened(forge, programme, staff, days.screened, killed_at(first, seeded), ALONE)
    change_half()
    _, of_second = screened(forge, programme, staff, days.offered, killed_at(second, seeded), ALONE)
    told = says()
    assert {name: told[name] == undisturbed[name] for name in told} == dict.fromkeys(undisturbed, True)
    assert len(of_first) + len(of_second) >= 20
    assert min(len(set(of_first)), len(set(of_second))) >= 5, (of_first, of_second)


def test_goes_on_beside_helpers_that_outlive_their_worker(city, forge, programme, staff, days):
    """The sweep alone is killed; the process that it started for a further core works on while the next sweep takes the job."""
    emptied()
    screened(forge, programme, staff, days.screened, [], ALONE)
    undisturbed = says()
    emptied()
    run = actions.start_screening(programme, days.screened.date(), by=staff(Role.PREPARER), at=days.screened)
    job, group = Job.objects.get(subject_id=run.pk), forge.start(SWEEP, **IN_CHUNKS)
    while chunks_done(job) < 2:
        assert forge.runs(group)
        time.sleep(0.002)
    os.kill(group, signal.SIGKILL)
    assert forge.wait(group) == KILLED
    if (os.cpu_count() or 1) > 1:
        os.killpg(group, 0)  # the helper is there
    while job.state != Job.State.DONE:
        assert forge.sweep(SWEEP, **IN_CHUNKS) == 0
        job.refresh_from_db()
    with contextlib.suppress(ProcessLookupError):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.05)
        raise AssertionError("the helper does not end")
    assert says() == undisturbed
