"""申诉与差额待办: the staff pages."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from agency import clock
from agency.actions import AppealRefused, AttachmentRefused, accept_appeal
from agency.admin import Deed, DeskAdmin, Panel, ProofsField, attachments_panel
from agency.admin.people import DateInput
from agency.admin.trail import CaseColumn, events_panel
from agency.models import Appeal, Role
from agency.tasks import wake
from subsidies.payout.actions import DifferenceRefused, settle_difference
from subsidies.payout.admin.filters import RegionFilter
from subsidies.payout.admin.panels import money
from subsidies.payout.models import Difference
from subsidies.refunds import actions
from subsidies.refunds.models import Application
from subsidies.refunds.queries import grounds

DESK = frozenset({Role.PREPARER, Role.REVIEWER})
REVIEWER = frozenset({Role.REVIEWER})
REFUSALS = (AppealRefused, AttachmentRefused, actions.RefundRefused)
SOON = timedelta(days=3)
State = Appeal.State


class AnswerForm(forms.Form):
    answer = forms.CharField(label="理由（单位可见）", max_length=500, widget=forms.Textarea(attrs={"rows": 4}))


class UpholdForm(AnswerForm):
    corrected = forms.CharField(
        label="更正了哪些数据", max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="先由受理人按更正、录入或导入改正数据；这里写明改了什么。系统按改正后的数据重新判定，结果不变的不能认定成立。",
    )  # fmt: skip
    field_order = ("corrected", "answer")


class SettleForm(forms.Form):
    settlement = forms.CharField(label="处理结果", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class EvidenceForm(forms.Form):
    what = forms.CharField(label="需要补充什么（单位可见）", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    until = forms.DateField(label="补充截止日", widget=DateInput)

    def fill(self, *, today: Any, **asked: Any) -> None:
        self.fields["until"].initial = today + timedelta(days=10)


class FileForm(forms.Form):
    about = forms.ChoiceField(label="申诉内容")
    text = forms.CharField(label="事实与理由", max_length=1000, widget=forms.Textarea(attrs={"rows": 5}))
    files = ProofsField(label="证据", required=False)

    def fill(self, *, obj: Application, today: Any, **asked: Any) -> None:
        words = dict(Appeal.About.choices)
        self.fields["about"].choices = [(word, words[word]) for word in grounds(obj, today).about]  # type: ignore[attr-defined]


class OpenFilter(admin.SimpleListFilter):
    title = "是否办结"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", "未办结"), ("no", "已办结")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "yes":
            return queryset.filter(state__in=Appeal.OPEN)
        return queryset.exclude(state__in=Appeal.OPEN) if self.value() == "no" else queryset


def _told(done: Any) -> Any:
    """An action that leaves a message to be sent."""

    def deed(appeal: Appeal, **asked: Any) -> None:
        done(appeal, **asked)
        wake("agency.send_messages")

    return deed


@admin.register(Appeal)
class AppealAdmin(CaseColumn, DeskAdmin):
    list_display = ("id", "unit", "about", "state", "filed_at", "days_left", "accepted_by")
    list_filter = (OpenFilter, "state", "about", RegionFilter)
    list_select_related = ("region", "accepted_by")
    ordering = ("answer_by", "id")
    fields = (
        ("unit", "case"),
        ("about", "filed_at"),
        "text",
        ("accepted_by", "days_left"),
        ("evidence", "evidence_by"),
        ("decided_by", "decided_at"),
        "corrected",
        "answer",
    )
    readonly_fields = ("unit", "case", "days_left")
    deeds: ClassVar = [
        Deed("accept", "受理", DESK, accept_appeal, states=frozenset({State.FILED}), main=True,
             hint="受理后由您核查并更正数据，由另一位复审人员作出决定。"),
        Deed("refuse", "不予受理", REVIEWER, _told(actions.refuse_appeal), states=frozenset({State.FILED}), form=AnswerForm,
             refusals=REFUSALS),
        Deed("evidence", "要求补充证据", DESK, _told(actions.ask_for_evidence), states=frozenset({State.ACCEPTED}),
             form=EvidenceForm, refusals=REFUSALS),
        Deed("uphold", "申诉成立", REVIEWER, _told(actions.uphold_appeal), states=frozenset({State.ACCEPTED}), form=UpholdForm,
             refusals=REFUSALS),
        Deed("dismiss", "申诉不成立", REVIEWER, _told(actions.dismiss_appeal), states=frozenset({State.ACCEPTED}),
             form=AnswerForm, refusals=REFUSALS),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        unit = Application.objects.filter(pk=OuterRef("case_id")).values("enterprise__name")
        return super().get_queryset(request).annotate(unit_name=Subquery(unit))

    @admin.display(description="单位名称")
    def unit(self, appeal: Appeal) -> str:
        return appeal.unit_name  # type: ignore[attr-defined, no-any-return]

    @admin.display(description="答复期限", ordering="answer_by")
    def days_left(self, appeal: Appeal) -> str:
        if appeal.state not in Appeal.OPEN:
            return "—"
        left = appeal.answer_by - clock.today()
        told = f"{appeal.answer_by}（{'已超期' if left.days < 0 else f'还有 {left.days} 天'}）"
        return format_html("<strong>{}</strong>", told) if left <= SOON else told

    def panels(self, request: HttpRequest, obj: Appeal) -> list[Panel]:
        return [attachments_panel(obj.case_kind, obj.case_id), events_panel((Appeal.CASE, obj.pk, dict(State.choices)))]


@admin.register(Difference)
class DifferenceAdmin(DeskAdmin):
    list_display = ("id", "unit", "was_paid", "is_owed", "why", "found_at", "settled_at")
    list_filter = (RegionFilter,)
    list_select_related = ("award", "region")
    ordering = ("-id",)
    readonly_fields = ("unit", "was_paid", "is_owed")
    fields = (
        ("unit", "region"),
        ("was_paid", "is_owed"),
        "why",
        ("found_by", "found_at"),
        ("settled_by", "settled_at"),
        "settlement",
    )
    deeds: ClassVar = [
        Deed("settle", "办结", frozenset({Role.REVIEWER, Role.FINANCE}), settle_difference, form=SettleForm, main=True,
             refusals=(DifferenceRefused,), hint="已拨付的不改；这里只登记差额如何处理。"),
    ]  # fmt: skip

    @admin.display(description="应发补贴", ordering="award__name")
    def unit(self, row: Difference) -> str:
        return format_html('<a href="{}">{}</a>', reverse("admin:payout_award_change", args=[row.award_id]), row.award.name)

    @admin.display(description="已拨付金额（元）", ordering="paid")
    def was_paid(self, row: Difference) -> str:
        return money(row.paid)

    @admin.display(description="重新核定金额（元）", ordering="owed")
    def is_owed(self, row: Difference) -> str:
        return money(row.owed)

    def may(self, request: HttpRequest, deed: Deed, obj: Difference | None = None) -> bool:
        return super().may(request, deed, obj) and (obj is None or obj.settled_at is None)


def file_appeal(application: Application, *, about: str, text: str, files: Any, by: Any, at: Any) -> str:
    appeal = actions.file_appeal(application, about, text, files, by=by, at=at)
    return f"已登记第 {appeal.pk} 号申诉，请在“申诉”中受理。"


FILE = Deed(
    "appeal", "登记申诉", DESK, file_appeal, form=FileForm, refusals=REFUSALS, hint="单位来信、来访提出的申诉，在此登记。"
)
