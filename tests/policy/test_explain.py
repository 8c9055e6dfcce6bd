"""Sentences word for word: sums, months, figures that are not known."""

from decimal import Decimal

from policy.explain import fact_change, for_staff, how_amount
from policy.facts import COLUMNS, RefundFacts
from policy.fund import pilot
from policy.notice import Terms
from policy.refund import RefundVerdict, assess_refund
from tests.policy.test_golden import BASES, base_of, terms_of

OF_SHANXI = {"industry": "5210", "employees": "120", "statistics_size": "", "statistics_covers": "否"}


def verdict(terms: Terms, **facts: str) -> RefundVerdict:
    return assess_refund(terms, RefundFacts.from_row({**BASES["refund"], **facts}))


def said(found: RefundVerdict, rule: str) -> str:
    return next(for_staff(finding) for finding in found.findings if finding.rule == rule)


class TestHowTheAmountCameAbout:
    def test_of_a_unit_as_a_whole(self) -> None:
        terms = terms_of("shandong/2024", {})
        assert how_amount(terms, verdict(terms, recorded_size="大型")) == (
            "返还基数100,000.00元×返还比例30%（大型）＝30,000.00元［鲁人社发〔2024〕8号 二］"
        )
        assert how_amount(terms, verdict(terms, paid_months="1")) == ""
        assert how_amount(terms, verdict(terms, recorded_size="", size_2020="")) == ""

    def test_of_a_unit_by_its_hosts(self) -> None:
        terms = terms_of("jilin/2024", {"dispatch_size_basis": "by_host"})
        hosts = {"paid_for_public_hosts": "0", "paid_for_large_hosts": "30000.00", "paid_for_sme_hosts": "20000.00"}
        found = verdict(terms, dispatch="是", channel="自主申请", **hosts)
        assert how_amount(terms, found) == (
            "自有部分50,000.00元×返还比例60%（中小微）＋大型用工单位部分30,000.00元×30%"
            "＋中小微用工单位部分20,000.00元×60%＝51,000.00元［吉人社联〔2024〕43号 二］"
        )
        assert said(found, "base_known") == (
            "返还基数100,000.00元：上年度各月保费当年到账100,000.00元，加以前年度欠费上年到账0.00元，减退还的上年度保费0.00元，"
            "减派遣到机关事业单位人员的保费0.00元（其中派遣到大型用工单位人员的保费30,000.00元、"
            "派遣到中小微用工单位人员的保费20,000.00元）。［人社部发〔2024〕40号 二］"
        )

    def test_by_the_ratio_in_force_on_the_day(self) -> None:
        terms = terms_of("chenglan/2031", {})
        for on, ratio in (("2031-06-30", "50%"), ("2031-07-01", "70%"), ("2031-10-01", "60%")):
            assert f"×返还比例{ratio}（中小微）" in how_amount(terms, verdict(terms, on=on, paid_after_year="0"))


class TestFigures:
    def test_of_the_base_without_what_is_not_known(self) -> None:
        terms = terms_of("shanxi/2024", {})
        assert said(verdict(terms), "base_known") == (
            "返还基数100,000.00元：上年度各月保费当年到账100,000.00元，加以前年度欠费上年到账0.00元，"
            "减退还的上年度保费0.00元。［人社部发〔2024〕40号 二］"
        )
        assert said(verdict(terms, paid_arrears=""), "base_known") == (
            "返还基数不能计算：以前年度欠费上年到账不明。［人社部发〔2024〕40号 二］"
        )

    def test_of_a_size_by_the_standard(self) -> None:
        terms = terms_of("shanxi/2024", {})
        found = verdict(terms, **OF_SHANXI, revenue="900.00")
        assert "从业人员120人（大型下限300人），营业收入900万元（大型下限20000万元），为中小微" in said(found, "size_known")
        without = verdict(terms, **OF_SHANXI)
        assert "从业人员120人（大型下限300人），营业收入不明（大型下限20000万元），为中小微" in said(without, "size_known")

    def test_with_six_decimals_and_no_more(self) -> None:
        terms = terms_of("hebei/2024", {})
        for mean, shown in (("299.123456", "299.123456"), ("299.1234567", "299.12"), ("299.50", "299.5")):
            found = verdict(terms, kind="社会团体", mean_insured=mean)
            assert said(found, "size_known").startswith(f"上年度平均参保{shown}人，少于300人。")

    def test_of_a_month(self) -> None:
        base = base_of("fund")
        found = pilot(terms_of("shandong/2024", {}), Decimal(1000), {}, base["through"])
        assert found is not None
        assert for_staff(found.finding) == (
            "2024-01、2024-02、2024-03的试点支出不全，已知0.00元，余额不明；本年度额度150.00元。［鲁人社发〔2024〕8号 六］"
        )
        unsealed = pilot(terms_of("shandong/2024", {}), None, {}, base["through"])
        assert unsealed is not None
        assert for_staff(unsealed.finding).startswith("截至2023年12月31日的封定结余不明，额度不能计算；已知试点支出0.00元。")
        spent = {base["through"].replace(month=1): dict.fromkeys(base["reports"]["2024-01"], Decimal(1))}
        within = pilot(terms_of("shandong/2024", {}), Decimal(1000), spent, base["through"].replace(month=1))
        assert within is not None
        assert for_staff(within.finding).startswith("截至2024年1月试点支出4.00元，未超过本年度额度150.00元")


def test_every_fact_of_a_refund_can_be_told_as_changed():
    told = [fact_change(column, None, None) for column in COLUMNS]
    assert len(set(told)) == len(COLUMNS)
    assert fact_change("credit_flags", ("?",), ()) == "信用和登记状态 未核查→未列入"
    assert fact_change("mean_insured", Decimal(400) / 11, Decimal(36)) == "月均参保人数 36.36→36.00"
