"""推送: which eligible cases may be offered, and why the others may not."""

from datetime import date

from django.db.models import Case, CharField, Exists, Max, OuterRef, Q, QuerySet, Subquery, Value, When

from agency.models import CaseKind, CreditCheck, Hold, Programme
from policy.notice import Terms
from subsidies.payout.queries import barring_flags
from subsidies.refunds.models import Application, ScreeningRun, State

# Why an eligible case is not offered; the first that applies.
OBSTACLES = {
    "dispatch": "劳务派遣单位须自主申请",
    "no_amount": "返还金额为零",
    "held": "有未解除的暂缓",
    "credit_unchecked": "筛查后尚未核验信用，或核验无应答",
    "credit_listed": "核验列入信用名单",
    "no_phone": "没有可用的手机号",
}


def open_holds_of(case_kind: str, case_id: str = "pk") -> "QuerySet[Hold]":
    """The open holds on the outer row's case."""
    return Hold.objects.filter(case_kind=case_kind, case_id=OuterRef(case_id), lifted_at__isnull=True)


def answered_checks(since: date) -> "QuerySet[CreditCheck]":
    """The outer application's look-ups from a day on that were answered, the latest first."""
    checks = CreditCheck.objects.filter(case_kind=CaseKind.REFUND, case_id=OuterRef("pk"), on__gte=since)
    return checks.exclude(outcome=CreditCheck.Outcome.NO_ANSWER).order_by("-answered_at", "-pk")


def screened_on(programme: Programme) -> date | None:
    """The day of the latest finished screening."""
    return ScreeningRun.objects.filter(programme=programme, finished_at__isnull=False).aggregate(on=Max("on"))["on"]


def eligible(programme: Programme, terms: Terms, today: date) -> "QuerySet[Application]":
    """The ELIGIBLE cases of a programme, and where own applicants too are asked to confirm those that are found eligible,
    each with its `obstacle`: a word of OBSTACLES, or empty where it may be offered."""
    own = Application.Channel.OWN_APPLICATION
    applied = Q(state=State.SUBMITTED, channel=own, decision__outcome="eligible")
    latest = answered_checks(screened_on(programme) or today)
    listed = CreditCheck.objects.filter(pk=OuterRef("check_id"), flags__overlap=sorted(barring_flags(terms, today)))
    obstacle = Case(
        When(Q(enterprise__dispatch=True) & ~applied | Q(channel=own, state=State.ELIGIBLE), then=Value("dispatch")),
        When(Q(amount__isnull=True) | Q(amount=0), then=Value("no_amount")),
        When(Exists(open_holds_of(CaseKind.REFUND)), then=Value("held")),
        When(check_id__isnull=True, then=Value("credit_unchecked")),
        When(Exists(listed), then=Value("credit_listed")),
        When(Q(enterprise__phone="") & Q(enterprise__legal_phone=""), then=Value("no_phone")),
        default=Value(""),
        output_field=CharField(),
    )
    wanted = Q(state=State.ELIGIBLE) | (applied if terms.says("self_application_confirms") else Q(pk__in=[]))
    rows = Application.objects.filter(wanted, programme=programme)
    return rows.annotate(check_id=Subquery(latest.values("pk")[:1])).annotate(obstacle=obstacle)
