"""Confirming: the good rows of an import land together, new ones inserted, changed ones updated, unchanged ones left."""

from datetime import datetime
from typing import Any

from django.db import connection, models
from psycopg import sql

from agency.intake.declare import parameters_of
from agency.intake.fates import CHANGED, NEW
from agency.intake.staging import Staging, index_pairs
from agency.models import User


def hold(staging: Staging) -> None:
    """Lock the stored rows that would change, so that what is then found of them is true until they are written."""
    held = sql.SQL(
        "SELECT count(*) FROM (SELECT FROM {target} t JOIN {fates} f ON f.pk = {pk} WHERE f.fate = {changed} "
        "ORDER BY {pk} FOR NO KEY UPDATE OF t) held"
    ).format(target=staging.target, fates=staging.fates, pk=staging.target_pk, changed=sql.Literal(CHANGED))
    if staging.imp.changed:
        with connection.cursor() as cursor:
            cursor.execute(held.as_string(None))


def land(staging: Staging, *, scope: list[str], by: User, at: datetime) -> None:
    """Write what `report` decided in this transaction, then what the kind does after its rows have landed.

    Old versions of changed rows are kept by the history triggers of their table."""
    parameters = parameters_of(staging.resource, staging.imp, scope, at)
    written = _written(staging)
    source = [(sql.Identifier("source_id"), sql.Literal(staging.imp.pk)), (sql.Identifier("source_row"), sql.SQL("s.number"))]
    with connection.cursor() as cursor:
        if staging.imp.new:
            cursor.execute(_insert(staging, [*written, *source, *_defaults(staging)]).as_string(None), parameters)
        if staging.imp.changed:
            cursor.execute(_update(staging, [*written, *source]).as_string(None), parameters)
        if staging.imp.new or staging.imp.changed:  # whoever asks next must not plan for an empty table
            cursor.execute(sql.SQL("ANALYZE {}").format(staging.target).as_string(None))
    for action in staging.resource.after:
        action(staging, by=by, at=at)


Pairs = list[tuple[sql.Composable, sql.Composable]]


def _written(staging: Staging) -> Pairs:
    """(column, SQL of its value) of all that the file says."""
    indexes = {cell.name: index for cell, index in index_pairs(staging)}
    pairs: Pairs = []
    for cell in staging.own_cells:
        if cell.name in staging.absent and cell.name not in staging.resource.key:
            continue
        pairs.append((sql.Identifier(cell.model_field.column), sql.Identifier("s", cell.name)))  # type: ignore[union-attr]
        if cell.is_sealed:
            pairs.append((sql.Identifier(indexes[cell.name]), sql.Identifier("s", f"{cell.name}_index")))
    pairs += [(sql.Identifier(column), value) for _, column, value in staging.filled_columns()]
    pairs += [(sql.Identifier(column), sql.SQL(text)) for column, text in staging.resource.computed.items()]
    return pairs


def _defaults(staging: Staging) -> Pairs:
    """What the model puts where the file says nothing: PostgreSQL does not know Django's defaults."""
    said = {cell.model_field.column for cell in staging.own_cells if cell.model_field and cell.name not in staging.absent}
    said |= {staging.resource.cells[name].model_field.column for name in staging.resource.key if _is_own(staging, name)}  # type: ignore[union-attr]
    said |= {index for cell, index in index_pairs(staging) if cell.name not in staging.absent}
    said |= {ref.fills for ref in staging.resource.references} | {*staging.resource.computed, "source_id", "source_row"}
    return [
        (sql.Identifier(field.column), sql.Literal(field.get_default()))
        for field in staging.resource.model._meta.concrete_fields
        if field.column not in said and not isinstance(field, models.AutoField | models.BigAutoField)
    ]


def _is_own(staging: Staging, name: str) -> bool:
    return staging.resource.cells[name].model_field is not None


def _names(pairs: Any) -> str:
    return " ".join(value.as_string(None).replace('"', "") for _, value in pairs)


def _insert(staging: Staging, pairs: Pairs) -> sql.Composable:
    """Asked as rows without another fate, which PostgreSQL knows to be nearly all: it then reads what they refer to once, not
    row by row."""
    only_new = staging.imp.new == staging.imp.report["rows"]
    of_new = sql.SQL("" if only_new else "WHERE NOT EXISTS (SELECT FROM {fates} f WHERE f.row = s.row AND f.fate <> {new})")
    return sql.SQL("INSERT INTO {target} ({columns}) SELECT {values} FROM {rows} s {joins} {of_new}").format(
        target=staging.target,
        columns=sql.SQL(", ").join(column for column, _ in pairs),
        values=sql.SQL(", ").join(value for _, value in pairs),
        rows=staging.rows,
        joins=staging.joins(_names(pairs)),
        of_new=of_new.format(fates=staging.fates, new=sql.Literal(NEW)),
    )


def _update(staging: Staging, pairs: Pairs) -> sql.Composable:
    return sql.SQL(
        "UPDATE {target} t SET {sets} FROM {rows} s "
        "JOIN {fates} f ON f.row = s.row {joins} WHERE f.fate = {changed} AND f.pk = {pk}"
    ).format(
        target=staging.target,
        sets=sql.SQL(", ").join(sql.SQL("{} = {}").format(column, value) for column, value in pairs),
        rows=staging.rows,
        fates=staging.fates,
        joins=staging.joins(_names(pairs), target=False),
        changed=sql.Literal(CHANGED),
        pk=staging.target_pk,
    )
