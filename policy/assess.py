"""The rules with no database: a spreadsheet of facts in, the same rows with their decisions out.

Rows stream through in their order, a block at a time; of a long file two processes and more share the blocks.
"""

import csv
import io
import os
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, repeat
from pathlib import Path
from typing import NamedTuple, cast

from policy.facts import COLUMNS, NOT_CHECKED, SELDOM_READ, FactError, RefundFacts
from policy.money import to_fen
from policy.notice import Terms
from policy.refund import RefundVerdict, assess_refund
from sheets.cells import BadValue, Cell, shown
from sheets.columns import Column
from sheets.guard import Limits, SheetRefused
from sheets.tables import Cells, Table, Tables
from sheets.write import Value, write_rows

APPENDED = (
    "size", "size_class", "size_basis", "layoff_rate", "layoff_method", "base", "rate", "amount", "payee", "outcome",
    "failed", "unknown",
)  # fmt: skip
MOST_ERRORS = 50

_FACT_COLUMNS = [Column(name, name) for name in ("uscc", *COLUMNS)]
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![0-9]+(?:\.[0-9]+)?\Z)")
_MAY_BE_FORMULA = re.compile(r"(?:^|\n)[=@\t\r+-]")


class AssessRefused(Exception):
    """A file of facts that cannot be assessed; the message says in Chinese what to mend, row by row."""


class BadRow(NamedTuple):
    """One row that cannot be read; `number` as the spreadsheet shows it."""

    number: int
    reason: str


@dataclass
class Totals:
    """What came out: rows by outcome, the sum of amounts (yuan), notes in Chinese, the first of the `bad` rows."""

    outcomes: Counter[str] = field(default_factory=Counter)
    amount: Decimal = Decimal(0)
    notes: list[str] = field(default_factory=list)
    errors: list[BadRow] = field(default_factory=list)
    bad: int = 0

    @property
    def rows(self) -> int:
        """How many rows were decided."""
        return self.outcomes.total()


@dataclass(frozen=True)
class _Layout:
    """Where each of COLUMNS stands in a row of `width` cells, or what stands for a column that is absent."""

    places: tuple[int | None, ...]
    absent: tuple[str, ...]
    width: int
    as_csv: bool


@dataclass
class _Done:
    """One block decided: its rows as csv text or as cells, totals; or the first of its `bad` rows and nothing else."""

    text: str = ""
    rows: list[list[Value]] = field(default_factory=list)
    errors: list[BadRow] = field(default_factory=list)
    bad: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    amount: Decimal = Decimal(0)


class _Block(NamedTuple):
    """Number of its first row, whether cut by columns, its cells."""

    number: int
    by_columns: bool
    cells: Cells


def assess_file(terms: Terms, facts: Path, out: Path, *, processes: int | None = None) -> Totals:
    """Writes `out` (.csv or .xlsx): every row of `facts` with the columns of APPENDED behind it.

    Unknown columns are carried over. Nothing is written where a cell cannot be read. Raises AssessRefused.
    """
    if out.suffix not in (".csv", ".xlsx"):
        raise AssessRefused(f"{out}：结果文件应为 .csv 或 .xlsx")
    if out.exists() and out.samefile(facts):
        raise AssessRefused(f"{out}：结果文件不能与事实文件相同")
    part = out.with_name(f".{out.name}.part")
    try:
        with facts.open("rb") as file:
            tables = Tables(file, _FACT_COLUMNS, Limits())
            totals = _assess_tables(terms, tables, part, as_csv=out.suffix == ".csv", processes=processes)
        part.replace(out)
    except SheetRefused as error:
        raise AssessRefused(f"{facts}：{error}；事实列为：{'、'.join(COLUMNS)}") from error
    except (OSError, ValueError) as error:
        raise AssessRefused(f"无法读取 {facts} 或写入 {out}：{error}") from error
    finally:
        part.unlink(missing_ok=True)
    return totals


def _assess_tables(terms: Terms, tables: Tables, part: Path, *, as_csv: bool, processes: int | None) -> Totals:
    if len(tables.found) > 1:
        sheets = "、".join(table.head.sheet for table in tables.found)
        raise SheetRefused(f"有几个工作表都像事实表：{sheets}，请只保留一个")
    table = tables.found[0]
    totals = Totals(notes=[*tables.notes, *_notes_on(table)])
    header = [*_header_of(table), *APPENDED]
    blocks = (_Block(*block) for block in table.blocks())
    layout = _layout_of(table, as_csv=as_csv)
    with ExitStack() as stack:
        done = _counted(_decided(terms, layout, blocks, processes or os.cpu_count() or 1, stack), totals)
        if as_csv:
            _write_text(part, header, done, "utf-8" if tables.encoding == "utf-8" else "utf-8-sig")
        else:
            write_rows(str(part), header, chain.from_iterable(block.rows for block in done), "结果")
    if totals.bad:
        listed = [f"第 {number} 行：{reason}" for number, reason in totals.errors]
        more = [f"……共 {totals.bad} 行有误"] if totals.bad > MOST_ERRORS else []
        raise SheetRefused("\n".join(["以下各行无法读取，请改正后重试", *listed, *more]))
    return totals


def _notes_on(table: Table) -> Iterator[str]:
    absent = [column for column in COLUMNS if column not in table.head.places and column not in SELDOM_READ]
    if absent:
        yield f"没有这些列，按空白处理：{'、'.join(absent)}" + (
            "（没有 credit_flags 列，按未核查处理）" if "credit_flags" in absent else ""
        )
    renamed = [shown(cell) for cell in table.header if shown(cell) in APPENDED]
    if renamed:
        yield f"原有的结果列改名保留（前加“原”）：{'、'.join(renamed)}"


def _header_of(table: Table) -> list[str]:
    """The header as it stands; earlier decisions are kept under another name."""
    titles = [shown(cell) for cell in table.header[: table.head.width]]
    return [f"原{title}" if title in APPENDED else title for title in titles]


def _layout_of(table: Table, *, as_csv: bool) -> _Layout:
    places = tuple(table.head.places.get(column) for column in COLUMNS)
    absent = tuple(NOT_CHECKED if column == "credit_flags" else "" for column in COLUMNS)
    return _Layout(places, absent, table.head.width, as_csv)


# Deciding


def _decided(terms: Terms, layout: _Layout, blocks: Iterator[_Block], processes: int, stack: ExitStack) -> Iterator[_Done]:
    """The blocks in their order, each decided; of more than one block in several processes."""
    first, second = next(blocks, None), next(blocks, None)
    if first is None:
        return
    if second is None or processes < 2:
        for block in chain([first], [second] if second else [], blocks):
            yield _decide(terms, layout, block)
        return
    pool = stack.enter_context(ProcessPoolExecutor(processes, initializer=_prepare, initargs=(terms.canonical(), layout)))
    waiting: deque[Future[_Done]] = deque()
    for block in chain([first, second], blocks):
        waiting.append(pool.submit(_decide_here, block))
        if len(waiting) > 2 * processes:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


_prepared: list[tuple[Terms, _Layout]] = []


def _prepare(canonical: str, layout: _Layout) -> None:
    _prepared[:] = [(Terms.parse(canonical), layout)]


def _decide_here(block: _Block) -> _Done:
    terms, layout = _prepared[0]
    return _decide(terms, layout, block)


def _decide(terms: Terms, layout: _Layout, block: _Block) -> _Done:
    cut: Iterable[Sequence[Cell]] = zip(*block.cells, strict=True) if block.by_columns else block.cells
    lines = [(number, line) for number, line in enumerate(cut, block.number) if _filled(line)]
    if not lines:
        return _Done()
    try:
        rows = [_fitted(line, layout.width) for _, line in lines]
        columns = list(zip(*rows, strict=True))
        facts = list(RefundFacts.from_columns(_picked(layout, columns, len(rows))))
    except (BadValue, _Ragged):
        return _with_errors(layout, lines)
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    done = _Done()
    formulas = layout.as_csv and _may_be_formula(columns)
    amounts: list[Decimal] = []
    outcomes: list[str] = []
    for row, each in zip(rows, facts, strict=True):
        verdict = assess_refund(terms, each)
        outcomes.append(verdict.outcome.value)
        if verdict.amount is not None:
            amounts.append(verdict.amount)
        if layout.as_csv:
            write((*(_safe(row) if formulas else row), *appended(verdict)))
        else:
            done.rows.append([*map(_as_value, row), *appended(verdict)])
    done.text, done.outcomes, done.amount = text.getvalue(), Counter(outcomes), sum(amounts, Decimal(0))
    return done


def _filled(line: Sequence[Cell]) -> bool:
    return any(line) or any(cell not in ("", None) for cell in line)


def _picked(layout: _Layout, columns: Sequence[Sequence[Cell]], height: int) -> Sequence[Iterable[Cell]]:
    """The columns of COLUMNS."""
    return [
        repeat(absent, height) if place is None else columns[place]
        for place, absent in zip(layout.places, layout.absent, strict=True)
    ]


def _with_errors(layout: _Layout, lines: Sequence[tuple[int, Sequence[Cell]]]) -> _Done:
    done = _Done()
    for number, line in lines:
        try:
            row = _fitted(line, layout.width)
            RefundFacts.from_cells([column[0] for column in map(list, _picked(layout, [[cell] for cell in row], 1))])
        except (FactError, _Ragged) as error:
            done.bad += 1
            if done.bad <= MOST_ERRORS:
                done.errors.append(BadRow(number, str(error)))
    return done


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


def appended(verdict: RefundVerdict) -> list[Value]:
    """The cells of APPENDED."""
    return [
        verdict.size,
        verdict.size_class,
        verdict.size_basis,
        verdict.layoff_rate,
        verdict.layoff_method,
        None if verdict.base is None else to_fen(verdict.base),
        None if verdict.rate is None else verdict.rate.normalize(),
        verdict.amount,
        verdict.payee,
        verdict.outcome.value,
        ";".join(verdict.failed),
        ";".join(verdict.unknown),
    ]


# Writing


def _counted(blocks: Iterator[_Done], totals: Totals) -> Iterator[_Done]:
    for block in blocks:
        totals.outcomes += block.outcomes
        totals.amount += block.amount
        totals.errors += block.errors[: MOST_ERRORS - len(totals.errors)]
        totals.bad += block.bad
        yield block


def _write_text(part: Path, header: Sequence[str], blocks: Iterator[_Done], encoding: str) -> None:
    """Csv as the input was: UTF-8, with a BOM where it had one or was GB18030 (spreadsheet programs need it)."""
    with part.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(_safe(header))
        for block in blocks:
            file.write(block.text)


def _may_be_formula(columns: Sequence[Sequence[Cell]]) -> bool:
    """Whether any cell is no text, or begins like a formula."""
    try:
        return any(_MAY_BE_FORMULA.search("\n".join(cast("Sequence[str]", column))) for column in columns)
    except TypeError:
        return True


def _safe(cells: Iterable[Cell]) -> Sequence[str]:
    """Cells as texts of a csv line, none of which starts a formula."""
    return [f"'{text}" if _FORMULA.match(text) else text for text in map(shown, cells)]


def _as_value(cell: Cell) -> Value:
    return cell if cell is None or isinstance(cell, str | int | float | bool) else shown(cell)
