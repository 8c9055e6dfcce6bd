"""What is asked of the refunds' rows, one file a noun."""

from subsidies.refunds.queries.appeals import Grounds, grounds
from subsidies.refunds.queries.assessments import Assessed, assess_all, case_of, change
from subsidies.refunds.queries.cases import Standing, findings_of, standing, timeline, verdict_of
from subsidies.refunds.queries.commitments import size_law, why_not_commit
from subsidies.refunds.queries.credit import reviewed_to_look_up, screened_to_look_up
from subsidies.refunds.queries.drafts import hosts_declared, last_year, open_completion, open_draft, overdue_completions
from subsidies.refunds.queries.facts import Case, facts_of
from subsidies.refunds.queries.hosts import SplitShown, split_of, split_on
from subsidies.refunds.queries.letters import commitment_letter
from subsidies.refunds.queries.lists import SCREENING_COLUMNS, listed, screening_rows
from subsidies.refunds.queries.offers import OBSTACLES, eligible
from subsidies.refunds.queries.reminders import calls_of, to_call, unconfirmed_names, unconfirmed_programmes
from subsidies.refunds.queries.talk import notes_of, remarks_of, unread_by, waiting_remarks, with_unread
from subsidies.refunds.queries.worklists import not_offered, omitted, worklist

__all__ = [
    "OBSTACLES",
    "SCREENING_COLUMNS",
    "Assessed",
    "Case",
    "Grounds",
    "SplitShown",
    "Standing",
    "assess_all",
    "calls_of",
    "case_of",
    "change",
    "commitment_letter",
    "eligible",
    "facts_of",
    "findings_of",
    "grounds",
    "hosts_declared",
    "last_year",
    "listed",
    "not_offered",
    "notes_of",
    "omitted",
    "open_completion",
    "open_draft",
    "overdue_completions",
    "remarks_of",
    "reviewed_to_look_up",
    "screened_to_look_up",
    "screening_rows",
    "size_law",
    "split_of",
    "split_on",
    "standing",
    "timeline",
    "to_call",
    "unconfirmed_names",
    "unconfirmed_programmes",
    "unread_by",
    "verdict_of",
    "waiting_remarks",
    "why_not_commit",
    "with_unread",
    "worklist",
]
