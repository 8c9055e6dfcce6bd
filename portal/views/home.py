"""The front page: what this is, the public lists, whom to call, how to tell a fraud."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agency import clock
from portal import access
from subsidies.payout.queries import public_rounds


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    today = clock.today()
    current = public_rounds(today).filter(ends_on__gte=today)
    return render(request, "portal/home.html", {"rounds": current, "offices": access.offices(), "today": today})
