"""Which row of a sheet is its header row, and which of its columns are ours."""

import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise, zip_longest
from typing import NamedTuple

from sheets.cells import Cell, shown
from sheets.columns import Column
from sheets.guard import SheetRefused

SEARCHED_ROWS = 30  # titles and notes may stand above the header row
ERROR_HEADER = "错误原因"  # what we add to the rows that we give back
NOTES_SHEET = "填写说明"  # the page of notes in our templates: it names columns, and is no table


class NoHead(NamedTuple):
    """Why a sheet has no header row, and how many of our columns its best row names."""

    reason: str
    hits: int


class Head(NamedTuple):
    """The header row of one sheet.

    `row` counts from 1; `places` maps column names to positions from 0; `unknown` are headers that nobody asked
    for; `width` is the number of positions up to the last header; `height` is 2 for a header of merged cells, `row` then
    its lower one.
    """

    sheet: str
    row: int
    places: dict[str, int]
    unknown: tuple[str, ...]
    width: int
    height: int = 1


def header_key(header: Cell) -> str:
    """A header without what people vary: width, blanks, case, a star or 必填 for required columns."""
    key = "".join(unicodedata.normalize("NFKC", shown(header)).split()).lower()
    return key.strip("*").removesuffix("(必填)").removesuffix("(选填)")


def find_head(sheet: str, top: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> Head | NoHead:
    """The head among the first rows of a sheet: one row, or two whose cells are merged where they name more of our columns.
    Raises SheetRefused for two columns of one meaning."""
    rows = top[:SEARCHED_ROWS]
    found = _best_head(sheet, rows, columns, 1)
    named = len(found.places) if isinstance(found, Head) else found.hits
    with suppress(SheetRefused):
        merged = _best_head(sheet, [(), *(_merged(*pair) for pair in pairwise(rows))], columns, 2)
        if isinstance(merged, Head) and len(merged.places) > named > 0:
            return merged
    return found


def header_of(top: Sequence[Sequence[Cell]], head: Head) -> Sequence[Cell]:
    """The header row of a head, its two rows as one."""
    return top[head.row - 1] if head.height == 1 else _merged(top[head.row - 2], top[head.row - 1])


def _merged(upper: Sequence[Cell], lower: Sequence[Cell]) -> list[Cell]:
    """Two rows of a header as one: a cell merged over both stands in the upper row, a divided one in the lower."""
    return [low if header_key(low) else up for up, low in zip_longest(upper, lower, fillvalue="")]


def _best_head(sheet: str, rows: Sequence[Sequence[Cell]], columns: Sequence[Column], height: int) -> Head | NoHead:
    names = {header_key(header): column for column in columns for header in (column.header, *column.aliases)}
    best: list[tuple[int, Column]] = []
    found = -1
    for position, row in enumerate(rows):
        hits = [(place, names[key]) for place, cell in enumerate(row) if (key := header_key(cell)) in names]
        if len({column.name for _, column in hits}) > len({column.name for _, column in best}):
            best, found = hits, position
    if not best:
        needed = "、".join(column.header for column in columns if column.needed)
        return NoHead(f"没有找到表头行（应有：{needed}）", 0)
    places: dict[str, int] = {}
    for place, column in best:
        if column.name in places:
            first, second = shown(rows[found][places[column.name]]), shown(rows[found][place])
            raise SheetRefused(f"工作表“{sheet}”第 {found + 1} 行的“{first}”和“{second}”是同一项“{column.header}”，请只保留一列")
        places[column.name] = place
    lacking = [column.header for column in columns if column.needed and column.name not in places]
    if lacking:
        return NoHead(f"缺少必填列：{'、'.join(lacking)}；请按模板补上表头", len(places))
    return Head(sheet, found + 1, places, *_unknown(rows[found], {*places.values()}), height)


def _unknown(row: Sequence[Cell], ours: set[int]) -> tuple[tuple[str, ...], int]:
    """Headers that nobody asked for, and the number of positions up to the last header."""
    width = max(place + 1 for place, cell in enumerate(row) if header_key(cell))
    titles = ((place, shown(row[place]).strip()) for place in range(width) if place not in ours)
    return tuple(title or f"第 {place + 1} 列（无表头）" for place, title in titles if title != ERROR_HEADER), width
