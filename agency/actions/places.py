"""行政区划: the first region of a new site; all others come by spreadsheet."""

from datetime import datetime

from django.db import transaction

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
