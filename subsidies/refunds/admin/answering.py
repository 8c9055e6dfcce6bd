"""答复登记: the button by which a clerk books an answer that came by telephone or on paper, and what was booked."""

from typing import Any

from django import forms
from django.utils.timezone import localtime

from agency.actions import AttachmentRefused
from agency.admin import Deed, Panel, ProofsField
from agency.models import Link, Role
from agency.moves import MoveRefused
from subsidies.payout.admin.panels import table
from subsidies.payout.queries import NoTerms
from subsidies.refunds import actions
from subsidies.refunds.models import AnswerRecord, Application, State

Through = Application.AnswerChannel
CHOOSE = ("", "请选择")


class MomentInput(forms.DateTimeInput):
    """A moment as the browser's own picker gives it."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(
        label="答复", choices=[CHOOSE, (State.CONFIRMED.value, "确认接受"), (State.DECLINED.value, "明确放弃")]
    )
    through = forms.ChoiceField(
        label="途径", choices=[CHOOSE, *((way.value, way.label) for way in (Through.CALL, Through.PAPER))]
    )
    said_by = forms.CharField(label="答复人", max_length=64, help_text="姓名和职务。请勿填写证件号码和电话。")
    said_at = forms.DateTimeField(label="答复时间", widget=MomentInput, help_text="通话的时间，或书面答复收到的时间。")
    note = forms.CharField(label="备注", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    proofs = ProofsField(label="书面答复的扫描件", required=False)


RECORD = Deed(
    "record-answer",
    "登记电话、书面答复",
    frozenset({Role.PREPARER}),
    actions.record_answer,
    states=frozenset({State.OFFERED, State.OVERDUE, State.DECLINED}),
    form=AnswerForm,
    refusals=(MoveRefused, actions.RefundRefused, AttachmentRefused, NoTerms),
    hint="先到的答复算数：单位已另行答复的，登记不会生效，页面会说明。书面答复须上传扫描件。",
)


def answers_panel(obj: Application) -> list[Panel]:
    """What clerks booked; nothing where they booked nothing."""
    rows = [
        (
            row.get_answer_display(),
            row.get_through_display(),
            row.said_by,
            _shown(row.said_at),
            f"{row.recorded_by} {_shown(row.recorded_at)}",
            row.note or "—",
        )
        for row in AnswerRecord.objects.filter(application=obj).select_related("recorded_by").order_by("-id")
    ]
    heads = ["答复", "途径", "答复人", "答复时间", "登记", "备注"]
    return [table("登记的答复", heads, rows)] if rows else []


def links_panel(obj: Application) -> list[Panel]:
    """The short links that were sent of the case, for whoever is asked why one does not open; never their addresses."""
    rows = [
        (
            _shown(link.made_at),
            _shown(link.expires_at),
            link.tries,
            f"{_shown(link.ended_at)} {link.get_ended_because_display()}" if link.ended_at else "—",
        )
        for link in Link.objects.filter(case_kind=Application.CASE, case_id=obj.pk).order_by("-id")[:20]
    ]
    return [table("短信链接", ["生成时间", "失效时间", "验证码不符次数", "终止"], rows)] if rows else []


def _shown(moment: Any) -> str:
    return localtime(moment).strftime("%Y-%m-%d %H:%M")
