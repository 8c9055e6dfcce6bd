"""暂缓: open and lift what stops a case, one or many, each with its Event."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from agency.models import CreditCheck, Event, Hold, Role, User
from agency.moves import check_mover, record

LIFTS = {Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.SYSTEM}


class HoldRefused(Exception):
    """This hold cannot be opened or lifted; says in Chinese why."""


class NewHold(NamedTuple):
    """A hold to be opened: the case by word and id, why, and the archived check it rests on."""

    case_kind: str
    case_id: int
    kind: str
    reason: str
    region_id: str | None
    check_id: int | None = None


def open_hold(
    case_kind: str, case_id: int, kind: str, reason: str, region_id: str | None, *, by: User | None, at: datetime,
    check: CreditCheck | None = None,
) -> Hold | None:  # fmt: skip
    """Stop a case for a reason. None where a hold of this kind is already open on it."""
    opened = open_holds([NewHold(case_kind, case_id, kind, reason, region_id, check and check.pk)], by=by, at=at)
    return Hold.objects.get(pk=opened[0]) if opened else None


def open_holds(holds: Sequence[NewHold], *, by: User | None, at: datetime) -> list[int]:
    """Open many at once; those already open are left as they are. Returns the ids of the new ones."""
    for hold in holds:
        if not hold.reason.strip():
            raise HoldRefused("请写明暂缓的原因。")
    if not holds:
        return []
    columns = [list(column) for column in zip(*holds, strict=True)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH given (case_kind, case_id, kind, reason, region_id, check_id) AS (
                SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[])
            ), opened AS (
                INSERT INTO agency_hold (case_kind, case_id, kind, reason, region_id, check_row_id, opened_by_id, opened_at,
                    lifted_why)
                SELECT case_kind, case_id, kind, reason, region_id, check_id, %s, %s, '' FROM given
                ORDER BY case_kind, case_id, kind
                ON CONFLICT (case_kind, case_id, kind) WHERE lifted_at IS NULL DO NOTHING
                RETURNING id, case_kind, case_id, kind, reason, region_id
            ), told AS (
                INSERT INTO agency_event (at, kind, case_kind, case_id, by_id, region_id, from_state, to_state, why, detail)
                SELECT %s, 'WRITE', case_kind, case_id, %s, region_id, '', '', '暂缓：' || reason,
                    jsonb_build_object('hold', id, 'kind', kind)
                FROM opened
            )
            SELECT id FROM opened ORDER BY id
            """,
            [*columns, by and by.pk, at, at, by and by.pk],
        )
        return [row[0] for row in cursor.fetchall()]


def hold_by_hand(row: Any, reason: str, *, by: User, at: datetime) -> None:
    """Stop a case (a row with CASE and region) for a reason that a clerk states. Raises HoldRefused: no reason, or a clerk
    holds it already; MoveRefused: no such post."""
    check_mover(row, LIFTS, by, at)
    if open_hold(row.CASE, row.pk, Hold.Kind.CLERK, reason.strip()[:300], row.region_id, by=by, at=at) is None:
        raise HoldRefused("此件已有人工暂缓；请先到“暂缓”中处理那一条。")


def lift_hold(hold: Hold, why: str, *, by: User | None, at: datetime) -> None:
    """Lift one hold for a stated reason. Raises HoldRefused: no reason, or already lifted; MoveRefused: no such post."""
    check_mover(hold, LIFTS, by, at)
    if not why.strip():
        raise HoldRefused("请写明解除暂缓的理由。")
    with transaction.atomic():
        still_open = Hold.objects.filter(pk=hold.pk, lifted_at__isnull=True)
        if not still_open.update(lifted_by=by, lifted_at=at, lifted_why=why):
            raise HoldRefused("该暂缓已由他人解除，请刷新页面。")
        record(
            Event.Kind.WRITE, case=hold.case_kind, case_id=hold.case_id, by=by, at=at, region_id=hold.region_id,
            why=f"解除暂缓：{why}", detail={"hold": hold.pk, "kind": hold.kind},
        )  # fmt: skip
    hold.lifted_by, hold.lifted_at, hold.lifted_why = by, at, why


def lift_holds(
    case_kind: str, case_ids: Iterable[int], kinds: Iterable[str], why: str, *, by: User | None, at: datetime,
    system_only: bool = False,
) -> int:  # fmt: skip
    """Lift every open hold of these kinds on these cases; with `system_only` only those that no person opened."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH standing AS MATERIALIZED (
                SELECT id FROM agency_hold
                WHERE case_kind = %s AND case_id = ANY(%s::bigint[]) AND kind = ANY(%s) AND lifted_at IS NULL
                    AND NOT (%s AND opened_by_id IS NOT NULL)
                ORDER BY id FOR UPDATE
            ), lifted AS (
                UPDATE agency_hold hold SET lifted_by_id = %s, lifted_at = %s, lifted_why = %s
                FROM standing WHERE hold.id = standing.id
                RETURNING hold.id, case_kind, case_id, kind, region_id
            )
            INSERT INTO agency_event (at, kind, case_kind, case_id, by_id, region_id, from_state, to_state, why, detail)
            SELECT %s, 'WRITE', case_kind, case_id, %s, region_id, '', '', '解除暂缓：' || %s::text,
                jsonb_build_object('hold', id, 'kind', kind)
            FROM lifted
            """,
            [
                case_kind, list(case_ids), [str(kind) for kind in kinds], system_only,
                by and by.pk, at, why, at, by and by.pk, why,
            ],
        )  # fmt: skip
        return cursor.rowcount
