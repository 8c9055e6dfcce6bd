"""Workers beside each other, a worker that is stopped, and one whose connection to PostgreSQL is lost: real processes, held at
a known moment by a lock of the test's own."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from agency import clock
from agency.actions import imports, jobs
from agency.actions.jobs import cancel_job, retry_job
from agency.models import Event, Import, Job
from agency.moves import MoveRefused
from agency.tasks import work_jobs
from enterprises.models import Enterprise
from tests.forge import Forge
from tests.office import enterprise, uscc

pytestmark = pytest.mark.django_db(transaction=True)

NO_READING = "LOCK TABLE enterprises_enterprise IN ACCESS EXCLUSIVE MODE"  # a check that begins to compare waits
NO_WRITING = "LOCK TABLE enterprises_enterprise IN SHARE MODE"  # a landing waits
PATIENCE = 60  # seconds
Row = dict[str, object]


class Workers:
    """Processes that work the jobs that wait, each until none is left, and what the test does to them."""

    def __init__(self, forge: Forge) -> None:
        self.forge = forge
        self.started: list[int] = []

    def start(self) -> int:
        self.started.append(self.forge.start("agency.work_jobs"))
        return self.started[-1]

    def end(self, worker: int) -> int:
        """Wait for its end: 0, or 1 where an exception left the sweep."""
        wait_until(lambda: not self.forge.runs(worker))
        self.started.remove(worker)
        return self.forge.wait(worker)

    def wait_for_lock(self, count: int = 1) -> None:
        """Until so many connections wait for a lock."""
        wait_until(lambda: len(connections_that(WAITS)) >= count)

    def cut(self, which: str) -> None:
        """End connections as an administrator, a restart or a broken line does: of the work, of its lock, or both."""
        parts = {"work": [WAITS], "lock": [HOLDS_A_JOB], "both": [HOLDS_A_JOB, WAITS]}[which]
        ended = [pid for part in parts for pid in connections_that(part)]
        assert len(ended) == len(parts)
        with connection.cursor() as cursor:
            for pid in ended:
                cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


WAITS = "backend_type = 'client backend' AND wait_event_type = 'Lock'"
HOLDS_A_JOB = f"EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.classid = {jobs.LOCK})"


def connections_that(where: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pid FROM pg_stat_activity a WHERE datname = current_database() AND {where}")
        return [pid for (pid,) in cursor.fetchall()]


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def workers(forge) -> Iterator[Workers]:
    begun = Workers(forge)
    yield begun
    for worker in begun.started:
        forge.kill(worker)
        forge.wait(worker)


@contextlib.contextmanager
def held(statement: str, values: list[Any] | None = None) -> Iterator[Any]:
    """Hold a lock on a connection of its own; gives its cursor, to commit with."""
    side = connection.copy()
    try:
        with side.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(statement, values)
            yield cursor
    finally:
        side.close()


def start(office, rows: list[Row], by: str = "jingban") -> Import:
    path = office.csv(rows)
    return imports.start_import("enterprises", path, path.name, {}, by=office.people[by], at=clock.now())


def checked(office, rows: list[Row]) -> Import:
    imp = start(office, rows)
    work_jobs()
    imp.refresh_from_db()
    assert imp.state == "CHECKED"
    return imp


def ask(office, imp: Import) -> Job:
    """Ask to confirm, as the second person."""
    return imports.request_confirm(imp, by=office.people["fushen"], at=clock.now())


def job_of(imp: Import) -> Job:
    return Job.objects.filter(subject_id=imp.pk).latest("pk")


def confirmed(imp: Import) -> int:
    return Event.objects.filter(case_kind="import", case_id=imp.pk, to_state="CONFIRMED").count()


def staged() -> list[str]:
    return [name for name in connection.introspection.table_names() if name.startswith("intake_")]


def written() -> dict[str, tuple[str, str, str, int]]:
    """{code: name, phone and account in the open, the import it came with}."""
    values = Enterprise.objects.values_list("uscc", "name", "phone", "account", "source_id")
    return {code: (name, phone.reveal(), account.reveal(), source) for code, name, phone, account, source in values}


def said(imp: Import, rows: list[Row]) -> dict[str, tuple[str, str, str, int]]:
    return {str(row["统一社会信用代码"]): (row["单位名称"], row["手机号"], row["账号"], imp.pk) for row in rows}


def rows_of(numbers: range, mark: int) -> list[Row]:
    """Rows that differ from those of another mark in a plain cell and in two sealed ones."""
    return [
        enterprise(
            number, 单位名称=f"第{number}号第{mark}版公司", 手机号=f"13{mark}{number:08}", 账号=f"622200{mark}{number:012}"
        )
        for number in numbers
    ]


class TestTwoImportsOfOneKind:
    """Of different files with keys in common, their rows in opposite order."""

    def test_are_checked_and_confirmed_at_once_as_one_after_the_other(self, committed_office, workers):
        office = committed_office
        before = said(office.load("enterprises", rows_of(range(1_500), 0)), rows_of(range(1_500), 0))
        rows = [rows_of(range(2_000), 1), rows_of(range(2_999, 999, -1), 2)]
        both = [start(office, rows[0]), start(office, rows[1], "jingban2")]
        with held(NO_READING):
            pair = [workers.start(), workers.start()]
            workers.wait_for_lock(2)
        assert [workers.end(worker) for worker in pair] == [0, 0]
        for imp in both:
            imp.refresh_from_db()
        assert [(imp.state, imp.new, imp.changed, imp.refused) for imp in both] == [
            ("CHECKED", 500, 1_500, 0), ("CHECKED", 1_500, 500, 0),
        ]  # fmt: skip
        asked = [ask(office, imp) for imp in both]
        with held("SELECT pg_advisory_xact_lock(%s, hashtext('enterprises'))", [imports.LOCK]):
            pair = [workers.start(), workers.start()]
            workers.wait_for_lock(2)
        assert [workers.end(worker) for worker in pair] == [0, 0]
        first, second = sorted((0, 1), key=lambda place: -confirmed(both[place]))
        for row in [*both, *asked]:
            row.refresh_from_db()
        assert (both[first].state, asked[first].state) == ("CONFIRMED", "DONE")
        assert (both[second].state, asked[second].state) == ("CHECKED", "FAILED")
        assert "已重新检查，请核对新的检查报告后再确认" in asked[second].problem
        stands = before | said(both[first], rows[first])
        assert written() == stands
        new = len(said(both[second], rows[second]).keys() - stands.keys())
        assert (both[second].new, both[second].changed) == (new, 2_000 - new)
        ask(office, both[second])
        work_jobs()
        assert written() == stands | said(both[second], rows[second])
        assert [confirmed(imp) for imp in both] == [1, 1]
        assert staged() == []


class TestOvertaken:
    def test_an_account_that_is_corrected_meanwhile_is_not_written_over_unseen(self, committed_office, workers):
        """Else one person could change an account alone: the report says that the file changes none."""
        office, rows = committed_office, rows_of(range(20), 1)
        office.load("enterprises", rows)
        imp = checked(office, [row | {"单位名称": f"{row['单位名称']}（更名）"} for row in rows])
        assert (imp.changed, imp.report["for_another"]) == (20, 0)
        job = imports.request_confirm(imp, by=office.people["jingban"], at=clock.now())
        corrected, as_of = uscc(3), uscc(4)
        with held(CORRECT, [as_of, corrected]) as other:
            worker = workers.start()
            workers.wait_for_lock()
            other.execute("COMMIT")
        assert workers.end(worker) == 0
        job.refresh_from_db()
        imp.refresh_from_db()
        assert (job.state, imp.state, imp.report["for_another"]) == ("FAILED", "CHECKED", 1)
        assert written()[corrected][2] == written()[as_of][2]


CORRECT = (
    "UPDATE enterprises_enterprise e SET account = other.account, account_index = other.account_index "
    "FROM enterprises_enterprise other WHERE other.uscc = %s AND e.uscc = %s"
)


class TestStopped:
    """A worker that neither works nor dies (SIGSTOP, a frozen machine): it holds its lock, so nobody takes its job over."""

    def stop(self, workers: Workers, statement: str) -> int:
        with held(statement):
            worker = workers.start()
            workers.wait_for_lock()
            os.killpg(worker, signal.SIGSTOP)
        return worker

    def go_on(self, workers: Workers, worker: int) -> None:
        os.killpg(worker, signal.SIGCONT)
        assert workers.end(worker) == 0

    def says_stuck(self, office, job: Job) -> bool:
        console = Client()
        console.force_login(office.people["jingban"], backend="django.contrib.auth.backends.ModelBackend")
        page = console.get(reverse("admin:agency_job_changelist"), {"stuck": "yes"})
        return reverse("admin:agency_job_change", args=[job.pk]) in page.content.decode()

    def test_is_told_of_and_once_cancelled_holds_up_nobody_and_lands_nothing(
        self, committed_office, workers, settings, desk_clock
    ):
        office = committed_office
        job = ask(office, imp := checked(office, rows_of(range(50), 1)))
        worker = self.stop(workers, NO_WRITING)
        work_jobs()  # which takes nothing over
        job.refresh_from_db()
        assert (job.state, job.step, self.says_stuck(office, job)) == ("RUNNING", "写入数据", False)
        settings.DEMO = True
        desk_clock(clock.now() + timedelta(minutes=11))
        assert self.says_stuck(office, job)
        cancel_job(job, by=office.people["jingban"], at=clock.now())
        assert not self.says_stuck(office, job)
        other = checked(office, rows_of(range(100, 150), 2))
        ask(office, other)
        assert workers.end(workers.start()) == 0  # though the first still stands
        assert written() == said(other, rows_of(range(100, 150), 2))
        os.killpg(worker, signal.SIGCONT)
        workers.end(worker)
        job.refresh_from_db()
        imp.refresh_from_db()
        assert (job.state, imp.state, len(written())) == ("CANCELLED", "CHECKED", 50)
        ask(office, imp)
        work_jobs()
        assert (len(written()), confirmed(imp), confirmed(other)) == (100, 1, 1)

    def test_cancelled_at_once_lands_nothing_when_it_goes_on(self, committed_office, workers):
        office = committed_office
        job = ask(office, imp := checked(office, rows_of(range(50), 1)))
        worker = self.stop(workers, NO_WRITING)
        job.refresh_from_db()
        cancel_job(job, by=office.people["jingban"], at=clock.now())
        self.go_on(workers, worker)
        job.refresh_from_db()
        imp.refresh_from_db()
        assert (job.state, imp.state, Enterprise.objects.count()) == ("CANCELLED", "CHECKED", 0)
        again = ask(office, imp)
        work_jobs()
        again.refresh_from_db()
        assert (again.state, len(written()), confirmed(imp)) == ("DONE", 50, 1)

    def test_in_its_check_leaves_nothing_once_its_import_is_given_up(self, committed_office, workers):
        office = committed_office
        imp = start(office, rows_of(range(50), 1))
        worker = self.stop(workers, NO_READING)
        imports.cancel_import(imp, by=office.people["jingban"], at=clock.now())
        self.go_on(workers, worker)
        imp.refresh_from_db()
        assert (imp.state, job_of(imp).state, staged()) == ("CANCELLED", "CANCELLED", [])

    def test_before_its_commit_lands_nothing_once_it_is_cancelled(self, committed_office, workers):
        """All is written and told; what was staged is about to be dropped, which a reader of it holds up."""
        office = committed_office
        job = ask(office, imp := checked(office, rows_of(range(50), 1)))
        with held(f"LOCK TABLE intake_{imp.pk}_row IN ACCESS SHARE MODE"):
            worker = workers.start()
            workers.wait_for_lock()
            job.refresh_from_db()
            assert (job.done, job.total) == (50, 50)
            cancel_job(job, by=office.people["jingban"], at=clock.now())
        assert workers.end(worker) == 0
        job.refresh_from_db()
        imp.refresh_from_db()
        assert (job.state, imp.state, Enterprise.objects.count()) == ("CANCELLED", "CHECKED", 0)
        assert staged()


class TestGivenUpTooLate:
    def test_is_refused_where_the_import_is_being_committed(self, committed_office, workers):
        """Who gives it up waits for the commit: either nothing is written, or he is told."""
        office, told = committed_office, []
        job = ask(office, imp := checked(office, rows_of(range(50), 1)))

        def give_up() -> None:
            try:
                imports.cancel_import(Import.objects.get(pk=imp.pk), by=office.people["jingban"], at=clock.now())
            except MoveRefused as refused:
                told.append(str(refused))
            finally:
                connections.close_all()

        with held(f"LOCK TABLE intake_{imp.pk}_row IN ACCESS SHARE MODE"):
            worker = workers.start()
            workers.wait_for_lock()
            person = threading.Thread(target=give_up)
            person.start()
            workers.wait_for_lock(2)
        person.join(PATIENCE)
        assert workers.end(worker) == 0
        job.refresh_from_db()
        imp.refresh_from_db()
        assert (imp.state, job.state, len(written())) == ("CONFIRMED", "DONE", 50)
        assert told == ["此件刚刚已由他人或系统处理，本次操作未生效；请刷新页面后再看。"]


class TestConnectionLost:
    """In the midst of the work: its transaction is gone; what lost only its lock may not write beside who takes it over."""

    @pytest.mark.parametrize("which", ["work", "lock", "both"])
    def test_while_landing_leaves_nothing_half_done_and_the_retry_finishes(self, committed_office, workers, which):
        office, rows = committed_office, rows_of(range(500), 1)
        office.load("enterprises", rows_of(range(250), 0))
        job = ask(office, imp := checked(office, rows))
        before = written()
        with held(NO_WRITING):
            worker = workers.start()
            workers.wait_for_lock()
            workers.cut(which)
            if which == "lock":
                other = workers.start()  # takes the orphan over while the first still writes
                workers.wait_for_lock(2)
            else:
                workers.end(worker)
                assert written() == before
        if which == "lock":
            workers.end(worker)
            workers.end(other)
        for _ in range(2):
            work_jobs()
        self.finish(office, job)
        job.refresh_from_db()
        imp.refresh_from_db()
        assert (job.state, imp.state, confirmed(imp)) == ("DONE", "CONFIRMED", 1), job.problem
        assert written() == said(imp, rows)
        history = Enterprise._meta.apps.get_model("enterprises", "EnterpriseEvent").objects
        assert history.count() == 250
        assert staged() == []

    def test_of_its_lock_before_the_commit_lands_once_though_another_takes_it_over(self, committed_office, workers):
        office, rows = committed_office, rows_of(range(50), 1)
        job = ask(office, imp := checked(office, rows))
        with held(f"LOCK TABLE intake_{imp.pk}_row IN ACCESS SHARE MODE"):
            worker = workers.start()
            workers.wait_for_lock()
            workers.cut("lock")
            other = workers.start()
            workers.wait_for_lock(2)
        workers.end(worker)
        assert workers.end(other) == 0
        work_jobs()
        job.refresh_from_db()
        imp.refresh_from_db()
        assert (job.state, imp.state, confirmed(imp)) == ("DONE", "CONFIRMED", 1), job.problem
        assert written() == said(imp, rows)

    def finish(self, office, job: Job) -> None:
        job.refresh_from_db()
        if job.state == Job.State.FAILED:
            retry_job(job, by=office.people["jingban"], at=clock.now())
            work_jobs()

    def test_while_checking_leaves_nothing_staged(self, committed_office, workers):
        office = committed_office
        imp = start(office, rows_of(range(50), 1))
        with held(NO_READING):
            worker = workers.start()
            workers.wait_for_lock()
            workers.cut("work")
            workers.end(worker)
            assert staged() == []
        work_jobs()
        self.finish(office, job_of(imp))
        imp.refresh_from_db()
        assert (imp.state, imp.new, job_of(imp).state) == ("CHECKED", 50, "DONE")
