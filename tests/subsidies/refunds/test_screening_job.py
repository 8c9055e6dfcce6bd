"""The screening as a job: watched, killed and gone on with, worked by two at once."""

import gc
import time

import pytest
from django.db import connection

from agency import clock
from agency.actions.jobs import cancel_job, work_next
from agency.models import Event, Job, Role
from agency.moves import move
from enterprises.models import WorkforceYear
from subsidies.refunds import actions, tasks
from subsidies.refunds.actions import screenings
from subsidies.refunds.models import Application, Decision, ScreeningRun
from subsidies.refunds.tasks import work_screenings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ordered(programme, make_enterprise, credit_list, staff, days, settings, desk_clock, monkeypatch) -> ScreeningRun:
    """A screening of seven enterprises that waits for its worker, in chunks of three."""
    settings.DEMO = True
    desk_clock(days.screened)
    monkeypatch.setattr(screenings, "CHUNK", 3)
    for _ in range(7):
        make_enterprise()
    return actions.start_screening(programme, days.screened.date(), by=staff(Role.PREPARER), at=days.screened)


def _written() -> dict[str, list[str]]:
    """What a screening wrote, without the ids and whatever else depends on who came first."""
    statements = {
        "refunds_application": "SELECT state, enterprise_id, region_id, channel, size, amount, failed, unknown FROM {}",
        "refunds_decision": "SELECT enterprise_id, d.on, facts, d.outcome, d.size, size_class, size_basis, layoff_rate, base, "
        "rate, d.amount, payee, d.failed, d.unknown, edition_id FROM {} d JOIN refunds_application a ON a.decision_id = d.id",
        "enterprises_sizedecision": "SELECT enterprise_id, size, size_class, basis, figures::text, was, current FROM {}",
        "agency_event": "SELECT enterprise_id, kind, from_state, to_state, by_id, e.region_id FROM {} e "
        "JOIN refunds_application a ON e.case_kind = 'refund' AND e.case_id = a.id",
    }
    found = {}
    with connection.cursor() as cursor:
        for table, statement in statements.items():
            cursor.execute(statement.format(table))
            found[table] = sorted(map(str, cursor.fetchall()))
    return found


class TestScreeningJob:
    def test_is_worked_by_the_sweep_and_shows_its_progress(self, ordered):
        work_screenings()
        job = Job.objects.get()
        assert (job.state, job.done, job.total) == ("DONE", 7, 7)
        ordered.refresh_from_db()
        assert ordered.counts["outcomes"] == {"eligible": 7}
        assert job.chunks.count() == 3

    def test_goes_on_where_it_was_killed(self, ordered):
        """The worker dies after its first chunk: nothing of that chunk is done twice."""

        class Killed(BaseException):
            pass

        def killed(job: Job, *, at, progress) -> None:
            def dying(done, *_):
                if done:
                    raise Killed

            actions.screen(ScreeningRun.objects.get(pk=job.subject_id), at=at, progress=dying)

        with pytest.raises(Killed):
            work_next(Job.Kind.SCREENING, killed, now=clock.now)
        assert Job.objects.get().state == "RUNNING"
        assert Application.objects.count() == 3
        work_screenings()
        assert Job.objects.get().state == "DONE"
        ordered.refresh_from_db()
        assert (ordered.counts["born"], ordered.counts["outcomes"]) == (7, {"eligible": 7})
        assert Decision.objects.count() == 7
        assert Event.objects.filter(case_kind="refund").count() == 7

    def test_keeps_what_is_done_when_it_is_cancelled(self, ordered, staff, days):
        def cancelling(job: Job, *, at, progress) -> None:
            def told(done, *more):
                if done == 3:
                    cancel_job(Job.objects.get(), by=staff(Role.PREPARER), at=days.screened)
                    time.sleep(0.6)  # it asks at most twice a second
                progress(done, *more)

            actions.screen(ScreeningRun.objects.get(pk=job.subject_id), at=at, progress=told)

        work_next(Job.Kind.SCREENING, cancelling, now=clock.now)
        assert (Job.objects.get().state, Application.objects.count()) == ("CANCELLED", 3)
        ordered.refresh_from_db()
        assert ordered.finished_at is None

    def test_has_help_of_a_process_for_each_further_core(self, ordered, monkeypatch, process_environment, make_enterprise):
        for name, value in process_environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(screenings, "CHUNK", 1)
        for _ in range(40):
            make_enterprise()
        work_screenings()
        ordered.refresh_from_db()
        assert (Job.objects.get().state, ordered.counts["born"], Application.objects.count()) == ("DONE", 47, 47)

    def test_comes_to_the_same_by_two_at_once_as_by_one(self, ordered, at_once, make_enterprise, programme, staff, days):
        def work() -> None:
            run = ScreeningRun.objects.select_related("programme__region", "edition").latest("pk")
            actions.screen(run, at=days.screened, progress=lambda *_: None)

        for number in range(40):
            make_enterprise(people=10 + number, claimants=(0, 3, None)[number % 3], months=range(1 + number % 2, 13))
        work()
        alone = _written()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE refunds_application, enterprises_sizedecision, agency_event, agency_job CASCADE")
        actions.start_screening(programme, days.screened.date(), by=staff(Role.PREPARER), at=days.screened)
        assert at_once(work, work) == [None, None]
        assert _written() == alone
        assert len(alone["refunds_application"]) == 47

    def test_is_helped_only_while_it_runs(self, ordered, staff, days):
        """A helper that comes too early or too late, the job being cancelled, takes no chunk."""
        job = Job.objects.get()
        tasks.help_screening(job)
        assert Application.objects.count() == 0
        move(job, Job.State.RUNNING, by=None, at=days.screened)
        cancel_job(job, by=staff(Role.PREPARER), at=days.screened)
        tasks.help_screening(job)
        assert Application.objects.count() == 0

    def test_leaves_the_search_for_rings_of_objects_as_it_was(self, ordered, days):
        actions.screen(ordered, at=days.screened, progress=lambda *_: None)
        assert gc.isenabled()

    def test_is_done_also_where_a_helper_dies(self, ordered, monkeypatch):
        """The helpers find no database: the job does without them."""
        monkeypatch.setenv("DATABASE_URL", "postgres:///nowhere")
        monkeypatch.setattr(screenings, "CHUNK", 1)
        monkeypatch.setattr(tasks, "CHUNKS_A_CORE", 3)
        work_screenings()
        assert (Job.objects.get().state, Application.objects.count()) == ("DONE", 7)

    def test_is_shared_by_two_workers_of_its_chunks(self, ordered, at_once, days, make_enterprise, programme, staff, monkeypatch):
        """Two processes on one job take different chunks; together they do everything once, the first time and the next."""
        monkeypatch.setattr(screenings, "CHUNK", 2)
        for _ in range(33):
            make_enterprise()

        def work() -> None:
            run = ScreeningRun.objects.select_related("programme__region", "edition").latest("pk")
            actions.screen(run, at=days.screened, progress=lambda *_: None)

        assert at_once(work, work) == [None, None]
        ordered.refresh_from_db()
        assert (ordered.counts["born"], Application.objects.count()) == (40, 40)
        assert ordered.finished_at is not None
        Job.objects.update(state="DONE")
        WorkforceYear.objects.update(claimants=9)
        again = actions.start_screening(programme, days.offered.date(), by=staff(Role.PREPARER), at=days.offered)
        assert at_once(work, work) == [None, None]
        again.refresh_from_db()
        assert (again.counts["decided"], again.counts["moved"]) == (40, 40)
        assert Decision.objects.count() == 80
