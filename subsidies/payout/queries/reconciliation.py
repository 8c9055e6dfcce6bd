"""对账: count and yuan at each step from approval to payment, and every difference as the sum of its named cases.

The steps are added up from what was written at each step (awards, published lines, payment lines); the differences
from where each award stands now. That the two agree is a finding, not a construction."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from agency.models import Programme
from subsidies.payout.models import Award, Payment, PaymentBatch, PublicityRound, PublishedLine
from subsidies.payout.queries.awards import account_known, held, in_a_batch

State = Award.State
SENT = (PaymentBatch.State.RELEASED, PaymentBatch.State.RECONCILED)


@dataclass(frozen=True)
class Difference:
    """Why cases stand between one step and the next: how many, yuan, and which."""

    label: str
    rows: "QuerySet[Any]"
    count: int
    amount: Decimal


@dataclass(frozen=True)
class Step:
    """One step: how many, yuan; `less` are the differences from the step before it."""

    name: str
    label: str
    count: int
    amount: Decimal
    less: list[Difference] = field(default_factory=list)
    agrees: bool = True  # the step before, less the differences, is this step


def reconciliation(programme: Programme, case_kind: str) -> list[Step]:
    """approved, published, bank_file, paid of one programme and subsidy, each with what stands between it and the one
    before.

    A case counts once, by its latest award (it may withdraw, apply again and be approved anew), and an award once at
    each step, however often it was sent. A fixed number of queries."""
    awards = Award.objects.filter(_latest(), programme=programme, case_kind=case_kind)
    published = Exists(_published_lines().filter(award=OuterRef("pk")))
    sent = Exists(Payment.objects.filter(award=OuterRef("pk"), batch__state__in=SENT))
    lines = _published_lines().filter(round__programme=programme, round__case_kind=case_kind)
    payments = Payment.objects.filter(_latest("award__"), batch__programme=programme, award__case_kind=case_kind)
    steps = [Step("approved", "审核通过", *added(awards))]
    for name, label, reached, between in (
        ("published", "公示", lines, _not_published(awards.exclude(published))),
        ("bank_file", "银行文件", _sent(payments), _not_sent(awards.filter(published).exclude(sent))),
        ("paid", "已拨付", payments.filter(state=Payment.State.SUCCEEDED), _not_paid(awards.filter(sent))),
    ):
        go_on(steps, name, label, added(reached), [Difference(why, rows, *added(rows)) for why, rows in between])
    return steps


def go_on(steps: list[Step], name: str, label: str, reached: tuple[int, Decimal], less: list[Difference]) -> None:
    """Add the next step, saying whether the one before less the differences comes to it."""
    here = steps[-1]
    left = here.count - sum(each.count for each in less), here.amount - sum((each.amount for each in less), Decimal(0))
    steps.append(Step(name, label, *reached, [each for each in less if each.count], left == reached))


def added(rows: "QuerySet[Any]", amount: str = "amount") -> tuple[int, Decimal]:
    """How many rows, and yuan."""
    sums = rows.order_by().aggregate(count=Count("pk"), amount=Sum(amount))
    return sums["count"], sums["amount"] or Decimal("0.00")


Cases = list[tuple[str, "QuerySet[Award]"]]


def _not_published(rest: "QuerySet[Award]") -> Cases:
    waiting = rest.filter(state=State.PENDING)
    stopped = held(besides=Award.PAYMENT_HOLDS)
    return [
        ("公示前撤回或不予发放", rest.filter(state=State.STRUCK)),
        ("公示前暂缓", waiting.filter(stopped)),
        ("待公示", waiting.exclude(stopped)),
    ]


def _not_sent(rest: "QuerySet[Award]") -> Cases:
    clear = rest.filter(state=State.CLEARED)
    free = clear.exclude(held())
    return [
        ("公示后不予发放", rest.filter(state=State.STRUCK)),
        ("公示中", rest.filter(state=State.PUBLICISED)),
        ("异议核查", rest.filter(state=State.OBJECTED)),
        ("拨付前暂缓", clear.filter(held())),
        ("在未放行的批次中", free.filter(in_a_batch())),
        ("收款账户不全", free.exclude(in_a_batch()).exclude(account_known())),
        ("待编入批次", free.exclude(in_a_batch()).filter(account_known())),
    ]


def _not_paid(sent: "QuerySet[Award]") -> Cases:
    return [
        ("待银行回盘", sent.filter(state=State.PAYING)),
        ("退票待更正账户", sent.filter(state=State.PAYMENT_RETURNED)),
        ("退票后待重新拨付", sent.filter(state=State.CLEARED)),
        ("退票后不予发放", sent.filter(state=State.STRUCK)),
        ("退票逾期未更正", sent.filter(state=State.FORFEITED)),
    ]


def _latest(award: str = "") -> Exists:
    """The latest award of its case."""
    same_case = Award.objects.filter(case_kind=OuterRef(f"{award}case_kind"), case_id=OuterRef(f"{award}case_id"))
    return ~Exists(same_case.filter(pk__gt=OuterRef(f"{award}pk")))


def _published_lines() -> "QuerySet[PublishedLine]":
    shown = (PublicityRound.State.PUBLISHED, PublicityRound.State.CLOSED)
    return PublishedLine.objects.filter(_latest("award__"), round__state__in=shown)


def _sent(payments: "QuerySet[Payment]") -> "QuerySet[Payment]":
    """The latest payment line of each award that went to the bank."""
    later = Payment.objects.filter(award=OuterRef("award"), batch__state__in=SENT, pk__gt=OuterRef("pk"))
    return payments.filter(batch__state__in=SENT).exclude(state=Payment.State.DROPPED).exclude(Exists(later))
