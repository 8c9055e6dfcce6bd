"""划型: what enterprises commit to, verified by another person, and cases that are decided anew by what changed."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from agency.actions import AttachmentRefused
from agency.admin import Deed, DeskAdmin, Panel, ProofsField, attachments_panel
from agency.models import Role
from agency.moves import MoveRefused
from agency.tasks import wake
from policy.keys import SIZE_CLASSES
from subsidies.payout.actions import AwardRefused
from subsidies.payout.admin.panels import money
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Commitment, State

REFUSALS = (MoveRefused, actions.RefundRefused, AwardRefused, AttachmentRefused)


class VerifyForm(forms.Form):
    finding = forms.CharField(
        label="如何核实、核实到什么（单位可见）", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="如：查阅 2023 年度财务报表，从业人员 120 人、营业收入 3,000 万元。",
    )  # fmt: skip


class CommitForm(forms.Form):
    size = forms.ChoiceField(label="承诺的划型", choices=[("", "请选择"), *((word, word) for word in SIZE_CLASSES)])
    files = ProofsField(label="签字盖章的承诺书")


class AnewForm(forms.Form):
    why = forms.CharField(
        label="为什么重新核定",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="公示过的，名单行旁会公开这一理由。",
    )


def _told(done: Any) -> Any:
    """A finding that leaves a message to be sent."""

    def deed(commitment: Commitment, **asked: Any) -> None:
        done(commitment, **asked)
        wake("agency.send_messages")

    return deed


def _commit(application: Application, *, size: str, files: Any, by: Any, at: Any) -> str:
    actions.commit_size(application, size, files, by=by, at=at)
    return "已登记；请另一位复审人员在“划型承诺”中核实。"


@admin.register(Commitment)
class CommitmentAdmin(DeskAdmin):
    region_path = "application__region__path"
    list_display = ("application", "size", "paid", "given_at", "holds", "verified_at")
    list_select_related = ("application__enterprise", "application__region", "application__award")
    list_filter = ("size", "holds", ("verified_at", admin.EmptyFieldListFilter))
    ordering = ("-id",)
    fields = ("application", ("size", "paid"), ("given_by", "given_at"), ("holds", "verified_by", "verified_at"), "finding")
    readonly_fields = ("paid",)
    deeds: ClassVar = [
        Deed("holds", "核实属实", actions.VERIFIERS, _told(actions.hold_true), form=VerifyForm, main=True, refusals=REFUSALS),
        Deed(
            "false", "核实不属实", actions.VERIFIERS, _told(actions.find_false), form=VerifyForm, refusals=REFUSALS,
            hint="承诺不再计入，按其余数据重新划型；已拨付的不改，差额列入“差额待办”。",
        ),
    ]  # fmt: skip

    @admin.display(description="已拨付")
    def paid(self, commitment: Commitment) -> str:
        award = commitment.application.award
        return f"{money(award.amount)} 元" if award and award.paid_on else "—"

    def panels(self, request: HttpRequest, obj: Commitment) -> list[Panel]:
        return [attachments_panel(Application.CASE, obj.application_id)]

    def may(self, request: HttpRequest, deed: Deed, obj: Commitment | None = None) -> bool:
        return super().may(request, deed, obj) and (obj is None or obj.verified_at is None)


COMMIT = Deed(
    "commit", "登记划型承诺", actions.ENTERERS, _commit, form=CommitForm, refusals=REFUSALS,
    hint="单位送来的书面承诺在此登记，先按承诺的划型核定；登记人不能核实。",
)  # fmt: skip
ANEW = Deed(
    "anew", "按变化重新核定", frozenset({Role.REVIEWER}), actions.review_anew,
    states=frozenset({State.REVIEWED, State.APPROVED}), form=AnewForm, refusals=REFUSALS,
    hint="初审以后划型或其他数据有变化、尚未拨付的：按现有数据写新的决定，撤下未拨付的应发补贴，重新初审、复审。",
)  # fmt: skip
