"""What a file of facts can be about: its columns, how its rows are decided, what is written behind them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from policy.fact_rows import FactRow
from policy.facts import SELDOM_READ, RefundFacts
from policy.money import to_fen
from policy.notice import Terms
from policy.refund import RefundVerdict, assess_refund
from policy.skill import SkillVerdict
from policy.skill_claimants import Claimants
from policy.skill_facts import SkillFacts
from sheets.write import Value

__all__ = ["REFUND", "SKILL", "SUBJECTS", "Decided", "Subject", "refund_cells", "skill_cells"]

GOES_BACK = "申请日期早于同一人的上一行；同一人的各行请按申请先后排列，现按文件中的先后计算"


class Decided(NamedTuple):
    """One row decided: its outcome, the amount (yuan, of eligible rows), the cells behind it, a remark on the row."""

    outcome: str
    amount: Decimal | None
    cells: Sequence[Value]
    remark: str = ""


Decide = Callable[[Sequence[str], Iterable[FactRow]], Iterator[Decided]]


@dataclass(frozen=True)
class Subject:
    """What `assess WORD` is about.

    `title`: in Chinese. `labels`: columns that are carried over and not read, but for `named`, whose texts `decider` is
    given with the facts. `decider(terms)` decides rows in the order of the file and may remember them; then it is
    `alone`: not shared among processes. `appended` heads the cells of a decided row, `total` the sum of the amounts.
    `seldom`: columns that few programmes ask for, not missed where they are absent.
    """

    word: str
    title: str
    facts: type[FactRow]
    labels: tuple[str, ...]
    appended: tuple[str, ...]
    total: str
    decider: Callable[[Terms], Decide]
    named: str = ""
    alone: bool = False
    seldom: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of a fact row, once."""
        return tuple(dict.fromkeys(self.facts.columns()))


def _refunds(terms: Terms) -> Decide:
    def decide(_: Sequence[str], facts: Iterable[FactRow]) -> Iterator[Decided]:
        for each in facts:
            verdict = assess_refund(terms, each)  # type: ignore[arg-type]
            yield Decided(verdict.outcome.value, verdict.amount, refund_cells(verdict))

    return decide


def refund_cells(verdict: RefundVerdict) -> list[Value]:
    """The cells behind a refund row; rates are fractions, base and amount yuan to the fen."""
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


REFUND = Subject(
    word="refund",
    title="稳岗返还",
    facts=RefundFacts,
    labels=("uscc",),
    appended=(
        "size", "size_class", "size_basis", "layoff_rate", "layoff_method", "base", "rate", "amount", "payee", "outcome",
        "failed", "unknown",
    ),
    total="返还金额合计",
    decider=_refunds,
    seldom=frozenset(SELDOM_READ),
)  # fmt: skip


def _claims(terms: Terms) -> Decide:
    claimants = Claimants()

    def decide(persons: Sequence[str], facts: Iterable[FactRow]) -> Iterator[Decided]:
        for person, each in zip(persons, facts, strict=True):
            verdict = claimants.assess(terms, person, each)  # type: ignore[arg-type]
            goes_back = claimants.goes_back(person, each.claimed_on)  # type: ignore[attr-defined]
            yield Decided(verdict.outcome.value, verdict.amount, skill_cells(verdict), GOES_BACK if goes_back else "")

    return decide


def skill_cells(verdict: SkillVerdict) -> list[Value]:
    """The cells behind a skill claim; the amount in yuan to the fen."""
    return [verdict.amount, verdict.outcome.value, ";".join(verdict.failed), ";".join(verdict.unknown)]


SKILL = Subject(
    word="skill",
    title="技能提升补贴",
    facts=SkillFacts,
    labels=("claim", "person", "certificate"),
    appended=("amount", "outcome", "failed", "unknown"),
    total="补贴金额合计",
    decider=_claims,
    named="person",
    alone=True,
    seldom=frozenset({"status_at_issue", "skill_subsidies", "certificates_held", "post_agrees"}),
)

SUBJECTS = {subject.word: subject for subject in (REFUND, SKILL)}
