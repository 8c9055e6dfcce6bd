"""阶段性降费率: what a month's premium should have been."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from policy.notice import Terms
from policy.verdict import Finding


@dataclass(frozen=True, slots=True)
class Premium:
    """Expected premium of one month, yuan to the fen. The parts are None where the notice prints no split."""

    total: Decimal
    employer: Decimal | None
    employee: Decimal | None


def expected_premium(terms: Terms, month: date, wage_base: Decimal) -> Premium | None:
    """Wage base x rate in force in that month; None where the notice has no rate for it."""
    raise NotImplementedError


def check_premium(
    terms: Terms,
    month: date,
    wage_base: Decimal | None,
    employer: Decimal | None,
    employee: Decimal | None,
    headcount: int,
) -> Finding:
    """Whether what was due for a month agrees with base x rate: PASS, FAIL (a warning, no correction) or UNKNOWN.

    Each person's premium is rounded to the fen, so a difference of up to half a fen a person and part agrees.
    """
    raise NotImplementedError
