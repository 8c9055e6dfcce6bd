"""到期与告知: what the calendar turns by itself, and the message that the money has arrived."""

from datetime import date, datetime
from itertools import islice
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.utils.timezone import localdate

from agency.actions.messages import Row, queue_messages
from agency.models import CaseKind, Event, Message, Programme
from agency.moves import move_all
from policy.notice import Terms
from subsidies.payout.models import Award
from subsidies.payout.queries import NoTerms, terms_in_force
from subsidies.refunds.actions.offers import CHUNK, GUIDE, SILENT_OFFER, phone_of, with_contacts
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries.reminders import unanswered

_TELLING = 0x70616964  # the advisory lock of whoever tells enterprises what became of their case


class Turned(NamedTuple):
    """How many cases a day turned."""

    overdue: int
    waived: int
    silent: int = 0


def day_turns(on: date, *, at: datetime) -> Turned:
    """As of a day: what was not confirmed in time is OVERDUE, or CONFIRMED where the programme chose that silence accepts
    and the enterprise was told so; the day after the period what was neither confirmed nor applied for is WAIVED, dispatch
    units that were told included. Safe late and twice."""
    silent = sum(_confirm_silent(each, on, at=at) for each in Programme.objects.filter(state=Programme.State.OPEN))
    overdue = move_all(
        Application.objects.filter(state=State.OFFERED, confirm_by__lt=on),
        State.OVERDUE,
        by=None,
        at=at,
        why="超过确认期限未答复",
    )
    waived = 0
    for programme in Programme.objects.exclude(state=Programme.State.PREPARED):
        waived += _waive(programme, on, at=at)
    return Turned(len(overdue.moved), waived, silent)


def _confirm_silent(programme: Programme, on: date, *, at: datetime) -> int:
    """默示确认: who was told, by a message that arrived, that silence accepts, and let the deadline pass. Whoever was told
    something else, cannot be shown to have been told, or waits for the agency (a hold) is overdue like any other."""
    try:
        terms = terms_in_force(programme, on)
    except NoTerms:
        return 0
    if terms.word_of("confirm_mode") != "silent":
        return 0
    told = Message.objects.filter(
        case_kind=CaseKind.REFUND, case_id=OuterRef("pk"), kind=SILENT_OFFER, state=Message.State.DELIVERED,
        created_at__gte=OuterRef("offered_at"),
    )  # fmt: skip
    rows = unanswered(programme).filter(Exists(told), state=State.OFFERED, confirm_by__lt=on)
    why = f"已告知期限内未提出放弃，默示确认 {terms.clause('confirm_mode')}".strip()
    also = {"answered_at": at, "answer_channel": Application.AnswerChannel.SILENCE}
    return len(move_all(rows, State.CONFIRMED, by=None, at=at, why=why, also=also).moved)


def _waive(programme: Programme, on: date, *, at: datetime) -> int:
    try:
        terms = terms_in_force(programme, on)
    except NoTerms:
        return 0
    if on <= terms.refund_period[1]:
        return 0
    rows = Application.objects.filter(programme=programme)
    waived = 0
    if terms.word_of("unconfirmed_at_end") == "waived":
        why = f"政策期内未确认且未申请，视为放弃 {terms.clause('unconfirmed_at_end')}".strip()
        unapplied = rows.exclude(channel=Application.Channel.OWN_APPLICATION)  # who applied itself has not kept silent
        quiet = unapplied.filter(state__in=[State.OFFERED, State.DECLINED, State.OVERDUE])
        waived += len(move_all(quiet, State.WAIVED, by=None, at=at, why=why).moved)
    if terms.says("dispatch_unapplied_waived"):
        why = f"已知政策而未主动申请，视为放弃 {terms.clause('dispatch_unapplied_waived')}".strip()
        told = Message.objects.filter(case_kind=CaseKind.REFUND, case_id=OuterRef("pk"), kind=GUIDE)
        units = rows.filter(Exists(told.exclude(state=Message.State.FAILED)), state=State.ELIGIBLE, enterprise__dispatch=True)
        waived += len(move_all(units, State.WAIVED, by=None, at=at, why=why).moved)
    return waived


# state: (the message that tells of it, since when)
_TOLD_OF = {State.DECLINED: ("declined", "answered_at"), State.OVERDUE: ("overdue", "offered_at")}


def tell_turned(*, at: datetime) -> int:
    """Tell each that declined, or let the deadline pass, that it can still confirm or apply, once, while the period runs.
    Safe in any number of processes at once. Returns how many were told."""
    today = localdate(at)
    told = 0
    for programme in Programme.objects.filter(state=Programme.State.OPEN).order_by("pk"):
        try:
            terms = terms_in_force(programme, today)
        except NoTerms:
            continue
        if not terms.refund_period[0] <= today <= terms.refund_period[1]:
            continue
        for state, (kind, since) in _TOLD_OF.items():
            rows = Application.objects.filter(**{f"{since}__isnull": False}, programme=programme, state=state)
            ids = rows.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=CHUNK)
            while chunk := list(islice(ids, CHUNK)):
                told += _tell_turned(programme, terms, rows.filter(pk__in=chunk), kind, since, at=at)
    return told


def _tell_turned(
    programme: Programme, terms: Terms, rows: "QuerySet[Application]", kind: str, since: str, *, at: datetime
) -> int:
    """One chunk: those that the message has not reached since. What each has heard is asked by its number, so that the
    time does not grow with all the messages there are."""
    with transaction.atomic():
        if not _alone():
            return 0
        turned = list(rows.exclude(enterprise__phone="", enterprise__legal_phone="").order_by("pk").values_list("pk", since))
        messages = Message.objects.filter(case_kind=CaseKind.REFUND, case_id__in=[pk for pk, _ in turned], kind=kind)
        heard = dict(messages.order_by().values_list("case_id").annotate(Max("created_at")))
        waiting = with_contacts([pk for pk, turned_at in turned if pk not in heard or heard[pk] < turned_at])
        at_end = "，届时未办理的视为放弃" if terms.word_of("unconfirmed_at_end") == "waived" else ""
        told = {"title": programme.title, "period_end": terms.refund_period[1], "at_end": at_end}
        new = [
            (CaseKind.REFUND, each.pk, each.region_id, phone_of(each), told | {"name": each.enterprise.name}) for each in waiting
        ]
        return queue_messages(kind, new, at=at, programme=programme)


def _alone() -> bool:
    """Whether nobody else is telling, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_TELLING])
        return bool(cursor.fetchone()[0])


def tell_paid(*, at: datetime, limit: int = 5_000) -> int:
    """Tell each enterprise whose money has arrived, once: amount, day, permitted uses (人社部发〔2024〕40号 五). Safe in any
    number of processes at once. Returns how many were told."""
    with transaction.atomic():
        if not _alone():
            return 0
        told = Message.objects.filter(case_kind=CaseKind.AWARD, case_id=OuterRef("award_id"), kind="paid")
        rows = Application.objects.filter(~Exists(told), award__state=Award.State.PAID)
        rows = rows.exclude(Q(enterprise__phone="") & Q(enterprise__legal_phone=""))
        paid = rows.select_related("enterprise", "award", "programme").order_by("programme_id", "pk")[:limit]
        by_programme: dict[Programme, list[Application]] = {}
        for each in paid:
            by_programme.setdefault(each.programme, []).append(each)
        return sum(_tell(programme, mine, at=at) for programme, mine in by_programme.items())


def tell_struck(*, at: datetime, limit: int = 5_000) -> int:
    """Tell each enterprise whose refund was struck after its approval, once, with the reason. Safe in any number of
    processes at once. Returns how many were told."""
    with transaction.atomic():
        if not _alone():
            return 0
        told = Message.objects.filter(case_kind=CaseKind.AWARD, case_id=OuterRef("award_id"), kind="rejected")
        struck = Event.objects.filter(case_kind=Award.CASE, case_id=OuterRef("award_id"), to_state=Award.State.STRUCK)
        rows = Application.objects.filter(~Exists(told), state=State.APPROVED, award__state=Award.State.STRUCK)
        rows = rows.exclude(enterprise__phone="", enterprise__legal_phone="")
        rows = rows.annotate(why=Subquery(struck.order_by("-pk").values("why")[:1]))
        by_programme: dict[Programme, list[Row]] = {}
        for each in rows.select_related("enterprise", "programme").order_by("programme_id", "pk")[:limit]:
            words = {"name": each.enterprise.name, "title": each.programme.title, "reason": each.why}
            row = (CaseKind.AWARD, each.award_id, each.region_id, phone_of(each), words)
            by_programme.setdefault(each.programme, []).append(row)
        return sum(queue_messages("rejected", mine, at=at, programme=one) for one, mine in by_programme.items())


def _tell(programme: Programme, paid: list[Application], *, at: datetime) -> int:
    terms = terms_in_force(programme, localdate(at))
    uses = "、".join(terms.words_of("uses")) + (f"（{condition}）" if (condition := terms.word_of("uses_condition")) else "")
    rows = [
        (
            CaseKind.AWARD, each.award_id, each.region_id, phone_of(each),
            {
                "name": each.enterprise.name, "title": programme.title, "amount": each.award.amount,
                "paid_on": each.award.paid_on, "uses": uses,
            },
        )
        for each in paid
    ]  # fmt: skip
    return queue_messages("paid", rows, at=at, programme=programme)
