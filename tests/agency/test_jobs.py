"""A job is worked by one process at a time, told about while it runs, and never lost."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, connections

from agency.actions import jobs
from agency.actions.jobs import LOCK, MOST_INTERRUPTIONS, cancel_job, queue_job, retry_job, work, work_next
from agency.models import Event, File, Import, Job, Role
from agency.moves import MoveRefused
from agency.queries import stuck_jobs

pytestmark = pytest.mark.django_db(transaction=True)


class CannotBeDone(Exception):
    """Stands for an exception of ours: its module is taken for one of ours."""


CannotBeDone.__module__ = "agency.actions.imports"


@pytest.fixture
def queued(staff, at) -> Callable[[], Job]:
    """Queue a job on the next subject."""
    subjects = iter(range(1, 100))
    return lambda: queue_job(Job.Kind.EXPORT, next(subjects), "1403", by=staff(Role.PREPARER), at=at)


class TestWork:
    def test_takes_the_oldest_and_tells_when_it_is_done(self, queued, at):
        first, second = queued(), queued()
        worked = work_next(Job.Kind.EXPORT, lambda job, *, at, progress: progress(3, 3, "写文件"), now=lambda: at)
        first.refresh_from_db()
        second.refresh_from_db()
        assert (worked, first.state, second.state) == (first, "DONE", "QUEUED")
        assert (first.done, first.total, first.step, first.started_at, first.ended_at) == (3, 3, "写文件", at, at)

    def test_finds_nothing_where_nothing_waits(self, queued, at):
        queued()
        assert work_next(Job.Kind.SCREENING, lambda *args, **also: None, now=lambda: at) is None

    def test_a_named_refusal_becomes_the_problem_and_can_be_retried(self, queued, staff, at):
        job = queued()

        def refuse(job, *, at, progress):
            raise CannotBeDone("先导入名册。")

        work_next(Job.Kind.EXPORT, refuse, now=lambda: at)
        job.refresh_from_db()
        assert (job.state, job.problem) == ("FAILED", "先导入名册。")
        retry_job(job, by=staff(Role.PREPARER), at=at)
        assert work(job, lambda job, *, at, progress: None, now=lambda: at)
        job.refresh_from_db()
        assert (job.state, job.problem) == ("DONE", "")

    def test_a_fault_of_ours_is_raised_and_told_without_its_words(self, queued, at):
        job = queued()

        def break_down(job, *, at, progress):
            raise ZeroDivisionError("13912345678")

        with pytest.raises(ZeroDivisionError):
            work_next(Job.Kind.EXPORT, break_down, now=lambda: at)
        job.refresh_from_db()
        assert job.state == "FAILED"
        assert "13912345678" not in job.problem

    def test_queued_twice_for_one_subject_is_one_job(self, queued, staff, at):
        job = queued()
        assert queue_job(Job.Kind.EXPORT, job.subject_id, "1403", by=staff(Role.PREPARER), at=at) == job


class TestTwoAtOnce:
    def test_one_works_and_the_other_goes_on(self, queued, at):
        job, both, released = queued(), threading.Barrier(2, timeout=20), threading.Event()
        answers: list[bool] = []

        def hold(job, *, at, progress):
            both.wait()
            released.wait(20)

        def worker() -> None:
            answers.append(work(job, hold, now=lambda: at))
            connections.close_all()

        first = threading.Thread(target=worker)
        first.start()
        both.wait()
        assert work(job, hold, now=lambda: at) is False
        assert work_next(Job.Kind.EXPORT, hold, now=lambda: at) is None
        released.set()
        first.join(20)
        assert answers == [True]
        assert Event.objects.filter(case_kind="job", case_id=job.pk, to_state="RUNNING").count() == 1

    def test_progress_is_seen_by_others_before_the_work_commits(self, queued, at):
        job, seen = queued(), []

        def count(job, *, at, progress):
            from django.db import transaction

            with transaction.atomic():
                progress(5, 10, "读取文件")
                side = connection.copy()
                with side.cursor() as cursor:
                    cursor.execute("SELECT done, total, step, state FROM agency_job WHERE id = %s", [job.pk])
                    seen.append(cursor.fetchone())
                side.close()

        work(job, count, now=lambda: at)
        assert seen == [(5, 10, "读取文件", "RUNNING")]


class TestCancel:
    def test_stops_running_work_at_its_next_progress_and_rolls_it_back(self, queued, staff, at):
        from django.db import transaction

        job, person = queued(), staff(Role.PREPARER)

        def go_on(job, *, at, progress):
            with transaction.atomic():
                File.objects.create(kind="EXPORT", name="half", sha256="0" * 64, size=1, created_at=at)
                canceller = threading.Thread(
                    target=lambda: (cancel_job(Job.objects.get(pk=job.pk), by=person, at=at), connections.close_all())
                )
                canceller.start()
                canceller.join(20)
                progress(1, 2, "写文件")
                raise AssertionError("progress did not stop it")

        work(job, go_on, now=lambda: at)
        job.refresh_from_db()
        assert job.state == "CANCELLED"
        assert not File.objects.exists()

    def test_a_waiting_job_is_never_worked(self, queued, staff, at):
        job = queued()
        cancel_job(job, by=staff(Role.PREPARER), at=at)
        assert work(job, lambda *args, **also: pytest.fail("worked"), now=lambda: at) is False

    def test_is_not_for_who_has_no_post(self, queued, staff, at):
        with pytest.raises(MoveRefused):
            cancel_job(queued(), by=staff(Role.AUDITOR), at=at)


class TestProgress:
    def test_counts_how_fast_it_goes_and_what_is_left(self, queued, at):
        job = queued()

        def slow(job, *, at, progress):
            progress(0, 100, "读取文件")
            time.sleep(0.6)
            progress(25, 100, "读取文件")
            raise CannotBeDone("够了。")

        work(job, slow, now=lambda: at)
        job.refresh_from_db()
        assert (job.done, job.total, job.unit, job.told_at) == (25, 100, "行", at)
        assert 15 < job.rate < 42  # 25 in 0.6 s or somewhat more
        assert job.seconds_left is None
        job.state, job.rate = "RUNNING", 25.0
        assert job.seconds_left == 3

    def test_is_counted_anew_where_other_things_are_counted(self, queued, at):
        job, seen = queued(), []

        def look(job, *, at, progress):
            progress(0, 10, "读取文件")
            time.sleep(0.6)
            progress(10, 10, "读取文件")
            progress(0, 4, "核对编码", "项")
            seen.append(Job.objects.values_list("unit", "rate").get(pk=job.pk))
            time.sleep(0.1)
            progress(2, 4, "业务检查", "项")
            seen.append(Job.objects.values_list("unit", "rate").get(pk=job.pk))

        work(job, look, now=lambda: at)
        assert seen[0] == ("项", None)
        assert seen[1][0] == "项"
        assert 2 < seen[1][1] <= 20

    def test_a_retry_begins_at_nothing(self, queued, staff, at):
        job = queued()

        def fail(job, *, at, progress):
            progress(5, 9, "读取文件")
            raise CannotBeDone("先导入名册。")

        work(job, fail, now=lambda: at)
        job.refresh_from_db()
        retry_job(job, by=staff(Role.PREPARER), at=at)
        job.refresh_from_db()
        assert (job.state, job.done, job.total, job.step, job.rate, job.interrupted) == ("QUEUED", 0, None, "", None, 0)


class TestStuck:
    @pytest.mark.parametrize(("minutes", "found"), [(10, False), (11, True)])
    def test_is_what_shows_no_sign_of_life_or_waits_for_nobody(self, queued, at, minutes, found):
        silent, waiting, alive = queued(), queued(), queued()
        Job.objects.filter(pk=silent.pk).update(state="RUNNING", kind="SCREENING", started_at=at)
        later = at + timedelta(minutes=minutes)
        Job.objects.filter(pk=alive.pk).update(
            state="RUNNING", kind="CHECK", started_at=at, told_at=later - timedelta(minutes=10)
        )
        assert set(stuck_jobs(later)) == ({silent, waiting} if found else set())

    def test_is_not_what_waits_behind_one_of_its_kind(self, queued, at):
        running, _ = queued(), queued()
        later = at + timedelta(minutes=11)
        Job.objects.filter(pk=running.pk).update(state="RUNNING", started_at=at, told_at=later)
        assert not stuck_jobs(later).exists()


class TestOrphan:
    def test_whose_worker_died_is_queued_again_and_finished_by_the_next(self, queued, at, process_environment):
        job = queued()
        code = (
            "import django; django.setup(); import os, signal\n"
            "from agency.actions.jobs import work\nfrom agency.models import Job\nfrom agency import clock\n"
            "def die(job, *, at, progress):\n    progress(1, 9, 'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
            f"work(Job.objects.get(pk={job.pk}), die, now=clock.now)"
        )
        import os

        done = subprocess.run([sys.executable, "-c", code], env=os.environ | process_environment, check=False)
        job.refresh_from_db()
        assert (done.returncode, job.state) == (-9, "RUNNING")
        worked = work_next(Job.Kind.EXPORT, lambda job, *, at, progress: None, now=lambda: at)
        job.refresh_from_db()
        assert (worked, job.state) == (job, "DONE")
        states = Event.objects.filter(case_kind="job", case_id=job.pk).order_by("pk").values_list("to_state", flat=True)
        assert list(states) == ["QUEUED", "RUNNING", "QUEUED", "RUNNING", "DONE"]

    def test_whose_worker_dies_again_and_again_has_failed_and_says_so(self, queued, staff, at):
        job = queued()
        for interrupted in (1, 2):
            Job.objects.filter(pk=job.pk).update(state="RUNNING")
            with pytest.raises(KeyboardInterrupt):
                work_next(Job.Kind.EXPORT, self.dies, now=lambda: at)
            job.refresh_from_db()
            assert (job.state, job.interrupted) == ("RUNNING", interrupted)
        assert work_next(Job.Kind.EXPORT, self.dies, now=lambda: at) is None
        job.refresh_from_db()
        assert (job.state, job.interrupted, job.ended_at) == ("FAILED", MOST_INTERRUPTIONS, at)
        assert "连续中断 3 次" in job.problem
        retry_job(job, by=staff(Role.PREPARER), at=at)
        assert work_next(Job.Kind.EXPORT, lambda job, *, at, progress: None, now=lambda: at) == job
        job.refresh_from_db()
        assert (job.state, job.interrupted, job.problem) == ("DONE", 0, "")

    def dies(self, job, *, at, progress) -> None:
        """As a killed worker leaves it: RUNNING, its lock let go."""
        raise KeyboardInterrupt

    def test_is_not_one_while_its_lock_is_held(self, queued, at):
        job = queued()
        Job.objects.filter(pk=job.pk).update(state="RUNNING")
        side = connection.copy()
        with side.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK, job.pk])
        assert work_next(Job.Kind.EXPORT, lambda *args, **also: pytest.fail("worked"), now=lambda: at) is None
        side.close()
        assert work_next(Job.Kind.EXPORT, lambda job, *, at, progress: None, now=lambda: at) == job


def test_the_sweep_checks_and_confirms_what_waits(worker, staff, tmp_path, at):
    """Through a real Celery worker, as the console does it."""
    from agency.actions import imports
    from agency.tasks import wake

    person, path = staff(Role.POLICY, "14"), tmp_path / "days.csv"
    path.write_text("日期,是否上班\n2024-02-04,是\n2024-02-10,否\n", encoding="utf-8")
    imp = imports.start_import("workdays", path, path.name, {}, by=person, at=at)
    wake("agency.work_jobs")
    worker()
    imp.refresh_from_db()
    assert (imp.state, imp.new) == ("CHECKED", 2)
    imports.request_confirm(imp, by=person, at=at)
    wake("agency.work_jobs")
    worker()
    assert Import.objects.get().state == "CONFIRMED"
    assert set(jobs.Job.objects.values_list("state", flat=True)) == {"DONE"}
