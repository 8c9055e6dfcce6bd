"""差额待办: a decision after the payment says another amount; that is noted for a person, the payment stays as it was."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction

from agency.models import Event, Role, User
from agency.moves import check_mover, record
from subsidies.payout.models import Award, Difference

_AGREES = "重新核定金额与已拨付的一致"


class DifferenceRefused(Exception):
    """This note cannot be settled; says in Chinese why."""


def settle_difference(difference: Difference, settlement: str, *, by: User, at: datetime) -> None:
    """Say how the difference was dealt with; the payment stays as it was. Raises DifferenceRefused, MoveRefused."""
    check_mover(difference, {Role.REVIEWER, Role.FINANCE}, by, at)
    if not settlement.strip():
        raise DifferenceRefused("请写明如何处理（如另行补发、已通知退回及文号）。")
    with transaction.atomic():
        still_open = Difference.objects.filter(pk=difference.pk, settled_at__isnull=True)
        if not still_open.update(settled_by=by, settled_at=at, settlement=settlement.strip()[:300]):
            raise DifferenceRefused("该差额已由他人办结，请刷新页面。")
        record(
            Event.Kind.WRITE, case=Award.CASE, case_id=difference.award_id, by=by, at=at, region_id=difference.region_id,
            why=f"差额办结：{settlement.strip()[:300]}", detail={"difference": difference.pk},
        )  # fmt: skip
    difference.refresh_from_db()


def note_difference(award: Award, owed: Decimal, why: str, *, by: User | None, at: datetime) -> Difference | None:
    """Note what should have been paid beside what was; an open note of the same award is brought up to date. None where
    the two are the same, which withdraws an open note."""
    note_differences([Owed(award.pk, owed, why)], by=by, at=at)
    return Difference.objects.filter(award=award, settled_at__isnull=True).first()


class Owed(NamedTuple):
    """What should have been paid of an award, in yuan, and why that is so."""

    award_id: int
    owed: Decimal
    why: str


def note_differences(given: Sequence[Owed], *, by: User | None, at: datetime) -> int:
    """`note_difference` of many. What is noted already, or was dealt with by a person, is left alone. Returns how many notes
    are new or say another sum."""
    with transaction.atomic():
        rows = Award.objects.select_for_update(no_key=True).filter(pk__in=[each.award_id for each in given]).order_by("pk")
        awards = {award.pk: award for award in rows}
        open_ones = {each.award_id: each for each in Difference.objects.filter(award__in=awards, settled_at__isnull=True)}
        same = {each.award_id for each in given if each.owed == awards[each.award_id].amount}
        agreed = [noted for award_id, noted in open_ones.items() if award_id in same]
        Difference.objects.filter(pk__in=[noted.pk for noted in agreed]).update(settled_by=by, settled_at=at, settlement=_AGREES)
        dealt_with = Difference.objects.filter(award__in=awards, settled_at__isnull=False).exclude(settlement=_AGREES)
        known = dict(dealt_with.order_by("pk").values_list("award_id", "owed"))
        known |= {award_id: noted.owed for award_id, noted in open_ones.items()}
        new = [each for each in given if each.award_id not in same and known.get(each.award_id) != each.owed]
        for each in new:
            award, noted = awards[each.award_id], open_ones.get(each.award_id) or Difference(award_id=each.award_id)
            noted.region_id, noted.paid, noted.owed, noted.why = award.region_id, award.amount, each.owed, each.why[:300]
            noted.found_by, noted.found_at = by, at
            open_ones[each.award_id] = noted
        noted_ones = [open_ones[each.award_id] for each in new]
        changed = [noted for noted in noted_ones if noted.pk is not None]
        Difference.objects.bulk_create([noted for noted in noted_ones if noted.pk is None])
        Difference.objects.bulk_update(changed, ["paid", "owed", "why", "found_by", "found_at"])
        said = [(noted, f"差额待办：已拨付 {noted.paid}，重新核定 {noted.owed}") for noted in noted_ones]
        said += [(noted, f"差额办结：{_AGREES}") for noted in agreed]
        Event.objects.bulk_create(_told(noted, why, by=by, at=at) for noted, why in said)
    return len(new)


def _told(noted: Difference, why: str, *, by: User | None, at: datetime) -> Event:
    return Event(
        at=at, kind=Event.Kind.WRITE, case_kind=Award.CASE, case_id=noted.award_id, by=by, region_id=noted.region_id,
        why=why, detail={"difference": noted.pk},
    )  # fmt: skip
