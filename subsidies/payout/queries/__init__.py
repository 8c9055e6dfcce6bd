"""What is asked of publicity and payment, one file a noun."""

from subsidies.payout.queries.awards import ACCOUNT_KNOWN, checked, events_of, held, left_out, payable, publishable, to_look_up
from subsidies.payout.queries.batches import bank_lines, sha256_companion, unmatched_lines
from subsidies.payout.queries.programmes import NoTerms, barring_flags, legal_basis, publisher_of, terms_in_force
from subsidies.payout.queries.rounds import COLUMNS, canonical_text, list_rows, public_lines, public_rounds

__all__ = [
    "ACCOUNT_KNOWN",
    "COLUMNS",
    "NoTerms",
    "bank_lines",
    "barring_flags",
    "canonical_text",
    "checked",
    "events_of",
    "held",
    "left_out",
    "legal_basis",
    "list_rows",
    "payable",
    "public_lines",
    "public_rounds",
    "publishable",
    "publisher_of",
    "sha256_companion",
    "terms_in_force",
    "to_look_up",
    "unmatched_lines",
]
