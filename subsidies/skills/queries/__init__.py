"""What is asked of the claims' rows, one file a noun."""

from subsidies.skills.queries.assessments import Assessed, assess_all, findings_of, in_words, verdict_of
from subsidies.skills.queries.cases import claims_of, waiting
from subsidies.skills.queries.facts import LOOKUP_WORDS, rows_of
from subsidies.skills.queries.reconciliation import reconciliation

__all__ = [
    "LOOKUP_WORDS",
    "Assessed",
    "assess_all",
    "claims_of",
    "findings_of",
    "in_words",
    "reconciliation",
    "rows_of",
    "verdict_of",
    "waiting",
]
