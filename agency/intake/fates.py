"""What becomes of each staged row: refused, new, changed or unchanged; and which of its checks found something."""

from psycopg import sql

from agency.intake.checks import Flag
from agency.intake.compare import compared, compared_text
from agency.intake.staging import ERROR, Staging

REFUSED, NEW, CHANGED, UNCHANGED = range(4)


def decide(staging: Staging, flags: list[Flag]) -> list[sql.Composable]:
    """Statements that make the table `staging.fates`, in one pass over the rows that several processes can share.

    A row that is new and of which nothing was found has no line there: a first load of a million good rows writes none."""
    pairs = compared(staging)
    asked = " ".join(text for flag in flags for text in (flag.check.where, *flag.check.figures))
    verdict = sql.SQL(
        "SELECT s.row, {pk} AS pk, CASE WHEN bad.row IS NOT NULL THEN 0 WHEN {pk} IS NULL THEN 1 "
        "WHEN ({stored}) IS DISTINCT FROM ({staged}) THEN 2 ELSE 3 END::smallint AS fate, {flags} AS flags "
        "FROM {rows} s {joins} LEFT JOIN (SELECT DISTINCT row FROM {issues} WHERE level = {error}) bad ON bad.row = s.row"
    ).format(
        pk=staging.target_pk,
        stored=sql.SQL("ROW({})").format(sql.SQL(", ").join(pair.stored for pair in pairs)),
        staged=sql.SQL("ROW({})").format(sql.SQL(", ").join(pair.staged for pair in pairs)),
        flags=_flags(flags),
        rows=staging.rows,
        issues=staging.issues,
        error=sql.Literal(ERROR),
        joins=staging.joins(" ".join(["t.", staging.key_text, compared_text(staging), asked])),
    )
    return [
        sql.SQL("DROP TABLE IF EXISTS {}").format(staging.fates),
        sql.SQL(
            "CREATE UNLOGGED TABLE {fates} WITH (autovacuum_enabled = off) AS SELECT row, pk, flags, fate "
            "FROM ({verdict}) verdict WHERE fate <> {new} OR flags <> 0"
        ).format(fates=staging.fates, verdict=verdict, new=sql.Literal(NEW)),
    ]


def refuse_flagged(staging: Staging, flags: list[Flag]) -> sql.Composable:
    """Refuses the rows of which these flags were found: within the pass of `decide` the flags, which are most of its work, would
    be asked twice of each row."""
    errors = sql.Literal(sum(flag.bit for flag in flags))
    return sql.SQL("UPDATE {} SET fate = 0 WHERE fate <> 0 AND flags & {} <> 0").format(staging.fates, errors)


def _flags(flags: list[Flag]) -> sql.Composable:
    """SQL of the sum of the bits of what was found."""
    bits = [sql.SQL("CASE WHEN {} THEN {} ELSE 0 END").format(sql.SQL(flag.check.where), sql.Literal(flag.bit)) for flag in flags]
    return sql.SQL("({})::bigint").format(sql.SQL(" + ").join(bits) if bits else sql.SQL("0"))


def flagged(staging: Staging, flag: Flag) -> sql.Composable:
    """A JOIN that leaves the rows of which a flag was found."""
    return sql.SQL("JOIN {} found ON found.row = s.row AND found.flags & {} <> 0").format(staging.fates, sql.Literal(flag.bit))


def refuse_found(staging: Staging) -> list[sql.Composable]:
    """Statements that refuse the rows of which an error was found after `decide`."""
    names = {"fates": staging.fates, "issues": staging.issues, "error": sql.Literal(ERROR)}
    return [
        sql.SQL(text).format(**names)
        for text in (
            "UPDATE {fates} f SET fate = 0 FROM {issues} i WHERE i.row = f.row AND i.level = {error}",
            "INSERT INTO {fates} (row, flags, fate) SELECT DISTINCT i.row, 0, 0 FROM {issues} i "
            "WHERE i.level = {error} AND NOT EXISTS (SELECT FROM {fates} f WHERE f.row = i.row)",
        )
    ]
