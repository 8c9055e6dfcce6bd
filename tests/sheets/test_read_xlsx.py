"""Workbooks as people make them: types that spreadsheets choose, titles, several sheets."""

from datetime import date, datetime
from decimal import Decimal

import pytest
import xlsxwriter

from sheets.read import SheetRefused
from sheets.write import write_errors

GOOD = "91140000000000001X"
HEADER = ["统一社会信用代码", "单位名称", "单位编号", "缴费人数", "单位实缴", "到账日期", "费款所属期", "缓缴"]


class TestCells:
    def test_of_every_honest_type_are_read(self, workbook, read_all):
        row = [GOOD, "北辰\u3000公司", "0012", 12.0, 1234.5, date(2024, 6, 3), 202401, True]
        _, [read] = read_all(workbook({"明细": [HEADER, row]}))
        assert list(read.values.values()) == [
            GOOD, "北辰 公司", "0012", 12, Decimal("1234.50"), date(2024, 6, 3), date(2024, 1, 1), True,
        ]  # fmt: skip
        assert read.errors == ()

    def test_that_lost_digits_are_refused(self, workbook, read_all):
        _, [read] = read_all(workbook({"明细": [HEADER, [911400000000000021, "甲", 12, None, 1.1e17, 44931]]}))
        assert [(error.header, error.value) for error in read.errors] == [
            ("统一社会信用代码", "9.114e+17"),
            ("单位编号", "12"),
            ("单位实缴", "1.1e+17"),
            ("到账日期", "44931"),
        ]
        assert [("请将该列设为" in error.reason) for error in read.errors] == [True, True, False, True]

    def test_with_one_and_true_are_not_confused(self, workbook, read_all):
        _, rows = read_all(workbook({"明细": [HEADER, [GOOD, "甲", None, 1], [GOOD, "乙", None, True], [GOOD, "丙", None, 0]]}))
        assert [row.values["insured"] for row in rows] == [1, None, 0]
        assert [error.value for row in rows for error in row.errors] == ["TRUE"]

    def test_of_months_typed_as_days_are_months(self, workbook, read_all):
        _, [read] = read_all(
            workbook({"明细": [HEADER, [GOOD, "甲", None, None, None, datetime(2024, 6, 3, 9), date(2024, 1, 31)]]})
        )
        assert (read.values["on"], read.values["month"]) == (date(2024, 6, 3), date(2024, 1, 1))

    def test_shown_as_percent_are_refused_as_text_and_too_long_as_number(self, workbook, read_all):
        _, rows = read_all(workbook({"明细": [HEADER, [GOOD, "甲", None, None, "5.5%"], [GOOD, "甲", None, None, 0.055]]}))
        assert [row.errors[0].reason for row in rows] == [
            "不接受百分数，请填写数字，如 1234.5",
            "最多 2 位小数，请四舍五入后填写",
        ]


class TestFormulas:
    @pytest.fixture
    def with_formulas(self, tmp_path):
        path = tmp_path / "formulas.xlsx"
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("明细")
            sheet.write_row(1, 1, HEADER)
            for at in (2, 3, 4):
                sheet.write_string(at, 1, GOOD)
                sheet.write_string(at, 2, "甲")
            sheet.write_formula(2, 5, "=2*3.5", None, 7)
            sheet.write_formula(3, 5, "=1/0", None, "#DIV/0!")
            sheet.write_formula(4, 2, '=VLOOKUP("a",A1:B2,2)', None, "#N/A")
            sheet.write_formula(9, 3, "=1/0", None, "#DIV/0!")
        return path

    def test_count_by_their_result_and_fail_by_their_error(self, with_formulas, read_all):
        _, rows = read_all(with_formulas)
        assert [(row.number, row.values["paid"]) for row in rows] == [(3, 7), (4, None), (5, None), (10, None)]
        assert [(error.row, error.header, error.value) for row in rows for error in row.errors] == [
            (4, "单位实缴", "#DIV/0!"),
            (5, "单位名称", "#N/A"),
            (10, "统一社会信用代码", ""),
            (10, "单位编号", "#DIV/0!"),
        ]

    def test_without_a_result_are_errors(self, with_formulas, read_all, repack):
        path = repack(with_formulas, {"xl/worksheets/sheet1.xml": (b"<f>2*3.5</f><v>7</v>", b"<f>2*3.5</f>")})
        _, rows = read_all(path)
        assert rows[0].errors[0].reason == "公式没有计算结果，请用表格软件打开并保存后再上传，或粘贴为数值"


class TestSheets:
    def test_of_instructions_are_passed_by_with_a_note(self, workbook, read_all):
        reading, rows = read_all(
            workbook({"说明": [["填写说明"], ["统一社会信用代码", "必填"]], "明细": [["某市"], HEADER, [GOOD, "甲"]]})
        )
        assert [(row.sheet, row.number) for row in rows] == [("明细", 3)]
        assert len(reading.notes) == 1
        assert reading.notes[0].startswith("工作表“说明”")
        assert reading.notes[0].endswith("未读取")

    def test_of_data_may_be_several_with_columns_in_their_own_order(self, workbook, read_all):
        reading, rows = read_all(workbook({"一区": [HEADER, [GOOD, "甲"]], "二区": [["企业名称", "信用代码"], ["乙", GOOD]]}))
        assert [(row.sheet, row.number, row.values["name"]) for row in rows] == [("一区", 2, "甲"), ("二区", 2, "乙")]
        assert [head.places["uscc"] for head in reading.heads] == [0, 1]

    def test_hidden_ones_are_told_and_left(self, workbook, read_all):
        reading, rows = read_all(workbook({"明细": [HEADER, [GOOD, "甲"]], "旧": [HEADER, [GOOD, "乙"]]}, hidden=["旧"]))
        assert [row.values["name"] for row in rows] == ["甲"]
        assert reading.notes == ["工作表“旧”是隐藏的，未读取"]

    def test_lacking_a_required_column_refuse_the_file(self, workbook, read_all):
        with pytest.raises(SheetRefused, match="工作表“二区”缺少必填列：单位名称"):
            read_all(workbook({"一区": [HEADER, [GOOD, "甲"]], "二区": [["统一社会信用代码", "缴费人数"], [GOOD, 3]]}))

    def test_all_empty_refuse_the_file(self, workbook, read_all):
        with pytest.raises(SheetRefused, match="文件里没有内容"):
            read_all(workbook({"一": [], "二": []}))

    def test_may_start_anywhere_and_have_gaps(self, workbook, read_all):
        shifted = [[None, None, *row] for row in ([], [], HEADER, [GOOD, "甲"], [], [], [GOOD, "乙"])]
        _, rows = read_all(workbook({"明细": shifted}))
        assert [(row.number, row.values["name"]) for row in rows] == [(4, "甲"), (7, "乙")]

    def test_with_a_merged_title_and_a_header_of_two_rows_are_read(self, tmp_path, read_all, columns):
        path = tmp_path / "merged.xlsx"
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("明细")
            sheet.merge_range("A1:E1", "某市缴费明细")
            for cells, words in (("A2:A3", "统一社会信用代码"), ("B2:B3", "单位名称"), ("C2:D2", "缴费"), ("E2:E3", "备注")):
                sheet.merge_range(cells, words)
            sheet.write_row("C3", ["缴费人数", "单位实缴"])
            sheet.write_row("A4", [GOOD, "甲", 3, 7.5, "无"])
            sheet.write_row("A5", ["91", "乙", 3, 7.5])
        reading, [good, bad] = read_all(path)
        assert (good.number, good.values["name"], good.values["insured"], good.values["paid"]) == (4, "甲", 3, Decimal("7.50"))
        assert reading.unknown == [("明细", "备注")]
        assert write_errors(tmp_path / "back.xlsx", path, columns, bad.errors) == 1
        assert [(row.values["name"], len(row.errors)) for row in read_all(tmp_path / "back.xlsx")[1]] == [("乙", 1)]

    def test_of_many_rows_come_in_order(self, workbook, read_all):
        _, rows = read_all(workbook({"明细": [HEADER, *[[GOOD, f"第{at}家", f"{at:06d}"] for at in range(12_000)]]}))
        assert [row.number for row in rows] == list(range(2, 12_002))
        assert rows[-1].values["number"] == "011999"
