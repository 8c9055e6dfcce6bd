"""对账（前半）: from eligible to approved, count and yuan, every difference as the sum of its named cases.

From approval on `subsidies.payout.queries.reconciliation` goes on. Steps are added up from what was written at each
step, differences from where each case stands now; that the two agree is a finding, not a construction."""

from datetime import date
from decimal import Decimal

from django.db.models import DecimalField, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from agency.models import CaseKind, Programme
from subsidies.payout.queries import reconciliation as from_approval
from subsidies.payout.queries import terms_in_force
from subsidies.payout.queries.reconciliation import Difference, Step, added, go_on
from subsidies.refunds.models import Application, Decision, State
from subsidies.refunds.queries.offers import OBSTACLES, eligible

CLOSED = {
    State.DECLINED: "已放弃",
    State.OVERDUE: "逾期未确认",
    State.WAIVED: "视为放弃",
    State.WITHDRAWN: "已撤回",
    State.REJECTED: "不予返还",
}


def reconciliation(programme: Programme, today: date) -> list[Step]:
    """eligible, offered, approved, published, bank_file, paid of one programme, each with what stands between it and
    the one before; a difference that adds (own applications) is negative in `less`."""
    cases = _valued(programme)
    found = cases.filter(Exists(Decision.objects.filter(application=OuterRef("pk"), run__isnull=False, outcome="eligible")))
    offered, applied = cases.filter(offered_at__isnull=False), cases.filter(offered_at__isnull=True, submitted_at__isnull=False)
    steps = [Step("eligible", "筛查符合", *_worth(found))]
    go_on(steps, "offered", "已通知", _worth(offered), _not_offered(programme, found.filter(offered_at__isnull=True), today))
    rest = [
        Difference(label, rows, *_worth(rows)) for label, rows in _not_approved((offered | applied).filter(award__isnull=True))
    ]
    more = [Difference("加：自主申请", applied, *(-each for each in _worth(applied)))]
    later = from_approval(programme, CaseKind.REFUND)
    go_on(steps, "approved", "复审通过", (later[0].count, later[0].amount), more + rest)
    return steps + later[1:]


def _valued(programme: Programme) -> "QuerySet[Application]":
    """The cases with `worth`: the award's amount, else that of the latest decision that came to one, yuan."""
    decided = Decision.objects.filter(application=OuterRef("pk"), amount__isnull=False).order_by("-pk").values("amount")[:1]
    worth = Coalesce(F("award__amount"), Subquery(decided), Decimal(0), output_field=DecimalField())
    return Application.objects.filter(programme=programme).annotate(worth=worth)


def _not_offered(programme: Programme, rest: "QuerySet[Application]", today: date) -> list[Difference]:
    """The eligible that were never offered: those that applied by themselves, the others by what stands against it."""
    why = dict(eligible(programme, terms_in_force(programme, today), today).values_list("pk", "obstacle"))
    named = [
        ("转为自主申请", rest.filter(submitted_at__isnull=False)),
        ("重新筛查后不再符合", rest.filter(submitted_at__isnull=True).exclude(state=State.ELIGIBLE)),
    ]
    waiting = rest.filter(submitted_at__isnull=True, state=State.ELIGIBLE)
    for word in sorted(set(why.values())):
        ids = [pk for pk, obstacle in why.items() if obstacle == word]
        named.append((OBSTACLES.get(word, "可以通知，尚未通知"), waiting.filter(pk__in=ids)))
    return [Difference(label, rows, *_worth(rows)) for label, rows in named]


def _not_approved(rest: "QuerySet[Application]") -> "list[tuple[str, QuerySet[Application]]]":
    named = [(label, rest.filter(state=state)) for state, label in CLOSED.items()]
    return [*named, *((f"在办：{state.label}", rest.filter(state=state)) for state in State if state not in CLOSED)]


def _worth(rows: "QuerySet[Application]") -> tuple[int, Decimal]:
    return added(rows, "worth")
