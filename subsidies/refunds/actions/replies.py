"""短信答复: a reply from a registered phone with one open offer and one of the known words answers that offer. Everything else
is listed for a clerk with its reason; nothing is guessed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q
from django.utils.timezone import localdate

from agency.actions import answer_meant, queue_messages
from agency.models import CaseKind, Programme, Reply
from agency.moves import MoveRefused, move_all
from enterprises.actions import SignInRefused, acting_user
from enterprises.models import Enterprise
from subsidies.payout.queries import NoTerms, terms_in_force
from subsidies.refunds.actions.answers import Through, confirm, decline
from subsidies.refunds.actions.refusals import RefundRefused
from subsidies.refunds.models import Application, State

AT_ONCE = 100
TOLD_AGAIN = timedelta(days=1)  # a phone hears from us at most once a day
_TAKING = 0x72657066  # the advisory lock of whoever takes replies
Fate = Reply.Fate
TAKEN = frozenset({Fate.CONFIRMED, Fate.DECLINED, Fate.REPEATED})
UNTOLD = frozenset({Fate.UNKNOWN_PHONE, Fate.NO_OFFER, Fate.REPEATED, Fate.DECLINED})  # of a decline another message tells
OPEN = frozenset({State.OFFERED, State.OVERDUE, State.DECLINED})
ACCEPTED = frozenset({State.CONFIRMED, State.SUBMITTED, State.RETURNED, State.REVIEWED, State.APPROVED})


class Read(NamedTuple):
    """What becomes of a reply, and the cases that it may be about."""

    reply: Reply
    fate: str
    cases: Sequence[Application]


def take_replies(*, at: datetime) -> Counter[str]:
    """Take up to a hundred new replies, oldest first: answer, or list. Returns how many by what became of them; empty where
    none is left, or another process takes them."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_TAKING])
            if not cursor.fetchone()[0]:
                return Counter()
        new = Reply.objects.select_for_update().filter(state=Reply.State.NEW, voided=False)
        replies = list(new.order_by("received_at", "pk")[:AT_ONCE])
        units, cases = _registered({reply.phone_index for reply in replies})
        read = [_take(reply, units.get(reply.phone_index, ()), cases, at) for reply in replies]
        _book(read, units, at)
        _tell(read, at)
    return Counter(each.fate for each in read)


Units = Mapping[str, Sequence[Enterprise]]
Cases = Mapping[int, Sequence[Application]]


def _registered(phones: Iterable[str]) -> tuple[Units, Cases]:
    """The enterprises by registered phone, and by enterprise its cases in open programmes."""
    given = set(phones)
    of_phone = Q(phone_index__in=given) | Q(legal_phone_index__in=given)
    units: dict[str, list[Enterprise]] = defaultdict(list)
    for enterprise in Enterprise.objects.filter(of_phone, voided=False).order_by("pk"):
        for phone in {enterprise.phone_index, enterprise.legal_phone_index} & given:
            units[phone].append(enterprise)
    cases: dict[int, list[Application]] = defaultdict(list)
    ids = {enterprise.pk for found in units.values() for enterprise in found}
    opened = Application.objects.filter(enterprise__in=ids, programme__state=Programme.State.OPEN)
    for case in opened.select_related("programme", "enterprise", "region").order_by("pk"):
        cases[case.enterprise_id].append(case)
    return units, cases


def _take(reply: Reply, units: Sequence[Enterprise], cases: Cases, at: datetime) -> Read:
    if not units:
        return Read(reply, Fate.UNKNOWN_PHONE, ())
    known = [case for unit in units for case in cases.get(unit.pk, ())]
    known = [case for case in known if case.offered_at and case.offered_at <= reply.received_at]
    accepts = answer_meant(reply.text.reveal())
    waiting = [case for case in known if case.state in OPEN]
    if len(waiting) != 1:
        return _without_one(reply, known, waiting, accepts)
    [case] = waiting
    if accepts is None:
        return Read(reply, Fate.UNCLEAR, waiting)
    if case.state == State.DECLINED and not accepts:
        return Read(reply, Fate.REPEATED, waiting)
    if case.answered_at and case.answered_at > reply.received_at:
        return Read(reply, Fate.ANSWERED, waiting)
    if (case.state == State.OVERDUE and not accepts) or not _in_period(case.programme, reply, at):
        return Read(reply, Fate.LATE, waiting)
    return Read(reply, _answer(case, accepts, at), waiting)


def _without_one(reply: Reply, known: Sequence[Application], waiting: Sequence[Application], accepts: bool | None) -> Read:
    """A reply from a registered phone with no open offer, or with several."""
    if waiting:
        return Read(reply, Fate.SEVERAL, waiting)
    if len(known) == 1 and accepts and known[0].state in ACCEPTED:
        return Read(reply, Fate.REPEATED, known)
    if accepts is None or not known:
        return Read(reply, Fate.NO_OFFER, known)
    late = all(case.state == State.WAIVED for case in known)
    return Read(reply, Fate.LATE if late else Fate.ANSWERED, known)


def _in_period(programme: Programme, reply: Reply, at: datetime) -> bool:
    try:
        first, last = terms_in_force(programme, localdate(at)).refund_period
    except NoTerms:
        return False
    return first <= localdate(reply.received_at) <= last and first <= localdate(at) <= last


def _answer(case: Application, accepts: bool, at: datetime) -> str:
    """Answer for the enterprise, as its own user."""
    try:
        with transaction.atomic():
            user = acting_user(case.enterprise, at=at)
            if accepts:
                confirm(case, by=user, at=at, through=Through.SMS)
                return Fate.CONFIRMED
            decline(case, "", by=user, at=at, through=Through.SMS)
            return Fate.DECLINED
    except (MoveRefused, RefundRefused, SignInRefused):
        return Fate.REFUSED


def _book(read: Sequence[Read], units: Units, at: datetime) -> None:
    """The state of each reply, and the one case and region that it is about, where there is one."""
    about = [(each.reply.pk, case.pk, case.region_id) for each in read if len(each.cases) == 1 for case in each.cases]
    for each in read:
        regions = {unit.region_id for unit in units.get(each.reply.phone_index, ())}
        if len(each.cases) != 1 and len(regions) == 1:
            about.append((each.reply.pk, None, regions.pop()))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE agency_reply reply SET case_id = given.case_id, region_id = given.region, "
            "case_kind = CASE WHEN given.case_id IS NULL THEN '' ELSE %s END "
            "FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) given (id, case_id, region) WHERE reply.id = given.id",
            [CaseKind.REFUND, *([row[place] for row in about] for place in range(3))],
        )
    for fate in {each.fate for each in read}:
        rows = Reply.objects.filter(pk__in=[each.reply.pk for each in read if each.fate == fate])
        to = Reply.State.TAKEN if fate in TAKEN else Reply.State.LISTED
        move_all(rows, to, by=None, at=at, why=Fate(fate).label, also={"fate": fate})


def _tell(read: Sequence[Read], at: datetime) -> None:
    """One message back where that helps, to each phone at most one a day."""
    phones = [each.reply.phone_index for each in read]
    told = Reply.objects.filter(phone_index__in=phones, told_at__gt=at - TOLD_AGAIN)
    heard = set(told.values_list("phone_index", flat=True))
    telling = []
    for each in read:
        if each.cases and each.fate not in UNTOLD and each.reply.phone_index not in heard:
            heard.add(each.reply.phone_index)
            telling.append(each)
    rows = defaultdict(list)
    for each in telling:
        case, alone = each.cases[0], len(each.cases) == 1
        kind = "reply_confirmed" if each.fate == Fate.CONFIRMED else "reply_unclear"
        params = {"name": case.enterprise.name if alone else "您好", "title": case.programme.title}
        row = (CaseKind.REFUND, case.pk if alone else None, case.region_id, each.reply.phone.reveal(), params)
        rows[kind, case.programme].append(row)
    for (kind, programme), messages in rows.items():
        queue_messages(kind, messages, at=at, programme=programme)
    Reply.objects.filter(pk__in=[each.reply.pk for each in telling]).update(told_at=at)
