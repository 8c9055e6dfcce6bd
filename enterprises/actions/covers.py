"""划型名单的覆盖范围: what a statistics list says about the enterprises that it does not name."""

from collections.abc import Iterable

from django.db import transaction

from agency.models import Import
from enterprises.models import SizeCover


def record_covers(imp: Import, years: Iterable[int]) -> None:
    """Book, for the region of the import and each year of its rows, what the setting `covers` says; nothing where it
    was not given."""
    if covers := imp.settings.get("covers"):
        with transaction.atomic():
            SizeCover.objects.bulk_create(
                [SizeCover(region_id=imp.region_id, year=year, covers_all=covers == "all", source=imp) for year in years],
                update_conflicts=True,
                unique_fields=["region", "year"],
                update_fields=["covers_all", "source"],
            )
