"""The whole 2017 standard, line by line against the printed table in size_standard_2017.csv."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policy.size_standard import Standing, stand

TABLE = Path(__file__).with_name("size_standard_2017.csv")
INDICATORS = {"从业人员(X)": "employees", "营业收入(Y)": "revenue", "资产总额(Z)": "assets"}
CODES = {
    "农、林、牧、渔业": ["01", "05", "0111"],
    "工业": ["06", "12", "13", "3311", "43", "44", "46"],
    "建筑业": ["47", "50", "4710"],
    "批发业": ["51", "5199"],
    "零售业": ["52", "5211"],
    "交通运输业": ["54", "55", "56", "57", "58", "591", "5910"],
    "仓储业": ["592", "5921", "599"],
    "邮政业": ["60"],
    "住宿业": ["61"],
    "餐饮业": ["62"],
    "信息传输业": ["63", "64"],
    "软件和信息技术服务业": ["65", "6513"],
    "房地产开发经营": ["701", "7010"],
    "物业管理": ["702", "7020"],
    "租赁和商务服务业": ["71", "72"],
    "其他未列明行业": ["703", "709", "73", "75", "76", "79", "80", "82", "85", "86", "90"],
}
HUGE = 10**9


def lines() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def judged(code: str, figures: dict[str, int | None]) -> Standing | None:
    revenue, assets = (None if figures.get(key) is None else Decimal(str(figures[key])) for key in ("revenue", "assets"))
    return stand(code, figures.get("employees"), revenue, assets)


def edges() -> Iterator[Any]:
    for line in lines():
        industry = line["industry"].rstrip("*")
        others = [INDICATORS[each["indicator"]] for each in lines() if each["industry"] == line["industry"]]
        for size_class, column, below in (
            ("大型", "large_min", "中型"),
            ("中型", "medium_min", "小型"),
            ("小型", "small_min", "微型"),
        ):
            for code in CODES[industry]:
                yield code, INDICATORS[line["indicator"]], others, int(line[column]), size_class, below


@pytest.mark.parametrize(("code", "indicator", "others", "limit", "size_class", "below"), list(edges()))
def test_each_limit_counts_from_itself_on(
    code: str, indicator: str, others: list[str], limit: int, size_class: str, below: str
) -> None:
    at = judged(code, {**dict.fromkeys(others, HUGE), indicator: limit})
    under = judged(code, {**dict.fromkeys(others, HUGE), indicator: limit - 1})
    assert at is not None
    assert under is not None
    assert (at.size_class, under.size_class) == (size_class, below)
    assert at.size == ("大型" if size_class == "大型" else "中小微")
    assert under.size == "中小微"


def test_each_row_of_the_table_is_there_and_no_other() -> None:
    assert {line["industry"].rstrip("*") for line in lines()} == set(CODES)


@pytest.mark.parametrize("code", ["53", "531", "66", "69", "83", "84", "841", "91", "96", "97", "704", "7040"])
def test_industries_without_a_row_are_not_answered(code: str) -> None:
    assert judged(code, dict.fromkeys(INDICATORS.values(), 1)) is None
    assert judged(code, dict.fromkeys(INDICATORS.values(), HUGE)) is None


class TestPartialKnowledge:
    def test_one_indicator_below_the_large_limit_settles_it(self) -> None:
        found = judged("33", {"employees": 999, "revenue": None})
        assert found is not None
        assert (found.size, found.size_class) == ("中小微", None)

    def test_one_indicator_at_the_limit_does_not(self) -> None:
        assert judged("33", {"employees": 1000, "revenue": None}) is None

    def test_micro_by_one_indicator_is_micro(self) -> None:
        found = judged("33", {"employees": 19, "revenue": None})
        assert found is not None
        assert found.size_class == "微型"

    def test_indicators_of_no_account_do_not_count(self) -> None:
        assert judged("01", {"employees": 1, "revenue": None, "assets": 1}) is None

    def test_nothing_known_is_no_answer(self) -> None:
        assert stand(None, 1, Decimal(1), Decimal(1)) is None
        assert judged("33", {}) is None


class TestCodesTooShort:
    def test_answers_when_every_row_of_the_division_agrees(self) -> None:
        found = judged("59", {"employees": 1000, "revenue": 30000})
        assert found is not None
        assert (found.size, found.size_class) == ("大型", "大型")
        small = judged("59", {"employees": 19, "revenue": 99})
        assert small is not None
        assert (small.size, small.size_class) == ("中小微", "微型")

    def test_does_not_answer_when_rows_differ(self) -> None:
        assert judged("59", {"employees": 999, "revenue": 30000}) is None

    def test_does_not_answer_when_one_row_lacks_a_figure(self) -> None:
        assert judged("70", {"employees": 1, "revenue": 1, "assets": None}) is not None
        assert judged("70", {"employees": 1, "revenue": None, "assets": None}) is None

    def test_gives_the_size_alone_where_classes_differ(self) -> None:
        found = judged("70", {"employees": 100, "revenue": 999, "assets": 9999})
        assert found is not None
        assert (found.size, found.size_class) == ("中小微", None)
