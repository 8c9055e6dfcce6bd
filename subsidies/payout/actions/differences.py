"""差额待办: a decision after the payment says another amount; that is noted for a person, the payment stays as it was."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from agency.models import Event, User
from agency.moves import record
from subsidies.payout.models import Award, Difference


def note_difference(award: Award, owed: Decimal, why: str, *, by: User | None, at: datetime) -> Difference | None:
    """Note what should have been paid beside what was; an open note of the same award is brought up to date. None where
    the two are the same, which withdraws an open note."""
    with transaction.atomic():
        Award.objects.select_for_update(no_key=True).get(pk=award.pk)
        open_one = Difference.objects.filter(award=award, settled_at__isnull=True)
        if owed == award.amount:
            open_one.update(settled_at=at)
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
