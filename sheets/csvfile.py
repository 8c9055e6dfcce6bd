"""Raw cells of a .csv file, flat in memory.

Text without quotes is cut straight into columns, a block at a time, in half the time of the csv module; a block with
a ragged or blank line is cut into rows, and everything from the first quote on goes through the csv module. The cells of
a block are few enough to stay in the cache of a processor while they are worked at: the same in large blocks takes half
as long again.
"""

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from sheets.cells import Cell
from sheets.guard import SheetRefused

_PIECE, _BLOCK = 1 << 18, 1 << 15  # characters that a reader takes in turn, and those that it cuts at once

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

    `share` (k, n): only each n-th piece from the k-th on, for n readers of one file; what follows the first quote is the
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
        for block in _blocks_of(piece):
            columns = _columns(block, width)
            cells = [line.split(",") for line in block.split("\n")[:-1]] if columns is None else columns
            yield number, columns is not None, cells
            number += block.count("\n")


def _blocks_of(piece: str) -> Iterator[str]:
    """Whole lines of a piece, some hundred at a time."""
    begin = 0
    while begin < len(piece):
        end = piece.find("\n", begin + _BLOCK) + 1 or len(piece)
        yield piece[begin:end]
        begin = end


def _whole_lines(text: io.TextIOWrapper) -> str:
    piece = text.read(_PIECE)
    if piece and not piece.endswith("\n"):
        piece += text.readline()
    return piece if piece.endswith("\n") or not piece else f"{piece}\n"


def _columns(block: str, width: int) -> Cells | None:
    """The columns of lines without quotes, or None where a line is not `width` cells wide."""
    lines = block.count("\n")
    step = width + 1
    flat: list[Any] = block.replace("\n", ",\n,").split(",")
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
