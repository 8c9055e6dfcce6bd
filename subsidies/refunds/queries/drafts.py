"""申请草稿: what an own application starts from: the open draft, and last year's application."""

from datetime import date
from typing import NamedTuple

from django.db.models import Exists, OuterRef, QuerySet

from agency.models import Programme
from enterprises.models import Enterprise
from subsidies.payout.models import Award
from subsidies.refunds.models import Application, Completion, Draft, Host, State


class LastYear(NamedTuple):
    """What can be carried over from last year's application: the case, what was filled in, the award with its account."""

    application: Application
    draft: Draft | None
    award: Award | None


def open_draft(enterprise: Enterprise, programme: Programme) -> Draft | None:
    """What the enterprise has filled in and not yet sent."""
    return Draft.objects.filter(enterprise=enterprise, programme=programme, sent_at__isnull=True).first()


def last_year(enterprise: Enterprise, programme: Programme) -> LastYear | None:
    """The own application of the year before the programme's, None where there was none."""
    found = Application.objects.filter(enterprise=enterprise, year=programme.year - 1, submitted_at__isnull=False)
    application = found.select_related("award").first()
    if application is None:
        return None
    draft = application.drafts.filter(sent_at__isnull=False).order_by("-sent_at").first()
    return LastYear(application, draft, application.award)


def hosts_declared(enterprise: Enterprise, year: int) -> list[Host]:
    """The hosts on record for a year worked in, by code."""
    return list(Host.objects.filter(unit_uscc=enterprise.uscc, year=year, voided=False).order_by("host_uscc"))


def overdue_completions(rows: "QuerySet[Application]", on: date) -> "QuerySet[Application]":
    """Those of the cases that were returned, and not completed by the last day that was set."""
    over = Completion.objects.filter(application=OuterRef("pk"), answered_at__isnull=True, complete_by__lt=on)
    return rows.filter(Exists(over), state=State.RETURNED)


def open_completion(application: Application) -> Completion | None:
    """What the case was returned for and is still asked for."""
    return application.completions.filter(answered_at__isnull=True).first()
