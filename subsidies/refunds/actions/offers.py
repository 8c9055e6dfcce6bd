"""推送确认: offer the refund to eligible enterprises by SMS and portal (免申即享), and tell dispatch units to apply."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import localdate

from agency.actions.links import NewLink, new_links
from agency.actions.messages import Row, queue_messages
from agency.models import CaseKind, Message, Programme, Role, User
from agency.moves import check_mover, move_all
from agency.queries import within
from policy.notice import Terms
from subsidies.payout.queries import terms_in_force
from subsidies.refunds.actions.refusals import RefundRefused, check_period
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries.offers import OBSTACLES, eligible

CHUNK = 5_000
SILENT_OFFER = "offer_silent"  # the offer of a programme in which silence accepts, and which says so
GUIDE = "dispatch"  # the message that tells a dispatch unit of the policy and how to apply


class Offered(NamedTuple):
    """How many were offered, and the ids of the eligible that were not, by word of OBSTACLES."""

    offered: int
    not_offered: dict[str, list[int]]


def offer_all(programme: Programme, *, by: User, at: datetime) -> Offered:
    """Offer every eligible case of the programme in the clerk's regions that nothing stands against, each with its SMS.

    Raises RefundRefused (programme not open, day outside the period) and MoveRefused (no such post)."""
    check_mover(programme, {Role.PREPARER}, by, at)
    today = localdate(at)
    check_period(programme, today)
    terms = terms_in_force(programme, today)
    mine = eligible(programme, terms, today).filter(within(by, {Role.PREPARER}, today)).order_by("pk")
    not_offered: dict[str, list[int]] = defaultdict(list)
    ready: list[int] = []
    for pk, obstacle in mine.values_list("pk", "obstacle"):
        (not_offered[obstacle] if obstacle else ready).append(pk)
    offered = 0
    every = iter(ready)
    while ids := list(islice(every, CHUNK)):
        with transaction.atomic():
            moved, refused = offer_rows(Application.objects.filter(pk__in=ids), programme, terms, by=by, at=at)
        offered += len(moved)
        if refused:
            not_offered["held"] += refused
    return Offered(offered, dict(not_offered))


def offer(application: Application, *, by: User, at: datetime) -> None:
    """Offer one case. Raises RefundRefused naming what stands against it."""
    today = localdate(at)
    programme = application.programme
    check_period(programme, today)
    check_mover(application, {Role.PREPARER}, by, at)
    terms = terms_in_force(programme, today)
    with transaction.atomic():
        found = eligible(programme, terms, today).filter(pk=application.pk).values_list("obstacle", flat=True).first()
        if found is None:
            raise RefundRefused("只有“符合”的事项，以及须再确认的自主申请，可以推送；请刷新页面后再看。")
        if found:
            raise RefundRefused(f"不能推送：{OBSTACLES[found]}。")
        moved, _ = offer_rows(Application.objects.filter(pk=application.pk), programme, terms, by=by, at=at)
        if not moved:
            raise RefundRefused("此件刚刚已由他人处理或暂缓，本次未推送；请刷新页面后再看。")
    application.refresh_from_db()


def offer_rows(
    rows: "QuerySet[Application]", programme: Programme, terms: Terms, *, by: User, at: datetime
) -> tuple[list[int], list[int]]:
    """Offer rows of one programme that nothing stands against, each with its message: the ids moved, and those refused."""
    deadline = answer_by(programme, terms, localdate(at))
    also = {"offered_at": at, "confirm_by": deadline, "answered_at": None, "answer_channel": ""}
    moved, refused = move_all(rows, State.OFFERED, by=by, at=at, why="推送确认", also=also)
    kind = SILENT_OFFER if terms.word_of("confirm_mode") == "silent" else "offer"
    told = {"title": programme.title}
    contacts = [(each, phone_of(each), deadline) for each in with_contacts(moved)]
    queue_messages(kind, with_links(contacts, told, at=at), at=at, programme=programme)
    return moved, refused


def answer_by(programme: Programme, terms: Terms, offered_on: date) -> date:
    """The last day to confirm in time: the programme's, else so many days after the offer; never after the period."""
    last = terms.refund_period[1]
    if programme.confirm_by and programme.confirm_by >= offered_on:
        return min(programme.confirm_by, last)
    return min(offered_on + timedelta(days=terms.count_of("confirm_days")), last)


def with_contacts(ids: Sequence[int]) -> "QuerySet[Application]":
    """The applications with what a message needs."""
    return Application.objects.filter(pk__in=ids).select_related("enterprise").order_by("pk")


def phone_of(application: Application) -> str:
    """The contact's phone, else the legal representative's; empty where neither is on record."""
    enterprise = application.enterprise
    return (enterprise.phone or enterprise.legal_phone).reveal()


def with_links(contacts: Sequence[tuple[Application, str, date]], told: Mapping[str, object], *, at: datetime) -> list[Row]:
    """The message of each application to a phone, with a short link of its own that works up to a last day; links that
    were sent before end."""
    wanted = [NewLink(each.pk, each.enterprise.uscc, phone, until) for each, phone, until in contacts]
    links = new_links(CaseKind.REFUND, wanted, at=at)
    return [
        _message(each, phone, {**told, "deadline": until, "link": link})
        for (each, phone, until), link in zip(contacts, links, strict=True)
    ]


def _message(application: Application, phone: str, told: Mapping[str, object]) -> Row:
    params = {"name": application.enterprise.name, "amount": application.amount, **told}
    return (CaseKind.REFUND, application.pk, application.region_id, phone, params)


def guide_dispatch(programme: Programme, *, by: User, at: datetime) -> int:
    """Tell each dispatch unit that would be eligible of the policy and how to apply, once, by SMS (晋人社厅发〔2024〕28号 五).

    Returns how many were told."""
    check_mover(programme, {Role.PREPARER}, by, at)
    today = localdate(at)
    check_period(programme, today)
    period_end = terms_in_force(programme, today).refund_period[1]
    told = Message.objects.filter(case_kind=CaseKind.REFUND, kind=GUIDE).values("case_id")
    rows = Application.objects.filter(programme=programme, state=State.ELIGIBLE, enterprise__dispatch=True)
    rows = rows.exclude(pk__in=told).exclude(enterprise__phone="", enterprise__legal_phone="")
    with transaction.atomic():
        Programme.objects.select_for_update().get(pk=programme.pk)
        mine = list(rows.filter(within(by, {Role.PREPARER}, today)).values_list("pk", flat=True))
        params = {"title": programme.title, "period_end": period_end}
        messages = [_message(each, phone_of(each), params) for each in with_contacts(mine)]
        return queue_messages(GUIDE, messages, at=at, programme=programme)
