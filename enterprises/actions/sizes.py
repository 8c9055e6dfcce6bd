"""划型结论: written with their whole history; the latest of an enterprise and year is current."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from agency.models import CaseKind, Edition, Event, User
from agency.moves import copy_rows
from enterprises.models import SizeDecision


class Sized(NamedTuple):
    """What was found of one enterprise's size. `figures`: what the rung used, as plain JSON; `was`: as recorded before."""

    enterprise_id: int
    size: str
    size_class: str
    basis: str
    figures: Mapping[str, Any]
    was: str


def record_sizes(found: Sequence[Sized], edition: Edition, year: int, *, by: User | None, at: datetime) -> int:
    """Write what differs from the current decision of the enterprise and year, which then is no longer current.

    A changed size is an Event of its own. Returns how many were written."""
    ids = [each.enterprise_id for each in found]
    with transaction.atomic():
        current = _current(ids, year)
        news = [each for each in found if current.get(each.enterprise_id) != each]
        replaced = [each.enterprise_id for each in news if each.enterprise_id in current]
        SizeDecision.objects.filter(enterprise_id__in=replaced, year=year, current=True).update(current=False)
        columns = (
            "enterprise_id", "year", "edition_id", "size", "size_class", "basis", "figures", "was", "decided_by_id", "decided_at",
            "current",
        )  # fmt: skip
        by_id = by and by.pk
        rows = (
            (each.enterprise_id, year, edition.pk, each.size, each.size_class, each.basis, json.dumps(each.figures), each.was,
             by_id, at, True)
            for each in news
        )  # fmt: skip
        copy_rows(SizeDecision, columns, rows)
        _tell(replaced, year, by=by, at=at)
    return len(news)


def _current(enterprise_ids: list[int], year: int) -> dict[int, Sized]:
    """{enterprise: its current decision of the year}, locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT enterprise_id, size, size_class, basis, figures, was FROM enterprises_sizedecision
            WHERE enterprise_id = ANY(%s::bigint[]) AND year = %s AND current ORDER BY id FOR UPDATE
            """,
            [enterprise_ids, year],
        )
        return {row[0]: Sized(*row[:4], json.loads(row[4]), row[5]) for row in cursor.fetchall()}


def _tell(enterprise_ids: list[int], year: int, *, by: User | None, at: datetime) -> None:
    """One Event for each decision that replaced another."""
    if not enterprise_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO agency_event (at, kind, case_kind, case_id, by_id, region_id, from_state, to_state, why, detail)
            SELECT %s, %s, %s, e.id, %s, e.region_id, '', '', '划型变更：' || coalesce(nullif(d.size, ''), '未定'),
                jsonb_build_object('size_decision', d.id)
            FROM enterprises_sizedecision d JOIN enterprises_enterprise e ON e.id = d.enterprise_id
            WHERE d.enterprise_id = ANY(%s::bigint[]) AND d.year = %s AND d.current
            """,
            [at, Event.Kind.DECISION, CaseKind.SIZE, by and by.pk, enterprise_ids, year],
        )
