"""csv as people and systems really save it."""

import csv
import io
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets import values
from sheets.columns import Column
from sheets.csvfile import blocks
from sheets.read import Limits, SheetRefused, read

GOOD = "91140000000000001X"
HEADER = "统一社会信用代码,单位名称,单位编号,缴费人数,单位实缴,到账日期,费款所属期,缓缴"
ROW = f"{GOOD},北辰公司,0012,30,1234.50,2024-06-03,202401,否"
VALUES = {
    "uscc": GOOD,
    "name": "北辰公司",
    "number": "0012",
    "insured": 30,
    "paid": Decimal("1234.50"),
    "on": date(2024, 6, 3),
    "month": date(2024, 1, 1),
    "deferred": False,
}


class TestEncodings:
    @pytest.mark.parametrize(("encoding", "found"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030")])
    def test_are_told_by_content(self, csv_file, read_all, encoding, found):
        reading, rows = read_all(csv_file(f"{HEADER}\n{ROW}\n", encoding))
        assert (reading.kind, reading.encoding) == ("csv", found)
        assert [row.values for row in rows] == [VALUES]

    def test_rare_characters_of_gb18030_arrive(self, csv_file, read_all):
        _, rows = read_all(csv_file(f"{HEADER}\n{GOOD},㐀𠮷公司\n", "gb18030"))
        assert rows[0].values["name"] == "㐀𠮷公司"

    def test_utf_16_is_refused_with_what_to_do(self, csv_file, read_all):
        with pytest.raises(SheetRefused, match=r"UTF-16.*另存为 CSV（UTF-8）"):
            read_all(csv_file(f"{HEADER}\n{ROW}\n", "utf-16"))

    def test_utf_8_with_a_broken_byte_is_not_guessed_at(self, tmp_path, read_all):
        path = tmp_path / "broken.csv"
        path.write_bytes(f"\ufeff{HEADER}\n{ROW}\n".encode().replace("北".encode(), b"\xe5\x8c"))
        with pytest.raises(SheetRefused, match="文本编码无法识别"):
            read_all(path)

    def test_another_encoding_finds_no_header(self, csv_file, read_all):
        with pytest.raises(SheetRefused, match=r"没有找到表头行（应有：统一社会信用代码、单位名称）"):
            read_all(csv_file("統一社會信用代碼,單位名稱\nX,甲\n", "big5"))

    @pytest.mark.parametrize("first", ["utf-8", "gb18030"])
    def test_two_in_one_file_are_refused(self, tmp_path, read_all, first):
        second = "gb18030" if first == "utf-8" else "utf-8"
        path = tmp_path / "mixed.csv"
        lines = [
            f"{line}\n" for line in ("社会信用代码,企业名称", f"{GOOD},北辰公司", f"{GOOD},北辰公司")
        ]  # words of even length
        path.write_bytes("".join(lines[:2]).encode(first) + lines[2].encode(second))
        with pytest.raises(SheetRefused, match=f"混有两种文字编码（第 {1 if first == 'utf-8' else 3} 行"):
            read_all(path)

    def test_characters_lost_before_are_errors(self, csv_file, read_all):
        lost = ROW.replace("北辰", "北\ufffd").replace("0012", "00\ufffd")
        _, [row] = read_all(csv_file(f"{HEADER}\n{lost}\n"))
        assert ["乱码" in error.reason for error in row.errors] == [True, True]

    def test_nul_is_refused(self, csv_file, read_all):
        with pytest.raises(SheetRefused, match="不是表格"):
            read_all(csv_file(f"{HEADER}\n{'x' * 5000}\0\n"))


class TestHeader:
    def test_takes_aliases_in_any_order_and_reports_the_unknown(self, csv_file, read_all):
        reading, rows = read_all(csv_file(f" AAB004 ,备注,信用代码*,,缴费人数\n北辰,好,{GOOD},,30\n"))
        assert reading.unknown == [("CSV", "备注"), ("CSV", "第 4 列（无表头）")]
        assert (rows[0].values["uscc"], rows[0].values["name"], rows[0].values["insured"]) == (GOOD, "北辰", 30)
        assert rows[0].values["paid"] is None

    def test_may_stand_below_titles(self, csv_file, read_all):
        reading, rows = read_all(csv_file(f"某市参保单位,,\n制表：某人,,\n\n{HEADER}\n{ROW}\n"))
        assert reading.heads[0].row == 4
        assert [(row.number, row.values) for row in rows] == [(5, VALUES)]

    def test_without_a_required_column_refuses_the_file(self, csv_file, read_all):
        with pytest.raises(SheetRefused, match="缺少必填列：单位名称；请按模板补上表头"):
            read_all(csv_file(f"统一社会信用代码,缴费人数\n{GOOD},3\n"))

    def test_with_two_columns_for_one_refuses_the_file(self, csv_file, read_all):
        with pytest.raises(SheetRefused, match=r"第 1 行的“单位名称”和“企业名称”是同一项“单位名称”，请只保留一列"):
            read_all(csv_file(f"{HEADER},企业名称\n{ROW},甲\n"))

    def test_with_tabs_says_so(self, csv_file, read_all):
        with pytest.raises(SheetRefused, match="不是以逗号分隔"):
            read_all(csv_file(f"{HEADER}\n{ROW}\n".replace(",", "\t")))

    def test_alone_is_an_empty_table(self, csv_file, read_all):
        assert read_all(csv_file(HEADER))[1] == []


class TestRows:
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("last", [True, False])
    def test_end_in_any_way(self, csv_file, read_all, end, last):
        _, rows = read_all(csv_file(end.join([HEADER, ROW, ROW]) + (end if last else "")))
        assert [(row.number, row.values) for row in rows] == [(2, VALUES), (3, VALUES)]

    def test_keep_their_numbers_past_blank_lines(self, csv_file, read_all):
        _, rows = read_all(csv_file(f"{HEADER}\n{ROW}\n\n,,,,,,,\n \u3000,,\n{ROW}\n"))
        assert [row.number for row in rows] == [2, 6]

    def test_may_be_shorter_than_the_header(self, csv_file, read_all):
        _, rows = read_all(csv_file(f"{HEADER}\n{ROW}\n{GOOD},北辰\n"))
        assert [row.errors for row in rows] == [(), ()]
        assert rows[1].values["paid"] is None

    def test_longer_than_the_header_are_errors(self, csv_file, read_all):
        _, rows = read_all(csv_file(f"{HEADER}\n{ROW},,\n{GOOD},北辰,北京,0012,30,1.00,2024-06-03,202401,否\n"))
        assert [len(row.errors) for row in rows] == [0, 3]
        assert rows[1].errors[0] == ("CSV", 3, "", "否", "本行比表头多出内容，请检查是否多了分隔符或漏了引号")

    def test_may_be_quoted(self, csv_file, read_all):
        _, rows = read_all(csv_file(f'{HEADER}\n{GOOD},"北辰,南极\n""东""公司","0012",30\n{ROW}\n'))
        assert rows[0].values["name"] == '北辰,南极 "东"公司'
        assert [row.number for row in rows] == [2, 3]

    @pytest.mark.parametrize("row", [f'{GOOD},"北辰,1', f'{GOOD},"北"辰,1'])
    def test_with_a_quote_astray_refuse_the_file(self, csv_file, read_all, row):
        with pytest.raises(SheetRefused, match=r"第 [3-5] 行附近的引号不成对"):
            read_all(csv_file(f"{HEADER}\n{ROW}\n{row}\n{ROW}\n"))

    def test_list_every_error_by_row_column_value_and_reason(self, csv_file, read_all):
        _, rows = read_all(csv_file(f"{HEADER}\n{GOOD[:-1]}Y,,1.1E+17,3.5,1.234,2024-02-30,2024,有\n{ROW}\n,北辰\n"))
        assert [error[1:4] for error in rows[0].errors] == [
            (2, "统一社会信用代码", "91140000000000001Y"),
            (2, "单位编号", "1.1E+17"),
            (2, "缴费人数", "3.5"),
            (2, "单位实缴", "1.234"),
            (2, "到账日期", "2024-02-30"),
            (2, "费款所属期", "2024"),
            (2, "缓缴", "有"),
        ]
        assert rows[0].values == dict.fromkeys(VALUES)
        assert rows[1].errors == ()
        assert rows[2].errors == (("CSV", 4, "统一社会信用代码", "", "必填，不能为空"),)

    def test_give_canonical_texts_for_copy(self, csv_file, columns):
        with read(csv_file(f"{HEADER}\n{ROW}\n{GOOD},北辰,,,0\n"), columns) as reading:
            [batch] = reading
        assert [batch.texts[name] for name in ("paid", "on", "month", "deferred")] == [
            ["1234.50", "0.00"],
            ["2024-06-03", None],
            ["2024-01-01", None],
            ["false", None],
        ]
        assert reading.rows_read == 2


class TestLongFiles:
    def test_keep_numbers_and_errors_over_many_pieces(self, csv_file, columns):
        lines = [ROW] * 30_000
        lines[7_000] = ROW.replace("30,", "x,")
        lines[14_000] = ROW + ",,"
        lines[21_000] = ROW.replace("北辰公司", '"北辰,公司"')
        lines[28_000] = ROW.replace("1234.50", "1.234")
        with read(csv_file("\n".join([HEADER, *lines])), columns) as reading:
            batches = list(reading)
        assert [number for batch in batches for number in batch.numbers] == list(range(2, 30_002))
        assert sorted(number for batch in batches for number in batch.bad_rows) == [7_002, 28_002]
        assert batches[-1].values["paid"][-1] == Decimal("1234.50")

    def test_need_no_more_memory_than_short_ones(self, csv_file, columns):
        path = csv_file(HEADER + f"\n{ROW}" * 400_000)
        tight = Limits(memory_bytes=64 << 20)
        with read(path, columns, tight) as reading:
            assert sum(len(batch.numbers) for batch in reading) == 400_000

    def test_of_cells_that_never_repeat_need_no_more_than_those_of_many(self, csv_file):
        headers = ["应缴", "实缴", "滞纳金", "基数", "营业收入", "资产总额"]
        sums = [Column(f"sum{place}", header, value=values.money) for place, header in enumerate(headers)]
        rows = "\n".join(",".join(f" {number}.{place}" for place in range(6)) for number in range(150_000))
        with read(csv_file(f"{','.join(headers)}\n{rows}\n"), sums, Limits(memory_bytes=96 << 20)) as reading:
            assert sum(len(batch.numbers) for batch in reading) == 150_000

    def test_may_be_left_in_the_middle(self, csv_file, columns):
        with read(csv_file(HEADER + f"\n{ROW}" * 60_000), columns) as reading:
            next(iter(reading))
        assert reading._child._process.returncode is not None

    def test_may_be_open_files_without_a_name(self, columns):
        with tempfile.TemporaryFile() as file:
            file.write(f"{HEADER}\n{ROW}\n".encode())
            file.flush()
            with read(file, columns) as reading:
                assert [row.values for row in reading.rows()] == [VALUES]


class TestColumnsCutInOneGo:
    @given(
        st.lists(st.lists(st.text(st.sampled_from('甲,"1\n'), max_size=3), min_size=1, max_size=4), max_size=12),
        st.sampled_from(["\n", "\r\n"]),
        st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    )
    def test_are_what_the_csv_module_reads(self, rows, end, quoting):
        written = io.StringIO()
        csv.writer(written, lineterminator=end, quoting=quoting).writerows([["a", "b", "c"], *rows])
        expected = [row for row in rows if row != [""]]
        with tempfile.NamedTemporaryFile() as file:
            Path(file.name).write_bytes(written.getvalue().encode())
            found = []
            with Path(file.name).open("rb") as opened:
                for _, by_columns, cells in blocks(opened, "utf-8", 1, 3):
                    found += zip(*cells, strict=True) if by_columns else cells

        assert [list(row) for row in found if list(row) not in ([], [""])] == expected
