"""What an import would change: each stored row beside the staged one, page by page, sealed values masked."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from psycopg import sql

from agency.intake.compare import Compared, compared, compared_text
from agency.intake.declare import SHOWN, Cell, parameters_of
from agency.intake.fates import CHANGED
from agency.intake.staging import Staging
from agency.sealed import Sealed

PAGE = 20
_FOLLOWING = "SELECT row FROM {} WHERE row > %(place)s ORDER BY row LIMIT %(page)s"
_PRECEDING = "SELECT row FROM {} WHERE row < %(place)s ORDER BY row DESC LIMIT %(page)s"


class ChangedCell(NamedTuple):
    """One cell as it is stored and as the file has it; sealed values masked, so that two may look alike."""

    header: str
    before: str
    after: str


class ChangedRow(NamedTuple):
    """One row that confirming would change. `place` orders the rows of the file, whatever their sheet."""

    place: int
    sheet: str
    number: int
    key: str
    cells: list[ChangedCell]


class ChangesPage(NamedTuple):
    """A page of changed rows, in the order of the file; whether there are earlier and later ones."""

    rows: list[ChangedRow]
    earlier: bool = False
    later: bool = False

    @property
    def first(self) -> int:
        return self.rows[0].place if self.rows else 0

    @property
    def last(self) -> int:
        return self.rows[-1].place if self.rows else 0


def keep_changes(staging: Staging) -> None:
    """Keep which rows would change, for `changed_rows`; called in the transaction of their `report`."""
    with connection.cursor() as cursor:
        for statement in (
            sql.SQL("CREATE UNLOGGED TABLE {changes} AS SELECT row, pk FROM {fates} WHERE fate = {changed}"),
            sql.SQL("ALTER TABLE {changes} ADD PRIMARY KEY (row)"),
            sql.SQL("CREATE INDEX ON {rows} USING brin (row)"),  # the rows lie in their order
        ):
            named = statement.format(
                changes=staging.changes, fates=staging.fates, rows=staging.rows, changed=sql.Literal(CHANGED)
            )
            cursor.execute(named.as_string(None))


def changed_rows(staging: Staging, *, at: datetime, after: int = 0, before: int | None = None) -> ChangesPage:
    """The page of changed rows that follows a place, or that ends before one; against what is stored now.

    Empty where the staging tables are gone."""
    page = sql.SQL(_FOLLOWING if before is None else _PRECEDING).format(staging.changes)
    pairs = compared(staging)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"intake_{staging.imp.pk}_change"])
        if cursor.fetchone()[0] is None:
            return ChangesPage([])
        cursor.execute(page.as_string(None), {"place": after if before is None else before, "page": PAGE})
        places = sorted(place for (place,) in cursor.fetchall())
        if not places:
            return ChangesPage([])
        cursor.execute(
            sql.SQL("SELECT min(row) < %s, max(row) > %s FROM {}").format(staging.changes).as_string(None),
            [places[0], places[-1]],
        )
        earlier, later = cursor.fetchone()
        parameters = parameters_of(staging.resource, staging.imp, [], at) | {"places": places}
        cursor.execute(_beside(staging, pairs).as_string(None), parameters)
        return ChangesPage([_row(staging, pairs, found) for found in cursor.fetchall()], earlier, later)


def _beside(staging: Staging, pairs: list[Compared]) -> sql.Composable:
    """(place, sheet, number, key cells ..., then of each pair: whether it differs, stored, staged)."""
    columns: list[sql.Composable] = [sql.Identifier("s", name) for name in staging.resource.key]
    for pair in pairs:
        differs = sql.SQL("{} IS DISTINCT FROM {}").format(pair.stored, pair.staged)
        columns += [differs, pair.shown_stored, pair.shown_staged]
    return sql.SQL(
        "SELECT s.row, s.sheet, s.number, {columns} FROM {changes} c JOIN {rows} s ON s.row = c.row "
        "JOIN {target} t ON {pk} = c.pk {joins} WHERE c.row = ANY(%(places)s) AND s.row = ANY(%(places)s) ORDER BY s.row"
    ).format(
        columns=sql.SQL(", ").join(columns),
        changes=staging.changes,
        rows=staging.rows,
        target=staging.target,
        pk=staging.target_pk,
        joins=staging.joins(compared_text(staging), target=False),
    )


def _row(staging: Staging, pairs: list[Compared], found: tuple[Any, ...]) -> ChangedRow:
    place, sheet, number, *values = found
    cells = staging.resource.cells
    width = len(staging.resource.key)
    key = [_shown(cells[name], value) for name, value in zip(staging.resource.key, values, strict=False) if value]
    triples = zip(values[width::3], values[width + 1 :: 3], values[width + 2 :: 3], strict=True)
    changed = [
        ChangedCell(pair.header, _shown(cells.get(pair.cell), stored), _shown(cells.get(pair.cell), staged))
        for pair, (differs, stored, staged) in zip(pairs, triples, strict=True)
        if differs
    ]
    return ChangedRow(place, sheet, number, " · ".join(key), changed)


def _shown(cell: Cell | None, value: Any) -> str:
    sealed = bool(value) and cell is not None and cell.is_sealed
    return SHOWN.render(Sealed(value) if sealed else value) or "（空）"
