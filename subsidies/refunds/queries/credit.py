"""信用核验: which cases are to be looked up now, once a day each."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value

from agency.models import CaseKind, CreditCheck, Dispute, Hold, Programme
from subsidies.payout.queries import to_look_up
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries.offers import answered_checks, open_holds_of, screened_on

REVIEWED_SOON = (State.CONFIRMED, State.SUBMITTED, State.REVIEWED)
CREDIT_RULES = ["credit", "registration"]


def screened_to_look_up(programme: Programme, today: date) -> "QuerySet[Application]":
    """Cases to be looked up before they are offered: eligible, or kept from it by credit alone. Each once after the screening,
    and every day as long as it was not answered for or is held for a listing, so that a lifted one is noticed."""
    screened = screened_on(programme)
    if screened is None:
        return Application.objects.none()
    rules = Value(CREDIT_RULES, ArrayField(CharField(max_length=32)))
    listed = Exists(open_holds_of(CaseKind.REFUND).filter(kind=Hold.Kind.CREDIT))
    waiting = (
        Q(state=State.ELIGIBLE, enterprise__dispatch=False)
        | Q(state=State.INCOMPLETE, unknown__contained_by=rules)
        | (Q(state=State.INELIGIBLE, failed__contained_by=rules) & listed)
    )
    rows = Application.objects.filter(waiting, ~Exists(answered_checks(screened)) | listed, programme=programme)
    return _not_asked(rows, CreditCheck.Moment.SCREENING, today)


def reviewed_to_look_up(programme: Programme, today: date) -> "QuerySet[Application]":
    """Cases that wait for a review, not asked about today."""
    rows = Application.objects.filter(programme=programme, state__in=REVIEWED_SOON)
    return _not_asked(rows, CreditCheck.Moment.REVIEW, today)


def _not_asked(rows: "QuerySet[Application]", moment: str, today: date) -> "QuerySet[Application]":
    asked = CreditCheck.objects.filter(case_kind=CaseKind.REFUND, case_id=OuterRef("pk"), moment=moment, on=today)
    return rows.exclude(Exists(asked)).select_related("enterprise").order_by("pk")


class DayOfLookups(NamedTuple):
    """{moment: how many still wait to be asked}, {moment: {outcome: how many}}, and what waits for a person."""

    waiting: dict[str, int]
    outcomes: dict[str, dict[str, int]]
    by_hand: int
    held: int
    disputed: int


def lookups_of(prefixes: Iterable[str], today: date) -> DayOfLookups:
    """How the day's look-ups in these regions stand. Three queries, and three a programme."""
    scope = Q(pk__in=[])
    for prefix in prefixes:
        scope |= Q(region__path__startswith=prefix)
    moments = CreditCheck.Moment
    waiting: Counter[str] = Counter({moments.PAYMENT.value: to_look_up(today).filter(scope).order_by().count()})
    for programme in Programme.objects.exclude(state=Programme.State.PREPARED):
        if programme.state == Programme.State.OPEN:
            waiting[moments.SCREENING] += screened_to_look_up(programme, today).filter(scope).order_by().count()
        waiting[moments.REVIEW] += reviewed_to_look_up(programme, today).filter(scope).order_by().count()
    outcomes: dict[str, dict[str, int]] = {}
    checks = CreditCheck.objects.filter(scope, on=today).order_by().values_list("moment", "outcome")
    for moment, outcome, count in checks.annotate(Count("pk")):
        outcomes.setdefault(moment, {})[outcome] = count
    kinds = [Hold.Kind.CREDIT_UNANSWERED, Hold.Kind.CREDIT]
    holds = Hold.objects.filter(scope, lifted_at__isnull=True, kind__in=kinds).order_by()
    held = dict(holds.values_list("kind").annotate(Count("pk")))
    disputed = Dispute.objects.filter(scope, state=Dispute.State.FILED).count()
    return DayOfLookups(dict(waiting), outcomes, held.get(kinds[0], 0), held.get(kinds[1], 0), disputed)
