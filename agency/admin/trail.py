"""暂缓与信用核验: the work items that hold a case, and the answers archived."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localdate, localtime

from agency import clock
from agency.actions import HoldRefused, hold_by_hand, lift_hold
from agency.admin.desk import Deed, DeskAdmin, Panel
from agency.admin.programmes import WhyForm
from agency.models import CreditCheck, Event, Hold, Role

PAGES = {  # where a case's page is, by its fixed word: a name of a URL, not an import of who stands above
    "refund": "refunds_application", "award": "payout_award", "batch": "payout_paymentbatch", "round": "payout_publicityround",
    "objection": "payout_objection", "programme": "agency_programme", "edition": "agency_edition", "import": "agency_import",
    "job": "agency_job", "enterprise": "enterprises_enterprise", "message": "agency_message", "payment": "payout_payment",
    "file": "agency_file", "user": "agency_user", "claim": "skills_claim", "person": "enterprises_insuredperson",
    "what-if": "refunds_whatif", "screening": "refunds_screeningrun",
    "dispute": "agency_dispute",
    "bulk": "agency_bulk",
    "reply": "agency_reply", "certificate": "skills_certificate", "training": "skills_trainingsubsidy",
}  # fmt: skip
WORDS = {
    "refund": "返还事项", "award": "应发补贴", "batch": "拨付批次", "round": "公示批次", "objection": "公示异议",
    "programme": "项目", "edition": "项目版本",
    "import": "导入", "job": "作业", "enterprise": "参保单位", "message": "短信", "payment": "拨付明细",
    "file": "文件", "user": "用户", "size": "企业划型", "screening": "筛查", "what-if": "试算",
    "dispute": "信用异议", "appeal": "申诉",
    "bulk": "批量办理",
    "reply": "短信回复", "claim": "技能补贴事项", "person": "参保人员", "certificate": "技能证书", "training": "职业培训补贴",
}  # fmt: skip


def case_link(row: Any) -> str:
    """The case that a row names, in Chinese, as a link to its page."""
    words = f"{WORDS.get(row.case_kind, row.case_kind)} {row.case_id or ''}".strip()
    if row.case_kind not in PAGES or row.case_id is None:
        return words
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{PAGES[row.case_kind]}_change", args=[row.case_id]), words)


class CaseColumn:
    """The column that names the case of a row."""

    @admin.display(description="事项", ordering="case_id")
    def case(self, row: Any) -> str:
        return case_link(row)


class HoldForm(forms.Form):
    reason = forms.CharField(label="暂缓的原因", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


def hold_deed(states: frozenset[str]) -> Deed:
    """The button that stops a case by hand, in these of its states."""
    return Deed(
        "hold", "暂缓", frozenset({Role.PREPARER, Role.REVIEWER}), hold_by_hand, form=HoldForm, states=states,
        refusals=(HoldRefused,), hint="暂缓期间不能继续办理，须写明原因；在“暂缓”中解除。",
    )  # fmt: skip


class OpenFilter(admin.SimpleListFilter):
    title = "是否解除"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", "未解除"), ("no", "已解除")]

    def queryset(self, request: HttpRequest, queryset):  # type: ignore[no-untyped-def]
        if self.value() in ("yes", "no"):
            return queryset.filter(lifted_at__isnull=self.value() == "yes")
        return queryset


@admin.register(Hold)
class HoldAdmin(CaseColumn, DeskAdmin):
    list_display = ("id", "kind", "case", "reason", "region", "opened_at", "held_for", "lifted_at")
    list_filter = (OpenFilter, "kind", "case_kind")
    list_select_related = ("region",)
    search_fields = ("=case_id",)
    ordering = ("-id",)
    readonly_fields = ("case",)
    fields = (
        ("kind", "case"),
        "reason",
        ("opened_by", "opened_at"),
        ("lifted_by", "lifted_at"),
        "lifted_why",
        "check_row",
    )
    deeds: ClassVar = [
        Deed(
            "lift",
            "解除暂缓",
            frozenset({Role.PREPARER, Role.REVIEWER}),
            lift_hold,
            form=WhyForm,
            main=True,
            refusals=(HoldRefused,),
            hint="请写明解除的依据。",
        )
    ]

    @admin.display(description="已暂缓", ordering="opened_at")
    def held_for(self, row: Hold) -> str:
        """How many days it has stood, or stood until it was lifted."""
        until = localdate(row.lifted_at) if row.lifted_at else clock.today()
        return f"{(until - localdate(row.opened_at)).days} 天"

    def may(self, request: HttpRequest, deed: Deed, obj: Hold | None = None) -> bool:
        return super().may(request, deed, obj) and (obj is None or obj.lifted_at is None)


@admin.register(CreditCheck)
class CreditCheckAdmin(CaseColumn, DeskAdmin):
    readers = frozenset({Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.AUDITOR})
    list_display = ("uscc", "case", "moment", "on", "outcome", "flags", "source", "answered_at")
    list_filter = ("outcome", "moment", "on")
    search_fields = ("uscc__startswith",)
    ordering = ("-id",)


def events_panel(*cases: tuple[str, int, Mapping[str, str]]) -> Panel:
    """The events of a case and of its further half as one table, oldest first. A case = (word, id, state labels)."""
    labels = {word: states for word, _, states in cases}
    wanted = Q(pk__in=[])
    for word, pk, _ in cases:
        wanted |= Q(case_kind=word, case_id=pk)
    rows = Event.objects.filter(wanted).select_related("by").order_by("id")[:300]
    table = [
        (
            localtime(event.at).strftime("%Y-%m-%d %H:%M"),
            event.get_kind_display(),
            _change(event, labels[event.case_kind]),
            event.by.name if event.by else "系统",
            event.why,
        )
        for event in rows
    ]
    return Panel("留痕", "admin/desk/table.html", {"heads": ["时间", "类别", "变更", "经手人", "事由"], "rows": table})


def _change(event: Event, labels: Mapping[str, str]) -> str:
    if not event.to_state:
        return ""
    before = labels.get(event.from_state, "生成")
    return f"{before} → {labels.get(event.to_state, event.to_state)}"
