"""后到的正式划型: a list that comes after the screening is screened for by itself (兵团征求意见稿 二（一）)."""

import threading
import time
from datetime import date
from importlib import import_module

import pytest
from django.db import connection, transaction

from agency.actions import imports
from agency.actions.jobs import cancel_job
from agency.models import Event, Import, Job, Programme, Role
from agency.moves import move
from enterprises.models import SizeListing
from subsidies.payout.models import Award, Difference
from subsidies.refunds import actions, tasks
from subsidies.refunds.models import ScreeningRun, State
from tests.office import uscc

pytestmark = pytest.mark.django_db
CLAUSE = "二（一）"


@pytest.fixture
def programme(make_programme):
    return make_programme("xpcc/2024")


@pytest.fixture
def later(credit_list, regions, moment):
    """One more spreadsheet that was confirmed, with a row: later(region="140302", kind=..., state=..., at=..., year=2023)."""

    def load(region="1403", kind="size-list", state="CONFIRMED", at=None, year=2024):
        at = at or moment(9, 2)
        listed = Import.objects.create(
            state=state, kind=kind, region=regions.get(region), file=credit_list.file, checked_by=credit_list.checked_by,
            checked_at=at, confirmed_at=at if state == "CONFIRMED" else None, new=1,
        )  # fmt: skip
        SizeListing.objects.create(uscc=f"NOBODY{listed.pk}", size="小型", year=year, source=listed)
        return listed

    return load


@pytest.fixture
def by_hand(files, staff, regions, moment):
    """One row that a clerk types and another confirms: by_hand(enterprise, "大型", voided="是")."""

    def confirm(enterprise, size, voided="", year=2024):
        at, cells = moment(9, 2), {"uscc": enterprise.uscc, "size": size, "year": str(year), "voided": voided}
        imp = imports.start_row("size-list", cells, "1403", by=staff(Role.PREPARER), at=at)
        imports.check_import(imp, at=at)
        assert imp.refused == 0, imp.report
        imports.confirm_import(imp, by=staff(Role.PREPARER, 2), at=at)
        return imp

    return confirm


@pytest.fixture
def sweep(moment):
    return lambda at=None: actions.screen_new_sizes(at=at or moment(9, 3))


def until_somebody_waits():
    """Until another connection waits for a lock of ours."""
    by = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < by:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)))")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise TimeoutError("nobody waits")


def end(job, moment, state=Job.State.DONE):
    move(job, Job.State.RUNNING, by=None, at=moment(9, 3))
    move(job, state, by=None, at=moment(9, 3))


class TestLaterList:
    def test_is_screened_for_by_the_system_which_says_why(self, screen, later, sweep, programme):
        screen()
        listed = later()
        assert sweep() == 1
        run, job = ScreeningRun.objects.latest("pk"), Job.objects.latest("pk")
        assert (run.programme, run.on, run.requested_by) == (programme, date(2024, 9, 3), None)
        assert (job.kind, job.subject_id, job.state, job.region_id) == ("SCREENING", run.pk, "QUEUED", "1403")
        told = Event.objects.get(case_kind="screening", case_id=run.pk)
        assert (told.by, told.region_id) == (None, "1403")
        assert f"第 {listed.pk} 号导入" in told.why
        assert told.why.endswith(CLAUSE)

    def test_is_screened_for_once_and_the_next_once_more(self, screen, later, sweep, moment):
        screen()
        later()
        assert [sweep(), sweep()] == [1, 0]
        end(Job.objects.latest("pk"), moment)
        assert sweep() == 0
        later()
        later()
        assert [sweep(), sweep()] == [1, 0]

    def test_that_the_newest_screening_found_is_not_screened_for(self, screen, later, sweep, moment):
        later(at=moment(6, 1))
        screen()
        assert sweep() == 0

    def test_that_a_person_screened_for_is_not_screened_for_again(self, screen, later, sweep, moment):
        screen()
        later()
        screen(moment(9, 2))
        assert sweep() == 0

    def test_that_was_confirmed_before_the_screening_and_written_after_it_is_screened_for(self, screen, later, sweep, moment):
        """A long import is confirmed as of when its job began."""
        screen()
        later(at=moment(6, 1))
        assert sweep() == 1

    def test_waits_while_a_screening_waits_or_runs(self, screen, later, sweep, staff, programme, moment):
        screen()
        actions.start_screening(programme, date(2024, 9, 1), by=staff(Role.PREPARER), at=moment(9, 1))
        job = Job.objects.latest("pk")
        later()
        assert sweep() == 0
        move(job, Job.State.RUNNING, by=None, at=moment(9, 3))
        assert sweep() == 0
        move(job, Job.State.DONE, by=None, at=moment(9, 3))
        assert sweep() == 1

    def test_is_not_screened_for_again_where_that_failed_or_was_cancelled(self, screen, later, sweep, staff, moment):
        """The board of jobs shows it, and a person goes on."""
        screen()
        later()
        assert sweep() == 1
        end(Job.objects.latest("pk"), moment, Job.State.FAILED)
        assert sweep() == 0
        later()
        assert sweep() == 1
        cancel_job(Job.objects.latest("pk"), by=staff(Role.PREPARER), at=moment(9, 3))
        assert sweep() == 0

    def test_waits_for_the_first_screening_which_is_a_persons(self, later, sweep, programme):
        later()
        assert sweep() == 0

    @pytest.mark.parametrize(("region", "ordered"), [("1403", 1), ("140302", 1), (None, 1), ("1404", 0)])
    def test_counts_where_it_may_name_enterprises_of_the_programme(self, screen, later, sweep, region, ordered):
        screen()
        later(region)
        assert sweep() == ordered

    def test_of_the_place_above_counts(self, make_programme, screen, later, sweep):
        district = make_programme("xpcc/2024", region="140303")
        screen(of=district)
        later("140302")
        assert sweep() == 0
        later("1403")
        assert sweep() == 1
        assert ScreeningRun.objects.latest("pk").programme == district

    @pytest.mark.parametrize(
        ("kind", "state"), [("size-list", "CHECKED"), ("size-2020", "CONFIRMED"), ("credit-list", "CONFIRMED")]
    )
    def test_is_a_confirmed_one_of_sizes(self, screen, later, sweep, kind, state):
        screen()
        later(kind=kind, state=state)
        assert sweep() == 0

    @pytest.mark.parametrize(("year", "ordered"), [(2022, 0), (2023, 1), (2024, 1), (2025, 0)])
    def test_is_of_a_year_that_the_programme_reads(self, screen, later, sweep, year, ordered):
        screen()
        later(year=year)
        assert sweep() == ordered

    def test_that_says_what_is_known_is_not_screened_for_and_a_row_that_is_voided_is(
        self, make_enterprise, screen, by_hand, sweep, programme
    ):
        enterprise = make_enterprise(uscc=uscc(1), recorded_size="小型")
        by_hand(enterprise, "大型")
        screen()
        assert by_hand(enterprise, "大型").unchanged == 1
        assert sweep() == 0
        assert by_hand(enterprise, "大型", "是").changed == 1
        assert SizeListing.objects.get().voided
        assert sweep() == 1

    @pytest.mark.parametrize("notice", ["national/2024", "shanxi/2024", "hebei/2024", "shandong/2024", "jilin/2024"])
    def test_changes_nothing_by_itself_where_the_notice_does_not_say_so(self, make_programme, screen, later, sweep, notice):
        """河北 settles later what was committed to, by verification; no list is on its ladder."""
        screen(of=make_programme(notice, region="140302"))
        later()
        assert sweep() == 0

    def test_is_not_screened_for_once_the_programme_has_ended(self, screen, later, sweep, programme):
        screen()
        later()
        Programme.objects.update(state="CLOSED")
        assert sweep() == 0

    def test_that_comes_after_the_period_is_screened_for_as_of_its_last_day(self, screen, later, sweep, moment, make_enterprise):
        make_enterprise(recorded_size="小型")
        screen()
        later(at=moment(1, 8, year=2025))
        assert sweep(moment(1, 9, year=2025)) == 1
        assert ScreeningRun.objects.latest("pk").on == date(2024, 12, 31)

    def test_of_a_programme_without_terms_holds_up_no_other(self, make_programme, screen, later, sweep, programme, caplog):
        other = make_programme("xpcc/2024", region="1404")
        for each in (programme, other):
            screen(of=each)
        programme.editions.update(counts_from=date(2025, 1, 1))
        later(None)
        assert sweep() == 1
        assert ScreeningRun.objects.latest("pk").programme == other
        told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert len(told) == 1
        assert f"programme {programme.pk} " in told[0]
        assert "没有已批准的版本" in told[0]

    def test_asks_for_every_programme_at_once(self, make_programme, screen, later, sweep, programme, django_assert_num_queries):
        for each in (programme, make_programme("xpcc/2024", region="1404"), make_programme("xpcc/2024", region="140302")):
            screen(of=each)
        with django_assert_num_queries(1):
            assert sweep() == 0


class TestScreeningsOfBefore:
    def test_found_what_was_written_before_them(self, make_enterprise, by_hand, screen, programme):
        """As the migration fills them in: by the order of the Events, whatever the times say."""
        enterprise = make_enterprise(uscc=uscc(1))
        before = by_hand(enterprise, "大型")
        screen()
        after = by_hand(enterprise, "小型")
        Import.objects.filter(pk=before.pk).update(confirmed_at=after.confirmed_at.replace(year=2025))
        Import.objects.filter(pk=after.pk).update(confirmed_at=before.confirmed_at.replace(year=2023))
        ScreeningRun.objects.update(size_lists=[])
        with connection.cursor() as cursor:
            cursor.execute(import_module("subsidies.refunds.migrations.0014_screened_sizes").FOUND)
        assert ScreeningRun.objects.get().size_lists == [before.pk]


@pytest.mark.django_db(transaction=True)
class TestOnRealWorkers:
    @pytest.fixture
    def today(self, settings, desk_clock, moment):
        settings.DEMO = True
        desk_clock(moment(9, 3))

    def test_two_sweeps_at_once_order_one(self, screen, later, at_once, today):
        screen()
        later()
        assert at_once(*[tasks.screen_new_sizes] * 4) == [None] * 4
        assert ScreeningRun.objects.count() == Job.objects.count() == 2

    def test_a_sweep_that_looked_before_a_person_screened_orders_none(self, screen, later, at_once, programme, staff, moment):
        """It waits for whoever orders one; by then that one is done, too."""
        screen()
        later()
        held = threading.Event()

        def by_hand():
            with transaction.atomic():
                Programme.objects.select_for_update().get()
                held.set()
                until_somebody_waits()
                actions.start_screening(programme, date(2024, 9, 3), by=staff(Role.PREPARER), at=moment(9, 3))
                end(Job.objects.latest("pk"), moment)

        def by_itself():
            held.wait(10)
            return actions.screen_new_sizes(at=moment(9, 3))

        assert at_once(by_hand, by_itself) == [None, 0]
        assert ScreeningRun.objects.count() == Job.objects.count() == 2

    def test_what_is_paid_keeps_and_its_difference_is_noted(self, make_enterprise, screen, later, regions, today, moment):
        """Recorded as small and paid 60%; the formal list names it large: 30%."""
        enterprise = make_enterprise(recorded_size="小型")
        screen()
        case = enterprise.applications.get()
        award = Award.objects.create(
            state=Award.State.PAID, case_kind="refund", case_id=case.pk, uscc=enterprise.uscc, name=enterprise.name,
            region=case.region, programme=case.programme, amount=case.amount, paid_on=date(2024, 7, 30),
            account_source="corporate", created_at=moment(7, 3),
        )  # fmt: skip
        type(case).objects.update(award=award, state=State.APPROVED)
        SizeListing.objects.create(uscc=enterprise.uscc, size="大型", year=2024, source=later())
        for _ in range(2):
            tasks.screen_new_sizes()
            tasks.work_screenings()
        noted = Difference.objects.get(award=award)
        assert (noted.paid, noted.owed) == (award.amount, award.amount / 2)
        assert ScreeningRun.objects.filter(finished_at__isnull=False).count() == 2
