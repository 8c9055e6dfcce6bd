"""稳岗返还: who is eligible, for how much, and to which account it goes."""

from dataclasses import dataclass
from decimal import Decimal

from policy.facts import RefundFacts
from policy.notice import Terms
from policy.verdict import Finding, Outcome


@dataclass(frozen=True, slots=True)
class RefundVerdict:
    """The answer to one enterprise.

    `failed` and `unknown` are rule codes in the order asked. `layoff_rate` is a fraction of six decimals, None
    where it cannot be known; `base`, `amount` yuan; `rate` 0.3 or 0.6, None while size is unknown; `amount` only
    where eligible (0.00 for a base of 0: no award). `payee`: corporate, tax, held, with the reason's code in
    `payee_because`. `findings`: one a rule asked, in order.
    """

    outcome: Outcome
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    size: str | None
    size_class: str | None
    size_basis: str | None
    layoff_rate: Decimal | None
    layoff_method: str
    base: Decimal | None
    rate: Decimal | None
    amount: Decimal | None
    payee: str
    payee_because: str
    findings: tuple[Finding, ...]


def assess_refund(terms: Terms, facts: RefundFacts) -> RefundVerdict:
    """Every rule that the notice asks, the size, the base and the amount."""
    raise NotImplementedError
