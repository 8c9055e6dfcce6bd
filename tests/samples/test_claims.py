"""The claims of the made-up city: their cases are what they say they are, reckoned here in the plainest way."""

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import ric

from policy.notice import load
from policy.skill import SkillFacts, Subsidy, assess_skill
from samples.city import write_city
from tests.samples.test_city import OUTCOMES, City

TERMS = load("shanxi/2024").terms()
FOUND = {"一致": True, "不一致": False}
KEY = ("证件号码", "证书编号")


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> City:
    folder = tmp_path_factory.mktemp("city")
    write_city(folder, size=2000, seed=2024)
    return City(folder)


@pytest.fixture(scope="module")
def cases(city) -> list[dict[str, str]]:
    return city.table("skill_cases")


def months_on(person: dict[str, Any], on: date) -> int | None:
    """累计缴费月数 on a day, where that is sure enough to tell whether it is twelve."""
    until, months = person.get("截至年月"), person.get("累计缴费月数")
    if until is None or months is None:
        return None
    later = (on.year - until.year) * 12 + on.month - until.month
    possible = range(months + min(later, 0), months + max(later, 0) + 1)
    return possible[0] if len({each >= 12 for each in possible}) == 1 else None


class Reckoner:
    """Decides the claims one by one, those of a person by day and then by row."""

    def __init__(self, city: City) -> None:
        self.people = {row["证件号码"]: row for row in city.rows["persons"]}
        self.papers = {row["证书编号"]: row for row in city.rows["certificates"]}
        self.trained: dict[str, list[Subsidy]] = defaultdict(list)
        for row in city.rows["training-subsidies"]:
            self.trained[row["证件号码"]].append(Subsidy(row["职业(工种)代码"], row["等级"], row["发放日期"]))
        self.found: dict[tuple[str, str], tuple[str, str, str, str]] = {}
        self.granted: dict[str, list[Subsidy]] = defaultdict(list)
        self.waiting: set[str] = set()
        for row in sorted(city.rows["skill-claims"], key=lambda each: each["申请日期"]):
            self.decide(row)

    def decide(self, row: dict[str, Any]) -> None:
        who, on = row["证件号码"], row["申请日期"]
        person, paper = self.people.get(who, {}), self.papers.get(row["证书编号"], {})
        flags = [] if {row["姓名"], person.get("姓名"), paper.get("姓名")} - {None} == {row["姓名"]} else ["NAME_DIFFERS"]
        if paper and paper["证件号码"] != who:
            paper, flags = {}, ["OTHER_HOLDER"]
        flags += ["EARLIER_OPEN"] if who in self.waiting else []
        lookup, state = FOUND.get(paper.get("联网查询结果")), paper.get("状态")
        valid = False if state == "注销" or lookup is False else True if state == "有效" or lookup else None
        facts = SkillFacts(
            claimed_on=on, occupation=paper.get("职业(工种)代码"), grade=paper.get("等级"), issued_on=paper.get("发证日期"),
            certificate_type=paper.get("证书类型"), certificate_valid=valid, insured_months=months_on(person, on),
            status=person.get("参保状态"), training_subsidies=tuple(self.trained[who]), training_checked=True,
            received=tuple(self.granted[who]),
        )  # fmt: skip
        verdict = assess_skill(TERMS, facts)
        if verdict.outcome.value == "eligible" and not flags:
            self.granted[who].append(Subsidy(facts.occupation, facts.grade, on))
        elif not verdict.failed:
            self.waiting.add(who)
        amount = f"{verdict.amount:.2f}" if verdict.amount else ""
        codes = ";".join(verdict.failed or verdict.unknown)
        self.found[who, row["证书编号"]] = (OUTCOMES[verdict.outcome.value], codes, ";".join(flags), amount)


@pytest.fixture(scope="module")
def reckoner(city) -> Reckoner:
    return Reckoner(city)


class TestTheWorkers:
    def test_have_numbers_that_an_independent_check_accepts_and_nobody_has(self, city):
        numbers = [row["证件号码"] for row in city.rows["persons"]]
        assert len(numbers) == len(set(numbers)) > 150
        for number in numbers:
            assert ric.calc_check_digit(number) == number[17]
            assert number[:6] in {"149100", "149101", "149102", "149121", "149122"}

    def test_have_phones_and_cards_of_nobody(self, city):
        for row in city.rows["persons"]:
            assert row["手机号"].startswith("143")
            assert row["社保卡账号"] is None or row["社保卡账号"].startswith("14994")

    def test_claim_in_their_hundreds(self, city, cases):
        assert len(city.rows["skill-claims"]) > 250
        assert len(cases) > 150

    def test_share_no_phone_card_or_certificate(self, city):
        for table, header in (("persons", "手机号"), ("persons", "社保卡账号"), ("certificates", "证书编号")):
            values = [row[header] for row in city.rows[table] if row[header]]
            assert len(values) == len(set(values)), header


class TestTheCases:
    def test_come_out_as_they_say(self, cases, reckoner):
        wrong = []
        for row in cases:
            found = reckoner.found[row["证件号码"], row["证书编号"]]
            if found != (row["结论"], row["原因代码"], row["须核对"], row["补贴金额"]):
                wrong.append((row["情形"], found))
        assert wrong == []

    def test_show_every_rule_that_the_notice_asks(self, cases):
        asked = {finding.rule for finding in assess_skill(TERMS, SkillFacts()).findings}
        shown = {code for row in cases for code in row["原因代码"].split(";")}
        assert asked - shown == set()
        assert {row["须核对"] for row in cases} == {"", "NAME_DIFFERS", "OTHER_HOLDER", "EARLIER_OPEN"}

    def test_that_are_none_are_all_granted(self, city, cases, reckoner):
        special = {row["证件号码"] for row in cases}
        assert {found[0] for (who, _), found in reckoner.found.items() if who not in special} == {"合格"}

    def test_that_a_later_file_completes_are_in_it(self, city, cases, tmp_path: Path):
        [path] = city.folder.glob("certificates-2.*")
        later = {row["证书编号"] for row in cases if row["后续"] == "补全后合格"}
        assert path.suffix == ".xlsx"
        assert later


def test_of_one_seed_are_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_city(tmp_path / name, size=300, seed=7)
    for table in ("skill_cases.csv", "persons.xlsx", "skill-claims.xlsx"):
        assert (tmp_path / "a" / table).read_bytes() == (tmp_path / "b" / table).read_bytes()
    with (tmp_path / "a/skill_cases.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) > 40
