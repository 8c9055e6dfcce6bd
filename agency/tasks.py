"""What the agency does by itself: sweeps without arguments, safe late, twice or at once."""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from celery import current_app, shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from agency import clock
from agency.actions import (
    SendResult,
    appeals,
    awaiting_receipt,
    book_receipts,
    book_sent,
    book_unreported,
    end_expired_links,
    files,
    forget_pushes,
    imports,
    jobs,
    keep_pace,
    requeue_stuck,
    take_messages,
)
from agency.gateways import CreditPlatform, SmsGateway
from agency.intake import forget_writes
from agency.models import Job

SENT_AT_ONCE = 4_000  # a request of the gateway's most on each of its connections
SWEEP_SECONDS = 20  # then the next sweep goes on, so that no queue of sweeps builds up behind a campaign
STRAYS_LIE = timedelta(days=2)  # no work takes as long, so that no file of work under way is among them
_log = logging.getLogger(__name__)


def wake(task: str) -> None:
    """Let a sweep run now rather than at its next beat. If the broker is away the beat will find the rows."""
    try:
        current_app.send_task(task, retry=False, ignore_result=True)
    except OperationalError:
        _log.warning("broker away: %s waits for its beat", task)


def sms_gateway() -> SmsGateway:
    """The gateway that the settings name."""
    seconds, templates = settings.GATEWAY_TIMEOUT_SECONDS, settings.SMS_TEMPLATES
    return SmsGateway(settings.SMS_GATEWAY_URL, settings.GATEWAY_SECRET, seconds, templates)


def credit_platform() -> CreditPlatform:
    """The platform that the settings name, at the pace that it takes from all processes together."""

    def pace(requests: int) -> None:
        if settings.CREDIT_PER_SECOND:
            time.sleep(keep_pace("credit", requests, settings.CREDIT_PER_SECOND))

    return CreditPlatform(settings.CREDIT_PLATFORM_URL, settings.GATEWAY_SECRET, settings.GATEWAY_TIMEOUT_SECONDS, pace)


@shared_task(name="agency.send_messages")
def send_messages() -> None:
    """Send what is due, urgent messages first, 4,000 at a time: take, send outside any transaction, book. While one lot is at
    the gateway the one before is booked. Where the gateway takes only so many a second, half a second's worth at a time, so
    that a sign-in code need not wait longer."""
    gateway, per_second = sms_gateway(), settings.SMS_PER_SECOND
    at_once = min(SENT_AT_ONCE, max(1, per_second // 2)) if per_second else SENT_AT_ONCE
    if stuck := requeue_stuck(at=clock.now()):
        _log.warning("%d messages were taken and never booked; queued again", stuck)
    until = time.monotonic() + SWEEP_SECONDS
    with ThreadPoolExecutor(1) as line:
        sending = None
        while taken := take_messages(at_once, at=clock.now()) if time.monotonic() < until else []:
            if per_second:
                time.sleep(keep_pace("sms", len(taken), per_second))
            before, sending = sending, line.submit(gateway.send, taken)
            _book(before)
        _book(sending)


def _book(sent: "Future[list[SendResult]] | None") -> None:
    """Wait for the gateway's answers, and book them."""
    if sent is not None:
        results = sent.result()
        book_sent(results, at=clock.now())
        _log.info("%d messages sent, %d not", sum(each.accepted for each in results), sum(not each.accepted for each in results))


@shared_task(name="agency.read_receipts")
def read_receipts() -> None:
    """Ask what became of the messages that the gateway accepted: of each one again and again, or, where the gateway reports by
    itself, once it is late. What is late and not known at the gateway either has no answer."""
    gateway, after, late = sms_gateway(), 0, settings.SMS_REPORTS == "pushed"
    while keys := awaiting_receipt(SENT_AT_ONCE, after=after, late=late, at=clock.now()):
        receipts = gateway.receipts(keys)
        book_receipts(receipts, at=clock.now())
        if given_up := book_unreported(receipts, at=clock.now()):
            _log.warning("%d messages have no report, nor does the gateway know of one", given_up)
        after = int(keys[-1])
    forget_pushes(called_before=datetime.now(UTC))


@shared_task(name="agency.work_jobs")
def work_jobs() -> None:
    """Check and confirm the imports that wait, one job after the other; then forget what was given up."""
    for kind, handler in ((Job.Kind.CHECK, imports.work_check), (Job.Kind.CONFIRM, imports.work_confirm)):
        while jobs.work_next(kind, handler, now=clock.now):
            pass
    imports.forget_staged()
    forget_writes()


@shared_task(name="agency.end_expired_links")
def end_links() -> None:
    """Note of the links whose deadline has passed that they ended; they lead nowhere from that moment on, noted or not."""
    end_expired_links(at=clock.now())


@shared_task(name="agency.drop_stray_files")
def drop_stray_files() -> None:
    """Remove the files of work that was rolled back or killed; their age is by the disk's clock, not the desk's."""
    if dropped := files.drop_strays(written_before=datetime.now(UTC) - STRAYS_LIE):
        _log.warning("%d files that no row names were removed", dropped)


@shared_task(name="agency.evidence_overdue")
def evidence_overdue() -> None:
    """Appeals whose evidence was not handed in by its day go on with what there is."""
    if late := appeals.evidence_overdue(clock.today(), at=clock.now()):
        _log.info("%d appeals go on without the evidence asked for", late)
