"""Raw cells of a .csv file, flat in memory.

Text without quotes is cut straight into columns, a piece at a time, in half the time of the csv module; a piece
with a ragged or blank line is cut into rows, and everything from the first quote on goes through the csv module.
"""

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from sheets.cells import Cell
from sheets.guard import SheetRefused

_PIECE = 1 << 19  # characters

Cells = Sequence[Sequence[Cell]]
Blocks = Iterator[tuple[int, bool, Cells]]


def _open(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    file.seek(0)
    return io.TextIOWrapper(io.FileIO(file.fileno(), closefd=False), encoding)


def first_rows(file: BinaryIO, encoding: str, count: int) -> list[list[str]]:
    """The first rows of the file."""
    rows = csv.reader(_open(file, encoding), strict=True)
    top: list[list[str]] = []
    try:
        for row in itertools.islice(rows, count):
            top.append(row)  # noqa: PERF402 - what was read before a quote went wrong is still wanted
    except csv.Error as error:
        if not top:
            raise _unpaired(1) from error
    return top


def blocks(file: BinaryIO, encoding: str, head_row: int, width: int, share: tuple[int, int] = (0, 1)) -> Blocks:
    """(number of its first row, whether cut by columns, its cells) of every block below the header row.

    `share` (k, n): only each n-th block from the k-th on, for n readers of one file; what follows the first quote is the
    first reader's."""
    mine, readers = share
    text = _open(file, encoding)
    for _ in itertools.islice(csv.reader(text, strict=True), head_row):
        pass
    number = head_row + 1
    for turn in itertools.count():
        piece = _whole_lines(text)
        if '"' in piece and mine == 0:
            yield from _quoted_blocks(itertools.chain(io.StringIO(piece), text), number)
        if not piece or '"' in piece:
            return
        if turn % readers != mine:
            number += piece.count("\n")
            continue
        columns = _columns(piece, width)
        if columns is None:
            rows = [line.split(",") for line in piece.split("\n")[:-1]]
            yield number, False, rows
            number += len(rows)
        else:
            yield number, True, columns
            number += len(columns[0])


def _whole_lines(text: io.TextIOWrapper) -> str:
    piece = text.read(_PIECE)
    if piece and not piece.endswith("\n"):
        piece += text.readline()
    return piece if piece.endswith("\n") or not piece else f"{piece}\n"


def _columns(piece: str, width: int) -> Cells | None:
    """The columns of lines without quotes, or None where a line is not `width` cells wide."""
    lines = piece.count("\n")
    step = width + 1
    flat: list[Any] = piece.replace("\n", ",\n,").split(",")
    if len(flat) != lines * step + 1 or flat[width::step] != ["\n"] * lines:
        return None
    return [flat[place:-1:step] for place in range(width)]


def _quoted_blocks(lines: Iterator[str], number: int) -> Blocks:
    start = number
    rows = csv.reader(lines, strict=True)
    try:
        while block := list(itertools.islice(rows, 5_000)):
            yield number, False, block
            number += len(block)
    except csv.Error as error:
        raise _unpaired(start + rows.line_num - 1) from error


def _unpaired(line: int) -> SheetRefused:
    return SheetRefused(f"第 {line} 行附近的引号不成对，或一个单元格过长；请改正，或在表格软件中另存为 .xlsx")
