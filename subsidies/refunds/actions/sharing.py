"""分派: cases shared out among the clerks who have a post for them, by hand or evenly, and taken back when a post ends."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import localdate

from agency.models import CaseKind, Role, User
from agency.queries import within
from subsidies.refunds.actions.refusals import RefundRefused
from subsidies.refunds.actions.reviews import Reviewed
from subsidies.refunds.models import Application, State

WORKED = frozenset({Role.PREPARER, Role.REVIEWER})  # who has cases of their own
MOST_SHARED = 20_000  # cases, in a page's time
# Whose a case is by its state; every other waits for the preparer.
REVIEWERS_WORK = frozenset({State.REVIEWED})


def _role_of(state: str) -> str:
    return Role.REVIEWER if state in REVIEWERS_WORK else Role.PREPARER


def assign(ids: Sequence[int], clerk: User, *, by: User, at: datetime) -> Reviewed:
    """Give these cases to one clerk. A case that the clerk has no post for, or that is out of the giver's regions, is
    refused; each change of hands is an Event."""
    today = localdate(at)
    with transaction.atomic():
        rows = Application.objects.select_for_update(of=("self",)).filter(pk__in=list(ids)).order_by("pk")
        mine = dict(rows.filter(within(by, WORKED, today)).values_list("pk", "state"))
        fitting = {
            role: set(Application.objects.filter(within(clerk, {role}, today), pk__in=mine).values_list("pk", flat=True))
            for role in WORKED
        }
        going = [pk for pk, state in mine.items() if pk in fitting[_role_of(state)]]
        _hand_over(going, [clerk.pk] * len(going), f"分派给{clerk.name}", by=by, at=at)
    refused = {
        pk: f"{clerk.name}在该地区没有{Role(_role_of(mine[pk])).label}岗位，不能分派。" if pk in mine else "不在您的岗位范围内。"
        for pk in ids
        if pk not in set(going)
    }
    return Reviewed(going, refused)


def share_out(rows: Any, clerks: Collection[User], *, by: User, at: datetime) -> dict[User, int]:
    """Deal the unassigned cases among the rows, in order, evenly to these clerks; each takes only what a post fits;
    MOST_SHARED at a time.
    Returns {clerk: how many}. Raises RefundRefused, MoveRefused."""
    if not clerks:
        raise RefundRefused("请至少选择一位经办人员。")
    today = localdate(at)
    with transaction.atomic():
        free = rows.filter(within(by, WORKED, today), assigned_to__isnull=True)
        free = dict(
            free.select_for_update(of=("self",), skip_locked=True).order_by("pk").values_list("pk", "state")[:MOST_SHARED]
        )
        fits = {
            (clerk, role): set(Application.objects.filter(within(clerk, {role}, today), pk__in=free).values_list("pk", flat=True))
            for clerk in clerks
            for role in WORKED
        }
        dealt: dict[User, list[int]] = {clerk: [] for clerk in clerks}
        for pk, state in free.items():
            able = [clerk for clerk in dealt if pk in fits[clerk, _role_of(state)]]
            if able:
                dealt[min(able, key=lambda clerk: len(dealt[clerk]))].append(pk)
        for clerk, ids in dealt.items():
            _hand_over(ids, [clerk.pk] * len(ids), f"分派给{clerk.name}", by=by, at=at)
    return {clerk: len(ids) for clerk, ids in dealt.items()}


def take_back(on: date, *, at: datetime) -> int:
    """Cases of clerks whose post for them has ended, or who left, are unassigned again. Safe late and twice."""
    taken = 0
    holders = Application.objects.filter(assigned_to__isnull=False).order_by().values_list("assigned_to", flat=True).distinct()
    for clerk in User.objects.filter(pk__in=list(holders)):
        theirs = Application.objects.filter(assigned_to=clerk)
        stays = theirs.filter(within(clerk, WORKED, on)).values("pk")
        with transaction.atomic():
            gone = theirs.exclude(pk__in=stays).select_for_update(of=("self",)).order_by("pk")
            ids = list(gone.values_list("pk", flat=True))
            _hand_over(ids, [None] * len(ids), f"{clerk.name}的岗位已结束，收回待分派", by=None, at=at)
        taken += len(ids)
    return taken


def _hand_over(ids: Sequence[int], clerks: Sequence[int | None], why: str, *, by: User | None, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH given AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS given (id, clerk)), done AS (
                UPDATE refunds_application application
                SET assigned_to_id = given.clerk, assigned_at = CASE WHEN given.clerk IS NULL THEN NULL ELSE %s END
                FROM given WHERE application.id = given.id
                RETURNING application.id, application.region_id, given.clerk
            )
            INSERT INTO agency_event (at, kind, case_kind, case_id, by_id, region_id, from_state, to_state, why, detail)
            SELECT %s, 'WRITE', %s, id, %s, region_id, '', '', %s, jsonb_build_object('assigned_to', clerk) FROM done
            """,
            [list(ids), list(clerks), at, at, CaseKind.REFUND, by and by.pk, why],
        )
