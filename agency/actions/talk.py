"""往来消息与备注: write to the other side, mark as read, note for staff. Whether `by` may is the caller's question."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.db import transaction
from django.utils.timezone import localdate

from agency.actions.attachments import attach
from agency.models import Attachment, Event, Note, Remark, User
from agency.moves import record

LONGEST = 1_000  # characters of one message or note
A_DAY = 50  # messages of one side in one case


class TalkRefused(Exception):
    """This cannot be written; says in Chinese why and what to do."""


def write_remark(
    case_kind: str, case_id: int, text: str, region_id: str | None, *, by: User, at: datetime,
    files: Sequence[tuple[str, BinaryIO]] = (),
) -> Remark:  # fmt: skip
    """Write to the other side of a case, with proofs beside it. What the writer has got so far counts as read. Raises
    TalkRefused, AttachmentRefused."""
    text, from_staff = _checked(text), by.kind == User.Kind.STAFF
    thread = Remark.objects.filter(case_kind=case_kind, case_id=case_id, from_staff=from_staff)
    if thread.filter(at__date=localdate(at)).count() >= A_DAY:
        raise TalkRefused(f"一件事项每天最多发送 {A_DAY} 条消息；请明天再发，或致电联系。")
    with transaction.atomic():
        kept = attach(case_kind, case_id, Attachment.About.LETTER, files, region_id, by=by, at=at)
        mark_read(case_kind, case_id, region_id, by=by, at=at)
        remark = Remark.objects.create(
            case_kind=case_kind, case_id=case_id, region_id=region_id, by=by, from_staff=from_staff, text=text, at=at
        )
        remark.attachments.set(kept)
        whom = "单位" if from_staff else "经办机构"
        record(
            Event.Kind.WRITE, case=case_kind, case_id=case_id, by=by, at=at, region_id=region_id, why=f"发送往来消息给{whom}",
            detail={"remark": remark.pk},
        )  # fmt: skip
    return remark


def mark_read(case_kind: str, case_id: int, region_id: str | None, *, by: User, at: datetime) -> int:
    """Mark what the other side wrote as read. Returns how many were not; reading them is an Event."""
    other = by.kind != User.Kind.STAFF
    unread = Remark.objects.filter(case_kind=case_kind, case_id=case_id, from_staff=other, read_at__isnull=True)
    with transaction.atomic():
        count = unread.update(read_at=at, read_by=by)
        if count:
            record(
                Event.Kind.READ, case=case_kind, case_id=case_id, by=by, at=at, region_id=region_id, why="阅读往来消息",
                detail={"remarks": count},
            )  # fmt: skip
    return count


def write_note(case_kind: str, case_id: int, text: str, region_id: str | None, *, by: User, at: datetime) -> Note:
    """Note something about a case for staff alone. Raises TalkRefused."""
    text = _checked(text)
    with transaction.atomic():
        note = Note.objects.create(case_kind=case_kind, case_id=case_id, region_id=region_id, by=by, text=text, at=at)
        record(
            Event.Kind.WRITE, case=case_kind, case_id=case_id, by=by, at=at, region_id=region_id, why="记工作备注",
            detail={"note": note.pk},
        )  # fmt: skip
    return note


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise TalkRefused("请填写内容。")
    if len(text) > LONGEST:
        raise TalkRefused(f"内容有 {len(text)} 个字，最多 {LONGEST} 个字；请分开写，或把材料作为附件上传。")
    return text
