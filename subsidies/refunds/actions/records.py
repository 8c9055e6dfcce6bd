"""答复登记: what an enterprise answered by telephone or on paper, in the clerk's name."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from agency.actions.attachments import attach
from agency.models import Attachment, User
from subsidies.refunds.actions.answers import AlreadyAnswered, Through, confirm, decline, first_answer
from subsidies.refunds.actions.refusals import RefundRefused
from subsidies.refunds.models import AnswerRecord, Application, State

RECORDED = frozenset({Through.CALL, Through.PAPER})


def record_answer(
    application: Application,
    answer: str,
    *,
    through: str,
    said_by: str,
    said_at: datetime,
    note: str = "",
    proofs: Sequence[tuple[str, BinaryIO]] = (),
    by: User,
    at: datetime,
) -> AnswerRecord:
    """Book an answer (State.CONFIRMED or DECLINED) that came by telephone or on paper; paper needs its scan. The case moves
    as if the enterprise had answered. Raises RefundRefused, MoveRefused, AlreadyAnswered, AttachmentRefused."""
    _check(application, through, said_by, said_at, proofs, at)
    if application.answered_at is not None and application.answered_at >= said_at:
        raise AlreadyAnswered(f"此件在该答复之后另有答复：{first_answer(application)}，以其为准，本次没有登记。")
    with transaction.atomic():
        made = AnswerRecord.objects.create(
            application=application, answer=answer, through=through, said_by=said_by.strip(), said_at=said_at,
            note=note.strip(), recorded_by=by, recorded_at=at,
        )  # fmt: skip
        if answer == State.CONFIRMED:
            confirm(application, by=by, at=at, through=through)
        elif answer == State.DECLINED:
            decline(application, "", by=by, at=at, through=through)
        else:
            raise RefundRefused("答复只能登记为确认或放弃。")
        attach(Application.CASE, application.pk, Attachment.About.ANSWER, proofs, application.region_id, by=by, at=at)
    return made


def _check(
    application: Application, through: str, said_by: str, said_at: datetime, proofs: Sequence[object], at: datetime
) -> None:
    if through not in RECORDED:
        raise RefundRefused("这里只登记电话和书面答复；其他途径的答复由系统记录。")
    if not said_by.strip():
        raise RefundRefused("请写明答复人的姓名和职务。")
    if said_at > at:
        raise RefundRefused("答复时间不能晚于现在，请更正。")
    if application.offered_at is None or said_at < application.offered_at:
        raise RefundRefused("答复时间早于确认通知发出的时间，请核对。")
    if through == Through.PAPER and not proofs:
        raise RefundRefused("书面答复须上传扫描件或照片。")
