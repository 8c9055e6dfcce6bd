"""The made-up city: the same from the same seed, its bad rows refused and no others, its cases what they say they are."""

import csv
import hashlib
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import uscc

from policy.facts import RefundFacts
from policy.keys import GRADES
from policy.notice import load
from policy.refund import assess_refund
from policy.size import size_of
from samples.city import write_city
from sheets import values as v
from sheets.columns import Column
from sheets.read import read

TERMS = load("shanxi/2024").terms()
SCREENED = date(2024, 6, 3)
CODE = "统一社会信用代码"
CLASSES = ("大型", "中型", "小型", "微型")
SIZES = v.choice([*CLASSES, "中小微"])
KINDS = [
    "企业", "分支机构", "社会团体", "基金会", "社会服务机构", "律师事务所", "会计师事务所", "个体工商户", "机关事业单位",
]  # fmt: skip


def columns(*described: tuple[str, v.Kind] | tuple[str, v.Kind, str]) -> tuple[Column, ...]:
    return tuple(Column(header, header, value=kind, filled="filled" in rest) for header, kind, *rest in described)


FILES = {
    "regions": columns(("代码", v.region, "filled"), ("名称", v.text, "filled"), ("上级代码", v.region)),
    "workdays": columns(("日期", v.day, "filled"), ("是否上班", v.yes_no, "filled"), ("名称", v.text), ("依据", v.text)),
    "fund": columns(("行政区划", v.region, "filled"), ("年月", v.month, "filled"), ("滚存结余", v.money), ("当月支出", v.money)),
    "enterprises": columns(
        (CODE, v.uscc, "filled"), ("单位编号", v.code), ("单位名称", v.text, "filled"),
        ("单位类型", v.choice(KINDS), "filled"),
        ("所属法人统一社会信用代码", v.uscc), ("劳务派遣", v.yes_no), ("行业代码", v.industry), ("参保地", v.region, "filled"),
        ("登记状态", v.choice(["存续", "注销", "吊销", "经营异常", "破产清算"])), ("从业人员", v.whole),
        ("营业收入(万元)", v.money), ("资产总额(万元)", v.money), ("系统划型", v.choice(CLASSES)),
        ("手机号", v.phone), ("法人手机号", v.phone),
        ("账号", v.account), ("缴费账户账号", v.account),
    ),
    "contributions": columns(
        (CODE, v.uscc, "filled"), ("费款所属期", v.month, "filled"), ("缴费人数", v.whole, "filled"), ("缴费基数", v.money),
        ("单位应缴", v.money), ("个人应缴", v.money), ("单位实缴", v.money, "filled"), ("个人实缴", v.money, "filled"),
        ("滞纳金", v.money), ("缴费类型", v.choice(["正常", "补缴", "退费"])), ("到账日期", v.day), ("明细号", v.code),
        ("缓缴", v.yes_no),
    ),
    "workforce": columns(
        (CODE, v.uscc, "filled"), ("年度", v.year, "filled"), ("年初人数", v.whole), ("年末人数", v.whole), ("裁员人数", v.whole),
        ("领取失业金人数", v.whole), ("退休人数", v.whole), ("死亡人数", v.whole),
    ),
    "size-list": columns((CODE, v.uscc, "filled"), ("划型", SIZES, "filled"), ("年度", v.year, "filled")),
    "size-2020": columns((CODE, v.uscc, "filled"), ("划型", SIZES, "filled")),
    "credit-list": columns(
        (CODE, v.uscc, "filled"), ("名单类型", v.choice(["严重失信", "失信被执行人", "拖欠农民工工资", "经营异常", "注销", "吊销",
                                                     "破产清算", "拟注销"]), "filled"),
        ("列入日期", v.day), ("移出日期", v.day),
    ),
    "hosts": columns(
        ("派遣单位统一社会信用代码", v.uscc, "filled"), ("用工单位统一社会信用代码", v.uscc, "filled"),
        ("用工单位类型", v.choice(["企业", "社会团体", "机关事业单位"])), ("派遣人数", v.whole),
        ("上年度实缴失业保险费", v.money),
    ),
    "persons": columns(
        ("证件号码", v.citizen_id, "filled"), ("姓名", v.text, "filled"), ("手机号", v.phone),
        ("单位统一社会信用代码", v.uscc), ("参保状态", v.choice(["在职", "领取失业保险金", "停保"])),
        ("用工形式", v.choice(["自有", "派遣", "承揽外包"])), ("首次参保年月", v.month), ("累计缴费月数", v.whole),
        ("截至年月", v.month), ("社保卡账号", v.account),
    ),
    "certificates": columns(
        ("证件号码", v.citizen_id, "filled"), ("姓名", v.text, "filled"), ("证书编号", v.code, "filled"), ("证书类型", v.text),
        ("职业(工种)代码", v.code), ("职业(工种)名称", v.text), ("等级", v.choice(GRADES)), ("发证日期", v.day),
        ("状态", v.choice(["有效", "注销"])), ("联网查询结果", v.text), ("查询日期", v.day),
    ),
    "training-subsidies": columns(
        ("证件号码", v.citizen_id, "filled"), ("姓名", v.text), ("职业(工种)代码", v.code), ("等级", v.choice(GRADES)),
        ("发放日期", v.day), ("金额", v.money), ("受款方", v.choice(["个人", "单位"])),
    ),
    "replies": columns(
        ("手机号", v.phone, "filled"), ("内容", v.text, "filled"), ("接收时间", v.moment, "filled"),
        ("网关消息号", v.code, "filled"),
    ),
    "skill-claims": columns(
        ("证件号码", v.citizen_id, "filled"), ("姓名", v.text, "filled"), ("证书编号", v.code, "filled"),
        ("申请日期", v.day, "filled"), ("手机号", v.phone), ("代办单位统一社会信用代码", v.uscc),
    ),
}  # fmt: skip

# What the shape of a row cannot tell: it takes the other rows, or the other tables.
BUSINESS = {
    "名册中没有", "同一关键字两行", "没有这个行政区划", "分支机构没有法人", "到账在将来", "截至在将来", "发证在将来",
    "申请在将来",
}  # fmt: skip


class City:
    """The city as loaded: good rows by table, and where the bad ones stood."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases = self.table("cases")
        self.bad = {(row["表格"], int(row["行号"])): row for row in self.table("bad_rows")}
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.errors: dict[tuple[str, int], list[str]] = {}
        for name, described in FILES.items():
            [path] = folder.glob(f"{name}.*")
            with read(path, described) as reading:
                rows = list(reading.rows())
            self.rows[name] = [row.values for row in rows if (name, row.number) not in self.bad]
            self.errors |= {(name, row.number): [error.header for error in row.errors] for row in rows if row.errors}

    def table(self, name: str) -> list[dict[str, str]]:
        with (self.folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> City:
    folder = tmp_path_factory.mktemp("city")
    write_city(folder, size=2000, seed=2024)
    return City(folder)


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


class TestWriting:
    def test_the_same_seed_gives_the_same_bytes_and_another_does_not(self, tmp_path):
        for name, seed in (("a", 7), ("b", 7), ("c", 8)):
            write_city(tmp_path / name, size=300, seed=seed)
        assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
        assert hashes(tmp_path / "a")["enterprises.xlsx"] != hashes(tmp_path / "c")["enterprises.xlsx"]

    def test_again_in_the_same_folder_leaves_nothing_old(self, tmp_path):
        write_city(tmp_path, size=1200)
        assert (tmp_path / "contributions.csv").exists()
        write_city(tmp_path, size=300)
        assert not (tmp_path / "contributions.csv").exists()
        assert (tmp_path / "contributions.xlsx").exists()

    def test_too_few_units_for_the_cases_are_refused(self, tmp_path):
        with pytest.raises(ValueError, match="户数至少为"):
            write_city(tmp_path, size=50)


class TestThePeople:
    def test_number_what_was_asked(self, city):
        assert len(city.rows["enterprises"]) == 2000
        assert len({row[CODE] for row in city.rows["enterprises"]}) == 2000

    def test_are_mostly_ordinary(self, city):
        assert len(city.cases) < 0.25 * 2000

    def test_have_codes_that_an_independent_check_accepts(self, city):
        assert all(uscc.calc_check_digit(row[CODE]) == row[CODE][17] for row in city.rows["enterprises"])

    def test_cannot_be_anybody(self, city):
        for row in city.rows["enterprises"]:
            assert row[CODE][8] == "X"
            assert row["手机号"] is None or row["手机号"].startswith("142")
            assert row["法人手机号"] is None or row["法人手机号"].startswith("143")
            assert row["单位名称"].startswith("岚泊市")

    def test_share_a_phone_only_where_a_case_says_so(self, city):
        shared = {row[CODE] for row in city.cases if row["情形"] == "与另一单位共用手机号"}
        phones = Counter(row["手机号"] for row in city.rows["enterprises"] if row["手机号"] and row[CODE] not in shared)
        assert max(phones.values()) == 1
        accounts = Counter(row["账号"] for row in city.rows["enterprises"] if row["账号"])
        assert max(accounts.values()) == 1

    def test_all_have_a_wish_for_the_demo(self, city):
        answers = city.table("answers")
        assert {row[CODE] for row in answers} == {row[CODE] for row in city.rows["enterprises"]}
        assert {row["答复"] for row in answers} == {"确认", "放弃", "不答", "更正账户", "自主申请"}
        assert {row["银行"] for row in answers} == {"成功", "退票"}


class TestBadRows:
    def test_are_all_there_is_to_refuse(self, city):
        assert city.errors.keys() <= city.bad.keys()
        unnoticed = {city.bad[place]["情形"] for place in city.bad.keys() - city.errors.keys()}
        assert unnoticed == BUSINESS

    def test_are_refused_in_the_column_that_is_wrong(self, city):
        for place, headers in city.errors.items():
            assert headers == [city.bad[place]["列"]], place

    def test_stand_in_every_table(self, city):
        assert {table for table, _ in city.bad} == set(FILES)
        assert len(city.bad) > 100


class TestTheFund:
    def test_lasts_longer_than_a_year(self, city):
        province = [row for row in city.rows["fund"] if row["行政区划"] == "140000"]
        of_2023 = [row for row in province if row["年月"].year == 2023]
        assert len(of_2023) == 12
        assert of_2023[-1]["滚存结余"] * 12 / sum(row["当月支出"] for row in of_2023) > 12


class TestTheCalendar:
    def test_knows_the_days_of_the_national_holiday(self, city):
        days = {row["日期"]: row["是否上班"] for row in city.rows["workdays"]}
        assert days[date(2024, 10, 1)] is False
        assert days[date(2024, 10, 12)] is True
        assert date(2024, 10, 8) not in days


class Reckoner:
    """Facts from the rows, added up in the plainest way, and decided by the rules."""

    def __init__(self, city: City) -> None:
        self.units = {row[CODE]: row for row in city.rows["enterprises"]}
        self.listed = {row[CODE]: row["划型"] for row in city.rows["size-list"]}
        self.in_2020 = {row[CODE]: row["划型"] for row in city.rows["size-2020"]}
        self.work = {row[CODE]: row for row in city.rows["workforce"]}
        self.lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in city.rows["contributions"]:
            self.lines[row[CODE]].append(row)
        self.flags: dict[str, set[str]] = defaultdict(set)
        for row in city.rows["credit-list"]:
            if row["移出日期"] is None or row["移出日期"] > SCREENED:
                self.flags[row[CODE]].add(row["名单类型"])
        self.public: dict[str, Decimal | None] = {}
        for row in city.rows["hosts"]:
            unit, paid = row["派遣单位统一社会信用代码"], row["上年度实缴失业保险费"]
            self.public.setdefault(unit, Decimal(0))
            if row["用工单位类型"] == "机关事业单位":
                self.public[unit] = None if paid is None else self.public[unit] + paid

    def size(self, code: str) -> str | None:
        if code in self.units:
            found = size_of(TERMS, self.facts(code))
            return found.size_class or found.size
        return self.listed.get(code)

    def facts(self, code: str, channel: str = "免申即享") -> RefundFacts:
        unit, work = self.units[code], self.work.get(code, {})
        flags = self.flags[code] | ({unit["登记状态"]} - {"存续", None})
        parent = unit["所属法人统一社会信用代码"]
        return RefundFacts(
            kind=unit["单位类型"], dispatch=bool(unit["劳务派遣"]), on=SCREENED, start_insured=work.get("年初人数"),
            end_insured=work.get("年末人数"), dismissals=work.get("裁员人数"), claimants=work.get("领取失业金人数"),
            paid_for_public_hosts=self.public.get(code), statistics_size=self.listed.get(code), size_2020=self.in_2020.get(code),
            recorded_size=unit["系统划型"], industry=unit["行业代码"], employees=unit["从业人员"], revenue=unit["营业收入(万元)"],
            assets=unit["资产总额(万元)"], parent_size=self.size(parent) if parent else None, credit_flags=tuple(sorted(flags)),
            channel=channel, account=bool(unit["账号"]), tax_account=bool(unit["缴费账户账号"]), **self.paid(self.lines[code]),
        )  # fmt: skip

    def paid(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """The facts of contributions."""
        months: dict[date, list[dict[str, Any]]] = defaultdict(list)
        for row in lines:
            months[row["费款所属期"]].append(row)
        full = {month: self.in_full(rows) for month, rows in months.items()}
        known = sum(1 for answer in full.values() if answer)
        unknown = sum(1 for answer in full.values() if answer is None)
        heads = {month: sum(row["缴费人数"] for row in rows if row["缴费类型"] == "正常") for month, rows in months.items()}
        year = [date(2023, month, 1) for month in range(1, 13)]
        insured = [month for month in year if heads.get(month)]
        after_first = [heads.get(month) for month in year if insured and month >= insured[0]]
        mean = None if not after_first or None in after_first else Decimal(sum(after_first)) / len(after_first)
        dated = all(row["到账日期"] or not self.sum([row]) for row in lines if row["费款所属期"].year == 2023)
        arrived = [row for row in lines if row["缴费类型"] != "退费" and row["到账日期"] and row["到账日期"].year == 2023]
        back = [row for row in lines if row["缴费类型"] == "退费" and row["费款所属期"].year == 2023]
        return {
            "paid_months": known if known >= 12 or known + unknown < 12 else None,
            "mean_insured": mean,
            "paid_normal": self.sum([row for row in arrived if row["费款所属期"].year == 2023]) if dated else None,
            "paid_arrears": self.sum([row for row in arrived if row["费款所属期"].year < 2023]),
            "refunded": self.sum(back),
        }

    def sum(self, rows: list[dict[str, Any]]) -> Decimal:
        return sum((row["单位实缴"] + row["个人实缴"] for row in rows), Decimal(0))

    def in_full(self, rows: list[dict[str, Any]]) -> bool | None:
        """Whether what arrived for a month covers what was due."""
        stated = [row for row in rows if row["缴费类型"] == "正常"] or [row for row in rows if row["缴费类型"] == "补缴"]
        back = self.sum([row for row in rows if row["缴费类型"] == "退费"])
        came = self.sum([row for row in rows if row["缴费类型"] != "退费"]) - back
        if came <= 0:
            return False
        if any(row["单位应缴"] is None or row["个人应缴"] is None for row in stated):
            return None
        return came >= sum(row["单位应缴"] + row["个人应缴"] for row in stated)


@pytest.fixture(scope="module")
def reckoner(city) -> Reckoner:
    return Reckoner(city)


OUTCOMES = {"eligible": "合格", "ineligible": "不合格", "incomplete": "信息不全"}


class TestTheCases:
    def test_come_out_as_they_say(self, city, reckoner):
        wrong = []
        for row in city.cases:
            if row["结论"] == "不在范围":
                continue
            verdict = assess_refund(TERMS, reckoner.facts(row[CODE]))
            found = (OUTCOMES[verdict.outcome.value], ";".join(verdict.failed or verdict.unknown), verdict.size or "")
            if found != (row["结论"], row["原因代码"], row["划型"]):
                wrong.append((row["情形"], found))
        assert wrong == []

    def test_come_out_as_they_say_once_they_applied_themselves(self, city, reckoner):
        applying = [row for row in city.cases if row["申请后结论"]]
        assert {row["申请后结论"] for row in applying} == {"合格", "信息不全"}
        for row in applying:
            verdict = assess_refund(TERMS, reckoner.facts(row[CODE], "自主申请"))
            assert OUTCOMES[verdict.outcome.value] == row["申请后结论"], row["情形"]

    def test_are_worth_what_they_say(self, city, reckoner):
        for row in city.cases:
            if row["返还金额"]:
                channel = "自主申请" if row["申请后结论"] else "免申即享"
                verdict = assess_refund(TERMS, reckoner.facts(row[CODE], channel))
                assert (f"{verdict.base:.2f}", f"{verdict.amount:.2f}") == (row["返还基数"], row["返还金额"]), row["情形"]

    def test_are_paid_where_they_say(self, city, reckoner):
        payees = {"缴费账户": "tax", "账户暂缓": "held"}
        for row in city.cases:
            if row["结论"] == "合格":
                verdict = assess_refund(TERMS, reckoner.facts(row[CODE]))
                assert verdict.payee == payees.get(row["后续"], "corporate"), row["情形"]

    def test_that_are_none_are_all_eligible(self, city, reckoner):
        special = {row[CODE] for row in city.cases}
        outcomes = Counter(
            assess_refund(TERMS, reckoner.facts(code)).outcome.value for code in reckoner.units if code not in special
        )
        assert outcomes.keys() == {"eligible"}

    def test_of_the_platform_stand_in_its_file(self, city):
        platform = {row[CODE] for row in city.table("platform")}
        assert platform == {row[CODE] for row in city.cases if row["情形"].startswith("平台")}
