"""Tables in a terminal, where a Chinese character is two columns wide."""

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import zip_longest
from unicodedata import east_asian_width

Cell = str | int | Decimal | None
_NARROWEST = 12
_PIECES = re.compile(r"[“‘（《〔]*(?:[!-~]+|.)[，。、；：？！”’）》〕]*")


def wide(text: str) -> int:
    """Columns that the text takes."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def shown(cell: Cell) -> str:
    """A cell as text: thousands separated, decimals (yuan) to the fen, None empty."""
    if cell is None:
        return ""
    return f"{cell:,.2f}" if isinstance(cell, Decimal) else f"{cell:,}" if isinstance(cell, int) else cell


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], width: int | None = None) -> str:
    """A titled table: texts to the left, numbers to the right; texts are broken so that it keeps within `width` columns."""
    cells = [[shown(cell) for cell in row] for row in rows]
    widths = _widths([heads, *cells], width)
    numeric = [
        all(isinstance(row[at], int | Decimal) or row[at] is None for row in rows) and bool(rows) for at in range(len(heads))
    ]

    def line(texts: Sequence[str]) -> str:
        parts = []
        for at, text in enumerate(texts):
            space = " " * (widths[at] - wide(text))
            parts.append(space + text if numeric[at] else text + space)
        return ("  " + "  ".join(parts)).rstrip()

    def lines(texts: Sequence[str]) -> list[str]:
        broken = [broken_at(text, widths[at]) for at, text in enumerate(texts)]
        return [line(texts) for texts in zip_longest(*broken, fillvalue="")]

    rule = "  " + "─" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([f"\n■ {title}", *lines(heads), rule, *(each for row in cells for each in lines(row))])


def broken_at(text: str, width: int) -> list[str]:
    """The lines of a text, none over `width` columns. Latin words stay whole where they fit, and punctuation stays with
    the character that it belongs to."""
    lines = []
    for line in text.split("\n"):
        part = ""
        for piece in _PIECES.findall(line):
            for fitting in [piece] if wide(piece) <= width else piece:
                if part and wide(part + fitting) > width:
                    lines.append(part)
                    part = ""
                part += fitting
        lines.append(part)
    return lines


def _widths(rows: Sequence[Sequence[str]], width: int | None) -> list[int]:
    """Columns of each cell: as the longest line asks, the widest made narrower until all fit."""
    widths = [max(wide(line) for text in column for line in text.split("\n")) for column in zip(*rows, strict=True)]
    while width is not None and sum(widths) + 2 * len(widths) > width and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths
