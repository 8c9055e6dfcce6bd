"""The one pipeline that every spreadsheet kind declares itself to:

read in a limited child -> seal -> COPY to a staging table -> checks in SQL -> report -> confirm -> one set-based upsert.

A kind is a `SheetResource`, declared in the `resources` of its app; `kind_of` finds it by its word.
Nothing here asks or saves row by row: what the rows are is said once, and PostgreSQL does the rest."""

from agency.intake.basis import basis, forget_writes, stands
from agency.intake.changes import ChangedCell, ChangedRow, ChangesPage, changed_rows, keep_changes
from agency.intake.declare import (
    SHOWN,
    WITHIN,
    Cell,
    Check,
    Reference,
    SheetResource,
    UnknownKind,
    declare,
    kind_of,
    kinds,
)
from agency.intake.landing import hold, land
from agency.intake.report import Issue, Report, digest_now, issues, report
from agency.intake.staging import Staging, drop_staging, fill, is_staged, staged_imports, staging_of
from agency.intake.stored import stored_row

__all__ = [
    "SHOWN",
    "WITHIN",
    "Cell",
    "ChangedCell",
    "ChangedRow",
    "ChangesPage",
    "Check",
    "Issue",
    "Reference",
    "Report",
    "SheetResource",
    "Staging",
    "UnknownKind",
    "basis",
    "changed_rows",
    "declare",
    "digest_now",
    "drop_staging",
    "fill",
    "forget_writes",
    "hold",
    "is_staged",
    "issues",
    "keep_changes",
    "kind_of",
    "kinds",
    "land",
    "report",
    "staged_imports",
    "staging_of",
    "stands",
    "stored_row",
]
