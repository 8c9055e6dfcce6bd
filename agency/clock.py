"""The desk's clock, in Asia/Shanghai whatever the server's zone. Read by windows alone; below them time is passed in.

Where DEMO is on, a DeskClock row moves it for all processes at once."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from agency.models import DeskClock

ZONE = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The moment, aware, Asia/Shanghai."""
    real = datetime.now(ZONE)
    return real + offset() if settings.DEMO else real


def today() -> date:
    """The day at the desk."""
    return now().date()


def offset() -> timedelta:
    """How far the demo's desk clock stands from the real one; zero where no row is set."""
    return DeskClock.objects.values_list("offset", flat=True).first() or timedelta(0)
