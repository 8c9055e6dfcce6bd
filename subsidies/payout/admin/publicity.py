"""The staff pages of awards, publicity rounds and objections."""

from datetime import date
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from agency.actions import AttachmentRefused, CreditRefused, state_by_hand
from agency.admin import Deed, DeskAdmin, Panel, ProofsField, attachments_panel
from agency.admin.people import DateInput, regions_under
from agency.admin.programmes import WhyForm
from agency.admin.trail import CaseColumn, events_panel, hold_deed
from agency.admin.work import download, job_panel, latest_job
from agency.models import CreditCheck, Hold, Job, Programme, Role
from agency.moves import MoveRefused
from agency.tasks import wake
from enterprises.models import CreditListing
from subsidies.payout import actions
from subsidies.payout.admin.panels import money, table
from subsidies.payout.models import SUBSIDIES, Award, Objection, PublicityRound
from subsidies.payout.queries import NoTerms, barring_flags, terms_in_force

PREPARER, REVIEWER, FINANCE = (frozenset({role}) for role in (Role.PREPARER, Role.REVIEWER, Role.FINANCE))
REFUSALS = (
    MoveRefused,
    actions.AccountBroken,
    actions.AwardRefused,
    actions.BatchRefused,
    actions.ObjectionRefused,
    actions.ResultsRefused,
    actions.RoundRefused,
    NoTerms,
)


SETTLED = frozenset({Award.State.PAYING, Award.State.PAID, Award.State.STRUCK, Award.State.FORFEITED})


class ProgrammeForm(forms.Form):
    programme = forms.ModelChoiceField(Programme.objects.none(), label="项目")

    def fill(self, *, prefixes: list[str], **_: object) -> None:
        regions = regions_under(prefixes)
        self.fields["programme"].queryset = Programme.objects.filter(region__in=regions).order_by("-year")  # type: ignore[attr-defined]


class RoundForm(ProgrammeForm):
    case_kind = forms.ChoiceField(label="补贴", choices=SUBSIDIES)


class AccountForm(forms.Form):
    account_name = forms.CharField(label="户名", max_length=200)
    bank = forms.CharField(label="开户行", max_length=200)
    account = forms.CharField(label="账号", max_length=40)


class StartForm(forms.Form):
    starts_on = forms.DateField(label="公示第一日", widget=DateInput)

    def fill(self, *, today: Any, **_: object) -> None:
        self.fields["starts_on"].initial = today


class ObjectionForm(forms.Form):
    position = forms.IntegerField(label="名单序号", min_value=1)
    name = forms.CharField(label="异议人姓名（实名）", max_length=64)
    contact = forms.CharField(label="联系方式", max_length=100)
    text = forms.CharField(label="异议内容", max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))
    channel = forms.ChoiceField(label="渠道", choices=[("phone", "电话"), ("letter", "来信")])


def file_objection(round_: PublicityRound, *, position: int, by: Any, at: Any, **said: str) -> str:
    line = round_.lines.filter(position=position).first()
    if line is None:
        raise actions.ObjectionRefused(f"本批名单没有第 {position} 号；请核对名单序号。")
    made = actions.file_objection(line, by=by, at=at, **said)
    return f"已登记，回执号 {made.receipt}，应于 {made.answer_by:%Y-%m-%d} 前答复。"


def publish(round_: PublicityRound, *, starts_on: date, by: Any, at: Any) -> str:
    actions.publish_round(round_, starts_on, by=by, at=at)
    wake("payout.work_lists")
    return f"已发布，公示至 {round_.ends_on:%Y-%m-%d}；名单表格、PDF 和公告正在后台生成。"


def give_out(field: str, round_: PublicityRound, *, by: Any, at: Any) -> HttpResponse | str:
    file = getattr(round_, field)
    return download(file, by=by, at=at, why="下载公示文件") if file else "尚未发布，或文件仍在生成；请稍后再试。"


FILES = (("list", "名单表格", "file"), ("pdf", "名单 PDF", "pdf"), ("announcement", "公告（Word）", "announcement"))
GIVEN_OUT = [
    Deed(
        word,
        f"下载{label}",
        frozenset({Role.PREPARER, Role.REVIEWER, Role.AUDITOR}),
        partial(give_out, field),
        states=frozenset({PublicityRound.State.PUBLISHED, PublicityRound.State.CLOSED}),
    )
    for word, label, field in FILES
]


class HandCheckForm(forms.Form):
    flags = forms.MultipleChoiceField(
        label="所列名单",
        required=False,
        choices=CreditListing.Type.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="查询结果未列入任何名单则不选。",
    )
    basis = forms.CharField(label="查询来源与结果摘要", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
    proofs = ProofsField(label="查询页面截图")


def check_by_hand(award: Award, *, flags: list[str], basis: str, proofs: list[Any], by: Any, at: Any) -> None:
    """The clerk's own look-up before payment, where the platform did not answer."""
    on = at.date()
    barring = barring_flags(terms_in_force(award.programme, on), on)
    state_by_hand(
        Award.CASE,
        award.pk,
        award.uscc,
        award.region_id,
        CreditCheck.Moment.PAYMENT,
        on,
        flags,
        basis,
        by=by,
        at=at,
        proofs=proofs,
        barring=barring,
    )


class SubsidyFilter(admin.SimpleListFilter):
    title, parameter_name = "补贴", "subsidy"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return SUBSIDIES

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Award]") -> "QuerySet[Award]":
        return queryset.filter(case_kind=self.value()) if self.value() else queryset


@admin.register(Award)
class AwardAdmin(CaseColumn, DeskAdmin):
    list_display = ("id", "name", "uscc", "region", "money", "account_source", "state", "paid_on")
    list_filter = ("state", SubsidyFilter, "account_source", "programme")
    list_select_related = ("region",)
    search_fields = ("uscc__startswith", "name")
    ordering = ("id",)
    fields = (
        ("name", "uscc", "region"),
        "case",
        ("money", "account_source", "paid_on"),
        ("account_name", "bank", "shown_account"),
        "correct_by",
    )
    readonly_fields = ("case", "money", "shown_account")
    deeds: ClassVar = [
        Deed(
            "mend",
            "更正账户",
            PREPARER,
            actions.mend_account,
            states=frozenset(Award.State) - SETTLED,
            form=AccountForm,
            refusals=REFUSALS,
            hint="更正后须由另一人核对才能拨付。",
        ),
        Deed("accept", "核对账户无误", REVIEWER, actions.accept_account, refusals=REFUSALS),
        Deed(
            "credit-by-hand",
            "登记人工信用核验",
            PREPARER,
            check_by_hand,
            states=frozenset({Award.State.CLEARED}),
            form=HandCheckForm,
            refusals=(*REFUSALS, AttachmentRefused, CreditRefused),
            hint="共享平台对该单位无应答时，按当日在公开平台查询的结果登记。",
        ),
        hold_deed(frozenset({Award.State.PENDING, Award.State.PUBLICISED, Award.State.CLEARED})),
        Deed(
            "strike",
            "不予发放",
            REVIEWER,
            actions.strike,
            form=WhyForm,
            refusals=REFUSALS,
            states=frozenset({Award.State.PENDING, Award.State.PUBLICISED, Award.State.CLEARED}),
        ),
    ]

    def may(self, request: HttpRequest, deed: Deed, obj: Award | None = None) -> bool:
        """Credit is not asked of a person."""
        return super().may(request, deed, obj) and (deed.name != "credit-by-hand" or obj is None or bool(obj.uscc))

    @admin.display(description="金额（元）", ordering="amount")
    def money(self, row: Award) -> str:
        return money(row.amount)

    @admin.display(description="账号")
    def shown_account(self, row: Award) -> str:
        return str(row.account) or "—"

    def headline(self, request: HttpRequest, obj: Award) -> dict[str, Any]:
        holds = Hold.objects.filter(case_kind=Award.CASE, case_id=obj.pk, lifted_at__isnull=True)
        return {**super().headline(request, obj), "holds": list(holds)}

    def panels(self, request: HttpRequest, obj: Award) -> list[Panel]:
        payments = [
            (
                {"href": reverse("admin:payout_paymentbatch_change", args=[row.batch_id]), "label": row.batch.number},
                row.line,
                {"word": row.state, "label": row.get_state_display()},
                {"number": money(row.amount)},
                row.paid_on,
                row.failure or "—",
                row.bank_serial or "—",
            )
            for row in obj.payments.select_related("batch").order_by("id")
        ]
        lines = [
            (
                {"href": reverse("admin:payout_publicityround_change", args=[row.round_id]), "label": row.round.title},
                row.position,
                row.round.starts_on,
                row.round.ends_on,
                row.struck_why or "—",
            )
            for row in obj.lines.select_related("round").order_by("id")
        ]
        said = [(row.at, row.text) for row in obj.statements.order_by("at")]
        return [
            *([table("单位就公示异议的说明", ["时间", "说明"], said)] if said else []),
            table("公示", ["批次", "序号", "开始", "结束", "撤下原因"], lines),
            table("拨付", ["批次", "明细号", "状态", "金额（元）", "交易日期", "失败原因", "银行流水号"], payments),
            attachments_panel(Award.CASE, obj.pk),
            events_panel((Award.CASE, obj.pk, dict(Award.State.choices))),
        ]


@admin.register(PublicityRound)
class PublicityRoundAdmin(DeskAdmin):
    list_display = ("title", "case_kind", "state", "starts_on", "ends_on", "count", "money", "prepared_by", "published_at")
    list_filter = ("state", "case_kind", "programme")
    list_select_related = ("prepared_by",)
    ordering = ("-id",)
    fields = (
        ("title", "number", "state"),
        ("starts_on", "ends_on"),
        ("count", "money"),
        "sha256",
        "basis",
        "shown_body",
        ("phone", "complaints_phone", "office_name"),
        ("prepared_by", "prepared_at", "published_at"),
    )
    readonly_fields = ("money", "shown_body")
    State = PublicityRound.State
    deeds: ClassVar = [
        Deed(
            "prepare",
            "拟定公示批次",
            PREPARER,
            actions.prepare_round,
            form=RoundForm,
            above=True,
            main=True,
            refusals=REFUSALS,
            hint="收入该补贴全部待公示且无暂缓的事项；两种补贴分别公示。",
        ),
        Deed(
            "publish",
            "发布公示",
            REVIEWER,
            publish,
            states=frozenset({State.DRAFT}),
            form=StartForm,
            main=True,
            refusals=REFUSALS,
            hint="发布后名单即冻结，不能再改。",
        ),
        Deed(
            "objection",
            "登记异议",
            frozenset({Role.PREPARER, Role.REVIEWER}),
            file_objection,
            states=frozenset({State.PUBLISHED}),
            form=ObjectionForm,
            refusals=REFUSALS,
        ),
        *GIVEN_OUT,
        Deed(
            "cancel",
            "撤销",
            frozenset({Role.PREPARER, Role.REVIEWER}),
            actions.cancel_round,
            states=frozenset({State.DRAFT}),
            refusals=REFUSALS,
        ),
    ]

    @admin.display(description="金额合计（元）")
    def money(self, row: PublicityRound) -> str:
        return money(row.total)

    @admin.display(description="公告正文")
    def shown_body(self, row: PublicityRound) -> str:
        return format_html('<span style="white-space: pre-line">{}</span>', row.body)

    def panels(self, request: HttpRequest, obj: PublicityRound) -> list[Panel]:
        lines = [
            (
                row.position,
                {"href": reverse("admin:payout_award_change", args=[row.award_id]), "label": row.name},
                {"number": money(row.amount)},
                row.struck_why or "",
            )
            for row in obj.lines.order_by("position")[:100]
        ]
        objections = [
            (
                {"href": reverse("admin:payout_objection_change", args=[row.pk]), "label": row.receipt},
                row.line.name,
                {"word": row.state, "label": row.get_state_display()},
                row.answer_by,
            )
            for row in Objection.objects.filter(line__round=obj).select_related("line").order_by("id")
        ]
        job = latest_job((Job.Kind.PUBLICITY,), obj.pk)
        waiting = [job_panel(job, "公示文件")] if job and not obj.file_id else []
        return [
            *waiting,
            table("异议", ["回执号", "名单行", "状态", "答复截止日"], objections, "没有异议。"),
            table("名单（前 100 行）", ["序号", "名称", "金额（元）", "撤下原因"], lines, "发布时冻结名单。"),
            events_panel((PublicityRound.CASE, obj.pk, dict(PublicityRound.State.choices))),
        ]
