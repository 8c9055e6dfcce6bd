"""What a file of facts can be about: its columns, how its rows are decided, what is written behind them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from policy.fact_rows import FactRow
from policy.facts import SELDOM_READ, RefundFacts
from policy.money import to_fen
from policy.notice import Terms
from policy.refund import RefundVerdict, assess_refund
from policy.skill import SkillVerdict
from policy.skill_claimants import Claimants
from policy.skill_facts import SkillFacts
from policy.topup import difference
from sheets.write import Value

__all__ = ["REFUND", "SKILL", "SUBJECTS", "Decided", "Subject", "refund_cells", "skill_cells", "with_top_up"]

GOES_BACK = "申请日期早于同一人的上一行；同一人的各行请按申请先后排列，现按文件中的先后计算"


class Decided(NamedTuple):
    """One row decided: its outcome, the amount (yuan, of eligible rows), the cells behind it, the facts it was decided
    from, a remark on the row, and what is payable on top where that was asked."""

    outcome: str
    amount: Decimal | None
    cells: Sequence[Value]
    facts: RefundFacts | SkillFacts
    remark: str = ""
    top_up: Decimal | None = None


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
        each: RefundFacts
        for each in facts:  # type: ignore[assignment]
            verdict = assess_refund(terms, each)
            yield Decided(verdict.outcome.value, verdict.amount, refund_cells(verdict), each)

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
        each: SkillFacts
        for person, each in zip(persons, facts, strict=True):  # type: ignore[assignment]
            known = claimants.known(person, each)
            verdict = claimants.assess(terms, person, each)
            remark = GOES_BACK if claimants.goes_back(person, each.claimed_on) else ""
            yield Decided(verdict.outcome.value, verdict.amount, skill_cells(verdict), known, remark)

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

TOP_UP = ("amount_before", "amount_after", "top_up")


def with_top_up(subject: Subject, since: date) -> Subject:
    """The subject with what each row came to before and after terms changed on `since`, and the difference payable, yuan.

    Its decider raises TopUpRefused for a day outside the programme.
    """
    return replace(subject, appended=(*subject.appended, *TOP_UP), decider=partial(_topped_up, subject.decider, since))


def _topped_up(decider: Callable[[Terms], Decide], since: date, terms: Terms) -> Decide:
    decide_without = decider(terms)

    def decide(names: Sequence[str], facts: Iterable[FactRow]) -> Iterator[Decided]:
        for decided in decide_without(names, facts):
            found = difference(terms, decided.facts, since)
            cells = [*decided.cells, found.before, found.after, found.payable]
            yield decided._replace(cells=cells, top_up=found.payable)

    return decide


SUBJECTS = {subject.word: subject for subject in (REFUND, SKILL)}
