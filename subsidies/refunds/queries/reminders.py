"""未确认: whom a reminder reaches, who is to be called, whose name the public may see."""

from datetime import date

from django.db.models import Exists, F, OuterRef, QuerySet

from agency.models import CaseKind, Programme
from policy import reminders
from subsidies.payout.queries import NoTerms, terms_in_force
from subsidies.refunds.models import Application, CallOutcome, Reminder, State
from subsidies.refunds.queries.offers import open_holds_of

UNANSWERED = (State.OFFERED, State.OVERDUE)


def unanswered(programme: Programme) -> "QuerySet[Application]":
    """The offers of a programme that nobody has answered; one that waits for the agency itself (a hold), or whose
    enterprise said on the phone that it wants nothing, is not among them."""
    rows = Application.objects.filter(programme=programme, state__in=UNANSWERED, offered_at__isnull=False)
    year = str(programme.year)
    said_no = CallOutcome.objects.filter(
        uscc=OuterRef("enterprise__uscc"), result=CallOutcome.Result.DECLINES, called_at__startswith=year, voided=False
    )
    return rows.exclude(Exists(open_holds_of(CaseKind.REFUND))).exclude(Exists(said_no))


def reached(programme: Programme, kind: str) -> "QuerySet[Application]":
    """The unanswered whose present offer has come to a list of this kind (Reminder.Kind)."""
    given = Reminder.objects.filter(application=OuterRef("pk"), offered_at=OuterRef("offered_at"), kind=kind)
    return unanswered(programme).filter(Exists(given))


def to_call(programme: Programme) -> "QuerySet[Application]":
    """Those whom a clerk is to call, in the order of their codes."""
    return reached(programme, Reminder.Kind.CALL).select_related("enterprise", "region").order_by("enterprise__uscc")


def calls_of(application: Application) -> "QuerySet[CallOutcome]":
    """What came of calling the case's enterprise in its year, the latest first."""
    calls = CallOutcome.objects.filter(uscc=application.enterprise.uscc, called_at__startswith=str(application.year))
    return calls.filter(voided=False).order_by("-called_at")


def unconfirmed_programmes(on: date) -> list[Programme]:
    """The open programmes that publish who has not confirmed, and have come to it on the day."""
    found = []
    listed = Reminder.objects.filter(kind=Reminder.Kind.PUBLIC, application__programme=OuterRef("pk"))
    opened = Programme.objects.filter(Exists(listed), state=Programme.State.OPEN)
    for programme in opened.select_related("region").order_by("-year", "region__path"):
        try:
            terms = terms_in_force(programme, on)
        except NoTerms:
            continue
        first, last = terms.refund_period
        if reminders.publishes(terms) and first <= on <= last:
            found.append(programme)
    return found


def unconfirmed_names(programme: Programme, search: str = "") -> "QuerySet[Application, dict[str, str]]":
    """{name} of those on the public list, by name: nothing else about them is read."""
    rows = reached(programme, Reminder.Kind.PUBLIC)
    if search:
        rows = rows.filter(enterprise__name__contains=search)
    return rows.order_by("enterprise__name", "pk").values(name=F("enterprise__name"))
