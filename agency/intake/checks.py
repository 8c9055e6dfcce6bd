"""The set-based checks of what was staged, what becomes of each row, and the report on both."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from psycopg import sql

from agency.intake.compare import compared, compared_text
from agency.intake.declare import Check, parameters_of
from agency.intake.staging import ERROR, UNREADABLE, WARNING, Staging, mentions
from agency.sealed import masked, unseal

SHOWN = 200  # issues of each level that a report carries itself; all of them are in the error spreadsheet
REFUSED, NEW, CHANGED, UNCHANGED = range(4)
_WITHIN = (
    "SELECT code FROM agency_region WHERE EXISTS (SELECT FROM unnest(%(scope)s::text[]) prefix WHERE starts_with(path, prefix))"
)
_MEMORY = "256MB"  # for the sorts and hashes of one import


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


def report(
    staging: Staging,
    *,
    scope: list[str],
    at: datetime,
    told: Callable[..., None],
    again: bool = False,
) -> Report:
    """Run every check of the kind over the staged rows. `scope`: region paths that the loader may write to.

    `again`: the rows were checked before; what follows from the file alone stands and is not asked again. Leaves the
    fate of each row in the temporary table `staging.fates` until the transaction ends."""
    parameters = parameters_of(staging.resource, staging.imp, scope, at)
    steps = [step for step in _steps(staging) if not (again and step.of_file)]
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{_MEMORY}'")
        forget = sql.SQL("DELETE FROM {} WHERE code <> ALL({})")
        standing = [UNREADABLE, *(step.code for step in _steps(staging) if again and step.of_file)]
        cursor.execute(_text(forget.format(staging.issues, sql.Literal(standing))))
        for number, step in enumerate(steps):
            told(number, len(steps), step.name, "项")
            cursor.execute(_text(step.statement), parameters)
        told(len(steps), len(steps), "比对已有数据", "项")
        for statement in _fate_statements(staging):
            cursor.execute(_text(statement), parameters)
        return _counted(staging, cursor)


def issues(staging: Staging, level: str = "") -> Iterator[Issue]:
    """Every issue in the order of the file, without holding them in memory."""
    connection.ensure_connection()
    with connection.connection.cursor(name="intake_issues") as cursor:
        cursor.itersize = 5_000
        cursor.execute(_issue_query(staging, level))
        for found in cursor:
            yield _issue(staging, found)


def _text(statement: sql.Composable) -> str:
    return statement.as_string(None)


class _Step(NamedTuple):
    """One check as SQL. `of_file`: its answer follows from the file alone, whatever is stored and whoever loads.
    `what`: what it finds, without figures."""

    name: str
    code: str
    statement: sql.Composable
    of_file: bool
    what: str = ""


def _steps(staging: Staging) -> list[_Step]:
    resource = staging.resource
    steps = [_Step("查找重复行", "duplicate", _duplicates(staging), True)]
    if limits := _limits(staging):
        steps.append(_Step("核对长度", "too long", _too_long(staging, limits), True))
    for ref in resource.references:
        if ref.missing:
            code = f's."{staging.matched(ref.cell)}"'
            where = f"coalesce({code}, '') <> '' AND {ref.alias}.\"{ref.model._meta.pk.column}\" IS NULL"
            steps.append(_step(staging, "核对编码", f"missing {ref.alias}", Check(ref.cell, where, ref.missing, (code,))))
    for place in resource.regions:
        outside = Check(
            resource.region_cell, f"{place} NOT IN ({_WITHIN})", "所在地区 {} 不在您的岗位范围内，请由该地区的人员导入", (place,)
        )
        steps.append(_step(staging, "核对地区", f"outside {place}", outside))
    if "voided" in staging.absent:
        still = Check("voided", "t.voided", "此行此前已作废，仍不计入；要恢复请加“作废”列并填 否", warning=True)
        steps.append(_step(staging, "核对作废", "voided", still))
    return steps + [_step(staging, "业务检查", f"check {number}", check) for number, check in enumerate(resource.checks)]


def _step(staging: Staging, name: str, code: str, check: Check) -> _Step:
    text = " ".join([check.where, check.join, *check.figures])
    asks_more = any(word in text for word in ("%(", "{issues}", "SELECT"))
    asks_others = any(mentions(alias, text) for alias in ("t", *(ref.alias for ref in staging.resource.references)))
    what = f"{staging.resource.cells[check.cell].column_name}：{check.reason.replace('{}', '…')}"
    return _Step(name, code, _check(staging, check, code), not (asks_more or asks_others), what)


def _check(staging: Staging, check: Check, code: str) -> sql.Composable:
    """An INSERT of the issues that one check finds."""
    figures = [sql.SQL("coalesce(({})::text, '')").format(sql.SQL(figure)) for figure in check.figures]
    pieces = [sql.Literal(piece.replace("%", "%%")) for piece in check.reason.split("{}")]
    reason = [pieces[0]]
    for figure, piece in zip(figures, pieces[1:], strict=False):
        reason += [figure, piece]
    return sql.SQL(
        "INSERT INTO {issues} (row, cell, level, code, reason) SELECT DISTINCT ON (s.row) "
        "s.row, {cell}, {level}, {code}, {reason} FROM {rows} s {joins} {join} WHERE {where}"
    ).format(
        issues=staging.issues,
        cell=sql.Literal(check.cell),
        level=sql.Literal(WARNING if check.warning else ERROR),
        code=sql.Literal(code),
        reason=sql.SQL(" || ").join(reason),
        rows=staging.rows,
        joins=staging.joins(" ".join([check.where, check.join, *check.figures])),
        join=sql.SQL(check.join).format(rows=staging.rows, issues=staging.issues),
        where=sql.SQL(check.where).format(rows=staging.rows, issues=staging.issues),
    )


def _limits(staging: Staging) -> list[tuple[str, int]]:
    """(cell, most characters) of the texts that their column could not hold."""
    return [
        (cell.name, cell.model_field.max_length)
        for cell in staging.own_cells
        if cell.model_field and cell.model_field.max_length and cell.sql_type == "text" and not cell.is_sealed
    ]


def _too_long(staging: Staging, limits: list[tuple[str, int]]) -> sql.Composable:
    """Texts longer than their column, so that landing cannot fail on them."""
    hits = [
        sql.SQL("({}, {}, length({}))").format(sql.Literal(name), sql.Literal(most), sql.Identifier("s", name))
        for name, most in limits
    ]
    beyond = [sql.SQL("length({}) > {}").format(sql.Identifier("s", name), sql.Literal(most)) for name, most in limits]
    return sql.SQL(
        "INSERT INTO {issues} (row, cell, level, code, reason) SELECT s.row, found.cell, 'E', 'too long', "
        "format('最多 %%s 个字，现有 %%s 个字，请缩短', found.most, found.size) "
        "FROM {rows} s CROSS JOIN LATERAL (VALUES {hits}) AS found (cell, most, size) "
        "WHERE ({beyond}) AND found.size > found.most"
    ).format(
        issues=staging.issues,
        rows=staging.rows,
        hits=sql.SQL(", ").join(hits),
        beyond=sql.SQL(" OR ").join(beyond),
    )


def _duplicates(staging: Staging) -> sql.Composable:
    """Two rows of one file with the same key are an error on both. Keys are counted by their hash first, then compared
    where it repeats."""
    names = staging.resource.key
    headers = " + ".join(staging.resource.cells[name].column_name for name in names)
    cells = [sql.Identifier(staging.matched(name)) for name in names]
    known = [
        sql.SQL("{} <> ''" if staging.resource.cells[name].is_sealed else "{} IS NOT NULL").format(cell)
        for name, cell in zip(names, cells, strict=True)
        if not staging.may_be_empty(name)
    ]
    key = sql.SQL(", ").join(cells)
    return sql.SQL(
        "INSERT INTO {issues} (row, cell, level, code, reason) "
        "WITH hashed AS (SELECT hash_record_extended(ROW({key}), 0) AS hash FROM {rows} WHERE {known}), "
        "repeated AS (SELECT hash FROM hashed GROUP BY hash HAVING count(*) > 1), "
        "suspect AS (SELECT row, number, sheet, {key} FROM {rows} "
        "WHERE {known} AND hash_record_extended(ROW({key}), 0) IN (SELECT hash FROM repeated)), "
        "twin AS (SELECT row, sheet, first_value(row) OVER same AS first, nth_value(row, 2) OVER same AS second FROM suspect "
        "WINDOW same AS (PARTITION BY {key} ORDER BY row ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) "
        "SELECT twin.row, {cell}, 'E', 'duplicate', format({reason}, "
        "CASE WHEN other.sheet <> twin.sheet THEN format('工作表“%%s”', other.sheet) END, other.number) "
        "FROM twin JOIN suspect other ON other.row = CASE WHEN twin.row = twin.first THEN twin.second ELSE twin.first END"
    ).format(
        issues=staging.issues,
        key=key,
        rows=staging.rows,
        known=sql.SQL(" AND ").join(known),
        cell=sql.Literal(names[0]),
        reason=sql.Literal(f"与%%s第 %%s 行重复（{headers} 相同），请只保留一行"),
    )


def _fate_statements(staging: Staging) -> list[sql.Composable]:
    pairs = compared(staging)
    needs = " ".join(["t.", staging.key_text, compared_text(staging)])
    return [
        sql.SQL("DROP TABLE IF EXISTS {}").format(staging.fates),
        sql.SQL(
            "CREATE TEMPORARY TABLE {fates} ON COMMIT DROP AS SELECT s.row, {pk} AS pk, CASE "
            "WHEN bad.row IS NOT NULL THEN 0 WHEN {pk} IS NULL THEN 1 "
            "WHEN ({stored}) IS DISTINCT FROM ({staged}) THEN 2 ELSE 3 END::smallint AS fate "
            "FROM {rows} s {joins} LEFT JOIN (SELECT DISTINCT row FROM {issues} WHERE level = 'E') bad ON bad.row = s.row"
        ).format(
            fates=staging.fates,
            pk=staging.target_pk,
            stored=sql.SQL("ROW({})").format(sql.SQL(", ").join(pair.stored for pair in pairs)),
            staged=sql.SQL("ROW({})").format(sql.SQL(", ").join(pair.staged for pair in pairs)),
            rows=staging.rows,
            issues=staging.issues,
            joins=staging.joins(needs),
        ),
        sql.SQL("ANALYZE {}").format(staging.fates),
    ]


def _counted(staging: Staging, cursor: Any) -> Report:
    fates = "SELECT fate, count(*), bit_xor(hashint8extended(row, fate)) FROM {} GROUP BY fate"
    cursor.execute(_text(sql.SQL(fates).format(staging.fates)))
    found = {fate: (count, mix) for fate, count, mix in cursor.fetchall()}
    warned = "SELECT count(DISTINCT row), bit_xor(hashint8extended(row, hashtext(code))) FROM {} WHERE level = 'W'"
    cursor.execute(_text(sql.SQL(warned).format(staging.issues)))
    warned_rows, warned_mix = cursor.fetchone()
    counts = [found.get(fate, (0, 0))[0] for fate in (REFUSED, NEW, CHANGED, UNCHANGED)]
    for_another, for_another_mix = _for_another(staging, cursor) if counts[CHANGED] else (0, 0)
    mixes = [*(found.get(fate, (0, 0))[1] for fate in (REFUSED, NEW, CHANGED, UNCHANGED)), warned_mix or 0, for_another_mix or 0]
    return Report(
        rows=sum(counts), refused=counts[0], new=counts[1], changed=counts[2], unchanged=counts[3], warned=warned_rows,
        for_another=for_another, digest=".".join(f"{number:x}" for number in [*counts, *mixes]),
        errors=_first(staging, cursor, ERROR), warnings=_first(staging, cursor, WARNING),
        kinds_of_issue=_kinds_of_issue(staging, cursor),
    )  # fmt: skip


def _for_another(staging: Staging, cursor: Any) -> tuple[int, int | None]:
    """How many changed rows change a cell that another person has to confirm; and their digest."""
    pairs = [pair for pair in compared(staging) if pair.cell in staging.resource.second_person_cells]
    if not pairs:
        return 0, 0
    query = sql.SQL(
        "SELECT count(*), bit_xor(hashint8extended(s.row, 0)) FROM {fates} f JOIN {rows} s ON s.row = f.row "
        "JOIN {target} t ON {pk} = f.pk WHERE f.fate = {changed} AND ROW({stored}) IS DISTINCT FROM ROW({staged})"
    ).format(
        fates=staging.fates,
        rows=staging.rows,
        target=staging.target,
        pk=staging.target_pk,
        changed=sql.Literal(CHANGED),
        stored=sql.SQL(", ").join(pair.stored for pair in pairs),
        staged=sql.SQL(", ").join(pair.staged for pair in pairs),
    )
    cursor.execute(_text(query))
    return cursor.fetchone()  # type: ignore[no-any-return]


def _issue_query(staging: Staging, level: str, limit: int | None = None) -> str:
    """Issues with their place and value: that of the reader, else what was staged (sealed cells as they are stored)."""
    cells = staging.resource.cells
    values = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}::text").format(sql.Literal(name), sql.Identifier("s", name)) for name in cells
    )
    order = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(sql.Literal(name), sql.Literal(place)) for place, name in enumerate(cells)
    )
    return _text(
        sql.SQL(
            "SELECT s.sheet, s.number, i.cell, i.value, CASE i.cell {values} END, i.reason, i.level "
            "FROM {issues} i JOIN {rows} s ON s.row = i.row WHERE {level} "
            "ORDER BY i.row, CASE i.cell {order} END, i.reason {limit}"
        ).format(
            values=values,
            order=order,
            issues=staging.issues,
            rows=staging.rows,
            level=sql.SQL("i.level = {}").format(sql.Literal(level)) if level else sql.SQL("TRUE"),
            limit=sql.SQL("LIMIT {}").format(sql.Literal(limit)) if limit else sql.SQL(""),
        )
    )


def _issue(staging: Staging, found: Any) -> Issue:
    sheet, number, name, read, staged, reason, level = found
    cell = staging.resource.cells.get(name)
    if read is None:
        read = masked(unseal(staged)) if staged and cell and cell.is_sealed else staged
    return Issue(sheet, number, cell.column_name if cell else "", read or "", reason, level)


def _first(staging: Staging, cursor: Any, level: str) -> list[Issue]:
    cursor.execute(_issue_query(staging, level, SHOWN))
    return [_issue(staging, found) for found in cursor.fetchall()]


def _kinds_of_issue(staging: Staging, cursor: Any) -> list[dict[str, Any]]:
    query = (
        "SELECT level, cell, code, min(reason), count(DISTINCT row) FROM {} "
        "GROUP BY level, cell, code, CASE code WHEN 'unreadable' THEN reason END ORDER BY level DESC, 5 DESC, 4 LIMIT 100"
    )
    cursor.execute(_text(sql.SQL(query).format(staging.issues)))
    cells = staging.resource.cells
    names = {step.code: step.what for step in _steps(staging)}
    return [
        {"level": level, "header": cells[cell].column_name if cell in cells else "", "name": names.get(code) or reason}
        | {"reason": reason, "rows": rows}
        for level, cell, code, reason, rows in cursor.fetchall()
    ]
