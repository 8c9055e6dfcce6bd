"""python -m bench [rules | loads | screening]; SIZE=n enterprises. Run by `make bench`, on a database of its own.

loads      every spreadsheet of the made-up city, checked and confirmed, beside a bare COPY of the contributions
screening  the whole programme, after loads
rules      `assess refund` on SIZE rows with every column, beside a bare read and write of the same file

SIZE is 100,000 where it is not given, for rules 1,000,000.
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
ROWS = int(os.environ.get("SIZE") or 1_000_000)


class Watched:
    """Seconds, and those that processors worked for this process and its children (never those of the database's server);
    the most memory (PSS, bytes) that these processes held meanwhile."""

    seconds = 0.0
    worked = 0.0
    most = 0


@contextmanager
def watched(*, own: bool = True) -> Iterator[Watched]:
    """Watches this process and its children; `own` false: the children alone."""
    found, over = Watched(), threading.Event()
    watching = 0.0

    def watch() -> None:
        nonlocal watching
        this = psutil.Process()
        while not over.wait(0.2):
            held = 0
            for process in [*([this] if own else []), *this.children(recursive=True)]:
                try:
                    held += process.memory_full_info().pss
                except psutil.NoSuchProcess:
                    continue
            found.most = max(found.most, held)
        watching = time.thread_time()

    def worked() -> float:
        times = os.times()
        return sum(times[:4] if own else times[2:4])

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    begun, worked_before = time.perf_counter(), worked()
    yield found
    found.seconds = time.perf_counter() - begun
    over.set()
    watcher.join()
    found.worked = worked() - worked_before - (watching if own else 0)


def told(what: str, rows: int, one: Watched, bare: float | None = None) -> None:
    beside = f"  {one.seconds / bare:5.2f} x bare ({bare:.1f} s)" if bare else ""
    pace = f"{one.seconds:>8.1f} s {one.worked:>8.1f} CPU s {rows / one.seconds:>10,.0f} rows/s {one.most / 2**20:>7.0f} MB"
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
    """One made-up enterprise as a row of FORMATS' facts: every column, and filled as a register would have it."""
    people = rng.choice((rng.randint(1, 30), rng.randint(1, 30), rng.randint(31, 400), rng.randint(300, 3000)))
    mean, fen = people * 12 + rng.randint(-11, 11), rng.randint(0, 99)
    kind = rng.choices(("企业", "分支机构", "社会团体", "律师事务所", "个体工商户"), (80, 8, 4, 4, 4))[0]
    dispatch = kind == "企业" and rng.random() < 0.02
    size = rng.choices(("大型", "中型", "小型", "微型"), (3, 12, 45, 40))[0]
    return {
        "uscc": f"91140300MA{number:07}X", "kind": kind, "dispatch": "是" if dispatch else "否",
        "on": f"2024-{rng.randint(5, 12):02}-{rng.randint(1, 28):02}", "paid_months": rng.choice((8, *range(12, 120))),
        "months_paid_last_year": rng.choice((12, 12, 12, 12, 7)),
        "mean_insured": f"{mean / 12:.6f}".rstrip("0").rstrip("."), "start_insured": people,
        "end_insured": max(0, people + rng.randint(-6, 9)), "dismissals": rng.choice((0, 0, 0, 0, 1, 2)),
        "claimants": rng.choice((0, 0, 0, 0, 1, 2, 3, 9)), "retired": rng.choice((0, 0, 1, 2)), "died": rng.choice((0, 0, 0, 1)),
        "paid_normal": f"{people * rng.randint(500, 900)}.{fen:02}", "paid_arrears": rng.choice(("0", "0", f"{fen * 37}.50")),
        "paid_late_fees": rng.choice(("0", "0", f"{fen}.12")), "paid_after_year": rng.choice(("0", f"{fen * 11}.08")),
        "refunded": rng.choice(("0", "0", f"{fen}.00")), "paid_for_public_hosts": f"{people}.00" if dispatch else "0",
        "deferred_unpaid": "否", "statistics_size": size if rng.random() < 0.3 else "", "statistics_covers": rng.choice("是否"),
        "size_2020": size, "recorded_size": size, "industry": rng.choice(("3311", "C13", "5212", "61", "7010", "I65", "4710")),
        "employees": people, "revenue": f"{people * rng.randint(8, 90)}.{fen:02}", "assets": f"{people * rng.randint(5, 200)}",
        "parent_size": size if kind == "分支机构" else "", "committed_size": size if rng.random() < 0.1 else "",
        "credit_flags": rng.choices(("", "严重失信", "经营异常", "拟注销;拖欠农民工工资"), (96, 2, 1, 1))[0],
        "channel": "自主申请" if dispatch else "免申即享", "account": rng.choice("是是是否"), "tax_account": "是",
        "dispatch_banned": "否",
    }  # fmt: skip


def rules() -> None:
    """The calculator on a file of made-up facts."""
    rng = random.Random(2024)
    with tempfile.TemporaryDirectory() as spare:
        facts, out = Path(spare) / "facts.csv", Path(spare) / "out.csv"
        with facts.open("w", encoding="utf-8", newline="") as file:
            sheet = csv.DictWriter(file, fact_row(0, rng))
            sheet.writeheader()
            sheet.writerows(fact_row(number, rng) for number in range(ROWS))
        begun = time.perf_counter()
        with facts.open(encoding="utf-8", newline="") as source, out.open("w", encoding="utf-8", newline="") as copy:
            csv.writer(copy).writerows(csv.reader(source))
        bare = time.perf_counter() - begun
        with watched(own=False) as one:
            command = [sys.executable, "-m", "policy", "assess", "refund", "--notice", "shanxi/2024", str(facts), str(out)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        told("assess refund", ROWS, one, bare)


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
