"""The tables of one file, of whichever type: each sheet that has our header row, and the cells below it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from sheets import csvfile
from sheets.cells import Cell
from sheets.columns import Column
from sheets.csvfile import Blocks, Cells
from sheets.guard import Limits, SheetRefused, encoding_of, kind_of
from sheets.headers import NOTES_SHEET, SEARCHED_ROWS, Head, NoHead, find_head, header_of

__all__ = ["Blocks", "Cells", "Table", "Tables"]


@dataclass(frozen=True)
class Table:
    """One sheet: its head, its header row as it stands, and `blocks()`, once, of the cells below."""

    head: Head
    header: Sequence[Cell]
    blocks: Callable[[], Blocks]


class Tables:
    """What was found in a file: `kind` and `encoding` of it, the tables, and notes in Chinese on the rest. `share`: which part
    of a csv file is read, see csvfile.blocks."""

    def __init__(self, file: BinaryIO, columns: Sequence[Column], limits: Limits, share: tuple[int, int] = (0, 1)) -> None:
        self.kind = kind_of(file, limits)
        self.encoding = ""
        self.notes: list[str] = []
        self.found: list[Table] = []
        if self.kind == "csv":
            self._look_at_csv(file, columns, share)
        else:
            self._look_at_workbook(file, columns, limits)

    def _look_at_csv(self, file: BinaryIO, columns: Sequence[Column], share: tuple[int, int]) -> None:
        encoding = self.encoding = encoding_of(file)
        top = csvfile.first_rows(file, encoding, SEARCHED_ROWS)
        head = find_head("CSV", top, columns)
        if isinstance(head, NoHead):
            tabs = "；文件不是以逗号分隔的，请另存为 CSV（UTF-8）" if _mostly_tabs(top) else ""
            raise SheetRefused(head.reason + tabs)
        header = header_of(top, head)
        self.found.append(Table(head, header, lambda: csvfile.blocks(file, encoding, head.row, len(header), share)))

    def _look_at_workbook(self, file: BinaryIO, columns: Sequence[Column], limits: Limits) -> None:
        from sheets.workbook import open_workbook  # a csv file never pays for its libraries

        reasons: list[str] = []
        nearly = False
        for sheet in open_workbook(file, self.kind, limits):
            if sheet.name == NOTES_SHEET:
                continue
            if sheet.hidden:
                self.notes.append(f"工作表“{sheet.name}”是隐藏的，未读取")
                continue
            top = sheet.top(SEARCHED_ROWS)
            if not top:
                continue
            head = find_head(sheet.name, top, columns)
            if isinstance(head, Head):
                self.found.append(Table(head, header_of(top, head), partial(sheet.below, head.row)))
            else:
                reasons.append(f"工作表“{sheet.name}”{head.reason}")
                nearly = nearly or head.hits > 1
        if nearly or not self.found:
            raise SheetRefused("；".join([*reasons, *self.notes]) or "文件里没有内容，请核对后重新上传")
        self.notes += [f"{reason}，未读取" for reason in reasons]


def _mostly_tabs(top: Cells) -> bool:
    return any(isinstance(cell, str) and "\t" in cell.strip() for row in top for cell in row)
