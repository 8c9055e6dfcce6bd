"""Rows in: `read(file, columns)` refuses what is no spreadsheet, finds the header row and streams checked rows.

The file is opened in a child process with limits on its memory and processor time, because what unpacks a
hostile spreadsheet may abort the process it runs in. Only canonical texts and errors come back.
"""

import fcntl
import heapq
import marshal
import os
import pickle
import subprocess
import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

from sheets.columns import Column
from sheets.guard import TOO_LARGE, Limits, SheetRefused
from sheets.headers import Head

__all__ = ["Batch", "CellError", "Head", "Limits", "Lines", "RawRow", "Reading", "Row", "SheetRefused", "read", "read_raw"]

STANDARD = Limits()
_LONG = 4 << 20  # bytes of a csv file that two processes read
_AHEAD = 1 << 20  # bytes that a reader may be ahead of whoever takes them: else it waits while the database writes
# Blocks of text come and go by the hundred thousand: glibc is to keep their memory, not to ask the system for it each time.
_KEEPS = {"MALLOC_MMAP_THRESHOLD_": f"{64 << 20}", "MALLOC_TRIM_THRESHOLD_": f"{128 << 20}"}
RawCell = str | int | float | bool


class CellError(NamedTuple):
    """One cell that cannot be read. `row` counts as the spreadsheet shows it, from 1."""

    sheet: str
    row: int
    header: str
    value: str
    reason: str


class RawRow(NamedTuple):
    """One row as it stands, with its sheet's header row; a day is ISO text, other cells are text or numbers."""

    sheet: str
    header: list[RawCell]
    number: int
    cells: list[RawCell]


class Row(NamedTuple):
    """One row: typed values by column name (None where empty, unreadable or absent) and its errors."""

    sheet: str
    number: int
    values: dict[str, Any]
    errors: tuple[CellError, ...]


@dataclass
class Batch:
    """Some thousand rows of one sheet, kept as columns because columns are what goes fast.

    `numbers`: row numbers as the spreadsheet shows them. `texts[name]`: one canonical text or None a row, for
    every column asked for, also one that the sheet lacks; ready for COPY. `values[name]`: the same, typed. A
    cell named in `errors` is None in both.
    """

    sheet: str
    numbers: list[int]
    texts: dict[str, list[str | None]]
    errors: list[CellError]
    columns: Sequence[Column] = field(repr=False)

    @cached_property
    def values(self) -> dict[str, list[Any]]:
        """Typed values by column name."""
        return {column.name: _typed(column, self.texts[column.name]) for column in self.columns}

    @property
    def bad_rows(self) -> set[int]:
        """Numbers of the rows that have an error."""
        return {error.row for error in self.errors}

    def rows(self) -> Iterator[Row]:
        """The rows one by one, for small files and tests."""
        errors: dict[int, list[CellError]] = {}
        for error in self.errors:
            errors.setdefault(error.row, []).append(error)
        names = [column.name for column in self.columns]
        cells = zip(*(self.values[name] for name in names), strict=True)
        for number, row in zip(self.numbers, cells, strict=True):
            values = dict(zip(names, row, strict=True))
            yield Row(self.sheet, number, values, tuple(errors.get(number, ())))


class Lines(NamedTuple):
    """Some thousand rows of one sheet as COPY reads them (see sheets.lines). `apart[name]`: canonical texts or None of
    each column kept out of the lines. `errors`: the row's number in the file, and the error."""

    sheet: str
    rows: int
    text: bytes
    apart: dict[str, list[str | None]]
    errors: list[tuple[int, CellError]]


def _typed(column: Column, texts: list[str | None]) -> list[Any]:
    typed = column.value.typed
    if typed is str:
        return texts
    return [None if canonical is None else typed(canonical) for canonical in texts]


class _Child:
    """The process that reads one file, and what it says."""

    def __init__(
        self,
        source: str | Path | BinaryIO,
        columns: Sequence[Column],
        limits: Limits,
        wanted: Mapping[str, Sequence[int]] | None = None,
        share: tuple[int, int] | None = None,
    ) -> None:
        request = pickle.dumps((tuple(columns), limits, wanted, share))
        if isinstance(source, str | Path):
            with Path(source).open("rb") as file:
                self._process = _start(file, request)
        else:
            self._process = _start(source, request)
        self.close = weakref.finalize(self, _end, self._process)

    def hear(self, *expected: str) -> tuple[Any, ...]:
        """The next message, which has to be one of those expected; a refusal is raised."""
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - asked for when it was started
        length = pipe.read(8)
        packed = pipe.read(int.from_bytes(length, "little")) if len(length) == 8 else b""
        if not packed:
            self.close()
            if self._process.returncode < 0:
                raise SheetRefused(TOO_LARGE)
            raise RuntimeError(f"the reader of a spreadsheet ended with {self._process.returncode}")
        message: tuple[Any, ...] = marshal.loads(packed)  # noqa: S302 - from our own child
        if message[0] in expected:
            return message
        self.close()
        if message[0] == "refused":
            raise SheetRefused(message[1])
        raise RuntimeError(f"the reader of a spreadsheet broke: {message[1:]}")


def _start(file: BinaryIO, request: bytes) -> subprocess.Popen[bytes]:
    """The child gets the open file and the request; neither our environment nor our secrets."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sheets.child", str(file.fileno())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=[file.fileno()],
        cwd=Path(__file__).parent.parent,
        env={"PATH": os.defpath, "LANG": "C.UTF-8"} | _KEEPS,
    )
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101
    with suppress(OSError, AttributeError):  # a system that gives no more, or cannot be asked
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _AHEAD)
    with process.stdin:
        process.stdin.write(request)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None  # noqa: S101 - asked for when it was started
    process.stdout.close()
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _lines_said(child: _Child) -> Iterator[tuple[Any, ...]]:
    """Its messages of lines, which are in the order of the file."""
    while (message := child.hear("lines", "end"))[0] != "end":
        yield message


class Reading:
    """A file being read: iterate it once for its batches, or `rows()`; use it as a context manager.

    `kind` is xlsx, xls or csv, `encoding` that of a csv file; `heads` are the header rows found; `notes` are
    sentences in Chinese for whoever loads the file; `rows_read` counts what was handed out so far.
    """

    def __init__(self, children: Sequence[_Child], columns: Sequence[Column]) -> None:
        self._children = children
        self._child = child = children[0]
        self._columns = columns
        self.rows_read = 0
        _, self.kind, self.encoding, heads, notes = child.hear("head")
        self.heads = [Head(*head) for head in heads]
        self.notes: list[str] = notes
        for other in children[1:]:
            other.hear("head")

    @property
    def unknown(self) -> list[tuple[str, str]]:
        """(sheet, header) of every column that nobody asked for."""
        return [(head.sheet, header) for head in self.heads for header in head.unknown]

    def __iter__(self) -> Iterator[Batch]:
        names = [column.name for column in self._columns]
        while (message := self._child.hear("rows", "end"))[0] != "end":
            _, sheet, numbers, texts, errors = message
            self.rows_read += len(numbers)
            texts = dict(zip(names, texts, strict=True))
            yield Batch(sheet, numbers, texts, [CellError(*error) for error in errors], self._columns)
        self.close()

    def rows(self) -> Iterator[Row]:
        """The rows one by one, for small files and tests."""
        for batch in self:
            yield from batch.rows()

    def lines(self) -> Iterator[Lines]:
        """The rows as lines, in the order of the file; of a file that was opened for them, once."""
        names = [column.name for column in self._columns if column.apart]
        for _, _, sheet, rows, text, apart, errors in heapq.merge(*map(_lines_said, self._children), key=itemgetter(1)):
            self.rows_read += rows
            told = [(place, CellError(*error)) for place, *error in errors]
            yield Lines(sheet, rows, text, dict(zip(names, apart, strict=True)), told)
        self.close()

    def close(self) -> None:
        """Ends the children, also those that have not finished."""
        for child in self._children:
            child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read(source: str | Path | BinaryIO, columns: Sequence[Column], limits: Limits = STANDARD, *, lines: bool = False) -> Reading:
    """Opens a file, by path or as a real open file, and reads it up to its header row. `lines`: to be read by `lines()`,
    not as batches; a long csv file is then read by two processes, block by block in turns.

    Raises SheetRefused, also while the rows are iterated, with a reason in Chinese that says what to do.
    """
    if not lines:
        return Reading([_Child(source, columns, limits)], columns)
    again = _opened_again(source)
    if again is None:
        return Reading([_Child(source, columns, limits, share=(0, 1))], columns)
    with again:
        return Reading([_Child(file, columns, limits, share=(turn, 2)) for turn, file in enumerate((source, again))], columns)


def _opened_again(source: str | Path | BinaryIO) -> BinaryIO | None:
    """A long csv file, opened once more with a position of its own; None of any other file."""
    with Path(source).open("rb") if isinstance(source, str | Path) else nullcontext(source) as file:
        begins, size = os.pread(file.fileno(), 4, 0), os.fstat(file.fileno()).st_size
        if size < _LONG or begins.startswith((b"PK", b"\xd0\xcf")):
            return None
        with suppress(OSError):  # a system that cannot open again what has no name
            return Path(f"/proc/self/fd/{file.fileno()}").open("rb")
    return None


def read_raw(
    source: str | Path | BinaryIO, columns: Sequence[Column], wanted: Mapping[str, Sequence[int]], limits: Limits = STANDARD
) -> Iterator[RawRow]:
    """The rows whose numbers are wanted, by sheet, in the file's order, cells as they stand."""
    child = _Child(source, columns, limits, wanted)
    try:
        child.hear("head")
        sheet: str = ""
        header: list[RawCell] = []
        while (message := child.hear("header", "raw", "end"))[0] != "end":
            if message[0] == "header":
                _, sheet, header = message
            else:
                yield from (RawRow(sheet, header, number, cells) for number, cells in message[1])
    finally:
        child.close()
