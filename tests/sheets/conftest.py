"""Real files to read: workbooks of given cells, csv of given text."""

import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from sheets import values as v
from sheets.columns import Column
from sheets.read import STANDARD, Limits, Reading, Row, read

COLUMNS = (
    Column("uscc", "统一社会信用代码", ("社会信用代码", "信用代码"), v.uscc, filled=True),
    Column("name", "单位名称", ("企业名称", "aab004"), required=True),
    Column("number", "单位编号", (), v.code),
    Column("insured", "缴费人数", (), v.whole),
    Column("paid", "单位实缴", (), v.money),
    Column("on", "到账日期", (), v.day),
    Column("month", "费款所属期", ("aae003",), v.month),
    Column("deferred", "缓缴", (), v.yes_no),
)


@pytest.fixture
def columns() -> Sequence[Column]:
    """The columns that these tests read."""
    return COLUMNS


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """Writes sheets of rows as .xlsx: `workbook({"名册": [[...], ...]})`; dates get a date format."""

    def write(sheets: dict[str, Sequence[Sequence[Any]]], hidden: Sequence[str] = ()) -> Path:
        path = tmp_path / "file.xlsx"
        with xlsxwriter.Workbook(path) as book:
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            for name, rows in sheets.items():
                sheet = book.add_worksheet(name)
                if name in hidden:
                    sheet.hide()
                for at, row in enumerate(rows):
                    for place, cell in enumerate(row):
                        if isinstance(cell, str):
                            sheet.write_string(at, place, cell)
                        elif isinstance(cell, date):
                            sheet.write_datetime(at, place, cell, day)
                        elif cell is not None:
                            sheet.write(at, place, cell)
        return path

    return write


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes text as a .csv file of a given encoding."""

    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "file.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def read_all() -> Callable[..., tuple[Reading, list[Row]]]:
    """Reads a file to its end: the reading and its rows."""

    def everything(path: Path, limits: Limits = STANDARD) -> tuple[Reading, list[Row]]:
        with read(path, COLUMNS, limits) as reading:
            return reading, list(reading.rows())

    return everything


@pytest.fixture
def repack(tmp_path: Path) -> Callable[..., Path]:
    """A copy of an .xlsx with bytes replaced in its members: `repack(path, {"xl/workbook.xml": (old, new)})`."""

    def copy(path: Path, changes: dict[str, tuple[bytes, bytes]]) -> Path:
        changed = tmp_path / "changed.xlsx"
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                old, new = changes.get(name, (b"", b""))
                member = source.read(name)
                assert old in member
                target.writestr(name, member.replace(old, new) if old else member)
        return changed

    return copy
