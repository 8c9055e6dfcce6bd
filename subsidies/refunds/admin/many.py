"""批量办理与分派: the buttons over many cases, and whose each case is."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from agency import clock
from agency.actions import HoldRefused
from agency.actions.bulk import AT_ONCE, ask_bulk, work_bulk
from agency.admin import Deed, Refused
from agency.admin.people import regions_under
from agency.admin.trail import HoldForm, hold_deed
from agency.models import Post, Role, User
from agency.moves import MoveRefused
from agency.tasks import wake
from subsidies.payout.admin.publicity import ProgrammeForm
from subsidies.payout.queries import NoTerms
from subsidies.refunds import actions
from subsidies.refunds.actions.bulk import BULK_DEEDS
from subsidies.refunds.models import Application, State

PREPARER, REVIEWER = frozenset({Role.PREPARER}), frozenset({Role.REVIEWER})
BOTH = PREPARER | REVIEWER
REFUSALS = (MoveRefused, actions.RefundRefused, HoldRefused, NoTerms)
SHARED = {
    State.CONFIRMED: "已确认，待初审",
    State.SUBMITTED: "自主申请，待初审",
    State.REVIEWED: "初审通过，待复审",
    State.INCOMPLETE: "信息不全，待补数据",
}


def clerks_under(prefixes: list[str]) -> "QuerySet[User]":
    """Who today holds a post that has cases of its own, over, in or below these regions."""
    today = clock.today()
    covers = Q(region__in=regions_under(prefixes)) | Q(
        region__in=[code for path in prefixes for code in path.strip("/").split("/")]
    )
    posts = Post.objects.filter(covers, Q(until_on__isnull=True) | Q(until_on__gte=today), role__in=BOTH, from_on__lte=today)
    return User.objects.filter(pk__in=posts.values("user"), is_active=True).order_by("name")


class ReasonForm(forms.Form):
    reason = forms.CharField(label="理由（单位可见）", max_length=500, widget=forms.Textarea(attrs={"rows": 4}))


class ClerkForm(forms.Form):
    clerk = forms.ModelChoiceField(User.objects.none(), label="分派给")

    def fill(self, *, prefixes: list[str], **_: object) -> None:
        self.fields["clerk"].queryset = clerks_under(prefixes)  # type: ignore[attr-defined]


class ShareForm(ProgrammeForm):
    state = forms.ChoiceField(label="哪些事项", choices=[(state.value, label) for state, label in SHARED.items()])
    clerks = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label="分给",
        widget=forms.CheckboxSelectMultiple,
        help_text="未分派的事项按人平均分派，一次最多 20,000 件。",
    )

    def fill(self, *, prefixes: list[str], **asked: Any) -> None:
        super().fill(prefixes=prefixes, **asked)
        self.fields["clerks"].queryset = clerks_under(prefixes)  # type: ignore[attr-defined]


def in_bulk(word: str, label: str) -> Any:
    """The call of a button over many cases: done here where they are few, by a job where they are many; the page that
    follows says what became of each."""

    def call(rows: Any, *, by: Any, at: Any, **asked: Any) -> HttpResponse:
        ids = rows.order_by("pk").values_list("pk", flat=True)
        plain = {name: value.pk if isinstance(value, User) else value for name, value in asked.items()}
        bulk = ask_bulk(Application.CASE, word, label, ids, plain, by=by, at=at)
        if not bulk.ids:
            raise Refused("没有选中任何事项。")
        if len(bulk.ids) > AT_ONCE:
            wake("refunds.work_bulks")
        else:
            work_bulk(bulk, BULK_DEEDS[word], at=at)
        if word == "offer":
            wake("agency.send_messages")
        return redirect(reverse("admin:agency_bulk_change", args=[bulk.pk]))

    return call


def _many(word: str, label: str, roles: frozenset[str], form: Any = None, hint: str = "") -> Deed:
    return Deed(f"{word}-all", label, roles, in_bulk(word, label), form=form, many=True, refusals=REFUSALS, hint=hint)


def share_out(*, programme: Any, state: str, clerks: Any, by: Any, at: Any) -> str:
    dealt = actions.share_out(Application.objects.filter(programme=programme, state=state), list(clerks), by=by, at=at)
    if not sum(dealt.values()):
        return "没有未分派的事项可分给所选人员（岗位须与事项的环节和地区相符）。"
    return "已分派：" + "，".join(f"{clerk.name} {count:,} 件" for clerk, count in dealt.items()) + "。"


OPEN_STATES = frozenset(State) - {State.REJECTED, State.WITHDRAWN, State.WAIVED, State.APPROVED}
DEEDS = (
    hold_deed(OPEN_STATES),
    _many("offer", "发出确认通知（所选）", PREPARER),
    _many("review", "初审通过（所选）", PREPARER),
    _many("approve", "复审通过（所选）", REVIEWER),
    _many("return", "退回补正（所选）", PREPARER, ReasonForm, "所选事项用同一个理由退回，逐户告知。"),
    _many("reject", "不予返还（所选）", BOTH, ReasonForm, "所选事项用同一个理由，逐户告知。"),
    _many("hold", "暂缓（所选）", BOTH, HoldForm),
    _many("assign", "分派（所选）", BOTH, ClerkForm, "只能分派给在该地区有相应岗位的人。"),
    Deed("share-out", "平均分派", BOTH, share_out, form=ShareForm, above=True, refusals=REFUSALS),
)


class AssignedFilter(admin.SimpleListFilter):
    title, parameter_name = "分派", "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        clerks = clerks_under(model_admin.prefixes(request, BOTH | {Role.AUDITOR}))
        return [("mine", "我的"), ("none", "未分派"), *((str(clerk.pk), clerk.name) for clerk in clerks)]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Application]") -> "QuerySet[Application]":
        value = self.value() or ""
        if value == "none":
            return queryset.filter(assigned_to__isnull=True)
        if value == "mine":
            return queryset.filter(assigned_to=request.user)  # type: ignore[misc]
        return queryset.filter(assigned_to=int(value)) if value.isascii() and value.isdigit() and len(value) < 10 else queryset
