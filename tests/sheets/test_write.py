"""What we write is safe to open, keeps its digits, and can be read again."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
import python_calamine
import xlsxwriter

from sheets import values as v
from sheets.columns import Column
from sheets.read import CellError, read, read_raw
from sheets.write import LONG_LIST, write_csv, write_errors, write_parts, write_rows, write_template

GOOD = "91140000000000001X"
OTHER = "911400000000000021"
HEADER = ["统一社会信用代码", "单位名称", "单位编号", "缴费人数", "单位实缴", "到账日期", "费款所属期", "缓缴"]
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")']
ROW = [GOOD, "北辰公司", "0012", 30, Decimal("1234.50"), date(2024, 6, 3), "202401", False]


def cells(path, sheet=0):
    return python_calamine.load_workbook(str(path)).get_sheet_by_index(sheet).to_python(skip_empty_area=False)


def styles_and_formulas(path):
    with zipfile.ZipFile(path) as archive:
        return archive.read("xl/styles.xml"), archive.read("xl/worksheets/sheet1.xml")


class TestLists:
    def test_are_read_again_as_they_were(self, tmp_path, read_all):
        assert write_rows(tmp_path / "a.xlsx", HEADER, [ROW, [OTHER, *[None] * 7]]) == 2
        _, rows = read_all(tmp_path / "a.xlsx")
        assert list(rows[0].values.values()) == [*ROW[:6], date(2024, 1, 1), False]
        assert rows[1].values["paid"] is None
        assert [row.errors for row in rows] == [(), ()]

    def test_keep_long_numbers_as_text_and_short_ones_as_numbers(self, tmp_path):
        row = [123456789012345678, 123456789012345, Decimal("1234567890123.45"), Decimal("12345678901234.56"), 0.055]
        kept = ["123456789012345678", 123456789012345, 1234567890123.45, "12345678901234.56", 0.055]
        write_rows(tmp_path / "a.xlsx", list("abcde"), [row])
        assert cells(tmp_path / "a.xlsx")[1] == kept

    @pytest.mark.parametrize("count", [1, LONG_LIST])
    def test_never_hold_a_formula(self, tmp_path, count):
        write_rows(tmp_path / "a.xlsx", list("abcde"), [DANGEROUS] * count + [DANGEROUS])
        styles, sheet = styles_and_formulas(tmp_path / "a.xlsx")
        assert cells(tmp_path / "a.xlsx")[1] == DANGEROUS
        assert b"<f>" not in sheet
        assert b'numFmtId="49"' in styles

    def test_long_and_short_ones_are_alike(self, tmp_path, read_all):
        rows = [
            [GOOD, f"第{at}家", f"{at:06d}", at, Decimal(at) / 100, date(2024, 6, 3), "202401", at % 2 == 0]
            for at in range(LONG_LIST + 1)
        ]
        assert write_rows(tmp_path / "long.xlsx", HEADER, iter(rows)) == LONG_LIST + 1
        assert write_rows(tmp_path / "short.xlsx", HEADER, rows[:100]) == 100
        assert cells(tmp_path / "long.xlsx")[:101] == cells(tmp_path / "short.xlsx")
        assert cells(tmp_path / "long.xlsx")[-1][1:3] == [f"第{LONG_LIST}家", f"{LONG_LIST:06d}"]

    def test_are_the_same_bytes_for_the_same_rows(self, tmp_path):
        for name in ("a.xlsx", "b.xlsx"):
            write_rows(tmp_path / name, HEADER, [ROW])
        assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()

    def test_may_have_a_header_twice(self, tmp_path):
        write_rows(tmp_path / "a.xlsx", ["甲", "甲"], [["1", "2"]])
        assert cells(tmp_path / "a.xlsx") == [["甲", "甲"], ["1", "2"]]

    def test_of_more_rows_than_a_sheet_holds_are_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr("sheets.write.MOST_ROWS", 3)
        with pytest.raises(ValueError, match="清单超过 3 行"):
            write_rows(tmp_path / "a.xlsx", ["甲"], [["1"]] * 4)


class TestCsv:
    def test_is_read_again_as_it_was(self, tmp_path, read_all):
        write_csv(tmp_path / "a.csv", HEADER, [ROW, [OTHER, "=1+1", *[None] * 6]])
        assert (tmp_path / "a.csv").read_bytes().startswith("\ufeff统一".encode())
        _, rows = read_all(tmp_path / "a.csv")
        assert list(rows[0].values.values()) == [*ROW[:6], date(2024, 1, 1), False]
        assert rows[1].values["name"] == "=1+1"

    def test_starts_no_formula(self, tmp_path):
        write_csv(tmp_path / "a.csv", list("abcde"), [DANGEROUS])
        assert (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()[1].startswith("'=1+1,'+1,'-1,'@SUM(A1)")

    def test_counts_its_rows(self, tmp_path):
        assert write_csv(tmp_path / "a.csv", ["甲"], [["1"], [None], ["3"]]) == 3


class TestTemplates:
    @pytest.fixture
    def template(self, tmp_path, columns):
        size = Column("size", "划型", (), v.choice(["大型", "中型"]), note="上年末")
        write_template(tmp_path / "t.xlsx", [*columns, size], "名册")
        return tmp_path / "t.xlsx"

    def test_have_our_header_row_and_load_empty(self, template, read_all):
        reading, rows = read_all(template)
        assert cells(template)[0] == [*HEADER, "划型"]
        assert rows == []
        assert [head.sheet for head in reading.heads] == ["名册"]

    def test_with_one_column_that_is_needed_have_one_table_too(self, tmp_path):
        columns = [Column("id", "证件号码", (), v.citizen_id, filled=True), Column("name", "姓名")]
        write_template(tmp_path / "t.xlsx", columns, "名册")
        with read(tmp_path / "t.xlsx", columns) as reading:
            assert [head.sheet for head in reading.heads] == ["名册"]
            assert reading.notes == []

    def test_say_what_each_column_wants(self, template):
        assert cells(template, 1)[1] == ["统一社会信用代码", "必填", "18 位；请将该列设为文本", "社会信用代码 / 信用代码"]
        with zipfile.ZipFile(template) as archive:
            comments = archive.read("xl/comments1.xml").decode()
            sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "上年末；填 大型、中型 之一" in comments
        assert '"大型,中型"' in sheet
        assert '"是,否"' in sheet


class TestNumbersThatAreNone:
    def test_are_written_as_text(self, tmp_path):
        write_rows(tmp_path / "a.xlsx", ["数"], [[float("inf")], [float("nan")]])
        book = python_calamine.CalamineWorkbook.from_path(tmp_path / "a.xlsx")
        assert book.get_sheet_by_index(0).to_python() == [["数"], ["inf"], ["nan"]]


class TestErrorSpreadsheets:
    def errors_of(self, path, columns):
        with read(path, columns) as reading:
            return [error for batch in reading for error in batch.errors]

    def test_are_the_bad_rows_as_they_stood_with_reasons(self, workbook, columns, tmp_path):
        source = workbook(
            {
                "说明": [["怎样填写"]],
                "一区": [
                    ["某市名册"],
                    [*HEADER, "备注"],
                    [GOOD, "甲", "001", "x", 5, date(2024, 6, 3), None, None, "留"],
                    [GOOD, "乙"],
                ],
                "二区": [["单位名称", "信用代码", "缴费人数"], ["丙", OTHER, 12.5], ["丁", 911400000000000021, 3]],
            }
        )
        errors = [*self.errors_of(source, columns), CellError("二区", 2, "单位名称", "丙", "名册中没有")]
        assert write_errors(tmp_path / "bad.xlsx", source, columns, errors) == 3
        assert cells(tmp_path / "bad.xlsx", 0) == [
            [*HEADER, "备注", "错误原因"],
            [GOOD, "甲", "001", "x", 5.0, "2024-06-03", "", "", "留", "缴费人数：应为数字，如 12；请只填数字，没有数据的请留空"],
        ]
        assert cells(tmp_path / "bad.xlsx", 1) == [
            ["单位名称", "信用代码", "缴费人数", "错误原因"],
            ["丙", OTHER, 12.5, "缴费人数：应为整数，请核对；单位名称：名册中没有"],
            ["丁", 9.11400000000000e17, 3.0, "统一社会信用代码：单元格是数字或日期，位数可能已丢失，请将该列设为文本后重新填写"],
        ]

    def test_load_again_once_corrected(self, csv_file, columns, tmp_path, read_all):
        bad = f"{','.join(HEADER)}\n{GOOD},甲,0012,x\n{OTHER},乙,0034,5\n"
        source = csv_file(bad, "gb18030")
        write_errors(tmp_path / "bad.xlsx", source, columns, self.errors_of(source, columns))
        again, rows = read_all(tmp_path / "bad.xlsx")
        assert [error.value for row in rows for error in row.errors] == ["x"]
        assert again.unknown == []
        corrected = [["30" if cell == "x" else cell for cell in row] for row in cells(tmp_path / "bad.xlsx")]
        write_rows(tmp_path / "good.xlsx", corrected[0], corrected[1:])
        _, [row] = read_all(tmp_path / "good.xlsx")
        assert (row.values["number"], row.values["insured"], row.errors) == ("0012", 30, ())

    def test_of_error_spreadsheets_replace_the_old_reason(self, csv_file, columns, tmp_path):
        source = csv_file(f"{','.join(HEADER)}\n{GOOD},甲,0012,x\n")
        for name in ("one.xlsx", "two.xlsx"):
            write_errors(tmp_path / name, source, columns, self.errors_of(source, columns))
            source = tmp_path / name
        assert cells(tmp_path / "one.xlsx") == cells(tmp_path / "two.xlsx")

    def test_keep_a_failed_formula_failed(self, tmp_path, columns, read_all):
        with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
            sheet = book.add_worksheet("明细")
            sheet.write_row(0, 0, HEADER)
            sheet.write_row(1, 0, [GOOD, "=甲"])
            sheet.write_string(1, 1, "=甲")
            sheet.write_formula(1, 4, "=1/0", None, "#DIV/0!")
        write_errors(tmp_path / "bad.xlsx", tmp_path / "a.xlsx", columns, self.errors_of(tmp_path / "a.xlsx", columns))
        _, [row] = read_all(tmp_path / "bad.xlsx")
        assert [error.value for error in row.errors] == ["#DIV/0!"]
        assert row.values["name"] == "=甲"

    def test_take_only_the_wanted_rows_of_a_long_file(self, csv_file, columns, tmp_path):
        source = csv_file(",".join(HEADER) + f"\n{GOOD},甲" * 30_000)
        wanted = [2, 5_001, 5_002, 20_000, 30_001]
        rows = list(read_raw(source, columns, {"CSV": wanted}))
        assert [row.number for row in rows] == wanted
        assert {(row.sheet, *row.header, *row.cells) for row in rows} == {("CSV", *HEADER, GOOD, "甲")}


class TestParts:
    @pytest.mark.parametrize(("rows", "counts"), [(0, [0]), (3, [3]), (4, [3, 1]), (6, [3, 3])])
    def test_a_long_list_is_cut_at_the_limit_and_loses_no_row(self, rows, counts):
        parts = write_parts(io.BytesIO, ["行"], ([f"第{number}行"] for number in range(rows)), most=3)
        assert [count for _, count in parts] == counts
        read = [python_calamine.CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python() for file, _ in parts]
        assert all(sheet[0] == ["行"] for sheet in read)
        assert [cell for sheet in read for [cell] in sheet[1:]] == [f"第{number}行" for number in range(rows)]
