"""筛查结果导出: a spreadsheet of what the screening found, kept as a File."""

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction
from django.utils.timezone import localdate

from agency.actions.files import store_file
from agency.models import Event, File, Programme, User
from agency.moves import record
from agency.queries import BUSINESS_READERS, within
from sheets.write import write_rows
from subsidies.refunds.actions.refusals import RefundRefused
from subsidies.refunds.models import Application
from subsidies.refunds.queries.lists import SCREENING_COLUMNS, screening_rows

KEPT = timedelta(days=90)
PARTS = {"all": "全部", "eligible": "合格", "ineligible": "不合格", "incomplete": "信息不全"}


def export_screening(programme: Programme, part: str = "all", *, by: User, at: datetime) -> File:
    """The screening list of the programme in the reader's regions, all of it or one outcome (a word of PARTS)."""
    if part not in PARTS:
        raise RefundRefused("请选择要导出的范围：全部、合格、不合格或信息不全。")
    rows = Application.objects.filter(within(by, BUSINESS_READERS, localdate(at)), programme=programme)
    if part != "all":
        rows = rows.filter(decision__outcome=part)
    name = f"筛查结果-{PARTS[part]}-{localdate(at):%Y%m%d}.xlsx"
    with TemporaryDirectory() as folder, transaction.atomic():
        path = Path(folder) / "list.xlsx"
        count = write_rows(path, SCREENING_COLUMNS, screening_rows(rows), "筛查结果")
        file = store_file(File.Kind.EXPORT, name, path, owner=by, region_id=programme.region_id, at=at, expires_at=at + KEPT)
        record(
            Event.Kind.EXPORT, case=Programme.CASE, case_id=programme.pk, by=by, at=at, region_id=programme.region_id,
            why=f"导出{name}", detail={"file": file.pk, "rows": count},
        )  # fmt: skip
    return file
