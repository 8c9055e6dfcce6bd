"""A small agency: a province with two cities, one person a post."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from agency.actions import create_staff, give_post
from agency.models import Region, Role, User

ZONE = ZoneInfo("Asia/Shanghai")
PASSWORD = "Long-enough-9412"


@pytest.fixture
def at() -> datetime:
    """A working morning at the desk."""
    return datetime(2024, 7, 1, 9, 30, tzinfo=ZONE)


@pytest.fixture
def regions(db) -> dict[str, Region]:
    """省 14, its cities 1403 and 1404, and the district 140302 of the first."""
    found = {}
    for code, name, parent, phone in [
        ("14", "某省", None, "0351-1200000"),
        ("1403", "甲市", "14", "0353-2200000"),
        ("140302", "甲市城区", "1403", ""),
        ("1404", "乙市", "14", ""),
    ]:
        above = found.get(parent)
        found[code] = Region.objects.create(
            code=code, name=name, parent=above, path=f"{above.path if above else ''}{code}/", phone=phone,
            office_name=f"{name}失业保险中心" if phone else "",
        )  # fmt: skip
    return found


@pytest.fixture
def staff(regions, at, settings) -> Callable[..., User]:
    """Make (or give again) the person who holds a role over a region: staff(Role.PREPARER, "1403")."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # argon2 is slow by design
    made: dict[tuple[str, str, int], User] = {}

    def person(role: str, region: str = "1403", number: int = 1) -> User:
        key = (role, region, number)
        if key not in made:
            user = create_staff(f"{role}-{region}-{number}".lower(), f"{Role(role).label}{number}", PASSWORD, by=None, at=at)
            give_post(user, role, regions[region], date(2024, 1, 1), by=None, at=at)
            made[key] = user
        return made[key]

    return person
