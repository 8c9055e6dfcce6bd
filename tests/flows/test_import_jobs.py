"""An import as a job: given up while it runs, checked again, retried after its worker died."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections

from agency import clock
from agency.actions import imports
from agency.actions.jobs import cancel_job, queue_job, retry_job, work, work_next
from agency.models import Event, Import, Job
from agency.tasks import work_jobs
from enterprises.models import Enterprise
from tests.office import enterprise


def staged() -> list[str]:
    return [name for name in connection.introspection.table_names() if name.startswith("intake_")]


def elsewhere(deed: Callable[[], object]) -> None:
    """Do something on another connection, as another process would, within ten seconds."""
    problems: list[Exception] = []

    def do() -> None:
        try:
            deed()
        except Exception as problem:  # noqa: BLE001 - handed to the test
            problems.append(problem)
        finally:
            connections.close_all()

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    thread.join(10)
    assert (thread.is_alive(), problems) == (False, [])


@pytest.mark.django_db(transaction=True)
class TestGivenUp:
    """By a person, while a worker is in the middle of it."""

    def work(self, office, imp: Import, kind: str, handler: Callable[..., object], at_step: str) -> Job:
        """Work a job on the import; the import is given up once `at_step` begins."""
        person = office.people["jingban"]
        job = queue_job(kind, imp.pk, imp.region_id, by=person, at=office.at)

        def wrapped(job: Job, *, at, progress) -> None:
            def told(done, total, step, unit="行") -> None:
                if step.startswith(at_step):
                    elsewhere(lambda: imports.cancel_import(Import.objects.get(pk=imp.pk), by=person, at=office.at))
                progress(done, total, step, unit)

            handler(job, at=at, progress=told)

        assert work(job, wrapped, now=lambda: office.at)
        job.refresh_from_db()
        imp.refresh_from_db()
        return job

    def test_during_its_check_it_leaves_nothing(self, committed_office):
        office = committed_office
        path = office.csv([enterprise(number) for number in range(50)])
        imp = imports.start_import("enterprises", path, path.name, {}, by=office.people["jingban"], at=office.at)
        job = self.work(office, imp, Job.Kind.CHECK, imports.work_check, "业务检查")
        assert (job.state, imp.state, staged()) == ("CANCELLED", "CANCELLED", [])

    def test_during_its_confirming_it_lands_nothing_and_the_sweep_forgets_it(self, committed_office):
        office = committed_office
        imp = office.check("enterprises", [enterprise(number) for number in range(50)])
        job = self.work(office, imp, Job.Kind.CONFIRM, imports.work_confirm, "写入数据")
        assert (job.state, imp.state, Enterprise.objects.count()) == ("CANCELLED", "CANCELLED", 0)
        assert staged()
        imports.forget_staged()
        assert staged() == []

    def test_while_it_is_checked_anew_it_waits_for_nobody(self, committed_office):
        office = committed_office
        imp = office.check("enterprises", [enterprise(number) for number in range(50)])
        Job.objects.update(state="DONE")  # the office checks without its jobs
        job = self.work(office, imp, Job.Kind.CHECK, imports.work_check, "写检查报告")
        assert (job.state, imp.state) == ("CANCELLED", "CANCELLED")

    @pytest.mark.parametrize("of", ["import", "job"])
    def test_once_its_rows_are_written_nothing_lands(self, committed_office, of):
        """The last moment at which it can be given up: the rows are in, and nothing but the commit is to come."""
        office = committed_office
        imp = office.check("enterprises", [enterprise(number) for number in range(50)])
        job = queue_job(Job.Kind.CONFIRM, imp.pk, imp.region_id, by=office.people["jingban"], at=office.at)

        def last_moment(job: Job, *, at, progress) -> None:
            def told(done, total, step, unit="行") -> None:
                progress(done, total, step, unit)
                if step == "写入数据" and done == total:
                    elsewhere(give_up)

            imports.work_confirm(job, at=at, progress=told)

        def give_up() -> None:
            if of == "import":
                imports.cancel_import(Import.objects.get(pk=imp.pk), by=office.people["jingban"], at=office.at)
            else:
                cancel_job(Job.objects.get(pk=job.pk), by=office.people["jingban"], at=office.at)

        assert work(job, last_moment, now=lambda: office.at)
        job.refresh_from_db()
        imp.refresh_from_db()
        assert (job.state, imp.state) == ("CANCELLED", "CANCELLED" if of == "import" else "CHECKED")
        assert not Enterprise.objects.exists()

    def test_what_a_job_still_holds_is_forgotten_later(self, committed_office):
        office = committed_office
        imp, other = office.check("enterprises", [enterprise(1)]), office.check("enterprises", [enterprise(2)])
        for each in (imp, other):
            imports.cancel_import(each, by=office.people["jingban"], at=office.at)
        side = connection.copy()
        with side.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"SELECT count(*) FROM intake_{imp.pk}_row")
            imports.forget_staged()
            assert {name.split("_")[1] for name in staged()} == {str(imp.pk)}
            cursor.execute("COMMIT")
        side.close()
        imports.forget_staged()
        assert staged() == []


class TestForgetting:
    def test_keeps_what_waits_to_be_confirmed(self, office):
        imp = office.check("enterprises", [enterprise(1)])
        imports.forget_staged()
        assert office.confirm(imp).state == "CONFIRMED"


class TestCheckedAnew:
    @pytest.mark.django_db(transaction=True)
    def test_it_reports_on_the_data_of_now(self, committed_office):
        office = committed_office
        imp = office.check("enterprises", [enterprise(1, 从业人员="5")])
        office.load("enterprises", [enterprise(1, 从业人员="4")], by="jingban2")
        job = imports.request_check(imp, by=office.people["jingban"], at=office.at)
        assert work(job, imports.work_check, now=lambda: office.at)
        imp.refresh_from_db()
        assert (imp.state, imp.new, imp.changed) == ("CHECKED", 0, 1)

    def test_it_is_not_once_it_is_over(self, office):
        imp = office.load("enterprises", [enterprise(1)])
        with pytest.raises(imports.ImportRefused, match="已导入"):
            imports.request_check(imp, by=imp.checked_by, at=office.at)

    def test_one_whose_check_was_cancelled_goes_on(self, office):
        path = office.csv([enterprise(1)])
        imp = imports.start_import("enterprises", path, path.name, {}, by=office.people["jingban"], at=office.at)
        Job.objects.update(state="CANCELLED")
        imports.request_check(imp, by=office.people["jingban"], at=office.at)
        assert Job.objects.get(state="QUEUED").kind == "CHECK"


@pytest.mark.django_db(transaction=True)
class TestRetried:
    def test_a_confirming_whose_report_was_made_anew_is_not_retried_unseen(self, committed_office):
        """Else the retry of a colleague's job would confirm in his name what he has not seen."""
        office = committed_office
        imp = office.check("enterprises", [enterprise(1, 从业人员="5")])
        office.load("enterprises", [enterprise(1, 从业人员="4")], by="jingban2")
        Job.objects.update(state="DONE")  # the office checks without its jobs
        imports.request_confirm(imp, by=office.people["jingban2"], at=office.at)
        work_jobs()
        job = Job.objects.get(kind="CONFIRM")
        assert (job.state, "重新检查" in job.problem) == ("FAILED", True)
        retry_job(job, by=office.people["jingban"], at=clock.now())
        work_jobs()
        job.refresh_from_db()
        imp.refresh_from_db()
        assert (job.state, imp.state) == ("FAILED", "CHECKED")
        assert "看过新的报告再确认" in job.problem
        imports.request_confirm(imp, by=office.people["jingban2"], at=clock.now())
        work_jobs()
        assert Enterprise.objects.get().employees == 5

    def test_a_worker_that_dies_once_all_is_committed_has_done_it_once(self, committed_office):
        """Its job is done with its import: whoever sweeps next has nothing to do again."""
        office = committed_office

        class Killed(BaseException):
            pass

        def killed(handler: Callable[..., None]) -> Callable[..., None]:
            def handle(job: Job, **given) -> None:
                handler(job, **given)
                raise Killed

            return handle

        path = office.csv([enterprise(number) for number in range(5)])
        imp = imports.start_import("enterprises", path, path.name, {}, by=office.people["jingban"], at=office.at)
        for kind, handler in (("CHECK", imports.work_check), ("CONFIRM", imports.work_confirm)):
            if kind == "CONFIRM":
                imports.request_confirm(Import.objects.get(), by=office.people["jingban"], at=office.at)
            with pytest.raises(Killed):
                work_next(kind, killed(handler), now=lambda: office.at)
            work_jobs()
        assert set(Job.objects.values_list("state", flat=True)) == {"DONE"}
        states = Event.objects.filter(case_kind="import", case_id=imp.pk).order_by("pk").values_list("to_state", flat=True)
        assert list(states) == ["CHECKING", "CHECKED", "CONFIRMED"]
        assert Event.objects.filter(case_kind="job", to_state="RUNNING").count() == 2
