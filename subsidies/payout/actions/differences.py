"""差额待办: a decision after the payment says another amount; that is noted for a person, the payment stays as it was."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from agency.models import Event, Role, User
from agency.moves import check_mover, record
from subsidies.payout.models import Award, Difference


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
    with transaction.atomic():
        Award.objects.select_for_update(no_key=True).get(pk=award.pk)
        open_one = Difference.objects.filter(award=award, settled_at__isnull=True)
        if owed == award.amount:
            open_one.update(settled_by=by, settled_at=at, settlement="重新核定金额与已拨付的一致")
            return None
        noted = {"paid": award.amount, "owed": owed, "why": why[:300], "found_by": by, "found_at": at}
        made, _ = Difference.objects.update_or_create(
            award=award, settled_at=None, defaults=noted, create_defaults=noted | {"region_id": award.region_id}
        )
        record(
            Event.Kind.WRITE, case=Award.CASE, case_id=award.pk, by=by, at=at, region_id=award.region_id,
            why=f"差额待办：已拨付 {award.amount}，重新核定 {owed}", detail={"difference": made.pk},
        )  # fmt: skip
    return made
