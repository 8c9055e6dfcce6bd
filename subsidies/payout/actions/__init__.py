"""What changes awards, publicity and payments, one file a noun."""

from subsidies.payout.actions.awards import AwardRefused, accept_account, create_awards, forfeit, mend_account, strike
from subsidies.payout.actions.batches import (
    BatchRefused,
    cancel_batch,
    check_batch,
    drop_payment,
    drop_stopped,
    make_batch,
    read_bank_file,
    release_batch,
    send_back,
    submit_batch,
)
from subsidies.payout.actions.differences import DifferenceRefused, note_difference, settle_difference
from subsidies.payout.actions.objections import (
    ObjectionRefused,
    dismiss,
    file_objection,
    forget_attempts,
    look_up_answer,
    object_over_web,
    read_objector,
    state_ones_case,
    uphold,
)
from subsidies.payout.actions.papers import AccountBroken
from subsidies.payout.actions.results import Booked, ResultsRefused, book_results
from subsidies.payout.actions.rounds import (
    RoundRefused,
    cancel_round,
    close_rounds,
    keep_files,
    prepare_round,
    publish_round,
)

__all__ = [
    "AccountBroken",
    "AwardRefused",
    "BatchRefused",
    "Booked",
    "DifferenceRefused",
    "ObjectionRefused",
    "ResultsRefused",
    "RoundRefused",
    "accept_account",
    "book_results",
    "cancel_batch",
    "cancel_round",
    "check_batch",
    "close_rounds",
    "create_awards",
    "dismiss",
    "drop_payment",
    "drop_stopped",
    "file_objection",
    "forfeit",
    "forget_attempts",
    "keep_files",
    "look_up_answer",
    "make_batch",
    "mend_account",
    "note_difference",
    "object_over_web",
    "prepare_round",
    "publish_round",
    "read_bank_file",
    "read_objector",
    "release_batch",
    "send_back",
    "settle_difference",
    "state_ones_case",
    "strike",
    "submit_batch",
    "uphold",
]
