"""What is asked of publicity and payment, one file a noun."""

from subsidies.payout.queries.awards import (
    account_known,
    accounts_missing,
    accounts_to_accept,
    checked,
    events_of,
    held,
    left_out,
    open_differences,
    payable,
    programmes_to_look_up,
    publishable,
    to_look_up,
)
from subsidies.payout.queries.batches import bank_lines, sha256_companion, unmatched_lines
from subsidies.payout.queries.programmes import NoTerms, barring_flags, edition_on, legal_basis, publisher_of, terms_in_force
from subsidies.payout.queries.reconciliation import Difference, Step, reconciliation
from subsidies.payout.queries.rounds import (
    COLUMNS,
    canonical_text,
    lines_from,
    lines_named,
    list_rows,
    public_lines,
    public_rounds,
)

__all__ = [
    "COLUMNS",
    "Difference",
    "NoTerms",
    "Step",
    "account_known",
    "accounts_missing",
    "accounts_to_accept",
    "bank_lines",
    "barring_flags",
    "canonical_text",
    "checked",
    "edition_on",
    "events_of",
    "held",
    "left_out",
    "legal_basis",
    "lines_from",
    "lines_named",
    "list_rows",
    "open_differences",
    "payable",
    "programmes_to_look_up",
    "public_lines",
    "public_rounds",
    "publishable",
    "publisher_of",
    "reconciliation",
    "sha256_companion",
    "terms_in_force",
    "to_look_up",
    "unmatched_lines",
]
