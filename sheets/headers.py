"""Which row of a sheet is its header row, and which of its columns are ours."""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from sheets.columns import Column
from sheets.guard import SheetRefused
from sheets.values import Cell, shown

SEARCHED_ROWS = 30  # titles and notes may stand above the header row


class Head(NamedTuple):
    """The header row of one sheet.

    `row` counts from 1; `places` maps column names to positions from 0; `unknown` are headers that nobody asked
    for; `width` is the number of positions up to the last header.
    """

    sheet: str
    row: int
    places: dict[str, int]
    unknown: tuple[str, ...]
    width: int


def header_key(header: Cell) -> str:
    """A header without what people vary: width, blanks, case, a star or 必填 for required columns."""
    key = "".join(unicodedata.normalize("NFKC", shown(header)).split()).lower()
    return key.strip("*").removesuffix("(必填)").removesuffix("(选填)")


def find_head(sheet: str, top: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> Head | str:
    """The head among the first rows of a sheet, or the reason why there is none. Two columns for one raise."""
    names = {header_key(header): column for column in columns for header in (column.header, *column.aliases)}
    best: list[tuple[int, Column]] = []
    found = -1
    for position, row in enumerate(top[:SEARCHED_ROWS]):
        hits = [(place, names[key]) for place, cell in enumerate(row) if (key := header_key(cell)) in names]
        if len({column.name for _, column in hits}) > len({column.name for _, column in best}):
            best, found = hits, position
    if not best:
        return "没有找到表头行"
    places: dict[str, int] = {}
    for place, column in best:
        if column.name in places:
            first, second = shown(top[found][places[column.name]]), shown(top[found][place])
            raise SheetRefused(f"工作表“{sheet}”第 {found + 1} 行的“{first}”和“{second}”是同一项“{column.header}”，请只保留一列")
        places[column.name] = place
    lacking = [c.header for c in columns if (c.required or c.filled) and c.name not in places]
    if lacking:
        return f"缺少必填列：{'、'.join(lacking)}；请按模板补上表头"
    row = top[found]
    width = max((place + 1 for place, cell in enumerate(row) if header_key(cell)), default=0)
    ours = set(places.values())
    unknown = tuple(shown(row[place]).strip() or f"第 {place + 1} 列（无表头）" for place in range(width) if place not in ours)
    return Head(sheet, found + 1, places, unknown, width)
