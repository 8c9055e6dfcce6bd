"""What a cell may hold, and what is refused with which words."""

import pickle
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from sheets import values as v
from sheets.cells import UNCOMPUTED

KINDS = [getattr(v, name) for name in v.__all__ if isinstance(getattr(v, name), v.Kind)]
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def refused(kind: v.Kind, cell: v.Cell) -> str:
    with pytest.raises(v.BadValue) as error:
        kind(cell)
    return str(error.value)


class TestEveryKind:
    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    @pytest.mark.parametrize("cell", [None, "", "  ", "\u3000", "\xa0", "\ufeff"])
    def test_reads_blanks_as_unknown(self, kind, cell):
        assert kind(cell) is None

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    @pytest.mark.parametrize("cell", ["#DIV/0!", "#N/A", "#REF!", UNCOMPUTED])
    def test_refuses_a_failed_formula(self, kind, cell):
        with pytest.raises(v.BadValue):
            kind(cell)

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    def test_travels_to_the_child_process(self, kind):
        assert pickle.loads(pickle.dumps(kind)) == kind

    @pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.plain], ids=lambda kind: kind.name)
    @given(data=st.data())
    def test_leaves_plain_text_as_it_is(self, kind, data):
        plain = data.draw(st.from_regex(kind.plain, fullmatch=True))
        assert kind.clean(plain) == plain

    @pytest.mark.parametrize("kind", [v.text, v.code, v.money, v.whole, v.day, v.month, v.phone, v.account, v.yes_no])
    @pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
    def test_is_never_made_of_a_number_that_is_none(self, kind, number):
        with pytest.raises(v.BadValue):
            kind(number)

    @pytest.mark.parametrize("kind", [v.text, v.code, v.money, v.day], ids=lambda kind: kind.name)
    def test_tells_what_is_wrong_with_a_formula(self, kind):
        assert refused(kind, "#DIV/0!") == "单元格是公式错误 #DIV/0!，请改正公式或直接填写数值"


class TestText:
    def test_keeps_punctuation_and_narrows_letters(self):
        assert v.text("  北辰\u3000Ａ１（晋）  有限公司\u200b ") == "北辰 A1（晋） 有限公司"

    def test_shows_numbers_and_days_as_a_spreadsheet_does(self):
        assert v.text(12.0) == "12"
        assert v.text(0.1 + 0.2) == "0.3"
        assert v.text(True) == "TRUE"
        assert v.text(datetime(2024, 6, 3)) == "2024-06-03"

    def test_is_not_made_of_a_number_that_lost_digits(self):
        assert v.text(123456789012345.0) == "123456789012345"
        with pytest.raises(v.BadValue, match="位数可能已丢失"):
            v.text(911403020000000007.0)

    def test_makes_one_line(self):
        assert v.text("甲_x000D_\n乙") == "甲 乙"

    def test_refuses_control_characters_and_excess(self):
        assert "控制字符" in refused(v.text, "甲\x07乙")
        assert v.text("字" * 200) == "字" * 200
        assert "最多 200 个字，现有 201 个字" in refused(v.text, "字" * 201)
        assert "最多 5 个字" in refused(v.text_up_to(5), "一二三四五六")

    def test_gives_back_what_a_csv_was_made_safe_with(self):
        assert v.text("'=1+1") == "=1+1"
        assert v.text("'@甲") == "@甲"
        assert v.text("'甲'") == "'甲'"


class TestCode:
    def test_keeps_leading_zeros(self):
        assert v.code(" 00１２\u3000a ") == "0012a"

    @pytest.mark.parametrize("cell", [12, 12.0, 1.1e17, True, date(2024, 1, 1)])
    def test_refuses_what_is_no_text(self, cell):
        assert "请将该列设为文本" in refused(v.code, cell)

    @pytest.mark.parametrize("cell", ["1.1E+17", "9.11e17", "1E10", "140100.0", "12.00"])
    def test_refuses_what_a_number_left_behind(self, cell):
        assert "请将该列设为文本" in refused(v.code, cell)

    def test_drops_the_apostrophe_of_text(self):
        assert v.code("'0012") == "0012"

    @pytest.mark.parametrize("kind", [v.uscc, v.citizen_id, v.phone, v.account, v.region, v.industry], ids=lambda k: k.name)
    def test_is_text_in_all_its_kinds(self, kind):
        assert "请将该列设为文本" in refused(kind, 13800000000.0)
        assert "请将该列设为文本" in refused(kind, "1.1E+17")


class TestUscc:
    @given(st.text(SIGNS, min_size=17, max_size=17), st.sampled_from(SIGNS))
    def test_agrees_with_an_independent_check(self, body, last):
        if uscc.calc_check_digit(body + last) == last:
            assert v.uscc(body + last) == body + last
        else:
            assert "校验码不符" in refused(v.uscc, body + last)

    @given(st.text(SIGNS, min_size=17, max_size=17))
    def test_makes_the_same_check_character(self, body):
        assert v.uscc_check(body) == uscc.calc_check_digit(body + "0")

    @given(st.lists(st.text(SIGNS, min_size=17, max_size=17).map(lambda body: body + v.uscc_check(body)), max_size=40), st.data())
    def test_is_told_of_a_whole_column_as_of_each_cell(self, cells, data):
        def told(column: list[str]) -> bool:
            return v.uscc.are_canonical("\n".join((*column, "")))

        assert told(cells)
        if cells:
            spoilt, place = data.draw(st.integers(0, len(cells) - 1)), data.draw(st.integers(0, 17))
            sign = data.draw(st.sampled_from(["", *SIGNS, "I", "a", " ", "企", "\n", "\r", "\x00"]))
            cells[spoilt] = cells[spoilt][:place] + sign + cells[spoilt][place + 1 :]
            try:
                still = v.uscc.clean(cells[spoilt]) == cells[spoilt]
            except v.BadValue:
                still = False
            assert told(cells) == still

    def test_tells_what_is_wrong(self):
        good = "91140000000000001" + v.uscc_check("91140000000000001")
        assert v.uscc(good.lower()) == good
        assert v.uscc("　".join(good)) == good
        assert "应为 18 位，现为 17 位" in refused(v.uscc, good[:-1])
        assert "不含字符 I、O" in refused(v.uscc, "IO" + good[2:])
        other = "0" if good[17] != "0" else "1"
        assert "校验码不符" in refused(v.uscc, good[:17] + other)


class TestCitizenId:
    @given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(0, 999))
    def test_agrees_with_an_independent_check(self, born, order):
        body = f"140999{born:%Y%m%d}{order:03d}"
        check = ric.calc_check_digit(body + "0")
        assert v.citizen_check(body) == check
        assert v.citizen_id(body + check) == body + check
        assert "校验码不符" in refused(v.citizen_id, body + ("0" if check != "0" else "1"))

    def test_tells_what_is_wrong(self):
        assert "15 位旧号请换成 18 位" in refused(v.citizen_id, "140999800101001")
        assert "出生日期不存在" in refused(v.citizen_id, "140999202302300012")
        assert "17 位数字" in refused(v.citizen_id, "14099920230201A012")


class TestPhone:
    @pytest.mark.parametrize("cell", ["14200000001", "+86 142-0000-0001", "１４２０００００００１"])
    def test_reads_eleven_digits(self, cell):
        assert v.phone(cell) == "14200000001"

    @pytest.mark.parametrize("cell", ["1420000000", "12000000001", "0350-1234567", "142000000011"])
    def test_refuses_others(self, cell):
        assert "手机号应为 11 位数字" in refused(v.phone, cell)

    def test_of_an_office_may_be_short_or_have_hyphens(self):
        assert v.telephone("0350-12333") == "0350-12333"
        assert v.telephone("12333") == "12333"
        assert "电话应为" in refused(v.telephone, "请拨打")


class TestAccount:
    def test_keeps_digits_and_hyphens(self):
        assert v.account("6222 0000 0000 0000 000") == "6222000000000000000"
        assert v.account("04-012301040012345") == "04-012301040012345"

    def test_refuses_letters_and_short_ones(self):
        assert "账号应为" in refused(v.account, "ABC123456")
        assert "账号应为" in refused(v.account, "12345")


class TestRegionAndIndustry:
    def test_regions_have_six_digits_or_a_letter(self):
        assert v.region("140901") == "140901"
        assert v.region("bt08") == "BT08"
        assert "6 位" in refused(v.region, "14090")

    @pytest.mark.parametrize(
        ("cell", "digits"), [("C3311", "3311"), ("3311", "3311"), ("c33", "33"), ("51", "51"), ("A01", "01"), ("701", "701")]
    )
    def test_industries_lose_their_letter(self, cell, digits):
        assert v.industry(cell) == digits

    @pytest.mark.parametrize("cell", ["C", "3", "33110", "98", "00", "C51", "Z51"])
    def test_wrong_industries_are_refused(self, cell):
        assert "请核对" in refused(v.industry, cell)


class TestMoney:
    @pytest.mark.parametrize(
        ("cell", "canonical"),
        [
            ("1,234.5", "1234.50"),
            ("１，２３４．５０", "1234.50"),
            (" 12 ", "12.00"),
            ("0", "0.00"),
            ("007.10", "7.10"),
            (12.0, "12.00"),
            (1234.56, "1234.56"),
            (0.1 + 0.2, "0.30"),
            (12, "12.00"),
            ("12.500", "12.50"),
            ("12.", "12.00"),
            ("-0", "0.00"),
        ],
    )
    def test_is_exact_yuan(self, cell, canonical):
        assert v.money.clean(cell) == canonical
        assert v.money(cell) == Decimal(canonical)

    @pytest.mark.parametrize(
        ("cell", "reason"),
        [
            ("1.234", "最多 2 位小数"),
            (1.005, "最多 2 位小数"),
            ("-3", "不能为负数"),
            ("5.5%", "不接受百分数"),
            ("1.1E+7", "科学计数法"),
            (1.1e17, "科学计数法"),
            ("1,23", "应为数字"),
            ("¥12", "应为数字"),
            ("12元", "应为数字"),
            ("-", "没有数据的请留空"),
            (True, "请将单元格格式改为数值"),
            (datetime(2024, 1, 1), "请将单元格格式改为数值"),
            ("1234567890123", "数字过大"),
        ],
    )
    def test_refuses_what_is_none(self, cell, reason):
        assert reason in refused(v.money, cell)

    @given(st.decimals(0, 999_999_999_999, places=2))
    def test_reads_what_it_wrote(self, amount):
        canonical = v.money.clean(f"{amount:,}")
        assert canonical == f"{amount:f}"
        assert v.money.clean(canonical) == canonical

    def test_other_decimals_have_their_own_places(self):
        assert v.decimal(6)("0.0550") == Decimal("0.055")
        assert v.decimal(4, signed=True)("-1.5") == Decimal("-1.5")


class TestWhole:
    @pytest.mark.parametrize("cell", [12, 12.0, "12", "12.0", "１２"])
    def test_reads_twelve(self, cell):
        assert v.whole(cell) == 12

    @pytest.mark.parametrize(
        ("cell", "reason"), [(12.5, "应为整数"), ("12人", "应为数字"), (-1, "应在 0 至"), (True, "应为数字")]
    )
    def test_refuses_others(self, cell, reason):
        assert reason in refused(v.whole, cell)

    def test_years_may_carry_their_word(self):
        assert v.year("2023年") == 2023
        assert v.year(2023.0) == 2023
        assert "应在 1990 至 2099 之间" in refused(v.year, "23")


class TestDay:
    @pytest.mark.parametrize(
        "cell",
        [
            "2024-06-03",
            "2024/6/3",
            "20240603",
            20240603.0,
            "2024.6.3",
            "2024年6月3日",
            "２０２４－０６－０３",
            date(2024, 6, 3),
            datetime(2024, 6, 3, 9, 30),
            "2024-06-03 00:00:00",
            "2024-06-03T09:30:00",
            " 2024 年 6 月 3 日 ",
        ],
    )
    def test_reads_the_third_of_june(self, cell):
        assert v.day(cell) == date(2024, 6, 3)

    @pytest.mark.parametrize("cell", ["2024-02-30", "20240231", "2023/2/29"])
    def test_refuses_a_day_that_is_none(self, cell):
        assert "没有这一天" in refused(v.day, cell)

    @pytest.mark.parametrize("cell", ["2024-06/03", "6/3/2024", "昨天", "2024-06", "202406", True, time(9), timedelta(1)])
    def test_refuses_what_is_no_day(self, cell):
        assert "应为日期" in refused(v.day, cell)

    def test_refuses_a_day_without_its_format_and_says_which_it_may_be(self):
        assert refused(v.day, 44931.0) == "是没有日期格式的数字（可能是 2023-01-05），请将该列设为日期格式，核对后重新保存"

    def test_refuses_years_that_cannot_be_meant(self):
        assert "年份 1024 不合理" in refused(v.day, "1024-06-03")


class TestMonth:
    @pytest.mark.parametrize(
        "cell", ["202401", "2024-01", "2024/1", "2024年1月", "2024.01", 202401.0, 202401, "2024-01-31", date(2024, 1, 15)]
    )
    def test_is_its_first_day(self, cell):
        assert v.month(cell) == date(2024, 1, 1)

    @pytest.mark.parametrize("cell", ["202413", "2024-0", "Jan-24", "24-01", 1.5])
    def test_refuses_others(self, cell):
        assert "应为年月" in refused(v.month, cell)

    def test_refuses_a_month_without_its_format(self):
        assert "没有日期格式" in refused(v.month, 45292.0)


class TestMoment:
    def test_keeps_the_time(self):
        assert v.moment("2024-06-03 09:30") == datetime(2024, 6, 3, 9, 30)
        assert v.moment("20240603 09:30:15.5") == datetime(2024, 6, 3, 9, 30, 15)
        assert v.moment(datetime(2024, 6, 3, 9, 30, 15, 7)) == datetime(2024, 6, 3, 9, 30, 15)
        assert v.moment("2024-06-03") == datetime(2024, 6, 3)

    def test_refuses_a_time_that_is_none(self):
        assert "没有这个时刻" in refused(v.moment, "2024-06-03 25:00")


class TestWords:
    @pytest.mark.parametrize("cell", ["是", "Y", "y", "yes", "1", 1, 1.0, True, "TRUE", " 是 "])
    def test_yes_is_true(self, cell):
        assert v.yes_no(cell) is True

    @pytest.mark.parametrize("cell", ["否", "N", "no", "0", 0, 0.0, False, "Ｎ"])
    def test_no_is_false(self, cell):
        assert v.yes_no(cell) is False

    def test_others_are_refused(self):
        assert refused(v.yes_no, "有") == "应填 是 或 否"

    def test_a_choice_names_its_words(self):
        size = v.choice(["大型", "中型"])
        assert size(" 大 型 ") == "大型"
        assert size.options == ("大型", "中型")
        assert refused(size, "巨型") == "应为以下之一：大型、中型"

    def test_a_choice_may_store_another_word(self):
        assert v.choice({"企业": "ENTERPRISE"})("企业") == "ENTERPRISE"
