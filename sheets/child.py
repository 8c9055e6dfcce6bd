"""The process that opens one untrusted file: `python -m sheets.child FD`, started by `sheets.read` and nobody else.

It reads the columns wanted from standard input and writes messages to standard output, each a length and a marshalled
tuple: ("head", ...), then ("rows", ...) as often as needed, then ("end",); or ("refused", reason) or
("broken", traceback) at any time.
"""

import csv
import io
import itertools
import marshal
import os
import pickle
import resource
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from sheets.columns import Column
from sheets.guard import DAMAGED, SAVE_AS, TOO_LARGE, Limits, SheetRefused, encoding_of, kind_of
from sheets.headers import SEARCHED_ROWS, Head, find_head
from sheets.values import BadValue, Cell, shown

_REMEMBERED = 60_000  # cells a column remembers; most columns repeat themselves

Errors = list[tuple[str, int, str, str, str]]


class Memory(dict[Cell, Any]):
    """Canonical texts of the cells seen in one column; a bad cell gives its BadValue and is not remembered."""

    def __init__(self, column: Column) -> None:
        super().__init__()
        self.clean = column.value.clean
        self.failed = False

    def __missing__(self, cell: Cell) -> Any:
        try:
            canonical = self.clean(cell)
        except BadValue as error:
            self.failed = True
            return error
        if cell == 0 or cell == 1:
            return canonical  # a dict does not tell 1 from True
        if len(self) >= _REMEMBERED:
            self.clear()
        self[cell] = canonical
        return canonical


class Converter:
    """Turns the raw rows of one sheet into canonical texts and errors, column by column."""

    def __init__(self, head: Head, columns: Sequence[Column]) -> None:
        self.head = head
        self.columns = columns
        self.memories = [Memory(column) for column in columns]

    def message(self, numbers: list[int], rows: list[Sequence[Cell]]) -> tuple[Any, ...]:
        """The ("rows", ...) message of some rows."""
        numbers, rows = _without_blank(numbers, rows)
        errors: Errors = []
        rows = self._even(numbers, rows, errors)
        cells = list(zip(*rows, strict=True)) if rows else [()] * self.head.width
        texts = []
        for column, memory in zip(self.columns, self.memories, strict=True):
            place = self.head.places.get(column.name)
            if place is None:
                texts.append([None] * len(rows))
                continue
            converted = list(map(memory.__getitem__, cells[place]))
            if memory.failed or (column.filled and None in converted):
                memory.failed = False
                self._note(column, numbers, cells[place], converted, errors)
            texts.append(converted)
        if errors:
            errors.sort(key=lambda error: error[1])
        return "rows", self.head.sheet, numbers, texts, errors

    def _even(self, numbers: list[int], rows: list[Sequence[Cell]], errors: Errors) -> list[Sequence[Cell]]:
        """Rows as wide as the header; a cell beyond it means that a separator slipped in."""
        width = self.head.width
        if set(map(len, rows)) <= {width}:
            return rows
        even: list[Sequence[Cell]] = []
        for number, row in zip(numbers, rows, strict=True):
            beyond = [cell for cell in row[width:] if cell != ""]
            if beyond:
                reason = f"本行比表头多出 {len(row) - width} 列，请检查是否多了分隔符或漏了引号"
                errors.append((self.head.sheet, number, "", shown(beyond[0]), reason))
            even.append([*row[:width], *[""] * (width - len(row))])
        return even

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


def _without_blank(numbers: list[int], rows: list[Sequence[Cell]]) -> tuple[list[int], list[Sequence[Cell]]]:
    """Without the rows that show nothing."""
    if all(row and row[0] != "" and row[0] != " " for row in rows):
        return numbers, rows
    kept = [place for place, row in enumerate(rows) if any(_shows(cell) for cell in row)]
    return [numbers[place] for place in kept], [rows[place] for place in kept]


def _shows(cell: Cell) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else cell is not None


def main() -> None:
    """Answers one request and ends."""
    out = sys.stdout.buffer
    columns, limits = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with os.fdopen(int(sys.argv[1]), "rb") as file:
            for message in messages(file, columns, limits):
                _send(out, message)
        _send(out, ("end",))
    except SheetRefused as refused:
        _send(out, ("refused", str(refused)))
    except MemoryError:
        _send(out, ("refused", TOO_LARGE))
    except BrokenPipeError:
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - told to the parent, which raises it
        panic = type(error).__name__ == "PanicException"  # how the xlsx library gives up on a file
        _send(out, ("refused", DAMAGED) if panic else ("broken", traceback.format_exc()))


def _send(out: BinaryIO, message: tuple[Any, ...]) -> None:
    packed = marshal.dumps(message)
    out.write(len(packed).to_bytes(8, "little"))
    out.write(packed)
    out.flush()


def messages(file: BinaryIO, columns: Sequence[Column], limits: Limits) -> Iterator[tuple[Any, ...]]:
    """Everything to tell about a file, the head first."""
    if kind_of(file, limits) == "csv":
        yield from _csv_messages(file, columns, limits)
    else:
        yield from _xlsx_messages(file, columns, limits)


def _csv_messages(file: BinaryIO, columns: Sequence[Column], limits: Limits) -> Iterator[tuple[Any, ...]]:
    encoding = encoding_of(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    reader = csv.reader(text, strict=True)
    taken = 0
    try:
        top: list[Sequence[Cell]] = []
        for row in itertools.islice(reader, SEARCHED_ROWS):
            top.append(row)  # noqa: PERF402 - what was read before a quote went wrong is still wanted
        head = find_head("CSV", top, columns)
        if isinstance(head, str):
            tabs = "；文件不是以逗号分隔的，请另存为 CSV（UTF-8）" if _mostly_tabs(top) else ""
            raise SheetRefused(head + tabs)
        _refuse_wide(head, limits)
        yield "head", "csv", encoding, [tuple(head)], []
        converter = Converter(head, columns)
        taken = head.row
        rows: Iterator[Sequence[Cell]] = itertools.chain(top[head.row :], reader)
        while some := list(itertools.islice(rows, limits.batch_rows)):
            yield converter.message(list(range(taken + 1, taken + 1 + len(some))), some)
            taken += len(some)
    except csv.Error as error:
        reason = f"第 {reader.line_num} 行附近的引号不成对，或一个单元格过长"
        raise SheetRefused(f"{reason}；请改正后重新上传，或{SAVE_AS.removeprefix('请')}") from error


def _mostly_tabs(top: Sequence[Sequence[Cell]]) -> bool:
    return any(isinstance(cell, str) and "\t" in cell.strip() for row in top for cell in row)


def _xlsx_messages(file: BinaryIO, columns: Sequence[Column], limits: Limits) -> Iterator[tuple[Any, ...]]:
    from sheets.workbook import open_workbook  # a csv file never pays for it

    heads: list[tuple[Head, Iterator[Sequence[Cell]]]] = []
    notes: list[str] = []
    reasons: list[str] = []
    for sheet in open_workbook(file, limits):
        rows = sheet.rows()
        top = list(itertools.islice(rows, SEARCHED_ROWS))
        head = find_head(sheet.name, top, columns)
        if sheet.hidden:
            notes.append(f"工作表“{sheet.name}”是隐藏的，未读取")
        elif isinstance(head, Head):
            _refuse_wide(head, limits)
            heads.append((head, itertools.chain(top[head.row :], rows)))
        else:
            reasons.append(f"工作表“{sheet.name}”{head}")
    if not heads or any("缺少" in reason for reason in reasons):
        raise SheetRefused("；".join(reasons or notes) or "文件里没有内容，请核对后重新上传")
    notes += [f"{reason}，未读取" for reason in reasons]
    yield "head", "xlsx", "", [tuple(head) for head, _ in heads], notes
    for head, rows in heads:
        converter = Converter(head, columns)
        number = head.row
        while some := list(itertools.islice(rows, limits.batch_rows)):
            yield converter.message(list(range(number + 1, number + 1 + len(some))), some)
            number += len(some)


def _refuse_wide(head: Head, limits: Limits) -> None:
    if head.width > limits.columns:
        raise SheetRefused(f"工作表“{head.sheet}”有 {head.width} 列，超过上限 {limits.columns} 列，{DAMAGED}")


if __name__ == "__main__":
    main()
