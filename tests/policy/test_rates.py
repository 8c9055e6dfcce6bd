from datetime import date
from decimal import Decimal

import pytest

from policy.notice import Terms, load
from policy.rates import check_premium, expected_premium
from policy.verdict import Answer, Finding

MONTH = date(2023, 5, 1)


def terms(notice: str) -> Terms:
    return load(notice).terms()


class TestExpectedPremium:
    @pytest.mark.parametrize(
        ("notice", "employer", "employee"),
        [("shanxi/2024", "700.00", "300.00"), ("shandong/2024", "700.00", "300.00"), ("xpcc/2024", "500.00", "500.00")],
    )
    def test_splits_where_the_notice_prints_a_split(self, notice: str, employer: str, employee: str) -> None:
        premium = expected_premium(terms(notice), MONTH, Decimal(100000))
        assert premium is not None
        parts = (str(premium.total), str(premium.employer), str(premium.employee))
        assert parts == ("1000.00", employer, employee)

    @pytest.mark.parametrize("notice", ["national/2024", "hebei/2024", "jilin/2024"])
    def test_gives_only_the_sum_where_no_split_is_printed(self, notice: str) -> None:
        premium = expected_premium(terms(notice), MONTH, Decimal("0.50"))
        assert premium is not None
        assert (str(premium.total), premium.employer, premium.employee) == ("0.01", None, None)

    @pytest.mark.parametrize("notice", ["national/2024", "shanxi/2024", "hebei/2024", "shandong/2024", "xpcc/2024"])
    def test_ends_with_2025(self, notice: str) -> None:
        assert expected_premium(terms(notice), date(2025, 12, 1), Decimal(100)) is not None
        assert expected_premium(terms(notice), date(2026, 1, 1), Decimal(100)) is None
        assert expected_premium(terms(notice), date(2023, 1, 1), Decimal(100)) is not None
        assert expected_premium(terms(notice), date(2022, 12, 1), Decimal(100)) is None


class TestCheckPremium:
    def check(self, notice: str, employer: str | None, employee: str | None, headcount: int = 1) -> Finding:
        employer_due, employee_due = (None if each is None else Decimal(each) for each in (employer, employee))
        return check_premium(terms(notice), MONTH, Decimal(100000), employer_due, employee_due, headcount)

    def test_agrees_to_half_a_fen_a_person_and_part(self) -> None:
        assert self.check("shanxi/2024", "700.00", "300.00").answer is Answer.PASS
        assert self.check("shanxi/2024", "700.05", "300.05", 10).answer is Answer.PASS
        assert self.check("shanxi/2024", "700.06", "300.05", 10).answer is Answer.FAIL

    def test_warns_of_a_wrong_sum_with_the_clause(self) -> None:
        finding = self.check("hebei/2024", "700.00", "310.00")
        assert (finding.answer, finding.because) == (Answer.FAIL, "sum_differs")
        assert finding.clause == "冀人社发〔2024〕14号 一"

    def test_warns_of_a_wrong_split_only_where_one_is_printed(self) -> None:
        assert self.check("xpcc/2024", "700.00", "300.00").because == "split_differs"
        assert self.check("xpcc/2024", "500.00", "500.00").answer is Answer.PASS
        assert self.check("hebei/2024", "500.00", "500.00").answer is Answer.PASS

    def test_does_not_guess(self) -> None:
        assert self.check("shanxi/2024", None, "300.00").answer is Answer.UNKNOWN
        unknown_base = check_premium(terms("shanxi/2024"), MONTH, None, Decimal(7), Decimal(3), 1)
        assert unknown_base.answer is Answer.UNKNOWN
        no_rate = check_premium(terms("shanxi/2024"), date(2020, 1, 1), Decimal(1), Decimal(7), Decimal(3), 1)
        assert (no_rate.answer, no_rate.because) == (Answer.UNKNOWN, "no_rate")
