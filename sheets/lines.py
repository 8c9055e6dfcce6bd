"""Rows as the text that PostgreSQL's COPY reads: the row's number in the file from 1 on, its sheet, its number there, its cells.

The process that reads a file makes these lines itself, so that a million rows pass to the database without being taken
apart again."""

from collections.abc import Sequence
from typing import Any

from sheets.columns import Column

UNKNOWN = r"\N"
Texts = Sequence[str | None]


class Lines:
    """Makes the lines of one file, block after block, whichever sheet they are of."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._taken = 0

    def message(
        self, sheet: str, numbers: Sequence[int], texts: Sequence[Texts], errors: Sequence[tuple[str, int, str, str, str]]
    ) -> tuple[Any, ...]:
        """("lines", sheet, rows, text, cells of the columns kept apart, (row in the file, *error) of each error)."""
        first, size = self._taken + 1, len(numbers)
        self._taken += size
        kept = [cells for column, cells in zip(self._columns, texts, strict=True) if not column.apart]
        empties = [UNKNOWN if column.empty is None else column.empty for column in self._columns if not column.apart]
        apart = [list(cells) for column, cells in zip(self._columns, texts, strict=True) if column.apart]
        place = dict(zip(numbers, range(first, first + size), strict=True)) if errors else {}
        text = self._text(range(first, first + size), escaped(sheet), numbers, kept, empties)
        return "lines", sheet, size, text.encode(), apart, [(place[error[1]], *error) for error in errors]

    def _text(self, rows: range, sheet: str, numbers: Sequence[int], texts: Sequence[Texts], empties: Sequence[str]) -> str:
        """Lines of cells that hold nothing to be escaped, as nearly all do; seen by what the joined text must then count."""
        size = len(numbers)
        cells, unknown = [], sheet.count("\\") * size
        for column, empty in zip(texts, empties, strict=True):
            nothing = column.count(None)
            cells.append([empty if text is None else text for text in column] if nothing else column)
            unknown += nothing * empty.count("\\")
        text = _joined(rows, sheet, numbers, cells)
        plain = text.count("\\") == unknown and text.count("\n") == size and "\r" not in text
        if plain and text.count("\t") == size * (len(cells) + 2):
            return text
        cells = [
            [empty if text is None else escaped(text) for text in column] for column, empty in zip(texts, empties, strict=True)
        ]
        return _joined(rows, sheet, numbers, cells)


def _joined(rows: range, sheet: str, numbers: Sequence[int], cells: Sequence[Any]) -> str:
    lines = map("\t".join, zip(map(str, rows), (sheet,) * len(rows), map(str, numbers), *cells, strict=True))
    return "\n".join((*lines, ""))


def escaped(text: str) -> str:
    """A text as COPY reads it back."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
