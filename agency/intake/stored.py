"""One stored row as a person would type it, to be corrected by hand through the same checks as a file."""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from psycopg import sql

from agency.intake.compare import compared
from agency.intake.declare import SHOWN, WITHIN, Cell, SheetResource
from agency.intake.staging import Staging
from agency.models import Import
from agency.sealed import Sealed, blind_index
from sheets import values


def stored_row(resource: SheetResource, key: Mapping[str, str], *, scope: list[str]) -> dict[str, str] | None:
    """{cell: text} of the stored row of a key, but for its key; sealed cells masked. None where there is none within these
    region paths. One query. Raises sheets.values.BadValue for a key that cannot be read."""
    staging = Staging(resource, Import(kind=resource.kind))
    shown = [pair for pair in compared(staging) if pair.cell]
    if not shown:
        return None
    places = " ".join(resource.regions)
    query = sql.SQL("SELECT {shown} FROM (SELECT {given}) s {joins} WHERE {pk} IS NOT NULL {within}").format(
        shown=sql.SQL(", ").join(pair.shown_stored for pair in shown),
        given=sql.SQL(", ").join(_given(resource)),
        joins=staging.joins(f"t. {staging.key_text} {places}"),
        pk=staging.target_pk,
        within=sql.SQL(" ").join(sql.SQL(f"AND ({place} IS NULL OR {place} IN ({WITHIN}))") for place in resource.regions),
    )
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(None), _typed_key(resource, key) | {"scope": scope})
        found = cursor.fetchone()
    if found is None:
        return None
    return {pair.cell: _as_typed(resource.cells[pair.cell], value) for pair, value in zip(shown, found, strict=True)}


def _given(resource: SheetResource) -> list[sql.Composable]:
    """The columns of a staged row of which nothing but the key is known."""
    columns: list[sql.Composable] = []
    for name, cell in resource.cells.items():
        value = sql.Placeholder(f"key_{name}") if name in resource.key and not cell.is_sealed else sql.NULL
        columns.append(sql.SQL("{}::{} AS {}").format(value, sql.SQL(cell.sql_type), sql.Identifier(name)))
        if cell.is_sealed:
            value = sql.Placeholder(f"key_{name}") if name in resource.key else sql.NULL
            columns.append(sql.SQL("{}::text AS {}").format(value, sql.Identifier(f"{name}_index")))
    return columns


def _typed_key(resource: SheetResource, key: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in resource.key:
        cell = resource.cells[name]
        text = cell.value.clean(key.get(name) or None)
        found[f"key_{name}"] = (blind_index(text) if text else "") if cell.is_sealed else cell.empty if text is None else text
    return found


def _as_typed(cell: Cell, value: Any) -> str:
    """A stored value as its cell takes it."""
    if value is None or value == "":
        return ""
    if cell.is_sealed:
        return SHOWN.render(Sealed(value))
    canonical = str(value).lower() if isinstance(value, bool) else str(value)
    words = [word for word in cell.value.options if cell.value.clean(word) == canonical]
    if words:
        return words[0]
    return canonical[:7] if cell.value == values.month else canonical
