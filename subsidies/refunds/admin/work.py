"""Screenings, corrections and the hosts of dispatch units."""

from collections import defaultdict
from decimal import Decimal
from typing import ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from agency.admin import Deed, DeskAdmin, Panel, attachments_panel, correct
from agency.admin.work import job_panel, latest_job
from agency.models import Hold, Job, Role
from agency.moves import MoveRefused
from enterprises.models import Enterprise
from policy import explain
from subsidies.payout.admin.panels import money, table
from subsidies.refunds import actions
from subsidies.refunds.admin.exports import HINT, PartForm, export_of
from subsidies.refunds.models import Application, Correction, Host, ScreeningRun, State

PREPARER = frozenset({Role.PREPARER})
REFUSALS = (MoveRefused, actions.RefundRefused)


@admin.register(ScreeningRun)
class ScreeningRunAdmin(DeskAdmin):
    region_path = "programme__region__path"
    list_display = ("id", "programme", "edition", "on", "requested_by", "requested_at", "finished_at")
    list_select_related = ("programme__region", "edition__programme", "requested_by")
    ordering = ("-id",)
    fields = (("programme", "edition", "on"), ("requested_by", "requested_at", "finished_at"))
    deeds: ClassVar = [
        Deed(
            "export",
            "导出名单",
            actions.EXPORTERS,
            export_of,
            form=PartForm,
            refusals=REFUSALS,
            hint=HINT,
        ),
    ]

    def panels(self, request: HttpRequest, obj: ScreeningRun) -> list[Panel]:
        job = latest_job((Job.Kind.SCREENING,), obj.pk)
        return [
            *([job_panel(job)] if job and job.state != Job.State.DONE else []),
            outcomes_panel(obj),
            *([changes_panel(obj), turned_panel(obj)] if obj.counts else []),
            codes_panel(obj),
        ]


# What a run did with the cases, in the order of its table; a link where a list shows them.
DONE = (
    ("born", "新生成", "首次筛查到的单位。"),
    ("decided", "重新判定", "数据、条款或结论与上次不同，写了新的决定。"),
    ("moved", "其中结论变化", "见下表。"),
    ("unchanged", "未变", "数据与结论都与现行决定一致，不重写。"),
    ("held", "已往下办理而结论变化", "不改动事项，暂缓并写明变化，由人处理。"),
    ("let_go", "解除暂缓", "数据重又与决定一致。"),
    ("differences", "差额待办", "已拨付而划型变化，不改动拨付，差额由人处理。"),
    ("overtaken", "筛查中被人办理", "本次未动，下次筛查再判定。"),
    ("ended", "已办结", "已撤回、不予返还或视为放弃的，不再判定。"),
    ("elsewhere", "属其他项目", "本年度的事项在另一项目。"),
    ("sizes", "划型更新", "划型结论与留存的不同，已记入划型结论。"),
)


def _cases(run: ScreeningRun, **filters: str) -> str:
    """The address of the programme's cases as they stand now."""
    query = urlencode({"programme__id__exact": run.programme_id, **filters})
    return f"{reverse('admin:refunds_application_changelist')}?{query}"


def _number(count: int, href: str = "") -> dict[str, str]:
    return {"href": href, "label": f"{count:,}"} if href and count else {"number": f"{count:,}"}


def outcomes_panel(run: ScreeningRun) -> Panel:
    counts = run.counts or {}
    rows = [
        (explain.outcome_label(word), _number(number), {"href": _cases(run, state__exact=word.upper()), "label": "现在的名单"})
        for word, number in counts.get("outcomes", {}).items()
    ]
    panel = table("结论", ["结论", "户数", "名单"], rows, "筛查尚未完成。")
    if counts:
        panel.context["note"] = (
            f"合格的返还金额合计 {money(Decimal(counts['amount']))} 元。名单为事项现在的状态，可能已往下办理。"
        )
    return panel


def changes_panel(run: ScreeningRun) -> Panel:
    """What the screening did, and did not touch."""
    holds = f"{reverse('admin:agency_hold_changelist')}?open=yes&kind__exact={Hold.Kind.FACTS_CHANGED}"
    links = {"held": holds, "born": _cases(run)}
    rows = [(label, _number(run.counts[word], links.get(word, "")), note) for word, label, note in DONE if run.counts.get(word)]
    return table("这次筛查做了什么", ["处理", "户数", "说明"], rows)


def turned_panel(run: ScreeningRun) -> Panel:
    """Whose outcome changed since it was last decided: from where to where, and by which rules."""
    because: dict[str, list[str]] = defaultdict(list)
    for key, count in sorted(run.counts.get("because", {}).items(), key=lambda item: -item[1]):
        turn, _, rule = key.partition(" ")
        because[turn].append(f"{'新增' if rule[0] == '+' else '不再有'}{explain.rule_label(rule[1:])} {count:,} 户")
    rows = []
    for turn, count in sorted(run.counts.get("turned", {}).items()):
        before, after = turn.split(">")
        link = {"href": _cases(run, state__exact=after), "label": f"现在的{State(after).label}名单"}
        rows.append((f"{State(before).label} → {State(after).label}", _number(count), "；".join(because[turn]) or "—", link))
    return table("结论变化及原因", ["变化", "户数", "未通过的条件", "名单"], rows, "没有结论变化的单位。")


def codes_panel(run: ScreeningRun) -> Panel:
    failed, unknown = (run.counts.get(name, {}) for name in ("failed", "unknown"))
    rows = [
        (
            explain.rule_label(code),
            _number(failed.get(code, 0), _cases(run, failed=code)),
            _number(unknown.get(code, 0), _cases(run, unknown=code)),
        )
        for code in sorted({*failed, *unknown})
    ]
    return table("各条件（户）", ["条件", "不符合", "待核实"], rows)


class SettleForm(forms.Form):
    text = forms.CharField(label="处理结果（单位可见）", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


@admin.register(Correction)
class CorrectionAdmin(DeskAdmin):
    region_path = "application__region__path"
    list_display = ("application", "about", "text", "asked_at", "settled_at")
    list_select_related = ("application__enterprise", "application__region")
    list_filter = ("about", ("settled_at", admin.EmptyFieldListFilter))
    ordering = ("-id",)
    fields = ("application", ("about", "asked_by", "asked_at"), "text", ("settled_by", "settled_at"), "settlement")
    deeds: ClassVar = [
        Deed(
            "settle",
            "处理完毕",
            PREPARER,
            actions.settle_correction,
            form=SettleForm,
            main=True,
            refusals=REFUSALS,
            hint="先在名册中更正数据，再登记结果；暂缓随之解除。",
        )
    ]

    def panels(self, request: HttpRequest, obj: Correction) -> list[Panel]:
        return [attachments_panel(Application.CASE, obj.application_id)]

    def may(self, request: HttpRequest, deed: Deed, obj: Correction | None = None) -> bool:
        return super().may(request, deed, obj) and (obj is None or obj.settled_at is None)


@admin.register(Host)
class HostAdmin(DeskAdmin):
    region_path = None
    list_display = ("unit_uscc", "host_name", "host_kind", "year", "workers", "paid")
    list_filter = ("year", "host_kind")
    search_fields = ("unit_uscc__startswith", "host_uscc__startswith", "host_name")
    ordering = ("unit_uscc", "host_uscc")
    fields = (
        ("unit_uscc", "year"),
        ("host_uscc", "host_name", "host_kind"),
        ("workers", "paid"),
        ("account_name", "bank", "shown_account"),
        ("source", "source_row", "voided"),
    )
    deeds: ClassVar = [correct("hosts", PREPARER)]
    readonly_fields = ("shown_account",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Host]":
        """The hosts of dispatch units in the regions of whoever asks."""
        scope = Q(pk__in=[])
        for prefix in self.prefixes(request, self.readers):
            scope |= Q(region__path__startswith=prefix)
        return super().get_queryset(request).filter(unit_uscc__in=Enterprise.objects.filter(scope).values("uscc"))

    @admin.display(description="账号")
    def shown_account(self, row: Host) -> str:
        return str(row.account)
