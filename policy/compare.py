"""What if? One file of facts under several notices or choices: totals side by side, and who changes side.

variants = variants_of(["shanxi/2024"], ["layoff_method=claimants_over_mean", "layoff_method=dismissals_over_mean"])
compare_file(REFUND, variants, facts, out)
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, product
from pathlib import Path
from typing import NamedTuple

from policy.assess import written
from policy.explain import outcome_label
from policy.fact_files import Bad, FactFile, Rows, Work, check_paths, opened, safe
from policy.notice import ChoiceRefused, Notice, Terms, load
from policy.subjects import Decide, Decided, Subject
from policy.tables import Cell, table
from policy.verdict import Outcome
from sheets.cells import shown
from sheets.write import Value, write_rows

MOST_VARIANTS = 8
ELIGIBLE = Outcome.ELIGIBLE.value


class Variant(NamedTuple):
    """One notice with its choices; `name` says what tells it from the others."""

    name: str
    notice: Notice
    terms: Terms


@dataclass
class Total:
    """What one variant comes to: rows by outcome and the sum of amounts (yuan); and against the first variant how many
    become eligible, how many no longer are, how many get more and less."""

    outcomes: Counter[str] = field(default_factory=Counter)
    amount: Decimal = Decimal(0)
    gained: int = 0
    lost: int = 0
    more: int = 0
    less: int = 0

    def add(self, other: "Total") -> None:
        """Takes another's rows in."""
        self.outcomes += other.outcomes
        self.amount += other.amount
        self.gained += other.gained
        self.lost += other.lost
        self.more += other.more
        self.less += other.less


@dataclass
class Comparison:
    """The totals of the variants in their order, how many rows differ, notes in Chinese."""

    totals: list[Total]
    differing: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows were decided."""
        return self.totals[0].outcomes.total()


@dataclass
class _Done:
    totals: list[Total]
    differing: list[list[Value]] = field(default_factory=list)


def variants_of(notices: Sequence[str], written_choices: Sequence[str]) -> list[Variant]:
    """Every notice with every combination of choices, a choice written several times with other values being several.

    Raises NoticeError, and ChoiceRefused: no such choice, locked by a clause, or more than MOST_VARIANTS variants.
    """
    choices = _choices(written_choices)
    found = []
    for name in notices:
        notice = load(name)
        for values in product(*choices.values()):
            chosen = dict(zip(choices, values, strict=True))
            several = [f"{key}={value}" for key, value in chosen.items() if len(choices[key]) > 1]
            title = " ".join([*([notice.id] if len(notices) > 1 or not several else []), *several])
            found.append(Variant(title, notice, _terms(notice, chosen)))
    if len({variant.name for variant in found}) < len(found):
        raise ChoiceRefused("同一份政策文件写了两次，请去掉重复的")
    if len(found) > MOST_VARIANTS:
        raise ChoiceRefused(f"共有 {len(found)} 种组合，一次最多比较 {MOST_VARIANTS} 种，请减少选项或分几次比较")
    return found


def _terms(notice: Notice, chosen: Mapping[str, str]) -> Terms:
    try:
        return notice.terms(chosen)
    except ChoiceRefused as refused:
        raise ChoiceRefused(f"{notice.id}：{refused}") from refused


def _choices(written_choices: Sequence[str]) -> dict[str, list[str]]:
    choices: dict[str, list[str]] = {}
    for each in written_choices:
        key, sign, value = each.partition("=")
        if not sign or value in choices.get(key, ()):
            raise ChoiceRefused(f"--choose {each}：应写成 选项=值，同一个值写一次")
        choices.setdefault(key, []).append(value)
    return choices


def compare_file(
    subject: Subject, variants: Sequence[Variant], facts: Path, out: Path | None, *, processes: int | None = None
) -> Comparison:
    """Decides every row of `facts` under every variant, reading the file once.

    `out` (.csv or .xlsx) takes the rows whose outcome or amount (yuan) differs between variants: their labels, and for
    each variant outcome, amount, failed and unknown. Raises AssessRefused.
    """
    if out is not None:
        check_paths(facts, out)
    comparison, bad = Comparison([Total() for _ in variants]), Bad()
    part = (out or facts).with_name(f".{(out or facts).name}.part")
    with written(facts, out or part, part, subject), ExitStack() as stack:
        file: FactFile[_Done] = opened(facts, subject, stack)
        comparison.notes += file.notes
        labels = [label for label in subject.labels if label in file.table.head.places]
        places = [file.table.head.places[label] for label in labels]
        canonical = [variant.terms.canonical() for variant in variants]
        done = _counted(file.worked(_work, (subject, canonical, places), bad, processes=processes), comparison)
        header = ["行号", *labels, *[f"{word} {each.name}" for each in variants for word in _SHOWN]]
        rows: Iterator[list[Value]] = chain.from_iterable(block.differing for block in done)
        if out is None:
            for _ in rows:
                pass
        elif out.suffix == ".csv":
            with part.open("w", encoding=file.csv_encoding, newline="") as target:
                write = csv.writer(target, lineterminator="\n").writerow
                write(safe(header))
                for row in rows:
                    write(safe("" if cell is None else str(cell) for cell in row))
        else:
            write_rows(str(part), header, rows, "变化")
        bad.refuse()
    return comparison


_SHOWN = ("outcome", "amount", "failed", "unknown")


def _work(subject: Subject, canonical: Sequence[str], places: Sequence[int]) -> Work[_Done]:
    deciders = [subject.decider(Terms.parse(text)) for text in canonical]
    failed, unknown = subject.appended.index("failed"), subject.appended.index("unknown")
    return lambda rows: _compare(deciders, rows, places, (failed, unknown))


def _compare(deciders: Sequence[Decide], rows: Rows, places: Sequence[int], codes: tuple[int, int]) -> _Done:
    done = _Done([Total() for _ in deciders])
    columns = [list(decide(rows.names, rows.facts)) for decide in deciders]
    for number, cells, *decided in zip(rows.numbers, rows.cells, *columns, strict=True):
        first = decided[0]
        for total, each in zip(done.totals, decided, strict=True):
            _count(total, first, each)
        if any((each.outcome, each.amount) != (first.outcome, first.amount) for each in decided[1:]):
            labels = [shown(cells[place]) for place in places]
            shown_cells = [cell for each in decided for cell in (each.outcome, each.amount, *[each.cells[at] for at in codes])]
            done.differing.append([number, *labels, *shown_cells])
    return done


def _count(total: Total, first: Decided, each: Decided) -> None:
    total.outcomes[each.outcome] += 1
    total.amount += each.amount or 0
    was, now = first.outcome == ELIGIBLE, each.outcome == ELIGIBLE
    total.gained += now and not was
    total.lost += was and not now
    before, after = first.amount or Decimal(0), each.amount or Decimal(0)
    total.more += after > before
    total.less += after < before


def _counted(blocks: Iterable[_Done], comparison: Comparison) -> Iterator[_Done]:
    for block in blocks:
        comparison.differing += len(block.differing)
        for total, part in zip(comparison.totals, block.totals, strict=True):
            total.add(part)
        yield block


def compared(subject: Subject, variants: Sequence[Variant], comparison: Comparison) -> str:
    """The comparison as a table for a terminal, the first variant above the others and what they change against it; yuan."""
    outcomes = [outcome_label(outcome) for outcome in Outcome]
    heads = ["方案", *outcomes, f"{subject.total}（元）", "转为合格", "不再合格", "金额增加", "金额减少", "合计增减（元）"]
    first = comparison.totals[0]
    rows: list[Sequence[Cell]] = [
        [
            variant.name,
            *[total.outcomes[outcome.value] for outcome in Outcome],
            total.amount,
            *([None] * 5 if total is first else [total.gained, total.lost, total.more, total.less, total.amount - first.amount]),
        ]
        for variant, total in zip(variants, comparison.totals, strict=True)
    ]
    same = "各方案逐行一致。" if not comparison.differing else f"{comparison.differing:,} 行的结论或金额不同。"
    return f"{table(f'共 {comparison.rows:,} 行，与第一个方案比较', heads, rows)}\n\n  {same}"
