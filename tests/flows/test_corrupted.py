"""Spoilt spreadsheets, by the thousand under `make soak`: each is refused in Chinese or read, and of a row that counts as good
every cell is what stood there before, or what another reader finds in the spoilt file."""

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from psycopg import sql

from agency import intake
from agency.actions import imports, jobs
from agency.models import Import, Job
from agency.sealed import blind_index
from sheets.columns import Column
from sheets.headers import Head, NoHead, find_head
from sheets.read import Reading, SheetRefused, read
from sheets.values import BadValue
from tests.corrupted import Spoilt, spoilt
from tests.office import Office
from tests.tables import independent

Texts = dict[str, str | None]
CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")


def told_by_another(content: bytes, one: Spoilt, encoding: str) -> dict[tuple[str, int], Texts]:
    """Canonical texts by (sheet, row) of every row that another reader finds."""
    columns = intake.kind_of(one.kind).columns
    return {
        (sheet, number): _canonical(columns, head, row)
        for sheet, rows in independent(content, one.form, encoding).items()
        if isinstance(head := _head(sheet, rows, columns), Head)
        for number, row in enumerate(rows, 1)
    }


def _head(sheet: str, rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> Head | NoHead:
    try:
        return find_head(sheet, [["" if cell is None else cell for cell in row] for row in rows[:30]], columns)
    except SheetRefused as refused:
        return NoHead(str(refused), 0)


def _canonical(columns: Sequence[Column], head: Head, row: Sequence[Any]) -> Texts:
    texts: Texts = {}
    for column in columns:
        place = head.places.get(column.name, len(row))
        try:
            texts[column.name] = column.value.clean(row[place]) if place < len(row) else None
        except BadValue as bad:
            texts[column.name] = f"？{bad}"
    return texts


def good_rows(reading: Reading) -> Iterator[tuple[str, int, Texts]]:
    for batch in reading:
        for place, number in enumerate(batch.numbers):
            if number not in batch.bad_rows:
                yield batch.sheet, number, {name: texts[place] for name, texts in batch.texts.items()}


def wrong_rows(one: Spoilt, rows: Sequence[tuple[str, int, Texts]], encoding: str = "", *, sealed: bool = False) -> list[str]:
    """Of good rows those that no other reader finds in the file, nor stood there before. `sealed`: as they were staged."""

    def unlike(content: bytes, these: Sequence[tuple[str, int, Texts]]) -> list[tuple[str, int, Texts]]:
        coded = encoding or ("utf-8-sig" if _is_utf8(content) else "gb18030")
        found = told_by_another(content, one, coded) if these else {}
        if sealed:
            found = {place: as_staged(one.kind, texts) for place, texts in found.items()}
        return [row for row in these if found.get(row[:2]) != row[2]]

    return list(map(str, unlike(one.content, unlike(one.honest, rows))))


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def refused(told: str) -> list[str]:
    """What is wrong with a refusal: it says nothing in Chinese."""
    return [] if CHINESE.search(told) else [f"refused without a reason in Chinese: {told!r}"]


def written(seed: int, folder: Path) -> tuple[Spoilt, Path]:
    one = spoilt(random.Random(seed))
    path = folder / f"{seed}.{one.form}"
    path.write_bytes(one.content)
    return one, path


def named(seed: int, one: Spoilt, wrong: Sequence[str]) -> str:
    return "".join(f"seed {seed}, {one.form}, {one.harm}: {line}\n" for line in wrong[:3])


def read_one(seed: int, folder: Path) -> tuple[str, str]:
    """(how it ended, what is wrong with it) of one spoilt file that is read."""
    one, path = written(seed, folder)
    try:
        with read(path, intake.kind_of(one.kind).columns) as reading:
            rows = list(good_rows(reading))
            ended, wrong = f"{one.form} read", wrong_rows(one, rows, reading.encoding)
    except SheetRefused as reason:
        ended, wrong = f"{one.form} refused", refused(str(reason))
    except RuntimeError as broke:
        ended, wrong = "broke", [str(broke)]
    path.unlink()
    return ended, named(seed, one, wrong)


def check_one(seed: int, office: Office) -> tuple[str, str]:
    """The same of one that goes through the whole check as a job, into the staging table."""
    one, path = written(seed, office.folder)
    person, asked = office.people["jingban"], {"again": "yes"}
    imp = imports.start_import(one.kind, path, path.name, asked, by=person, at=office.at)
    job = Job.objects.get(kind=Job.Kind.CHECK, subject_id=imp.pk)
    assert jobs.work(job, imports.work_check, now=lambda: office.at)
    job.refresh_from_db()
    imp.refresh_from_db()
    if job.state != Job.State.DONE:
        wrong = [f"job {job.state}: {job.problem}"]
    elif imp.state == Import.State.REFUSED:
        wrong = refused(imp.problem)
    else:
        rows = list(staged_rows(imp))
        assert len(rows) == imp.new + imp.changed + imp.unchanged
        told = [reason for *_, reason, _ in imp.report["errors"]]
        wrong = [reason for reason in told if not CHINESE.search(reason)]
        wrong += wrong_rows(one, rows, sealed=True)
    ended = f"{one.form} {imp.state.lower()}"
    if imp.state == Import.State.CHECKED:
        imports.cancel_import(imp, by=person, at=office.at)
    intake.drop_staging(imp.pk)
    path.unlink()
    return ended, named(seed, one, wrong)


def staged_rows(imp: Import) -> Iterator[tuple[str, int, Texts]]:
    """The rows without an error as they would land; a sealed cell by its blind index."""
    staging = intake.staging_of(imp)
    cells = staging.resource.cells
    columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(staging.matched(name))) for name in cells)
    bad = sql.SQL("SELECT FROM {} i WHERE i.row = s.row AND i.level = 'E'").format(staging.issues)
    query = sql.SQL("SELECT sheet, number, {} FROM {} s WHERE NOT EXISTS ({})").format(columns, staging.rows, bad)
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(None))
        for sheet, number, *texts in cursor.fetchall():
            yield sheet, number, dict(zip(cells, texts, strict=True))


def as_staged(kind: str, texts: Texts) -> Texts:
    """Canonical texts as the staging table keeps them."""
    staged: Texts = {}
    for name, cell in intake.kind_of(kind).cells.items():
        text = texts[name]
        if cell.is_sealed:
            staged[name] = blind_index(text) if text else ""
        else:
            staged[name] = cell.empty if text is None else text
    return staged


def counted(found: Iterable[tuple[str, str]]) -> tuple[Counter[str], str]:
    """How many ended how; what was wrong."""
    endings, wrong = Counter(), ""
    for ended, told in found:
        endings[ended] += 1
        wrong += told
    return endings, wrong


class TestSpoiltSpreadsheets:
    """200 by the whole check; under `make soak` 900 x ROUNDS are read, and 100 x ROUNDS others go through the whole check."""

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.timeout(7200)
    def test_never_break_the_check_nor_slip_a_wrong_row_in(self, committed_office, rounds, seeded):
        committed_office.enterprises(5)
        first = seeded.randrange(10**9)
        endings, wrong = counted(check_one(first + at, committed_office) for at in range(max(200, rounds(100))))
        assert wrong == ""
        assert min(endings[f"{form} {state}"] for form in ("csv", "xls", "xlsx") for state in ("checked", "refused")) > 10

    @pytest.mark.timeout(7200)
    def test_never_break_the_reader_nor_slip_a_wrong_row_in(self, tmp_path, rounds, seeded):
        first, count = seeded.randrange(10**9, 2 * 10**9), 30 if rounds(1) == 1 else rounds(900)
        with ThreadPoolExecutor(3) as pool:
            endings, wrong = counted(pool.map(read_one, range(first, first + count), itertools.repeat(tmp_path)))
        assert wrong == ""
        assert len(endings) >= 5


class TestAnotherReader:
    """What the rows are held against is able to tell a wrong one."""

    def test_tells_a_changed_cell_from_the_one_that_stood_there(self):
        one = next(
            one for one in map(spoilt, map(random.Random, itertools.count())) if one.form == "xlsx" and one.harm == "member_gone"
        )
        (place, texts), *_ = told_by_another(one.honest, one, "").items()
        name = next(name for name, text in texts.items() if text)
        assert wrong_rows(one, [(*place, texts)]) == []
        assert len(wrong_rows(one, [(*place, texts | {name: "x"})])) == 1
