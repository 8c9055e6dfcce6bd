"""The rules with no database: a spreadsheet of facts in, the same rows with their decisions out, in their order."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import cast

from policy.fact_files import MOST_ERRORS, AssessRefused, Bad, BadRow, FactFile, Rows, Work, check_paths, opened, safe
from policy.notice import Terms
from policy.subjects import Decide, Subject
from sheets.cells import Cell, shown
from sheets.guard import SheetRefused
from sheets.write import Value, write_rows

__all__ = ["MOST_ERRORS", "AssessRefused", "BadRow", "Totals", "assess_file", "written"]

_MAY_BE_FORMULA = re.compile(r"(?:^|\n)[=@\t\r+-]")


@dataclass
class Totals:
    """What came out: rows by outcome, the sums of amounts and of top-ups (yuan), notes in Chinese."""

    outcomes: Counter[str] = field(default_factory=Counter)
    amount: Decimal = Decimal(0)
    top_up: Decimal = Decimal(0)
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows were decided."""
        return self.outcomes.total()


@dataclass
class _Done:
    """One block decided: its rows as csv text or as cells, its totals, the first remark on a row of it."""

    text: str = ""
    rows: list[list[Value]] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    amount: Decimal = Decimal(0)
    top_up: Decimal = Decimal(0)
    remark: str = ""


def assess_file(subject: Subject, terms: Terms, facts: Path, out: Path, *, processes: int | None = None) -> Totals:
    """Writes `out` (.csv or .xlsx): every row of `facts` with the columns that the subject appends behind it.

    Unknown columns are carried over. Amounts in yuan. Nothing is written where a cell cannot be read. Raises
    AssessRefused.
    """
    check_paths(facts, out)
    as_csv = out.suffix == ".csv"
    totals, bad = Totals(), Bad()
    part = out.with_name(f".{out.name}.part")
    with written(facts, out, part, subject), ExitStack() as stack:
        file: FactFile[_Done] = opened(facts, subject, stack)
        totals.notes += file.notes
        header = [*file.header, *subject.appended]
        done = _counted(file.worked(_work, (subject, terms.canonical(), as_csv), bad, processes=processes), totals)
        if as_csv:
            _write_text(part, header, done, file.csv_encoding)
        else:
            write_rows(str(part), header, chain.from_iterable(block.rows for block in done), "结果")
        bad.refuse()
    return totals


class written:  # noqa: N801 - reads as a word of the `with` that it opens
    """`with written(...)`: what was written to `part` takes its place, or none of it; errors are told as AssessRefused."""

    def __init__(self, facts: Path, out: Path, part: Path, subject: Subject) -> None:
        self.facts, self.out, self.part, self.subject = facts, out, part, subject

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None and self.part.exists():
                self.part.replace(self.out)
            elif isinstance(error, SheetRefused):
                columns = "、".join(self.subject.columns)
                raise AssessRefused(f"{self.facts}：{error}；事实列为：{columns}") from error
            elif isinstance(error, OSError | ValueError):
                raise AssessRefused(f"无法读取 {self.facts} 或写入 {self.out}：{error}") from error
        finally:
            self.part.unlink(missing_ok=True)


def _work(subject: Subject, canonical: str, as_csv: bool) -> Work[_Done]:
    decide = subject.decider(Terms.parse(canonical))
    return lambda rows: _decide(decide, rows, as_csv=as_csv)


def _decide(decide: Decide, rows: Rows, *, as_csv: bool) -> _Done:
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    formulas = as_csv and _may_be_formula(rows.cells)
    done = _Done()
    amounts: list[Decimal] = []
    outcomes: list[str] = []
    for row, (outcome, amount, cells, _, remark, top_up) in zip(rows.cells, decide(rows.names, rows.facts), strict=True):
        outcomes.append(outcome)
        if top_up is not None:
            done.top_up += top_up
        if amount is not None:
            amounts.append(amount)
        if remark and not done.remark:
            done.remark = f"第 {rows.numbers[len(outcomes) - 1]} 行：{remark}"
        if as_csv:
            write((*(safe(row) if formulas else row), *cells))
        else:
            done.rows.append([*map(_as_value, row), *cells])
    done.text, done.outcomes, done.amount = text.getvalue(), Counter(outcomes), sum(amounts, Decimal(0))
    return done


# Writing


def _counted(blocks: Iterable[_Done], totals: Totals) -> Iterator[_Done]:
    remarked = False
    for block in blocks:
        totals.outcomes += block.outcomes
        totals.amount += block.amount
        totals.top_up += block.top_up
        if block.remark and not remarked:
            remarked = True
            totals.notes.append(block.remark)
        yield block


def _write_text(part: Path, header: Sequence[str], blocks: Iterator[_Done], encoding: str) -> None:
    with part.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(safe(header))
        for block in blocks:
            file.write(block.text)


def _may_be_formula(rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether any cell is no text, or begins like a formula."""
    try:
        return bool(_MAY_BE_FORMULA.search("\n".join(cast("Iterable[str]", chain.from_iterable(rows)))))
    except TypeError:
        return True


def _as_value(cell: Cell) -> Value:
    return cell if isinstance(cell, str | int | float) else shown(cell)
