"""What of a row is compared with the row that is stored."""

from typing import NamedTuple

from psycopg import sql

from agency.intake.staging import Staging, index_pairs


class Compared(NamedTuple):
    """One value of a row, as SQL over `t` (stored) and `s` (staged): to compare, a sealed one by its blind index, and to
    show. `cell` is empty for what no cell holds."""

    cell: str
    header: str
    stored: sql.Composable
    staged: sql.Composable
    shown_stored: sql.Composable
    shown_staged: sql.Composable


def compared(staging: Staging) -> list[Compared]:
    """All that tells whether a row changed: its cells but for the key, what its codes refer to, what is computed."""
    indexes = {cell.name: index for cell, index in index_pairs(staging)}
    found = []
    for cell in staging.own_cells:
        if cell.name in staging.absent or cell.name in staging.resource.key:
            continue
        shown = sql.Identifier("t", cell.model_field.column), sql.Identifier("s", cell.name)  # type: ignore[union-attr]
        pair = (sql.Identifier("t", indexes[cell.name]), sql.Identifier("s", f"{cell.name}_index")) if cell.is_sealed else shown
        found.append(Compared(cell.name, cell.column_name, *pair, *shown))
    for ref, column, value in staging.filled_columns():
        if ref.cell not in staging.resource.key:
            code = sql.SQL("(SELECT {field} FROM {table} WHERE {pk} = {stored})").format(
                field=sql.Identifier(ref.field),
                table=sql.Identifier(ref.model._meta.db_table),
                pk=sql.Identifier(ref.model._meta.pk.column),
                stored=sql.Identifier("t", column),
            )
            header = staging.resource.cells[ref.cell].column_name
            found.append(Compared(ref.cell, header, sql.Identifier("t", column), value, code, sql.Identifier("s", ref.cell)))
    for column, expression in staging.resource.computed.items():
        header = next(str(field.verbose_name) for field in staging.resource.model._meta.concrete_fields if field.column == column)
        pair = sql.Identifier("t", column), sql.SQL(expression)
        found.append(Compared("", header, *pair, *pair))
    return found


def compared_text(staging: Staging) -> str:
    """The SQL of what is compared, for the joins that it needs."""
    aliases = [f"{ref.alias}." for ref, _, _ in staging.filled_columns()]
    return " ".join([*aliases, *staging.resource.computed.values()])
