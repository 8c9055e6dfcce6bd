"""到期与告知: what the calendar turns by itself, and the message that the money has arrived."""

from datetime import date, datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.timezone import localdate

from agency.actions.messages import queue_messages
from agency.models import CaseKind, Message, Programme
from agency.moves import move_all
from subsidies.payout.models import Award
from subsidies.payout.queries import NoTerms, terms_in_force
from subsidies.refunds.actions.offers import GUIDE, phone_of
from subsidies.refunds.models import Application, State

_TELLING = 0x70616964  # the advisory lock of whoever tells that money was paid


class Turned(NamedTuple):
    """How many cases a day turned."""

    overdue: int
    waived: int


def day_turns(on: date, *, at: datetime) -> Turned:
    """As of a day: what was not confirmed in time is OVERDUE; the day after the period what was neither confirmed nor
    applied for is WAIVED, dispatch units that were told included. Safe late and twice."""
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
    return Turned(len(overdue.moved), waived)


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
        silent = rows.filter(state__in=[State.OFFERED, State.DECLINED, State.OVERDUE])
        waived += len(move_all(silent, State.WAIVED, by=None, at=at, why=why).moved)
    if terms.says("dispatch_unapplied_waived"):
        why = f"已知政策而未主动申请，视为放弃 {terms.clause('dispatch_unapplied_waived')}".strip()
        told = Message.objects.filter(case_kind=CaseKind.REFUND, case_id=OuterRef("pk"), kind=GUIDE)
        units = rows.filter(Exists(told.exclude(state=Message.State.FAILED)), state=State.ELIGIBLE, enterprise__dispatch=True)
        waived += len(move_all(units, State.WAIVED, by=None, at=at, why=why).moved)
    return waived


def tell_paid(*, at: datetime, limit: int = 5_000) -> int:
    """Tell each enterprise whose money has arrived, once: amount, day, permitted uses (人社部发〔2024〕40号 五). Safe in any
    number of processes at once. Returns how many were told."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_TELLING])
            if not cursor.fetchone()[0]:
                return 0
        told = Message.objects.filter(case_kind=CaseKind.AWARD, case_id=OuterRef("award_id"), kind="paid")
        rows = Application.objects.filter(~Exists(told), award__state=Award.State.PAID)
        rows = rows.exclude(Q(enterprise__phone="") & Q(enterprise__legal_phone=""))
        paid = rows.select_related("enterprise", "award", "programme").order_by("programme_id", "pk")[:limit]
        by_programme: dict[Programme, list[Application]] = {}
        for each in paid:
            by_programme.setdefault(each.programme, []).append(each)
        return sum(_tell(programme, mine, at=at) for programme, mine in by_programme.items())


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
    return queue_messages("paid", rows, at=at, sign=programme.sms_sign)
