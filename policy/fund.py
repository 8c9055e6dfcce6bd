"""失业保险基金: how long it lasts, whether a programme may open, and what is left of an extended-use pilot's cap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from policy.notice import Terms
from policy.verdict import Answer, Figure, Finding

MONTHS = range(1, 13)


def reserve_months(balance: Decimal | None, spending: Mapping[int, Decimal | None]) -> Decimal | None:
    """Months that the balance covers: rolling balance at last year's end / (last year's spending / 12).

    `spending` by month 1 to 12, yuan. None if the balance or any month is unknown, or nothing was spent. The formula is an
    agency choice; 人社部发〔2024〕40号 二 only says 备付期限.
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
    return None if None in months else _known(months)


class PilotMonth(NamedTuple):
    """One month of an extended-use pilot, yuan; None = unknown. `left`: of what the agency may spend, at the month's end."""

    month: date
    spent: Decimal | None
    so_far: Decimal | None
    left: Decimal | None


@dataclass(frozen=True, slots=True)
class Pilot:
    """How an extended-use pilot stands: the finding `pilot_cap`, and month by month what was spent and is left."""

    finding: Finding
    months: tuple[PilotMonth, ...]


def pilot(
    terms: Terms, balance: Decimal | None, reports: Mapping[date, Mapping[str, Decimal | None]], through: date
) -> Pilot | None:
    """What an extended-use pilot spent up to the month `through`, and what is left; None where the notice rules none.

    `balance`: the sealed balance, yuan; `reports`: first day of a month -> purpose -> yuan. PASS within the cap and within
    the agency's own amount of the year, FAIL beyond as soon as the known figures are, UNKNOWN where one is missing.
    Source: 鲁人社发〔2024〕8号 六 15%（含）以内; the cap is the one in force at the month's end.
    """
    if not terms.states("pilot_rate"):
        return None
    first, last = terms.day_of("pilot_from"), terms.day_of("pilot_until")
    months = _months(first, min(last, through))
    paid = {month: [reports.get(month, {}).get(item) for item in terms.words_of("pilot_items")] for month in months}
    rows: list[PilotMonth] = []
    so_far: Decimal | None = Decimal(0)
    for month, figures in paid.items():
        spent = None if None in figures else _known(figures)
        so_far = None if spent is None or so_far is None else so_far + spent
        left = None if so_far is None or balance is None else balance * _pilot_rates(terms, month)[1] - so_far
        rows.append(PilotMonth(month, spent, so_far, left))
    known = sum([_known(figures) for figures in paid.values()], Decimal(0))
    missing = tuple([f"{row.month:%Y-%m}" for row in rows if row.spent is None])
    return Pilot(_pilot_cap(terms, balance, known, missing, months[-1] if months else first), tuple(rows))


def _pilot_cap(terms: Terms, balance: Decimal | None, known: Decimal, missing: tuple[str, ...], month: date) -> Finding:
    rate, of_the_year = _pilot_rates(terms, month)
    figures: dict[str, Figure] = {
        "month": month,
        "balance": balance,
        "balance_on": terms.day_of("pilot_balance_on"),
        "from": terms.day_of("pilot_from"),
        "until": terms.day_of("pilot_until"),
        "rate": rate,
        "rate_of_year": of_the_year,
        "limit": None if balance is None else balance * rate,
        "limit_of_year": None if balance is None else balance * of_the_year,
        "spent": known,
        "missing": missing,
    }
    clause = terms.clause("pilot_rate", _pilot_day(terms, month))
    if balance is None:
        return Finding("pilot_cap", Answer.UNKNOWN, clause, "balance_unknown", figures)
    cap = balance * rate
    if known > cap or (known == cap and not terms.says("pilot_rate_inclusive")):
        return Finding("pilot_cap", Answer.FAIL, clause, "over_cap", figures)
    if known > balance * of_the_year:
        return Finding("pilot_cap", Answer.FAIL, clause, "over_amount_of_year", figures)
    if missing:
        return Finding("pilot_cap", Answer.UNKNOWN, clause, "months_missing", figures)
    return Finding("pilot_cap", Answer.PASS, clause, "within_cap", figures)


def _pilot_rates(terms: Terms, month: date) -> tuple[Decimal, Decimal]:
    """Shares of the sealed balance in force at the month's end: the law's cap, and what the agency set within it."""
    rate = terms.number_of("pilot_rate", _pilot_day(terms, month))
    own = terms.number_of("pilot_yearly_rate") if terms.states("pilot_yearly_rate") else rate
    return rate, min(rate, own)


def _pilot_day(terms: Terms, month: date) -> date | None:
    return terms.day_that_counts(["pilot_rate"], _next(month) - timedelta(days=1))


def _months(first: date, last: date) -> list[date]:
    """First days of the months from the one to the other, both in."""
    months, month = [], first.replace(day=1)
    while month <= last:
        months.append(month)
        month = _next(month)
    return months


def _next(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def _known(figures: Sequence[Decimal | None]) -> Decimal:
    return sum([figure for figure in figures if figure is not None], Decimal(0))
