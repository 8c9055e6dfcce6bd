"""The staff front page: one board of what waits, for the posts of whoever looks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from agency import clock
from agency.admin import roles_of
from agency.models import Appeal, Hold, Import, Job, Programme, Reply, Role
from agency.queries import stuck_jobs
from subsidies.payout.models import Award, Objection, PaymentBatch, PublicityRound
from subsidies.refunds.models import Application, Commitment, Correction, State
from subsidies.refunds.queries import omitted, overdue_completions, waiting_remarks
from subsidies.skills.models import Claim
from subsidies.skills.models import State as ClaimState

PREPARER, REVIEWER, FINANCE = (frozenset({role}) for role in (Role.PREPARER, Role.REVIEWER, Role.FINANCE))
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Todo:
    """One line of the board: what waits, how many, where, and whose it is."""

    label: str
    count: int
    href: str
    roles: frozenset[str]
    hint: str = ""
    amount: Decimal | None = None

    @property
    def many(self) -> str:
        return f"{self.count:,}"

    @property
    def yuan(self) -> str:
        return f"{self.amount:,.2f} 元" if self.amount else ""


def desk(request: HttpRequest) -> dict[str, Any]:
    """What every page knows of the desk: whether it is a demo, and which day it is there."""
    return {"demo": settings.DEMO, "desk_day": clock.today() if settings.DEMO else None}


def sees_business(request: HttpRequest) -> bool:
    return any(role in roles_of(request) for role in (Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.AUDITOR, Role.POLICY))


def sees_cases(request: HttpRequest) -> bool:
    return any(role in roles_of(request) for role in (Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.AUDITOR))


def sees_replies(request: HttpRequest) -> bool:
    return any(role in roles_of(request) for role in (Role.PREPARER, Role.REVIEWER, Role.AUDITOR))


def sees_money(request: HttpRequest) -> bool:
    return any(role in roles_of(request) for role in (Role.REVIEWER, Role.FINANCE, Role.AUDITOR))


def sees_accounts(request: HttpRequest) -> bool:
    return any(role in roles_of(request) for role in (Role.SYSTEM_ADMIN, Role.AUDITOR))


def sees_trail(request: HttpRequest) -> bool:
    return Role.AUDITOR in roles_of(request)


def environment(request: HttpRequest) -> list[str] | None:
    return [f"演示 · 台历 {clock.today():%Y-%m-%d}", "warning"] if settings.DEMO else None


def style(request: HttpRequest) -> str:
    return static("console/console.css")


def script(request: HttpRequest) -> str:
    return static("console/console.js")


def board(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The front page, in a fixed number of queries whatever the size of the city."""
    if not sees_business(request):
        return context
    held = roles_of(request)
    scope = _scope({prefix for prefixes in held.values() for prefix in prefixes})
    todos = [*_own_todos(request.user), *_case_todos(scope), *_claim_todos(scope), *_money_todos(scope), *_desk_todos(scope)]
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


# What waits in each state, and whose it is; an empty set = somebody outside the agency.
CASES = (
    (State.ELIGIBLE, "符合条件，待发确认通知", PREPARER, "信用核验后发出；劳务派遣单位须自主申请。"),
    (State.INCOMPLETE, "信息不全，待补数据", PREPARER, "按待核实的条件补齐后重新筛查。"),
    (State.OFFERED, "已通知，等单位确认", NOBODY, ""),
    (State.CONFIRMED, "已确认，待初审", PREPARER, "当日核信用后初审。"),
    (State.SUBMITTED, "自主申请，待初审", PREPARER, ""),
    (State.RETURNED, "退回补正，等单位", NOBODY, ""),
    (State.REVIEWED, "初审通过，待复审", REVIEWER, ""),
)
AWARDS = (
    (Award.State.PENDING, "待公示", PREPARER),
    (Award.State.PUBLICISED, "公示中", NOBODY),
    (Award.State.OBJECTED, "异议核查中", REVIEWER),
    (Award.State.CLEARED, "公示无异议，待拨付", FINANCE),
    (Award.State.PAYING, "拨付中，等银行回盘", FINANCE),
    (Award.State.PAYMENT_RETURNED, "退票，待更正账户", PREPARER | REVIEWER),
)
BATCHES = (
    (PaymentBatch.State.DRAFT, "拨付批次待提交", FINANCE),
    (PaymentBatch.State.SUBMITTED, "拨付批次待复核", FINANCE | REVIEWER),
    (PaymentBatch.State.APPROVED, "拨付批次待放行", FINANCE),
    (PaymentBatch.State.RELEASED, "拨付批次待对账", FINANCE),
)


def _counted(rows: "QuerySet[Any]", by: str = "state") -> dict[str, int]:
    return dict(rows.order_by().values_list(by).annotate(Count("pk")))


CLAIMS = (
    (ClaimState.SUBMITTED, "技能补贴申请，待判定", PREPARER, "按参保、证书、培训补贴数据逐条比对。"),
    (ClaimState.TO_REVIEW, "技能补贴申请，待人工核实", PREPARER | REVIEWER, "补齐数据后由复审人员核实通过，或说明理由。"),
)


def _claim_todos(scope: Q) -> list[Todo]:
    claims = _counted(Claim.objects.filter(scope, submission__voided=False))
    return [Todo(label, claims.get(state, 0), _state("skills_claim", state), roles, hint) for state, label, roles, hint in CLAIMS]


WORKED = (State.INCOMPLETE, State.ELIGIBLE, State.CONFIRMED, State.SUBMITTED, State.REVIEWED)


def _own_todos(user: Any) -> list[Todo]:
    """The cases that were shared out to whoever looks, where a clerk of the agency has the next step."""
    mine = Application.objects.filter(assigned_to=user, state__in=WORKED).count()
    return [Todo("分派给我的返还事项", mine, _listed("refunds_application", assigned="mine"), PREPARER | REVIEWER)]


def _case_todos(scope: Q) -> list[Todo]:
    cases = _counted(Application.objects.filter(scope))
    said = waiting_remarks().filter(scope).values("case_id").distinct().count()
    missed = omitted(scope, clock.today()).count()
    holds = _counted(Hold.objects.filter(scope, lifted_at__isnull=True), "kind")
    return [
        *(
            Todo(label, cases.get(state, 0), _state("refunds_application", state), roles, hint)
            for state, label, roles, hint in CASES
        ),
        *(
            Todo(
                f"暂缓 · {kind.label}",
                holds.get(kind, 0),
                _listed("agency_hold", open="yes", kind__exact=kind),
                PREPARER | REVIEWER,
            )
            for kind in Hold.Kind
        ),
        Todo(
            "政策期满仍未通知的合格单位",
            missed,
            _state("refunds_application", State.ELIGIBLE),
            PREPARER,
            "单位没有收到过确认通知，不能视为放弃；请逐户查明原因，报机构决定如何补办。",
        ),
        Todo(
            "单位发来的消息",
            said,
            _listed("refunds_application", unread="yes"),
            PREPARER | REVIEWER,
            "按件计；回复或标为已读后移出。",
        ),
        _overdue(scope),
        *_disputes(scope),
    ]


def _disputes(scope: Q) -> list[Todo]:
    """What enterprises say against the data: appeals, corrections, sizes that they committed to."""
    on_case = _under(scope, "application__")
    appeals = Appeal.objects.filter(scope, state__in=Appeal.OPEN).count()
    corrections = Correction.objects.filter(on_case, settled_at__isnull=True).count()
    commitments = Commitment.objects.filter(on_case, holds__isnull=True).count()
    unverified = _listed("refunds_commitment", verified_at__isempty="1")
    return [
        Todo("单位的申诉", appeals, _listed("agency_appeal", open="yes"), PREPARER | REVIEWER, "按答复期限排列。"),
        Todo("单位的更正请求", corrections, _listed("refunds_correction", settled_at__isempty="1"), PREPARER),
        Todo("待核实的划型承诺", commitments, unverified, REVIEWER, "先行发放，再核实清算。"),
    ]


def _overdue(scope: Q) -> Todo:
    """Own applications that were returned and not completed by their day."""
    count = overdue_completions(Application.objects.filter(scope), clock.today()).count()
    hint = "没有自动驳回；请联系单位，延长期限或说明理由不予返还。"
    return Todo("逾期未补正的申请", count, _listed("refunds_application", completion="overdue"), PREPARER, hint)


def _under(scope: Q, prefix: str) -> Q:
    """The same scope, seen from a row that hangs on a case."""
    moved = Q()
    moved.connector = scope.connector
    for child in scope.children:
        moved.children.append((f"{prefix}{child[0]}", child[1]) if isinstance(child, tuple) else _under(child, prefix))
    return moved


def _money_todos(scope: Q) -> list[Todo]:
    sums = Award.objects.filter(scope).order_by().values_list("state").annotate(Count("pk"), Sum("amount"))
    awards = {state: (count, total) for state, count, total in sums}
    batches, rounds = _counted(PaymentBatch.objects.filter(scope)), _counted(PublicityRound.objects.filter(scope))
    objections = Objection.objects.filter(scope, state=Objection.State.FILED).aggregate(
        open=Count("pk"), late=Count("pk", filter=Q(answer_by__lt=clock.today()))
    )
    draft = PublicityRound.State.DRAFT
    none = (0, None)
    return [
        *(
            Todo(label, awards.get(state, none)[0], _state("payout_award", state), roles, amount=awards.get(state, none)[1])
            for state, label, roles in AWARDS
        ),
        *(Todo(label, batches.get(state, 0), _state("payout_paymentbatch", state), roles) for state, label, roles in BATCHES),
        Todo("公示批次待发布", rounds.get(draft, 0), _state("payout_publicityround", draft), REVIEWER),
        Todo("公示异议待答复", objections["open"], _listed("payout_objection", due="open"), REVIEWER),
        Todo("公示异议逾期未答复", objections["late"], _listed("payout_objection", due="late"), REVIEWER, "请当日答复异议人。"),
    ]


def _desk_todos(scope: Q) -> list[Todo]:
    imports, jobs = _counted(Import.objects.filter(scope)), _counted(Job.objects.filter(scope))
    stuck = stuck_jobs(clock.now()).filter(scope).count()
    replies = Reply.objects.filter(scope | Q(region__isnull=True), state=Reply.State.LISTED).count()
    loaders = PREPARER | FINANCE | {Role.POLICY}
    checked, refused = Import.State.CHECKED, Import.State.REFUSED
    return [
        Todo("导入已检查，待确认", imports.get(checked, 0), _state("agency_import", checked), loaders | REVIEWER),
        Todo("短信回复，待人工处理", replies, _state("agency_reply", Reply.State.LISTED), PREPARER, "先联系来信人，再登记结果。"),
        Todo("文件不合格，待处理", imports.get(refused, 0), _state("agency_import", refused), loaders),
        Todo("失败的作业", jobs.get(Job.State.FAILED, 0), _state("agency_job", Job.State.FAILED), loaders),
        Todo("停滞的作业", stuck, _listed("agency_job", stuck="yes"), loaders, "十分钟没有进展；请联系系统管理，或取消后重试。"),
        Todo("进行中的作业", jobs.get(Job.State.RUNNING, 0), _state("agency_job", Job.State.RUNNING), NOBODY),
    ]


def _state(model: str, state: str) -> str:
    return _listed(model, state__exact=state)


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
            **{name: f"{cases.get(programme.pk, {}).get(name) or 0:,}" for name in ("screened", "offered", "answered")},
            **{name: f"{paid.get(programme.pk, {}).get(name) or 0:,}" for name in ("count", "total", "paid", "paid_total")},
        }
        for programme in found
    ]
