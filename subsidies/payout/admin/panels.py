"""What stands under the fields of a case, whichever subsidy it is of: tables, findings, its award."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.urls import reverse

from agency.admin import Panel
from policy import explain
from policy.verdict import Finding
from subsidies.payout.models import Award

ANSWERS = {"PASS": "符合", "FAIL": "不符合", "UNKNOWN": "待核实"}


def money(value: Any) -> str:
    return "—" if value is None else f"{value:,.2f}"


def table(title: str, heads: list[str], rows: list[Any], empty: str = "暂无记录。") -> Panel:
    return Panel(title, "admin/desk/table.html", {"heads": heads, "rows": rows, "empty": empty})


def findings_panel(findings: Iterable[Finding], on: date) -> Panel:
    """Every rule that was asked, with figures, limit and clause."""
    rows = [
        (
            explain.rule_label(finding.rule),
            {"word": finding.answer.value, "label": ANSWERS[finding.answer.value]},
            explain.for_staff(finding),
            explain.remedy(finding),
        )
        for finding in findings
    ]
    return table(f"逐条判定（{on:%Y-%m-%d}）", ["条件", "结论", "所用数据、限值与依据", "可以怎么办"], rows)


def decisions_panel(rows: Iterable[tuple[date, Any]]) -> Panel:
    """Every decision on a case, given with its day, the latest first."""
    shown = [
        (
            on,
            {"word": row.outcome, "label": explain.outcome_label(row.outcome)},
            {"number": money(row.amount)},
            "、".join(explain.rule_label(code) for code in [*row.failed, *row.unknown]) or "—",
            f"第{row.edition.number}版",
            row.by.name if row.by else "系统",
        )
        for on, row in rows
    ]
    return table("历次决定", ["判定日", "结论", "金额（元）", "不符合或待核实", "条款版本", "决定人"], shown)


def award_panel(award: Award) -> Panel:
    row = (
        {"href": reverse("admin:payout_award_change", args=[award.pk]), "label": f"应发补贴 {award.pk}"},
        {"word": award.state, "label": award.get_state_display()},
        {"number": money(award.amount)},
        award.get_account_source_display(),
        award.paid_on,
    )
    return table("公示与拨付", ["应发补贴", "状态", "金额（元）", "账户来源", "拨付日"], [row])
