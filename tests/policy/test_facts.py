import json
from datetime import date
from decimal import Decimal

import pytest

from policy.facts import FactError, RefundFacts

WIDEST = {
    "kind": "会计师事务所", "dispatch": "是", "on": "2024-06-03", "paid_months": "999", "months_paid_last_year": "12",
    "mean_insured": "333333.33333333333333333333333", "start_insured": "9999999", "end_insured": "9999999",
    "dismissals": "9999999", "claimants": "9999999", "retired": "9999999", "died": "9999999",
    "paid_normal": "9999999999.99", "paid_arrears": "9999999999.99", "paid_late_fees": "999999999.99",
    "paid_after_year": "9999999999.99", "refunded": "9999999999.99", "paid_for_public_hosts": "9999999999.99",
    "deferred_unpaid": "否", "statistics_size": "中小微", "statistics_covers": "是", "size_2020": "中小微",
    "recorded_size": "中小微", "industry": "C3311", "employees": "9999999", "revenue": "9999999999.99",
    "assets": "9999999999.99", "parent_size": "中小微", "committed_size": "中小微",
    "credit_flags": "严重失信;失信被执行人;拖欠农民工工资;经营异常;吊销;?", "channel": "免申即享", "account": "否",
    "tax_account": "否", "dispatch_banned": "是",
}  # fmt: skip


class TestReadingARow:
    def test_takes_an_empty_cell_as_unknown(self) -> None:
        facts = RefundFacts.from_row(dict.fromkeys(WIDEST, ""))
        unknown = (facts.kind, facts.on, facts.paid_months, facts.mean_insured, facts.paid_normal, facts.refunded)
        assert unknown == (None,) * 6
        assert (facts.account, facts.deferred_unpaid, facts.channel, facts.paid_for_public_hosts) == (None,) * 4

    def test_takes_an_empty_cell_as_no_where_nothing_on_record_means_no(self) -> None:
        facts = RefundFacts.from_row(dict.fromkeys(WIDEST, ""))
        assert (facts.dispatch, facts.dispatch_banned, facts.statistics_covers) == (False, False, False)
        assert facts.credit_flags == ()
        assert facts.paid_late_fees == 0

    def test_takes_a_row_without_the_credit_column_as_not_checked(self) -> None:
        assert RefundFacts.from_row({}).credit_flags == ("?",)

    def test_reads_dates_numbers_and_words_as_people_write_them(self) -> None:
        facts = RefundFacts.from_row(
            {
                "kind": " 企业 ", "on": "2024/6/3", "paid_months": "12.0", "paid_normal": "1,234.50",
                "dispatch": "Y", "industry": "c3311", "credit_flags": "严重失信；？", "mean_insured": "１２.5",
            }
        )  # fmt: skip
        assert (facts.kind, facts.on, facts.paid_months) == ("企业", date(2024, 6, 3), 12)
        assert (facts.paid_normal, facts.dispatch, facts.industry) == (Decimal("1234.50"), True, "3311")
        assert (facts.credit_flags, facts.mean_insured) == (("严重失信", "?"), Decimal("12.5"))

    def test_keeps_zero_apart_from_unknown(self) -> None:
        assert RefundFacts.from_row({"claimants": "0"}).claimants == 0
        assert RefundFacts.from_row({"claimants": ""}).claimants is None

    @pytest.mark.parametrize(
        ("column", "value", "reason"),
        [
            ("kind", "公司", "应为以下之一"),
            ("on", "2024-02-30", "没有这一天"),
            ("on", "下周", "应为日期"),
            ("paid_months", "-1", "应在 0 至"),
            ("paid_months", "1.5", "应为整数"),
            ("months_paid_last_year", "13", "应在 0 至 12 之间"),
            ("mean_insured", "很多", "应为数字"),
            ("mean_insured", "-1", "不能为负数"),
            ("paid_normal", "1.005", "最多 2 位小数"),
            ("paid_normal", "1.1E+17", "科学计数法"),
            ("paid_normal", "NaN", "应为数字"),
            ("dispatch", "也许", "应填 是 或 否"),
            ("recorded_size", "巨型", "应为以下之一"),
            ("industry", "A51", "不符"),
            ("industry", "5", "行业代码应为"),
            ("credit_flags", "信用不好", "不认识“信用不好”"),
            ("channel", "电话", "应为以下之一"),
        ],
    )
    def test_refuses_what_it_cannot_read_with_column_value_and_reason(self, column: str, value: str, reason: str) -> None:
        with pytest.raises(FactError, match=f"{column} 列的值“{value.replace('+', '.')}”：.*{reason}") as caught:
            RefundFacts.from_row({column: value})
        assert (caught.value.column, caught.value.value) == (column, value)

    def test_accepts_a_sum_below_zero(self) -> None:
        assert RefundFacts.from_row({"paid_normal": "-5.50"}).paid_normal == Decimal("-5.50")


class TestFreezing:
    def test_survives_the_way_through_json(self) -> None:
        facts = RefundFacts.from_row(WIDEST)
        assert RefundFacts.from_json(facts.to_json()) == facts
        assert RefundFacts.from_json(RefundFacts().to_json()) == RefundFacts()

    def test_stays_below_one_kilobyte(self) -> None:
        assert len(RefundFacts.from_row(WIDEST).to_json().encode()) < 1000

    def test_keeps_checked_apart_from_not_checked(self) -> None:
        checked = RefundFacts(credit_flags=())
        assert json.loads(checked.to_json()) == {"credit_flags": []}
        assert RefundFacts.from_json(checked.to_json()).credit_flags == ()
