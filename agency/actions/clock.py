"""演示时钟: where the demo's desk stands. The row counts only where the setting DEMO is on."""

from datetime import datetime

from django.db import transaction

from agency.models import DeskClock


def set_desk_clock(target: datetime, *, real_now: datetime) -> None:
    """Let the desk's clock, in all processes at once, show `target` now and run on from there. For demos alone."""
    offset = target - real_now
    with transaction.atomic():
        if not DeskClock.objects.update(offset=offset):
            DeskClock.objects.create(offset=offset)
