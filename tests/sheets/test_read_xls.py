"""Workbooks of the old kind: read like the new one, measured first, refused in the same words."""

import re
import struct
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import xlwt

from sheets.guard import Limits, SheetRefused
from sheets.read import STANDARD
from sheets.write import write_errors

GOOD = "91140000000000001X"
HEADER = ["统一社会信用代码", "单位名称", "单位编号", "缴费人数", "单位实缴", "到账日期", "费款所属期", "缓缴"]
DAMAGED = "文件已损坏或不完整，请在表格软件中重新保存后再上传"


@pytest.fixture
def old(tmp_path):
    """Writes sheets of rows as .xls: `old({"名册": [[...], ...]})`; dates get a date format, a formula error is `...`."""

    def write(sheets, hidden=(), extra=lambda sheet: None) -> Path:
        path, book = tmp_path / "file.xls", xlwt.Workbook()
        day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
        for name, rows in sheets.items():
            sheet = book.add_sheet(name)
            sheet.visibility = 1 if name in hidden else 0
            for at, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if cell is ...:
                        sheet.row(at).set_cell_error(place, "#DIV/0!")
                    elif cell is not None:
                        sheet.write(at, place, cell, day) if isinstance(cell, date) else sheet.write(at, place, cell)
            extra(sheet)
        book.save(str(path))
        return path

    return write


def _records(content):
    """(where, kind, length) of the records, which xlwt writes in one piece behind the header."""
    at = 512
    while at + 4 <= len(content) and content[at : at + 2] != b"\0\0":
        kind, length = struct.unpack_from("<HH", content, at)
        yield at, kind, length
        at += 4 + length


def _odd_cells(sheet):
    """An empty cell, and a text that stands in its cell."""
    sheet.write(3, 0, None, xlwt.easyxf("font: bold on"))
    sheet.row(3).insert_cell(1, _Label(3, 1))


class _Label:
    """A cell of the kind that older programs write."""

    def __init__(self, row, column):
        self.row, self.column, self.xf_idx = row, column, 15
        self.rowx, self.colx = row, column

    def get_biff_data(self):
        return struct.pack("<HHHHHHB", 0x0204, 12, self.row, self.column, 15, 3, 0) + b"abc"


@pytest.fixture
def refusal(read_all):
    def reason(path, limits=STANDARD) -> str:
        with pytest.raises(SheetRefused) as refused:
            read_all(path, limits)
        return str(refused.value)

    return reason


class TestCells:
    def test_of_every_honest_type_are_read(self, old, read_all):
        row = [GOOD, "北辰\u3000公司", "0012", 12.0, 1234.5, date(2024, 6, 3), 202401, True]
        reading, [read] = read_all(old({"明细": [HEADER, row]}))
        assert list(read.values.values()) == [
            GOOD, "北辰 公司", "0012", 12, Decimal("1234.50"), date(2024, 6, 3), date(2024, 1, 1), True,
        ]  # fmt: skip
        assert (reading.kind, read.errors) == ("xls", ())

    def test_that_lost_digits_are_refused(self, old, read_all):
        _, [read] = read_all(old({"明细": [HEADER, [911400000000000021, "甲", 12, None, 1.1e17, 44931]]}))
        assert [(error.header, error.value) for error in read.errors] == [
            ("统一社会信用代码", "9.114e+17"), ("单位编号", "12"), ("单位实缴", "1.1e+17"), ("到账日期", "44931"),
        ]  # fmt: skip
        assert [("请将该列设为" in error.reason) for error in read.errors] == [True, True, False, True]

    def test_of_failed_formulas_are_errors(self, old, read_all):
        path = old({"明细": [HEADER, [GOOD, "甲", None, 3, ...], [GOOD, ...]]})
        _, rows = read_all(path)
        assert [(error.row, error.header, error.value) for row in rows for error in row.errors] == [
            (2, "单位实缴", "#DIV/0!"), (3, "单位名称", "#DIV/0!"),
        ]  # fmt: skip

    def test_of_formulas_count_by_their_result_and_fail_by_their_error(self, old, read_all):
        path = old({"明细": [HEADER, *[[GOOD, "甲", None, None, xlwt.Formula("7/2")] for _ in range(2)]]})
        content = bytearray(path.read_bytes())
        for row, result in ((1, struct.pack("<d", 3.5)), (2, b"\x02\0\x2a\0\0\0\xff\xff")):  # a number; the error #N/A
            at = re.search(b"\x06\0.." + re.escape(struct.pack("<HH", row, 4)), content, re.DOTALL).end() + 2
            content[at : at + 8] = result
        path.write_bytes(content)
        _, rows = read_all(path)
        assert [row.values["paid"] for row in rows] == [Decimal("3.50"), None]
        assert [error.value for row in rows for error in row.errors] == ["#N/A"]


class TestSheets:
    def test_of_titles_and_instructions_are_passed_by(self, old, read_all):
        reading, rows = read_all(
            old({"说明": [["填写说明"], ["统一社会信用代码", "必填"]], "明细": [["某市"], [], HEADER, [GOOD, "甲"]]})
        )
        assert [(row.sheet, row.number) for row in rows] == [("明细", 4)]
        assert reading.notes[0].startswith("工作表“说明”")

    def test_hidden_ones_are_told_and_left(self, old, read_all):
        reading, rows = read_all(old({"明细": [HEADER, [GOOD, "甲"]], "旧": [HEADER, [GOOD, "乙"]]}, hidden=["旧"]))
        assert [row.values["name"] for row in rows] == ["甲"]
        assert reading.notes == ["工作表“旧”是隐藏的，未读取"]

    def test_with_a_merged_title_over_the_header_are_read(self, old, read_all):
        path = old({"明细": [[], HEADER, [GOOD, "甲"]]}, extra=lambda sheet: sheet.write_merge(0, 0, 0, 7, "某市缴费明细"))
        assert [(row.number, row.values["name"]) for row in read_all(path)[1]] == [(3, "甲")]

    def test_small_and_large_ones_come_in_order(self, old, read_all):
        rows = [[GOOD, f"第{at}家", f"{at:06d}", at] for at in range(20_000)]
        _, read = read_all(old({"明细": [HEADER, *rows]}))
        assert [row.number for row in read] == list(range(2, 20_002))
        assert (read[-1].values["number"], read[-1].values["insured"]) == ("019999", 19_999)

    def test_give_their_bad_rows_back(self, old, columns, read_all, tmp_path):
        source = old({"明细": [HEADER, [GOOD, "甲"], ["91", "乙", "007"]]})
        _, rows = read_all(source)
        assert write_errors(tmp_path / "back.xlsx", source, columns, [error for row in rows for error in row.errors]) == 1
        _, [back] = read_all(tmp_path / "back.xlsx")
        assert (back.values["name"], back.values["number"]) == ("乙", "007")


class TestRefused:
    def test_locked(self, old, refusal):
        path = old({"明细": [HEADER, [GOOD, "甲"]]})
        content = bytearray(path.read_bytes())
        globals_at = content.index(b"\x09\x08\x10\x00\x00\x06")
        at = globals_at + 4 + 16
        assert content[at : at + 2] != b"\x2f\0"
        content[at : at + 2] = b"\x2f\0"
        path.write_bytes(content)
        assert refusal(path) == "文件已加密，请去掉打开密码后再上传"

    def test_documents_that_are_no_table(self, old, refusal):
        path = old({"明细": [HEADER, [GOOD, "甲"]]})
        content = path.read_bytes()
        path.write_bytes(content.replace("Workbook".encode("utf-16-le"), "WordDocu".encode("utf-16-le")))
        assert refusal(path).startswith("这是旧版 Word 文档或其他文件，不是表格")
        path.write_bytes(content.replace("Workbook".encode("utf-16-le"), "Encrypte".encode("utf-16-le")))
        assert refusal(path).startswith("这是旧版 Word 文档或其他文件，不是表格")

    def test_a_cell_far_off(self, old, refusal):
        path = old({"明细": [HEADER, [GOOD, "甲"]]}, extra=lambda sheet: sheet.write(65_535, 255, "x"))
        assert "一直延伸到 IV 列、第 65536 行" in refusal(path)

    def test_a_false_extent(self, old, refusal):
        path = old({"明细": [HEADER, [GOOD, "甲"]]})
        content = bytearray(path.read_bytes())
        at = content.index(struct.pack("<HHIIHH", 0x0200, 14, 0, 2, 0, 8)) + 4
        content[at : at + 12] = struct.pack("<IIHH", 0, 1_000_000, 0, 16_384)
        path.write_bytes(content)
        assert "表格过大" in refusal(path)
        content[at : at + 12] = struct.pack("<IIHH", 9, 3, 0, 8)
        path.write_bytes(content)
        assert refusal(path) == DAMAGED

    @pytest.mark.parametrize("kind", [0x0208, 0x00FD, 0x027E, 0x0203, 0x0205, 0x00BD, 0x0204, 0x0201])
    def test_a_record_that_takes_the_next_for_its_own(self, old, read_all, refusal, kind):
        amounts = [1, 0.123456789, True, 2, 3, 4]
        path = old({"明细": [HEADER, [GOOD, "甲", *amounts]]}, extra=_odd_cells)
        assert read_all(path)[1][0].values["uscc"] == GOOD
        content = bytearray(path.read_bytes())
        records = list(_records(content))
        at, length = next((at, length) for at, found, length in records if found == kind)
        following = next(length for later, _, length in records if later > at)
        struct.pack_into("<H", content, at + 2, length + 4 + following)
        path.write_bytes(content)
        assert refusal(path) == DAMAGED

    @pytest.mark.parametrize(("kind", "place"), [(0x00FD, 4), (0x027E, 4), (0x00BD, 4), (0x00BD, 10)])
    def test_a_cell_of_a_format_that_is_not_there(self, old, read_all, refusal, kind, place):
        path = old({"明细": [HEADER, [GOOD, "甲", 1, 2, None, 3]]})
        assert read_all(path)[1][0].values["uscc"] == GOOD
        content = bytearray(path.read_bytes())
        at = next(at for at, found, _ in _records(content) if found == kind)
        struct.pack_into("<H", content, at + 4 + place, 99)
        path.write_bytes(content)
        assert refusal(path) == DAMAGED

    @pytest.mark.parametrize("kind", [0x0200, 0x0250, 0x007E, 0x04FF])
    def test_a_cell_that_lost_its_kind(self, old, read_all, refusal, kind):
        path = old({"明细": [HEADER, [GOOD, "甲", None, 1, None, "2024-01-02"]]})
        assert read_all(path)[1][0].values["uscc"] == GOOD
        content = bytearray(path.read_bytes())
        at = next(at for at, found, _ in _records(content) if found == 0x027E)
        struct.pack_into("<H", content, at, kind)
        path.write_bytes(content)
        assert refusal(path) == DAMAGED

    @pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.6, 0.9])
    def test_cut_off(self, old, refusal, share):
        path = old({"明细": [HEADER, *[[GOOD, f"第{at}家"] for at in range(200)]]})
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        assert refusal(path) == DAMAGED

    def test_a_table_of_sectors_that_goes_in_a_circle(self, old, refusal):
        path = old({"明细": [HEADER, *[[GOOD, f"第{at}家"] for at in range(200)]]})
        content = bytearray(path.read_bytes())
        table = 512 * (struct.unpack_from("<I", content, 76)[0] + 1)
        content[table : table + 4] = struct.pack("<I", 0)
        path.write_bytes(content)
        assert refusal(path) == DAMAGED

    def test_more_cells_than_allowed(self, old, refusal):
        path = old({"明细": [HEADER, *[[GOOD, "甲"]] * 600]})
        assert "表格过大" in refusal(path, Limits(cells=1_000))
