"""The staff pages of objections: what is to be answered and by when, who objected, the conclusion."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import DateField, DurationField, ExpressionWrapper, F, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from agency import clock
from agency.admin import Deed, DeskAdmin, Panel, attachments_panel, revealed
from agency.admin.trail import events_panel
from agency.models import Role
from subsidies.payout import actions
from subsidies.payout.admin.panels import table
from subsidies.payout.admin.publicity import REFUSALS, REVIEWER
from subsidies.payout.models import Objection


class DueFilter(admin.SimpleListFilter):
    title, parameter_name = "答复期限", "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "待答复"), ("late", "逾期未答复")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Objection]") -> "QuerySet[Objection]":
        if not self.value():
            return queryset
        waiting = queryset.filter(state=Objection.State.FILED).order_by("answer_by", "pk")
        return waiting.filter(answer_by__lt=clock.today()) if self.value() == "late" else waiting


class AnswerForm(forms.Form):
    answer = forms.CharField(label="核查结论与答复（告知异议人）", max_length=500, widget=forms.Textarea(attrs={"rows": 4}))


class UpheldForm(AnswerForm):
    reason = forms.CharField(
        label="不予发放的原因（告知单位，并在名单旁公开）",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不要写出异议人，也不要写从中看得出异议人的内容。",
    )


def show_objector(objection: Objection, *, by: Any, at: Any) -> HttpResponse:
    """Name and contact on a page of their own, never in a message or a session."""
    name, contact = actions.read_objector(objection, by=by, at=at)
    found = {"异议人": name, "联系方式": contact}
    back = reverse("admin:payout_objection_change", args=[objection.pk])
    return revealed(f"公示异议 {objection.receipt}", found, back)


@admin.register(Objection)
class ObjectionAdmin(DeskAdmin):
    list_display = ("receipt", "line", "state", "channel", "filed_at", "answer_by", "days_left")
    list_filter = (DueFilter, "state", "channel")
    list_select_related = ("line", "region")
    ordering = ("-id",)
    fields = (
        ("receipt", "state", "line"),
        ("objector", "contact_shown", "channel"),
        "text",
        ("filed_by", "filed_at"),
        ("answer_by", "days_left"),
        ("answer", "answered_at"),
    )
    readonly_fields = ("objector", "contact_shown", "days_left")
    deeds: ClassVar = [
        Deed(
            "objector",
            "查看异议人",
            frozenset({Role.REVIEWER, Role.AUDITOR}),
            show_objector,
            refusals=REFUSALS,
            hint="仅用于核查异议，不得告知被异议单位；此次查看会留痕。",
        ),
        Deed(
            "uphold",
            "异议成立",
            REVIEWER,
            actions.uphold,
            states=frozenset({Objection.State.FILED}),
            form=UpheldForm,
            refusals=REFUSALS,
            hint="该件不予发放，名单中以删除线显示。",
        ),
        Deed(
            "dismiss",
            "异议不成立",
            REVIEWER,
            actions.dismiss,
            states=frozenset({Objection.State.FILED}),
            form=AnswerForm,
            refusals=REFUSALS,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Objection]":
        """Each row with how long is left until it must be answered."""
        today = Value(clock.today(), output_field=DateField())
        left = ExpressionWrapper(F("answer_by") - today, output_field=DurationField())
        rows: QuerySet[Objection] = super().get_queryset(request).annotate(left=left)
        return rows

    @admin.display(description="异议人")
    def objector(self, row: Objection) -> str:
        return str(row.name)

    @admin.display(description="联系方式")
    def contact_shown(self, row: Objection) -> str:
        return str(row.contact)

    @admin.display(description="距答复期限", ordering="answer_by")
    def days_left(self, row: Objection) -> str:
        if row.state != Objection.State.FILED:
            return "—"
        days = row.left.days  # type: ignore[attr-defined]
        return f"还有 {days} 天" if days > 0 else "今天到期" if days == 0 else f"逾期 {-days} 天"

    def panels(self, request: HttpRequest, obj: Objection) -> list[Panel]:
        award = obj.line.award
        said = [(row.at, row.text) for row in award.statements.order_by("at")]
        return [
            table("单位的说明", ["时间", "说明"], said, "单位没有提交说明。"),
            attachments_panel(award.case_kind, award.case_id),
            events_panel((Objection.CASE, obj.pk, dict(Objection.State.choices))),
        ]
