"""阶段性降费率: what a month's premium should have been."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from policy.money import to_fen
from policy.notice import Terms
from policy.verdict import Answer, Figure, Finding


@dataclass(frozen=True, slots=True)
class Premium:
    """Expected premium of one month, yuan to the fen. The parts are None where the notice prints no split."""

    total: Decimal
    employer: Decimal | None
    employee: Decimal | None


def expected_premium(terms: Terms, month: date, wage_base: Decimal) -> Premium | None:
    """Wage base (yuan) x rate in force in that month; None where the notice has no rate for it.

    Source: section 一 of each notice.
    """
    if not terms.states("premium_rate", month):
        return None
    return Premium(
        total=to_fen(wage_base * terms.number_of("premium_rate", month)),
        employer=_part(terms, "premium_rate_employer", month, wage_base),
        employee=_part(terms, "premium_rate_employee", month, wage_base),
    )


def check_premium(
    terms: Terms,
    month: date,
    wage_base: Decimal | None,
    employer: Decimal | None,
    employee: Decimal | None,
    headcount: int,
) -> Finding:
    """Whether what was due for a month agrees with base x rate: PASS, FAIL (a warning, no correction) or UNKNOWN.

    Where the notice prints no split, only the sum is checked. The agency's tolerance, yuan a person and part, agrees: half
    a fen unless it chose another, as each person's premium is rounded to the fen. The finding's rule is `premium_rate`.
    Source: section 一 of each notice; the tolerance is an agency choice.
    """
    expected = None if wage_base is None else expected_premium(terms, month, wage_base)
    due = None if employer is None or employee is None else employer + employee
    figures: dict[str, Figure] = {
        "month": month,
        "wage_base": wage_base,
        "employer": employer,
        "employee": employee,
        "due": due,
        "limit": expected.total if expected else None,
        "employer_limit": expected.employer if expected else None,
        "employee_limit": expected.employee if expected else None,
    }
    known = terms.states("premium_rate", month)
    clause = terms.clause("premium_rate", month) if known else ""
    if not known:
        return Finding("premium_rate", Answer.UNKNOWN, clause, "no_rate", figures)
    if expected is None or due is None:
        return Finding("premium_rate", Answer.UNKNOWN, clause, "figures_unknown", figures)
    tolerance = max(headcount, 1) * terms.number_of("premium_tolerance", month)
    parts = ((employer, expected.employer), (employee, expected.employee))
    if abs(due - expected.total) > 2 * tolerance:
        return Finding("premium_rate", Answer.FAIL, clause, "sum_differs", figures)
    if any(part is not None and limit is not None and abs(part - limit) > tolerance for part, limit in parts):
        return Finding("premium_rate", Answer.FAIL, clause, "split_differs", figures)
    return Finding("premium_rate", Answer.PASS, clause, "agrees", figures)


def _part(terms: Terms, key: str, month: date, wage_base: Decimal) -> Decimal | None:
    return to_fen(wage_base * terms.number_of(key, month)) if terms.states(key, month) else None
