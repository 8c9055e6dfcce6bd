"""What if? Totals side by side, who changes side, and the rows that differ, each figure computed here by hand."""

import csv
from pathlib import Path

import pytest

from policy.__main__ import main
from policy.compare import MOST_VARIANTS, compare_file, variants_of
from policy.facts import COLUMNS
from policy.notice import ChoiceRefused
from policy.subjects import REFUND
from tests.policy.test_golden import BASE

METHODS = ("--choose", "layoff_method=claimants_over_mean", "--choose", "layoff_method=dismissals_over_mean")
# Of 100 insured and a base of 100,000 yuan: 5.5 may leave; a large enterprise gets 30,000, another 60,000.
ROWS = [
    {"uscc": "001", "statistics_size": "小型"},  # nobody left
    {"uscc": "002", "statistics_size": "小型", "claimants": "9"},  # over the limit by claimants alone
    {"uscc": "003", "statistics_size": "小型", "dismissals": "9"},  # over the limit by dismissals alone
    {"uscc": "004", "statistics_size": "小型", "dismissals": ""},  # dismissals unknown
    {"uscc": "=005", "statistics_size": "大型", "size_2020": "小型"},  # large in 山西 alone
]


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    return written(tmp_path / "facts.csv", ROWS)


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, ["uscc", *COLUMNS])
        sheet.writeheader()
        sheet.writerows({**dict.fromkeys(COLUMNS, ""), **BASE, **row} for row in rows)
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cells_of(out: str, name: str) -> list[str]:
    """The cells of a variant's line of the printed table, behind its name."""
    (line,) = [line for line in out.splitlines() if line.strip().startswith(name)]
    return line.strip().removeprefix(name).split()


def run(facts: Path, *options: str) -> int:
    return main(["assess", "refund", *options, str(facts)])


class TestTwoChoices:
    def test_show_who_changes_side_and_what_it_costs(self, facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(facts, "--notice", "shanxi/2024", *METHODS) == 0
        out = capsys.readouterr().out
        assert "共 5 行" in out
        assert cells_of(out, "layoff_method=claimants_over_mean") == ["4", "1", "0", "210,000.00"]
        # 002 gains 60,000; 003 and 004 lose theirs
        assert cells_of(out, "layoff_method=dismissals_over_mean") == [
            "3", "1", "1", "150,000.00", "1", "2", "1", "2", "-60,000.00",
        ]  # fmt: skip
        assert "3 行的结论或金额不同。" in out

    def test_write_the_rows_that_differ(self, facts: Path, tmp_path: Path) -> None:
        assert main(["assess", "refund", "--notice", "shanxi/2024", *METHODS, str(facts), str(tmp_path / "out.csv")]) == 0
        rows = read(tmp_path / "out.csv")
        assert [(row["行号"], row["uscc"]) for row in rows] == [("3", "002"), ("4", "003"), ("5", "004")]
        first, second = "layoff_method=claimants_over_mean", "layoff_method=dismissals_over_mean"
        assert [(row[f"outcome {first}"], row[f"outcome {second}"]) for row in rows] == [
            ("ineligible", "eligible"), ("eligible", "ineligible"), ("eligible", "incomplete"),
        ]  # fmt: skip
        assert [(row[f"amount {first}"], row[f"amount {second}"]) for row in rows] == [
            ("", "60000.00"), ("60000.00", ""), ("60000.00", ""),
        ]  # fmt: skip
        assert (rows[0][f"failed {first}"], rows[2][f"unknown {second}"]) == ("layoff_rate", "layoff_rate")


class TestTwoNotices:
    def test_count_who_gets_more_without_changing_side(self, facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(facts, "--notice", "shanxi/2024", "--notice", "hebei/2024", "--choose", METHODS[1]) == 0
        out = capsys.readouterr().out
        assert cells_of(out, "shanxi/2024") == ["4", "1", "0", "210,000.00"]
        assert cells_of(out, "hebei/2024") == ["4", "1", "0", "240,000.00", "0", "0", "1", "0", "30,000.00"]

    def test_start_no_formula_in_the_file_of_differences(self, facts: Path, tmp_path: Path) -> None:
        compare_file(REFUND, variants_of(["shanxi/2024", "hebei/2024"], []), facts, tmp_path / "out.csv")
        assert [row["uscc"] for row in read(tmp_path / "out.csv")] == ["'=005"]

    def test_say_so_where_nothing_differs(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(written(tmp_path / "facts.csv", ROWS[:1]), "--notice", "shanxi/2024", "--notice", "hebei/2024") == 0
        assert "各方案逐行一致。" in capsys.readouterr().out

    def test_name_a_draft_among_them(self, facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(facts, "--notice", "shanxi/2024", "--notice", "xpcc/2024") == 0
        assert "xpcc/2024 为征求意见稿，结果仅供测算。" in capsys.readouterr().err


class TestManyRows:
    def test_come_out_the_same_from_one_process_and_from_several(self, tmp_path: Path) -> None:
        many = [{**ROWS[n % len(ROWS)], "uscc": str(n), "remark": ""} for n in range(9_000)]
        for row in many:
            row.pop("remark")
        facts = written(tmp_path / "facts.csv", many)
        variants = variants_of(["shanxi/2024", "hebei/2024"], [])
        alone = compare_file(REFUND, variants, facts, tmp_path / "one.csv", processes=1)
        shared = compare_file(REFUND, variants, facts, tmp_path / "two.csv", processes=2)
        assert alone == shared
        assert alone.rows == 9_000
        assert alone.differing == 1_800
        assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


class TestVariants:
    def test_are_every_combination(self) -> None:
        names = [
            variant.name
            for variant in variants_of(
                ["shanxi/2024", "jilin/2024"], ["publicity_days=5", "base_late_arrivals=in", "base_late_arrivals=out"]
            )
        ]
        assert names == [
            f"{notice} base_late_arrivals={value}" for notice in ("shanxi/2024", "jilin/2024") for value in ("in", "out")
        ]

    def test_of_one_notice_is_the_notice(self) -> None:
        (only,) = variants_of(["shanxi/2024"], ["publicity_days=7"])
        assert only.name == "shanxi/2024"
        assert only.terms.chosen == {"publicity_days": "7"}

    def test_are_refused_with_the_notice_and_the_clause_that_lock_a_choice(self) -> None:
        with pytest.raises(
            ChoiceRefused, match=r"^shanxi/2024：免申即享确认方式（confirm_mode）由 晋人社厅发〔2024〕28号 六 规定"
        ):
            variants_of(["jilin/2024", "shanxi/2024"], ["confirm_mode=silent"])

    @pytest.mark.parametrize("written", [["layoff_method"], ["publicity_days=5", "publicity_days=5"]])
    def test_are_refused_where_a_choice_is_badly_written(self, written: list[str]) -> None:
        with pytest.raises(ChoiceRefused, match="应写成 选项=值"):
            variants_of(["shanxi/2024"], written)

    def test_of_the_same_notice_twice_are_refused(self) -> None:
        with pytest.raises(ChoiceRefused, match="写了两次"):
            variants_of(["shanxi/2024", "shanxi/2024"], [])

    def test_beyond_eight_are_refused(self) -> None:
        days = [f"publicity_days={day}" for day in range(1, MOST_VARIANTS + 1)]
        assert len(variants_of(["shanxi/2024"], days)) == MOST_VARIANTS
        with pytest.raises(ChoiceRefused, match=f"共有 {MOST_VARIANTS + 1} 种组合"):
            variants_of(["shanxi/2024"], [*days, "publicity_days=9"])


class TestRefusals:
    def test_of_bad_rows_name_them_and_write_nothing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        facts = written(tmp_path / "facts.csv", [*ROWS, {"uscc": "006", "claimants": "-1"}])
        assert main(["assess", "refund", "--notice", "shanxi/2024", *METHODS, str(facts), str(tmp_path / "out.csv")]) == 2
        assert "第 7 行：claimants 列的值“-1”" in capsys.readouterr().err
        assert {path.name for path in tmp_path.iterdir()} == {"facts.csv"}

    @pytest.mark.parametrize(
        ("name", "reason"), [("out.txt", "结果文件应为 .csv 或 .xlsx"), ("facts.csv", "结果文件不能与事实文件相同")]
    )
    def test_of_results_that_are_no_spreadsheet_or_the_facts_themselves(
        self, facts: Path, name: str, reason: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = facts.read_bytes()
        assert main(["assess", "refund", "--notice", "shanxi/2024", *METHODS, str(facts), str(facts.with_name(name))]) == 2
        assert reason in capsys.readouterr().err
        assert facts.read_bytes() == before
