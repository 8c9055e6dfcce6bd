"""A programme under other terms beside its own: the same day, the same facts, and no case touched."""

import threading
import time
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from python_calamine import CalamineWorkbook

from agency import clock
from agency.actions import ProgrammeRefused
from agency.actions.files import opened
from agency.actions.jobs import cancel_job, retry_job, work_next
from agency.models import Edition, Event, File, Job, Programme, Role
from agency.moves import MoveRefused
from enterprises.models import Enterprise, SizeDecision
from policy.keys import GROUPS
from policy.notice import load, names
from subsidies.refunds import actions
from subsidies.refunds.admin.what_ifs import DECIDING
from subsidies.refunds.models import Application, Decision, ListExport, WhatIf
from subsidies.refunds.queries import what_ifs
from subsidies.refunds.tasks import work_exports, work_screenings, work_what_ifs

pytestmark = pytest.mark.django_db(transaction=True)
ON = date(2024, 6, 20)
BY_REDUCTION = {"layoff_method": "net_reduction_over_start"}


@pytest.fixture
def city(make_enterprise, programme, credit_list, files, settings, desk_clock, days) -> dict[str, str]:
    """{what it is: its code}: one that gains, one that loses, one that stays, one that is not known either way."""
    settings.DEMO = True
    desk_clock(days.screened)
    made = {
        "gains": make_enterprise(people=40, claimants=9),
        "loses": make_enterprise(people=40, workforce={"end_count": 20}),
        "stays": make_enterprise(),
        "unknown": make_enterprise(claimants=None, workforce={"end_count": None}),
    }
    return {word: enterprise.uscc for word, enterprise in made.items()}


@pytest.fixture
def order(programme, staff, days):
    def do(choices=BY_REDUCTION, notice="shanxi/2024", on=ON, by=None, at=None, of=programme) -> WhatIf:
        return actions.start_what_if(of, notice, choices, on, by=by or staff(Role.POLICY), at=at or days.screened)

    return do


def rows_of(file: File) -> list[dict[str, str]]:
    with opened(file) as plain:
        header, *rows = CalamineWorkbook.from_filelike(BytesIO(plain.read())).get_sheet_by_index(0).to_python()
    return [dict(zip(header, row, strict=True)) for row in rows]


def written() -> list[int]:
    """How many rows there are of all that a case is made of."""
    events = Event.objects.exclude(case_kind__in=["what-if", "job", "file"])
    return [each.count() for each in (Application.objects, Decision.objects, SizeDecision.objects, events)]


class TestWhatIf:
    def test_says_totals_side_by_side_and_who_changes_side(self, city, order):
        what_if = order()
        work_what_ifs()
        what_if.refresh_from_db()
        counts = what_if.counts
        assert counts["enterprises"] == 4
        assert counts["outcomes"] == [{"eligible": 2, "ineligible": 1, "incomplete": 1}] * 2
        assert counts["turned"] == {"ineligible eligible": 1, "eligible ineligible": 1}
        assert counts["turned_yuan"] == {"ineligible eligible": "28800.00", "eligible ineligible": "-28800.00"}
        assert counts["failed"] == [{"layoff_rate": 1}] * 2
        assert counts["unknown"] == [{"layoff_rate": 1}] * 2
        assert (counts["differing"], counts["more"], counts["less"], counts["amounts"]) == (2, 0, 0, ["36000.00", "36000.00"])
        rows = {row["统一社会信用代码"]: row for row in rows_of(what_if.files.get())}
        assert set(rows) == {city["gains"], city["loses"]}
        assert (rows[city["gains"]]["变化"], rows[city["gains"]]["增减"]) == ("不合格→合格", 28800)
        assert "22.5%" in rows[city["gains"]]["现行原因"]
        assert "人社部发〔2024〕40号" in rows[city["loses"]]["试算原因"]
        assert [each["turn"] for each in what_if.shown] == [["ineligible", "eligible"], ["eligible", "ineligible"]]

    def test_has_what_a_screening_of_the_day_comes_to_on_the_programme_s_side(self, city, order, programme, staff, days):
        run = actions.start_screening(programme, ON, by=staff(Role.PREPARER), at=days.screened)
        work_screenings()
        run.refresh_from_db()
        before = written()
        what_if = order()
        work_what_ifs()
        what_if.refresh_from_db()
        assert what_if.counts["outcomes"][0] == run.counts["outcomes"]
        assert what_if.counts["amounts"][0] == run.counts["amount"]
        assert what_if.counts["failed"][0] == run.counts["failed"]
        assert written() == before

    def test_of_another_notice_finds_whose_amount_alone_differs(self, city, order):
        Enterprise.objects.update(recorded_size="小型")  # what the national notice goes by
        what_if = order(notice="national/2024", choices={"ratio_sme": "0.5"})
        work_what_ifs()
        what_if.refresh_from_db()
        counts = what_if.counts
        assert (counts["turned"], counts["more"], counts["less"]) == ({}, 0, 2)
        before, after = map(Decimal, counts["amounts"])
        assert (before, after) == (Decimal(36000), Decimal(30000))
        assert {row["变化"] for row in rows_of(what_if.files.get())} == {"金额减少"}

    def test_stands_beside_the_edition_proposed_before_the_first_is_approved(self, city, order, programme, staff):
        Edition.objects.update(state=Edition.State.PROPOSED, approved_by=None)
        Programme.objects.update(state=Programme.State.PREPARED)
        what_if = order(by=staff(Role.PREPARER))
        work_what_ifs()
        assert Job.objects.get().state == "DONE"
        assert what_if.edition == programme.editions.get()

    @pytest.mark.parametrize(
        ("asked", "refusal", "words"),
        [
            ({"choices": {}}, actions.RefundRefused, "完全相同"),
            ({"on": date(2024, 6, 21)}, actions.RefundRefused, "晚于今天"),
            ({"on": date(2023, 12, 31)}, actions.RefundRefused, "不在.*政策期内"),
            ({"notice": "../secret"}, ProgrammeRefused, "没有政策文件"),
            ({"choices": {"layoff_method": "by_lot"}}, ProgrammeRefused, "不能是 by_lot"),
            ({"choices": {"ratio_sme": "0.9"}}, ProgrammeRefused, "没有选项 ratio_sme|不能另选"),
        ],
    )
    def test_is_refused_with_what_to_do(self, order, asked, refusal, words):
        with pytest.raises(refusal, match=words):
            order(**asked)
        assert not WhatIf.objects.exists()

    def test_is_for_those_who_hold_the_programme_s_region(self, order, staff):
        for person in (staff(Role.POLICY, region="140302"), staff(Role.FINANCE), staff(Role.AUDITOR)):
            with pytest.raises(MoveRefused, match="没有办理这一步的岗位"):
                order(by=person)


class TestStopped:
    """Killed or cancelled, a what-if and an export leave no file, no count, no Event; worked again they are whole."""

    @pytest.fixture(params=["what-if", "export"])
    def work(self, request, city, order, programme, regions, staff, days, monkeypatch):
        """(kind of job, how it is worked with a progress of one's own, its sweep, its row)"""
        monkeypatch.setattr(what_ifs, "CHUNK", 2)
        if request.param == "what-if":
            return Job.Kind.WHAT_IF, actions.try_out, work_what_ifs, order()
        actions.start_screening(programme, ON, by=staff(Role.PREPARER), at=days.screened)
        work_screenings()
        wanted = actions.request_export(programme, "all", regions["1403"], by=staff(Role.PREPARER), at=days.screened)
        return Job.Kind.EXPORT, actions.make_export, work_exports, wanted

    def nothing(self, row) -> bool:
        row.refresh_from_db()
        return not (row.finished_at or row.files.exists() or File.objects.filter(kind="EXPORT").exists())

    def whole(self, row) -> bool:
        row.refresh_from_db()
        events = Event.objects.filter(kind="EXPORT")
        return bool(row.finished_at) and [row.files.get().pk] == events.get().detail["files"]

    def test_by_a_kill_it_is_worked_again_from_the_start(self, work):
        kind, carry_out, sweep, row = work

        class Killed(BaseException):
            pass

        def dying(done, total, step, unit="行"):
            if done:
                raise Killed

        with pytest.raises(Killed):
            work_next(kind, lambda job, *, at, progress: carry_out(row, job, at=at, progress=dying), now=clock.now)
        assert Job.objects.get(kind=kind).state == "RUNNING"
        assert self.nothing(row)
        sweep()
        assert Job.objects.get(kind=kind).state == "DONE"
        assert self.whole(row)

    @pytest.fixture
    def cancel(self, staff, days):
        """Somebody else cancels the job, on a connection of their own."""
        reviewer = staff(Role.REVIEWER)

        def by_another(job: Job) -> None:
            def do() -> None:
                cancel_job(Job.objects.get(pk=job.pk), by=reviewer, at=days.screened)
                connection.close()

            thread = threading.Thread(target=do)
            thread.start()
            thread.join(20)

        return by_another

    def test_by_a_person_it_leaves_nothing(self, work, cancel):
        kind, carry_out, _, row = work

        def cancelling(job, *, at, progress):
            cancelled = False

            def told(done, *more):
                nonlocal cancelled
                if not cancelled:
                    cancelled = True
                    cancel(job)
                    time.sleep(0.6)  # it asks at most twice a second
                progress(done, *more)

            carry_out(row, job, at=at, progress=told)

        work_next(kind, cancelling, now=clock.now)
        assert Job.objects.get(kind=kind).state == "CANCELLED"
        assert self.nothing(row)

    def test_at_the_very_end_it_leaves_nothing_either(self, work, cancel):
        """Cancelled after the last look and before the result is written."""
        kind, carry_out, _, row = work

        def cancelling(job, *, at, progress):
            def told(done, total, *more):
                progress(done, total, *more)
                if done == total and Job.objects.get(pk=job.pk).state == "RUNNING":
                    cancel(job)

            carry_out(row, job, at=at, progress=told)

        work_next(kind, cancelling, now=clock.now)
        assert Job.objects.get(kind=kind).state == "CANCELLED"
        assert self.nothing(row)

    def test_by_a_failure_it_can_be_retried(self, work, staff, days):
        kind, _, sweep, row = work

        def failing(job, *, at, progress):
            raise actions.RefundRefused("磁盘已满")

        work_next(kind, failing, now=clock.now)
        job = Job.objects.get(kind=kind)
        assert (job.state, job.problem) == ("FAILED", "磁盘已满")
        retry_job(job, by=staff(Role.REVIEWER), at=days.screened)
        sweep()
        assert self.whole(row)

    def test_after_it_was_written_it_is_not_made_twice(self, work):
        """Its worker dies between the result and the word that the job is done."""
        kind, carry_out, sweep, row = work

        class Killed(BaseException):
            pass

        def dying(job, *, at, progress):
            carry_out(row, job, at=at, progress=progress)
            raise Killed

        with pytest.raises(Killed):
            work_next(kind, dying, now=clock.now)
        assert self.whole(row)
        sweep()
        assert Job.objects.get(kind=kind).state == "DONE"
        assert self.whole(row)


class TestChoices:
    def test_those_not_asked_are_not_read_by_what_decides_a_refund(self):
        """Every choice that some notice leaves open and the form leaves out stands in no source that a refund goes through."""
        from pathlib import Path

        import policy

        folder = Path(policy.__file__).parent
        sources = [folder / f"{name}.py" for name in ("refund", "layoff", "size")] + [Path(what_ifs.__file__).parent / "facts.py"]
        text = "".join(path.read_text("utf-8") for path in sources)
        open_keys = {choice.key for name in names() for choice in load(name).choices() if not choice.locked}
        assert {"publicity_days", "skill_months_at", "premium_tolerance"} <= open_keys - DECIDING
        assert [key for key in sorted(open_keys - DECIDING) if f'"{key}"' in text] == []
        assert {*GROUPS["金额"]} <= DECIDING

    def test_the_export_s_row_is_named_for_its_list(self, programme, regions, staff, days):
        wanted = actions.request_export(programme, "eligible", regions["1403"], by=staff(Role.PREPARER), at=days.screened)
        assert str(wanted) == "合格名单 2024年度稳岗返还"
        assert ListExport.objects.get().finished_at is None
