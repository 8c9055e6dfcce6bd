"""公示、异议、拨付: an award from its approval to the bank's answer, one table for every subsidy."""

from subsidies.payout.models.awards import Award, Difference
from subsidies.payout.models.payments import BankLine, Payment, PaymentBatch
from subsidies.payout.models.publicity import SUBSIDIES, Attempt, Objection, PublicityRound, PublishedLine, Statement

__all__ = [
    "SUBSIDIES",
    "Attempt",
    "Award",
    "BankLine",
    "Difference",
    "Objection",
    "Payment",
    "PaymentBatch",
    "PublicityRound",
    "PublishedLine",
    "Statement",
]
