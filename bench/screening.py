"""Screening SIZE enterprises with twelve contribution rows each, as the job does it, beside one SQL statement that writes the
same applications, decisions and events (screening also keeps what it found of each size); and the rules alone.

From a million enterprises on a tenth of them is screened first, to compare the time an enterprise takes. The first are screened
again, when nothing has changed."""

import os
import sys
import time
from pathlib import Path

from bench.imports import city
from bench.measure import Watched, told, watched

SIZE = int(os.environ.get("SIZE") or 1_000_000)
MOST_RULES = 200_000  # decisions that the rules alone are measured on
_HERE = Path(__file__).parent
TABLES = (
    "enterprises_enterprise, enterprises_monthlycontribution, enterprises_workforceyear, enterprises_sizelisting, "
    "enterprises_creditlisting"
)
WRITTEN = "refunds_application, refunds_decision, agency_event, enterprises_sizedecision, refunds_screeningrun, agency_chunk"


def screening() -> None:
    """Both, at a tenth and in full."""
    from samples.year import story

    year = city()
    for kind in ("workdays", "fund", "credit-list"):
        year.load(kind)
    story.adopt(year)
    sizes = (SIZE // 10, SIZE) if SIZE >= 1_000_000 else (SIZE,)
    paces = []
    for size in sizes:
        fill(size)
        paces.append(_measure(size, again=size == sizes[0]).seconds / size)
    if len(paces) > 1:
        print(f"an enterprise took {paces[1] * 1e6:.0f} µs of {SIZE:,}, {paces[0] * 1e6:.0f} µs of {SIZE // 10:,}: "
              f"{paces[1] / paces[0]:.2f} x")  # fmt: skip


def _measure(size: int, *, again: bool) -> Watched:
    bare = statement()
    _clear(keep="CREATE TEMPORARY TABLE bare_answers AS " + _ANSWERS)
    first = _screen()
    told("screening", size, first, {"one SQL statement": bare})
    _compare()
    if again:
        told("screening again", size, _screen(), {"the first time": first.seconds})
    _rules_alone()
    return first


_ANSWERS = """
SELECT a.enterprise_id, d.outcome, d.amount, d.size, d.size_basis, d.base, d.payee,
    ARRAY(SELECT unnest(d.failed) ORDER BY 1) AS failed, ARRAY(SELECT unnest(d.unknown) ORDER BY 1) AS unknown
FROM refunds_application a JOIN refunds_decision d ON d.id = a.decision_id
"""


def fill(size: int) -> None:
    """So many made-up enterprises, straight into the tables, whose indexes are built anew afterwards."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES}, {WRITTEN} CASCADE")
        begun = time.perf_counter()
        for statement in (_HERE / "screening_data.sql").read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"size": size})
        cursor.execute(f"VACUUM ANALYZE {TABLES}")
    print(f"{size:,} enterprises and {12 * size:,} contributions made in {time.perf_counter() - begun:.0f} s", flush=True)


def statement() -> float:
    """Seconds of the one statement."""
    from django.db import connection

    from agency.models import Programme

    programme = Programme.objects.get()
    values = {"programme": programme.pk, "edition": programme.editions.get().pk, "path": programme.region.path}
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'; SET enable_nestloop = off")  # a WITH has no statistics
        begun = time.perf_counter()
        cursor.execute((_HERE / "screening.sql").read_text(encoding="utf-8"), values)
        taken = time.perf_counter() - begun
        cursor.execute("RESET work_mem; RESET enable_nestloop")
    return taken


def _clear(keep: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare_answers")
        cursor.execute(keep)
        cursor.execute(f"TRUNCATE {WRITTEN} CASCADE")


def _screen() -> Watched:
    """One screening by its sweep, with a process for each core."""
    from agency import clock
    from agency.models import Job, Programme, User
    from subsidies.refunds import actions
    from subsidies.refunds.tasks import work_screenings

    programme, clerk = Programme.objects.get(), User.objects.get(username="jingban1")
    at = clock.now()
    actions.start_screening(programme, at.date(), by=clerk, at=at)
    with watched() as one:
        work_screenings()
    job = Job.objects.filter(kind=Job.Kind.SCREENING).latest("pk")
    if job.state != Job.State.DONE:
        sys.exit(f"the screening ended {job.state}: {job.problem}")
    return one


def _compare() -> None:
    """Ends the benchmark where the two answer an enterprise differently."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE our_answers AS {_ANSWERS}")
        cursor.execute(
            "SELECT * FROM (SELECT 'SQL', * FROM (TABLE bare_answers EXCEPT TABLE our_answers) theirs UNION ALL "
            "SELECT 'ours', * FROM (TABLE our_answers EXCEPT TABLE bare_answers) ours) differing ORDER BY 2, 1 LIMIT 20"
        )
        if differing := cursor.fetchall():
            sys.exit("\n".join(map(str, differing)))
        cursor.execute("SELECT outcome, count(*), sum(amount) FROM our_answers GROUP BY 1 ORDER BY 1")
        print("; ".join(f"{outcome} {count:,} ({amount or 0:,} yuan)" for outcome, count, amount in cursor.fetchall()))
        cursor.execute("DROP TABLE our_answers")


def _rules_alone() -> None:
    """The time of policy's functions on the facts of the decisions, in one process."""
    from agency.models import Programme
    from agency.queries import terms_of
    from policy.facts import RefundFacts
    from policy.refund import assess_refund
    from subsidies.refunds.models import Decision

    terms = terms_of(Programme.objects.get().editions.get())
    facts = [RefundFacts.from_json(text) for text in Decision.objects.values_list("facts", flat=True)[:MOST_RULES].iterator()]
    with watched() as alone:
        for each in facts:
            assess_refund(terms, each)
    told("the rules alone", len(facts), alone)
