"""Raw rows of an .xlsx or .xls file, after its sheets were measured.

calamine keeps the whole used area of a sheet in memory, and aborts the process on a stray cell in the last row and
column; it also reads a formula error as an empty cell. Both are seen before, in the sheet's XML or records.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from sheets import biff, package
from sheets.cells import Cell
from sheets.guard import DAMAGED, LOCKED, TOO_LARGE, Limits, SheetRefused
from sheets.measure import Measure


@dataclass
class Sheet:
    """One sheet: `rows()` yields its rows from row 1 and column 1 on, as lists of equal length."""

    name: str
    hidden: bool
    table: CalamineSheet
    faults: dict[tuple[int, int], str]

    def rows(self) -> Iterator[Sequence[Cell]]:
        """Every row, blank ones included; an empty cell is the empty string."""
        start = self.table.start
        indent: list[Cell] = [""] * (start[1] if start else 0)
        faults: dict[int, list[tuple[int, str]]] = {}
        for (place, column), word in self.faults.items():
            faults.setdefault(place, []).append((column, word))
        number = 0
        for number, cells in enumerate(self.table.iter_rows(), 1):
            row: list[Cell] = [*indent, *cells]
            yield _with_faults(row, faults.pop(number)) if number in faults else row
        for later in range(number + 1, max(faults, default=0) + 1):
            yield _with_faults([], faults.get(later, []))


def _with_faults(row: list[Cell], words: list[tuple[int, str]]) -> list[Cell]:
    for column, word in words:
        row.extend([""] * (column - len(row)))
        row[column - 1] = word
    return row


def open_workbook(file: BinaryIO, kind: str, limits: Limits) -> Iterator[Sheet]:
    """The sheets that hold cells, in order. Raises SheetRefused for absurd sizes and damaged files."""
    measures = package.measure_sheets(file, limits) if kind == "xlsx" else biff.measure_sheets(file, limits)
    if sum(measure.area for measure in measures.values()) > limits.cells:
        raise SheetRefused(TOO_LARGE)
    file.seek(0)
    try:
        book = CalamineWorkbook.from_filelike(file)
        for about in book.sheets_metadata:
            if about.typ is SheetTypeEnum.WorkSheet:
                table = book.get_sheet_by_name(about.name)
                faults = measures.get(about.name, Measure()).faults
                hidden = about.visible is not SheetVisibleEnum.Visible
                if table.height or faults:
                    yield Sheet(about.name, hidden, table, faults)
    except PasswordError as error:
        raise SheetRefused(LOCKED) from error
    except (CalamineError, ValueError, OSError) as error:
        raise SheetRefused(DAMAGED) from error
