from datetime import date
from pathlib import Path

import pytest

from policy.facts import RefundFacts
from policy.notice import load
from policy.size import size_of

SHANXI = load("shanxi/2024").terms()


class TestARevisedSize:
    """晋人社厅发〔2024〕28号 二: on the size that there is, verified, corrected, confirmed."""

    def test_shows_the_earlier_size_and_marks_a_change(self) -> None:
        verdict = size_of(SHANXI, RefundFacts(kind="企业", statistics_size="大型", recorded_size="小型"))
        assert (verdict.figures["recorded_size"], verdict.figures["changed"]) == ("小型", True)

    def test_marks_no_change_within_small_and_medium(self) -> None:
        verdict = size_of(SHANXI, RefundFacts(kind="企业", statistics_covers=True, recorded_size="小型"))
        assert (verdict.figures["recorded_size"], verdict.figures["changed"]) == ("小型", False)

    def test_is_asked_in_shanxi_alone(self) -> None:
        verdict = size_of(load("xpcc/2024").terms(), RefundFacts(kind="企业", statistics_size="大型", recorded_size="小型"))
        assert "changed" not in verdict.figures


class TestASize:
    def test_needs_no_facts_but_those_of_size(self) -> None:
        verdict = size_of(load("national/2024").terms(), RefundFacts(kind="企业", recorded_size="中型"))
        assert (verdict.size, verdict.size_class, verdict.basis) == ("中小微", "中型", "recorded")
        assert verdict.clause == "人社部发〔2024〕40号 二"

    def test_keeps_the_figures_it_used(self) -> None:
        counted = size_of(SHANXI, RefundFacts.from_row({"kind": "企业", "mean_insured": "299.5"}))
        assert {key: str(value) for key, value in counted.figures.items()} == {"mean_insured": "299.5", "line": "300"}
        judged = size_of(SHANXI, RefundFacts.from_row({"kind": "企业", "industry": "C33", "employees": "999"}))
        assert (judged.figures["industry"], judged.figures["employees"], judged.figures["employees_large"]) == (
            "工业",
            999,
            1000,
        )


class TestAnEnterpriseWithoutASizeOf2020:
    HEAD = """[notice]
id = "city/2024"
title = "通知"
number = "市发〔2024〕1号"
authority = "市局"
region = "市"
from = 2024-01-01
until = 2024-12-31
status = "final"
extends = "hebei/2024"
"""
    TERM = """[[terms.size_when_no_2020]]
value = "{}"
{} = {}
clause = "二"
phrase = "没有划型的"
"""

    @pytest.mark.parametrize(("day", "size"), [(date(2024, 6, 30), None), (date(2024, 7, 1), "大型")])
    def test_is_sized_as_the_notice_says_on_the_day(self, tmp_path: Path, day: date, size: str | None) -> None:
        path = tmp_path / "city-2024.toml"
        terms = (self.TERM.format("incomplete", "until", "2024-06-30"), self.TERM.format("recorded", "from", "2024-07-01"))
        path.write_text(self.HEAD + "".join(terms), "utf-8")
        assert size_of(load(str(path)).terms(), RefundFacts(kind="企业", on=day, recorded_size="大型")).size == size
