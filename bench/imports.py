"""Loading: every spreadsheet of the made-up city, checked and confirmed, beside a bare COPY of the contributions."""

import csv
import os
import tempfile
import time
from pathlib import Path

from bench.measure import told, watched

SIZE = int(os.environ.get("SIZE") or 100_000)


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
