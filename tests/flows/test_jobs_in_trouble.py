"""Imports whose process is stopped, whose database connection is cut, whose worker is killed, or that come two at once."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.db import connection
from redis import Redis

from agency import clock
from agency.actions import imports
from agency.actions.clock import set_desk_clock
from agency.actions.jobs import LOCK, cancel_job, retry_job, work_next
from agency.models import Event, Import, Job
from agency.queries import stuck_jobs
from agency.tasks import wake
from config import machine
from enterprises.models import Enterprise
from tests.forge import Forge
from tests.office import Office, contribution, enterprise, uscc

pytestmark = pytest.mark.django_db(transaction=True)
SWEEP = "agency.work_jobs"
AT_ONCE = {"agency.actions.jobs._TOLD_EVERY": 0}  # progress is told whenever it is known
WRITING = "pg_stat_activity WHERE query LIKE 'INSERT INTO \"enterprises_enterprise\"%%'"
ROWS = 200


@pytest.fixture
def desk(committed_office, settings) -> Office:
    """The office, whose clock is that of every process."""
    settings.DEMO = True
    set_desk_clock(committed_office.at, real_now=clock.now())
    return committed_office


@pytest.fixture
def confirming(desk) -> Job:
    """The job that confirms two hundred new enterprises, waiting."""
    return ask_to_confirm(desk, desk.check("enterprises", [enterprise(number) for number in range(ROWS)]))


def ask_to_confirm(office: Office, imp: Import, by: str = "jingban") -> Job:
    Job.objects.filter(subject_id=imp.pk, kind=Job.Kind.CHECK).update(state="DONE")  # the office checks without its jobs
    return imports.request_confirm(Import.objects.get(pk=imp.pk), by=office.people[by], at=clock.now())


@contextlib.contextmanager
def nobody_writes(table: str) -> Iterator[None]:
    """A lock that lets everybody read a table, so that a landing waits in the middle of its rows."""
    side = connection.copy()
    with side.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
            side.close()


def wait_until(what: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.005)


def lands(job: Job) -> bool:
    """Whether the job's rows are being written, as another connection sees it."""
    job.refresh_from_db()
    return job.step == "写入数据" and bool(ask(f"SELECT count(*) FROM {WRITING} AND wait_event_type = 'Lock'"))


def ask(statement: str, *values: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def cut(which: str, job: Job) -> None:
    """End a connection of the process that works a job: the one that writes, or the one that holds its lock."""
    writes = f"SELECT pg_terminate_backend(pid) FROM {WRITING}"
    holds = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s"
    if which in ("main", "both"):
        assert ask(writes)
    if which in ("side", "both"):
        assert ask(holds, LOCK, job.pk)


def landed_once(job: Job) -> bool:
    job.refresh_from_db()
    times = Event.objects.filter(case_kind="import", case_id=job.subject_id, to_state="CONFIRMED").count()
    return (job.state, times, Enterprise.objects.count()) == ("DONE", 1, ROWS)


class TestWatched:
    def test_a_landing_is_seen_from_outside_while_nothing_is_committed(self, confirming, forge):
        with nobody_writes("enterprises_enterprise"):
            group = forge.start(SWEEP)
            wait_until(lambda: lands(confirming))
            assert (confirming.state, confirming.done, confirming.total, confirming.unit) == ("RUNNING", 0, ROWS, "行")
            assert not Enterprise.objects.exists()
        assert forge.wait(group) == 0
        assert landed_once(confirming)
        assert confirming.done == ROWS

    def test_reading_tells_how_many_how_fast_and_how_long(self, desk, forge):
        desk.load("enterprises", [enterprise(0)])
        path = desk.csv([contribution(uscc(0), 明细号=str(number)) for number in range(30_000)])
        imports.start_import("contributions", path, path.name, {}, by=desk.people["jingban"], at=clock.now())
        job, seen = Job.objects.get(state="QUEUED", kind="CHECK", subject_id=Import.objects.latest("pk").pk), []
        group = forge.start(SWEEP, **AT_ONCE)
        while forge.runs(group):
            job.refresh_from_db()
            seen.append((job.step, job.done, job.rate, job.seconds_left))
        assert forge.wait(group) == 0
        reading = [told for told in seen if told[0] == "读取文件" and told[2] and told[3] is not None]
        assert any(0 < done < 30_000 and rate > 0 and left >= 0 for _, done, rate, left in reading), seen[-20:]


class TestStopped:
    def test_process_keeps_its_job_until_it_is_cancelled_and_lands_nothing_when_it_goes_on(self, desk, confirming, forge):
        with nobody_writes("enterprises_enterprise"):
            group = forge.start(SWEEP)
            wait_until(lambda: lands(confirming))
            os.killpg(group, signal.SIGSTOP)
        wait_until(lambda: not lands(confirming))  # its rows are in, in a transaction that nobody ends
        assert forge.sweep(SWEEP) == 0
        confirming.refresh_from_db()
        assert (confirming.state, confirming.interrupted) == ("RUNNING", 0)
        assert confirming not in stuck_jobs(clock.now() + timedelta(minutes=9))
        assert confirming in stuck_jobs(clock.now() + timedelta(minutes=11))
        cancel_job(confirming, by=desk.people["jingban"], at=clock.now())
        os.killpg(group, signal.SIGCONT)
        assert forge.wait(group) == 0
        confirming.refresh_from_db()
        assert (confirming.state, Enterprise.objects.count()) == ("CANCELLED", 0)
        again = ask_to_confirm(desk, Import.objects.get())
        assert forge.sweep(SWEEP) == 0
        assert landed_once(again)


class TestCut:
    @pytest.mark.parametrize("which", ["main", "side", "both"])
    def test_from_its_database_in_the_middle_of_its_rows_a_job_is_worked_again_from_nothing(self, confirming, forge, which):
        with nobody_writes("enterprises_enterprise"):
            group = forge.start(SWEEP)
            wait_until(lambda: lands(confirming))
            cut(which, confirming)
            if which != "side":  # else it goes on once the table is free
                assert forge.wait(group) == 1
        if which == "side":
            assert forge.wait(group) == 1
        confirming.refresh_from_db()
        assert (confirming.state, Enterprise.objects.count()) == ("QUEUED" if which == "main" else "RUNNING", 0)
        assert forge.sweep(SWEEP) == 0
        assert landed_once(confirming)
        assert confirming.interrupted == 1

    def test_from_its_lock_a_job_is_taken_over_and_lands_once(self, confirming, forge):
        """The first process still writes while the second takes the job for an orphan."""
        with nobody_writes("enterprises_enterprise"):
            first = forge.start(SWEEP)
            wait_until(lambda: lands(confirming))
            cut("side", confirming)
            second = forge.start(SWEEP)
            wait_until(lambda: Event.objects.filter(case_kind="job", case_id=confirming.pk, to_state="RUNNING").count() == 2)
        assert (forge.wait(first), forge.wait(second)) == (1, 0)
        assert landed_once(confirming)


class TestFiles:
    @pytest.mark.parametrize(("trouble", "said"), [("gone", "从备份恢复"), ("unreadable", "磁盘"), ("damaged", "")])
    def test_that_cannot_be_read_fail_the_job_with_a_reason_and_a_retry_reads_them(self, desk, trouble, said):
        path = desk.csv([enterprise(1)])
        imp = imports.start_import("enterprises", path, path.name, {}, by=desk.people["jingban"], at=desk.at)
        place = Path(site.FILES_ROOT) / f"{imp.file_id // 1000:06}" / str(imp.file_id)
        whole = place.read_bytes()
        place.unlink()
        if trouble == "unreadable":
            place.mkdir()
        if trouble == "damaged":
            place.write_bytes(whole[:-5])
        with contextlib.suppress(OSError):
            work_next(Job.Kind.CHECK, imports.work_check, now=lambda: desk.at)
        job = Job.objects.get()
        assert (job.state, said in job.problem, "程序内部出错" in job.problem) == ("FAILED", True, False)
        if trouble == "unreadable":
            place.rmdir()
        place.write_bytes(whole)
        retry_job(job, by=desk.people["jingban"], at=desk.at)
        assert work_next(Job.Kind.CHECK, imports.work_check, now=lambda: desk.at) == job
        imp.refresh_from_db()
        assert (imp.state, imp.new) == ("CHECKED", 1)


class TestTwoAtOnce:
    """Two processes, each with an import of one kind: checked at once, then confirmed at once."""

    def both(self, desk: Office, forge: Forge, sources: list[tuple[str, Path]]) -> list[Job]:
        """The confirming jobs of both, worked by two processes; they held the table together when it was let go."""
        for (kind, path), by in zip(sources, ("jingban", "jingban2"), strict=True):
            imports.start_import(kind, path, path.name, {}, by=desk.people[by], at=clock.now())
        assert [forge.wait(group) for group in (forge.start(SWEEP), forge.start(SWEEP))] == [0, 0]
        assert not Job.objects.exclude(state="DONE").exists()
        found = list(Import.objects.order_by("pk"))
        assert [imp.state for imp in found] == ["CHECKED", "CHECKED"]
        confirming = [
            imports.request_confirm(imp, by=desk.people[by], at=clock.now())
            for imp, by in zip(found, ("jingban", "jingban2"), strict=True)
        ]
        with nobody_writes("enterprises_enterprise"):
            groups = [forge.start(SWEEP), forge.start(SWEEP)]
            wait_until(lambda: Job.objects.filter(kind="CONFIRM", state="RUNNING").count() == 2)
        assert [forge.wait(group) for group in groups] == [0, 0]
        for job in confirming:
            job.refresh_from_db()
        return confirming

    def test_with_different_rows_both_land(self, desk, forge):
        files = [desk.csv([enterprise(number) for number in range(first, first + ROWS)]) for first in (0, ROWS)]
        jobs = self.both(desk, forge, [("enterprises", path) for path in files])
        assert [job.state for job in jobs] == ["DONE", "DONE"]
        assert Enterprise.objects.count() == 2 * ROWS
        for imp in Import.objects.all():
            assert Enterprise.objects.filter(source=imp).count() == imp.new == ROWS

    def test_with_the_same_rows_in_opposite_order_the_second_is_shown_what_changed(self, desk, forge):
        one = desk.csv([enterprise(number, 从业人员="5") for number in range(ROWS)])
        other = desk.csv([enterprise(number, 从业人员="6") for number in reversed(range(ROWS // 2, ROWS + 50))])
        jobs = self.both(desk, forge, [("enterprises", one), ("enterprises", other)])
        late = next(job for job in jobs if job.state == "FAILED")
        early = next(job for job in jobs if job.state == "DONE")
        assert "本次没有写入任何数据；已重新检查" in late.problem
        assert set(Enterprise.objects.values_list("source_id", flat=True)) == {early.subject_id}
        imp = Import.objects.get(pk=late.subject_id)
        assert (imp.state, imp.changed) == ("CHECKED", ROWS // 2)
        imports.request_confirm(imp, by=imp.checked_by, at=clock.now())
        assert forge.sweep(SWEEP) == 0
        assert Enterprise.objects.count() == ROWS + 50
        rows, employees = (ROWS, 5) if imp.file.name == one.name else (ROWS // 2 + 50, 6)
        assert Enterprise.objects.filter(source=imp, employees=employees).count() == rows

    def test_with_the_same_file_the_second_has_nothing_to_write(self, desk, forge):
        path = desk.csv([enterprise(number) for number in range(ROWS)])
        jobs = self.both(desk, forge, [("enterprises", path), ("enterprises", path)])
        assert sorted(job.state for job in jobs) == ["DONE", "FAILED"]
        assert Enterprise.objects.count() == ROWS
        imp = Import.objects.get(state="CHECKED")
        assert (imp.new, imp.changed, imp.unchanged) == (0, 0, ROWS)


@pytest.mark.slow
class TestCelery:
    def test_a_worker_killed_with_its_children_is_replaced_and_what_it_did_is_done_once(
        self, desk, worker, the_machine, process_environment
    ):
        def killed() -> None:
            process = machine.alive(the_machine.pids / "worker.json")
            os.killpg(process.pid, signal.SIGKILL)
            wait_until(lambda: not machine.alive(the_machine.pids / "worker.json"))
            with Redis.from_url(os.environ["REDIS_URL"]) as queue:  # handed out again in an hour: the beat is sooner
                queue.delete("unacked", "unacked_index")

        def replaced(job: Job) -> None:
            machine.start(the_machine, "worker", process_environment)
            wait_until(lambda: self.swept(job, worker))

        path = desk.csv([enterprise(number) for number in range(ROWS)])
        imp = imports.start_import("enterprises", path, path.name, {}, by=desk.people["jingban"], at=clock.now())
        check = Job.objects.get()
        wake(SWEEP)
        wait_until(lambda: Job.objects.filter(state="RUNNING").exists())
        killed()
        replaced(check)
        confirming = imports.request_confirm(Import.objects.get(pk=imp.pk), by=desk.people["jingban"], at=clock.now())
        with nobody_writes("enterprises_enterprise"):
            wake(SWEEP)
            wait_until(lambda: lands(confirming))
            killed()
        replaced(confirming)
        assert landed_once(confirming)
        assert confirming.interrupted == 1

    def swept(self, job: Job, worker: Callable[[], None]) -> bool:
        """As the beat does every ten seconds."""
        wake(SWEEP)
        worker()
        job.refresh_from_db()
        return job.state == "DONE"
