"""导入: a spreadsheet taken in, its report, what it would change, and its confirming."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.timezone import localtime

from agency import clock
from agency.actions.imports import (
    AlreadyLoaded,
    ImportRefused,
    acknowledge_warnings,
    cancel_import,
    request_check,
    request_confirm,
    second_person,
    start_import,
)
from agency.admin.desk import Deed, DeskAdmin, Panel
from agency.admin.people import region_choices
from agency.admin.typed import row_view
from agency.admin.work import download, job_panel, latest_job
from agency.intake import changed_rows, kind_of, kinds, staging_of
from agency.models import Import, Job, Role
from agency.queries import open_warnings
from agency.tasks import wake
from sheets.write import write_template

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LOADERS = frozenset({Role.PREPARER, Role.FINANCE, Role.POLICY})
State = Import.State


def kind_choices(roles: set[str]) -> list[tuple[str, str]]:
    """The kinds that somebody with these roles may load."""
    return [(word, f"{kind.title}（{word}）") for word, kind in sorted(kinds().items()) if kind.roles & roles]


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label="表格种类")
    file = forms.FileField(label="文件", help_text=".xlsx、.xls 或 .csv（UTF-8、GB18030 均可）。先检查，不会直接写入。")
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
        self.fields["kind"].choices = [("", "请选择"), *kind_choices(roles)]  # type: ignore[attr-defined]
        self.fields["region"].choices = region_choices(prefixes)  # type: ignore[attr-defined]
        self.fields["region"].required = len(prefixes) > 1


class AcknowledgeForm(forms.Form):
    warnings = forms.MultipleChoiceField(
        label="已逐行核对、认为无误的提醒",
        widget=forms.CheckboxSelectMultiple,
        help_text="逐种勾选；留下核对人和时间。全部核对后才能确认导入。",
        error_messages={"required": "请勾选已核对的提醒。"},
    )

    def fill(self, *, obj: Import, **_: object) -> None:
        choices = [(kind["name"], f"{kind['name']}（{kind['rows']:,} 行）") for kind in open_warnings(obj)]
        self.fields["warnings"].choices = choices  # type: ignore[attr-defined]


class KindForm(forms.Form):
    kind = forms.ChoiceField(label="表格种类")

    def fill(self, *, roles: set[str], **_: object) -> None:
        self.fields["kind"].choices = [("", "请选择"), *kind_choices(roles)]  # type: ignore[attr-defined]


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


def ask_for_row(*, kind: str, by: Any, at: Any) -> HttpResponse:
    return redirect("admin:agency_import_row", kind)


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


def download_errors(row: Import, *, by: Any, at: Any) -> HttpResponse | str:
    return download(row.errors_file, by=by, at=at, why="下载错误清单") if row.errors_file else "没有错误行，无清单可下载。"


def recheck(row: Import, *, by: Any, at: Any) -> str:
    request_check(row, by=by, at=at)
    wake("agency.work_jobs")
    return "正在重新检查；完成后请看新的检查报告。"


MAY_CONFIRM = frozenset({*LOADERS, Role.REVIEWER})
REFUSALS = (ImportRefused,)


class KindFilter(admin.SimpleListFilter):
    """By the titles of the kinds; the field holds their words."""

    title = "表格种类"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(word, kind.title) for word, kind in sorted(kinds().items())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Import]) -> QuerySet[Import]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Import)
class ImportAdmin(DeskAdmin):
    list_display = ("id", "kind_label", "state", "new", "changed", "unchanged", "warned", "refused", "checked_by", "checked_at")
    list_filter = ("state", KindFilter)
    list_select_related = ("checked_by",)
    ordering = ("-id",)
    fields = (
        ("kind_label", "file_name", "region"),
        ("new", "changed", "unchanged"),
        ("warned", "refused"),
        "problem",
        ("checked_by", "checked_at"),
        ("confirmed_by", "confirmed_at"),
    )
    readonly_fields = ("kind_label", "file_name")
    deeds: ClassVar = [
        Deed(
            "upload", "导入表格", LOADERS, upload, form=UploadForm, above=True, main=True, refusals=(ImportRefused, AlreadyLoaded)
        ),
        Deed(
            "pick", "录入单行", LOADERS, ask_for_row, form=KindForm, above=True,
            hint="手工录入一行，或调出已有的一行更正；同样先检查、再确认，关键变更须另一人确认。",
        ),
        Deed("template", "下载空白模板", LOADERS, download_template, form=KindForm, above=True),
        Deed(
            "confirm", "确认导入", MAY_CONFIRM, confirm, states=frozenset({State.CHECKED}), main=True, refusals=REFUSALS,
            hint="合格的行一次全部写入，错误行不写入。关键表格和已有账户、手机号的变更须由另一人确认。",
        ),
        Deed(
            "acknowledge", "核对提醒", MAY_CONFIRM, acknowledge_warnings, states=frozenset({State.CHECKED}), form=AcknowledgeForm,
            refusals=REFUSALS,
        ),
        Deed("errors", "下载错误清单", frozenset({*MAY_CONFIRM, Role.AUDITOR}), download_errors),
        Deed(
            "recheck", "重新检查", LOADERS, recheck, states=frozenset({State.CHECKING, State.CHECKED}), refusals=REFUSALS,
            hint="按现有数据重新检查同一文件；已核对的提醒须重新核对。",
        ),
        Deed(
            "cancel", "放弃导入", LOADERS, cancel_import, refusals=REFUSALS,
            states=frozenset({State.CHECKING, State.CHECKED, State.REFUSED}),
        ),
    ]  # fmt: skip

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(partial(row_view, self))
        return [path("row/<slug:kind>/", view, name="agency_import_row"), *super().get_urls()]

    def may(self, request: HttpRequest, deed: Deed, obj: Import | None = None) -> bool:
        """Only what will not be refused: the kind's own roles, its warnings, its second person. Bad rows hold full numbers:
        for who loaded them, for who may confirm the kind, and for the auditor."""
        if obj is None or not super().may(request, deed, obj):
            return obj is None and super().may(request, deed)
        kind = kinds().get(obj.kind)
        loaders, confirmers = (kind.roles, kind.confirm_roles()) if kind else (frozenset(), frozenset())
        is_own = obj.checked_by_id == request.user.pk
        if deed.name == "errors":
            return bool(obj.errors_file_id) and (is_own or self._holds(request, confirmers | {Role.AUDITOR}, obj))
        if deed.name in ("confirm", "acknowledge"):
            waiting = bool(open_warnings(obj))
            ready = waiting if deed.name == "acknowledge" else not waiting and not (is_own and second_person(obj))
            return ready and self._holds(request, confirmers, obj)
        return self._holds(request, loaders, obj)

    def _holds(self, request: HttpRequest, roles: frozenset[str], obj: Import) -> bool:
        """Whether whoever asks holds one of the roles over the import's region."""
        return any(self.path_of(obj).startswith(prefix) for prefix in self.prefixes(request, roles))

    @admin.display(description="表格种类", ordering="kind")
    def kind_label(self, row: Import) -> str:
        return kinds()[row.kind].title if row.kind in kinds() else row.kind

    @admin.display(description="文件")
    def file_name(self, row: Import) -> str:
        return row.file.name

    def headline(self, request: HttpRequest, obj: Import) -> dict[str, Any]:
        return super().headline(request, obj) | {"next": next_step(obj, request.user)}

    def panels(self, request: HttpRequest, obj: Import) -> list[Panel]:
        job = latest_job((Job.Kind.CHECK, Job.Kind.CONFIRM), obj.pk)
        jobs = [job_panel(job)] if job and job.state != Job.State.DONE else []
        if not obj.report or obj.state == State.CHECKING:
            return jobs
        changes = [changes_panel(request, obj)] if obj.changed and obj.state == State.CHECKED else []
        return [*jobs, report_panel(obj), *changes, first_issues(obj)]


def next_step(imp: Import, user: Any) -> str:
    """What has to be done with an import, and by whom."""
    if imp.state == State.CHECKING:
        return "正在检查，完成后在此查看报告。"
    if imp.state == State.REFUSED:
        return "按原因改正文件后重新上传。"
    if imp.state != State.CHECKED:
        return ""
    if not imp.new + imp.changed + imp.unchanged:
        return "没有一行合格：请下载错误清单，改正后重新上传；此次导入可放弃。"
    waiting = len(open_warnings(imp))
    steps = [f"逐种核对 {waiting} 种提醒"] if waiting else []
    if why := second_person(imp):
        another = "由您确认" if user.pk != imp.checked_by_id else "请同事确认"
        return "，".join([*steps, f"{why}须由导入人 {imp.checked_by.name} 以外的另一人确认，{another}。"])
    return "，再".join([*steps, "确认导入。"])


def report_panel(imp: Import) -> Panel:
    """What kinds of errors and warnings there are, and who has looked at which warning."""
    looked = {one.warning: one for one in imp.acknowledgements.select_related("by")}
    rows = []
    for kind in sorted(imp.report["kinds"], key=lambda kind: kind["level"]):
        level: Any = {"word": "REFUSED", "label": "错误"}
        done: Any = "不写入，见错误清单"
        if kind["level"] == "W":
            level, one = {"word": "RETURNED", "label": "提醒"}, looked.get(kind["name"])
            done = f"{one.by.name} {localtime(one.at):%Y-%m-%d %H:%M} 已核对" if one else {"word": "CHECKED", "label": "待核对"}
        like = kind["reason"] if kind["reason"] != kind["name"] else "—"
        rows.append([level, kind["header"] or "—", kind["name"], {"number": f"{kind['rows']:,}"}, like, done])
    ignored = "、".join(f"{header}（{sheet}）" for sheet, header in imp.report["unknown"])
    notes = [*([f"未识别、已忽略的列：{ignored}"] if ignored else []), *imp.report["notes"]]
    return Panel(
        f"检查报告（共 {imp.report['rows']:,} 行）",
        "admin/desk/table.html",
        {
            "note": "；".join(notes),
            "heads": ["级别", "列", "内容", "行数", "如", "处理"],
            "rows": rows,
            "empty": "没有错误，也没有提醒。",
        },
    )


def first_issues(imp: Import) -> Panel:
    lines = [item[:5] for item in [*imp.report["errors"], *imp.report["warnings"]]]
    return Panel(
        "错误与提醒（各列前 200 条；全部错误行在错误清单中）",
        "admin/desk/table.html",
        {"heads": ["工作表", "行", "列", "值", "原因"], "rows": lines, "empty": "没有错误，也没有提醒。"},
    )


def changes_panel(request: HttpRequest, imp: Import) -> Panel:
    """A page of the rows that would change: those that follow `after`, or that end before `before`."""
    after, before = (_place(request.GET.get(name)) for name in ("after", "before"))
    page = changed_rows(staging_of(imp), at=clock.now(), after=after or 0, before=before)
    return Panel(f"将变更的 {imp.changed:,} 行", "admin/desk/changes.html", {"page": page})


def _place(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
