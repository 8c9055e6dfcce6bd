"""筛查结果导出: the lists of what the screening found as spreadsheets, made by a job, kept as Files."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate

from agency.actions.files import store_parts, written_parts
from agency.actions.jobs import Progress, end_job, queue_job
from agency.models import Event, Job, Programme, Region, Role, User
from agency.moves import check_mover, record
from subsidies.refunds.actions.refusals import RefundRefused
from subsidies.refunds.models import ListExport
from subsidies.refunds.queries.lists import SCREENING_COLUMNS, listed, screening_rows

KEPT = timedelta(days=90)
EXPORTERS = frozenset({Role.PREPARER, Role.REVIEWER, Role.AUDITOR})
TOLD_EVERY = 500  # rows


def request_export(programme: Programme, part: str, region: Region, *, by: User, at: datetime) -> ListExport:
    """Order a list: everybody screened, or one outcome (a word of ListExport.Part), of a region of the programme. Raises
    RefundRefused, and MoveRefused without a post over that region."""
    if part not in ListExport.Part.values:
        raise RefundRefused("请选择要导出的范围：全部、合格、不合格或信息不全。")
    if not region.path.startswith(programme.region.path) and not programme.region.path.startswith(region.path):
        raise RefundRefused(f"{region}不在“{programme}”的实施地区（{programme.region}）之内，请另选地区或项目。")
    wanted = ListExport(programme=programme, region=region, part=part, requested_by=by, requested_at=at)
    check_mover(wanted, EXPORTERS, by, at)
    with transaction.atomic():
        wanted.save(force_insert=True)
        queue_job(Job.Kind.EXPORT, wanted.pk, region.pk, by=by, at=at)
    return wanted


def make_export(wanted: ListExport, job: Job, *, at: datetime, progress: Progress) -> None:
    """Work an export: in one transaction the rows are read through one cursor into the spreadsheet, and file, count and
    Event are written. Killed or cancelled it leaves nothing, and is made anew."""
    if wanted.finished_at:
        return
    rows = listed(wanted.programme, wanted.part, wanted.region)
    total = rows.count()

    def told():  # type: ignore[no-untyped-def]
        for done, row in enumerate(screening_rows(rows)):
            if done % TOLD_EVERY == 0:
                progress(done, total, "写入表格", "户")
            yield row

    with transaction.atomic(), written_parts(SCREENING_COLUMNS, told(), "筛查结果") as parts:
        count = sum(rows for _, rows in parts)
        progress(count, count, "封存文件", "户")
        name = f"筛查结果-{wanted.get_part_display()}-{localdate(wanted.requested_at):%Y%m%d}"
        by, region = wanted.requested_by, wanted.region_id
        files = store_parts(name, parts, owner=by, region_id=region, at=at, expires_at=at + KEPT)
        wanted.files.set(files)
        ListExport.objects.filter(pk=wanted.pk).update(finished_at=at, rows=count)
        record(
            Event.Kind.EXPORT, case=Programme.CASE, case_id=wanted.programme_id, by=by, at=at, region_id=region,
            why=f"导出{name}", detail={"export": wanted.pk, "files": [file.pk for file in files], "rows": count},
        )  # fmt: skip
        end_job(job, at=at)
