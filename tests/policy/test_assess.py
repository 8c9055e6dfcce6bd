import csv
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from policy import explain
from policy.__main__ import main
from policy.assess import AssessRefused, assess_file
from policy.facts import COLUMNS
from policy.notice import load
from policy.subjects import REFUND
from tests.policy.test_golden import BASE

HEADER = ["uscc", "备注", *COLUMNS]


def row(label: str, **changed: str) -> list[str]:
    facts = {**BASE, **changed}
    return [label, f"第{label}户", *(facts.get(column, "") for column in COLUMNS)]


def written(path: Path, rows: list[list[str]], header: list[str] = HEADER, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def results(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def assess(facts: Path, out: Path, *options: str, notice: str = "shanxi/2024") -> int:
    return main(["assess", "refund", "--notice", notice, *options, str(facts), str(out)])


ROWS = [
    row("001", statistics_size="大型"),
    row("002", paid_months="11", on=""),
    row("003", claimants="11", mean_insured="200", account="否", tax_account="是", statistics_size="微型"),
    row("004", refunded=""),
]


class TestTheColumns:
    def test_are_written_back_with_the_decision(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert assess(written(tmp_path / "facts.csv", ROWS), tmp_path / "out.csv") == 0
        first, second, third, fourth = results(tmp_path / "out.csv")
        assert list(first) == [*HEADER, *REFUND.appended]
        assert {key: first[key] for key in REFUND.appended} == {
            "size": "大型", "size_class": "大型", "size_basis": "statistics_list", "layoff_rate": "0.000000",
            "layoff_method": "claimants_over_mean", "base": "100000.00", "rate": "0.3", "amount": "30000.00",
            "payee": "corporate", "outcome": "eligible", "failed": "", "unknown": "",
        }  # fmt: skip
        assert (second["outcome"], second["failed"], second["unknown"]) == ("ineligible", "paid_in_full", "within_period")
        assert (second["base"], second["rate"], second["amount"]) == ("100000.00", "0.6", "")
        assert (third["layoff_rate"], third["payee"], third["amount"]) == ("0.055000", "tax", "60000.00")
        assert (fourth["outcome"], fourth["base"], fourth["unknown"]) == ("incomplete", "", "base_known")
        assert "共 4 行：合格 2，不合格 1，信息不全 1；返还金额合计 90,000.00元" in capsys.readouterr().out

    def test_that_nobody_knows_are_carried_over(self, tmp_path: Path) -> None:
        assess(written(tmp_path / "facts.csv", ROWS), tmp_path / "out.csv")
        assert [(each["uscc"], each["备注"]) for each in results(tmp_path / "out.csv")] == [
            (label, f"第{label}户") for label in ("001", "002", "003", "004")
        ]

    def test_of_an_earlier_result_are_kept_under_another_name(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        written(tmp_path / "facts.csv", [[*row("001"), "oldest"]], [*HEADER, "outcome"])
        assert assess(tmp_path / "facts.csv", tmp_path / "out.csv") == 0
        (only,) = results(tmp_path / "out.csv")
        assert (only["原outcome"], only["outcome"]) == ("oldest", "eligible")
        assert "原有的结果列改名保留" in capsys.readouterr().err

    def test_may_stand_in_any_order_and_be_absent(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        header = ["paid_normal", "refunded", "kind"]
        written(tmp_path / "facts.csv", [["10", "0", "企业"]], header)
        assert assess(tmp_path / "facts.csv", tmp_path / "out.csv") == 0
        (only,) = results(tmp_path / "out.csv")
        assert only["outcome"] == "incomplete"
        assert "credit" in only["unknown"].split(";")
        assert "没有 credit_flags 列，按未核查处理" in capsys.readouterr().err

    def test_of_a_file_with_none_of_them_are_asked_for(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        written(tmp_path / "facts.csv", [["1"]], ["姓名"])
        assert assess(tmp_path / "facts.csv", tmp_path / "out.csv") == 2
        assert "paid_months" in capsys.readouterr().err


class TestFiles:
    @pytest.mark.parametrize(
        ("encoding", "comes_back"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "utf-8-sig")]
    )
    def test_of_each_encoding_are_read(self, tmp_path: Path, encoding: str, comes_back: str) -> None:
        written(tmp_path / "facts.csv", ROWS, encoding=encoding)
        assert assess(tmp_path / "facts.csv", tmp_path / "out.csv") == 0
        assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf") == (comes_back == "utf-8-sig")
        assert results(tmp_path / "out.csv", comes_back)[0]["备注"] == "第001户"

    def test_carry_a_real_date_of_a_spreadsheet_over_as_text(self, tmp_path: Path) -> None:
        with xlsxwriter.Workbook(str(tmp_path / "facts.xlsx")) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["uscc", "登记日期", *COLUMNS])
            sheet.write_row(1, 0, ["001", "", *(BASE.get(column, "") for column in COLUMNS)])
            sheet.write_datetime(1, 1, datetime(2024, 6, 3), book.add_format({"num_format": "yyyy-mm-dd"}))
        assert assess(tmp_path / "facts.xlsx", tmp_path / "out.xlsx") == 0
        header, row = CalamineWorkbook.from_path(tmp_path / "out.xlsx").get_sheet_by_index(0).to_python()
        assert row[header.index("登记日期")] == "2024-06-03"

    def test_go_through_xlsx_both_ways(self, tmp_path: Path) -> None:
        written(tmp_path / "facts.csv", ROWS)
        assert assess(tmp_path / "facts.csv", tmp_path / "out.xlsx") == 0
        sheet = CalamineWorkbook.from_path(tmp_path / "out.xlsx").get_sheet_by_index(0).to_python()
        first = dict(zip(sheet[0], sheet[1], strict=True))
        assert (first["uscc"], first["amount"], first["outcome"]) == ("001", 30000.0, "eligible")
        assert assess(tmp_path / "out.xlsx", tmp_path / "again.csv") == 0
        assert assess(tmp_path / "facts.csv", tmp_path / "straight.csv") == 0
        again, straight = results(tmp_path / "again.csv", "utf-8-sig"), results(tmp_path / "straight.csv")
        assert [[each[key] for key in REFUND.appended] for each in again] == [
            [each[key] for key in REFUND.appended] for each in straight
        ]

    def test_with_quotes_and_line_breaks_survive(self, tmp_path: Path) -> None:
        strange = row("001")
        strange[1] = '甲"乙",丙\n丁'
        written(tmp_path / "facts.csv", [strange, *ROWS])
        assert assess(tmp_path / "facts.csv", tmp_path / "out.csv") == 0
        assert results(tmp_path / "out.csv")[0]["备注"] == '甲"乙",丙\n丁'
        assert len(results(tmp_path / "out.csv")) == 5

    def test_never_start_a_formula(self, tmp_path: Path) -> None:
        risky = ["=1+1", "@cmd", "+86-1", "-5.5"]
        written(tmp_path / "facts.csv", [[text, *row("001")[1:]] for text in risky])
        assert assess(tmp_path / "facts.csv", tmp_path / "out.csv") == 0
        assert [each["uscc"] for each in results(tmp_path / "out.csv")] == ["'=1+1", "'@cmd", "'+86-1", "-5.5"]

    def test_skip_blank_rows_only(self, tmp_path: Path) -> None:
        written(tmp_path / "facts.csv", [ROWS[0], [""] * len(HEADER), ROWS[1]])
        assert assess(tmp_path / "facts.csv", tmp_path / "out.csv") == 0
        assert len(results(tmp_path / "out.csv")) == 2

    def test_of_many_blocks_come_out_in_order_from_several_processes(self, tmp_path: Path) -> None:
        rows = [row(f"{number:05}", claimants=str(number % 13), mean_insured="200") for number in range(9_000)]
        facts = written(tmp_path / "facts.csv", rows)
        terms = load("hebei/2024").terms()
        assert assess_file(REFUND, terms, facts, tmp_path / "one.csv", processes=1).rows == 9_000
        totals = assess_file(REFUND, terms, facts, tmp_path / "two.csv", processes=2)
        assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
        out = results(tmp_path / "two.csv")
        assert [each["uscc"] for each in out] == [each[0] for each in rows]
        assert [each["outcome"] == "eligible" for each in out] == [number % 13 <= 11 for number in range(9_000)]
        assert totals.outcomes["eligible"] == sum(number % 13 <= 11 for number in range(9_000))


class TestRefusals:
    def refused(self, capsys: pytest.CaptureFixture[str], facts: Path, out: Path, *options: str) -> str:
        assert assess(facts, out, *options) == 2
        assert not out.exists()
        assert not list(out.parent.glob(".*.part"))
        return capsys.readouterr().err

    def test_name_row_column_and_value(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        facts = written(tmp_path / "facts.csv", [*ROWS, row("005", paid_months="十二"), row("006", kind="公司")])
        told = self.refused(capsys, facts, tmp_path / "out.csv")
        assert "第 6 行：paid_months 列的值“十二”：应为数字" in told
        assert "第 7 行：kind 列的值“公司”：应为以下之一" in told

    def test_list_the_first_fifty_and_count_the_rest(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        facts = written(tmp_path / "facts.csv", [row(str(number), on="?") for number in range(60)])
        told = self.refused(capsys, facts, tmp_path / "out.csv")
        assert told.count("on 列的值") == 50
        assert "共 60 行有误" in told

    @pytest.mark.parametrize(("cells", "reason"), [(-1, "请补齐"), (1, "请核对是否错列")])
    def test_name_rows_of_another_length(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], cells: int, reason: str
    ) -> None:
        ragged = ROWS[1][:cells] if cells < 0 else [*ROWS[1], "多出来的"]
        facts = written(tmp_path / "facts.csv", [ROWS[0], ragged])
        assert f"第 3 行：{'只' if cells < 0 else ''}有" in (told := self.refused(capsys, facts, tmp_path / "out.csv"))
        assert reason in told

    def test_of_a_column_that_stands_twice(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        facts = written(tmp_path / "facts.csv", [[*row("1"), "12"]], [*HEADER, "paid_months"])
        assert "请只保留一列" in self.refused(capsys, facts, tmp_path / "out.csv")

    def test_of_files_that_are_not_there_or_no_spreadsheets(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert "无法读取" in self.refused(capsys, tmp_path / "none.csv", tmp_path / "out.csv")
        (tmp_path / "facts.csv").write_bytes(b"%PDF-1.4")
        assert "PDF" in self.refused(capsys, tmp_path / "facts.csv", tmp_path / "out.csv")

    def test_of_results_that_are_no_spreadsheet_or_the_facts_themselves(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        facts = written(tmp_path / "facts.csv", ROWS)
        assert "应为 .csv 或 .xlsx" in self.refused(capsys, facts, tmp_path / "out.txt")
        assert assess(facts, facts) == 2
        assert "不能与事实文件相同" in capsys.readouterr().err
        assert results(facts)[0]["uscc"] == "001"

    def test_leave_an_earlier_result_alone(self, tmp_path: Path) -> None:
        facts = written(tmp_path / "facts.csv", [row("1", on="x")])
        (tmp_path / "out.csv").write_text("earlier", "utf-8")
        assert assess(facts, tmp_path / "out.csv") == 2
        assert (tmp_path / "out.csv").read_text("utf-8") == "earlier"

    def test_of_facts_that_are_not_there_while_the_result_is(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "out.csv").write_text("earlier")
        assert assess(tmp_path / "none.csv", tmp_path / "out.csv") == 2
        assert "无法读取" in capsys.readouterr().err
        assert (tmp_path / "out.csv").read_text() == "earlier"

    def test_of_a_result_that_is_a_folder_or_lies_in_none(self, tmp_path: Path) -> None:
        facts = written(tmp_path / "facts.csv", ROWS)
        (tmp_path / "folder.csv").mkdir()
        for out in (tmp_path / "folder.csv", tmp_path / "none" / "out.csv"):
            with pytest.raises(AssessRefused, match="不能写成结果文件"):
                assess_file(REFUND, load("shanxi/2024").terms(), facts, out)

    def test_of_fifty_bad_rows_list_them_all(self, tmp_path: Path) -> None:
        facts = written(tmp_path / "facts.csv", [row(str(number), refunded="1.234") for number in range(50)])
        with pytest.raises(AssessRefused) as refused:
            assess_file(REFUND, load("shanxi/2024").terms(), facts, tmp_path / "out.csv")
        assert "第 51 行" in str(refused.value)
        assert "行有误" not in str(refused.value)

    def test_of_a_bad_row_in_a_later_block(self, tmp_path: Path) -> None:
        rows = [row(str(number)) for number in range(6_000)]
        rows[5_500] = row("bad", refunded="1.234")
        facts = written(tmp_path / "facts.csv", rows)
        with pytest.raises(AssessRefused, match=r"第 5502 行：refunded 列的值“1\.234”：最多 2 位小数"):
            assess_file(REFUND, load("shanxi/2024").terms(), facts, tmp_path / "out.csv", processes=2)
        assert not (tmp_path / "out.csv").exists()


class TestOptions:
    def test_choose_what_is_open(self, tmp_path: Path) -> None:
        facts = written(tmp_path / "facts.csv", [row("1", dismissals="20", claimants="0")])
        assert assess(facts, tmp_path / "out.csv", "--choose", "layoff_method=dismissals_over_mean") == 0
        assert results(tmp_path / "out.csv")[0]["failed"] == "layoff_rate"

    @pytest.mark.parametrize(
        ("choice", "reason"),
        [
            ("confirm_mode=silent", "由 晋人社厅发〔2024〕28号 六 规定"),
            ("layoff_method", "应写成 选项=值"),
            ("nothing=1", "没有选项 nothing"),
        ],
    )
    def test_refuse_what_is_locked_or_unknown(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], choice: str, reason: str
    ) -> None:
        assert assess(written(tmp_path / "facts.csv", ROWS), tmp_path / "out.csv", "--choose", choice) == 2
        assert reason in capsys.readouterr().err

    def test_list_the_choices_with_defaults(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["assess", "refund", "--notice", "jilin/2024", "--choices"]) == 0
        printed = capsys.readouterr().out
        assert "layoff_method（裁员率口径）默认 net_reduction_less_natural_over_start" in printed
        assert "dispatch_passthrough_days（拨付用工单位期限（工作日））已由 吉人社联〔2024〕43号 二 规定：30" in printed

    def test_take_a_notice_by_its_path(self, tmp_path: Path) -> None:
        path = Path(explain.__file__).parent / "notices" / "shanxi-2024.toml"
        facts = written(tmp_path / "facts.csv", ROWS)
        assert assess(facts, tmp_path / "out.csv", notice=str(path)) == 0

    def test_say_that_a_draft_is_a_draft(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert assess(written(tmp_path / "facts.csv", ROWS), tmp_path / "out.csv", notice="xpcc/2024") == 0
        assert "征求意见稿" in capsys.readouterr().err

    def test_without_files_say_what_is_needed(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["assess", "refund", "--notice", "jilin/2024"]) == 2
        assert "请写明事实表和结果表" in capsys.readouterr().err

    def test_unknown_notices_and_words_are_refused_in_chinese(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert assess(written(tmp_path / "facts.csv", ROWS), tmp_path / "out.csv", notice="mars/2024") == 2
        assert "没有政策文件 mars/2024" in capsys.readouterr().err
        with pytest.raises(SystemExit) as left:
            main(["assess", "refund"])
        assert left.value.code == 2
        assert "参数有误" in capsys.readouterr().err
