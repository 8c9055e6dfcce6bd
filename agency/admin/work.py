"""导入、作业、文件: what came in, what runs, what is kept."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.safestring import mark_safe

from agency.actions.files import FileMissing, read_file
from agency.actions.imports import (
    AlreadyLoaded,
    ImportRefused,
    acknowledge_warnings,
    cancel_import,
    request_confirm,
    start_import,
)
from agency.actions.jobs import cancel_job, retry_job
from agency.admin.desk import STAFF_WHO_WORK, Deed, DeskAdmin, Panel, roles_of
from agency.intake import kind_of, kinds
from agency.models import File, Import, Job, Region, Role
from agency.tasks import wake
from sheets.write import write_template

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LOADERS = frozenset({Role.PREPARER, Role.FINANCE, Role.POLICY})
State = Import.State


def kind_choices(roles: set[str]) -> list[tuple[str, str]]:
    """The kinds that somebody with these roles may load."""
    return [(word, f"{kind.title}（{word}）") for word, kind in sorted(kinds().items()) if kind.roles & roles]


def under(prefixes: list[str]) -> "QuerySet[Region]":
    """The regions whose path starts with one of these, from above down."""
    scope = Q(pk__in=[])
    for prefix in prefixes:
        scope |= Q(path__startswith=prefix)
    return Region.objects.filter(scope).order_by("path")


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label="表格种类")
    file = forms.FileField(label="文件", help_text=".xlsx 或 .csv（UTF-8、GB18030 均可）。先检查，不会直接写入。")
    region = forms.ChoiceField(
        label="为哪个地区导入",
        required=False,
        help_text="表中各行须都在此地区之内，其他地区的行算作错误；在多个地区有岗位的必须选择。",
    )
    covers = forms.ChoiceField(
        label="名单覆盖范围",
        required=False,
        choices=[("", "不适用"), ("all", "未列名者即为中小微"), ("listed", "仅覆盖所列单位")],
        help_text="只用于统计部门划型名单。",
    )

    again = forms.BooleanField(label="同一文件确需再次导入", required=False)

    def fill(self, *, roles: set[str], prefixes: list[str], **_: object) -> None:
        self.fields["kind"].choices = kind_choices(roles)  # type: ignore[attr-defined]
        regions = [(region.code, f"{region.name}（{region.code}）") for region in under(prefixes)]
        several = len(prefixes) > 1
        self.fields["region"].choices = [("", "请选择" if several else "我的岗位所在地区"), *regions]  # type: ignore[attr-defined]
        self.fields["region"].required = several


class TemplateForm(forms.Form):
    kind = forms.ChoiceField(label="表格种类")

    def fill(self, *, roles: set[str], **_: object) -> None:
        self.fields["kind"].choices = kind_choices(roles)  # type: ignore[attr-defined]


def upload(*, kind: str, file: UploadedFile, region: str, covers: str, again: bool, by: Any, at: Any) -> str:
    """Take an upload: kept sealed, checked in the background."""
    asked = {name: word for name, word in (("region", region), ("covers", covers)) if word}
    with tempfile.NamedTemporaryFile(suffix=Path(file.name or "").suffix) as spool:
        for piece in file.chunks():
            spool.write(piece)
        spool.flush()
        start_import(kind, Path(spool.name), file.name or kind, asked | ({"again": "yes"} if again else {}), by=by, at=at)
    wake("agency.work_jobs")
    return "文件已收到，正在检查；检查完毕后在该次导入的页面查看报告并确认。"


def confirm(row: Import, *, by: Any, at: Any) -> str:
    request_confirm(row, by=by, at=at)
    wake("agency.work_jobs")
    return "正在写入；完成后状态变为“已导入”。"


def download_template(*, kind: str, by: Any, at: Any) -> HttpResponse:
    resource = kind_of(kind)
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as spool:
        write_template(Path(spool.name), resource.columns, resource.title)
        return HttpResponse(
            Path(spool.name).read_bytes(),
            content_type=XLSX,
            headers={"Content-Disposition": f'attachment; filename="{kind}-template.xlsx"'},
        )


def download(file: File, *, by: Any, at: Any, why: str = "下载") -> FileResponse:
    """A kept file, opened for one reader, with its Event."""
    return FileResponse(read_file(file, by=by, at=at, why=why), as_attachment=True, filename=file.name)


def download_errors(row: Import, *, by: Any, at: Any) -> HttpResponse | str:
    return download(row.errors_file, by=by, at=at, why="下载错误清单") if row.errors_file else "没有错误行，无清单可下载。"


@admin.register(Import)
class ImportAdmin(DeskAdmin):
    list_display = ("id", "kind_label", "state", "new", "changed", "unchanged", "warned", "refused", "checked_by", "checked_at")
    list_filter = ("state", "kind")
    list_select_related = ("checked_by",)
    ordering = ("-id",)
    fields = (
        ("kind_label", "state", "region"),
        ("new", "changed", "unchanged"),
        ("warned", "refused", "warnings_acknowledged"),
        "problem",
        ("checked_by", "checked_at"),
        ("confirmed_by", "confirmed_at"),
    )
    readonly_fields = ("kind_label",)
    deeds: ClassVar = [
        Deed(
            "upload", "导入表格", LOADERS, upload, form=UploadForm, above=True, main=True, refusals=(ImportRefused, AlreadyLoaded)
        ),
        Deed("template", "下载空白模板", LOADERS, download_template, form=TemplateForm, above=True),
        Deed(
            "confirm",
            "确认导入",
            frozenset({*LOADERS, Role.REVIEWER}),
            confirm,
            states=frozenset({State.CHECKED}),
            main=True,
            refusals=(ImportRefused,),
            hint="合格的行一次全部写入，错误行不写入。关键表格须由另一人确认。",
        ),
        Deed(
            "acknowledge",
            "已核对提醒",
            LOADERS,
            acknowledge_warnings,
            states=frozenset({State.CHECKED}),
            refusals=(ImportRefused,),
        ),
        Deed("errors", "下载错误清单", frozenset({*LOADERS, Role.REVIEWER, Role.AUDITOR}), download_errors),
        Deed(
            "cancel",
            "放弃导入",
            LOADERS,
            cancel_import,
            states=frozenset({State.CHECKED, State.REFUSED}),
            refusals=(ImportRefused,),
        ),
    ]

    def may(self, request: HttpRequest, deed: Deed, obj: Import | None = None) -> bool:
        """Bad rows hold full numbers: for who loaded them, for who may confirm the kind, and for the auditor."""
        if deed.name == "errors" and obj is not None and obj.checked_by_id != request.user.pk:
            kind = kinds().get(obj.kind)
            if not ({Role.AUDITOR} | (kind.confirm_roles() if kind else set())) & set(roles_of(request)):
                return False
        if obj is not None and (
            (deed.name == "errors" and not obj.errors_file_id)
            or (deed.name == "acknowledge" and (not obj.warned or obj.warnings_acknowledged))
        ):
            return False
        return super().may(request, deed, obj)

    @admin.display(description="表格种类", ordering="kind")
    def kind_label(self, row: Import) -> str:
        return kinds()[row.kind].title if row.kind in kinds() else row.kind

    def panels(self, request: HttpRequest, obj: Import) -> list[Panel]:
        report = obj.report or {}
        lines = [item[:5] for item in [*report.get("errors", []), *report.get("warnings", [])]]
        return [
            Panel(
                "检查报告（前 200 条错误与提醒；全部错误见错误清单）",
                "admin/desk/table.html",
                {"heads": ["工作表", "行", "列", "值", "原因"], "rows": lines, "empty": "没有错误，也没有提醒。"},
            )
        ]


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
