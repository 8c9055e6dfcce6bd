"""导入: a spreadsheet is checked, then confirmed, by the one pipeline of agency.intake. Good rows land together."""

import contextlib
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings as site
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from agency import intake
from agency.actions.files import opened, sha256_of, store_file
from agency.actions.jobs import Progress, cancel_job, end_job, queue_job, untold
from agency.models import Acknowledgement, Event, File, Import, Job, Region, Role, User
from agency.moves import move, open_all, record
from agency.queries import open_warnings, paths_by_role
from sheets.read import CellError, SheetRefused, read
from sheets.write import write_errors, write_rows

LOCK = 0x696E74  # first half of the advisory lock's key; the kind of spreadsheet is the second


class ImportRefused(Exception):
    """This import cannot be started or confirmed; says in Chinese why and what to do."""


class AlreadyLoaded(Exception):
    """This very file was loaded before; says when and by whom. `earlier` is that import."""

    def __init__(self, earlier: Import) -> None:
        when = timezone.localtime(earlier.confirmed_at)
        super().__init__(
            f"此文件已于 {when:%Y-%m-%d %H:%M} 由 {earlier.confirmed_by} 导入（第 {earlier.pk} 号导入），未重复导入；"
            "如确需再次导入，请勾选“同一文件确需再次导入”（命令行加 --set again=yes）。"
        )
        self.earlier = earlier


def _nothing() -> None:
    pass


def start_import(
    kind: str, source_path: Path, name: str, settings: Mapping[str, str], *, by: User, at: datetime, at_once: bool = False
) -> Import:
    """Take a spreadsheet in and queue its check; `at_once`: whoever calls checks it itself. `settings`: those of the kind, and
    region=code, again=yes; own=code limits the rows to those of one enterprise, as an enterprise's user has to.

    Raises ImportRefused, AlreadyLoaded (every row of this file was taken by an earlier import with the same settings)."""
    resource = _resource(kind)
    given = dict(settings)
    again = given.pop("again", "")
    _refuse_settings(resource, given)
    if by.kind == User.Kind.ENTERPRISE and not (given.get("own") and given.get("region")):
        raise ImportRefused("单位只能填报本单位的数据；请在“我的返还”中上传。")
    region = _desk(resource, given.get("region", ""), by, at)
    with Path(source_path).open("rb") as plain:
        sha256, _ = sha256_of(plain)
    if not again:
        _refuse_again(kind, sha256, given, region)
    with transaction.atomic():
        for earlier in Import.objects.filter(kind=kind, file__sha256=sha256, checked_by=by, state=Import.State.CHECKED):
            cancel_import(earlier, by=by, at=at)
        file = store_file(File.Kind.UPLOAD, name, Path(source_path), owner=by, region_id=region.pk, at=at)
        imp = Import(kind=kind, region=region, file=file, settings=given, checked_by=by, checked_at=at)
        open_all([imp], by=by, at=at)
        if not at_once:
            queue_job(Job.Kind.CHECK, imp.pk, region.pk, by=by, at=at)
    return imp


def start_row(kind: str, cells: Mapping[str, str], region: str, *, by: User, at: datetime) -> Import:
    """Take in one row typed by hand, {cell: text}, as a file of one row: checked, looked at and confirmed like any other. A cell
    that is not named is left as it is stored. `region`: whose desk, empty where there is one. Raises ImportRefused."""
    return start_rows(kind, [cells], {"region": region} if region else {}, by=by, at=at)


def start_rows(
    kind: str, rows: Sequence[Mapping[str, str]], settings: Mapping[str, str], *, by: User, at: datetime, at_once: bool = False
) -> Import:
    """The same for several rows that name the same cells; `settings` and `at_once` as `start_import` takes them."""
    resource = _resource(kind)
    headers = [resource.cells[name].column_name for name in rows[0]]
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as spool:
        write_rows(Path(spool.name), headers, [[text or None for text in cells.values()] for cells in rows])
        name, asked = f"手工录入-{resource.title}.xlsx", {"again": "yes"} | dict(settings)
        return start_import(kind, Path(spool.name), name, asked, by=by, at=at, at_once=at_once)


def check_import(imp: Import, *, at: datetime, progress: Progress = untold, last: Callable[[], None] = _nothing) -> None:
    """Read, stage and check the file in one transaction; the import is then CHECKED with its report, or REFUSED with
    the problem. A file that was checked before is checked anew. `last` is done last in the transaction."""
    try:
        with transaction.atomic():
            _check(imp, at, progress)
            last()
    except SheetRefused as refused:
        imp.refresh_from_db()
        with transaction.atomic():
            if imp.state == Import.State.CHECKED:
                move(imp, Import.State.CHECKING, by=None, at=at)
            intake.drop_staging(imp.pk)
            move(imp, Import.State.REFUSED, by=None, at=at, problem=str(refused)[:500])
            last()


def request_check(imp: Import, *, by: User, at: datetime) -> Job:
    """Queue the check of an import anew: its job ended early, or the data changed since. Raises ImportRefused."""
    _desk(_resource(imp.kind), imp.region_id or "", by, at)
    if imp.state not in (Import.State.CHECKING, Import.State.CHECKED):
        raise ImportRefused(f"此导入为“{imp.get_state_display()}”，不能重新检查；请刷新页面后再看。")
    return queue_job(Job.Kind.CHECK, imp.pk, imp.region_id, by=by, at=at)


def request_confirm(imp: Import, *, by: User, at: datetime) -> Job:
    """Queue the confirming of an import; what would refuse it at once refuses it here. Raises ImportRefused."""
    _refuse_confirm(imp, by, at)
    return queue_job(Job.Kind.CONFIRM, imp.pk, imp.region_id, by=by, at=at)


def confirm_import(
    imp: Import, *, by: User, at: datetime, progress: Progress = untold, last: Callable[[], None] = _nothing
) -> None:
    """Land the good rows of a checked import, all or nothing; `last` is done last in the transaction.

    The set checks run again under the lock of the kind; if any row's fate differs from the report, nothing lands, the
    report is made anew and ImportRefused says so."""
    _refuse_confirm(imp, by, at)
    with transaction.atomic():
        progress(0, None, "等待同种表格的导入完成")
        _lock(imp.kind)
        if _still_as_reported(imp, at, progress):
            written = imp.new + imp.changed
            progress(0, written, "写入数据")
            intake.land(intake.staging_of(imp), scope=_scope(imp, at), by=by, at=at)
            progress(written, written, "写入数据")
            _book(imp, by, at)
            last()
            return
    check_import(imp, at=at, progress=progress)
    raise ImportRefused("自检查以后数据有变化，本次没有写入任何数据；已重新检查，请核对新的检查报告后再确认。")


def second_person(imp: Import) -> str:
    """What of a checked import another person than its loader has to confirm, empty if nothing: a kind that decides who is
    paid or what is spent, and beyond FORMATS.md's four kinds whatever changes where money goes or who can sign in."""
    resource = _resource(imp.kind)
    if resource.second_person:
        return resource.title
    changed = imp.report.get("for_another", 0)
    return f"{resource.title}中有 {changed:,} 行变更了已有的账户或手机号，" if changed else ""


def acknowledge_warnings(imp: Import, warnings: Collection[str], *, by: User, at: datetime) -> None:
    """Say which kinds of warning of a report, by their names in it, were looked at. Raises ImportRefused."""
    resource = _resource(imp.kind)
    _places(resource, resource.confirm_roles(), by, at)
    with transaction.atomic():
        locked = Import.objects.select_for_update().filter(pk=imp.pk, state=Import.State.CHECKED).first()
        if locked is None:
            raise ImportRefused("此导入不在待确认状态，请刷新页面后再看。")
        waiting = {warning["name"]: warning["rows"] for warning in open_warnings(locked)}
        if not warnings or not set(warnings) <= set(waiting):
            raise ImportRefused("请勾选检查报告中尚未核对的提醒；报告可能已更新，请刷新页面后再看。")
        looked = {name: waiting[name] for name in warnings}
        Acknowledgement.objects.bulk_create(
            Acknowledgement(imp=locked, warning=name, rows=rows, by=by, at=at) for name, rows in looked.items()
        )
        record(
            Event.Kind.WRITE, case="import", case_id=imp.pk, by=by, at=at, region_id=imp.region_id, why="核对提醒",
            detail={"warnings": looked},
        )  # fmt: skip


def cancel_import(imp: Import, *, by: User, at: datetime) -> None:
    """Give an import up; a job that works it stops and leaves nothing, and the next sweep forgets what was staged.
    Raises MoveRefused."""
    with transaction.atomic():
        move(imp, Import.State.CANCELLED, by=by, at=at)
        for job in Job.objects.filter(
            kind__in=[Job.Kind.CHECK, Job.Kind.CONFIRM], subject_id=imp.pk, state__in=[Job.State.QUEUED, Job.State.RUNNING]
        ):
            cancel_job(job, by=by, at=at)


def forget_staged() -> None:
    """Drop the staging of imports that were given up; what a job still holds is left to the next time."""
    staged = intake.staged_imports()
    waiting = Import.objects.filter(pk__in=staged, state__in=[Import.State.CHECKING, Import.State.CHECKED])
    for over in sorted(staged - set(waiting.values_list("pk", flat=True))):
        with contextlib.suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            intake.drop_staging(over)


def work_check(job: Job, *, at: datetime, progress: Progress) -> None:
    """The handler of CHECK jobs."""
    imp = Import.objects.get(pk=job.subject_id)
    if imp.state in (Import.State.CHECKING, Import.State.CHECKED):
        check_import(imp, at=at, progress=progress, last=partial(end_job, job, at=at))


def work_confirm(job: Job, *, at: datetime, progress: Progress) -> None:
    """The handler of CONFIRM jobs; a job whose import is already confirmed has nothing left to do. Raises ImportRefused, also
    where the report was made anew since the job was asked for: nobody has looked at that one."""
    imp = Import.objects.get(pk=job.subject_id)
    if imp.state != Import.State.CONFIRMED and job.requested_by:
        if _asked_before_its_report(job, imp):
            raise ImportRefused("申请确认之后检查报告已更新，请在导入页面看过新的报告再确认。")
        confirm_import(imp, by=job.requested_by, at=at, progress=progress, last=partial(end_job, job, at=at))


def _asked_before_its_report(job: Job, imp: Import) -> bool:
    """Whether the report was made anew since the job was asked for; by the order of their Events, whatever the clocks."""
    reported = Event.objects.filter(case_kind=Import.CASE, case_id=imp.pk, to_state=Import.State.CHECKED).order_by("pk").last()
    asked = Event.objects.filter(case_kind=Job.CASE, case_id=job.pk).order_by("pk").first()
    return reported is not None and asked is not None and reported.pk > asked.pk


def _resource(kind: str) -> intake.SheetResource:
    try:
        return intake.kind_of(kind)
    except intake.UnknownKind as unknown:
        raise ImportRefused(str(unknown)) from unknown


def _refuse_settings(resource: intake.SheetResource, given: Mapping[str, str]) -> None:
    for name, value in given.items():
        words = resource.settings.get(name, ())
        if name != "region" and not (name == "own" and resource.own_cell) and not words:
            takes = "、".join(["region", "again", *resource.settings])
            raise ImportRefused(f"{resource.title}没有名为 {name} 的导入设置；可设置：{takes}。")
        if words and value not in words:
            raise ImportRefused(f"导入设置 {name} 应为 {'、'.join(words)} 之一，现为 {value}。")


def _places(resource: intake.SheetResource, roles: frozenset[str], by: User, at: datetime) -> list[str]:
    """The uppermost region paths over which a person holds one of the roles. Raises ImportRefused if there is none. An
    enterprise is bound by `own` instead, which whoever calls has looked at."""
    if by.kind == User.Kind.ENTERPRISE and resource.own_cell:
        return [""]
    paths = sorted({path for role, held in paths_by_role(by, at.date()).items() if role in roles for path in held})
    if not paths:
        wanted = "、".join(Role(role).label for role in sorted(roles))
        raise ImportRefused(f"您没有导入{resource.title}的岗位（需要：{wanted}）；请由有此岗位的人员办理。")
    return [path for path in paths if not any(path != other and path.startswith(other) for other in paths)]


def _desk(resource: intake.SheetResource, code: str, by: User, at: datetime) -> Region:
    """The region that a person loads for, within which every row must lie; `code` empty: the only one of his posts."""
    tops = _places(resource, resource.roles, by, at)
    if code:
        region = Region.objects.filter(pk=code).first()
        if region is None or not any(region.path.startswith(top) for top in tops):
            raise ImportRefused(f"地区 {code} 不在您的岗位范围内，请核对导入设置 region。")
        return region
    if len(tops) > 1:
        codes = "、".join(Region.objects.filter(path__in=tops).order_by("path").values_list("code", flat=True))
        raise ImportRefused(
            f"您在多个地区有岗位，请选择为哪个地区导入{resource.title}（{codes} 之一；命令行加 --set region=代码）；"
            "一次导入只写入一个地区，其他地区的行在错误清单中，可再为那个地区导入。"
        )
    return Region.objects.get(path=tops[0])


def _scope(imp: Import, at: datetime) -> list[str]:
    """Where the rows of an import may lie: its region, where its loader may still write. Raises ImportRefused."""
    return [_desk(_resource(imp.kind), imp.region_id or "", imp.checked_by, at).path]


def _refuse_again(kind: str, sha256: str, given: Mapping[str, str], region: Region) -> None:
    earlier = (
        Import.objects.filter(
            kind=kind, file__sha256=sha256, region=region, settings=dict(given), state=Import.State.CONFIRMED, refused=0
        )
        .select_related("confirmed_by")
        .order_by("-pk")
        .first()
    )
    if earlier:
        raise AlreadyLoaded(earlier)


def _check(imp: Import, at: datetime, progress: Progress) -> None:
    resource = _resource(imp.kind)
    with opened(imp.file) as plain:
        lines = _lines(plain)
        with read(plain, resource.columns, lines=True) as reading:
            staging, rows = intake.fill(resource, imp, reading, progress, lines)
            found: dict[str, Any] = {"notes": reading.notes, "unknown": reading.unknown, "absent": sorted(staging.absent)}
        if not rows:
            raise SheetRefused("表头之下没有数据行，请填写后重新上传")
        found["basis"] = intake.basis(resource, imp, scope=_scope(imp, at), at=at)
        report = intake.report(staging, scope=_scope(imp, at), at=at, told=progress)
        progress(rows, rows, "写检查报告")
        if report.changed:
            intake.keep_changes(staging)
        errors_file = _error_spreadsheet(imp, staging, plain, at) if report.refused else None
    if imp.state == Import.State.CHECKED:  # only now, so that whoever gives it up does not wait for the check to end
        move(imp, Import.State.CHECKING, by=None, at=at)
    Acknowledgement.objects.filter(imp=imp).delete()
    found |= {"rows": report.rows, "digest": report.digest, "kinds": report.kinds_of_issue}
    found |= {"for_another": report.for_another, "errors": report.errors, "warnings": report.warnings}
    move(
        imp, Import.State.CHECKED, by=None, at=at, new=report.new, changed=report.changed, unchanged=report.unchanged,
        warned=report.warned, refused=report.refused, report=found, errors_file=errors_file, checked_at=at,
        problem="",
    )  # fmt: skip


def _lines(plain: BinaryIO) -> int | None:
    """About how many rows a csv file has, None of a workbook; the file is at its start again."""
    is_csv, lines = plain.read(4) not in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"), 0
    while is_csv and (piece := plain.read(1 << 20)):
        lines += piece.count(b"\n")
    plain.seek(0)
    return lines if is_csv else None


def _error_spreadsheet(imp: Import, staging: intake.Staging, plain: BinaryIO, at: datetime) -> File:
    """The bad rows as they stood, with 错误原因; never on disk in the open."""
    resource = staging.resource
    errors = (CellError(*issue[:5]) for issue in intake.issues(staging, "E"))
    plain.seek(0)
    with tempfile.TemporaryFile(dir=site.FILES_ROOT) as target:
        write_errors(target, plain, resource.columns, errors)
        target.seek(0)
        name = f"{Path(imp.file.name).stem}-错误清单.xlsx"
        return store_file(File.Kind.ERRORS, name, target, owner=imp.checked_by, region_id=imp.region_id, at=at)


def _refuse_confirm(imp: Import, by: User, at: datetime) -> None:
    resource = _resource(imp.kind)
    if imp.state != Import.State.CHECKED:
        raise ImportRefused(f"此导入为“{imp.get_state_display()}”，不能确认；请刷新页面后再看。")
    if by == imp.checked_by and (why := second_person(imp)):
        raise ImportRefused(f"{why}须由导入人以外的另一人确认，请由有岗位的同事确认。")
    if waiting := open_warnings(imp):
        raise ImportRefused(f"有 {len(waiting)} 种提醒尚未核对（如：{waiting[0]['name']}），请逐种核对并勾选后再确认。")
    theirs = _places(resource, resource.confirm_roles(), by, at)
    if not all(any(path.startswith(top) for top in theirs) for path in _scope(imp, at)):
        raise ImportRefused("确认人的岗位须覆盖此次导入的全部地区，请由有此岗位的人员确认。")


def _lock(kind: str) -> None:
    """Imports of one kind are confirmed one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, kind])


def _still_as_reported(imp: Import, at: datetime, progress: Progress) -> bool:
    """Whether every staged row would fare as the report says; False also where the staging was lost in a crash. Asked of every
    row again only where anything that the checks ask was written since."""
    staging = intake.staging_of(imp)
    if not intake.is_staged(staging, imp.report["rows"]):
        return False
    intake.hold(staging)
    scope = _scope(imp, at)
    if intake.stands(staging, scope=scope, at=at):
        return True
    return bool(intake.digest_now(staging, scope=scope, at=at, told=progress) == imp.report["digest"])


def _book(imp: Import, by: User, at: datetime) -> None:
    counts = {"new": imp.new, "changed": imp.changed, "unchanged": imp.unchanged, "refused": imp.refused}
    move(imp, Import.State.CONFIRMED, by=by, at=at, detail=counts, confirmed_by=by, confirmed_at=at)
    intake.drop_staging(imp.pk)
