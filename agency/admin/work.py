"""作业、文件: what runs, what is kept."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import FileResponse, HttpRequest
from django.utils.safestring import mark_safe

from agency.actions.files import FileMissing, read_file
from agency.actions.jobs import cancel_job, retry_job
from agency.admin.desk import STAFF_WHO_WORK, Deed, DeskAdmin
from agency.models import File, Job, Role


def download(file: File, *, by: Any, at: Any, why: str = "下载") -> FileResponse:
    """A kept file, opened for one reader, with its Event."""
    return FileResponse(read_file(file, by=by, at=at, why=why), as_attachment=True, filename=file.name)


@admin.register(Job)
class JobAdmin(DeskAdmin):
    list_display = ("id", "kind", "state", "progress", "step", "requested_by", "requested_at", "ended_at", "problem")
    list_filter = ("state", "kind")
    list_select_related = ("requested_by",)
    ordering = ("-id",)
    fields = (
        ("kind", "state", "region"),
        ("progress", "step"),
        "problem",
        ("requested_by", "requested_at"),
        ("started_at", "ended_at"),
    )
    readonly_fields = ("progress",)
    deeds: ClassVar = [
        Deed("retry", "重试", STAFF_WHO_WORK, retry_job, states=frozenset({Job.State.FAILED}), main=True),
        Deed("cancel", "取消", STAFF_WHO_WORK, cancel_job, states=frozenset({Job.State.QUEUED, Job.State.RUNNING})),
    ]

    @admin.display(description="进度")
    def progress(self, job: Job) -> str:
        if not job.total:
            return f"{job.done:,} 行" if job.done else "—"
        share = min(job.done / job.total, 1)
        return mark_safe(  # noqa: S308 - numbers only
            f'<progress max="{job.total}" value="{job.done}" aria-label="进度"></progress> '
            f"{share:.0%}（{job.done:,} / {job.total:,} 行）"
        )


@admin.register(File)
class FileAdmin(DeskAdmin):
    list_display = ("id", "kind", "name", "size", "created_at", "owner", "expires_at")
    list_filter = ("kind",)
    list_select_related = ("owner",)
    ordering = ("-id",)
    fields = (("kind", "name"), ("size", "sha256"), ("owner", "created_at", "expires_at"))
    deeds: ClassVar = [
        Deed(
            "download",
            "下载",
            frozenset({*STAFF_WHO_WORK, Role.AUDITOR}),
            download,
            main=True,
            hint="下载会留痕。",
            refusals=(FileMissing,),
        )
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Bank files are for those who pay and those who audit; uploads for who loaded them and the auditor."""
        rows = super().get_queryset(request)
        sealed = [File.Kind.UPLOAD, File.Kind.ERRORS]
        seen = Q(owner=request.user) | ~Q(kind__in=[File.Kind.BANK, *sealed])
        seen |= Q(kind=File.Kind.BANK) & self._under(request, {Role.FINANCE, Role.AUDITOR})
        seen |= Q(kind__in=sealed) & self._under(request, {Role.AUDITOR})
        return rows.filter(seen)

    def _under(self, request: HttpRequest, roles: set[str]) -> Q:
        """In a region that whoever asks covers by one of these roles."""
        covered = Q(pk__in=[])
        for prefix in self.prefixes(request, roles):
            covered |= Q(region__path__startswith=prefix)
        return covered
