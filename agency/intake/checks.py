"""What is checked of the staged rows, as SQL: what one look at a row tells is a `Flag`, what takes a search a `Search`.

All flags of all rows are found in one pass, which `fates` makes; each search is a statement of its own."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from psycopg import sql

from agency.intake.declare import WITHIN, Check
from agency.intake.staging import ERROR, WARNING, Staging, mentions

DUPLICATE = "duplicate"  # the code of issues of two rows with one key


class Flag(NamedTuple):
    """A check that one look at a row answers, with what the row refers to and the stored row of its key. `bit` is its own."""

    bit: int
    code: str
    check: Check


class Search(NamedTuple):
    """A check that joins further rows. `of_file`: its answer follows from the file alone, whatever is stored and whoever
    loads. `late`: it asks what the other checks found."""

    code: str
    check: Check
    of_file: bool
    late: bool


def flags(staging: Staging) -> list[Flag]:
    """The checks of a kind that take no search."""
    found = [*_too_long(staging), *_missing(staging), *_outside(staging), *_not_own(staging), *_still_voided(staging)]
    found += [(f"check {number}", check) for number, check in enumerate(staging.resource.checks) if not _searches(check)]
    return [Flag(1 << place, code, check) for place, (code, check) in enumerate(found)]


def searches(staging: Staging) -> list[Search]:
    """The checks of a kind that take a search."""
    found = []
    for number, check in enumerate(staging.resource.checks):
        if _searches(check):
            text = " ".join([check.where, check.join, *check.figures])
            found.append(Search(f"check {number}", check, _is_of_file(staging, text), "{issues}" in text))
    return found


def _searches(check: Check) -> bool:
    return bool(check.join) or "{" in check.where


def _is_of_file(staging: Staging, text: str) -> bool:
    """Whether a text of SQL names nothing but the staged rows."""
    others = [table for table in re.findall(r"(?:FROM|JOIN)\s+([\w{.}]+)", text) if table != "{rows}"]
    stored = any(mentions(alias, text) for alias in ("t", *(ref.alias for ref in staging.resource.references)))
    return not (others or stored or "%(" in text or "{issues}" in text)


def prepared(staging: Staging) -> Iterator[sql.Composable]:
    """Statements that make the tables which several searches of the kind join."""
    for name, select in staging.resource.prepared.items():
        table = staging.names[name]
        yield sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS {}").format(table, sql.SQL(select).format(**staging.names))
        yield sql.SQL("ANALYZE {}").format(table)


def what(staging: Staging, check: Check) -> str:
    """What a check finds, without figures."""
    return f"{staging.resource.cells[check.cell].column_name}：{check.reason.replace('{}', '…')}"


Coded = Iterator[tuple[str, Check]]


def _too_long(staging: Staging) -> Coded:
    """Texts longer than their column, so that landing cannot fail on them."""
    for cell in staging.own_cells:
        most = cell.model_field.max_length if cell.model_field and cell.sql_type == "text" else None
        if most and not cell.is_sealed and not cell.value.options:
            size = f'length(s."{cell.name}")'
            yield f"long {cell.name}", Check(cell.name, f"{size} > {most}", f"最多 {most} 个字，现有 {{}} 个字，请缩短", (size,))


def _missing(staging: Staging) -> Coded:
    for ref in staging.resource.references:
        if ref.missing:
            code = f's."{staging.matched(ref.cell)}"'
            where = f"coalesce({code}, '') <> '' AND {ref.alias}.\"{ref.model._meta.pk.column}\" IS NULL"
            yield f"missing {ref.alias}", Check(ref.cell, where, ref.missing, (code,))


def _outside(staging: Staging) -> Coded:
    for place in staging.resource.regions:
        reason = "所在地区 {} 不在您的岗位范围内，请由该地区的人员导入"
        yield f"outside {place}", Check(staging.resource.region_cell, f"{place} NOT IN ({WITHIN})", reason, (place,))


def _not_own(staging: Staging) -> Coded:
    if cell := staging.resource.own_cell:
        where = f"%(own)s <> '' AND s.\"{cell}\" <> %(own)s"
        yield "own", Check(cell, where, "不是本单位的统一社会信用代码；只能填报本单位的行，请更正", ())


def _still_voided(staging: Staging) -> Coded:
    if "voided" in staging.absent:
        yield (
            "voided",
            Check("voided", "t.voided", "此行此前已作废，仍不计入；要恢复请加“作废”列并填 否", warning=True),
        )


def found_by(staging: Staging, check: Check, code: str, narrowed: sql.Composable | None = None) -> sql.Composable:
    """An INSERT of the issues that one check finds, among the rows that a further JOIN leaves."""
    figures = [sql.SQL("coalesce(({})::text, '')").format(sql.SQL(figure)) for figure in check.figures]
    pieces = [sql.Literal(piece.replace("%", "%%")) for piece in check.reason.split("{}")]
    reason = [pieces[0]]
    for figure, piece in zip(figures, pieces[1:], strict=False):
        reason += [figure, piece]
    return sql.SQL(
        "INSERT INTO {issues} (row, cell, level, code, reason) SELECT DISTINCT ON (s.row) "
        "s.row, {cell}, {level}, {code}, {reason} FROM {rows} s {narrowed} {joins} {join} WHERE {where}"
    ).format(
        issues=staging.issues,
        cell=sql.Literal(check.cell),
        level=sql.Literal(WARNING if check.warning else ERROR),
        code=sql.Literal(code),
        reason=sql.SQL(" || ").join(reason),
        rows=staging.rows,
        narrowed=narrowed or sql.SQL(""),
        joins=staging.joins(" ".join([check.where, check.join, *check.figures])),
        join=sql.SQL(check.join).format(**staging.names),
        where=sql.SQL(check.where).format(**staging.names),
    )


def repeats(staging: Staging) -> sql.Composable:
    """How many more rows there are than hashes of their keys. Sorting a million tells it in half the time of grouping them;
    OFFSET 0 keeps the query apart, which else would hash each row twice."""
    return sql.SQL(
        "SELECT count(hash) - count(DISTINCT hash) FROM (SELECT {hash} AS hash FROM {rows} WHERE {known} OFFSET 0) keys"
    ).format(hash=_hash_of_key(staging), rows=staging.rows, known=_known_key(staging))


def repeated(staging: Staging, name: sql.Identifier) -> sql.Composable:
    """A temporary table of the hashes that more than one row's key has."""
    return sql.SQL(
        "CREATE TEMPORARY TABLE {name} AS SELECT {hash} AS hash FROM {rows} WHERE {known} GROUP BY 1 HAVING count(*) > 1"
    ).format(name=name, hash=_hash_of_key(staging), rows=staging.rows, known=_known_key(staging))


def duplicates(staging: Staging, name: sql.Identifier) -> sql.Composable:
    """Two rows of one file with the same key are an error on both. Rows whose hash is `repeated` are compared."""
    names = staging.resource.key
    headers = " + ".join(staging.resource.cells[name].column_name for name in names)
    return sql.SQL(
        "INSERT INTO {issues} (row, cell, level, code, reason) "
        "WITH suspect AS (SELECT row, number, sheet, {key} FROM {rows} WHERE {known} AND {hash} IN (SELECT hash FROM {name})), "
        "twin AS (SELECT row, sheet, first_value(row) OVER same AS first, nth_value(row, 2) OVER same AS second FROM suspect "
        "WINDOW same AS (PARTITION BY {key} ORDER BY row ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) "
        "SELECT twin.row, {cell}, 'E', {code}, format({reason}, "
        "CASE WHEN other.sheet <> twin.sheet THEN format('工作表“%%s”', other.sheet) END, other.number) "
        "FROM twin JOIN suspect other ON other.row = CASE WHEN twin.row = twin.first THEN twin.second ELSE twin.first END"
    ).format(
        issues=staging.issues,
        key=_key(staging),
        rows=staging.rows,
        known=_known_key(staging),
        hash=_hash_of_key(staging),
        name=name,
        cell=sql.Literal(names[0]),
        code=sql.Literal(DUPLICATE),
        reason=sql.Literal(f"与%%s第 %%s 行重复（{headers} 相同），请只保留一行"),
    )


def _key(staging: Staging) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(staging.matched(name)) for name in staging.resource.key)


def _hash_of_key(staging: Staging) -> sql.Composable:
    return sql.SQL("hash_record_extended(ROW({}), 0)").format(_key(staging))


def _known_key(staging: Staging) -> sql.Composable:
    parts = [
        sql.SQL("{} <> ''" if staging.resource.cells[name].is_sealed else "{} IS NOT NULL").format(
            sql.Identifier(staging.matched(name))
        )
        for name in staging.resource.key
        if not staging.may_be_empty(name)
    ]
    return sql.SQL(" AND ").join(parts)
