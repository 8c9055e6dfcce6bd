import os
import subprocess
import sys
from pathlib import Path

import pytest

from policy.__main__ import main
from policy.notice import Notice, load
from policy.show import Line, diff, lines, show
from policy.tables import broken_at, table, wide
from tests.policy.test_notice import CITY as HEAD

CITY = (
    HEAD.replace("shanxi/2024", "national/2024")
    + """
[[terms.premium_rate]]
value = 0.01
until = 2024-06-30
clause = "一"
phrase = "6月30日前费率为1%"

[[terms.premium_rate]]
value = 0.015
from = 2024-07-01
clause = "一"
phrase = "7月1日起为1.5%"

[terms.ratio_sme]
value = 0.50
clause = "二（一）"
phrase = "中小微企业按50%返还"
reading = "half"

[terms.confirm_mode]
choice = true
default = "silent"
options = ["silent", "confirm_required"]

[terms.fund_reserve_months]
value = 18
clause = "三"
phrase = "备付期限18个月以上"

[readings.half]
text = "一半即50%。"
reason = "文件只写一半。"
"""
)
RATES = """\
  条款项                   值                  性质      出处
  ──────────────────────────────────────────────────────────────────────────
  失业保险总费率           1%                  条文      本文件 一
  premium_rate             起始 至 2024-06-30            “6月30日前费率为1%”
  失业保险总费率           1.5%                条文      本文件 一
  premium_rate             2024-07-01 至 长期            “7月1日起为1.5%”
  单位费率                                     没有规定
  premium_rate_employer
  个人费率                                     没有规定
  premium_rate_employee
  费率核对容差（元，每人   0.005元             经办选择  承自 national/2024
  每部分）                 可选：0 至 100
  premium_tolerance"""
TOWN = CITY.replace('"city/2024"', '"town/2024"').replace("〔2024〕1号", "〔2024〕2号")


@pytest.fixture
def city(tmp_path: Path) -> Notice:
    return saved(tmp_path, CITY)


def saved(folder: Path, text: str) -> Notice:
    path = folder / "notice.toml"
    path.write_text(text, "utf-8")
    return load(str(path))


def section(text: str, title: str) -> str:
    """One table of several."""
    return next(part for part in text.split("\n\n■ ") if part.startswith(title)).removeprefix(title).strip("\n")


class TestLines:
    def test_say_each_term_in_words(self, city: Notice) -> None:
        found = {line.key: line for line in lines(city, city.terms())}
        assert found["ratio_sme"] == Line(
            group="金额", label="中小微企业返还比例", key="ratio_sme", value="50%", days="", basis="解读，不能另选", options="",
            source="某人社〔2024〕1号 二（一）", phrase="中小微企业按50%返还", reading="half", stated_by="city/2024",
        )  # fmt: skip
        assert found["small_unit_most"] == Line(
            group="条件", label="小规模单位参保人数上限（含）", key="small_unit_most", value="30", days="", basis="条文",
            options="", source="人社部发〔2024〕40号 二", phrase="30人（含）以下的参保企业裁员率不高于参保职工总数20%",
            reading="", stated_by="national/2024",
        )  # fmt: skip
        assert found["deferred_bars"] == Line(
            "条件", "缓缴未补足不予返还", "deferred_bars", "否", "", "没有规定", "", "", "", "", ""
        )

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("skill_amount_5", "1,000元"),
            ("premium_tolerance", "0.005元"),
            ("refund_until", "2024年12月31日"),
            ("layoff_limit", "5.5%"),
            ("layoff_inclusive", "是"),
            ("credit_bars", "无"),
            ("size_ladder", "系统记录、分支机构随所属法人"),
            ("layoff_method", "领取失业金人数÷月均参保人数"),
            ("uses_condition", ""),
            ("claim_window_months", ""),
        ],
    )
    def test_say_each_kind_of_value_in_words(self, city: Notice, key: str, value: str) -> None:
        assert [line.value for line in lines(city, city.terms()) if line.key == key] == [value]

    def test_give_a_term_that_changes_a_line_for_each_value(self, city: Notice) -> None:
        found = [line for line in lines(city, city.terms()) if line.key == "premium_rate"]
        assert [(line.value, line.days) for line in found] == [
            ("1%", "起始 至 2024-06-30"),
            ("1.5%", "2024-07-01 至 长期"),
        ]

    def test_tell_what_may_be_chosen_and_what_was(self, city: Notice) -> None:
        found = {line.key: line for line in lines(city, city.terms({"confirm_mode": "confirm_required"}))}
        assert (found["confirm_mode"].value, found["confirm_mode"].basis) == ("企业确认后发放", "经办选择，已选")
        assert found["confirm_mode"].options == "可选：告知后直接发放（silent）\n可选：企业确认后发放（confirm_required）"
        assert (found["publicity_days"].basis, found["publicity_days"].options) == ("经办选择", "可选：1 至 366")


class TestShow:
    def test_heads_the_tables_with_the_notice(self, city: Notice) -> None:
        assert show(city, city.terms(), 100).split("\n\n")[0] == (
            "某人社〔2024〕1号　某市通知\n"
            "city/2024　某市　某市人力资源和社会保障局\n"
            "2024-01-01 至 2024-12-31　正式文件　补充 national/2024"
        )

    def test_names_a_draft_as_one(self) -> None:
        head = show(load("xpcc/2024"), load("xpcc/2024").terms(), 100).splitlines()
        assert head[0] == "关于进一步延续实施失业保险援企稳岗政策的通知（征求意见稿）"
        assert head[2] == "2024-01-01 至 2024-12-31　征求意见稿　补充 national/2024"

    def test_keeps_columns_and_width_with_chinese_in_them(self, city: Notice) -> None:
        shown = show(city, city.terms(), 76)
        assert section(shown, "费率") == RATES
        assert max(wide(line) for line in shown.split("\n\n", 1)[1].splitlines()) <= 76

    def test_puts_the_readings_below(self, city: Notice) -> None:
        shown = section(show(city, city.terms(), 100), "解读")
        assert "half 一半即50%。 理由：文件只写一半。" in " ".join(shown.split())

    def test_is_tab_separated_for_another_program(self, city: Notice) -> None:
        terms, readings = show(city, city.terms(), None).split("\n\n")
        rows = [row.split("\t") for row in terms.splitlines()]
        assert rows[0] == [
            "分组", "条款项", "键", "值", "期间", "性质", "选项", "出处", "摘句", "解读", "写明于",
        ]  # fmt: skip
        assert {len(row) for row in rows} == {11}
        assert ["基金", "基金备付月数下限", "fund_reserve_months", "18", "", "条文", "", "某人社〔2024〕1号 三",
                "备付期限18个月以上", "", "city/2024"] in rows  # fmt: skip
        assert "half\t一半即50%。\t文件只写一半。" in readings.splitlines()


class TestDiff:
    def test_of_a_notice_with_itself_finds_nothing(self, city: Notice) -> None:
        assert diff(city, city, None) == "差别\t条款项\tcity/2024\tcity/2024"
        assert "■" not in diff(city, city, 100)

    def test_tells_each_difference_with_both_clauses(self, tmp_path: Path) -> None:
        town = TOWN.replace("value = 0.50", "value = 0.55").replace("50%返还", "55%返还")
        town = town.replace("value = 18", "value = 24").replace("value = 0.015\nfrom", "value = 0.015\nfrom", 1)
        town = town.replace('choice = true\ndefault = "silent"\noptions = ["silent", "confirm_required"]',
                            'value = "silent"\nclause = "五"\nphrase = "告知后直接发放"')  # fmt: skip
        town = town.replace("一半即50%。", "一半上浮。") + (
            '\n[terms.claim_window_months]\nvalue = 6\nclause = "六"\nphrase = "6个月内申领"\n'
        )
        one, other = saved(tmp_path, CITY), saved(tmp_path, town)
        assert diff(one, other, None).splitlines() == [
            "差别\t条款项\tcity/2024\ttown/2024",
            "规定不同\t中小微企业返还比例；ratio_sme\t50%；某人社〔2024〕1号 二（一）\t55%；某人社〔2024〕2号 二（一）",
            "规定不同\t基金备付月数下限；fund_reserve_months\t18；某人社〔2024〕1号 三\t24；某人社〔2024〕2号 三",
            "一份已定、一份可选\t免申即享确认方式；confirm_mode\t"
            "告知后直接发放；可选：告知后直接发放（silent）；可选：企业确认后发放（confirm_required）\t"
            "告知后直接发放；某人社〔2024〕2号 五",
            "只有一份规定\t发证后申领期限（月）；claim_window_months\t没有规定\t6；某人社〔2024〕2号 六",
            "解读不同\thalf\t一半即50%。；理由：文件只写一半。\t一半上浮。；理由：文件只写一半。",
        ]

    def test_notices_a_value_that_holds_from_another_day(self, tmp_path: Path) -> None:
        town = TOWN.replace("2024-06-30", "2024-07-31").replace("2024-07-01", "2024-08-01")
        found = diff(saved(tmp_path, CITY), saved(tmp_path, town), None).splitlines()[1:]
        assert [row.split("\t")[1] for row in found] == ["失业保险总费率；premium_rate"]

    def test_notices_that_other_options_may_be_chosen(self, tmp_path: Path) -> None:
        town = TOWN.replace('"silent", "confirm_required"', '"silent"')
        found = diff(saved(tmp_path, CITY), saved(tmp_path, town), None).splitlines()[1:]
        assert [row.split("\t")[:2] for row in found] == [["规定不同", "免申即享确认方式；confirm_mode"]]

    def test_leaves_out_the_options_where_they_are_the_same(self) -> None:
        found = diff(load("shanxi/2024"), load("jilin/2024"), None).splitlines()
        assert (
            "规定不同\t裁员率口径；layoff_method\t领取失业金人数÷月均参保人数\t（年初人数－退休－死亡－年末人数）÷年初人数"
        ) in found

    def test_fits_a_terminal_and_counts_the_rest(self, tmp_path: Path) -> None:
        town = TOWN.replace("value = 18", "value = 24")
        shown = diff(saved(tmp_path, CITY), saved(tmp_path, town), 80)
        assert shown.startswith("""\
city/2024　某人社〔2024〕1号
town/2024　某人社〔2024〕2号

■ 规定不同
  条款项               city/2024             town/2024
  ───────────────────────────────────────────────────────────────
  基金备付月数下限     18                    24
  fund_reserve_months  某人社〔2024〕1号 三  某人社〔2024〕2号 三

  其余 """)


class TestWidth:
    def test_is_never_narrower_than_can_be_read(self) -> None:
        assert table("表", ("甲",), [("x" * 20,)], 1).splitlines()[3:] == [f"  {'─' * 12}", f"  {'x' * 12}", f"  {'x' * 8}"]


class TestBreakingLines:
    @pytest.mark.parametrize(
        ("text", "width", "broken"),
        [
            ("甲乙丙丁", 4, ["甲乙", "丙丁"]),
            ("甲乙丙丁", 5, ["甲乙", "丙丁"]),
            ("甲乙，丙", 4, ["甲", "乙，", "丙"]),
            ("甲（乙）", 6, ["甲", "（乙）"]),
            ("甲2017年", 6, ["甲2017", "年"]),
            ("甲乙2017年", 6, ["甲乙", "2017年"]),
            ("layoff_method", 8, ["layoff_m", "ethod"]),
            ("甲\n乙丙", 2, ["甲", "乙", "丙"]),
            ("", 4, [""]),
        ],
    )
    def test_keeps_words_and_punctuation_together(self, text: str, width: int, broken: list[str]) -> None:
        assert broken_at(text, width) == broken


class TestTheCommands:
    def test_show_a_file_as_rows_for_a_pipe(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saved(tmp_path, CITY)
        assert main(["show", str(tmp_path / "notice.toml"), "--choose", "confirm_days=7"]) == 0
        assert "\nconfirm_days\t" not in (printed := capsys.readouterr().out)
        assert "经办\t确认期限（自然日）\tconfirm_days\t7\t\t经办选择，已选\t可选：1 至 366\t\t\t\tnational/2024" in printed

    def test_diff_two_by_name(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["diff", "shanxi/2024", "hebei/2024"]) == 0
        assert (
            "规定不同\t对划型有异议；size_objection\t提供印证材料；晋人社厅发〔2024〕28号 二\t书面承诺；冀人社发〔2024〕14号 二"
        ) in capsys.readouterr().out.splitlines()

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["show", "mars/2024"], "没有政策文件 mars/2024"),
            (["show", "shanxi/2024", "--choose", "confirm_mode=silent"], "由 晋人社厅发〔2024〕28号 六 规定"),
            (["show", "shanxi/2024", "--choose", "confirm_days=7", "--choose", "confirm_days=8"], "每个选项只能写一个值"),
            (["diff", "shanxi/2024", "mars/2024"], "没有政策文件 mars/2024"),
        ],
    )
    def test_end_with_2_and_a_reason(self, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(arguments) == 2
        assert reason in capsys.readouterr().err

    def test_end_quietly_when_the_reader_leaves(self) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, "-m", "policy", "show", "shanxi/2024"], stdout=writer, stderr=subprocess.PIPE, check=False
        )
        os.close(writer)
        assert (done.returncode, done.stderr) == (0, b"")
