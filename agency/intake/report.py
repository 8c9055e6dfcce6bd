"""The report on what was staged: how many rows would fare how, and what is wrong where."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from psycopg import sql

from agency.intake import fates
from agency.intake.checks import DUPLICATE, Flag, Search, duplicates, flags, found_by, prepared, repeated, repeats, searches, what
from agency.intake.compare import compared
from agency.intake.declare import parameters_of
from agency.intake.fates import CHANGED, REFUSED, UNCHANGED
from agency.intake.staging import ERROR, UNREADABLE, WARNING, Staging
from agency.sealed import masked, unseal

SHOWN = 200  # issues of each level that a report carries itself; all of them are in the error spreadsheet
# For the sorts and hashes of one import; and several processes look at the rows, however few they hand on.
_SETTINGS = "SET LOCAL work_mem = '256MB'; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0"


class Issue(NamedTuple):
    """One thing wrong, or to be looked at, in one cell. `level` is E or W; the value of a sealed cell is masked."""

    sheet: str
    row: int
    header: str
    value: str
    reason: str
    level: str


@dataclass(frozen=True)
class Report:
    """What would happen on confirming. `digest` changes when any row's fate or warning does."""

    rows: int
    new: int
    changed: int
    unchanged: int
    warned: int
    refused: int
    for_another: int  # rows that only another person than the loader may confirm
    digest: str
    errors: list[Issue]
    warnings: list[Issue]
    kinds_of_issue: list[dict[str, Any]]  # {level, header, name, reason (an example), rows}


def report(staging: Staging, *, scope: list[str], at: datetime, told: Callable[..., None]) -> Report:
    """Run every check of the kind over the staged rows. `scope`: region paths that the loader may write to.

    Leaves what becomes of each row in the table `staging.fates`."""
    with connection.cursor() as cursor:
        look = _Look(staging, cursor, parameters_of(staging.resource, staging.imp, scope, at), told)
        look.forget(all_but=[UNREADABLE])
        look.find_duplicates()
        look.decide(look.searches)
        look.say_reasons()
        return _counted(look)


def digest_now(staging: Staging, *, scope: list[str], at: datetime, told: Callable[..., None]) -> str:
    """The digest that `report` would have now. What follows from the file alone stands and is not asked again; the fates are
    left as by `report`."""
    with connection.cursor() as cursor:
        look = _Look(staging, cursor, parameters_of(staging.resource, staging.imp, scope, at), told)
        asked = [search for search in look.searches if not search.of_file]
        standing = {*(flag.code for flag in look.flags), *(search.code for search in look.searches if search.of_file)}
        look.forget(all_but=[UNREADABLE, DUPLICATE, *standing])
        look.decide(asked)
        return _digest(look, _decided(look))


class _Look:
    """The checks of one import being run."""

    def __init__(self, staging: Staging, cursor: Any, parameters: dict[str, Any], told: Callable[..., None]) -> None:
        self.staging, self.cursor, self.told = staging, cursor, told
        self.flags, self.searches = flags(staging), searches(staging)
        self.found: list[Flag] = []  # by the pass over all rows
        self._parameters = parameters | {"absent": sorted(staging.absent)}
        cursor.execute(_SETTINGS)

    def run(self, statement: sql.Composable) -> None:
        self.cursor.execute(statement.as_string(None), self._parameters)

    def ask(self, query: str, **names: sql.Composable) -> Any:
        """The rows of a query."""
        self.cursor.execute(sql.SQL(query).format(**names).as_string(None))
        return self.cursor.fetchall()

    def forget(self, *, all_but: list[str]) -> None:
        self.run(sql.SQL("DELETE FROM {} WHERE code <> ALL({})").format(self.staging.issues, sql.Literal(all_but)))

    def find_duplicates(self) -> None:
        """Keys are counted by their hash first; where none repeats nothing is compared."""
        self.told(0, None, "查找重复行", "项")
        self.cursor.execute(repeats(self.staging).as_string(None))
        if not self.cursor.fetchone()[0]:
            return
        table = sql.Identifier(f"intake_{self.staging.imp.pk}_repeated")
        self.run(repeated(self.staging, table))
        self.run(duplicates(self.staging, table))
        self.run(sql.SQL("DROP TABLE {}").format(table))

    def decide(self, asked: list[Search]) -> None:
        """Search, then look at every row; then search what asks what the others found."""
        self.told(0, len(asked), "业务检查", "项")
        for statement in prepared(self.staging):
            self.run(statement)
        for number, search in enumerate(search for search in asked if not search.late):
            self.told(number, len(asked), "业务检查", "项")
            self.run(found_by(self.staging, search.check, search.code))
        self.told(len(asked), len(asked), "逐行核对并比对已有数据", "项")
        for statement in fates.decide(self.staging, self.flags):
            self.run(statement)
        ((bits,),) = self.ask("SELECT coalesce(bit_or(flags), 0) FROM {fates}", fates=self.staging.fates)
        self.found = [flag for flag in self.flags if bits & flag.bit]
        if errors := [flag for flag in self.found if not flag.check.warning]:
            self.run(fates.refuse_flagged(self.staging, errors))
        self.run(sql.SQL("ANALYZE {}").format(self.staging.fates))
        if late := [search for search in asked if search.late]:
            self.say_reasons()
            for search in late:
                self.run(found_by(self.staging, search.check, search.code))
            for statement in fates.refuse_found(self.staging):
                self.run(statement)
        for name in self.staging.resource.prepared:
            self.run(sql.SQL("DROP TABLE {}").format(self.staging.names[name]))

    def say_reasons(self) -> None:
        """The issues of the flags that any row has, anew."""
        codes = sql.Literal([flag.code for flag in self.flags])
        self.run(sql.SQL("DELETE FROM {} WHERE code = ANY({})").format(self.staging.issues, codes))
        for flag in self.found:
            self.run(found_by(self.staging, flag.check, flag.code, fates.flagged(self.staging, flag)))


def _decided(look: _Look) -> list[tuple[int, ...]]:
    """(fate, rows, mix of the rows, mix of what was found of them) of each fate."""
    return look.ask(
        "SELECT fate, count(*), bit_xor(hashint8extended(row, fate)), bit_xor(hashint8extended(row, flags)) "
        "FROM {fates} GROUP BY fate ORDER BY fate",
        fates=look.staging.fates,
    )  # fmt: skip


def _digest(look: _Look, decided: list[tuple[int, ...]]) -> str:
    """Of what becomes of every row, what was found of it, and which changes another person has to confirm."""
    codes = [UNREADABLE, DUPLICATE, *(search.code for search in look.searches)]
    found = look.ask(
        "SELECT count(*), bit_xor(hashint8extended(row, hashtext(code))) FROM {issues} WHERE code = ANY({codes})",
        codes=sql.Literal(codes), issues=look.staging.issues,
    )  # fmt: skip
    return hashlib.sha256(repr([decided, found, _for_another(look)]).encode()).hexdigest()


def _counted(look: _Look) -> Report:
    names = {"rows": look.staging.rows, "issues": look.staging.issues}
    ((rows,),) = look.ask("SELECT count(*) FROM {rows}", **names)
    decided = _decided(look)
    counts = {fate: count for fate, count, *_ in decided}
    ((warned,),) = look.ask("SELECT count(DISTINCT row) FROM {issues} WHERE level = 'W'", **names)
    others = {fate: counts.get(fate, 0) for fate in (REFUSED, CHANGED, UNCHANGED)}
    return Report(
        rows=rows, refused=others[REFUSED], new=rows - sum(others.values()), changed=others[CHANGED],
        unchanged=others[UNCHANGED], warned=warned, for_another=_for_another(look)[0], digest=_digest(look, decided),
        errors=_first(look, ERROR), warnings=_first(look, WARNING), kinds_of_issue=_kinds_of_issue(look),
    )  # fmt: skip


def _for_another(look: _Look) -> tuple[int, int | None]:
    """How many changed rows change a cell that another person has to confirm; and their digest."""
    staging = look.staging
    pairs = [pair for pair in compared(staging) if pair.cell in staging.resource.second_person_cells]
    if not pairs:
        return 0, 0
    query = (
        "SELECT count(*), bit_xor(hashint8extended(s.row, 0)) FROM {fates} f JOIN {rows} s ON s.row = f.row "
        "JOIN {target} t ON {pk} = f.pk WHERE f.fate = {changed} AND ROW({stored}) IS DISTINCT FROM ROW({staged})"
    )
    ((rows, mix),) = look.ask(
        query,
        fates=staging.fates,
        rows=staging.rows,
        target=staging.target,
        pk=staging.target_pk,
        changed=sql.Literal(CHANGED),
        stored=sql.SQL(", ").join(pair.stored for pair in pairs),
        staged=sql.SQL(", ").join(pair.staged for pair in pairs),
    )
    return rows, mix


def issues(staging: Staging, level: str = "") -> Iterator[Issue]:
    """Every issue in the order of the file, without holding them in memory."""
    connection.ensure_connection()
    with connection.connection.cursor(name="intake_issues") as cursor:
        cursor.itersize = 5_000
        cursor.execute(_issue_query(staging, level))
        for found in cursor:
            yield _issue(staging, found)


def _issue_query(staging: Staging, level: str, limit: int | None = None) -> str:
    """Issues with their place and value: that of the reader, else what was staged (sealed cells as they are stored)."""
    cells = staging.resource.cells
    values = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}::text").format(sql.Literal(name), sql.Identifier("s", name)) for name in cells
    )
    order = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(sql.Literal(name), sql.Literal(place)) for place, name in enumerate(cells)
    )
    return (
        sql.SQL(
            "SELECT s.sheet, s.number, i.cell, i.value, CASE i.cell {values} END, i.reason, i.level "
            "FROM {issues} i JOIN {rows} s ON s.row = i.row WHERE {level} "
            "ORDER BY i.row, CASE i.cell {order} END, i.reason {limit}"
        )
        .format(
            values=values,
            order=order,
            issues=staging.issues,
            rows=staging.rows,
            level=sql.SQL("i.level = {}").format(sql.Literal(level)) if level else sql.SQL("TRUE"),
            limit=sql.SQL("LIMIT {}").format(sql.Literal(limit)) if limit else sql.SQL(""),
        )
        .as_string(None)
    )


def _issue(staging: Staging, found: Any) -> Issue:
    sheet, number, name, read, staged, reason, level = found
    cell = staging.resource.cells.get(name)
    if read is None:
        read = masked(unseal(staged)) if staged and cell and cell.is_sealed else staged
    return Issue(sheet, number, cell.column_name if cell else "", read or "", reason, level)


def _first(look: _Look, level: str) -> list[Issue]:
    look.cursor.execute(_issue_query(look.staging, level, SHOWN))
    return [_issue(look.staging, found) for found in look.cursor.fetchall()]


def _kinds_of_issue(look: _Look) -> list[dict[str, Any]]:
    query = (
        "SELECT level, cell, code, min(reason), count(DISTINCT row) FROM {issues} "
        "GROUP BY level, cell, code, CASE code WHEN 'unreadable' THEN reason END ORDER BY level DESC, 5 DESC, 4 LIMIT 100"
    )
    cells = look.staging.resource.cells
    names = {found.code: what(look.staging, found.check) for found in (*look.flags, *look.searches)}
    return [
        {"level": level, "header": cells[cell].column_name if cell in cells else "", "name": names.get(code) or reason}
        | {"reason": reason, "rows": rows}
        for level, cell, code, reason, rows in look.ask(query, issues=look.staging.issues)
    ]
