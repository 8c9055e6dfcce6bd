"""Tables in a terminal, where a Chinese character is two columns wide."""

from collections.abc import Sequence
from decimal import Decimal
from unicodedata import east_asian_width

Cell = str | int | Decimal | None


def wide(text: str) -> int:
    """Columns that the text takes."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def shown(cell: Cell) -> str:
    if cell is None:
        return ""
    return f"{cell:,.2f}" if isinstance(cell, Decimal) else f"{cell:,}" if isinstance(cell, int) else cell


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A titled table: texts to the left, numbers to the right."""
    cells = [[shown(cell) for cell in row] for row in rows]
    widths = [max([wide(head), *(wide(row[at]) for row in cells)]) for at, head in enumerate(heads)]
    numeric = [
        all(isinstance(row[at], int | Decimal) or row[at] is None for row in rows) and bool(rows) for at in range(len(heads))
    ]

    def line(texts: Sequence[str]) -> str:
        parts = []
        for at, text in enumerate(texts):
            space = " " * (widths[at] - wide(text))
            parts.append(space + text if numeric[at] else text + space)
        return "  " + "  ".join(parts).rstrip()

    rule = "  " + "─" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([f"\n■ {title}", line(heads), rule, *(line(row) for row in cells)])
