"""试算: a programme's enterprises under its own terms and under others, on the same day and facts; nothing is written.

Both sides are assessed now, for what differs is then the terms' doing, not that of data which came after a decision."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from agency.models import Edition, Programme
from agency.queries import edition_in_force
from enterprises.models import Enterprise
from policy import explain
from policy.facts import RefundFacts
from policy.notice import Terms
from policy.refund import RefundVerdict, assess_refund
from policy.verdict import Answer, Outcome
from subsidies.refunds.models import Application
from subsidies.refunds.queries.assessments import counted_on
from subsidies.refunds.queries.facts import Case, facts_of

CHUNK = 5_000
COLUMNS = (
    "统一社会信用代码", "单位名称", "参保地", "现行结论", "试算结论", "变化", "现行返还金额", "试算返还金额", "增减", "现行原因",
    "试算原因",
)  # fmt: skip


class Unit(NamedTuple):
    """An enterprise of the programme's region with its application of the year, if it has one."""

    id: int
    uscc: str
    name: str
    region: str
    dispatch: bool
    application_id: int | None
    state: str | None
    channel: str | None
    answered_at: datetime | None
    submitted_at: datetime | None

    def case(self, on: date) -> Case:
        """What is assessed, as a screening of the day does."""
        if self.application_id is None or self.state is None or self.channel is None:
            channel = Application.Channel.OWN_APPLICATION if self.dispatch else Application.Channel.NO_APPLICATION
            return Case(self.id, None, channel.value, on)
        day = counted_on(self.state, self.channel, self.answered_at, self.submitted_at, on)
        return Case(self.id, self.application_id, self.channel, day)


class Side(NamedTuple):
    """One enterprise under one of the two terms."""

    facts: RefundFacts
    verdict: RefundVerdict

    @property
    def amount(self) -> Decimal:
        """Yuan; what comes to nothing is 0.00."""
        return self.verdict.amount or Decimal(0)

    def why(self) -> str:
        """Each rule that failed or could not be answered, in a sentence with its clause."""
        return "；".join([explain.for_staff(each) for each in self.verdict.findings if each.answer is not Answer.PASS])


class Compared(NamedTuple):
    """One enterprise before and after."""

    unit: Unit
    before: Side
    after: Side

    @property
    def turn(self) -> tuple[str, str]:
        """The outcomes before and after."""
        return self.before.verdict.outcome.value, self.after.verdict.outcome.value

    @property
    def differs(self) -> bool:
        """Whether outcome or amount differs."""
        return self.turn[0] != self.turn[1] or self.before.amount != self.after.amount

    def codes(self) -> list[str]:
        """The rules that stand against it after, or where none does those that stood against it before."""
        found = [[*side.verdict.failed, *side.verdict.unknown] for side in (self.after, self.before)]
        return found[0] or found[1]

    def row(self) -> tuple[Any, ...]:
        """A row of COLUMNS; amounts in yuan."""
        before, after = (explain.outcome_label(word) for word in self.turn)
        money = self.after.amount - self.before.amount
        turn = f"{before}→{after}" if before != after else "金额增加" if money > 0 else "金额减少"
        return (
            self.unit.uscc, self.unit.name, self.unit.region, before, after, turn, self.before.verdict.amount,
            self.after.verdict.amount, money, self.before.why(), self.after.why(),
        )  # fmt: skip


def edition_beside(programme: Programme, on: date) -> Edition | None:
    """What a what-if stands beside: the edition that counts on the day, before the first is approved the latest proposed."""
    waiting = programme.editions.exclude(state=Edition.State.REFUSED).order_by("-number")
    return edition_in_force(programme, on) or waiting.first()


def counted(programme: Programme) -> int:
    """How many enterprises its screening assesses."""
    return Enterprise.objects.filter(region__path__startswith=programme.region.path, voided=False).count()


def units_of(programme: Programme, after: int) -> list[Unit]:
    """The next CHUNK enterprises of the programme's region behind an id, by id: those that its screening assesses."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.id, e.uscc, e.name, region.name, e.dispatch, application.id, application.state, application.channel,
                application.answered_at, application.submitted_at
            FROM enterprises_enterprise e
            JOIN agency_region region ON region.code = e.region_id
            LEFT JOIN refunds_application application ON application.enterprise_id = e.id AND application.year = %s
            WHERE e.id > %s AND starts_with(region.path, %s) AND NOT e.voided ORDER BY e.id LIMIT %s
            """,
            [programme.year, after, programme.region.path, CHUNK],
        )
        return [Unit(*row) for row in cursor.fetchall()]


def compare_all(programme: Programme, before: Terms, after: Terms, on: date) -> Iterator[list[Compared]]:
    """Every enterprise under both terms on a day, chunk by chunk. Terms ask for facts of their own, so both are asked."""
    last = 0
    while units := units_of(programme, last):
        last = units[-1].id
        cases = [unit.case(on) for unit in units]
        sides = [_sides(terms, programme.year, cases, on) for terms in (before, after)]
        yield [Compared(unit, sides[0][unit.id], sides[1][unit.id]) for unit in units]


def _sides(terms: Terms, year: int, cases: Sequence[Case], on: date) -> dict[int, Side]:
    return {pk: Side(facts, assess_refund(terms, facts)) for pk, facts in facts_of(terms, year, cases, on).items()}


@dataclass
class Tally:
    """What a what-if comes to, added up chunk by chunk."""

    enterprises: int = 0
    differing: int = 0  # whose outcome or amount differs
    outcomes: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))
    amounts: list[Decimal] = field(default_factory=lambda: [Decimal(0), Decimal(0)])  # yuan
    failed: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))
    unknown: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))
    turned: Counter[str] = field(default_factory=Counter)  # "ineligible eligible": how many
    turned_yuan: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))  # how much more or less that is
    more: int = 0  # eligible before and after, with more or less money
    less: int = 0

    def add(self, one: Compared) -> None:
        """Takes one enterprise in."""
        self.enterprises += 1
        self.differing += one.differs
        for at, side in enumerate((one.before, one.after)):
            self.outcomes[at][side.verdict.outcome.value] += 1
            self.amounts[at] += side.amount
            self.failed[at].update(side.verdict.failed)
            self.unknown[at].update(side.verdict.unknown)
        if one.turn[0] != one.turn[1]:
            self.turned[" ".join(one.turn)] += 1
            self.turned_yuan[" ".join(one.turn)] += one.after.amount - one.before.amount
        elif one.turn[0] == Outcome.ELIGIBLE:
            self.more += one.after.amount > one.before.amount
            self.less += one.after.amount < one.before.amount

    def as_json(self) -> dict[str, Any]:
        """As WhatIf.counts keeps it: pairs are [before, after], yuan are text."""
        return {
            "enterprises": self.enterprises, "differing": self.differing, "more": self.more, "less": self.less,
            "amounts": [str(amount) for amount in self.amounts], "turned": self.turned,
            "turned_yuan": {turn: str(yuan) for turn, yuan in self.turned_yuan.items()},
            **{name: list(getattr(self, name)) for name in ("outcomes", "failed", "unknown")},
        }  # fmt: skip
