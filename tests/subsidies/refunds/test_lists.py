"""The screening list as a spreadsheet, the work list, and one case's story."""

from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from agency.actions.files import opened
from agency.actions.jobs import untold
from agency.models import Event, Job, Role
from agency.moves import MoveRefused, move
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Decision
from subsidies.refunds.queries import SCREENING_COLUMNS, standing, worklist


@pytest.fixture
def screened(make_enterprise, screen, files):
    made = [make_enterprise(), make_enterprise(people=40, claimants=3), make_enterprise(claimants=None, region="140303")]
    screen()
    return made


def rows_of(file) -> list[list[str]]:
    with opened(file) as plain:
        return CalamineWorkbook.from_filelike(BytesIO(plain.read())).get_sheet_by_index(0).to_python()


@pytest.fixture
def export(programme, regions, staff, days):
    """The list made at once, as its job makes it."""

    def made(part: str = "all", region: str = "1403", by=None):
        clerk = by or staff(Role.PREPARER, region=region)
        wanted = actions.request_export(programme, part, regions[region], by=clerk, at=days.offered)
        job = Job.objects.get(kind=Job.Kind.EXPORT, subject_id=wanted.pk)
        move(job, Job.State.RUNNING, by=None, at=days.offered)
        actions.make_export(wanted, job, at=days.offered, progress=untold)
        wanted.refresh_from_db()
        return wanted

    return made


class TestScreeningList:
    def test_has_what_formats_md_prints(self, screened, export):
        header, eligible, laid_off, unknown = rows_of(export().files.get())
        assert tuple(header) == SCREENING_COLUMNS
        assert eligible[:2] == [screened[0].uscc, screened[0].name]
        assert eligible[2:13] == [
            "城区",
            "中小微",
            "划型标准",
            10,
            12,
            0,
            "领取失业金人数÷月均参保人数",
            12000,
            0.6,
            7200,
            "合格",
        ]
        assert laid_off[11:14] == ["", "不合格", "layoff_rate"]
        assert "7.5%" in laid_off[14]
        assert "晋人社厅发" in laid_off[14] or "人社部发" in laid_off[14]
        assert unknown[12:14] == ["信息不全", "layoff_rate"]

    def test_each_outcome_s_list_is_what_the_database_says(self, make_enterprise, screen, files, export):
        for number in range(240):
            make_enterprise(people=40, claimants=(0, 3, None)[number % 3], region=("140302", "140303")[number % 2])
        screen()
        decisions = Decision.objects.order_by("application_id").select_related("application__enterprise")
        for part in ("eligible", "ineligible", "incomplete"):
            made = export(part)
            rows = rows_of(made.files.get())[1:]
            assert [(row[0], row[11] or None, row[13]) for row in rows] == [
                (each.application.enterprise.uscc, each.amount and float(each.amount), ";".join([*each.failed, *each.unknown]))
                for each in decisions.filter(outcome=part)
            ]
            assert len(rows) == made.rows == 80
            assert {bool(row[14]) for row in rows} == {part != "eligible"}
            assert made.get_part_display() in made.files.get().name

    def test_has_its_region_alone_and_leaves_an_event(self, screened, export, staff):
        made = export(region="140303")
        file = made.files.get()
        assert [row[0] for row in rows_of(file)[1:]] == [screened[2].uscc]
        event = Event.objects.get(kind="EXPORT")
        assert (event.by, event.detail) == (made.requested_by, {"export": made.pk, "files": [file.pk], "rows": 1})
        assert (file.owner, file.region_id) == (made.requested_by, "140303")

    def test_is_refused_outside_the_post_and_outside_the_programme(self, programme, regions, staff, days):
        with pytest.raises(MoveRefused, match="没有办理这一步的岗位"):
            actions.request_export(programme, "all", regions["1403"], by=staff(Role.PREPARER, region="140303"), at=days.offered)
        with pytest.raises(MoveRefused, match="没有办理这一步的岗位"):
            actions.request_export(programme, "all", regions["1403"], by=staff(Role.FINANCE), at=days.offered)
        with pytest.raises(actions.RefundRefused, match="实施地区"):
            actions.request_export(programme, "all", regions["1404"], by=staff(Role.PREPARER, region="1404"), at=days.offered)

    def test_without_a_row_is_a_spreadsheet_with_its_header(self, programme, files, export):
        made = export("eligible")
        assert (made.rows, rows_of(made.files.get())) == (0, [list(SCREENING_COLUMNS)])


class TestWorklist:
    def test_counts_what_waits_in_the_reader_s_regions(self, screened, staff, days, django_assert_max_num_queries):
        auditor = staff(Role.AUDITOR)
        with django_assert_max_num_queries(6):
            everything = worklist(auditor, days.offered.date())
        assert everything == {"ELIGIBLE": 1, "INELIGIBLE": 1, "INCOMPLETE": 1, "corrections": 0}
        assert worklist(staff(Role.PREPARER, region="140303"), days.offered.date())["INCOMPLETE"] == 1
        assert "ELIGIBLE" not in worklist(staff(Role.PREPARER, region="140303"), days.offered.date())
        assert worklist(staff(Role.SYSTEM_ADMIN), days.offered.date()) == {"corrections": 0}


class TestStanding:
    def test_is_the_award_s_once_there_is_one(self, confirmed, staff, days):
        application = confirmed()
        assert standing(application).public_label == "已确认，等待审核"
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        assert standing(Application.objects.get()).next_step == "经办将其列入下一批公示名单。"
