"""Screenings, corrections and the hosts of dispatch units."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from agency.admin import Deed, DeskAdmin, Panel, correct
from agency.admin.work import download, job_panel, latest_job
from agency.models import Job, Role
from agency.moves import MoveRefused
from enterprises.models import Enterprise
from policy import explain
from subsidies.payout.admin.panels import table
from subsidies.refunds import actions
from subsidies.refunds.models import Correction, Host, ScreeningRun

PREPARER = frozenset({Role.PREPARER})
REFUSALS = (MoveRefused, actions.RefundRefused)


class PartForm(forms.Form):
    part = forms.ChoiceField(label="范围", choices=list(actions.PARTS.items()))


def export(run: ScreeningRun, *, part: str, by: Any, at: Any) -> HttpResponse:
    return download(actions.export_screening(run.programme, part, by=by, at=at), by=by, at=at, why="下载筛查结果")


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
            "导出筛查结果",
            frozenset({Role.PREPARER, Role.REVIEWER, Role.AUDITOR}),
            export,
            form=PartForm,
            refusals=REFUSALS,
            hint="导出含单位名称与金额，不含电话和账号；导出会留痕。",
        ),
    ]

    def panels(self, request: HttpRequest, obj: ScreeningRun) -> list[Panel]:
        counts = obj.counts or {}
        outcomes = [
            (explain.outcome_label(word), {"number": f"{number:,}"}) for word, number in counts.get("outcomes", {}).items()
        ]
        codes = [
            (
                explain.rule_label(code),
                {"number": f"{counts.get('failed', {}).get(code, 0):,}"},
                {"number": f"{counts.get('unknown', {}).get(code, 0):,}"},
            )
            for code in sorted({*counts.get("failed", {}), *counts.get("unknown", {})})
        ]
        job = latest_job((Job.Kind.SCREENING,), obj.pk)
        return [
            *([job_panel(job)] if job and job.state != Job.State.DONE else []),
            table("结论", ["结论", "户数"], outcomes, "筛查尚未完成。"),
            table("各条件", ["条件", "不符合", "待核实"], codes),
        ]


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
