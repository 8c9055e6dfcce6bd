"""What refunds do by themselves: sweeps without arguments, safe late, twice or at once."""

import contextlib
import logging
import os
import subprocess
import sys
from datetime import date, datetime

from celery import shared_task
from django.conf import settings
from django.db.models import QuerySet

from agency import clock
from agency.actions import book_answers, sole_sweep
from agency.actions.bulk import work_bulk
from agency.actions.jobs import JobCancelled, Progress, work_next
from agency.gateways import CreditPlatform
from agency.models import Bulk, CreditCheck, Job, Programme
from agency.tasks import credit_platform
from subsidies.payout.queries import NoTerms, barring_flags, terms_in_force
from subsidies.refunds import actions
from subsidies.refunds.actions.bulk import BULK_DEEDS
from subsidies.refunds.models import Application, ListExport, ScreeningRun, WhatIf
from subsidies.refunds.queries import reviewed_to_look_up, screened_to_look_up

CHUNKS_A_CORE = 4  # fewer are done before another process is up
LOOKED_UP_AT_ONCE = 2_000
_log = logging.getLogger(__name__)


@shared_task(name="refunds.work_screenings")
def work_screenings() -> None:
    """Work every screening that waits and nobody else works."""
    while job := work_next(Job.Kind.SCREENING, _screen, now=clock.now):
        _log.info("screening job %s: %s", job.pk, job.state)


def _screen(job: Job, *, at: datetime, progress: Progress) -> None:
    """Work the chunks here, and in a process for each further core where there are enough of them."""
    run = _run_of(job)
    cores = min(os.cpu_count() or 1, actions.cut(run).count() // CHUNKS_A_CORE)
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "screen", str(job.pk)]
    helpers = [subprocess.Popen(command) for _ in range(cores - 1)]
    try:
        actions.screen(run, at=at, progress=progress)
    finally:
        for helper in helpers:
            helper.wait()
    actions.screen(run, at=at, progress=progress)  # what a helper that died left behind


def help_screening(job: Job) -> None:
    """Work chunks of a job that another process works, until there are none or it no longer runs."""

    def progress(done: int, total: int | None, step: str, unit: str = "") -> None:
        if Job.objects.values_list("state", flat=True).get(pk=job.pk) != Job.State.RUNNING:
            raise JobCancelled(f"作业 {job.pk} 已不在进行。")

    with contextlib.suppress(JobCancelled):
        actions.screen(_run_of(job), at=clock.now(), progress=progress)


@shared_task(name="refunds.screen_new_sizes")
def screen_new_sizes() -> None:
    """Order a screening where a formal list of sizes came after the newest one."""
    if ordered := actions.screen_new_sizes(at=clock.now()):
        _log.info("%d screenings ordered for new lists of sizes", ordered)


@shared_task(name="refunds.work_exports")
def work_exports() -> None:
    """Make every list that waits."""
    while job := work_next(Job.Kind.EXPORT, _export, now=clock.now):
        _log.info("export job %s: %s", job.pk, job.state)


def _export(job: Job, *, at: datetime, progress: Progress) -> None:
    wanted = ListExport.objects.select_related("programme", "region", "requested_by").get(pk=job.subject_id)
    actions.make_export(wanted, job, at=at, progress=progress)


@shared_task(name="refunds.work_what_ifs")
def work_what_ifs() -> None:
    """Work every what-if that waits."""
    while job := work_next(Job.Kind.WHAT_IF, _try_out, now=clock.now):
        _log.info("what-if job %s: %s", job.pk, job.state)


def _try_out(job: Job, *, at: datetime, progress: Progress) -> None:
    found = WhatIf.objects.select_related("programme__region", "edition__programme", "requested_by")
    actions.try_out(found.get(pk=job.subject_id), job, at=at, progress=progress)


def _run_of(job: Job) -> ScreeningRun:
    return ScreeningRun.objects.select_related("programme__region", "edition").get(pk=job.subject_id)


@shared_task(name="refunds.work_bulks")
def work_bulks() -> None:
    """Work every deed over many cases that waits."""
    while job := work_next(Job.Kind.BULK, _work_bulk, now=clock.now):
        _log.info("bulk job %s: %s", job.pk, job.state)


def _work_bulk(job: Job, *, at: datetime, progress: Progress) -> None:
    bulk = Bulk.objects.select_related("requested_by").get(pk=job.subject_id)
    work_bulk(bulk, BULK_DEEDS[bulk.deed], at=at, progress=progress)


@shared_task(name="refunds.take_back")
def take_back() -> None:
    """Cases of clerks whose post has ended wait to be shared out again."""
    if taken := actions.take_back(clock.today(), at=clock.now()):
        _log.info("%d cases of ended posts wait to be shared out", taken)


@shared_task(name="refunds.look_up_credit")
def look_up_credit() -> None:
    """Ask the platform, once a day each, about those to be offered and about those that wait for a review."""
    with sole_sweep("refunds") as alone:
        if alone:
            _look_up_all(clock.today())


def _look_up_all(today: date) -> None:
    platform = credit_platform()
    for programme in Programme.objects.exclude(state=Programme.State.PREPARED):  # a case of December is reviewed in January
        try:
            barring = barring_flags(terms_in_force(programme, today), today)
        except NoTerms:
            continue
        if programme.state == Programme.State.OPEN:
            _look_up(platform, screened_to_look_up(programme, today), CreditCheck.Moment.SCREENING, barring, today)
        _look_up(platform, reviewed_to_look_up(programme, today), CreditCheck.Moment.REVIEW, barring, today)


def _look_up(
    platform: CreditPlatform, waiting: "QuerySet[Application]", moment: str, barring: frozenset[str], today: date
) -> None:
    """Ask about each in turn, 2,000 at a time; who could not be asked is asked at the next sweep."""
    after = 0
    while cases := list(waiting.filter(pk__gt=after)[:LOOKED_UP_AT_ONCE]):
        after = cases[-1].pk
        answers = platform.look_up([case.enterprise.uscc for case in cases], today, at=clock.now())
        rows = [
            (case.pk, case.enterprise.uscc, case.region_id, answers[case.enterprise.uscc])
            for case in cases
            if case.enterprise.uscc in answers
        ]
        booked = book_answers(Application.CASE, moment, today, rows, barring, at=clock.now())
        _log.info("credit at %s: %s of %d asked", moment, booked, len(cases))


@shared_task(name="refunds.day_turns")
def day_turns() -> None:
    """What was not confirmed in time is overdue; the day after the period what is left is waived."""
    turned = actions.day_turns(clock.today(), at=clock.now())
    _log.info("%d overdue, %d waived, %d confirmed by silence", turned.overdue, turned.waived, turned.silent)
    tell_turned()


@shared_task(name="refunds.tell_turned")
def tell_turned() -> None:
    """Tell those that declined or are overdue that they can still confirm or apply."""
    while told := actions.tell_turned(at=clock.now()):
        _log.info("%d told that they can still confirm or apply", told)


@shared_task(name="refunds.remind")
def remind() -> None:
    """Remind those who have not answered: by SMS, then on the call list, then on the public list."""
    _log.info("%d reminded", actions.remind(at=clock.now()))


@shared_task(name="refunds.tell_paid")
def tell_paid() -> None:
    """Tell those whose money has arrived, and those whose refund was struck."""
    while told := actions.tell_struck(at=clock.now()):
        _log.info("%d told that they were struck", told)
    while told := actions.tell_paid(at=clock.now()):
        _log.info("%d told that they were paid", told)


@shared_task(name="refunds.take_replies")
def take_replies() -> None:
    """Answer offers by the replies that came in; list for a clerk what nobody may guess."""
    while taken := actions.take_replies(at=clock.now()):
        _log.info("replies: %s", dict(taken))


@shared_task(name="refunds.tell_completions")
def tell_completions() -> None:
    """Tell those whose application is to be completed soon, or should have been."""
    while told := actions.tell_completions(clock.today(), at=clock.now()):
        _log.info("%d told of a completion", told)
