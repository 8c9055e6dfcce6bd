"""稳岗返还: one application an enterprise and year, what was decided of it, what beside it waits for a person."""

from subsidies.refunds.models.cases import (
    Allocation,
    AnswerRecord,
    Application,
    CallOutcome,
    Completion,
    Correction,
    Decision,
    Draft,
    Host,
    ListExport,
    Reminder,
    ScreeningRun,
    State,
    WhatIf,
)
from subsidies.refunds.models.commitments import Commitment

__all__ = [
    "Allocation",
    "AnswerRecord",
    "Application",
    "CallOutcome",
    "Commitment",
    "Completion",
    "Correction",
    "Decision",
    "Draft",
    "Host",
    "ListExport",
    "Reminder",
    "ScreeningRun",
    "State",
    "WhatIf",
]
