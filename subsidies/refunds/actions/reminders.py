"""催促: each sweep gives every unanswered offer the newest rung that is due to it, once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from itertools import islice

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import TruncDate
from django.utils.timezone import localdate

from agency.actions.messages import queue_messages
from agency.models import Programme
from agency.queries import calendar
from policy import reminders
from policy.notice import Terms
from policy.reminders import Rung
from subsidies.payout.queries import NoTerms, terms_in_force
from subsidies.refunds.actions.offers import with_contacts, with_links
from subsidies.refunds.models import Application, Reminder, State
from subsidies.refunds.queries.reminders import unanswered

CHUNK = 5_000
# Rows that another sweep has in hand are passed by; what it has just given is refused by the constraint, not given twice.
_GIVE = """
    INSERT INTO refunds_reminder (application_id, offered_at, rung, kind, at, phones)
    SELECT id, offered_at, %s, %s, %s, 0 FROM (
        SELECT id, offered_at FROM refunds_application
        WHERE id = ANY(%s::bigint[]) AND state IN ('OFFERED', 'OVERDUE') ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ) waiting
    ON CONFLICT DO NOTHING RETURNING application_id
"""


def remind(*, at: datetime) -> int:
    """Give every unanswered offer the newest rung due to it: an SMS, a place on the call list, one on the public list.
    Safe late, twice, at once and killed. Returns how many were given one."""
    today = localdate(at)
    given = 0
    for programme in Programme.objects.filter(state=Programme.State.OPEN).order_by("pk"):
        try:
            terms = terms_in_force(programme, today)
        except NoTerms:
            continue
        given += _remind(programme, terms, today, at=at)
    return given


def _remind(programme: Programme, terms: Terms, today: date, *, at: datetime) -> int:
    """One programme: offers of one day with one deadline stand on one rung."""
    worked = calendar()
    waiting = unanswered(programme).annotate(offered_on=TruncDate("offered_at"))
    if terms.word_of("confirm_mode") == "silent":  # nobody is asked to answer before the deadline
        waiting = waiting.filter(state=State.OVERDUE)
    given = 0
    for offered_on, confirm_by in waiting.order_by().values_list("offered_on", "confirm_by").distinct():
        rung = reminders.due(terms, offered_on, confirm_by, today, worked)
        if rung is None:
            continue
        had = Reminder.objects.filter(application=OuterRef("pk"), offered_at=OuterRef("offered_at"), rung__gte=rung.number)
        mine = waiting.filter(~Exists(had), offered_on=offered_on, confirm_by=confirm_by).order_by("pk")
        ids = iter(list(mine.values_list("pk", flat=True)))  # all of them, before the rows that they are compared with grow
        while chunk := list(islice(ids, CHUNK)):
            given += _give(programme, terms, rung, chunk, at=at)
    return given


def _give(programme: Programme, terms: Terms, rung: Rung, ids: Sequence[int], *, at: datetime) -> int:
    """One chunk, one transaction: the rows, and for an SMS rung the messages. Returns how many were given the rung."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_GIVE, [rung.number, rung.kind, at, list(ids)])
            mine = [pk for (pk,) in cursor.fetchall()]
        if rung.kind == reminders.Kind.SMS:
            _send(programme, terms, rung, mine, at=at)
    return len(mine)


def _send(programme: Programme, terms: Terms, rung: Rung, ids: Sequence[int], *, at: datetime) -> None:
    """The messages of one chunk, and on each row to how many phones it went; none where no phone is on record."""
    contacts: dict[str, list[tuple[Application, str, date]]] = defaultdict(list)
    reached: dict[int, list[int]] = defaultdict(list)
    told = {"title": programme.title, "period_end": terms.refund_period[1]}
    for each in with_contacts(ids):
        kind = "reminder" if each.state == State.OFFERED else "reminder_overdue"
        until = each.confirm_by if each.state == State.OFFERED and each.confirm_by else terms.refund_period[1]
        phones = phones_of(each, terms)
        contacts[kind] += [(each, phone, until) for phone in phones]
        reached[len(phones)].append(each.pk)
    for kind, mine in contacts.items():
        queue_messages(kind, with_links(mine, told, at=at), at=at, programme=programme)
    for count, pks in reached.items():
        if count:
            Reminder.objects.filter(application__in=pks, rung=rung.number, at=at).update(phones=count)


def phones_of(application: Application, terms: Terms) -> list[str]:
    """The phones that a reminder goes to, each once: the contact's, and by the terms the legal representative's too."""
    enterprise = application.enterprise
    phones = [enterprise.phone.reveal(), enterprise.legal_phone.reveal()]
    if terms.word_of("reminder_recipients") == "contact":
        phones = [phones[0] or phones[1]]
    return list(dict.fromkeys(filter(None, phones)))
