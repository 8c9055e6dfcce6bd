from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from policy.__main__ import main
from policy.subjects import SKILL
from tests.policy.test_assess import results, written
from tests.policy.test_golden import base_of

BASE = base_of("skill")
COLUMNS = ("claimed_on", "certificate", "occupation", "grade", "issued_on", "certificate_type", "certificate_valid",
           "insured_months", "status", "training_subsidies")  # fmt: skip
HEADER = ["claim", "person", "备注", *COLUMNS]


def row(claim: str, person: str, **changed: str) -> list[str]:
    facts = {**BASE, **changed}
    return [claim, person, f"第{claim}件", *(facts.get(column, "") for column in COLUMNS)]


def assess(facts: Path, out: Path, *options: str, notice: str = "hebei/2024") -> int:
    return main(["assess", "skill", "--notice", notice, *options, str(facts), str(out)])


def decided(folder: Path, rows: list[list[str]], header: list[str] = HEADER, **options: str) -> list[dict[str, str]]:
    assert assess(written(folder / "facts.csv", rows, header), folder / "out.csv", **options) == 0
    return results(folder / "out.csv")


class TestTheColumns:
    def test_are_written_back_with_the_decision(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        first, second, third = decided(
            tmp_path,
            [
                row("1", "甲", certificate="00123"),
                row("2", "乙", grade="二级", status="停保"),
                row("3", "丙", insured_months="", training_subsidies="?"),
            ],
        )
        assert list(first) == [*HEADER, "amount", "outcome", "failed", "unknown"]
        assert (first["claim"], first["person"], first["备注"], first["certificate"]) == ("1", "甲", "第1件", "00123")
        assert [first[column] for column in SKILL.appended] == ["1500.00", "eligible", "", ""]
        assert [second[column] for column in SKILL.appended] == ["", "ineligible", "status_covered;grade_covered", ""]
        assert [third[column] for column in SKILL.appended] == [
            "", "incomplete", "", "insured_long_enough;not_with_training_subsidy"
        ]  # fmt: skip
        assert capsys.readouterr() == ("共 3 行：合格 1，不合格 1，信息不全 1；补贴金额合计 1,500.00元\n", "")

    def test_that_few_notices_ask_for_are_read(self, tmp_path: Path) -> None:
        header = [*HEADER, "skill_subsidies", "status_at_issue"]
        (only,) = decided(tmp_path, [[*row("1", "甲"), "6-31-01-03:四级:2019-05-01", ""]], header)
        assert only["failed"] == "once_per_grade"

    def test_that_were_not_checked_are_told(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        place = HEADER.index("training_subsidies")
        (only,) = decided(tmp_path, [row("1", "甲")[:place]], HEADER[:place])
        assert only["unknown"] == "not_with_training_subsidy"
        assert "没有 training_subsidies 列，按未核查处理" in capsys.readouterr().err

    def test_go_through_xlsx_both_ways(self, tmp_path: Path) -> None:
        facts = written(tmp_path / "facts.csv", [row("1", "甲"), row("2", "甲")], HEADER)
        assert assess(facts, tmp_path / "out.xlsx") == 0
        head, first, _ = CalamineWorkbook.from_path(tmp_path / "out.xlsx").get_sheet_by_index(0).to_python()
        assert dict(zip(head, first, strict=True))["amount"] == 1500.0
        assert assess(tmp_path / "out.xlsx", tmp_path / "again.csv") == 0
        again = results(tmp_path / "again.csv", "utf-8-sig")
        assert [each["failed"] for each in again] == ["", "once_per_grade"]

    def test_refuse_what_cannot_be_read_by_row_and_column(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        facts = written(tmp_path / "facts.csv", [row("1", "甲"), row("2", "乙", training_subsidies="电工")], HEADER)
        assert assess(facts, tmp_path / "out.csv") == 2
        assert "第 3 行：training_subsidies 列的值“电工”：“电工”应写成 职业代码:等级:日期" in capsys.readouterr().err
        assert not (tmp_path / "out.csv").exists()


class TestRowsOfOnePerson:
    def test_count_as_received_where_they_came_out_eligible(self, tmp_path: Path) -> None:
        found = decided(
            tmp_path,
            [
                row("1", "甲", grade="五级", claimed_on="2024-08-15"),
                row("2", "乙", grade="五级", claimed_on="2024-08-15", certificate_valid="否"),
                row("3", "甲", grade="五级"),
                row("4", "乙", grade="五级"),
                row("5", "甲", grade="三级"),
                row("6", "甲", grade="四级"),
            ],
        )
        assert [each["failed"] for each in found] == ["", "certificate_valid", "once_per_grade", "", "", "not_below_received"]

    def test_are_known_across_the_blocks_of_a_long_file(self, tmp_path: Path) -> None:
        others = [row(str(number), f"某{number}") for number in range(9_000)]
        found = decided(tmp_path, [row("first", "甲"), *others, row("last", "甲")])
        assert [each["outcome"] for each in found] == [*["eligible"] * 9_001, "ineligible"]

    def test_out_of_order_are_told_once_and_decided_as_they_stand(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows = [
            row("1", "甲", claimed_on="2024-09-02"),
            row("2", "乙", claimed_on="2024-08-15"),
            row("3", "甲", claimed_on="2024-09-01"),
            row("4", "甲", claimed_on="2024-08-31"),
        ]
        assert [each["outcome"] for each in decided(tmp_path, rows)] == ["eligible", "eligible", "ineligible", "ineligible"]
        assert capsys.readouterr().err.splitlines() == [
            "第 4 行：申请日期早于同一人的上一行；同一人的各行请按申请先后排列，现按文件中的先后计算"
        ]

    def test_are_not_known_where_nobody_is_named(self, tmp_path: Path) -> None:
        found = decided(tmp_path, [row("1", ""), row("2", " ")])
        assert [each["unknown"] for each in found] == ["yearly_limit;once_per_grade;not_below_received"] * 2

    def test_are_not_known_without_the_column(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (only,) = decided(tmp_path, [row("1", "甲")[2:]], HEADER[2:])
        assert only["outcome"] == "incomplete"
        assert "没有 person 列，各行都按不知道是谁处理" in capsys.readouterr().err


class TestOptions:
    def test_choose_what_is_open(self, tmp_path: Path) -> None:
        rows = [row("1", "甲", training_subsidies="6-31-01-03:五级:2024-05-01")]
        facts = written(tmp_path / "facts.csv", rows, HEADER)
        assert assess(facts, tmp_path / "out.csv", "--choose", "training_bar_scope=same_occupation") == 0
        assert results(tmp_path / "out.csv")[0]["failed"] == "not_with_training_subsidy"

    def test_refuse_what_a_clause_decides(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        facts = written(tmp_path / "facts.csv", [row("1", "甲")], HEADER)
        assert assess(facts, tmp_path / "out.csv", "--choose", "training_bar_scope=any", notice="jilin/2024") == 2
        assert "由 吉人社联〔2024〕43号 二 规定为 same_or_higher_grade" in capsys.readouterr().err
        assert assess(facts, tmp_path / "out.csv", "--choose", "skill_amount_3=1800") == 2
        assert "由 冀人社发〔2024〕14号 三 规定为 2000" in capsys.readouterr().err
        assert assess(facts, tmp_path / "out.csv", "--choose", "skill_amount_3=2001", notice="national/2024") == 2
        assert "应在 0 至 2000 之间（人社部发〔2024〕40号 三）" in capsys.readouterr().err

    def test_list_the_choices_with_defaults(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["assess", "skill", "--notice", "hebei/2024", "--choices"]) == 0
        printed = capsys.readouterr().out
        for line in ("skill_months_at（参保月数计算截至）默认 claim", "drawing_at（领取失业保险金以哪一日为准）默认 claim"):
            assert line in printed
        assert "same_or_higher_grade" not in printed


class TestAsPaidInPractice:
    def test_the_first_1263_of_gansu(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        grades = ["五级"] * 50 + ["四级"] * 525 + ["三级"] * 688
        decided(tmp_path, [row(str(n), f"某{n}", grade=grade) for n, grade in enumerate(grades)], notice="national/2024")
        assert "共 1263 行：合格 1263，不合格 0，信息不全 0；补贴金额合计 2,213,500.00元" in capsys.readouterr().out
