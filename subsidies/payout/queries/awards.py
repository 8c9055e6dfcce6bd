"""Which awards may go forward: not held, account known, credit checked on the day."""

from collections.abc import Collection
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from agency.models import CreditCheck, Event, Hold, Programme
from subsidies.payout.models import Award, Difference, Objection, Payment
from subsidies.payout.queries.programmes import barring_flags, terms_in_force

State = Award.State
LIVE_PAYMENTS = (Payment.State.PENDING, Payment.State.SUCCEEDED)


def account_known(award: str = "") -> Q:
    """Awards with 户名, 开户行 and 账号 on record; a mended account also accepted by a second person.

    Here and below `award` is the path to the award from the row that is filtered, e.g. `award__`."""
    return (
        ~Q(**{f"{award}account_source": Award.AccountSource.HELD})
        & ~Q(**{f"{award}account": ""})
        & ~Q(**{f"{award}account_name": ""})
        & ~Q(**{f"{award}bank": ""})
        & (Q(**{f"{award}mended_by__isnull": True}) | Q(**{f"{award}accepted_by__isnull": False}))
    )


def held(besides: Collection[str] = (), award: str = "") -> Q:
    """Awards with an open hold on themselves or on the case that they come from; `besides` names kinds to pass over."""
    key = f"{award}pk" if award else "pk"
    open_ones = Hold.objects.filter(lifted_at__isnull=True).exclude(kind__in=besides)
    on_award = open_ones.filter(case_kind=Award.CASE, case_id=OuterRef(key))
    on_case = open_ones.filter(case_kind=OuterRef(f"{award}case_kind"), case_id=OuterRef(f"{award}case_id"))
    return Q(Exists(on_award)) | Q(Exists(on_case))


def checked(on: date, barring: Collection[str], award: str = "") -> Q:
    """Awards whose latest look-up before payment, made on the day, found nothing that bars (a person has no 信用代码)."""
    key = f"{award}pk" if award else "pk"
    today = CreditCheck.objects.filter(
        case_kind=Award.CASE, moment=CreditCheck.Moment.PAYMENT, on=on, case_id=OuterRef(OuterRef(key))
    )
    latest = Subquery(today.order_by("-pk").values("pk")[:1])
    passed = (
        CreditCheck.objects.filter(pk=latest)
        .exclude(outcome=CreditCheck.Outcome.NO_ANSWER)
        .exclude(flags__overlap=sorted(barring))
    )
    return Q(**{f"{award}uscc": ""}) | Q(Exists(passed))


def looked_up(on: date) -> Q:
    """Awards that were looked up on the day, whatever the answer."""
    today = CreditCheck.objects.filter(case_kind=Award.CASE, moment=CreditCheck.Moment.PAYMENT, on=on, case_id=OuterRef("pk"))
    return Q(Exists(today))


def in_a_batch() -> Q:
    """Awards with a live payment: in a batch, at the bank or paid."""
    return Q(Exists(Payment.objects.filter(award=OuterRef("pk"), state__in=LIVE_PAYMENTS)))


def publishable(programme: Programme, case_kind: str) -> "QuerySet[Award]":
    """What the next publicity list of a subsidy takes."""
    pending = Award.objects.filter(programme=programme, case_kind=case_kind, state=State.PENDING)
    return pending.exclude(held(besides=Award.PAYMENT_HOLDS))


def payable(programme: Programme, on: date) -> "QuerySet[Award]":
    """What a payment batch of the day takes."""
    barring = barring_flags(terms_in_force(programme, on), on)
    cleared = Award.objects.filter(programme=programme, state=State.CLEARED).exclude(in_a_batch())
    return cleared.exclude(held()).filter(account_known()).filter(checked(on, barring)).order_by("region_id", "pk")


def left_out(programme: Programme, on: date) -> "dict[str, QuerySet[Award]]":
    """The cleared awards that a batch of the day does not take, by the first reason that keeps them out."""
    barring = barring_flags(terms_in_force(programme, on), on)
    rest = Award.objects.filter(programme=programme, state=State.CLEARED).exclude(in_a_batch())
    reasons = {
        "暂缓": held(),
        "收款账户不全或待核对": ~account_known(),
        "今日尚未核验信用": ~looked_up(on) & ~Q(uscc=""),
        "今日信用核验未通过": ~checked(on, barring),
    }
    found = {}
    for reason, condition in reasons.items():
        found[reason] = rest.filter(condition)
        rest = rest.exclude(condition)
    return found


def to_look_up(on: date) -> "QuerySet[Award]":
    """Awards to be looked up before payment: cleared, in a batch not released or in none, not yet asked on the day."""
    return Award.objects.filter(state=State.CLEARED).exclude(uscc="").exclude(looked_up(on)).order_by("pk")


def events_of(award: Award) -> "QuerySet[Event]":
    """Everything that happened to the award: its own moves, its objections and its payments, in order."""
    objections = Objection.objects.filter(line__award=award).values("pk")
    payments = Payment.objects.filter(award=award).values("pk")
    mine = (
        Q(case_kind=Award.CASE, case_id=award.pk)
        | Q(case_kind=Objection.CASE, case_id__in=objections)
        | Q(case_kind=Payment.CASE, case_id__in=payments)
    )
    return Event.objects.filter(mine).select_related("by").order_by("at", "pk")


def programmes_to_look_up(on: date) -> "QuerySet[Programme]":
    """Programmes that have awards to be looked up on the day."""
    return Programme.objects.filter(pk__in=to_look_up(on).order_by().values("programme"))


def accounts_missing() -> "QuerySet[Award]":
    """Awards on their way to payment without an account that may be paid to: to be called."""
    on_the_way = (State.PENDING, State.PUBLICISED, State.OBJECTED, State.CLEARED)
    return Award.objects.filter(state__in=on_the_way).exclude(account_known()).exclude(_mended())


def accounts_to_accept() -> "QuerySet[Award]":
    """Awards whose mended account waits for a second person."""
    return Award.objects.exclude(state__in=(State.STRUCK, State.FORFEITED, State.PAID)).filter(_mended())


def _mended() -> Q:
    return Q(mended_by__isnull=False, accepted_by__isnull=True)


def open_differences(award_ids: Collection[int]) -> set[int]:
    """Those of the awards of which a difference is noted and not dealt with."""
    if not award_ids:
        return set()
    noted = Difference.objects.filter(award__in=award_ids, settled_at__isnull=True)
    return set(noted.values_list("award_id", flat=True))
