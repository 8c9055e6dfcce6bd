"""The sheets of an .xlsx or .xls file. A plain sheet is streamed by `sheets.plain`; any other is read by calamine.

calamine keeps the whole used area of a sheet in memory, and aborts the process on a stray cell in the last row and
column; it also reads a formula error as an empty cell. So what it is to read is measured before.
"""

import itertools
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from sheets import biff
from sheets.cells import Cell
from sheets.guard import DAMAGED, LOCKED, TOO_LARGE, Limits, SheetRefused
from sheets.measure import Measure
from sheets.package import Package
from sheets.plain import NotPlain, PlainSheet

_BLOCK_ROWS = 5_000

Cells = Sequence[Sequence[Cell]]
Blocks = Iterator[tuple[int, bool, Cells]]


class _Library:
    """A workbook as calamine reads it, opened when the first sheet wants it."""

    def __init__(self, file: BinaryIO, measures: Callable[[], dict[str, Measure]], limits: Limits) -> None:
        self._file, self._measures, self._limits = file, measures, limits

    @cached_property
    def _measured(self) -> dict[str, Measure]:
        measures = self._measures()
        if sum(measure.area for measure in measures.values()) > self._limits.cells:
            raise SheetRefused(TOO_LARGE)
        return measures

    @cached_property
    def book(self) -> CalamineWorkbook:
        """Raises SheetRefused for absurd sizes and damaged files."""
        assert self._measured is not None  # noqa: S101 - before the library makes room
        self._file.seek(0)
        with _told():
            return CalamineWorkbook.from_filelike(self._file)

    def rows(self, name: str) -> Iterator[Sequence[Cell]]:
        """The rows of a sheet from row 1 and column 1 on, as lists; an empty cell is the empty string."""
        with _told():
            table = self.book.get_sheet_by_name(name)
        faults = self._measured[name].faults if name in self._measured else {}
        return _rows(table, faults) if table.height or faults else iter(())


@contextmanager
def _told() -> Iterator[None]:
    """What the library says of a file, as a refusal."""
    try:
        yield
    except PasswordError as error:
        raise SheetRefused(LOCKED) from error
    except (CalamineError, ValueError, OSError) as error:
        raise SheetRefused(DAMAGED) from error


def _rows(table: CalamineSheet, words: dict[tuple[int, int], str]) -> Iterator[Sequence[Cell]]:
    start = table.start
    indent: list[Cell] = [""] * (start[1] if start else 0)
    faults: dict[int, list[tuple[int, str]]] = {}
    for (place, column), word in words.items():
        faults.setdefault(place, []).append((column, word))
    number = 0
    for number, cells in enumerate(table.iter_rows(), 1):
        row: list[Cell] = [*indent, *cells]
        yield _with_faults(row, faults.pop(number)) if number in faults else row
    for later in range(number + 1, max(faults, default=0) + 1):
        yield _with_faults([], faults.get(later, []))


def _with_faults(row: list[Cell], words: list[tuple[int, str]]) -> list[Cell]:
    for column, word in words:
        row.extend([""] * (column - len(row)))
        row[column - 1] = word
    return row


@dataclass
class Sheet:
    """One sheet."""

    name: str
    hidden: bool
    plain: PlainSheet | None
    library: _Library

    def top(self, count: int) -> list[Sequence[Cell]]:
        """Its first rows, from row 1 on; none if the sheet is empty."""
        if self.plain:
            try:
                return _top(self.plain, count)
            except NotPlain:
                self.plain = None
        return list(itertools.islice(self.library.rows(self.name), count))

    def below(self, row: int) -> Blocks:
        """(number of its first row, whether by columns, its cells) of every block below a row."""
        if self.plain:
            try:
                for first, columns in self.plain.blocks():
                    skipped = max(0, row + 1 - first)
                    if skipped < len(columns[0]):
                        yield first + skipped, True, [column[skipped:] for column in columns] if skipped else columns
            except NotPlain as strange:
                row = max(row, strange.row)
            else:
                return
        rows = itertools.islice(self.library.rows(self.name), row, None)
        while block := list(itertools.islice(rows, _BLOCK_ROWS)):
            yield row + 1, False, block
            row += len(block)


def _top(plain: PlainSheet, count: int) -> list[Sequence[Cell]]:
    top: list[Sequence[Cell]] = []
    for first, columns in plain.blocks():
        top += [()] * min(count - len(top), first - 1 - len(top))
        top += zip(*(column[: count - len(top)] for column in columns), strict=True)
        if len(top) >= count:
            break
    return top


def open_workbook(file: BinaryIO, kind: str, limits: Limits) -> Iterator[Sheet]:
    """The sheets in order. Raises SheetRefused for damaged files, as reading them does, also for absurd sizes."""
    if kind == "xlsx":
        package = Package(zipfile.ZipFile(file), limits)
        library = _Library(file, package.measures, limits)
        for part in package.sheets:
            yield Sheet(part.name, part.hidden, package.plain(part), library)
    else:
        library = _Library(file, lambda: biff.measure_sheets(file, limits), limits)
        for about in library.book.sheets_metadata:
            if about.typ is SheetTypeEnum.WorkSheet:
                yield Sheet(about.name, about.visible is not SheetVisibleEnum.Visible, None, library)
