"""An office to load spreadsheets at: a city with two districts beside another city, and one person a post."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from python_calamine import CalamineWorkbook

from agency.actions import imports
from agency.models import Import, Post, Region, Role, User
from agency.queries import open_warnings
from sheets.values import citizen_check, uscc_check
from sheets.write import write_rows

Rows = Sequence[Mapping[str, object]]
POSTS = {
    "jingban": (Role.PREPARER, "140300"), "jingban2": (Role.PREPARER, "140300"), "fushen": (Role.REVIEWER, "140300"),
    "caiwu": (Role.FINANCE, "140300"), "caiwu2": (Role.FINANCE, "140300"), "zhengce": (Role.POLICY, "140300"),
    "zhengce2": (Role.POLICY, "140300"), "chengqu": (Role.PREPARER, "140302"), "yishi": (Role.PREPARER, "140400"),
}  # fmt: skip
LOADERS = {"regions": "zhengce", "workdays": "zhengce", "fund": "zhengce", "bank-results": "caiwu"}
SECOND = {"fund": "zhengce2", "bank-results": "caiwu2"}  # the others' second person: fushen


def uscc(number: int, region: str = "140302") -> str:
    """A made-up 统一社会信用代码 with its check character."""
    body = f"91{region}{number:09d}"
    return body + uscc_check(body)


def citizen(number: int, born: str = "19800101") -> str:
    """A made-up 居民身份证 number with its check digit; no place has the code 149100."""
    body = f"149100{born}{number:03d}"
    return body + citizen_check(body)


@pytest.fixture
def at() -> datetime:
    """A working morning at the desk."""
    return datetime(2024, 7, 1, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


class Office:
    """The people of the office and their spreadsheets."""

    def __init__(self, folder: Path, at: datetime) -> None:
        self.folder, self.at = folder, at
        self.people: dict[str, User] = {}
        self._written = 0
        for code, name, parent in [
            ("140300", "甲市", None), ("140302", "城区", "140300"), ("140303", "矿区", "140300"), ("140400", "乙市", None)
        ]:  # fmt: skip
            Region.objects.create(code=code, name=name, parent_id=parent, path=f"{parent}/{code}/" if parent else f"{code}/")
        for username, (role, region) in POSTS.items():
            person = User.objects.create(username=username, name=username, password="!", created_at=at)  # signs in nowhere
            Post.objects.create(user=person, role=role, region_id=region, from_on=date(2024, 1, 1))
            self.people[username] = person

    def csv(self, rows: Rows, encoding: str = "utf-8-sig") -> Path:
        """Rows as a csv file, its header from the first row's keys."""
        self._written += 1
        path = self.folder / f"table-{self._written}.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    def xlsx(self, rows: Rows) -> Path:
        """Rows as an .xlsx file, text as text."""
        self._written += 1
        path = self.folder / f"table-{self._written}.xlsx"
        write_rows(path, list(rows[0]), [[None if value == "" else value for value in row.values()] for row in rows])
        return path

    def check(self, kind: str, source: Rows | Path, *, by: str = "", settings: Mapping[str, str] | None = None) -> Import:
        """Start an import and check it."""
        path = source if isinstance(source, Path) else self.csv(source)
        person = self.people[by or LOADERS.get(kind, "jingban")]
        imp = imports.start_import(kind, path, path.name, settings or {}, by=person, at=self.at)
        imports.check_import(imp, at=self.at)
        return imp

    def confirm(self, imp: Import, *, by: str = "") -> Import:
        """Confirm a checked import, each kind of its warnings looked at."""
        second = SECOND.get(imp.kind, "fushen") if imports.second_person(imp) else imp.checked_by.username
        person = self.people[by or second]
        if warnings := open_warnings(imp):
            imports.acknowledge_warnings(imp, [warning["name"] for warning in warnings], by=person, at=self.at)
        imports.confirm_import(imp, by=person, at=self.at)
        return imp

    def load(self, kind: str, source: Rows | Path, *, by: str = "", settings: Mapping[str, str] | None = None) -> Import:
        """Check and confirm, whatever was loaded before."""
        return self.confirm(self.check(kind, source, by=by, settings={"again": "yes"} | dict(settings or {})))

    def enterprises(self, count: int, **also: object) -> list[str]:
        """Load some plain enterprises; returns their codes."""
        self.load("enterprises", [enterprise(number, **also) for number in range(count)])
        return [uscc(number) for number in range(count)]


def enterprise(number: int, **also: object) -> dict[str, object]:
    """A row of the registry with what is required."""
    row = {"统一社会信用代码": uscc(number), "单位名称": f"第{number}号公司", "单位类型": "企业", "参保地": "140302"}
    return row | also


def contribution(code: str, **also: object) -> dict[str, object]:
    """A row of contributions with what is required."""
    row = {"统一社会信用代码": code, "费款所属期": "202301", "缴费人数": "2", "单位实缴": "70.00", "个人实缴": "30.00"}
    return row | also


def read_back(source: object) -> list[dict[str, str]]:
    """The rows of the first sheet of an .xlsx file."""
    book = CalamineWorkbook.from_object(source)
    header, *rows = book.get_sheet_by_index(0).to_python()
    return [dict(zip(map(str, header), map(str, row), strict=True)) for row in rows]


@pytest.fixture
def office(db, tmp_path: Path, at: datetime) -> Office:
    return Office(tmp_path, at)


@pytest.fixture
def committed_office(transactional_db, tmp_path: Path, at: datetime) -> Iterator[Office]:
    """The same for tests with processes and connections of their own."""
    yield Office(tmp_path, at)
    with connection.cursor() as cursor:  # Django empties its own tables only
        for name in connection.introspection.table_names(cursor):
            if name.startswith("intake_"):
                cursor.execute(f"DROP TABLE {name}")


Reader = Callable[[object], list[dict[str, str]]]
