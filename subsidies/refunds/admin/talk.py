"""往来消息与备注: the thread under a case, the buttons to answer and to note, and who waits for an answer."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import localtime

from agency.actions import AttachmentRefused
from agency.actions.talk import LONGEST, TalkRefused
from agency.admin import Deed, Panel
from agency.admin.attachments import ProofsField
from agency.models import Remark
from agency.moves import MoveRefused
from subsidies.payout.admin.panels import table
from subsidies.refunds import actions
from subsidies.refunds.models import Application
from subsidies.refunds.queries import notes_of, remarks_of, waiting_remarks

REFUSALS = (MoveRefused, actions.RefundRefused, TalkRefused, AttachmentRefused)


class RemarkForm(forms.Form):
    text = forms.CharField(label="内容（单位可见）", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 5}))
    files = ProofsField(required=False)


class NoteForm(forms.Form):
    text = forms.CharField(label="内容（仅工作人员可见）", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}))


class UnreadFilter(admin.SimpleListFilter):
    title = "单位消息"
    parameter_name = "unread"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", "有未读")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(pk__in=waiting_remarks().values("case_id")) if self.value() == "yes" else queryset


def read(application: Application, *, by: Any, at: Any) -> str:
    return f"已标为已读 {actions.read_remarks(application, by=by, at=at)} 条。"


def _files(remark: Remark) -> Any:
    """The first of a message's files as a link, with how many there are."""
    kept = list(remark.attachments.all())
    if not kept:
        return "—"
    more = f" 等 {len(kept)} 个" if len(kept) > 1 else ""
    return {"href": reverse("admin:agency_file_change", args=[kept[0].file_id]), "label": kept[0].file.name + more}


def talk_panels(application: Application) -> list[Panel]:
    thread = [
        (
            f"{localtime(row.at):%Y-%m-%d %H:%M}",
            f"经办机构 {row.by}" if row.from_staff else "单位",
            row.text.reveal(),
            _files(row),
            f"{localtime(row.read_at):%m-%d %H:%M} 已读" if row.read_at else "未读",
        )
        for row in remarks_of(application)
    ]
    notes = [(f"{localtime(row.at):%Y-%m-%d %H:%M}", str(row.by), row.text.reveal()) for row in notes_of(application)]
    heads = ["时间", "发送人", "内容", "附件", "对方"]
    return [
        table("往来消息", heads, thread, "还没有往来消息。"),
        table("工作备注（单位不可见）", ["时间", "记录人", "内容"], notes, "还没有备注。"),
    ]


DEEDS = (
    Deed(
        "write",
        "发消息给单位",
        actions.WRITERS,
        actions.write_remark,
        form=RemarkForm,
        refusals=REFUSALS,
        hint="单位登录后在“我的返还”中看到并可回复。请勿写入完整的账号和证件号。",
    ),
    Deed("read", "消息标为已读", actions.WRITERS, read, refusals=REFUSALS),
    Deed(
        "note",
        "记备注",
        actions.NOTERS,
        actions.write_note,
        form=NoteForm,
        refusals=REFUSALS,
        hint="仅工作人员可见，不会出现在门户和通知书中。",
    ),
)
