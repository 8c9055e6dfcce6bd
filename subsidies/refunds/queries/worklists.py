"""待办: how much waits at which desk, counted in a fixed number of queries."""

from datetime import date

from django.db.models import Count

from agency.models import CaseKind, Hold, Programme, User
from agency.queries import BUSINESS_READERS, within
from subsidies.payout.queries import terms_in_force
from subsidies.refunds.models import Application, Correction
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
