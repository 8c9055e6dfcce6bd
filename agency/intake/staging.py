"""The staging table of an import: what the file says, normalised and sealed, one row a row of the file."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from django.db import connection, models
from django.utils.timezone import get_default_timezone_name
from psycopg import sql

from agency.intake.declare import Cell, Reference, SheetResource, index_column, kind_of
from agency.models import Import
from agency.sealed import blind_index, masked, seal
from sheets.read import CellError, Lines, Reading, SheetRefused

ERROR, WARNING = "E", "W"
_PARTS = ("row", "issue", "fate", "change")  # of the names of the staging tables
_AT_ONCE = 8_000  # rows, or the block that exceeds them, that are staged by one COPY
UNREADABLE = "unreadable"  # the code of issues that the reader found


@dataclass(frozen=True)
class Staging:
    """The staging tables of one import, and the SQL that names them. `absent`: cells whose column the file lacks."""

    resource: SheetResource
    imp: Import
    absent: frozenset[str] = frozenset()

    @property
    def rows(self) -> sql.Identifier:
        return sql.Identifier(f"intake_{self.imp.pk}_row")

    @property
    def issues(self) -> sql.Identifier:
        return sql.Identifier(f"intake_{self.imp.pk}_issue")

    @property
    def fates(self) -> sql.Identifier:
        """What becomes of each row that is not simply new, and what was found of it."""
        return sql.Identifier(f"intake_{self.imp.pk}_fate")

    @property
    def changes(self) -> sql.Identifier:
        """Which rows a checked import would change."""
        return sql.Identifier(f"intake_{self.imp.pk}_change")

    @cached_property
    def names(self) -> dict[str, sql.Identifier]:
        """What the SQL of the kind may name in braces; its prepared tables are temporary ones."""
        prepared = {name: sql.Identifier(f"intake_{self.imp.pk}_{name}") for name in self.resource.prepared}
        return {"rows": self.rows, "issues": self.issues, **prepared}

    @property
    def target(self) -> sql.Identifier:
        return sql.Identifier(self.resource.model._meta.db_table)

    @property
    def target_pk(self) -> sql.Identifier:
        return sql.Identifier("t", self.resource.model._meta.pk.column)

    @cached_property
    def own_cells(self) -> list[Cell]:
        """The cells that are columns of the model."""
        return [cell for cell in self.resource.cells.values() if cell.model_field is not None]

    def matched(self, name: str) -> str:
        """The staged column that a cell is matched by: its own; of a sealed cell that of its blind index."""
        return f"{name}_index" if self.resource.cells[name].is_sealed else name

    def joins(self, text: str, *, target: bool = True) -> sql.Composable:
        """LEFT JOINs of the references that a text of SQL names, and of the stored row `t` where it names that (but not
        without `target`: an UPDATE of it names it already)."""
        wants_target = target and mentions("t", text)
        named = f"{text} {self.key_text}" if wants_target else text
        parts = [self._reference_join(ref) for ref in self.resource.references if mentions(ref.alias, named)]
        if wants_target:
            parts.append(sql.SQL("LEFT JOIN {} t ON {}").format(self.target, self._key_condition()))
        return sql.SQL(" ").join(parts)

    @property
    def key_text(self) -> str:
        return " ".join(self._key_source(name)[1] for name in self.resource.key)

    def _reference_join(self, ref: Any) -> sql.Composable:
        on = (
            sql.SQL(ref.on) if ref.on else sql.SQL("{} = {}").format(sql.Identifier(ref.alias, ref.field), self._staged(ref.cell))
        )
        table = sql.Identifier(ref.model._meta.db_table)
        live = sql.SQL(" AND NOT {}").format(sql.Identifier(ref.alias, "voided")) if _can_be_voided(ref.model) else sql.SQL("")
        return sql.SQL("LEFT JOIN {} {} ON {}{}").format(table, sql.Identifier(ref.alias), on, live)

    def _key_source(self, name: str) -> tuple[str, str]:
        """(column of the model, SQL of its value) of one part of the key."""
        for ref in self.resource.references:
            if ref.cell == name and ref.fills:
                return ref.fills, f'{ref.alias}."{ref.model._meta.pk.column}"'
        cell = self.resource.cells[name]
        column = index_column(cell) if cell.is_sealed else cell.model_field.column if cell.model_field else name
        return column, f's."{self.matched(name)}"'

    def _staged(self, name: str) -> sql.Identifier:
        return sql.Identifier("s", self.matched(name))

    def _key_condition(self) -> sql.Composable:
        parts = []
        for name in self.resource.key:
            column, value = self._key_source(name)
            same = "{} IS NOT DISTINCT FROM {}" if self.may_be_empty(name) else "{} = {}"
            parts.append(sql.SQL(same).format(sql.Identifier("t", column), sql.SQL(value)))
        return sql.SQL(" AND ").join(parts)

    def filled_columns(self) -> Iterator[tuple[Reference, str, sql.Composable]]:
        """(reference, column of the model, SQL of its value) of each reference that fills one; a column that the file
        lacks says nothing of it."""
        for ref in self.resource.references:
            if ref.fills and (ref.cell not in self.absent or ref.cell in self.resource.key):
                yield ref, ref.fills, sql.Identifier(ref.alias, ref.model._meta.pk.column)

    def values_of(self, name: str) -> list[Any]:
        """The values of one cell among the rows that landed or were already as the file says."""
        query = sql.SQL("SELECT DISTINCT s.{} FROM {} s LEFT JOIN {} f ON f.row = s.row WHERE f.row IS NULL OR f.fate > 0")
        with connection.cursor() as cursor:
            cursor.execute(query.format(sql.Identifier(name), self.rows, self.fates).as_string(None))
            return [found for (found,) in cursor.fetchall()]

    def may_be_empty(self, name: str) -> bool:
        """Whether a part of the key may be unknown; then empty equals empty."""
        field = self.resource.cells[name].model_field
        return bool(field and field.null)


def mentions(alias: str, text: str) -> bool:
    """Whether a text of SQL names a table's alias."""
    return re.search(rf'(?<![\w"]){alias}\.', text) is not None


def _can_be_voided(model: type[models.Model]) -> bool:
    return any(field.name == "voided" for field in model._meta.fields)


def fill(
    resource: SheetResource, imp: Import, reading: Reading, told: Callable[..., None], about: int | None = None
) -> tuple[Staging, int]:
    """Make the staging tables anew and stream the file into them. Returns them and the number of rows.

    `about`: how many there will be, where that is nearly known. Raises SheetRefused. The memory needed is that of one batch."""
    staging = Staging(resource, imp, _absent(resource, reading))
    _create(staging)
    taken, blocks = 0, reading.lines()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE %s", [get_default_timezone_name()])  # a file's moments are the desk's
        for first in blocks:
            errors: list[tuple[int, CellError]] = []
            with cursor.copy(_copy(staging)) as copy:
                for lines in _some(chain([first], blocks)):
                    copy.write(_with_sealed(staging, lines))
                    errors += lines.errors
                    taken += lines.rows
            _note(staging, cursor, errors)
            told(taken, about, "读取文件")
        cursor.execute("SET LOCAL TIME ZONE %s", [connection.timezone_name])
        cursor.execute("SET LOCAL default_statistics_target = 10")  # rough numbers do for plans of whole-table passes
        cursor.execute(sql.SQL("ANALYZE {}").format(staging.rows).as_string(None))
        cursor.execute("SET LOCAL default_statistics_target TO DEFAULT")
    return staging, taken


def _some(blocks: Iterator[Lines]) -> Iterator[Lines]:
    """The next blocks, for one COPY: beginning one costs the server."""
    rows = 0
    for lines in blocks:
        yield lines
        rows += lines.rows
        if rows >= _AT_ONCE:
            return


def drop_staging(imp_id: int) -> None:
    """Forget what was staged for an import."""
    with connection.cursor() as cursor:
        for part in _PARTS:
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(f"intake_{imp_id}_{part}")).as_string(None))


def staged_imports() -> set[int]:
    """Imports that have staging tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT substring(relname FROM '[0-9]+')::bigint FROM pg_class "
            "WHERE relkind = 'r' AND relname ~ '^intake_[0-9]+_(row|issue|fate|change)$' AND pg_table_is_visible(oid)"
        )
        return {imp_id for (imp_id,) in cursor.fetchall()}


def staging_of(imp: Import) -> Staging:
    """The staging tables of an import that was checked. Raises UnknownKind."""
    return Staging(kind_of(imp.kind), imp, frozenset(imp.report["absent"]))


def is_staged(staging: Staging, rows: int) -> bool:
    """Whether the staging tables are there with this many rows: unlogged, they are empty after a crash of the server."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT num_nulls(to_regclass(%s), to_regclass(%s))", [f"intake_{staging.imp.pk}_{part}" for part in ("row", "fate")]
        )
        if cursor.fetchone()[0]:
            return False
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(staging.rows).as_string(None))
        return bool(cursor.fetchone()[0] == rows)


def _absent(resource: SheetResource, reading: Reading) -> frozenset[str]:
    """Cells whose column no sheet has. A column that only some sheets have would blank the rows of the others."""
    present = [set(head.places) for head in reading.heads]
    everywhere, somewhere = set.intersection(*present), set.union(*present)
    if everywhere != somewhere:
        headers = "、".join(resource.cells[name].column_name for name in resource.cells if name in somewhere - everywhere)
        raise SheetRefused(f"各工作表的列不一致：“{headers}”只在部分工作表中出现，请统一各表的表头后重新上传")
    return frozenset(set(resource.cells) - somewhere)


def _create(staging: Staging) -> None:
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(cell.name), sql.SQL(cell.sql_type)) for cell in staging.resource.cells.values()
    ]
    columns += [sql.SQL("{} text").format(sql.Identifier(f"{cell.name}_index")) for cell in staging.own_cells if cell.is_sealed]
    drop_staging(staging.imp.pk)
    statements = [
        sql.SQL("CREATE UNLOGGED TABLE {} (row bigint, sheet text, number bigint, {}) WITH (autovacuum_enabled = off)").format(
            staging.rows, sql.SQL(", ").join(columns)
        ),  # it is analysed when it is full; autovacuum would hold up its dropping
        sql.SQL("CREATE UNLOGGED TABLE {} (row bigint, cell text, level text, code text, reason text, value text)").format(
            staging.issues
        ),
    ]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.as_string(None))


def _copy(staging: Staging) -> str:
    """COPY of what `sheets.lines` has; the sealed cells, which it keeps apart, come last, each with its index."""
    cells = staging.resource.cells.values()
    sealed = [name for cell in cells if cell.is_sealed for name in (cell.name, f"{cell.name}_index")]
    names = ["row", "sheet", "number", *(cell.name for cell in cells if not cell.is_sealed), *sealed]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    return sql.SQL("COPY {} ({}) FROM STDIN").format(staging.rows, columns).as_string(None)


def _with_sealed(staging: Staging, lines: Lines) -> bytes | str:
    """The lines, with what was kept apart of them sealed and indexed."""
    if not lines.apart:
        return lines.text
    columns: list[Any] = [lines.text.decode().split("\n")[:-1]]
    for cells in lines.apart.values():
        columns += [[seal(text) if text else "" for text in cells], [blind_index(text) if text else "" for text in cells]]
    return "".join(map("{}\n".format, map("\t".join, zip(*columns, strict=True))))


def _note(staging: Staging, cursor: Any, errors: list[tuple[int, CellError]]) -> None:
    """The cells that could not be read, as issues; the value of a sealed cell is masked."""
    if not errors:
        return
    by_header = {cell.column_name: cell for cell in staging.resource.cells.values()}
    copy = sql.SQL("COPY {} (row, cell, level, code, reason, value) FROM STDIN").format(staging.issues).as_string(None)
    with cursor.copy(copy) as lines:
        for row, error in errors:
            cell = by_header.get(error.header)
            value = masked(error.value) if cell and cell.is_sealed else error.value
            name = cell.name if cell else ""
            lines.write_row((row, name, ERROR, UNREADABLE, error.reason, value[:200]))


def index_pairs(staging: Staging) -> Iterator[tuple[Cell, str]]:
    """(sealed cell, the model's index column) of every sealed cell."""
    return ((cell, index_column(cell)) for cell in staging.own_cells if cell.is_sealed)
