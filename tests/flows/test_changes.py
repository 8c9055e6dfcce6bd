"""What an import would change, shown before it is confirmed: cell by cell, page by page, nothing personal in the open."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agency.intake import changed_rows, staging_of
from agency.intake.changes import PAGE
from agency.models import Import
from enterprises.models import Enterprise
from tests.office import contribution, enterprise, uscc


def page(office, imp: Import, **place: int):
    return changed_rows(staging_of(imp), at=office.at, **place)


class TestCells:
    def test_are_told_with_what_is_stored_and_what_the_file_has(self, office):
        row = enterprise(1, 从业人员="5", **{"营业收入(万元)": "30.50"}, 劳务派遣="否", 联系人="甲", 行业代码="C3311")
        office.load("enterprises", [row])
        changed = row | {"从业人员": "", "营业收入(万元)": "31", "劳务派遣": "是", "联系人": "乙"}
        imp = office.check("enterprises", [row | enterprise(2), changed])
        (only,) = page(office, imp).rows
        assert (only.sheet, only.number, only.key) == ("CSV", 3, uscc(1))
        assert [tuple(cell) for cell in only.cells] == [
            ("劳务派遣", "否", "是"),
            ("从业人员", "5", "（空）"),
            ("营业收入(万元)", "30.50", "31.00"),
            ("联系人", "甲", "乙"),
        ]

    def test_that_are_sealed_are_masked_also_where_the_masks_are_alike(self, office):
        row = enterprise(1, 手机号="13900000001", 账号="622200001234")
        office.load("enterprises", [row])
        imp = office.check("enterprises", [row | {"手机号": "13800000002", "账号": "955500001234"}])
        (only,) = page(office, imp).rows
        assert [tuple(cell) for cell in only.cells] == [
            ("手机号", "139****0001", "138****0002"),
            ("账号", "****1234", "****1234"),
        ]

    def test_whose_column_the_file_lacks_do_not_change(self, office):
        office.load("enterprises", [enterprise(1, 从业人员="5", 联系人="甲")])
        imp = office.check("enterprises", [enterprise(1, 从业人员="6")])
        assert [cell.header for row in page(office, imp).rows for cell in row.cells] == ["从业人员"]

    def test_of_a_key_of_several_parts_name_each_part(self, office):
        code = office.enterprises(1)[0]
        row = contribution(code, 到账日期="2023-02-01", 缴费类型="补缴", 明细号="")
        office.load("contributions", [row])
        imp = office.check("contributions", [row | {"单位实缴": "71"}])
        (only,) = page(office, imp).rows
        assert only.key == f"{code} · 2023-01-01 · 补缴 · 2023-02-01"
        assert [tuple(cell) for cell in only.cells] == [("单位实缴", "70.00", "71.00")]

    def test_follow_what_is_stored_now(self, office):
        office.load("enterprises", [enterprise(1, 联系人="甲")])
        imp = office.check("enterprises", [enterprise(1, 联系人="乙")])
        Enterprise.objects.update(contact="丙")
        assert [cell.before for row in page(office, imp).rows for cell in row.cells] == ["丙"]


class TestPages:
    @pytest.fixture
    def imp(self, office) -> Import:
        """An import that changes every second of its rows, two pages and one row."""
        rows = [enterprise(number, 联系人="甲") for number in range(4 * PAGE + 2)]
        office.load("enterprises", rows)
        return office.check("enterprises", [row | ({"联系人": "乙"} if place % 2 else {}) for place, row in enumerate(rows)])

    def test_follow_each_other_by_the_place_of_their_rows_and_lead_back(self, office, imp):
        first = page(office, imp)
        second = page(office, imp, after=first.last)
        third = page(office, imp, after=second.last)
        assert [len(one.rows) for one in (first, second, third)] == [PAGE, PAGE, 1]
        numbers = [row.number for one in (first, second, third) for row in one.rows]
        assert numbers == list(range(3, 4 * PAGE + 4, 2))
        assert [(one.earlier, one.later) for one in (first, second, third)] == [(False, True), (True, True), (True, False)]
        assert page(office, imp, before=third.first) == second
        assert page(office, imp, before=second.first) == first

    def test_beyond_the_last_and_of_a_confirmed_import_are_empty(self, office, imp):
        assert page(office, imp, after=10**6).rows == []
        office.confirm(imp)
        assert page(office, imp).rows == []

    def test_ask_as_many_questions_for_many_rows_as_for_one(self, office, imp):
        counts = []
        for after in (0, page(office, imp, after=page(office, imp).last).last):
            with CaptureQueriesContext(connection) as asked:
                page(office, imp, after=after)
            counts.append(len(asked))
        assert counts == [4, 4]
