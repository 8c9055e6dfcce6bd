"""备付期限: how long the fund lasts, and whether a programme may open."""

from collections.abc import Mapping
from decimal import Decimal

from policy.notice import Terms
from policy.verdict import Finding


def reserve_months(balance: Decimal | None, spending: Mapping[int, Decimal | None]) -> Decimal | None:
    """Months that the balance covers: rolling balance at last year's end / (last year's spending / 12).

    `spending` by month 1 to 12, yuan; None if the balance or any month is unknown, or nothing was spent.
    """
    raise NotImplementedError


def gate(terms: Terms, balance: Decimal | None, spending: Mapping[int, Decimal | None]) -> Finding:
    """PASS opens: the reserve reaches the limit of the notice. Unknown is shut. Source: 人社部发〔2024〕40号 二."""
    raise NotImplementedError
