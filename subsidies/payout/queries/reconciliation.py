"""对账: count and yuan at each step from approval to payment, and every difference as the sum of its named cases.

The steps are added up from what was written at each step (awards, published lines, payment lines); the differences
from where each award stands now. That the two agree is a finding, not a construction."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from agency.models import Programme
from subsidies.payout.models import Award, Payment, PaymentBatch, PublicityRound, PublishedLine
from subsidies.payout.queries.awards import account_known, held, in_a_batch

State = Award.State
SENT = (PaymentBatch.State.RELEASED, PaymentBatch.State.RECONCILED)


@dataclass(frozen=True)
class Difference:
    """Why awards stand between one step and the next: how many, yuan, and which."""

    label: str
    awards: "QuerySet[Award]"
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


def reconciliation(programme: Programme) -> list[Step]:
    """approved, published, bank_file, paid of one programme, each with what stands between it and the one before.

    A case counts once, by its latest award (it may withdraw, apply again and be approved anew), and an award once at
    each step, however often it was sent. A fixed number of queries."""
    awards = Award.objects.filter(_latest(), programme=programme)
    published = Exists(_published_lines().filter(award=OuterRef("pk")))
    sent = Exists(Payment.objects.filter(award=OuterRef("pk"), batch__state__in=SENT))
    here = _added(awards)
    steps = [Step("approved", "复审通过", *here)]
    for name, label, reached, between in (
        ("published", "公示", _published(programme), _not_published(awards.exclude(published))),
        ("bank_file", "银行文件", _sent(programme), _not_sent(awards.filter(published).exclude(sent))),
        ("paid", "已拨付", _paid(programme), _not_paid(awards.filter(sent))),
    ):
        less = [Difference(why, rows, *_added(rows)) for why, rows in between]
        less = [difference for difference in less if difference.count]
        left = here[0] - sum(each.count for each in less), here[1] - sum((each.amount for each in less), Decimal(0))
        steps.append(Step(name, label, *reached, less, left == reached))
        here = reached
    return steps


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


def _published(programme: Programme) -> tuple[int, Decimal]:
    return _added(_published_lines().filter(round__programme=programme))


def _sent(programme: Programme) -> tuple[int, Decimal]:
    """The latest payment line of each award that went to the bank."""
    lines = Payment.objects.filter(_latest("award__"), batch__programme=programme, batch__state__in=SENT)
    later = Payment.objects.filter(award=OuterRef("award"), batch__state__in=SENT, pk__gt=OuterRef("pk"))
    return _added(lines.exclude(state=Payment.State.DROPPED).exclude(Exists(later)))


def _paid(programme: Programme) -> tuple[int, Decimal]:
    return _added(Payment.objects.filter(_latest("award__"), batch__programme=programme, state=Payment.State.SUCCEEDED))


def _added(rows: "QuerySet[Award] | QuerySet[PublishedLine] | QuerySet[Payment]") -> tuple[int, Decimal]:
    sums = rows.order_by().aggregate(count=Count("pk"), amount=Sum("amount"))
    return sums["count"], sums["amount"] or Decimal("0.00")
