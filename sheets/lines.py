"""Rows as the text that PostgreSQL's COPY reads: the row's place in the file, its sheet, its number there, its cells.

Places are in order and each is one row's; where there is one sheet they are its numbers.
The process that reads a file makes these lines itself, so that a million rows pass to the database without being taken
apart again. It keeps its texts narrow: as the bytes of their UTF-8, each a character, which are joined in half the time."""

import itertools
from collections.abc import Sequence
from typing import Any

from sheets.columns import Column

UNKNOWN = r"\N"
Texts = Sequence[str | None]


def narrow(text: str) -> str:
    """The text as the bytes of its UTF-8, each a character."""
    return text.encode().decode("latin-1")


class Lines:
    """Makes the lines of one file, block after block, whichever sheet they are of; of texts that are narrow but for those of
    the columns kept apart."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._sheet, self._before, self._last = "", 0, 0  # the sheet being read, rows before it, its last row's place

    def message(
        self, sheet: str, numbers: Sequence[int], texts: Sequence[Texts], errors: Sequence[tuple[str, int, str, str, str]]
    ) -> tuple[Any, ...]:
        """("lines", place of the first row, sheet, rows, text, cells of the columns kept apart, (place, *error) of each)."""
        if sheet != self._sheet:
            self._sheet, self._before = sheet, self._last
        before = self._before
        self._last = before + numbers[-1] if numbers else self._last
        kept = [cells for column, cells in zip(self._columns, texts, strict=True) if not column.apart]
        empties = [UNKNOWN if column.empty is None else narrow(column.empty) for column in self._columns if not column.apart]
        apart = [list(cells) for column, cells in zip(self._columns, texts, strict=True) if column.apart]
        text = _text(before, narrow(escaped(sheet)), numbers, kept, empties)
        told = [(before + error[1], *error) for error in errors]
        return "lines", before + numbers[0] if numbers else 0, sheet, len(numbers), text.encode("latin-1"), apart, told


def together(messages: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """One message of several that are of one sheet and follow each other."""
    _, (place, *_), (sheet, *_), rows, texts, aparts, errors = zip(*messages, strict=True)
    apart = [list(itertools.chain(*columns)) for columns in zip(*aparts, strict=True)]
    return "lines", place, sheet, sum(rows), b"".join(texts), apart, list(itertools.chain(*errors))


def _text(before: int, sheet: str, numbers: Sequence[int], texts: Sequence[Texts], empties: Sequence[str]) -> str:
    """Lines of cells that hold nothing to be escaped, as nearly all do; seen by what the joined text must then count."""
    size = len(numbers)
    cells: list[Sequence[Any]] = []
    unknown = sheet.count("\\") * size
    for column, empty in zip(texts, empties, strict=True):
        if not all(column):
            unknown += column.count(None) * empty.count("\\")
            cells.append([empty if text is None else text for text in column])
        else:
            cells.append(column)
    text = _joined(before, sheet, numbers, cells)
    plain = text.count("\\") == unknown and text.count("\n") == size and "\r" not in text
    if plain and text.count("\t") == size * (len(cells) + 2):
        return text
    pairs = zip(texts, empties, strict=True)
    cells = [[empty if text is None else escaped(text) for text in column] for column, empty in pairs]
    return _joined(before, sheet, numbers, cells)


def _joined(before: int, sheet: str, numbers: Sequence[int], cells: Sequence[Any]) -> str:
    shown = list(map(str, numbers))
    places = [str(before + number) for number in numbers] if before else shown
    lines = map("\t".join, zip(places, itertools.repeat(sheet), shown, *cells))
    return "\n".join((*lines, ""))


def escaped(text: str) -> str:
    """A text as COPY reads it back."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
