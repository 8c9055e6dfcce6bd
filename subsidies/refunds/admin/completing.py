"""补正: the buttons that return an own application and give it longer, and what an applicant sent, for whoever reviews it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import localtime

from agency import clock
from agency.admin import Deed, Panel
from agency.admin.people import DateInput
from agency.models import Role
from agency.moves import MoveRefused
from policy import evidence, explain
from subsidies.payout.admin.panels import money, table
from subsidies.refunds import actions, queries
from subsidies.refunds.models import Application, State

PREPARER = frozenset({Role.PREPARER})
REFUSALS = (MoveRefused, actions.RefundRefused)


class ReturnForm(forms.Form):
    reason = forms.CharField(label="补正意见（单位可见）", max_length=500, widget=forms.Textarea(attrs={"rows": 4}))
    missing = forms.MultipleChoiceField(
        label="须补交的材料",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(rule, f"{explain.rule_label(rule)}：{bring}") for rule, bring in evidence.BRING.items()],
    )
    complete_by = forms.DateField(label="补正截止日", required=False, widget=DateInput, help_text="不填为 10 个工作日。")


class ExtendForm(forms.Form):
    complete_by = forms.DateField(label="新的补正截止日", widget=DateInput)


RETURN = Deed(
    "return", "退回补正", PREPARER, actions.return_for_completion, states=frozenset({State.SUBMITTED}), form=ReturnForm,
    refusals=REFUSALS, hint="单位会收到短信；逾期不会自动驳回，列入待办由经办处理。",
)  # fmt: skip
EXTEND = Deed(
    "extend", "延长补正期限", PREPARER, actions.extend_completion, states=frozenset({State.RETURNED}), form=ExtendForm,
    refusals=REFUSALS,
)  # fmt: skip


class CompletionFilter(admin.SimpleListFilter):
    title = "补正"
    parameter_name = "completion"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("overdue", "逾期未补正")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Application]") -> "QuerySet[Application]":
        return queries.overdue_completions(queryset, clock.today()) if self.value() == "overdue" else queryset


def applied_panels(obj: Application) -> list[Panel]:
    """What the enterprise filled in, accepted, and was asked to complete; nothing of whoever never applied."""
    shown = []
    drafts = obj.drafts.select_related("saved_by", "cloned_from").order_by("-sent_at")
    sent = [
        (_moment(each.sent_at), each.contact or "—", str(each.phone) or "—", each.note or "—",
         f"带自 {each.cloned_from.year} 年度" if each.cloned_from else "—")
        for each in drafts
    ]  # fmt: skip
    if sent:
        shown.append(table("自主申请所填", ["提交时间", "联系人", "联系电话", "情况说明", "来源"], sent))
    allocation = obj.allocations.select_related("accepted_by").order_by("-id").first()
    if allocation:
        rows = [
            (part["name"], part["workers"] if part["workers"] is not None else "—", {"number": f"{part['paid']}"},
             {"number": "不返还" if part["whose"] == "public" else part["amount"]})
            for part in allocation.parts
        ]  # fmt: skip
        panel = table("单位同意的资金分配（已固定）", ["归谁", "派遣人数", "上年度缴费（元）", "金额（元）"], rows)
        when, who = _moment(allocation.accepted_at), allocation.accepted_by
        panel.context["note"] = f"合计 {money(allocation.refund)} 元；{when} 由 {who} 同意，散列 {allocation.sha256[:12]}。"
        shown.append(panel)
    returns = [
        (_moment(each.asked_at), each.reason, "、".join(map(explain.rule_label, each.missing)) or "—", each.complete_by,
         _moment(each.answered_at) if each.answered_at else "—")
        for each in obj.completions.order_by("-id")
    ]  # fmt: skip
    if returns:
        shown.append(table("退回补正", ["退回时间", "补正意见", "须补交", "截止日", "补正时间"], returns))
    return shown


def _moment(at: Any) -> str:
    return localtime(at).strftime("%Y-%m-%d %H:%M") if at else "未提交"
