"""python -m bench [rules | loads | screening]; SIZE=100000 enterprises. Run by `make bench`, on a database of its own.

loads      every spreadsheet of the made-up city, checked and confirmed, beside a bare COPY of the contributions
screening  the whole programme, after loads
rules      `assess refund` on SIZE rows, beside a bare read and write of the same file
"""

import csv
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ["DEMO"] = "1"  # the city's year is 2024
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
import psutil

SIZE = int(os.environ.get("SIZE") or 100_000)


class Watched:
    """Seconds, and the most memory (PSS, bytes) that this process and its children held meanwhile."""

    seconds = 0.0
    most = 0


@contextmanager
def watched() -> Iterator[Watched]:
    found, over = Watched(), threading.Event()

    def watch() -> None:
        own = psutil.Process()
        while not over.wait(0.2):
            held = 0
            for process in [own, *own.children(recursive=True)]:
                try:
                    held += process.memory_full_info().pss
                except psutil.NoSuchProcess:
                    continue
            found.most = max(found.most, held)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    begun = time.perf_counter()
    yield found
    found.seconds = time.perf_counter() - begun
    over.set()
    watcher.join()


def told(what: str, rows: int, one: Watched, bare: float | None = None) -> None:
    beside = f"  {one.seconds / bare:5.2f} x bare ({bare:.1f} s)" if bare else ""
    pace = f"{one.seconds:>8.1f} s {rows / one.seconds:>10,.0f} rows/s {one.most / 2**20:>7.0f} MB"
    print(f"{what:<28}{rows:>10,} rows {pace}{beside}", flush=True)


def loads() -> None:
    """Load the city; leaves the programme open and everything confirmed."""
    from agency.models import Import
    from samples.city import write_city
    from samples.year import story
    from samples.year.stage import KINDS, Year

    folder = Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR")))
    write_city(folder, size=SIZE)
    year = Year(folder, lambda text: None)
    story.found(year)
    with watched() as whole:
        for kind in KINDS:
            if kind != "regions":
                with watched() as one:
                    imp: Import = year.load(kind)
                rows = imp.new + imp.changed + imp.unchanged + imp.refused
                told(f"load {kind}", rows, one, bare_copy(folder / "contributions.csv") if kind == "contributions" else None)
    told("load, all of it", sum(imp.new + imp.refused for imp in Import.objects.all()), whole)
    story.adopt(year)


def bare_copy(path: Path) -> float | None:
    """Seconds of COPY of the same bytes into a table of the same columns, key and unique index."""
    from django.db import connection

    if not path.exists():
        return None
    with path.open(encoding="utf-8-sig") as file:
        header = next(csv.reader(file))
    columns = ", ".join(f"c{place} text" for place in range(len(header)))
    taken = []
    with connection.cursor() as cursor:
        for _ in range(3):
            cursor.execute("DROP TABLE IF EXISTS bare")
            cursor.execute(f"CREATE TABLE bare (id bigserial PRIMARY KEY, {columns})")
            cursor.execute("CREATE UNIQUE INDEX ON bare (c0, c1, c9, c10, c11, id)")
            names = ", ".join(f"c{place}" for place in range(len(header)))
            begun = time.perf_counter()
            with path.open("rb") as file, cursor.copy(f"COPY bare ({names}) FROM STDIN CSV HEADER") as copy:
                while piece := file.read(1 << 20):
                    copy.write(piece)
            taken.append(time.perf_counter() - begun)
        cursor.execute("DROP TABLE bare")
    return sorted(taken)[1]


def screening() -> None:
    """Screen the loaded city as the job does."""
    from agency import clock
    from agency.actions.jobs import work_next
    from agency.models import Job, Programme, User
    from subsidies.refunds import actions
    from subsidies.refunds.models import ScreeningRun

    programme, clerk = Programme.objects.get(), User.objects.get(username="jingban1")
    for words in ("screening", "screening again"):
        at = clock.now()
        run = actions.start_screening(programme, at.date(), by=clerk, at=at)

        def work(job: Job, *, at: object, progress: object, run: ScreeningRun = run) -> None:
            actions.screen(run, at=at, progress=progress)

        with watched() as one:
            work_next(Job.Kind.SCREENING, work, now=clock.now)
        run.refresh_from_db()
        told(words, sum(run.counts["outcomes"].values()), one)


def fact_row(number: int, rng: random.Random) -> dict[str, object]:
    """One made-up enterprise as a row of FORMATS' facts; what is not named is unknown."""
    people = rng.randint(1, 400)
    return {
        "uscc": f"U{number}", "kind": "企业", "dispatch": "否", "on": "2024-06-03", "channel": "免申即享",
        "paid_months": rng.randint(8, 40), "months_paid_last_year": 12,
        "mean_insured": people, "start_insured": people, "end_insured": people, "claimants": rng.randint(0, 9),
        "paid_normal": f"{people * 600}.{rng.randint(10, 99)}", "paid_arrears": "0", "refunded": "0",
        "statistics_size": rng.choice(["大型", "中小微", ""]), "statistics_covers": "是", "recorded_size": "小型",
        "industry": "3311", "employees": people, "revenue": "900", "credit_flags": "", "account": "是", "tax_account": "是",
    }  # fmt: skip


def rules() -> None:
    """The calculator on a file of made-up facts."""
    rng = random.Random(2024)
    with tempfile.TemporaryDirectory() as spare:
        facts, out = Path(spare) / "facts.csv", Path(spare) / "out.csv"
        with facts.open("w", encoding="utf-8", newline="") as file:
            sheet = csv.DictWriter(file, fact_row(0, rng))
            sheet.writeheader()
            sheet.writerows(fact_row(number, rng) for number in range(SIZE))
        begun = time.perf_counter()
        with facts.open(encoding="utf-8", newline="") as source, out.open("w", encoding="utf-8", newline="") as copy:
            csv.writer(copy).writerows(csv.reader(source))
        bare = time.perf_counter() - begun
        with watched() as one:
            command = [sys.executable, "-m", "policy", "assess", "refund", "--notice", "shanxi/2024", str(facts), str(out)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        told("assess refund", SIZE, one, bare)


PARTS: dict[str, tuple[Callable[[], None], ...]] = {
    "rules": (rules,),
    "loads": (loads,),
    "screening": (loads, screening),
    "": (rules, loads, screening),
}


def main() -> int:
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    if asked not in PARTS:
        print(__doc__)
        return 2
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for part in PARTS[asked]:
        part()
    return 0


if __name__ == "__main__":
    sys.exit(main())
