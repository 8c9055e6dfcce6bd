"""Bad rows: every one is told, in Chinese, and comes back in a spreadsheet that loads once corrected."""

import pytest
import xlsxwriter

from agency.actions import imports
from agency.actions.files import opened
from enterprises.models import Enterprise, MonthlyContribution
from tests.office import contribution, enterprise, read_back, uscc

# A bad cell, the row's column that it stands in, and words of its reason.
BAD = [
    ("统一社会信用代码", "91140302", "18 位"),
    ("统一社会信用代码", uscc(1)[:-1] + "0", "校验码"),
    ("统一社会信用代码", "", "必填"),
    ("统一社会信用代码", uscc(999), "名册中没有"),
    ("费款所属期", "2023-13", "年月"),
    ("费款所属期", "去年", "年月"),
    ("费款所属期", "", "必填"),
    ("缴费人数", "-1", "应在 0 至"),
    ("缴费人数", "2.5", "整数"),
    ("缴费人数", "两人", "数字"),
    ("单位实缴", "10.005", "2 位小数"),
    ("单位实缴", "-3", "负数"),
    ("单位实缴", "1E+17", "科学计数法"),
    ("单位实缴", "", "必填"),
    ("个人实缴", "#DIV/0!", "公式错误"),
    ("个人实缴", "12,34", "数字"),
    ("到账日期", "2023-02-30", "没有这一天"),
    ("到账日期", "2099-01-01", "晚于今天"),
    ("缴费类型", "预缴", "以下之一"),
    ("缓缴", "也许", "是 或 否"),
    ("明细号", "1.1E+17", "数字格式"),
    ("明细号", "9" * 50, "最多 40"),
    ("滞纳金", "9" * 13, "过大"),
    ("作废", "x", "是 或 否"),
    ("缴费基数", "五千", "数字"),
]


@pytest.fixture
def known(office) -> str:
    return office.enterprises(1)[0]


def bad_rows(code: str) -> list[dict[str, object]]:
    """Fifty bad rows: each bad cell twice, on a line of its own; beside them ten good ones."""
    full = {"缴费类型": "正常", "到账日期": "2023-02-01", "明细号": "", "缓缴": "否", "滞纳金": "", "缴费基数": "", "作废": ""}
    rows = [contribution(code, **full) | {"明细号": f"A{number}"} for number in range(60)]
    for number in range(50):
        header, value, _ = BAD[number % len(BAD)]
        rows[number + 5][header] = value
    return rows


class TestFiftyBadRows:
    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    def test_are_each_told_by_sheet_row_column_value_and_reason(self, office, known, form):
        imp = office.check("contributions", getattr(office, form)(bad_rows(known)))
        assert (imp.new, imp.refused, imp.report["rows"]) == (10, 50, 60)
        told = {(row, header): (sheet, value, reason) for sheet, row, header, value, reason, _ in imp.report["errors"]}
        for number in range(50):
            header, value, words = BAD[number % len(BAD)]
            sheet, shown, reason = told[number + 7, header]
            assert sheet == {"csv": "CSV", "xlsx": "清单"}[form]
            assert shown == value
            assert words in reason

    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    def test_come_back_as_a_spreadsheet_that_loads_once_corrected(self, office, known, form):
        imp = office.load("contributions", getattr(office, form)(bad_rows(known)))
        assert MonthlyContribution.objects.count() == 10
        with opened(imp.errors_file) as plain:
            returned = read_back(plain)
        assert len(returned) == 50
        good = contribution(known, 缴费类型="正常", 到账日期="2023-02-01", 缓缴="否", 滞纳金="", 缴费基数="", 作废="")
        for number, row in enumerate(returned):
            header, value, words = BAD[number % len(BAD)]
            assert row[header] == value
            assert words in row["错误原因"]
            row[header] = good.get(header, f"B{number}")
        corrected = office.load("contributions", office.xlsx(returned))
        assert (corrected.new, corrected.refused, corrected.report["unknown"]) == (50, 0, [])
        assert MonthlyContribution.objects.count() == 60

    def test_land_nothing_when_every_row_is_bad(self, office, known):
        imp = office.load("contributions", bad_rows(known)[5:55])
        assert (imp.state, imp.new, imp.refused) == ("CONFIRMED", 0, 50)
        assert not MonthlyContribution.objects.exists()


class TestSameKeyTwice:
    def test_is_an_error_on_both_rows_whatever_the_rest_says(self, office, known):
        rows = [contribution(known), contribution(known, 费款所属期="2023-01"), contribution(known, 费款所属期="202302")]
        imp = office.load("contributions", rows)
        assert [(row, reason.partition("（")[0]) for _, row, _, _, reason, _ in imp.report["errors"]] == [
            (2, "与第 3 行重复"),
            (3, "与第 2 行重复"),
        ]
        assert list(MonthlyContribution.objects.values_list("month__month", flat=True)) == [2]

    def test_counts_a_bad_row_too(self, office):
        imp = office.check("enterprises", [enterprise(1), enterprise(1, 参保地="999999")])
        assert imp.refused == 2

    def test_empty_parts_of_the_key_equal_empty(self, office, known):
        first = office.load("contributions", [contribution(known)])
        second = office.load("contributions", [contribution(known, 到账日期="", 明细号="", 缴费类型="")])
        assert (first.new, second.new, second.unchanged) == (1, 0, 1)
        third = office.load("contributions", [contribution(known, 到账日期="2023-02-01")])
        assert third.new == 1


class TestHostileValues:
    VALUES = [
        "=cmd|' /C calc'!A0", "'; DROP TABLE enterprises_enterprise; --", "%s %(today)s {rows} {}", "\\N", "a\\tb\\",
        "$$", '"', "\\.",
        "<script>alert(1)</script>", "𠮷野家㐀", "\u202e名公司", "*" * 200,
    ]  # fmt: skip

    def test_are_stored_as_they_stand(self, office):
        rows = [enterprise(number, 单位名称=value, 联系人="x") for number, value in enumerate(self.VALUES)]
        imp = office.load("enterprises", office.xlsx(rows))
        assert imp.report["errors"] == []
        assert list(Enterprise.objects.order_by("uscc").values_list("name", flat=True)) == self.VALUES

    def test_come_back_in_the_error_spreadsheet_as_text(self, office):
        rows = [enterprise(number, 单位名称=value, 参保地="1") for number, value in enumerate(self.VALUES)]
        imp = office.check("enterprises", office.xlsx(rows))
        with opened(imp.errors_file) as plain:
            assert [row["单位名称"] for row in read_back(plain)] == self.VALUES

    def test_too_long_a_text_is_a_row_error(self, office):
        imp = office.check(
            "enterprises",
            [enterprise(1, 单位名称="长" * 201, 单位编号="", 联系人=""), enterprise(2, 单位编号="1" * 33, 联系人="名" * 65)],
        )
        assert imp.refused == 2
        assert {reason for *_, reason, _ in imp.report["errors"]} == {
            "最多 200 个字，现有 201 个字，请缩短",
            "最多 32 个字，现有 33 个字，请缩短",
            "最多 64 个字，现有 65 个字，请缩短",
        }

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "空"),
            (b"\x00\x01\x02" * 100, "另存为"),
            (b"PK\x03\x04 broken", "损坏"),
            ("姓名,年龄\n甲,3\n".encode(), "表头"),
            ("统一社会信用代码,单位名称\n1,2\n".encode(), "缺少必填列"),
            ("统一社会信用代码,单位名称,单位类型,参保地\n".encode(), "没有数据行"),
        ],
    )
    def test_refuse_a_file_that_is_no_such_spreadsheet(self, office, tmp_path, content, words):
        path = tmp_path / "file.csv"
        path.write_bytes(content)
        imp = office.check("enterprises", path)
        assert imp.state == "REFUSED"
        assert words in imp.problem
        with pytest.raises(imports.ImportRefused):
            imports.confirm_import(imp, by=imp.checked_by, at=office.at)


class TestPersonalData:
    def test_is_sealed_in_staging_and_never_in_the_report(self, office):
        from django.db import connection

        imp = office.check(
            "enterprises",
            [enterprise(1, 手机号="13912345678", 账号="622200001234"), enterprise(2, 手机号="139123456789", 账号="")],
        )
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT row_to_json(s)::text FROM intake_{imp.pk}_row s")
            staged = " ".join(row for (row,) in cursor.fetchall())
            cursor.execute(f"SELECT row_to_json(s)::text FROM intake_{imp.pk}_issue s")
            staged += " ".join(row for (row,) in cursor.fetchall())
        everything = staged + str(imp.report)
        assert "13912345678" not in everything
        assert "622200001234" not in everything
        assert "****6789" in str(imp.report["errors"])

    def test_is_forgotten_in_staging_once_landed_or_given_up(self, office):
        from django.db import connection

        landed = office.load("enterprises", [enterprise(1)])
        given_up = office.check("enterprises", [enterprise(2)])
        imports.cancel_import(given_up, by=given_up.checked_by, at=office.at)
        imports.forget_staged()  # as the sweep does: whoever gives up does not wait for a job that may still read
        names = connection.introspection.table_names()
        assert landed.state == "CONFIRMED"
        assert [name for name in names if name.startswith("intake_")] == []

    def test_a_sealed_value_that_did_not_change_is_unchanged(self, office):
        row = enterprise(1, 手机号="13912345678", 账号="622200001234")
        office.load("enterprises", [row])
        sealed = Enterprise.objects.get().account.stored
        again = office.load("enterprises", [row])
        assert (again.unchanged, Enterprise.objects.get().account.stored) == (1, sealed)
        assert Enterprise.objects.get().account.reveal() == "622200001234"


class TestColumnThatTheFileLacks:
    def test_leaves_what_is_stored(self, office):
        office.load("enterprises", [enterprise(1, 账号="622200001234", 从业人员="5")])
        again = office.load("enterprises", [enterprise(1, 从业人员="6")])
        found = Enterprise.objects.get()
        assert (again.changed, found.employees, found.account.reveal()) == (1, 6, "622200001234")

    def test_is_unlike_an_empty_cell_which_makes_it_unknown(self, office):
        office.load("enterprises", [enterprise(1, 账号="622200001234", 从业人员="5")])
        office.load("enterprises", [enterprise(1, 账号="", 从业人员="")])
        found = Enterprise.objects.get()
        assert (found.employees, bool(found.account), found.account_index) == (None, False, "")


class TestTwoSheets:
    def workbook(self, path, *sheets):
        with xlsxwriter.Workbook(str(path)) as book:
            for name, rows in sheets:
                sheet = book.add_worksheet(name)
                for number, row in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
                    for place, value in enumerate(row):
                        sheet.write_string(number, place, str(value))
        return path

    def test_are_read_together_and_a_key_in_both_is_told_with_its_sheet(self, office, tmp_path):
        path = self.workbook(
            tmp_path / "two.xlsx", ("城区", [enterprise(1), enterprise(2)]), ("矿区", [enterprise(3), enterprise(1)])
        )
        imp = office.check("enterprises", path)
        assert (imp.new, imp.refused) == (2, 2)
        assert [(sheet, row, reason.partition("（")[0]) for sheet, row, _, _, reason, _ in imp.report["errors"]] == [
            ("城区", 2, "与工作表“矿区”第 3 行重复"),
            ("矿区", 3, "与工作表“城区”第 2 行重复"),
        ]
        with opened(imp.errors_file) as plain:
            assert len(read_back(plain)) == 1

    def test_with_unlike_columns_are_refused_rather_than_blanked(self, office, tmp_path):
        path = self.workbook(tmp_path / "two.xlsx", ("城区", [enterprise(1, 账号="622200001")]), ("矿区", [enterprise(2)]))
        imp = office.check("enterprises", path)
        assert (imp.state, "账号" in imp.problem) == ("REFUSED", True)
