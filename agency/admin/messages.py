"""留痕与短信: what happened, and what was sent."""

from typing import ClassVar

from django.contrib import admin

from agency.actions import MessageRefused, resend_message
from agency.admin.desk import Deed, DeskAdmin
from agency.admin.trail import CaseColumn
from agency.models import Event, Message, Role


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
