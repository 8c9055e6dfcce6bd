"""作业、文件: what runs, what is kept."""

from collections.abc import Collection
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html

from agency import clock
from agency.actions.files import FileMissing, read_file
from agency.actions.jobs import cancel_job, retry_job
from agency.admin.desk import STAFF_WHO_WORK, Deed, DeskAdmin, Panel
from agency.models import File, Job, Role
from agency.queries import stuck_jobs
from agency.tasks import wake


def download(file: File, *, by: Any, at: Any, why: str = "下载") -> FileResponse:
    """A kept file, opened for one reader, with its Event."""
    return FileResponse(read_file(file, by=by, at=at, why=why), as_attachment=True, filename=file.name)


SWEEP_OF = {  # by their names: the app stands above this one
    Job.Kind.SCREENING: "refunds.work_screenings",
    Job.Kind.EXPORT: "refunds.work_exports",
    Job.Kind.WHAT_IF: "refunds.work_what_ifs",
    Job.Kind.BULK: "refunds.work_bulks",
    Job.Kind.PUBLICITY: "payout.work_lists",
}
LIVE = (Job.State.QUEUED, Job.State.RUNNING)
EVERY = 2  # seconds between two looks at a job that waits or runs


class StuckFilter(admin.SimpleListFilter):
    title = "是否停滞"
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", "停滞")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(pk__in=stuck_jobs(clock.now()).values("pk")) if self.value() == "yes" else queryset


def retry(job: Job, *, by: Any, at: Any) -> str:
    retry_job(job, by=by, at=at)
    wake(SWEEP_OF.get(job.kind, "agency.work_jobs"))
    return "已重新排队。"


@admin.register(Job)
class JobAdmin(DeskAdmin):
    list_display = ("id", "kind", "state", "progress", "step", "requested_by", "requested_at", "ended_at", "problem")
    list_filter = ("state", "kind", StuckFilter)
    list_select_related = ("requested_by",)
    ordering = ("-id",)
    fields = (("kind", "state", "region"), ("requested_by", "requested_at"), ("started_at", "ended_at"), "interrupted")
    deeds: ClassVar = [
        Deed("retry", "重试", STAFF_WHO_WORK, retry, states=frozenset({Job.State.FAILED}), main=True),
        Deed(
            "cancel", "取消", STAFF_WHO_WORK, cancel_job, states=frozenset(LIVE), hint="已完成的部分之外，不留下写了一半的数据。"
        ),
    ]

    @admin.display(description="进度")
    def progress(self, job: Job) -> str:
        if not job.total:
            return f"{job.done:,} {job.unit}" if job.done else "—"
        share = min(job.done / job.total, 1)
        return format_html(
            '<progress max="{}" value="{}" aria-label="进度"></progress> {}（{} / {} {}）',
            job.total, job.done, f"{share:.0%}", f"{job.done:,}", f"{job.total:,}", job.unit,
        )  # fmt: skip

    def panels(self, request: HttpRequest, obj: Job) -> list[Panel]:
        return [job_panel(obj)]

    def get_urls(self) -> list[Any]:
        look = path("<int:job_id>/look/", self.admin_site.admin_view(self.look), name="agency_job_look")
        return [look, *super().get_urls()]

    def look(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """The progress of a job, for a page that shows it; once it has ended the page itself is asked for anew."""
        job = self.get_object(request, str(job_id))
        if job is None or not self.has_view_permission(request, job):
            raise Http404("没有这一件，或不在您的岗位范围内。")
        if job.state not in LIVE:
            return HttpResponse(headers={"HX-Refresh": "true"})
        panel = job_panel(job)
        return render(request, panel.template, {"panel": panel.context})


def latest_job(kinds: Collection[str], subject_id: int) -> Job | None:
    """The job that last worked a subject, or will."""
    return Job.objects.filter(kind__in=kinds, subject_id=subject_id).order_by("-pk").first()


def job_panel(job: Job, title: str = "进度") -> Panel:
    """How far a job is; looks again by itself while it waits or runs."""
    context = {
        "job": job,
        "done": f"{job.done:,}",
        "total": f"{job.total:,}" if job.total else "",
        "look": reverse("admin:agency_job_look", args=[job.pk]) if job.state in LIVE else "",
        "every": EVERY,
        "page": reverse("admin:agency_job_change", args=[job.pk]),
        "left": in_words(job.seconds_left),
        "taken": in_words(job.seconds_taken and round(job.seconds_taken)),
        "rate": f"{job.rate:,.0f}" if job.rate and job.state == Job.State.RUNNING else "",
        "ahead": Job.objects.filter(state=Job.State.QUEUED, kind=job.kind, requested_at__lt=job.requested_at).count()
        if job.state == Job.State.QUEUED
        else 0,
        "stuck": job.state in LIVE and stuck_jobs(clock.now()).filter(pk=job.pk).exists(),
    }
    return Panel(title, "admin/desk/job.html", context)


def in_words(seconds: int | None) -> str:
    """A time to wait, as one would say it."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds} 秒"
    return f"{seconds // 60} 分钟" if seconds < 3600 else f"{seconds // 3600} 小时 {seconds % 3600 // 60} 分钟"


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
