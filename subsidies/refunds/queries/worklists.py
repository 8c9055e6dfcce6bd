"""待办: how much waits at which desk, counted in a fixed number of queries."""

from datetime import date

from django.db.models import Count, Q, QuerySet

from agency.models import CaseKind, Edition, Hold, Programme, User
from agency.queries import BUSINESS_READERS, terms_of, within
from subsidies.payout.queries import terms_in_force
from subsidies.refunds.models import Application, Correction, State
from subsidies.refunds.queries.offers import eligible


def worklist(user: User, on: date) -> dict[str, int]:
    """{word: how many} in the user's regions: each state, `hold <kind>` for open holds, `corrections` not settled.

    Five queries."""
    mine = Application.objects.filter(within(user, BUSINESS_READERS, on))
    counts = dict(mine.order_by().values_list("state").annotate(Count("pk")))
    held = Hold.objects.filter(within(user, BUSINESS_READERS, on), case_kind=CaseKind.REFUND, lifted_at__isnull=True)
    counts |= {f"hold {kind}": count for kind, count in held.order_by().values_list("kind").annotate(Count("pk"))}
    scope = within(user, BUSINESS_READERS, on, path_field="application__region__path")
    counts["corrections"] = Correction.objects.filter(scope, settled_at__isnull=True).count()
    return counts


def not_offered(programme: Programme, on: date) -> dict[str, int]:
    """{word of OBSTACLES, or empty where it may be offered: how many} of the programme's eligible cases."""
    rows = eligible(programme, terms_in_force(programme, on), on).order_by()
    return dict(rows.values_list("obstacle").annotate(Count("pk")))


def omitted(scope: Q, on: date) -> "QuerySet[Application]":
    """The eligible that nobody ever offered anything until their programme's period was over: the agency's own omission,
    not waived by anybody. Dispatch units are told to apply, not offered. Two queries, however many programmes."""
    newest = Edition.objects.filter(state=Edition.State.APPROVED, counts_from__lte=on)
    newest = newest.order_by("programme", "-counts_from", "-number").distinct("programme")
    over = [edition.programme_id for edition in newest if on > terms_of(edition).refund_period[1]]
    rows = Application.objects.filter(scope, programme__in=over, state=State.ELIGIBLE, offered_at__isnull=True)
    return rows.exclude(enterprise__dispatch=True)
