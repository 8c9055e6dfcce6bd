"""行政区划: the first region of a new site; all others come by spreadsheet."""

from datetime import datetime

import pgtrigger
from django.db import connection, transaction

from agency.models import Event, Region
from agency.moves import record


class RegionRefused(Exception):
    """This region cannot be made here; says in Chinese why."""


def found_region(code: str, name: str, *, at: datetime) -> Region:
    """The root of the tree, made once on an empty site. Raises RegionRefused."""
    with transaction.atomic():
        if Region.objects.exists():
            raise RegionRefused("系统中已有行政区划，请用“行政区划”表格导入其余地区。")
        region = Region(code=code, name=name, path=f"{code}/")
        region.save(force_insert=True)
        record(Event.Kind.WRITE, case="region", case_id=None, by=None, at=at, region_id=code, why=f"建立首个行政区划：{name}")
    return region


def lay_paths() -> None:
    """Write the path of every region anew from its parents, after regions were imported. It follows from other columns,
    so that no old version is kept of it."""
    with transaction.atomic(), pgtrigger.ignore("agency.Region:changed_update"), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE tree (code, path) AS (
                SELECT code, code || '/' FROM agency_region WHERE parent_id IS NULL
                UNION ALL
                SELECT region.code, tree.path || region.code || '/'
                FROM agency_region region JOIN tree ON region.parent_id = tree.code
            )
            UPDATE agency_region region SET path = tree.path
            FROM tree WHERE region.code = tree.code AND region.path <> tree.path
            """
        )
