"""往来消息与备注 of a refund case: who may write to whom."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from agency.actions import talk
from agency.models import Note, Remark, Role, User
from agency.moves import check_mover
from subsidies.refunds.actions.refusals import check_acts_for
from subsidies.refunds.models import Application

WRITERS = frozenset({Role.PREPARER, Role.REVIEWER})
NOTERS = frozenset({Role.PREPARER, Role.REVIEWER, Role.FINANCE})


def write_remark(
    application: Application, text: str, *, by: User, at: datetime, files: Sequence[tuple[str, BinaryIO]] = ()
) -> Remark:
    """Write to the other side. Raises RefundRefused (not one's own case), MoveRefused (no such post), TalkRefused,
    AttachmentRefused."""
    _check(application, WRITERS, by, at)
    return talk.write_remark(application.CASE, application.pk, text, application.region_id, by=by, at=at, files=files)


def read_remarks(application: Application, *, by: User, at: datetime) -> int:
    """Mark what the other side wrote as read. Raises as `write_remark`."""
    _check(application, WRITERS, by, at)
    return talk.mark_read(application.CASE, application.pk, application.region_id, by=by, at=at)


def write_note(application: Application, text: str, *, by: User, at: datetime) -> Note:
    """Note something for staff alone. Raises MoveRefused, TalkRefused."""
    check_mover(application, NOTERS, by, at)
    return talk.write_note(application.CASE, application.pk, text, application.region_id, by=by, at=at)


def _check(application: Application, roles: frozenset[str], by: User, at: datetime) -> None:
    check_acts_for(application.enterprise_id, by)
    if by.kind == User.Kind.STAFF:
        check_mover(application, roles, by, at)
