"""What changes claims, one file a noun: one verb, one transaction, keyword-only `by` and `at`."""

from subsidies.skills.actions.births import open_claims
from subsidies.skills.actions.decisions import ClaimRefused, Decided, decide_all
from subsidies.skills.actions.reviews import Reviewed, answer_post, approve, approve_all, reject

__all__ = [
    "ClaimRefused",
    "Decided",
    "Reviewed",
    "answer_post",
    "approve",
    "approve_all",
    "decide_all",
    "open_claims",
    "reject",
]
