"""The fast reader of .xlsx against the library: the same cells, or it passes."""

import zipfile
from datetime import date

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from sheets.guard import SheetRefused
from sheets.package import Package
from sheets.plain import NotPlain
from sheets.read import STANDARD
from sheets.write import write_rows

ROWS = [
    ["甲", 12.0, date(2024, 6, 3), "x<y & 'z'", 0.055, None, "0012"],
    ["乙", 1234.5, date(1999, 12, 31), "𠮷野家\u3000", 1.1e17, "仅此", ""],
    ["", None, None, "两\n行", -0.5, None, "#N/A"],
    [],
    ["丁", 0.0, date(2024, 2, 29), " 空格 ", 911400000000000021, True, "末"],
]


@pytest.fixture
def by_both(tmp_path):
    """A sheet's rows by the fast reader and by the library."""

    def read(path) -> tuple[list[list], list[list]]:
        with zipfile.ZipFile(path) as archive:
            package = Package(archive, STANDARD)
            sheet = package.plain(package.sheets[0])
            fast: dict[int, list] = {}
            for first, columns in sheet.blocks():
                fast |= {number: list(row) for number, row in enumerate(zip(*columns, strict=True), first)}
        slow = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
        width = len(slow[0])
        rows = [fast.get(number, []) for number in range(1, len(slow) + 1)]
        return [[*row, *[""] * (width - len(row))] for row in rows], slow

    return read


def written(path, rows, *, shared: bool, header=("一", "二", "三", "四", "五", "六", "七")):
    with xlsxwriter.Workbook(path, {"constant_memory": not shared}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        colour = book.add_format({"bg_color": "red"})
        for at, row in enumerate([header, *rows]):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(at, place, cell)
                elif isinstance(cell, date):
                    sheet.write_datetime(at, place, cell, day)
                elif isinstance(cell, bool):
                    sheet.write_boolean(at, place, cell)
                elif cell is None:
                    sheet.write_blank(at, place, None, colour)
                else:
                    sheet.write_number(at, place, cell)
    return path


class TestTheSameCells:
    @pytest.mark.parametrize("shared", [True, False])
    def test_of_rows_of_every_make(self, tmp_path, by_both, shared):
        fast, slow = by_both(written(tmp_path / "a.xlsx", ROWS, shared=shared))
        assert fast == slow
        assert [list(map(type, row)) for row in fast] == [list(map(type, row)) for row in slow]

    @pytest.mark.parametrize("shared", [True, False])
    def test_of_many_rows_alike_and_some_that_lack_a_cell(self, tmp_path, by_both, shared):
        rows = [
            [f"第{at}家", at / 7, date(2024, 1, at % 28 + 1), "&" * (at % 3), None, "是", f"{at:06d}"][: 4 + at % 4]
            for at in range(9000)
        ]
        fast, slow = by_both(written(tmp_path / "a.xlsx", rows, shared=shared))
        assert fast == slow

    def test_of_lists_that_we_write(self, tmp_path, by_both):
        write_rows(tmp_path / "a.xlsx", ["代码", "金额", "名称"], ([f"{at:08d}", at / 100, f"甲{at}"] for at in range(60_000)))
        fast, slow = by_both(tmp_path / "a.xlsx")
        assert fast == slow


class TestWhatItDoesNotKnow:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"</row>", b"<!-- --></row>"),
            (b"<v>12</v>", b"<v> 12</v>"),
            (b"<v>12</v>", b"<v>1_2</v>"),
            (b"<v>12</v>", b"<v>nan</v>"),
            (b"<v>12</v>", b"<v>12</v><v>13</v>"),
            (b'<row r="3"', b'<row r="2"'),
            (b'<row r="3"', b"<row"),
            (b'<c r="B2"', b'<c r="B3"'),
            (b'<c r="B2"', b'<c r="A2"'),
            (b'<c r="B2"', b"<c"),
            (b'<c r="B2"', b'|c r="B2"'),
            (b"<v>12</v>", b"|v>12</v>"),
            (b"<v>12</v>", b"<v>12|/v>"),
            (b"&amp;", b"&nbsp;"),
            (b"&amp;", b"&#0;"),
            (b"<sheetData>", b"<sheetData><v>5</v>"),
            (b'encoding="UTF-8"', b'encoding="GBK"'),
        ],
    )
    def test_it_passes_on(self, tmp_path, repack, by_both, old, new):
        path = written(tmp_path / "a.xlsx", ROWS, shared=False)
        with pytest.raises(NotPlain):
            by_both(repack(path, {"xl/worksheets/sheet1.xml": (old, new)}))

    def test_a_string_that_is_not_there_is_refused(self, tmp_path, repack, by_both):
        path = written(tmp_path / "a.xlsx", ROWS, shared=True)
        with pytest.raises(SheetRefused, match="文件已损坏"):
            by_both(repack(path, {"xl/worksheets/sheet1.xml": (b't="s"><v>3</v>', b't="s"><v>333</v>')}))

    def test_the_library_goes_on_from_the_row_reached(self, tmp_path, repack, columns, read_all):
        header = [column.header for column in columns]
        rows = [["91140000000000001X", f"第{at}家", f"{at:06d}", at % 900, 1.5] for at in range(9000)]
        path = written(tmp_path / "a.xlsx", rows, shared=False, header=header)
        odd = repack(path, {"xl/worksheets/sheet1.xml": (b'<c r="D8000"><v>', b'<c r="D8000" ><v>')})
        (_, plain), (_, both) = read_all(path), read_all(odd)
        assert len(both) == 9000
        assert both == plain
