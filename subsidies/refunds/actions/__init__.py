"""What changes refunds, one file a noun: one verb, one transaction, keyword-only `by` and `at`."""

from subsidies.refunds.actions.anew import review_anew
from subsidies.refunds.actions.answers import AlreadyAnswered, apply, apply_for, confirm, decline, first_answer, withdraw
from subsidies.refunds.actions.appeals import (
    ask_for_evidence,
    dismiss_appeal,
    file_appeal,
    hand_in_evidence,
    refuse_appeal,
    uphold_appeal,
)
from subsidies.refunds.actions.approvals import approve, approve_all
from subsidies.refunds.actions.bulk import BULK_DEEDS, hold_all
from subsidies.refunds.actions.calls import CALLERS, book_calls, write_call_list
from subsidies.refunds.actions.commitments import ENTERERS, VERIFIERS, commit_size, find_false, hold_true
from subsidies.refunds.actions.completions import extend_completion, return_for_completion, tell_completions
from subsidies.refunds.actions.corrections import NEED_PROOF, ask_correction, settle_correction
from subsidies.refunds.actions.drafts import keep_draft
from subsidies.refunds.actions.exports import EXPORTERS, make_export, request_export
from subsidies.refunds.actions.hosts import declare_hosts, drop_hosts, take_hosts, upload_hosts
from subsidies.refunds.actions.letters import take_letter
from subsidies.refunds.actions.offers import Offered, guide_dispatch, offer, offer_all
from subsidies.refunds.actions.proxies import confirm_for, confirm_for_all
from subsidies.refunds.actions.records import record_answer
from subsidies.refunds.actions.refusals import RefundRefused
from subsidies.refunds.actions.reminders import remind
from subsidies.refunds.actions.replies import take_replies
from subsidies.refunds.actions.reviews import Reviewed, reject, review, review_all
from subsidies.refunds.actions.screenings import cut, screen, screen_new_sizes, start_screening
from subsidies.refunds.actions.sharing import assign, share_out, take_back
from subsidies.refunds.actions.talk import NOTERS, WRITERS, read_remarks, write_note, write_remark
from subsidies.refunds.actions.turns import Turned, day_turns, tell_paid, tell_struck, tell_turned
from subsidies.refunds.actions.what_ifs import TRIERS, start_what_if, try_out

__all__ = [
    "BULK_DEEDS",
    "CALLERS",
    "ENTERERS",
    "EXPORTERS",
    "NEED_PROOF",
    "NOTERS",
    "TRIERS",
    "VERIFIERS",
    "WRITERS",
    "AlreadyAnswered",
    "Offered",
    "RefundRefused",
    "Reviewed",
    "Turned",
    "apply",
    "apply_for",
    "approve",
    "approve_all",
    "ask_correction",
    "ask_for_evidence",
    "assign",
    "book_calls",
    "commit_size",
    "confirm",
    "confirm_for",
    "confirm_for_all",
    "cut",
    "day_turns",
    "declare_hosts",
    "decline",
    "dismiss_appeal",
    "drop_hosts",
    "extend_completion",
    "file_appeal",
    "find_false",
    "first_answer",
    "guide_dispatch",
    "hand_in_evidence",
    "hold_all",
    "hold_true",
    "keep_draft",
    "make_export",
    "offer",
    "offer_all",
    "read_remarks",
    "record_answer",
    "refuse_appeal",
    "reject",
    "remind",
    "request_export",
    "return_for_completion",
    "review",
    "review_all",
    "review_anew",
    "screen",
    "screen_new_sizes",
    "settle_correction",
    "share_out",
    "start_screening",
    "start_what_if",
    "take_back",
    "take_hosts",
    "take_letter",
    "take_replies",
    "tell_completions",
    "tell_paid",
    "tell_struck",
    "tell_turned",
    "try_out",
    "uphold_appeal",
    "upload_hosts",
    "withdraw",
    "write_call_list",
    "write_note",
    "write_remark",
]
