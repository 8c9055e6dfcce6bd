"""The refund rules as `policy` has them agree with the same rules as plain SQL, written apart, on random enterprises."""

import csv
import random
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.policy.oracle.rows import COLUMNS, rows

ROOT = Path(__file__).resolve().parent.parent.parent
SQL = (ROOT / "tests/policy/oracle/refund.sql").read_text("utf-8")
BARS = {
    "shanxi": ("{严重失信}", "{注销,吊销,经营异常,破产清算}"),
    "hebei": ("{严重失信,失信被执行人,拖欠农民工工资}", "{破产清算,拟注销,注销}"),
}
ALWAYS = {"paid_in_full", "layoff_rate", "kind_covered", "within_period"}
DEFAULTS = {
    "layoff_method": "claimants_over_mean", "small_unit_headcount": "mean", "paid_months_basis": "cumulative",
    "base_late_arrivals": "out", "size_when_not_recorded": "incomplete", "size_when_no_2020": "recorded",
}  # fmt: skip
PACKS = ("national", "shanxi", "hebei", "shandong", "xpcc", "jilin")
METHODS = (
    "claimants_over_mean", "dismissals_over_mean", "net_reduction_over_start", "net_reduction_less_natural_over_start",
    "net_reduction_over_mean", "lower_of_net_and_claimants_over_start",
)  # fmt: skip
OTHERS = [
    *[(pack, {"layoff_method": method}) for pack in ("shandong", "jilin") for method in METHODS],
    *[("national", {"layoff_method": method, "small_unit_headcount": "start"}) for method in METHODS],
    *[("xpcc", {"layoff_method": method, "small_unit_headcount": "end"}) for method in METHODS],
    *[(pack, {"paid_months_basis": "last_year", "base_late_arrivals": "in"}) for pack in PACKS],
    *[(pack, {"size_when_not_recorded": "insured_count"}) for pack in ("national", "shandong", "jilin")],
    ("hebei", {"size_when_no_2020": "incomplete"}),
]
OUT = (
    "size", "size_class", "size_basis", "layoff_rate", "layoff_method", "base", "rate", "amount", "payee", "outcome", "failed",
    "unknown",
)  # fmt: skip
NUMBERS = {"layoff_rate", "base", "rate", "amount"}


def assess(folder: Path, pack: str, choices: dict[str, str], count: int, seeded: random.Random) -> None:
    with (folder / "facts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows(count, seeded)])
    chosen = [word for pair in choices.items() for word in ("--choose", "=".join(pair))]
    command = [sys.executable, "-m", "policy", "assess", "refund", "--notice", f"{pack}/2024", *chosen, "facts.csv", "out.csv"]
    done = subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def compare(folder: Path, pack: str, choices: dict[str, str]) -> list[tuple[object, ...]]:
    """The first rows on which the two differ, both sides."""
    terms = {**DEFAULTS, **({"layoff_method": METHODS[3]} if pack == "jilin" else {}), **choices}
    credit, registration = BARS.get(pack, (None, None))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS facts, pack, expected, result")
        columns = ", ".join(f'"{column}" text' for column in COLUMNS)
        cursor.execute(f"CREATE TEMPORARY TABLE facts ({columns})")
        cursor.execute(f"CREATE TEMPORARY TABLE result ({columns}, {', '.join(f'r_{column} text' for column in OUT)})")
        for table, name in (("facts", "facts.csv"), ("result", "out.csv")):
            with (folder / name).open("rb") as file, cursor.copy(f"COPY {table} FROM STDIN CSV HEADER") as copy:
                while piece := file.read(1 << 20):
                    copy.write(piece)
        chosen = ", ".join(f"{key} text" for key in terms)
        cursor.execute(f"CREATE TEMPORARY TABLE pack (pack text, credit text[], registration text[], {chosen})")
        cursor.execute(
            f"INSERT INTO pack VALUES ({', '.join(['%s'] * (3 + len(terms)))})", [pack, credit, registration, *terms.values()]
        )
        cursor.execute("ANALYZE facts; ANALYZE pack")
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off")
        cursor.execute("SET LOCAL work_mem = '256MB'")  # nothing here tells the planner how many rows a WITH has
        cursor.execute(SQL)
        same = " AND ".join(_same(column) for column in OUT)
        cursor.execute(
            f"SELECT r.*, e.* FROM result r FULL JOIN expected e USING (uscc) WHERE NOT coalesce({same}, false) LIMIT 3"
        )
        return cursor.fetchall()


def _same(column: str) -> str:
    if column in NUMBERS:
        return f"nullif(r_{column}, '')::numeric IS NOT DISTINCT FROM e.{column}"
    if column in ("failed", "unknown"):  # in any order
        return (
            f"(SELECT coalesce(string_agg(c, ';' ORDER BY c), '') FROM unnest(string_to_array(r_{column}, ';')) c) = e.{column}"
        )
    return f"coalesce(r_{column}, '') = coalesce(e.{column}, '')"


def coverage(pack: str) -> None:
    """Every outcome and every code of the pack occurs, or the comparison would mean little."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT outcome, count(*) FROM expected GROUP BY 1")
        assert min(dict(cursor.fetchall()).values()) > 500
        cursor.execute("SELECT DISTINCT unnest(string_to_array(failed, ';')) FROM expected")
        failed = {code for (code,) in cursor.fetchall()}
        cursor.execute("SELECT DISTINCT unnest(string_to_array(unknown, ';')) FROM expected")
        unknown = {code for (code,) in cursor.fetchall()}
    asked = ALWAYS | {"dispatch_applies_itself"} | ({"credit", "registration"} if pack in BARS else set())
    asked |= {"deferred_paid_up"} if pack == "xpcc" else set()
    banned = {"dispatch_not_banned"} if pack in ("shanxi", "jilin") else set()
    assert (failed, unknown) == (asked | banned, asked | {"size_known", "base_known"})


@pytest.mark.django_db
class TestTheTwo:
    @pytest.mark.slow
    @pytest.mark.timeout(600)
    @pytest.mark.parametrize("pack", PACKS)
    def test_agree_on_a_hundred_thousand_enterprises(self, pack, tmp_path, rounds, seeded):
        assess(tmp_path, pack, {}, rounds(100_000), seeded)
        assert compare(tmp_path, pack, {}) == []
        coverage(pack)

    @pytest.mark.parametrize(
        ("pack", "choices"), OTHERS, ids=lambda each: each if isinstance(each, str) else ",".join(each.values())
    )
    def test_agree_under_every_choice(self, pack, choices, tmp_path, seeded):
        assess(tmp_path, pack, choices, 4_000, seeded)
        assert compare(tmp_path, pack, choices) == []
