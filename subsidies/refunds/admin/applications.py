"""稳岗返还: the staff pages of applications, screenings, corrections and dispatch hosts."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html

from agency import clock
from agency.actions import AttachmentRefused, CreditRefused, state_by_hand
from agency.admin import Deed, DeskAdmin, Panel, attachments_panel, roles_of
from agency.admin.people import DateInput
from agency.admin.trail import events_panel
from agency.models import CreditCheck, Hold, Programme, Role
from agency.moves import MoveRefused
from agency.tasks import wake
from enterprises.queries import found_by
from policy import explain
from subsidies.payout.admin.filters import RegionFilter
from subsidies.payout.admin.panels import award_panel, decisions_panel, findings_panel
from subsidies.payout.admin.publicity import HandCheckForm as ByHandForm
from subsidies.payout.admin.publicity import ProgrammeForm
from subsidies.payout.models import Award
from subsidies.payout.queries import NoTerms, barring_flags, terms_in_force
from subsidies.refunds import actions, queries
from subsidies.refunds.admin import answering, appeals, completing, many, panels, reminding, sizes, talk
from subsidies.refunds.admin.exports import EXPORT
from subsidies.refunds.admin.filters import FailedFilter, HeldFilter, SizeFilter, UnknownFilter
from subsidies.refunds.admin.letters import LETTER
from subsidies.refunds.admin.lookups import READERS, today_page
from subsidies.refunds.models import Application, State

PREPARER = frozenset({Role.PREPARER})
REVIEWER = frozenset({Role.REVIEWER})
REFUSALS = (MoveRefused, actions.RefundRefused, AttachmentRefused, CreditRefused, NoTerms)


class ScreenForm(ProgrammeForm):
    on = forms.DateField(label="筛查日", widget=DateInput)

    def fill(self, *, today: Any, **asked: Any) -> None:
        super().fill(**asked)
        self.fields["on"].initial = today


MOMENTS = [(moment.value, moment.label) for moment in (CreditCheck.Moment.SCREENING, CreditCheck.Moment.REVIEW)]


class HandCheckForm(ByHandForm):
    moment = forms.ChoiceField(label="核验环节", choices=MOMENTS)


def offer(*, programme: Programme, by: Any, at: Any) -> str:
    done = actions.offer_all(programme, by=by, at=at)
    wake("agency.send_messages")
    left = "；".join(f"{queries.OBSTACLES[word]} {len(ids)} 户" for word, ids in done.not_offered.items())
    return f"已向 {done.offered} 户发出确认通知。" + (f"未发出：{left}。" if left else "")


def screen(*, programme: Programme, on: Any, by: Any, at: Any) -> str:
    actions.start_screening(programme, on, by=by, at=at)
    wake("refunds.work_screenings")
    return "筛查已排队；进度见“作业”，结果见“筛查”。"


def offer_one(application: Application, *, by: Any, at: Any) -> None:
    actions.offer(application, by=by, at=at)
    wake("agency.send_messages")


def check_by_hand(
    application: Application, *, moment: str, flags: list[str], basis: str, proofs: list[Any], by: Any, at: Any
) -> None:
    on = at.date()
    barring = barring_flags(terms_in_force(application.programme, on), on)
    state_by_hand(
        Application.CASE, application.pk, application.enterprise.uscc, application.region_id, moment, on, flags, basis,
        by=by, at=at, proofs=proofs, barring=barring,
    )  # fmt: skip


@admin.register(Application)
class ApplicationAdmin(DeskAdmin):
    list_display = (
        "uscc",
        "name",
        "region",
        "way",
        "sized",
        "money",
        "state",
        "waiting",
        "answer_channel",
        "assigned_to",
        "reasons",
    )
    list_filter = (
        "state",
        RegionFilter,
        "channel",
        "answer_channel",
        SizeFilter,
        FailedFilter,
        UnknownFilter,
        HeldFilter,
        many.AssignedFilter,
        talk.UnreadFilter,
        completing.CompletionFilter,
        "programme",
    )
    list_select_related = ("enterprise", "region", "assigned_to")
    search_fields = ("enterprise__uscc__startswith", "enterprise__name")
    found_through = ("enterprise", found_by)
    search_help_text = "统一社会信用代码的开头，或单位名称的一部分"
    ordering = ("id",)
    fields = (
        ("uscc", "name"),
        ("kind", "region", "channel"),
        ("year", "size", "money"),
        "account",
        ("offered_at", "confirm_by"),
        ("answered_at", "answer_channel"),
        ("submitted_at", "reviewed_by", "reviewed_at"),
        ("assigned_to", "assigned_at"),
        "reason",
    )
    readonly_fields = ("uscc", "name", "kind", "money", "account")
    deeds: ClassVar = [
        Deed("screen", "筛查", PREPARER, screen, form=ScreenForm, above=True, refusals=REFUSALS),
        Deed(
            "offer-all",
            "发出确认通知",
            PREPARER,
            offer,
            form=ProgrammeForm,
            above=True,
            main=True,
            refusals=REFUSALS,
            hint="向符合条件、信用核验无碍、无暂缓且登记了手机号的单位逐户发出；劳务派遣单位须自主申请。",
        ),
        Deed(
            "offer",
            "发出确认通知",
            PREPARER,
            offer_one,
            states=frozenset({State.ELIGIBLE, State.SUBMITTED}),
            main=True,
            refusals=REFUSALS,
        ),
        Deed(
            "review",
            "初审通过",
            PREPARER,
            actions.review,
            states=frozenset({State.CONFIRMED, State.SUBMITTED}),
            main=True,
            refusals=REFUSALS,
            hint="须有当日的信用核验，系统会按当日数据重新判定。",
        ),
        Deed("approve", "复审通过", REVIEWER, actions.approve, states=frozenset({State.REVIEWED}), main=True, refusals=REFUSALS),
        completing.RETURN,
        completing.EXTEND,
        Deed(
            "reject",
            "不予返还",
            frozenset({Role.PREPARER, Role.REVIEWER}),
            actions.reject,
            form=many.ReasonForm,
            refusals=REFUSALS,
            states=frozenset({State.CONFIRMED, State.SUBMITTED, State.RETURNED, State.REVIEWED}),
        ),
        Deed(
            "credit-by-hand",
            "登记人工信用核验",
            PREPARER,
            check_by_hand,
            states=frozenset({State.ELIGIBLE, State.OFFERED, State.CONFIRMED, State.SUBMITTED, State.REVIEWED}),
            form=HandCheckForm,
            refusals=REFUSALS,
        ),
        *many.DEEDS,
        answering.RECORD,
        *reminding.DEEDS,
        LETTER,
        *talk.DEEDS,
        appeals.FILE,
        sizes.COMMIT,
        sizes.ANEW,
        EXPORT,
    ]

    def may(self, request: HttpRequest, deed: Deed, obj: Application | None = None) -> bool:
        allowed = super().may(request, deed, obj)
        if deed is appeals.FILE and obj is not None:
            return allowed and bool(queries.grounds(obj, clock.today()).about)
        if deed is sizes.COMMIT and obj is not None:
            return allowed and not queries.why_not_commit(obj, clock.today())
        if deed is reminding.CONFIRM_FOR and obj is not None:
            return allowed and reminding.chose_proxy(obj, clock.today())
        if deed.name == "offer" and obj is not None and obj.state == State.SUBMITTED:
            return allowed and reminding.asks_applicants(obj, clock.today())
        return allowed

    def get_queryset(self, request: HttpRequest) -> Any:
        return queries.with_unread(super().get_queryset(request))

    @admin.display(description="未读")
    def waiting(self, row: Application) -> str:
        return f"{row.unread} 条" if row.unread else ""  # type: ignore[attr-defined]

    def get_urls(self) -> list[Any]:
        lookups = path("lookups/", self.admin_site.admin_view(self.lookups), name="refunds_application_lookups")
        return [lookups, *super().get_urls()]

    def lookups(self, request: HttpRequest) -> HttpResponse:
        """The day's look-ups."""
        if not any(role in READERS for role in roles_of(request)):
            raise PermissionDenied("您的岗位不能查看信用核验。")
        return today_page(self, request)

    @admin.display(description="统一社会信用代码", ordering="enterprise__uscc")
    def uscc(self, row: Application) -> str:
        return row.enterprise.uscc

    @admin.display(description="单位名称")
    def name(self, row: Application) -> str:
        return row.enterprise.name

    @admin.display(description="单位类型")
    def kind(self, row: Application) -> str:
        return row.enterprise.kind + ("（劳务派遣）" if row.enterprise.dispatch else "")

    @admin.display(description="方式", ordering="channel")
    def way(self, row: Application) -> str:
        return format_html('<span class="whitespace-nowrap">{}</span>', row.get_channel_display())

    @admin.display(description="划型", ordering="size")
    def sized(self, row: Application) -> str:
        return format_html('<span class="whitespace-nowrap">{}</span>', row.size or "—")

    @admin.display(description="返还金额（元）", ordering="amount")
    def money(self, row: Application) -> str:
        return "—" if row.amount is None else f"{row.amount:,.2f}"

    @admin.display(description="对公账户")
    def account(self, row: Application) -> str:
        return f"{row.enterprise.bank} {row.enterprise.account}" if row.enterprise.account else "无"

    @admin.display(description="原因")
    def reasons(self, row: Application) -> str:
        return "；".join(
            [explain.rule_label(code) for code in row.failed] + [f"{explain.rule_label(code)}待核实" for code in row.unknown]
        )

    def headline(self, request: HttpRequest, obj: Application) -> dict[str, Any]:
        holds = Hold.objects.filter(case_kind=Application.CASE, case_id=obj.pk, lifted_at__isnull=True)
        now = queries.standing(obj)
        return {"state": now.label, "state_word": now.state, "next": now.next_step, "holds": list(holds)}

    def panels(self, request: HttpRequest, obj: Application) -> list[Panel]:
        shown = []
        if obj.decision is not None:
            findings = findings_panel(queries.findings_of(obj.decision), obj.decision.on)
            shown += [panels.amount_panel(obj.decision), findings]
            shown += [*panels.split_panel(obj.decision), *panels.premium_panel(obj, obj.decision)]
        decisions = obj.decisions.select_related("edition", "by").order_by("-id")
        shown += [
            panels.credit_panel(obj),
            *answering.answers_panel(obj),
            *completing.applied_panels(obj),
            panels.corrections_panel(obj),
            attachments_panel(Application.CASE, obj.pk),
            decisions_panel((row.on, row) for row in decisions),
            panels.messages_panel(obj),
            *answering.links_panel(obj),
            *reminding.reminders_panel(obj),
            *reminding.calls_panel(obj),
        ]
        shown += talk.talk_panels(obj)
        cases: list[tuple[str, int, Any]] = [(Application.CASE, obj.pk, dict(State.choices))]
        if obj.award is not None:
            shown.append(award_panel(obj.award))
            cases.append((Award.CASE, obj.award.pk, dict(Award.State.choices)))
        return [*shown, events_panel(*cases)]
