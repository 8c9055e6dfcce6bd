"""退回补正: what an own application lacks is asked for, until a day; after it a person decides, never silence."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import localdate

from agency.actions.messages import queue_messages
from agency.models import CaseKind, Event, Programme, Role, User
from agency.moves import check_mover, record
from agency.queries import calendar
from subsidies.refunds.actions.offers import phone_of
from subsidies.refunds.actions.refusals import RefundRefused
from subsidies.refunds.actions.reviews import tell_back
from subsidies.refunds.models import Application, Completion, State

USUAL_WORKING_DAYS = 10
REMIND_DAYS_BEFORE = 3


def return_for_completion(
    application: Application, reason: str, missing: Sequence[str] = (), complete_by: date | None = None, *, by: User, at: datetime
) -> None:
    """Send an own application back: why, what is missing (rule codes of policy.evidence), and the last day on which it may be
    completed (10 working days from the day after, where none is given). The enterprise is told."""
    today = localdate(at)
    until = complete_by or usual_day(today)
    if until <= today:
        raise RefundRefused("补正截止日须在今天之后，请重新填写。")
    with transaction.atomic():
        tell_back(application, State.RETURNED, "returned", reason, by=by, at=at, complete_by=until)
        ask_for([application.pk], reason, missing, until, by=by, at=at)


def usual_day(today: date) -> date:
    """The last day for what is returned on a day, where none is given."""
    return calendar().nth_after(today, USUAL_WORKING_DAYS)


def ask_for(ids: Sequence[int], reason: str, missing: Sequence[str], until: date, *, by: User, at: datetime) -> None:
    """What cases that were just returned are asked for; what was asked of them before is over."""
    Completion.objects.filter(application__in=ids, answered_at__isnull=True).update(answered_at=at)
    asked = {"reason": reason.strip()[:500], "missing": list(missing), "complete_by": until, "asked_by": by, "asked_at": at}
    Completion.objects.bulk_create(Completion(application_id=pk, **asked) for pk in ids)


def extend_completion(application: Application, complete_by: date, *, by: User, at: datetime) -> None:
    """Give an enterprise until a later day to complete its application."""
    check_mover(application, {Role.PREPARER}, by, at)
    with transaction.atomic():
        waiting = application.completions.select_for_update().filter(answered_at__isnull=True).first()
        if application.state != State.RETURNED or waiting is None:
            raise RefundRefused("此件不在退回补正状态，请刷新页面后再看。")
        if complete_by <= max(waiting.complete_by, localdate(at)):
            raise RefundRefused(f"新的截止日须晚于今天和原截止日 {waiting.complete_by}。")
        record(
            Event.Kind.WRITE, case=CaseKind.REFUND, case_id=application.pk, by=by, at=at, region_id=application.region_id,
            why=f"补正期限由 {waiting.complete_by} 延至 {complete_by}",
        )  # fmt: skip
        Completion.objects.filter(pk=waiting.pk).update(complete_by=complete_by, reminded_at=None, overdue_at=None)


def tell_completions(on: date, *, at: datetime, limit: int = 5_000) -> int:
    """Tell each enterprise whose application is still to be completed: three days before the last day, and once it is over.
    Safe late, twice and at once. Returns how many were told."""
    soon = Completion.objects.filter(
        complete_by__gte=on,
        complete_by__lte=on + timedelta(days=REMIND_DAYS_BEFORE),
        reminded_at__isnull=True,
        asked_at__date__lt=on,
    )
    over = Completion.objects.filter(complete_by__lt=on, overdue_at__isnull=True)
    return _tell(soon, "completion_due", "reminded_at", at, limit) + _tell(over, "completion_overdue", "overdue_at", at, limit)


def _tell(rows: "QuerySet[Completion]", message: str, mark: str, at: datetime, limit: int) -> int:
    waiting = rows.filter(answered_at__isnull=True, application__state=State.RETURNED).order_by("pk")
    with transaction.atomic():
        mine = waiting.select_related("application__enterprise", "application__programme")
        taken = list(mine.select_for_update(of=("self",), skip_locked=True)[:limit])
        Completion.objects.filter(pk__in=[each.pk for each in taken]).update(**{mark: at})
        by_programme: dict[Programme, list[Completion]] = {}
        for each in taken:
            by_programme.setdefault(each.application.programme, []).append(each)
        for programme, theirs in by_programme.items():
            rows_of = [_message(each) for each in theirs if phone_of(each.application)]
            queue_messages(message, rows_of, at=at, programme=programme)
    return len(taken)


def _message(completion: Completion) -> tuple[str, int, str, str, dict[str, object]]:
    case = completion.application
    params = {"name": case.enterprise.name, "title": case.programme.title, "complete_by": completion.complete_by}
    return CaseKind.REFUND, case.pk, case.region_id, phone_of(case), params
