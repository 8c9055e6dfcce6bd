"""技能提升补贴: the staff pages of claims, certificates and training subsidies."""

from collections import Counter
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.timezone import localtime

from agency.admin import Deed, DeskAdmin, Panel, revealed
from agency.admin.trail import events_panel, hold_deed
from agency.models import Hold, Programme, Role
from agency.moves import MoveRefused
from enterprises.actions import reveal
from enterprises.admin import CLERKS
from policy.skill import RULES
from subsidies.payout.admin import filters
from subsidies.payout.admin.panels import award_panel, decisions_panel, findings_panel, money, table
from subsidies.payout.admin.publicity import ProgrammeForm
from subsidies.payout.models import Award
from subsidies.payout.queries import NoTerms
from subsidies.skills import actions, queries
from subsidies.skills.models import Certificate, Claim, Flag, State, TrainingSubsidy

POST = "post_matches"
PREPARER, REVIEWER = frozenset({Role.PREPARER}), frozenset({Role.REVIEWER})
REFUSALS = (MoveRefused, actions.ClaimRefused, NoTerms)


class ReasonForm(forms.Form):
    reason = forms.CharField(label="理由（本人可见）", max_length=500, widget=forms.Textarea(attrs={"rows": 4}))


class PostForm(forms.Form):
    agrees = forms.TypedChoiceField(
        label="证书与岗位是否相适", choices=[("yes", "相适"), ("no", "不相适")], coerce=lambda word: word == "yes"
    )


class FailedFilter(filters.FailedFilter):
    rules = RULES


class UnknownFilter(filters.UnknownFilter):
    rules = RULES


def decide_all(*, programme: Programme, by: Any, at: Any) -> str:
    done = actions.decide_all(programme, by=by, at=at)
    return (
        f"审核通过 {done.approved} 件，共 {money(done.amount)} 元；不予补贴 {done.rejected} 件；转人工核实 {done.to_review} 件。"
    )


def approve_all(rows: Any, *, by: Any, at: Any) -> str:
    done = actions.approve_all(rows, by=by, at=at)
    left = "；".join(f"{reason}（{count} 件）" for reason, count in Counter(done.refused.values()).items())
    return f"已通过 {len(done.moved)} 件。" + (f"未办理：{left}" if left else "")


@admin.register(Claim)
class ClaimAdmin(DeskAdmin):
    readers = CLERKS
    list_display = ("name", "shown_id_number", "certificate", "grade", "claimed_on", "region", "money", "state", "why")
    list_filter = ("state", filters.RegionFilter, "grade", FailedFilter, UnknownFilter, "programme")
    list_select_related = ("submission", "region")
    search_fields = ("submission__name", "submission__certificate_number__startswith")
    search_help_text = "姓名的一部分，或证书编号的开头；按证件号码请在“参保人员”中查找"
    ordering = ("id",)
    fields = (
        ("name", "shown_id_number", "claimed_on"),
        ("certificate", "occupation", "grade"),
        ("region", "programme"),
        ("money", "why", "post_agrees"),
        ("reviewed_by", "reviewed_at"),
        "reason",
    )
    readonly_fields = ("name", "shown_id_number", "claimed_on", "certificate", "money", "why")
    deeds: ClassVar = [
        Deed(
            "decide",
            "判定全部申请",
            PREPARER,
            decide_all,
            form=ProgrammeForm,
            above=True,
            main=True,
            refusals=REFUSALS,
            hint="按参保、证书、培训补贴数据逐条比对：全部符合的通过，有不符合的不予补贴，其余转人工核实。",
        ),
        Deed(
            "approve",
            "核实通过",
            REVIEWER,
            actions.approve,
            states=frozenset({State.TO_REVIEW}),
            main=True,
            refusals=REFUSALS,
            hint="系统会按现有数据重新判定，全部符合的才能通过。",
        ),
        Deed(
            "post",
            "登记证岗相适",
            PREPARER | REVIEWER,
            actions.answer_post,
            states=frozenset({State.TO_REVIEW}),
            form=PostForm,
            refusals=REFUSALS,
            hint="政策文件要求证岗相适的，由人核实后登记；核实通过时按登记的结果判定。",
        ),
        Deed(
            "reject",
            "不予补贴",
            PREPARER | REVIEWER,
            actions.reject,
            states=frozenset({State.TO_REVIEW}),
            form=ReasonForm,
            refusals=REFUSALS,
        ),
        hold_deed(frozenset({State.TO_REVIEW})),
        Deed("approve-all", "核实通过（所选）", REVIEWER, approve_all, many=True, refusals=REFUSALS),
    ]

    def may(self, request: HttpRequest, deed: Deed, obj: Claim | None = None) -> bool:
        """Certificate and post are only spoken of where the notice asks."""
        asked = deed.name != "post" or obj is None or POST in {*obj.failed, *obj.unknown} or obj.post_agrees is not None
        return asked and super().may(request, deed, obj)

    @admin.display(description="姓名", ordering="submission__name")
    def name(self, row: Claim) -> str:
        return row.submission.name

    @admin.display(description="证件号码")
    def shown_id_number(self, row: Claim) -> str:
        return str(row.submission.id_number)

    @admin.display(description="证书编号")
    def certificate(self, row: Claim) -> str:
        return row.submission.certificate_number

    @admin.display(description="申请日期", ordering="submission__claimed_on")
    def claimed_on(self, row: Claim) -> str:
        return f"{row.submission.claimed_on:%Y-%m-%d}" + ("（已作废）" if row.submission.voided else "")

    @admin.display(description="补贴金额（元）", ordering="amount")
    def money(self, row: Claim) -> str:
        return money(row.amount)

    @admin.display(description="原因")
    def why(self, row: Claim) -> str:
        return queries.in_words(row.failed, row.unknown, row.flags) or "—"

    def headline(self, request: HttpRequest, obj: Claim) -> dict[str, Any]:
        holds = Hold.objects.filter(case_kind=Claim.CASE, case_id=obj.pk, lifted_at__isnull=True)
        row: Claim | Award = obj.award if obj.state == State.APPROVED and obj.award else obj
        words = {"state": row.get_state_display(), "state_word": row.state, "next": type(row).NEXT_STEPS[row.state]}
        return {**words, "holds": list(holds)}

    def panels(self, request: HttpRequest, obj: Claim) -> list[Panel]:
        decisions = [(localtime(row.at).date(), row) for row in obj.decisions.select_related("edition", "by").order_by("-id")]
        shown = []
        if decisions:
            on, latest = decisions[0]
            shown.append(findings_panel(queries.findings_of(latest), on))
            shown.append(table("须人工核对", ["事项"], [(Flag(flag).label,) for flag in latest.flags], "无。"))
        shown += [_others(obj), _records(obj), decisions_panel(decisions)]
        cases: list[tuple[str, int, Any]] = [(Claim.CASE, obj.pk, dict(State.choices))]
        if obj.award is not None:
            shown.append(award_panel(obj.award))
            cases.append((Award.CASE, obj.award.pk, dict(Award.State.choices)))
        return [*shown, events_panel(*cases)]


def _others(obj: Claim) -> Panel:
    """The other claims of the same person."""
    mine = Claim.objects.filter(person_index=obj.person_index).exclude(pk=obj.pk).select_related("submission")
    rows = [
        (
            {"href": reverse("admin:skills_claim_change", args=[row.pk]), "label": row.submission.certificate_number},
            row.occupation or "—",
            row.grade or "—",
            row.submission.claimed_on,
            {"word": row.state, "label": row.get_state_display()},
            {"number": money(row.amount)},
        )
        for row in mine.order_by("submission__claimed_on", "pk")
    ]
    return table("本人的其他申请", ["证书编号", "职业（工种）", "等级", "申请日期", "状态", "金额（元）"], rows)


def _records(obj: Claim) -> Panel:
    """What others report of the person: certificates and training subsidies."""
    papers = [
        (
            {"href": reverse("admin:skills_certificate_change", args=[row.pk]), "label": f"证书 {row.number}"},
            row.occupation_name or row.occupation_code or "—",
            row.grade or "—",
            row.issued_on,
            "；".join(filter(None, [row.type, row.status, row.lookup, "作废" if row.voided else ""])),
        )
        for row in Certificate.objects.filter(id_number_index=obj.person_index).order_by("issued_on", "id")
    ]
    trainings = [
        (
            {"href": reverse("admin:skills_trainingsubsidy_change", args=[row.pk]), "label": "职业培训补贴"},
            row.occupation_name or row.occupation_code or "—",
            row.grade or "—",
            row.paid_on,
            "；".join(filter(None, [f"{money(row.amount)} 元", row.payee, "作废" if row.voided else ""])),
        )
        for row in TrainingSubsidy.objects.filter(id_number_index=obj.person_index).order_by("paid_on", "id")
    ]
    return table("本人的证书与培训补贴", ["记录", "职业（工种）", "等级", "日期", "内容"], papers + trainings, "没有记录。")


def _revealed(row: Certificate | TrainingSubsidy, case: str, page: str, *, by: Any, at: Any) -> HttpResponse:
    found = reveal(row, {"id_number": "证件号码"}, case, "查看完整证件号码", by=by, at=at)
    return revealed(row.name or str(row), found, reverse(f"admin:{page}_change", args=[row.pk]))


def reveal_certificate(row: Certificate, *, by: Any, at: Any) -> HttpResponse:
    return _revealed(row, "certificate", "skills_certificate", by=by, at=at)


def reveal_training(row: TrainingSubsidy, *, by: Any, at: Any) -> HttpResponse:
    return _revealed(row, "training", "skills_trainingsubsidy", by=by, at=at)


class OfPersonAdmin(DeskAdmin):
    """A record of one person, its 证件号码 masked."""

    readers = CLERKS
    list_select_related = ("region",)
    ordering = ("id",)
    readonly_fields = ("shown_id_number",)

    @admin.display(description="证件号码")
    def shown_id_number(self, row: Any) -> str:
        return str(row.id_number)


def _reveal(call: Any) -> Deed:
    hint = "完整号码只用于办理业务；此次查看会留痕。"
    return Deed("reveal", "查看完整证件号码", frozenset({Role.PREPARER, Role.REVIEWER}), call, hint=hint)


@admin.register(Certificate)
class CertificateAdmin(OfPersonAdmin):
    list_display = ("number", "name", "shown_id_number", "occupation_name", "grade", "issued_on", "status", "lookup", "voided")
    list_filter = ("grade", "status", "type", "voided")
    search_fields = ("number__startswith", "name")
    fields = (
        ("number", "type", "status"),
        ("name", "shown_id_number", "region"),
        ("occupation_code", "occupation_name", "grade"),
        ("issued_on", "body"),
        ("lookup", "looked_up_on"),
        ("source", "source_row", "voided"),
    )
    deeds: ClassVar = [_reveal(reveal_certificate)]


@admin.register(TrainingSubsidy)
class TrainingSubsidyAdmin(OfPersonAdmin):
    list_display = ("name", "shown_id_number", "occupation_name", "grade", "paid_on", "amount", "payee", "voided")
    list_filter = ("grade", "payee", "voided")
    search_fields = ("name", "payee_uscc__startswith")
    fields = (
        ("name", "shown_id_number", "region"),
        ("occupation_code", "occupation_name", "grade"),
        ("paid_on", "amount"),
        ("payee", "payee_uscc"),
        ("source", "source_row", "voided"),
    )
    deeds: ClassVar = [_reveal(reveal_training)]
