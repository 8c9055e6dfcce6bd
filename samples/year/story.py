"""The year, step by step: who does what at which window on which day. Each step says what happened."""

import csv
import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time
from datetime import date as Day
from pathlib import Path
from typing import Any

from django.core.management import call_command

from agency import clock
from agency.actions import set_desk_clock
from agency.models import Programme
from samples.year.people import ADMINISTRATOR, STAFF
from samples.year.tables import table
from samples.year.windows import DEMO_PASSWORD, Clerk

KINDS = [
    "regions",
    "workdays",
    "fund",
    "enterprises",
    "contributions",
    "workforce",
    "size-list",
    "size-2020",
    "credit-list",
    "hosts",
]
CRITICAL = {"fund", "size-list", "credit-list", "bank-results"}
POLICY_KINDS = {"regions", "workdays", "fund"}


class Year:
    """The people, the folder of spreadsheets and where the story is printed."""

    def __init__(self, folder: Path, write: Callable[[str], None]) -> None:
        self.folder, self.write = folder, write
        self.clerks = {staff.username: Clerk(staff.username, staff.name, staff.role.label) for staff in [ADMINISTRATOR, *STAFF]}
        self.answers = {row["统一社会信用代码"]: row for row in read_csv(folder / "answers.csv")}

    def by(self, username: str) -> Clerk:
        return self.clerks[username]

    @property
    def programme(self) -> Programme:
        return Programme.objects.get()

    def on(self, day: Day, hour: int = 9) -> None:
        """Turn the desk clock to a morning."""
        set_desk_clock(datetime.combine(day, time(hour), tzinfo=clock.ZONE), real_now=datetime.now(UTC))
        self.write(f"\n══ {day:%Y年%m月%d日} ══")

    def show(self, title: str, heads: list[str], rows: Iterable[Any], where: str) -> None:
        self.write(table(title, heads, list(rows)))
        self.write(f"  看这里：{where}")


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def found(year: Year) -> None:
    """The first administrator by command, every other account and post by the administrator at the console."""
    year.on(Day(2024, 5, 27))
    call_command(
        "first_admin", ADMINISTRATOR.username, ADMINISTRATOR.name, region=PROVINCE[0], region_name=PROVINCE[1],
        password=DEMO_PASSWORD, stdout=io.StringIO(),
    )  # fmt: skip
