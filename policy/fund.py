"""备付期限: how long the fund lasts, and whether a programme may open."""

from collections.abc import Mapping
from decimal import Decimal

from policy.notice import Terms
from policy.verdict import Answer, Figure, Finding

MONTHS = range(1, 13)


def reserve_months(balance: Decimal | None, spending: Mapping[int, Decimal | None]) -> Decimal | None:
    """Months that the balance covers: rolling balance at last year's end / (last year's spending / 12).

    `spending` by month 1 to 12, yuan. None if the balance or any month is unknown, or nothing was spent.
    """
    year = _year_of(spending)
    if balance is None or year is None or year <= 0:
        return None
    return balance * 12 / year


def gate(terms: Terms, balance: Decimal | None, spending: Mapping[int, Decimal | None]) -> Finding:
    """PASS opens: the reserve of last year reaches the months of the notice. Unknown is shut.

    The finding's rule is `fund_reserve`. Source: 人社部发〔2024〕40号 二 备付期限应在1年以上; the formula is an agency
    choice.
    """
    least = terms.count_of("fund_reserve_months")
    year = _year_of(spending)
    missing = tuple(str(month) for month in MONTHS if spending.get(month) is None)
    figures: dict[str, Figure] = {
        "balance": balance,
        "spending": year,
        "months": reserve_months(balance, spending),
        "limit": least,
        "missing": missing,
    }
    clause = terms.clause("fund_reserve_months")
    if balance is None:
        return Finding("fund_reserve", Answer.UNKNOWN, clause, "balance_unknown", figures)
    if year is None:
        return Finding("fund_reserve", Answer.UNKNOWN, clause, "months_missing", figures)
    if year <= 0:
        return Finding("fund_reserve", Answer.UNKNOWN, clause, "nothing_spent", figures)
    if balance * 12 < year * least:
        return Finding("fund_reserve", Answer.FAIL, clause, "reserve_too_short", figures)
    return Finding("fund_reserve", Answer.PASS, clause, "reserve_suffices", figures)


def _year_of(spending: Mapping[int, Decimal | None]) -> Decimal | None:
    """Spending of all twelve months; None if any is unknown."""
    months = [spending.get(month) for month in MONTHS]
    known = [month for month in months if month is not None]
    return sum(known, Decimal(0)) if len(known) == len(months) else None
