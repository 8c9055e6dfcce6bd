"""Whether what a report was made from still stands, so that confirming need not look at every row again.

A trigger notes each transaction that writes to a table with history. A report keeps the snapshot that its checks began with:
a write noted by a transaction outside of that snapshot came later, or had not ended."""

import hashlib
import re
from datetime import datetime
from typing import Any

from django.db import connection

from agency.intake.declare import SheetResource, parameters_of
from agency.intake.staging import Staging
from agency.models import Import, watched_tables

KEPT_DAYS = 30  # how long writes stay noted, by the server's own clock; a report half as old is not relied on
_TABLE = re.compile(r"\b(?:agency|enterprises|payout|refunds|skills)_[a-z0-9]+\b")
_LATER = (
    "SELECT extract(epoch FROM now()) - %s > 86400 * %s / 2 OR to_regclass(%s) IS NULL OR EXISTS (SELECT FROM agency_write "
    "WHERE table_name = ANY(%s) AND NOT pg_visible_in_snapshot(xid::text::xid8, %s::pg_snapshot))"
)


def basis(resource: SheetResource, imp: Import, *, scope: list[str], at: datetime) -> dict[str, Any]:
    """What a report that is made from now on is made from: kept in it. Asked before the first check."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text, extract(epoch FROM now())::bigint")
        snapshot, made_at = cursor.fetchone()
    return {"snapshot": snapshot, "made_at": made_at, "asked": _asked(resource, imp, scope, at)}


def stands(staging: Staging, *, scope: list[str], at: datetime) -> bool:
    """Whether the report of a checked import, and the fates that it left, are what they would be if it were made now: nothing
    that its checks ask was written since, and they would ask the same. False where that cannot be told."""
    made_from, tables = staging.imp.report.get("basis"), _tables(staging.resource)
    if not made_from or not tables <= watched_tables():
        return False
    if made_from["asked"] != _asked(staging.resource, staging.imp, scope, at):
        return False
    fates = f"intake_{staging.imp.pk}_fate"
    with connection.cursor() as cursor:
        cursor.execute(_LATER, [made_from["made_at"], KEPT_DAYS, fates, sorted(tables), made_from["snapshot"]])
        return not cursor.fetchone()[0]


def forget_writes() -> None:
    """Drop the notes that no report relies on any more."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM agency_write WHERE at < now() - %s * interval '1 day'", [KEPT_DAYS])


def _asked(resource: SheetResource, imp: Import, scope: list[str], at: datetime) -> str:
    parameters = {name: str(value) for name, value in parameters_of(resource, imp, scope, at).items()}
    return hashlib.sha256(repr(sorted(parameters.items())).encode()).hexdigest()


def _tables(resource: SheetResource) -> set[str]:
    """Every table that the kind's SQL names, or compares with."""
    models = [resource.model, *(ref.model for ref in resource.references)]
    texts: list[Any] = [*resource.prepared.values(), *resource.computed.values(), *resource.regions]
    texts += [text for check in resource.checks for text in (check.where, check.join, *check.figures)]
    texts += [ref.on for ref in resource.references]
    return {model._meta.db_table for model in models} | {"agency_region"} | set(_TABLE.findall(" ".join(texts)))
