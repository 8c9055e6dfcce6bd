"""批量办理: the result of a deed over many rows, a line a row; the spreadsheet of all of them."""

from tempfile import TemporaryFile
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.db.models import Count
from django.http import FileResponse, HttpRequest
from django.urls import reverse

from agency.actions.bulk import write_results
from agency.admin.desk import STAFF_WHO_WORK, Deed, DeskAdmin, Panel
from agency.admin.trail import PAGES
from agency.admin.work import job_panel, latest_job
from agency.models import Bulk, Job, Role

SHOWN = 200


def results(bulk: Bulk, *, by: Any, at: Any) -> FileResponse:
    written = TemporaryFile(dir=settings.FILES_ROOT)  # noqa: SIM115 - handed on open
    write_results(bulk, written, by=by, at=at)
    written.seek(0)
    return FileResponse(written, as_attachment=True, filename=f"批量办理结果-{bulk.pk}.xlsx")


@admin.register(Bulk)
class BulkAdmin(DeskAdmin):
    region_path = None
    list_display = ("id", "label", "chosen", "moved", "refused", "requested_by", "requested_at", "finished_at")
    list_select_related = ("requested_by",)
    ordering = ("-id",)
    readonly_fields = ("chosen",)
    fields = (("label", "chosen"), ("moved", "refused"), ("requested_by", "requested_at", "finished_at"))
    deeds: ClassVar = [
        Deed("download", "下载结果", frozenset({*STAFF_WHO_WORK, Role.AUDITOR}), results, hint="逐件列出结果；下载会留痕。")
    ]

    @admin.display(description="所选件数")
    def chosen(self, row: Bulk) -> str:
        return f"{len(row.ids):,}"

    def get_queryset(self, request: HttpRequest) -> Any:
        """One's own; everybody's to those who audit."""
        rows = super().get_queryset(request)
        return rows if self.prefixes(request, {Role.AUDITOR}) else rows.filter(requested_by=request.user)

    def panels(self, request: HttpRequest, obj: Bulk) -> list[Panel]:
        job = latest_job((Job.Kind.BULK,), obj.pk)
        waiting = [job_panel(job)] if job and not obj.finished_at else []
        refused = obj.lines.filter(moved=False).order_by()
        reasons = [
            (reason, {"number": f"{count:,}"})
            for reason, count in refused.values_list("reason").annotate(count=Count("pk")).order_by("-count")[:50]
        ]
        return [
            *waiting,
            Panel("未办理的原因", "admin/desk/table.html", {"heads": ["原因", "件数"], "rows": reasons, "empty": "全部已办理。"}),
            self._lines(obj),
        ]

    def _lines(self, obj: Bulk) -> Panel:
        page = PAGES.get(obj.case_kind)
        rows = [
            (
                {"href": reverse(f"admin:{page}_change", args=[line.case_id]), "label": line.name} if page else line.name,
                "已办理" if line.moved else "未办理",
                line.reason or "—",
            )
            for line in obj.lines.order_by("moved", "case_id")[:SHOWN]
        ]
        more = len(obj.ids) > SHOWN
        note = f"先列未办理的；本页列出前 {SHOWN} 件，全部结果请下载表格。" if more else ""
        context = {"heads": ["事项", "结果", "原因"], "rows": rows, "empty": "尚未开始办理。", "note": note}
        return Panel("逐件结果", "admin/desk/table.html", context)
