"""Which claims are a programme's, and which of them wait."""

from django.db.models import Q, QuerySet

from agency.models import Programme
from agency.queries import programmes_over
from policy.notice import Terms
from subsidies.skills.models import Claim, State


def claims_of(programme: Programme, terms: Terms) -> "QuerySet[Claim]":
    """The claims that the programme decides or has decided, but for those that were voided before.

    An undecided claim belongs to the programme of the year of its day over its region. What no programme is that early
    for belongs to the first; what is later to this one where its notice knows claims without a last day, until another
    year's programme is there."""
    years = set(programmes_over(programme.region).values_list("year", flat=True)) - {programme.year}
    first = programme.year if min(years, default=9999) < programme.year else 1
    next_year = min((year for year in years if year > programme.year), default=10_000)
    last = next_year - 1 if terms.states("open_ended_months") else programme.year
    here = Q(region__path__startswith=programme.region.path, submission__claimed_on__year__range=(first, last))
    rows = Claim.objects.filter(Q(programme=programme) | Q(programme__isnull=True) & here)
    return rows.exclude(state=State.SUBMITTED, submission__voided=True)


def waiting(programme: Programme, terms: Terms) -> "QuerySet[Claim]":
    """The claims of a programme that were not decided yet."""
    return claims_of(programme, terms).filter(state=State.SUBMITTED)
