"""The staff front page: one board of what waits, for the posts of whoever looks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse

from agency import clock
from agency.admin import roles_of
from agency.models import Hold, Import, Job, Programme, Role
from subsidies.payout.models import Award, Objection, PaymentBatch, PublicityRound
from subsidies.refunds.models import Application, Correction, State


@dataclass(frozen=True)
class Todo:
    """One line of the board: what waits, how many, where, and whose it is."""

    label: str
    count: int
    href: str
    roles: frozenset[str]
    hint: str = ""
    amount: Any = None


def desk(request: HttpRequest) -> dict[str, Any]:
    """What every page knows of the desk: whether it is a demo, and which day it is there."""
    return {"demo": settings.DEMO, "desk_day": clock.today() if settings.DEMO else None}


def sees_business(request: HttpRequest) -> bool:
    return any(role in roles_of(request) for role in (Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.AUDITOR, Role.POLICY))


def sees_money(request: HttpRequest) -> bool:
    return any(role in roles_of(request) for role in (Role.REVIEWER, Role.FINANCE, Role.AUDITOR))


def sees_accounts(request: HttpRequest) -> bool:
    return any(role in roles_of(request) for role in (Role.SYSTEM_ADMIN, Role.AUDITOR))


def sees_trail(request: HttpRequest) -> bool:
    return Role.AUDITOR in roles_of(request)


def environment(request: HttpRequest) -> list[str] | None:
    return [f"演示 · 台历 {clock.today():%Y-%m-%d}", "warning"] if settings.DEMO else None


def board(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The front page, in a fixed number of queries whatever the size of the city."""
    if not sees_business(request):
        return context
    held = roles_of(request)
    scope = _scope({prefix for prefixes in held.values() for prefix in prefixes})
    todos = [*_case_todos(scope), *_money_todos(scope), *_desk_todos(scope)]
    mine = [todo for todo in todos if todo.count and any(role in todo.roles for role in held)]
    context |= {
        "mine": mine,
        "others": [todo for todo in todos if todo.count and todo not in mine],
        "programmes": _programmes(scope, clock.today()),
        "posts": "、".join(Role(role).label for role in held),
    }
    return context


def _scope(prefixes: Iterable[str]) -> Q:
    scope = Q(pk__in=[])
    for prefix in prefixes:
        scope |= Q(region__path__startswith=prefix)
    return scope


def _listed(model: str, **filters: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return reverse(f"admin:{model}_changelist") + (f"?{query}" if query else "")


def _case_todos(scope: Q) -> list[Todo]:
    by_state = dict(Application.objects.filter(scope).values_list("state").annotate(Count("pk")))
    holds = dict(Hold.objects.filter(scope, lifted_at__isnull=True).values_list("kind").annotate(Count("pk")))
    corrections = Correction.objects.filter(settled_at__isnull=True).filter(_under(scope, "application__")).count()
    preparer, reviewer = frozenset({Role.PREPARER}), frozenset({Role.REVIEWER})
    waiting = [
        (State.ELIGIBLE, "符合条件，待发确认通知", preparer, "信用核验后发出；劳务派遣单位须自主申请。"),
        (State.INCOMPLETE, "信息不全，待补数据", preparer, "按待核实的条件补齐后重新筛查。"),
        (State.OFFERED, "已通知，等单位确认", frozenset(), ""),
        (State.CONFIRMED, "已确认，待初审", preparer, "当日核信用后初审。"),
        (State.SUBMITTED, "自主申请，待初审", preparer, ""),
        (State.RETURNED, "退回补正，等单位", frozenset(), ""),
        (State.REVIEWED, "初审通过，待复审", reviewer, ""),
    ]
    todos = [
        Todo(label, by_state.get(state, 0), _listed("refunds_application", state__exact=state), roles, hint)
        for state, label, roles, hint in waiting
    ]
    todos += [
        Todo(
            f"暂缓 · {kind.label}", holds.get(kind, 0), _listed("agency_hold", open="yes", kind__exact=kind), preparer | reviewer
        )
        for kind in Hold.Kind
    ]
    return [*todos, Todo("单位的更正请求", corrections, _listed("refunds_correction", settled_at__isempty="1"), preparer)]


def _under(scope: Q, prefix: str) -> Q:
    """The same scope, seen from a row that hangs on a case."""
    moved = Q()
    moved.connector = scope.connector
    for child in scope.children:
        moved.children.append((f"{prefix}{child[0]}", child[1]) if isinstance(child, tuple) else _under(child, prefix))
    return moved


def _money_todos(scope: Q) -> list[Todo]:
    awards = {
        state: (count, total)
        for state, count, total in Award.objects.filter(scope).values_list("state").annotate(Count("pk"), Sum("amount"))
    }
    batches = dict(PaymentBatch.objects.filter(scope).values_list("state").annotate(Count("pk")))
    rounds = dict(PublicityRound.objects.filter(scope).values_list("state").annotate(Count("pk")))
    objections = Objection.objects.filter(scope, state=Objection.State.FILED).count()
    preparer, reviewer, finance = (frozenset({role}) for role in (Role.PREPARER, Role.REVIEWER, Role.FINANCE))
    award_rows = [
        (Award.State.PENDING, "待公示", preparer),
        (Award.State.PUBLICISED, "公示中", frozenset()),
        (Award.State.OBJECTED, "异议核查中", reviewer),
        (Award.State.CLEARED, "公示无异议，待拨付", finance),
        (Award.State.PAYING, "拨付中，等银行回盘", finance),
        (Award.State.PAYMENT_RETURNED, "退票，待更正账户", preparer | reviewer),
    ]
    batch_rows = [
        (PaymentBatch.State.DRAFT, "拨付批次待提交", finance),
        (PaymentBatch.State.SUBMITTED, "拨付批次待复核", finance | reviewer),
        (PaymentBatch.State.APPROVED, "拨付批次待放行", finance),
        (PaymentBatch.State.RELEASED, "拨付批次待对账", finance),
    ]
    todos = [
        Todo(
            label,
            awards.get(state, (0, None))[0],
            _listed("payout_award", state__exact=state),
            roles,
            amount=awards.get(state, (0, None))[1],
        )
        for state, label, roles in award_rows
    ]
    todos += [
        Todo(label, batches.get(state, 0), _listed("payout_paymentbatch", state__exact=state), roles)
        for state, label, roles in batch_rows
    ]
    todos.append(
        Todo(
            "公示批次待发布",
            rounds.get(PublicityRound.State.DRAFT, 0),
            _listed("payout_publicityround", state__exact="DRAFT"),
            reviewer,
        )
    )
    return [*todos, Todo("公示异议待答复", objections, _listed("payout_objection", due="open"), reviewer)]


def _desk_todos(scope: Q) -> list[Todo]:
    imports = dict(Import.objects.filter(scope).values_list("state").annotate(Count("pk")))
    jobs = dict(Job.objects.filter(scope).values_list("state").annotate(Count("pk")))
    loaders = frozenset({Role.PREPARER, Role.FINANCE, Role.POLICY})
    return [
        Todo(
            "导入已检查，待确认",
            imports.get(Import.State.CHECKED, 0),
            _listed("agency_import", state__exact="CHECKED"),
            loaders | {Role.REVIEWER},
        ),
        Todo(
            "文件不合格，待处理", imports.get(Import.State.REFUSED, 0), _listed("agency_import", state__exact="REFUSED"), loaders
        ),
        Todo("失败的作业", jobs.get(Job.State.FAILED, 0), _listed("agency_job", state__exact="FAILED"), loaders),
        Todo("进行中的作业", jobs.get(Job.State.RUNNING, 0), _listed("agency_job", state__exact="RUNNING"), frozenset()),
    ]


def _programmes(scope: Q, today: date) -> list[dict[str, Any]]:
    """Each programme with how far its money has come."""
    paid = {
        row["programme"]: row
        for row in Award.objects.filter(scope)
        .values("programme")
        .annotate(
            count=Count("pk", filter=~Q(state__in=["STRUCK", "FORFEITED"])),
            total=Sum("amount", filter=~Q(state__in=["STRUCK", "FORFEITED"])),
            paid=Count("pk", filter=Q(state="PAID")),
            paid_total=Sum("amount", filter=Q(state="PAID")),
        )
    }
    cases = {
        row["programme"]: row
        for row in Application.objects.filter(scope)
        .values("programme")
        .annotate(
            screened=Count("pk"),
            offered=Count("pk", filter=Q(offered_at__isnull=False)),
            answered=Count("pk", filter=Q(answered_at__isnull=False)),
        )
    }
    found = Programme.objects.filter(scope).select_related("region").order_by("-year", "title")
    return [
        {
            "programme": programme,
            "href": reverse("admin:agency_programme_change", args=[programme.pk]),
            "days_left": (programme.confirm_by - today).days if programme.confirm_by else None,
            **{name: cases.get(programme.pk, {}).get(name) or 0 for name in ("screened", "offered", "answered")},
            **{name: paid.get(programme.pk, {}).get(name) or 0 for name in ("count", "total", "paid", "paid_total")},
        }
        for programme in found
    ]
