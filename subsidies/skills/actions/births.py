"""事项的生成: a submission that landed becomes a case."""

from datetime import datetime
from typing import Any

from django.db import connection

from agency.models import User
from agency.moves import next_ids, open_rows
from subsidies.skills.models import Claim, State

CHUNK = 10_000
COLUMNS = (
    "id", "state", "submission_id", "person_index", "region_id", "occupation", "grade", "failed", "unknown", "flags", "reason",
)  # fmt: skip


def open_claims(staging: Any, *, by: User, at: datetime) -> None:
    """Open a case for each submission of the import that has none, in the order of its rows."""
    while rows := _without_claim(staging.imp.pk):
        ids = next_ids(Claim, len(rows))
        values = [(pk, State.SUBMITTED, *row, "", "", [], [], [], "") for pk, row in zip(ids, rows, strict=True)]
        open_rows(Claim, COLUMNS, values, by=by, at=at, why=f"第 {staging.imp.pk} 号导入")


def _without_claim(import_id: int) -> list[tuple[int, str, str]]:
    """(submission, person's index, region) of the next submissions without a claim."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT submission.id, submission.id_number_index, submission.region_id FROM skills_submission submission
            WHERE submission.source_id = %s AND NOT submission.voided
                AND NOT EXISTS (SELECT FROM skills_claim claim WHERE claim.submission_id = submission.id)
            ORDER BY submission.source_row, submission.id LIMIT %s
            """,
            [import_id, CHUNK],
        )
        return list(cursor.fetchall())
