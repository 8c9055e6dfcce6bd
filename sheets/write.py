"""Rows out: lists, templates and error spreadsheets as .xlsx, bulk rows as csv.

Text cells have the format 文本, so that nothing in them becomes a formula or loses digits, not even when somebody
edits it; only short numbers are numbers. The same rows give the same bytes, so that a frozen list can be hashed.
"""

import csv
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from rustpy_xlsxwriter import Format, write_worksheet

from sheets.cells import shown
from sheets.columns import Column
from sheets.headers import ERROR_HEADER, NOTES_SHEET
from sheets.read import STANDARD, CellError, Limits, RawRow, read_raw

MOST_ROWS = 1_048_575  # below the header row of one sheet
LONG_LIST = 50_000
_TEXT = 49  # the index of the built-in format 文本, @
_NUMBER_FORMAT = "0.00####"
_DIGITS = 15  # what a spreadsheet keeps of a number
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a constant, so that the same rows give the same bytes

Value = str | int | float | bool | Decimal | date | datetime | None


def _plain(value: Value) -> str | int | float | None:
    """A value as text or as a number that a spreadsheet keeps whole."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int):
        return value if len(str(abs(value))) <= _DIGITS else str(value)
    if isinstance(value, Decimal):
        text = str(value)
        return float(text) if len(text) <= _DIGITS or len(value.as_tuple().digits) <= _DIGITS else text
    return value if isinstance(value, float) and math.isfinite(value) else shown(value)


def write_rows(path: str | Path | BinaryIO, header: Sequence[str], rows: Iterable[Sequence[Value]], sheet: str = "清单") -> int:
    """A list as .xlsx; returns how many rows were written. Dates are ISO text, booleans 是/否, None is empty.

    Raises ValueError for more rows than a sheet holds; the list has then to be cut in parts.
    """
    remaining = iter(rows)
    first = list(itertools.islice(remaining, LONG_LIST + 1))
    if len(first) <= LONG_LIST or len(set(header)) < len(header):
        return _write_short(path, header, itertools.chain(first, remaining), sheet)
    return _write_long(path, header, first, remaining, sheet)


def _write_short(path: str | Path | BinaryIO, header: Sequence[str], rows: Iterable[Sequence[Value]], sheet: str) -> int:
    with _workbook(path) as book:
        writer = _ListWriter(book, sheet, header)
        for row in rows:
            writer.add(row)
    return writer.count


class _ListWriter:
    """One sheet of a list, row by row."""

    def __init__(self, book: Any, sheet: str, header: Sequence[str]) -> None:
        self.count = 0
        self._text = book.add_format({"num_format": _TEXT})
        self._number = book.add_format({"num_format": _NUMBER_FORMAT})
        self._sheet = book.add_worksheet(sheet)
        self._sheet.freeze_panes(1, 0)
        for place, title in enumerate(header):
            self._sheet.set_column(place, place, _width(title))
        bold = book.add_format({"bold": True, "num_format": _TEXT})
        for place, title in enumerate(header):
            self._sheet.write_string(0, place, title, bold)

    def add(self, row: Sequence[Value]) -> None:
        self.count += 1
        _check_count(self.count)
        for place, value in enumerate(row):
            plain = _plain(value)
            if isinstance(plain, str):
                self._sheet.write_string(self.count, place, plain, self._text)
            elif plain is not None:
                number = self._number if isinstance(value, Decimal) else None
                self._sheet.write_number(self.count, place, plain, number)


def _workbook(path: str | Path | BinaryIO, *, constant_memory: bool = True) -> Any:
    target = str(path) if isinstance(path, Path) else path
    book = xlsxwriter.Workbook(target, {"constant_memory": constant_memory})
    book.set_properties({"created": _CREATED})
    return book


def _width(title: str) -> float:
    return min(40, max(10, 2.2 * len(title) + 2))


def _check_count(count: int) -> None:
    if count > MOST_ROWS:
        raise ValueError(f"清单超过 {MOST_ROWS} 行，一个工作表放不下，请分批导出")


def _write_long(
    path: str | Path | BinaryIO,
    header: Sequence[str],
    first: list[Sequence[Value]],
    remaining: Iterator[Sequence[Value]],
    sheet: str,
) -> int:
    count = 0

    def records() -> Iterator[dict[str, Any]]:
        nonlocal count
        for row in itertools.chain(first, remaining):
            count += 1
            _check_count(count)
            plain = [value if type(value) is str else _plain(value) for value in row]
            yield dict(zip(header, plain, strict=True))

    numeric = {title for place, title in enumerate(header) if any(isinstance(row[place], Decimal) for row in first[:1000])}
    formats = {
        title: Format().set_num_format(_NUMBER_FORMAT) if title in numeric else Format().set_num_format_index(_TEXT)
        for title in header
    }
    write_worksheet(
        records(),
        str(path) if isinstance(path, Path) else path,
        sheet_name=sheet,
        freeze_row=1,
        bold_headers=True,
        column_formats=formats,
        column_widths={title: _width(title) for title in header},
    )
    return count


def write_parts(
    new: Callable[[], BinaryIO],
    header: Sequence[str],
    rows: Iterable[Sequence[Value]],
    sheet: str = "清单",
    most: int = MOST_ROWS,
) -> list[tuple[BinaryIO, int]]:
    """A list of any length as .xlsx, each into a file of `new()`: full ones of `most` rows, then what is left, at least one.

    Returns the files, each at its start, with how many rows it has."""
    remaining = iter(rows)
    parts: list[tuple[BinaryIO, int]] = []
    ahead = list(itertools.islice(remaining, 1))
    while ahead or not parts:
        file = new()
        count = write_rows(file, header, itertools.islice(itertools.chain(ahead, remaining), most), sheet)
        file.seek(0)
        parts.append((file, count))
        ahead = list(itertools.islice(remaining, 1))
    return parts


def write_template(path: str | Path | BinaryIO, columns: Sequence[Column], title: str) -> None:
    """An empty spreadsheet to fill in: header row with notes, text columns as text, drop-downs, a page of notes."""
    with _workbook(path, constant_memory=False) as book:
        sheet = book.add_worksheet(title)
        text = book.add_format({"num_format": _TEXT})
        bold = book.add_format({"bold": True, "num_format": _TEXT})
        needed = book.add_format({"bold": True, "num_format": _TEXT, "bg_color": "#FFE699"})
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, _width(column.header), text if column.value.as_text else None)
            sheet.write_string(0, place, column.header, needed if column.needed else bold)
            if note := _note_of(column):
                sheet.write_comment(0, place, note)
            if options := column.options or column.value.options:
                sheet.data_validation(1, place, MOST_ROWS, place, {"validate": "list", "source": list(options)})
        notes = book.add_worksheet(NOTES_SHEET)
        for row, line in enumerate([("列名", "是否必填", "说明", "也可写作"), *map(_note_line, columns)]):
            for place, words in enumerate(line):
                notes.write_string(row, place, words, text if row else bold)
        notes.set_column(0, 3, 30)


def _note_of(column: Column) -> str:
    return "；".join(part for part in (column.note, column.value.note) if part)


def _note_line(column: Column) -> tuple[str, str, str, str]:
    return column.header, "必填" if column.needed else "", _note_of(column), " / ".join(column.aliases)


def write_errors(
    path: str | Path | BinaryIO,
    source: str | Path | BinaryIO,
    columns: Sequence[Column],
    errors: Iterable[CellError],
    limits: Limits = STANDARD,
) -> int:
    """The bad rows of `source` as they stood, in their sheets and order, with their reasons in 错误原因.

    Returns the number of rows written. The file can be corrected and loaded again: text stays text, so leading
    zeros live; a number stays the number that was refused.
    """
    reasons: dict[str, dict[int, list[str]]] = {}
    for error in errors:
        told = f"{error.header}：{error.reason}" if error.header else error.reason
        reasons.setdefault(error.sheet, {}).setdefault(error.row, []).append(told)
    wanted = {sheet: sorted(rows) for sheet, rows in reasons.items()}
    count = 0
    with _workbook(path) as book:
        for sheet, rows in itertools.groupby(read_raw(source, columns, wanted, limits), attrgetter("sheet")):
            count += _write_bad(book, sheet, rows, reasons[sheet])
    return count


def _write_bad(book: Any, sheet: str, rows: Iterator[RawRow], reasons: dict[int, list[str]]) -> int:
    writer = None
    kept: list[int] = []
    for row in rows:
        if writer is None:
            kept = [place for place, title in enumerate(row.header) if shown(title).strip() != ERROR_HEADER]
            writer = _ListWriter(book, sheet, [*(shown(row.header[place]) for place in kept), ERROR_HEADER])
        cells = (row.cells[place] if place < len(row.cells) else None for place in kept)
        writer.add([*cells, "；".join(reasons[row.number])])
    return writer.count if writer else 0


def write_csv(path: str | Path, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> int:
    """Bulk rows as csv, UTF-8 with BOM; text that would start a formula gets an apostrophe before it."""
    with Path(path).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(header)
        return sum(1 for row in rows if writer.writerow([_csv_cell(value) for value in row]))


def _csv_cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t")) else value
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{value:f}" if isinstance(value, Decimal) else shown(value)
