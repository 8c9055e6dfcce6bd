"""The process that opens one untrusted file: `python -m sheets.child FD`, started by `sheets.read` and nobody else.

It reads the columns wanted from standard input and writes messages to standard output, each a length and a marshalled
tuple: ("head", ...), then ("rows", ...) as often as needed, then ("end",); or ("refused", reason) or
("broken", traceback) at any time.
"""

import gc
import marshal
import os
import pickle
import re
import resource
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from sheets.cells import BadValue, Cell, Numbers, shown
from sheets.columns import Column
from sheets.guard import DAMAGED, TOO_LARGE, Limits, SheetRefused
from sheets.headers import Head
from sheets.lines import Lines, narrow, together
from sheets.tables import Cells, Table, Tables

_REMEMBERED = 150_000  # cells that the columns of a sheet remember together; most columns repeat themselves
_TOGETHER = 1 << 19  # bytes of lines from which on a message is sent

Errors = list[tuple[str, int, str, str, str]]
Message = tuple[Any, ...]
Wanted = Mapping[str, Sequence[int]]
Share = tuple[int, int]


class Memory(dict[Cell, Any]):
    """Canonical texts of the cells seen in one column; a bad cell gives its BadValue and is not remembered. `narrows`: the
    texts are narrow, see sheets.lines."""

    def __init__(self, column: Column, *, narrows: bool = False) -> None:
        super().__init__()
        self.clean, self.narrows = column.value.clean, narrows
        self.failed = False
        plain = column.value.plain
        self.plain_cell = re.compile(plain) if plain else None
        self.are_canonical = column.value.are_canonical or (re.compile(rf"(?:(?:{plain})\n|\n)*+").fullmatch if plain else None)
        self.printed, exact = column.value.printed, column.value.exact
        self.exact = re.compile(rf"(?:(?:{exact})\n)*+") if exact else None

    def texts(self, cells: Sequence[Any]) -> list[Any]:
        """The canonical texts of a column, with a BadValue in the place of each bad cell."""
        if self.printed and cells and type(cells[0]) is float and (texts := self._of_numbers(cells)):
            return texts
        if self.are_canonical:
            with suppress(TypeError):  # a cell that is no text
                joined = "\n".join((*cells, ""))
                if self.are_canonical(joined) and joined.count("\n") == len(cells):
                    if self.narrows and not joined.isascii():
                        cells = narrow(joined).split("\n")[:-1]
                    return list(cells) if all(cells) else [cell or None for cell in cells]
        if self.plain_cell is None:
            return list(map(self.__getitem__, cells))
        plain = self.plain_cell.fullmatch
        as_told = narrow if self.narrows else str
        return [as_told(cell) if type(cell) is str and plain(cell) else self[cell] for cell in cells]

    def _of_numbers(self, cells: Sequence[Any]) -> list[Any] | None:
        """The canonical texts of a column of numbers that are written short enough to be printed at once; else None."""
        numbers = cells if isinstance(cells, Numbers) else [cell for cell in cells if cell != ""]
        if not isinstance(cells, Numbers) and set(map(type, numbers)) != {float}:
            return None
        texts = cells.texts if isinstance(cells, Numbers) else map(repr, numbers)
        if self.exact is None or not self.exact.fullmatch("\n".join((*texts, ""))):
            return None
        printed = (f"{self.printed}\n" * len(numbers) % tuple(numbers)).split("\n")
        printed.pop()
        if len(numbers) == len(cells):
            return list(printed)
        remaining = iter(printed)
        return [None if cell == "" else next(remaining) for cell in cells]

    def __missing__(self, cell: Cell) -> Any:
        try:
            canonical = self.clean(cell)
        except BadValue as error:
            self.failed = True
            return error
        if self.narrows and canonical:
            canonical = narrow(canonical)
        if cell == 0 or cell == 1:
            return canonical  # a dict does not tell 1 from True
        self[cell] = canonical
        return canonical


class Converter:
    """Turns the raw cells of one sheet into canonical texts and errors, column by column. `lines`: the texts become the
    lines of `sheets.lines`, or None."""

    def __init__(self, head: Head, columns: Sequence[Column], lines: Lines | None = None) -> None:
        self.head = head
        self.columns = columns
        self.memories = [Memory(column, narrows=lines is not None and not column.apart) for column in columns]
        self.lines = lines

    def of_rows(self, first: int, rows: Cells) -> Message:
        """The message of some rows, of any length each, the first of which has the number `first`."""
        width = self.head.width
        numbers = list(range(first, first + len(rows)))
        shown_rows = [place for place, row in enumerate(rows) if any(map(_shows, row))]
        if len(shown_rows) < len(rows):
            numbers = [numbers[place] for place in shown_rows]
            rows = [rows[place] for place in shown_rows]
        errors: Errors = []
        if set(map(len, rows)) != {width}:
            rows = self._even(numbers, rows, errors)
        return self._message(numbers, list(zip(*rows, strict=True)) if rows else [()] * width, errors)

    def of_columns(self, first: int, cells: Cells) -> Message:
        """The message of some columns of equal length, the first row of which has the number `first`."""
        width = self.head.width
        cells = [*cells, *[[""] * len(cells[0])] * (width - len(cells))]
        if any(any(map(_shows, beyond)) for beyond in cells[width:]) or not _all_show(cells[0]):
            return self.of_rows(first, list(zip(*cells, strict=True)))
        return self._message(list(range(first, first + len(cells[0]))), cells, [])

    def _even(self, numbers: list[int], rows: Cells, errors: Errors) -> Cells:
        """Rows as wide as the header; a cell beyond it means that a separator slipped in."""
        width = self.head.width
        even: list[Sequence[Cell]] = []
        for number, row in zip(numbers, rows, strict=True):
            beyond = [cell for cell in row[width:] if _shows(cell)]
            if beyond:
                reason = "本行比表头多出内容，请检查是否多了分隔符或漏了引号"
                errors.append((self.head.sheet, number, "", shown(beyond[0]), reason))
            even.append([*row[:width], *[""] * (width - len(row))])
        return even

    def _message(self, numbers: list[int], cells: Cells, errors: Errors) -> Message:
        texts = []
        for column, memory in zip(self.columns, self.memories, strict=True):
            place = self.head.places.get(column.name)
            if place is None:
                texts.append([None] * len(numbers))
                continue
            converted = memory.texts(cells[place])
            if memory.failed or (column.filled and not all(converted)):
                memory.failed = False
                self._note(column, numbers, cells[place], converted, errors)
            texts.append(converted)
        if sum(map(len, self.memories)) > _REMEMBERED:
            max(self.memories, key=len).clear()
        errors.sort(key=lambda error: error[1])
        if self.lines is None:
            return "rows", self.head.sheet, numbers, texts, errors
        return self.lines.message(self.head.sheet, numbers, texts, errors)

    def _note(
        self,
        column: Column,
        numbers: list[int],
        cells: Sequence[Cell],
        converted: list[Any],
        errors: Errors,
    ) -> None:
        for place, canonical in enumerate(converted):
            if isinstance(canonical, BadValue):
                reason = str(canonical)
                converted[place] = None
            elif canonical is None and column.filled:
                reason = "必填，不能为空"
            else:
                continue
            errors.append((self.head.sheet, numbers[place], column.header, shown(cells[place]), reason))


def _all_show(cells: Sequence[Any]) -> bool:
    try:
        return all(map(str.strip, cells))
    except TypeError:  # a cell that is no text
        return all(map(_shows, cells))


def _shows(cell: Cell) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else cell is not None


def main() -> None:
    """Answers one request and ends."""
    out = sys.stdout.buffer
    columns, limits, wanted, share = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # a short life, and a million short tuples
    try:
        with os.fdopen(int(sys.argv[1]), "rb") as file:
            for message in messages(file, columns, limits, wanted, share):
                _send(out, message)
        _send(out, ("end",))
    except SheetRefused as refused:
        _send(out, ("refused", str(refused)))
    except MemoryError:
        _send(out, ("refused", TOO_LARGE))
    except BrokenPipeError:
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - told to the parent, which raises it
        if type(error).__name__ == "PanicException":  # how the xlsx library gives up on a file
            _send(out, ("refused", DAMAGED))
        elif _nearly_full(limits):  # C code that got no memory may end in an error of any kind
            _send(out, ("refused", TOO_LARGE))
        else:
            _send(out, ("broken", traceback.format_exc()))


def _nearly_full(limits: Limits) -> bool:
    """Whether this process has held over half of the memory that it may have."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > limits.memory_bytes // 2


def _send(out: BinaryIO, message: Message) -> None:
    packed = marshal.dumps(message)
    out.write(len(packed).to_bytes(8, "little"))
    out.write(packed)
    out.flush()


def messages(
    file: BinaryIO, columns: Sequence[Column], limits: Limits, wanted: Wanted | None = None, share: Share | None = None
) -> Iterator[Message]:
    """Everything to tell about a file: its head, then all rows converted, as columns or (with a share) as lines; or the wanted
    rows as they stand."""
    tables = Tables(file, columns, limits, share or (0, 1))
    yield "head", tables.kind, tables.encoding, [tuple(table.head) for table in tables.found], tables.notes
    as_lines = Lines(columns) if share else None
    for table in tables.found:
        yield from _converted(table, columns, as_lines) if wanted is None else _raw(table, wanted)


def _converted(table: Table, columns: Sequence[Column], lines: Lines | None) -> Iterator[Message]:
    """Each block as a message; as lines, blocks that follow each other in one message, up to a size."""
    converter = Converter(table.head, columns, lines)
    held: list[Message] = []
    size = following = 0
    for first, by_columns, cells in table.blocks():
        message = converter.of_columns(first, cells) if by_columns else converter.of_rows(first, cells)
        if lines is None:
            yield message
            continue
        if held and (first != following or size >= _TOGETHER):
            yield together(held)
            held, size = [], 0
        following = first + len(cells[0] if by_columns else cells)
        if message[3]:  # rows
            held.append(message)
            size += len(message[4])
    if held:
        yield together(held)


def _raw(table: Table, wanted: Wanted) -> Iterator[Message]:
    """The header row and the wanted rows of a sheet, each cell as text or number."""
    numbers = wanted.get(table.head.sheet, ())
    if not numbers:
        return
    kept = frozenset(numbers)
    yield "header", table.head.sheet, _portable(table.header)
    for first, by_columns, cells in table.blocks():
        rows = zip(*cells, strict=True) if by_columns else iter(cells)
        some = [(number, _portable(row)) for number, row in enumerate(rows, first) if number in kept]
        if some:
            yield "raw", some


def _portable(row: Sequence[Cell]) -> list[str | int | float | bool]:
    return [cell if isinstance(cell, str | int | float) else shown(cell) for cell in row]


if __name__ == "__main__":
    main()
