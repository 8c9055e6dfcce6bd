"""What stands under the fields of a refund application: how the amount came about, every finding, checks, history."""

from django.urls import reverse
from django.utils.timezone import localtime

from agency.admin import Panel
from agency.models import CreditCheck, Message
from agency.queries import terms_of
from enterprises.queries import premium_warnings
from policy import explain
from subsidies.payout.admin.panels import money, table
from subsidies.refunds import queries
from subsidies.refunds.models import Application, Decision


def amount_panel(decision: Decision) -> Panel:
    rate = "—" if decision.layoff_rate is None else f"{decision.layoff_rate:.4%}"
    share = "—" if decision.rate is None else f"{decision.rate:.0%}"
    row = (
        decision.size or "未定",
        decision.size_class or "—",
        explain.basis_label(decision.size_basis or None),
        {"number": rate},
        {"number": money(decision.base)},
        {"number": share},
        {"number": money(decision.amount)},
        explain.payee_label(decision.payee) if decision.payee else "—",
    )
    return table(
        "金额如何得出", ["划型", "规模", "划型依据", "裁员率", "返还基数（元）", "返还比例", "返还金额（元）", "收款账户"], [row]
    )


def split_panel(decision: Decision) -> list[Panel]:
    """How a dispatch unit's refund is shared; nothing for any other enterprise, and where there is no refund."""
    shown = queries.split_of(decision)
    if shown is None or shown.split.refund is None:
        return []
    split = shown.split
    parts = [*split.hosts, *([split.own] if split.own else []), *split.not_paid]
    rows = [
        (
            shown.name(part.code),
            {"number": money(part.paid)},
            {"number": explain.percent(part.rate)},
            {"number": "不返还" if part in split.not_paid else money(part.amount)},
            explain.for_staff(part.finding),
        )
        for part in parts
    ]
    told = [explain.for_staff(split.finding), explain.remedy(split.finding)]
    heads = ["归谁", "上年度缴费（元）", "返还比例", "金额（元）", "说明与依据"]
    panel = table("派遣资金分配", heads, rows, "不能分配，请按提示处理。")
    panel.context["note"] = "".join(told)
    return [panel]


def premium_panel(obj: Application, decision: Decision) -> list[Panel]:
    """The months whose premiums do not agree with base x rate; nothing where all do."""
    rows = [
        (f"{finding.figures['month']:%Y-%m}", explain.for_staff(finding), explain.remedy(finding))
        for finding in premium_warnings(terms_of(decision.edition), obj.enterprise, obj.year)
    ]
    return [table("费率核对提示", ["费款所属期", "差异与依据", "可以怎么办"], rows)] if rows else []


def credit_panel(obj: Application) -> Panel:
    checks = CreditCheck.objects.filter(case_kind=Application.CASE, case_id=obj.pk).order_by("-id")[:20]
    rows = [
        (
            check.on,
            check.get_moment_display(),
            check.get_outcome_display(),
            "、".join(check.flags) or "—",
            check.source,
            check.raw_sha256[:12],
        )
        for check in checks
    ]
    return table("信用核验存档", ["核验日", "环节", "结果", "所列名单", "来源", "应答散列"], rows, "尚未核验。")


def corrections_panel(obj: Application) -> Panel:
    rows = [
        (
            {"href": reverse("admin:refunds_correction_change", args=[row.pk]), "label": row.get_about_display()},
            row.text,
            localtime(row.asked_at).strftime("%Y-%m-%d"),
            row.settlement or "待处理",
        )
        for row in obj.corrections.order_by("-id")
    ]
    return table("单位的更正请求", ["事项", "说明", "提出日", "处理结果"], rows)


def messages_panel(obj: Application) -> Panel:
    found = Message.objects.filter(case_kind=Application.CASE, case_id=obj.pk).order_by("-id")[:20]
    rows = [
        (
            row.get_state_display(),
            row.get_kind_display(),
            str(row.phone),
            localtime(row.sent_at).strftime("%Y-%m-%d %H:%M") if row.sent_at else "—",
            row.failure,
        )
        for row in found
    ]
    return table("短信", ["状态", "类别", "手机号", "发出时间", "失败原因"], rows)
