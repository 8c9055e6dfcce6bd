"""`assess refund` answers as a second author's SQL does, written from the documents and not from `policy`."""

import csv
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from config import machine
from tests.policy.oracle.facts import COLUMNS, facts

ROOT = Path(__file__).resolve().parent.parent.parent
QUERY = (ROOT / "tests/policy/oracle/refund.sql").read_text("utf-8")
PACKS = ("national", "shanxi", "hebei", "shandong", "xpcc", "jilin")
METHODS = (
    "claimants_over_mean", "dismissals_over_mean", "net_reduction_over_start", "net_reduction_less_natural_over_start",
    "net_reduction_over_mean", "lower_of_net_and_claimants_over_start",
)  # fmt: skip
DEFAULTS = {
    "layoff_method": "claimants_over_mean", "small_unit_headcount": "mean", "paid_months_basis": "cumulative",
    "base_late_arrivals": "out", "size_when_not_recorded": "incomplete", "size_when_no_2020": "recorded",
}  # fmt: skip
OF_PACK = {"jilin": {"layoff_method": "net_reduction_less_natural_over_start"}}
COUNTED = {"size_when_not_recorded": "insured_count"}
SIZE = {"national": COUNTED, "shandong": COUNTED, "jilin": COUNTED, "hebei": {"size_when_no_2020": "incomplete"}}
# What has to occur in numbers, or that the two agree would say little: POLICY.md C, which pack asks what, and the rungs of B.
ASKED = {
    "all": {"paid_in_full", "layoff_rate", "kind_covered", "within_period", "dispatch_applies_itself"},
    "shanxi": {"credit", "registration"}, "hebei": {"credit", "registration"}, "xpcc": {"deferred_paid_up"},
}  # fmt: skip
ONLY_FAILS = {"shanxi": {"dispatch_not_banned"}, "jilin": {"dispatch_not_banned"}}
RUNGS = {
    "national": {"recorded", "parent"}, "jilin": {"recorded", "parent"}, "xpcc": {"statistics_list", "recorded", "parent"},
    "shanxi": {"statistics_list", "size_standard", "insured_count", "parent"}, "shandong": {"kind", "recorded", "parent"},
    "hebei": {"insured_count", "commitment", "size_2020", "recorded", "parent"},
}  # fmt: skip
OCCURS = """
    SELECT 'outcome ' || outcome, count(*) FROM answer GROUP BY 1
    UNION ALL SELECT 'failed ' || code, count(*) FROM answer, unnest(string_to_array(failed, ';')) code GROUP BY 1
    UNION ALL SELECT 'unknown ' || code, count(*) FROM answer, unnest(string_to_array(unknown, ';')) code GROUP BY 1
    UNION ALL SELECT 'basis ' || size_basis, count(*) FROM answer WHERE size_basis IS NOT NULL GROUP BY 1
    UNION ALL SELECT 'payee ' || payee, count(*) FROM answer GROUP BY 1
    UNION ALL SELECT 'edge ' || edge, count(*) FROM answer JOIN facts USING (uscc) CROSS JOIN LATERAL (VALUES
        ('exactly 5.5%', layoff_rate = 0.055), ('exactly 20%', layoff_rate = 0.2), ('of 30', mean_insured = '30'),
        ('of 30.1', mean_insured = '30.1'), ('of 299.5', mean_insured = '299.5'), ('of 300', mean_insured = '300'),
        ('no base', base = 0), ('half a fen', amount <> base * rate AND base * rate * 1000 % 10 = 5),
        ('no rate', layoff_rate IS NULL AND concat(failed, unknown) !~ 'layoff_rate')
    ) edges (edge, met) WHERE met GROUP BY 1
"""
EDGES = {"exactly 5.5%", "exactly 20%", "of 30", "of 30.1", "of 299.5", "of 300", "no base", "half a fen", "no rate"}


@pytest.fixture(scope="module")
def database(the_machine) -> Iterator[psycopg.Connection]:
    """A session of its own: all tables are temporary."""
    machine.start_postgres(the_machine)
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute(
            "SET enable_nestloop = off; SET enable_mergejoin = off; SET work_mem = '256MB'"
        )  # a WITH has no statistics
        yield connection
        connection.rollback()


def assess(folder: Path, pack: str, choices: dict[str, str], count: int, chance: random.Random) -> None:
    with (folder / "facts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *facts(count, chance)])
    chosen = [word for name, option in choices.items() for word in ("--choose", f"{name}={option}")]
    command = [sys.executable, "-m", "policy", "assess", "refund", "--notice", f"{pack}/2024", *chosen]
    done = subprocess.run([*command, folder / "facts.csv", folder / "result.csv"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def answer(database: psycopg.Connection, folder: Path, pack: str, choices: dict[str, str]) -> None:
    """Tables facts, result (what the command wrote) and answer (what the SQL says)."""
    database.execute("DROP TABLE IF EXISTS facts, result, chosen, answer")
    for table in ("facts", "result"):
        with (folder / f"{table}.csv").open(encoding="utf-8") as file:
            columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in next(csv.reader(file)))
            file.seek(0)
            database.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({})").format(sql.Identifier(table), columns))
            with database.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv, HEADER)") as copy:
                while piece := file.read(1 << 20):
                    copy.write(piece)
    chosen = {"pack": pack} | DEFAULTS | OF_PACK.get(pack, {}) | choices
    values = sql.SQL(", ").join(sql.SQL("{}::text AS {}").format(option, sql.Identifier(name)) for name, option in chosen.items())
    database.execute(sql.SQL("CREATE TEMPORARY TABLE chosen AS SELECT {}").format(values))
    database.execute("ANALYZE facts; ANALYZE result; ANALYZE chosen")
    database.execute(f"CREATE TEMPORARY TABLE answer AS {QUERY}")


def differences(database: psycopg.Connection) -> list[tuple[object, ...]]:
    """(row, column, the command's, the SQL's, the facts) of the first rows on which the two differ, or that one does not have.

    Money and ratios are compared as numbers, amount and layoff rate as they are printed too, codes in any order.
    """
    codes = "(SELECT string_agg(code, ';' ORDER BY code) FROM unnest(string_to_array({}, ';')) code)"
    plain = ("size", "size_class", "size_basis", "layoff_rate", "layoff_method", "amount", "payee", "outcome")
    pairs = [
        "('row', r.uscc, a.uscc)",
        *[f"('{name}', r.{name}, a.{name}::text)" for name in plain],
        *[f"('{name}', trim_scale(r.{name}::numeric)::text, trim_scale(a.{name})::text)" for name in ("base", "rate")],
        *[f"('{name}', {codes.format(f'r.{name}')}, {codes.format(f'a.{name}')})" for name in ("failed", "unknown")],
    ]
    return database.execute(f"""
        SELECT uscc, name, command, sql, to_jsonb(f) FROM result r FULL JOIN answer a USING (uscc) FULL JOIN facts f USING (uscc)
        CROSS JOIN LATERAL (VALUES {", ".join(pairs)}) pair (name, command, sql)
        WHERE command IS DISTINCT FROM sql ORDER BY uscc LIMIT 20
    """).fetchall()


def rare(database: psycopg.Connection, pack: str, enough: int) -> dict[str, int]:
    """What should occur in numbers and does not, with its number."""
    asked = ASKED["all"] | ASKED.get(pack, set())
    wanted = {
        *(f"outcome {word}" for word in ("eligible", "ineligible", "incomplete")),
        *(f"failed {code}" for code in asked | ONLY_FAILS.get(pack, set())),
        *(f"unknown {code}" for code in asked | {"size_known", "base_known"}),
        *(f"payee {word}" for word in ("corporate", "tax", "held")),
    }
    some = {*(f"edge {edge}" for edge in EDGES), *(f"basis {rung}" for rung in RUNGS[pack])}
    found = dict(database.execute(OCCURS).fetchall())
    few = {name: found.get(name, 0) for name in wanted if found.get(name, 0) < enough}
    return few | {name: found.get(name, 0) for name in some if found.get(name, 0) < enough / 10}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("pack", PACKS)
def test_enterprises_in_numbers_come_out_alike(pack, database, tmp_path, rounds, seeded):
    count = rounds(20_000)
    assess(tmp_path, pack, {}, count, random.Random(f"{pack} {seeded.random()}"))
    answer(database, tmp_path, pack, {})
    assert differences(database) == []
    assert rare(database, pack, count // 50) == {}


def others() -> list[tuple[str, dict[str, str]]]:
    """Each pack with each other layoff method, and with it each other option that the pack leaves open."""
    cases = []
    for pack in PACKS:
        usual = (DEFAULTS | OF_PACK.get(pack, {}))["layoff_method"]
        for turn, method in enumerate(each for each in METHODS if each != usual):
            choices = {"layoff_method": method, "small_unit_headcount": ("start", "end", "mean")[turn % 3]}
            choices |= {"paid_months_basis": "last_year"} if turn % 2 else {"base_late_arrivals": "in"}
            choices |= SIZE.get(pack, {}) if turn > 2 else {}
            cases.append((pack, choices))
    return cases


@pytest.mark.parametrize(("pack", "choices"), others(), ids=lambda each: each if isinstance(each, str) else each["layoff_method"])
def test_come_out_alike_under_other_choices(pack, choices, database, tmp_path, rounds, seeded):
    assess(tmp_path, pack, choices, rounds(5_000), random.Random(f"{pack} {choices} {seeded.random()}"))
    answer(database, tmp_path, pack, choices)
    assert differences(database) == []


def test_a_fen_a_code_or_a_row_too_few_is_found(database, tmp_path, seeded):
    """The comparison itself: three results altered by hand are the three that it lists."""
    assess(tmp_path, "shanxi", {}, 1_000, seeded)
    answer(database, tmp_path, "shanxi", {})
    eligible, ineligible, gone = (
        database.execute("SELECT min(uscc) FROM answer WHERE outcome = %s", [outcome]).fetchone()[0]
        for outcome in ("eligible", "ineligible", "incomplete")
    )
    database.execute("UPDATE result SET amount = (amount::numeric + 0.01)::text WHERE uscc = %s", [eligible])
    database.execute("UPDATE result SET failed = NULL WHERE uscc = %s", [ineligible])
    database.execute("DELETE FROM result WHERE uscc = %s", [gone])
    found = {(row, name) for row, name, *_ in differences(database)}
    assert {(eligible, "amount"), (ineligible, "failed"), (gone, "row")} <= found
    assert {row for row, _ in found} == {eligible, ineligible, gone}
