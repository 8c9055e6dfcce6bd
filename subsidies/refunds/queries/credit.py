"""信用核验: which cases are to be looked up now, once a day each."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value

from agency.models import CaseKind, CreditCheck, Hold, Programme
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
