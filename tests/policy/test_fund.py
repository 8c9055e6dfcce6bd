from decimal import Decimal

from policy.fund import gate, reserve_months
from policy.notice import load
from policy.verdict import Answer

TERMS = load("shanxi/2024").terms()
EVEN = dict.fromkeys(range(1, 13), Decimal("100.00"))


class TestGate:
    def test_opens_at_twelve_months_exactly(self) -> None:
        finding = gate(TERMS, Decimal("1200.00"), EVEN)
        assert (finding.answer, finding.clause) == (Answer.PASS, "人社部发〔2024〕40号 二")
        assert finding.figures["months"] == 12

    def test_stays_shut_one_fen_below(self) -> None:
        finding = gate(TERMS, Decimal("1199.99"), EVEN)
        assert (finding.answer, finding.because) == (Answer.FAIL, "reserve_too_short")

    def test_stays_shut_with_a_missing_month(self) -> None:
        finding = gate(TERMS, Decimal("9999999.00"), {**EVEN, 7: None})
        assert (finding.answer, finding.figures["missing"]) == (Answer.UNKNOWN, ("7",))
        absent = gate(TERMS, Decimal("9999999.00"), {month: EVEN[month] for month in range(1, 12)})
        assert (absent.answer, absent.figures["missing"]) == (Answer.UNKNOWN, ("12",))

    def test_stays_shut_without_the_balance_or_any_spending(self) -> None:
        assert gate(TERMS, None, EVEN).answer is Answer.UNKNOWN
        assert gate(TERMS, Decimal(1), dict.fromkeys(range(1, 13), Decimal(0))).answer is Answer.UNKNOWN

    def test_takes_spending_month_by_month(self) -> None:
        uneven = {**EVEN, 12: Decimal("1300.00")}
        assert reserve_months(Decimal("2400.00"), uneven) == 12
        assert reserve_months(None, uneven) is None
        assert reserve_months(Decimal(1), {}) is None
        assert reserve_months(Decimal(1), dict.fromkeys(range(1, 13), Decimal(0))) is None
