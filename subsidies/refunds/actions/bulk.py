"""批量办理: what may be done to many chosen cases at once, each deed with a result a case."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate

from agency.actions.bulk import BulkDeed, Outcome
from agency.actions.holds import LIFTS, HoldRefused, NewHold, open_holds
from agency.actions.messages import queue_messages
from agency.models import CaseKind, Hold, Programme, Role, User
from agency.moves import move_ids
from agency.queries import within
from subsidies.payout.queries import NoTerms, terms_in_force
from subsidies.refunds.actions.approvals import approve_all
from subsidies.refunds.actions.completions import ask_for, usual_day
from subsidies.refunds.actions.offers import offer_rows, phone_of, with_contacts
from subsidies.refunds.actions.refusals import RefundRefused, check_period
from subsidies.refunds.actions.reviews import review_all
from subsidies.refunds.actions.sharing import assign
from subsidies.refunds.models import Application, Completion, State
from subsidies.refunds.queries.offers import OBSTACLES, eligible

_NOT_MINE = "当前状态不能这样办理，或您在该地区没有岗位；请刷新页面后再看。"


def _rows(ids: Sequence[int]) -> Any:
    return Application.objects.filter(pk__in=ids)


def _review(ids: Sequence[int], *, by: User, at: datetime) -> Outcome:
    return Outcome(*review_all(_rows(ids), by=by, at=at))


def _approve(ids: Sequence[int], *, by: User, at: datetime) -> Outcome:
    return Outcome(*approve_all(_rows(ids), by=by, at=at))


def _offer(ids: Sequence[int], *, by: User, at: datetime) -> Outcome:
    """Offer what nothing stands against, programme by programme."""
    today, moved, refused = localdate(at), [], {}
    for programme in Programme.objects.filter(pk__in=_rows(ids).values("programme")):
        of_it = _rows(ids).filter(programme=programme)
        try:
            check_period(programme, today)
            terms = terms_in_force(programme, today)
        except (RefundRefused, NoTerms) as why:
            refused |= dict.fromkeys(of_it.values_list("pk", flat=True), str(why))
            continue
        mine = eligible(programme, terms, today).filter(within(by, {Role.PREPARER}, today), pk__in=ids)
        obstacles = dict(mine.values_list("pk", "obstacle"))
        refused |= {pk: f"不能推送：{OBSTACLES[word]}。" for pk, word in obstacles.items() if word}
        ready = [pk for pk, word in obstacles.items() if not word]
        moved += offer_rows(_rows(ready), programme, terms, by=by, at=at)[0]
    return Outcome(moved, refused)


def _reject(ids: Sequence[int], *, reason: str, by: User, at: datetime) -> Outcome:
    """One that was returned waits for the day by which it is to be completed."""
    open_still = Completion.objects.filter(application__in=ids, answered_at__isnull=True, complete_by__gte=localdate(at))
    early = dict(open_still.filter(application__state=State.RETURNED).values_list("application_id", "complete_by"))
    done = _tell_back([pk for pk in ids if pk not in early], State.REJECTED, "rejected", reason, by=by, at=at)
    return Outcome(done.moved, {**done.refused, **{pk: f"补正期限到 {day} 为止，期限未到。" for pk, day in early.items()}})


def _return(ids: Sequence[int], *, reason: str, by: User, at: datetime) -> Outcome:
    """Each with the usual day by which it is to be completed."""
    until = usual_day(localdate(at))
    with transaction.atomic():
        done = _tell_back(ids, State.RETURNED, "returned", reason, by=by, at=at, complete_by=until)
        ask_for(done.moved, reason, (), until, by=by, at=at)
    return done


def _tell_back(ids: Sequence[int], to: str, message: str, reason: str, *, by: User, at: datetime, **also: object) -> Outcome:
    """Move each that the table lets the clerk move, for one reason, and tell the enterprises that have a phone."""
    reason = reason.strip()[:500]
    if not reason:
        raise RefundRefused("请写明理由，单位会看到。")
    with transaction.atomic():
        moved, left = move_ids(Application, ids, to, by=by, at=at, why=reason, also={"reason": reason})
        told: dict[Programme, list[Any]] = {}
        for each in with_contacts(moved).select_related("programme", "enterprise"):
            if phone := phone_of(each):
                params = {"name": each.enterprise.name, "title": each.programme.title, "reason": reason, **also}
                row = (CaseKind.REFUND, each.pk, each.region_id, phone, params)
                told.setdefault(each.programme, []).append(row)
        for programme, rows in told.items():
            queue_messages(message, rows, at=at, programme=programme)
    return Outcome(moved, dict.fromkeys(left, _NOT_MINE))


def hold_all(ids: Sequence[int], *, reason: str, by: User, at: datetime) -> Outcome:
    """Hold each case by hand, for a reason; one that a clerk already holds stays as it is. Raises HoldRefused."""
    mine = dict(_rows(ids).filter(within(by, LIFTS, localdate(at))).values_list("pk", "region_id"))
    new = [NewHold(CaseKind.REFUND, pk, Hold.Kind.CLERK, reason.strip()[:300], mine[pk]) for pk in sorted(mine)]
    opened = open_holds(new, by=by, at=at)
    moved = set(Hold.objects.filter(pk__in=opened).values_list("case_id", flat=True))
    why = {pk: "已有人工暂缓，未再暂缓。" if pk in mine else _NOT_MINE for pk in ids if pk not in moved}
    return Outcome(sorted(moved), why)


def _assign(ids: Sequence[int], *, clerk: int, by: User, at: datetime) -> Outcome:
    return Outcome(*assign(ids, User.objects.get(pk=clerk), by=by, at=at))


def names_of(ids: Sequence[int]) -> Mapping[int, str]:
    """{id: code and name of its enterprise}."""
    found = _rows(ids).values_list("pk", "enterprise__uscc", "enterprise__name")
    return {pk: f"{uscc} {name}" for pk, uscc, name in found}


BULK_DEEDS = {
    word: BulkDeed(act, names_of, (RefundRefused, NoTerms, HoldRefused))
    for word, act in {
        "offer": _offer, "review": _review, "approve": _approve, "reject": _reject, "return": _return, "hold": hold_all,
        "assign": _assign,
    }.items()
}  # fmt: skip
