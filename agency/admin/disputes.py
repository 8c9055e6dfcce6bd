"""信用异议: what enterprises say against the listings that hold them, for a second person to answer."""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from agency.actions import DisputeRefused, dismiss_dispute, uphold_dispute
from agency.admin.attachments import attachments_panel
from agency.admin.desk import Deed, DeskAdmin, Panel
from agency.admin.trail import CaseColumn, events_panel
from agency.models import Dispute, Role

ANSWERERS = frozenset({Role.PREPARER, Role.REVIEWER})


class AnswerForm(forms.Form):
    answer = forms.CharField(label="核实的依据和结论（单位可见）", max_length=500, widget=forms.Textarea(attrs={"rows": 4}))


@admin.register(Dispute)
class DisputeAdmin(CaseColumn, DeskAdmin):
    list_display = ("id", "state", "case", "flags", "region", "filed_at", "answered_by", "answered_at")
    list_filter = ("state", "case_kind")
    list_select_related = ("region", "answered_by")
    search_fields = ("=case_id",)
    ordering = ("-id",)
    readonly_fields = ("case", "listing")
    fields = (("case", "region"), "listing", "text", ("filed_by", "filed_at"), "answer", ("answered_by", "answered_at"))
    deeds: ClassVar = [
        Deed(
            "uphold",
            "异议属实",
            ANSWERERS,
            uphold_dispute,
            states=frozenset({Dispute.State.FILED}),
            form=AnswerForm,
            main=True,
            refusals=(DisputeRefused,),
            hint="暂缓随之解除，事项继续办理；登记该记录的人不能自己答复。",
        ),
        Deed(
            "dismiss",
            "不属实",
            ANSWERERS,
            dismiss_dispute,
            states=frozenset({Dispute.State.FILED}),
            form=AnswerForm,
            refusals=(DisputeRefused,),
            hint="暂缓仍在；移出名单后事项自动继续。",
        ),
    ]

    @admin.display(description="信用记录")
    def listing(self, row: Dispute) -> str:
        return row.hold.reason

    def panels(self, request: HttpRequest, obj: Dispute) -> list[Panel]:
        return [
            attachments_panel(obj.case_kind, obj.case_id),
            events_panel((Dispute.CASE, obj.pk, dict(Dispute.State.choices))),
        ]
