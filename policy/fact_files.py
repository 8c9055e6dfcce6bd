"""A spreadsheet of facts, read a block at a time and worked in several processes, in its order."""

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from typing import BinaryIO, Generic, NamedTuple, TypeVar, cast

from policy.fact_rows import FactError, FactRow
from policy.subjects import Subject
from sheets.cells import BadValue, Cell, shown
from sheets.columns import Column
from sheets.guard import Limits, SheetRefused
from sheets.tables import Cells, Table, Tables

MOST_ERRORS = 50
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![0-9]+(?:\.[0-9]+)?\Z)")


class AssessRefused(Exception):
    """A file of facts that cannot be assessed; the message says in Chinese what to mend, row by row."""


class BadRow(NamedTuple):
    """One row that cannot be read; `number` as the spreadsheet shows it."""

    number: int
    reason: str


@dataclass
class Rows:
    """Some rows of the file: their numbers, their cells as they stand under the header, the texts of the column that
    names whose they are, and their facts."""

    numbers: Sequence[int]
    cells: Sequence[Sequence[Cell]]
    names: Sequence[str]
    facts: Sequence[FactRow]


Result = TypeVar("Result")
Work = Callable[[Rows], Result]


@dataclass
class Bad:
    """Rows that cannot be read: the first of them, and how many there are."""

    rows: list[BadRow] = field(default_factory=list)
    count: int = 0

    def add(self, other: "Bad") -> None:
        """Takes another's rows in."""
        self.rows += other.rows[: MOST_ERRORS - len(self.rows)]
        self.count += other.count

    def refuse(self) -> None:
        """Raises SheetRefused where there are any."""
        if self.count:
            listed = [f"第 {number} 行：{reason}" for number, reason in self.rows]
            more = [f"……共 {self.count} 行有误"] if self.count > MOST_ERRORS else []
            raise SheetRefused("\n".join(["以下各行无法读取，请改正后重试", *listed, *more]))


@dataclass(frozen=True)
class _Layout:
    """Where each column of the facts stands in a row of `width` cells, or what stands for one that is absent."""

    facts: type[FactRow]
    places: tuple[int | None, ...]
    absent: tuple[str, ...]
    named: int | None
    width: int


class _Block(NamedTuple):
    """Number of its first row, whether cut by columns, its cells."""

    number: int
    by_columns: bool
    cells: Cells


class FactFile(Generic[Result]):
    """One open file of facts about a subject. Raises SheetRefused where it is no such file."""

    def __init__(self, file: BinaryIO, subject: Subject) -> None:
        self.subject = subject
        columns = [Column(name, name) for name in (*subject.labels, *subject.columns)]
        tables = Tables(file, columns, Limits())
        if len(tables.found) > 1:
            sheets = "、".join(table.head.sheet for table in tables.found)
            raise SheetRefused(f"有几个工作表都像事实表：{sheets}，请只保留一个")
        self.encoding = tables.encoding
        self.table: Table = tables.found[0]
        self.notes: list[str] = [*tables.notes, *self._notes()]

    @property
    def header(self) -> list[str]:
        """The header as it stands; earlier decisions are kept under another name."""
        titles = [shown(cell) for cell in self.table.header[: self.table.head.width]]
        return [f"原{title}" if title in self.subject.appended else title for title in titles]

    @property
    def csv_encoding(self) -> str:
        """What csv is written in: as the file was, UTF-8 with a BOM for GB18030 (spreadsheet programs need it)."""
        return "utf-8" if self.encoding == "utf-8" else "utf-8-sig"

    def _notes(self) -> Iterator[str]:
        known = {*self.table.head.places, *self.subject.seldom}
        absent = [column for column in self.subject.columns if column not in known]
        if absent:
            unchecked = "、".join(column for column in absent if column in self._unchecked())
            yield f"没有这些列，按空白处理：{'、'.join(absent)}" + (f"（没有 {unchecked} 列，按未核查处理）" if unchecked else "")
        if self.subject.named and self.subject.named not in known:
            yield f"没有 {self.subject.named} 列，各行都按不知道是谁处理"
        renamed = [shown(cell) for cell in self.table.header if shown(cell) in self.subject.appended]
        if renamed:
            yield f"原有的结果列改名保留（前加“原”）：{'、'.join(renamed)}"

    def _unchecked(self) -> set[str]:
        facts = self.subject.facts
        return {column for column, absent in zip(facts.columns(), facts.absent(), strict=True) if absent}

    def worked(
        self, make: Callable[..., Work[Result]], arguments: tuple[object, ...], bad: Bad, *, processes: int | None = None
    ) -> Iterator[Result]:
        """The results of `make(*arguments)` on block after block; rows that cannot be read go to `bad` instead.

        Of more than one block several processes share the work, unless the subject is alone.
        """
        places = self.table.head.places
        facts = self.subject.facts
        layout = _Layout(
            facts=facts,
            places=tuple(places.get(column) for column in facts.columns()),
            absent=facts.absent(),
            named=places.get(self.subject.named),
            width=self.table.head.width,
        )
        blocks = (_Block(*block) for block in self.table.blocks())
        with ExitStack() as stack:
            most = 1 if self.subject.alone else processes or os.cpu_count() or 1
            for result, unread in _shared(layout, make, arguments, blocks, most, stack):
                bad.add(unread)
                if result is not None:
                    yield result


Worked = tuple[Result | None, Bad]


def _shared(
    layout: _Layout,
    make: Callable[..., Work[Result]],
    arguments: tuple[object, ...],
    blocks: Iterator[_Block],
    processes: int,
    stack: ExitStack,
) -> Iterator[Worked[Result]]:
    """The blocks in their order, each worked; of more than one block in several processes."""
    first, second = next(blocks, None), next(blocks, None)
    if first is None:
        return
    if second is None or processes < 2:
        work = make(*arguments)
        for block in chain([first], [second] if second else [], blocks):
            yield _work(layout, work, block)
        return
    pool = stack.enter_context(ProcessPoolExecutor(processes, initializer=_prepare, initargs=(layout, make, arguments)))
    waiting: deque[Future[Worked[Result]]] = deque()
    for block in chain([first, second], blocks):
        waiting.append(pool.submit(cast("Callable[[_Block], Worked[Result]]", _work_here), block))
        if len(waiting) > 2 * processes:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


_prepared: list[tuple[_Layout, Work[object]]] = []


def _prepare(layout: _Layout, make: Callable[..., Work[object]], arguments: tuple[object, ...]) -> None:
    _prepared[:] = [(layout, make(*arguments))]


def _work_here(block: _Block) -> Worked[object]:
    layout, work = _prepared[0]
    return _work(layout, work, block)


def _work(layout: _Layout, work: Work[Result], block: _Block) -> Worked[Result]:
    cut: Iterable[Sequence[Cell]] = zip(*block.cells, strict=True) if block.by_columns else block.cells
    lines = [(number, line) for number, line in enumerate(cut, block.number) if _filled(line)]
    if not lines:
        return None, Bad()
    try:
        cells = [_fitted(line, layout.width) for _, line in lines]
        columns = list(zip(*cells, strict=True))
        facts = list(layout.facts.from_columns(_picked(layout, columns, len(cells))))
    except (BadValue, _Ragged):
        return None, _unread(layout, lines)
    names = [""] * len(cells) if layout.named is None else [shown(cell).strip() for cell in columns[layout.named]]
    return work(Rows([number for number, _ in lines], cells, names, facts)), Bad()


def _filled(line: Sequence[Cell]) -> bool:
    return any(line) or any(cell not in ("", None) for cell in line)


def _picked(layout: _Layout, columns: Sequence[Sequence[Cell]], height: int) -> Sequence[Iterable[Cell]]:
    """The columns that the facts are read from."""
    return [
        repeat(absent, height) if place is None else columns[place]
        for place, absent in zip(layout.places, layout.absent, strict=True)
    ]


def _unread(layout: _Layout, lines: Sequence[tuple[int, Sequence[Cell]]]) -> Bad:
    bad = Bad()
    for number, line in lines:
        try:
            row = _fitted(line, layout.width)
            layout.facts.from_cells([column[0] for column in map(list, _picked(layout, [[cell] for cell in row], 1))])
        except (FactError, _Ragged) as error:
            bad.add(Bad([BadRow(number, str(error))], 1))
    return bad


class _Ragged(Exception):
    """A row that has more or fewer cells than the header."""


def _fitted(line: Sequence[Cell], width: int) -> Sequence[Cell]:
    """The row's cells under the header. Raises _Ragged."""
    if len(line) == width:
        return line
    if len(line) < width:
        raise _Ragged(f"只有 {len(line)} 列，表头有 {width} 列，请补齐")
    if any(line[width:]):
        raise _Ragged(f"有 {len(line)} 列，表头只有 {width} 列，请核对是否错列")
    return line[:width]


def opened(facts: Path, subject: Subject, stack: ExitStack) -> FactFile[Result]:
    """A file of facts, open as long as the stack. Raises OSError, SheetRefused."""
    return FactFile(stack.enter_context(facts.open("rb")), subject)


def safe(cells: Iterable[Cell]) -> Sequence[str]:
    """Cells as texts of a csv line, none of which starts a formula."""
    return [f"'{text}" if _FORMULA.match(text) else text for text in map(shown, cells)]


def check_paths(facts: Path, out: Path) -> None:
    """Refuses a result that is no spreadsheet, a folder or the facts themselves, and facts that are not there.

    Raises AssessRefused.
    """
    if not facts.is_file():
        raise AssessRefused(f"无法读取 {facts}：没有这个文件，请核对文件名和所在文件夹")
    if out.suffix not in (".csv", ".xlsx"):
        raise AssessRefused(f"{out}：结果文件应为 .csv 或 .xlsx")
    if out.is_dir() or not out.parent.is_dir():
        raise AssessRefused(f"{out}：不能写成结果文件，请核对所在文件夹是否存在、名称是否已被文件夹占用")
    if out.exists() and out.samefile(facts):
        raise AssessRefused(f"{out}：结果文件不能与事实文件相同")
