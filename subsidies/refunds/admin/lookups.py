"""今日核验: one page of the day's look-ups: asked, answered, hits, waiting by hand."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from agency import clock
from agency.admin import DeskAdmin
from agency.models import CreditCheck, Dispute, Hold, Role
from subsidies.refunds.queries.credit import DayOfLookups, lookups_of

HEADS = ["环节", "今日应核", "尚未询问", "已询问", "已应答", "列入名单", "无应答"]
READERS = frozenset({Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.AUDITOR})


def _checks(today: Any, **filters: str) -> str:
    query = urlencode({"on__exact": f"{today:%Y-%m-%d}", **filters})
    return f"{reverse('admin:agency_creditcheck_changelist')}?{query}"


def _linked(count: int, href: str) -> dict[str, str]:
    return {"href": href, "label": f"{count:,}", "number": f"{count:,}"} if count else {"number": "0"}


def _row(moment: str, label: str, day: DayOfLookups, today: Any) -> list[Any]:
    outcomes = day.outcomes.get(moment, {})
    asked, waiting = sum(outcomes.values()), day.waiting.get(moment, 0)
    hits, silent = outcomes.get(CreditCheck.Outcome.HIT, 0), outcomes.get(CreditCheck.Outcome.NO_ANSWER, 0)
    mine = {"moment__exact": moment}
    return [
        label,
        {"number": f"{asked + waiting:,}"},
        {"number": f"{waiting:,}"},
        _linked(asked, _checks(today, **mine)),
        {"number": f"{asked - silent:,}"},
        _linked(hits, _checks(today, outcome__exact=CreditCheck.Outcome.HIT, **mine)),
        _linked(silent, _checks(today, outcome__exact=CreditCheck.Outcome.NO_ANSWER, **mine)),
    ]


def _by_hand(day: DayOfLookups) -> list[list[Any]]:
    holds = reverse("admin:agency_hold_changelist")
    rows: Mapping[str, tuple[int, str]] = {
        "平台无应答，待人工核验": (day.by_hand, f"{holds}?open=yes&kind__exact={Hold.Kind.CREDIT_UNANSWERED}"),
        "列入信用名单，暂缓中": (day.held, f"{holds}?open=yes&kind__exact={Hold.Kind.CREDIT}"),
        "单位提出异议，待核实": (
            day.disputed,
            f"{reverse('admin:agency_dispute_changelist')}?state__exact={Dispute.State.FILED}",
        ),
    }
    return [[label, _linked(count, href)] for label, (count, href) in rows.items()]


def today_page(desk: DeskAdmin, request: HttpRequest) -> HttpResponse:
    """The page itself, for whoever may see look-ups, within their regions."""
    today = clock.today()
    day = lookups_of(desk.prefixes(request, READERS), today)
    rows = [_row(moment.value, moment.label, day, today) for moment in CreditCheck.Moment]
    context = {
        **desk.admin_site.each_context(request),
        "title": f"今日信用核验 {today:%Y-%m-%d}",
        "asked": {"heads": HEADS, "rows": rows, "note": "每件每个环节每日询问一次；平台繁忙或中断的，下一轮接着问。"},
        "by_hand": {"heads": ["待人工处理", "件数"], "rows": _by_hand(day)},
    }
    return render(request, "admin/desk/lookups.html", context)
