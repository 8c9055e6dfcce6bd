"""The screening list as a spreadsheet, the work list, and one case's story."""

from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from agency.actions.files import opened
from agency.models import Event, Role
from subsidies.refunds import actions
from subsidies.refunds.models import Application
from subsidies.refunds.queries import SCREENING_COLUMNS, standing, worklist


@pytest.fixture
def screened(make_enterprise, screen, files):
    made = [make_enterprise(), make_enterprise(people=40, claimants=3), make_enterprise(claimants=None, region="140303")]
    screen()
    return made


def rows_of(file) -> list[list[str]]:
    with opened(file) as plain:
        return CalamineWorkbook.from_filelike(BytesIO(plain.read())).get_sheet_by_index(0).to_python()


class TestScreeningList:
    def test_has_what_formats_md_prints(self, screened, programme, staff, days):
        file = actions.export_screening(programme, by=staff(Role.PREPARER), at=days.offered)
        header, eligible, laid_off, unknown = rows_of(file)
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

    def test_can_be_one_outcome_alone(self, screened, programme, staff, days):
        file = actions.export_screening(programme, "ineligible", by=staff(Role.PREPARER), at=days.offered)
        assert [row[0] for row in rows_of(file)[1:]] == [screened[1].uscc]
        assert "不合格" in file.name

    def test_has_the_reader_s_regions_alone_and_leaves_an_event(self, screened, programme, staff, days):
        clerk = staff(Role.PREPARER, region="140303")
        file = actions.export_screening(programme, by=clerk, at=days.offered)
        assert [row[0] for row in rows_of(file)[1:]] == [screened[2].uscc]
        event = Event.objects.get(kind="EXPORT")
        assert (event.by, event.detail) == (clerk, {"file": file.pk, "rows": 1})


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
