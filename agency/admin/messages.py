"""留痕与短信: what happened, and what was sent."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from agency.actions import MessageRefused, ReplyRefused, resend_message, reveal_reply, settle_reply
from agency.admin.desk import Deed, DeskAdmin, Panel, codes_of, revealed
from agency.admin.trail import CaseColumn, events_panel
from agency.models import Event, Message, Reply, Role


@admin.register(Event)
class EventAdmin(CaseColumn, DeskAdmin):
    readers = frozenset({Role.AUDITOR})
    list_display = ("at", "kind", "case", "from_state", "to_state", "by", "why")
    list_filter = ("kind", "case_kind")
    list_select_related = ("by",)
    search_fields = ("=case_id",)
    ordering = ("-id",)


@admin.register(Message)
class MessageAdmin(CaseColumn, DeskAdmin):
    list_display = ("id", "kind", "case", "shown_phone", "state", "tries", "sent_at", "failure")
    list_filter = ("state", "kind")
    fields = ("kind", "case", "shown_phone", "state", "tries", "created_at", "sent_at", "gateway_id", "failure")
    readonly_fields = ("shown_phone", "case")
    deeds: ClassVar = [
        Deed(
            "resend",
            "重新发送",
            frozenset({Role.PREPARER}),
            resend_message,
            states=frozenset({Message.State.FAILED}),
            main=True,
            refusals=(MessageRefused,),
            hint="核对手机号后重发；同一条短信不会被网关重复发送。",
        )
    ]
    ordering = ("-id",)

    @admin.display(description="手机号")
    def shown_phone(self, message: Message) -> str:
        return str(message.phone)


class SettleForm(forms.Form):
    text = forms.CharField(label="处理结果", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


def reveal(reply: Reply, *, by: Any, at: Any) -> HttpResponse:
    back = reverse("admin:agency_reply_change", args=[reply.pk])
    return revealed(str(reply), reveal_reply(reply, by=by, at=at), back)


@admin.register(Reply)
class ReplyAdmin(CaseColumn, DeskAdmin):
    readers = frozenset({Role.PREPARER, Role.REVIEWER, Role.AUDITOR})
    list_display = ("id", "state", "fate", "case", "shown_phone", "region", "received_at", "settlement")
    list_filter = ("state", "fate")
    list_select_related = ("region",)
    fields = (
        ("state", "fate"),
        ("case", "region"),
        ("shown_phone", "received_at", "number"),
        "settlement",
        ("source", "source_row", "voided"),
    )
    readonly_fields = ("shown_phone", "case")
    ordering = ("-id",)
    deeds: ClassVar = [
        Deed(
            "settle",
            "登记处理结果",
            frozenset({Role.PREPARER}),
            settle_reply,
            states=frozenset({Reply.State.LISTED}),
            form=SettleForm,
            main=True,
            refusals=(ReplyRefused,),
            hint="先联系来信人，在返还事项中登记其答复，再在此写明结果。",
        ),
        Deed(
            "reveal",
            "查看号码与内容",
            frozenset({Role.PREPARER, Role.AUDITOR}),
            reveal,
            hint="只用于办理业务；此次查看会留痕。",
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Reply]":
        """Those of the regions of whoever asks, and those of which no region is known."""
        rows = Reply.objects.all().order_by(*self.ordering)
        prefixes = self.prefixes(request, self.readers)
        if not prefixes:
            return rows.none()
        return rows.filter(Q(region__in=codes_of(request, prefixes)) | Q(region__isnull=True))

    def path_of(self, obj: Any) -> str:
        return super().path_of(obj) if obj.region_id else ""

    def panels(self, request: HttpRequest, obj: Reply) -> list[Panel]:
        return [events_panel((Reply.CASE, obj.pk, dict(Reply.State.choices)))]

    @admin.display(description="手机号")
    def shown_phone(self, row: Reply) -> str:
        return str(row.phone)
