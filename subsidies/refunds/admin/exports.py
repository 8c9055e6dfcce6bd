"""名单导出: the lists of the screening as spreadsheets, ordered here, made in the background."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from agency.admin import Deed, DeskAdmin, Panel
from agency.admin.people import regions_under
from agency.admin.work import job_panel, latest_job
from agency.models import Job, Programme, Region
from agency.moves import MoveRefused
from agency.tasks import wake
from subsidies.payout.admin.panels import table
from subsidies.refunds import actions
from subsidies.refunds.models import ListExport, ScreeningRun

REFUSALS = (MoveRefused, actions.RefundRefused)
HINT = "名单含单位名称与金额，不含电话和账号；在后台生成，生成与下载都会留痕。"


class PartForm(forms.Form):
    part = forms.ChoiceField(label="名单", choices=ListExport.Part.choices)

    def fill(self, *, given: Any, **_: object) -> None:
        self.fields["part"].initial = given.get("part", ListExport.Part.ALL)


class ExportForm(PartForm):
    programme = forms.ModelChoiceField(Programme.objects.none(), label="项目")
    region = forms.ModelChoiceField(Region.objects.none(), label="地区", help_text="含其下级地区。")

    def fill(self, *, prefixes: list[str], given: Any, **_: object) -> None:
        super().fill(given=given)
        regions = regions_under(prefixes)
        above = {code for path in prefixes for code in path.strip("/").split("/")}
        programmes = Programme.objects.filter(region__in=regions) | Programme.objects.filter(region__in=above)
        self.fields["programme"].queryset = programmes.order_by("-year")  # type: ignore[attr-defined]
        self.fields["region"].queryset = regions  # type: ignore[attr-defined]
        self.fields["programme"].initial, self.fields["region"].initial = programmes.order_by("-year").first(), regions.first()


def export(*, programme: Programme, part: str, region: Region, by: Any, at: Any) -> HttpResponse:
    wanted = actions.request_export(programme, part, region, by=by, at=at)
    wake("refunds.work_exports")
    return redirect(reverse("admin:refunds_listexport_change", args=[wanted.pk]))


def export_of(run: ScreeningRun, *, part: str, by: Any, at: Any) -> HttpResponse:
    return export(programme=run.programme, part=part, region=run.programme.region, by=by, at=at)


def files_panel(files: Any, empty: str) -> Panel:
    """Each spreadsheet as a link to its page, where it is downloaded through the one gate."""
    rows = [
        (
            {"href": reverse("admin:agency_file_download", args=[file.pk]), "label": f"下载 {file.name}"},
            {"number": f"{file.size / 1024:,.0f} KB"},
            {"href": reverse("admin:agency_file_change", args=[file.pk]), "label": file.sha256[:12]},
        )
        for file in files.order_by("pk")
    ]
    return table("表格", ["文件", "大小", "文件散列"], rows, empty)


EXPORT = Deed("export", "导出名单", actions.EXPORTERS, export, form=ExportForm, above=True, refusals=REFUSALS, hint=HINT)


@admin.register(ListExport)
class ListExportAdmin(DeskAdmin):
    list_display = ("id", "part", "programme", "region", "rows", "requested_by", "requested_at", "finished_at")
    list_filter = ("part", "programme")
    list_select_related = ("programme", "region", "requested_by")
    ordering = ("-id",)
    fields = (("part", "programme", "region"), ("requested_by", "requested_at"), ("rows", "finished_at"))
    deeds = (EXPORT,)

    def panels(self, request: HttpRequest, obj: ListExport) -> list[Panel]:
        job = latest_job((Job.Kind.EXPORT,), obj.pk)
        waiting = [job_panel(job)] if job and not obj.finished_at else []
        return [*waiting, files_panel(obj.files, "尚未生成。")]
