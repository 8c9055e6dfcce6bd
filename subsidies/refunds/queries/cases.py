"""一件事项: what it stands at, why, and everything that happened to it."""

from typing import NamedTuple

from django.db.models import Q, QuerySet

from agency.models import Event
from agency.queries import terms_of
from policy.facts import RefundFacts
from policy.refund import RefundVerdict, assess_refund
from policy.verdict import Finding
from subsidies.payout.models import Award
from subsidies.payout.queries import events_of
from subsidies.refunds.models import Application, Decision, State


class Standing(NamedTuple):
    """What a case stands at, its two halves as one: three texts of one state."""

    state: str
    label: str  # for staff
    public_label: str
    next_step: str


def verdict_of(decision: Decision) -> RefundVerdict:
    """The verdict derived again from the decision's edition and frozen facts."""
    return assess_refund(terms_of(decision.edition), RefundFacts.from_json(decision.facts))


def findings_of(decision: Decision) -> tuple[Finding, ...]:
    """One finding a rule asked, in order, with its figures and clause."""
    return verdict_of(decision).findings


def standing(application: Application) -> Standing:
    """State, labels and what happens next: once approved, those of the award."""
    row: Application | Award = application
    if application.state == State.APPROVED and application.award is not None:
        row = application.award
    model = type(row)
    return Standing(row.state, row.get_state_display(), model.PUBLIC_LABELS[row.state], model.NEXT_STEPS[row.state])


def timeline(application: Application) -> "QuerySet[Event]":
    """Everything that happened to the case, application and awards as one line, in order."""
    mine = Q(case_kind=Application.CASE, case_id=application.pk)
    for award in Award.objects.filter(case_kind=Application.CASE, case_id=application.pk):
        mine |= Q(pk__in=events_of(award).order_by().values("pk"))
    return Event.objects.filter(mine).select_related("by").order_by("at", "pk")
