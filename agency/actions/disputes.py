"""信用异议: an enterprise disputes the listing that holds its case, with evidence; a second person answers."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.db import transaction
from django.utils.timezone import localdate

from agency.actions.attachments import attach
from agency.actions.holds import lift_holds
from agency.models import Attachment, CreditCheck, Dispute, Hold, User
from agency.moves import move, open_all


class DisputeRefused(Exception):
    """This dispute cannot be filed or answered; says in Chinese why."""


def file_dispute(hold: Hold, text: str, proofs: Sequence[tuple[str, BinaryIO]], *, by: User, at: datetime) -> Dispute:
    """An enterprise says that the listing behind an open hold is not so, and shows why. Whether the case is its own is the
    window's question. Raises DisputeRefused, AttachmentRefused."""
    if not text.strip() or not proofs:
        raise DisputeRefused("请写明情况，并上传证明（如信用修复决定、移出名单的通知、信用中国查询截图）。")
    with transaction.atomic():
        held = Hold.objects.select_for_update(of=("self",)).select_related("check_row").get(pk=hold.pk)
        if held.lifted_at is not None or held.kind != Hold.Kind.CREDIT:
            raise DisputeRefused("这条信用记录已不再影响办理，不必提出异议；请刷新页面后再看。")
        if Dispute.objects.filter(hold=held, state=Dispute.State.FILED).exists():
            raise DisputeRefused("您已就这条信用记录提出异议，正在核实，请等待答复。")
        attach(held.case_kind, held.case_id, Attachment.About.CREDIT, proofs, held.region_id, by=by, at=at)
        flags = held.check_row.flags if held.check_row else []
        dispute = Dispute(
            hold=held, case_kind=held.case_kind, case_id=held.case_id, region_id=held.region_id, flags=flags,
            text=text.strip()[:1000], filed_by=by, filed_at=at,
        )  # fmt: skip
        return open_all([dispute], by=by, at=at, why="对信用名单提出异议")[0]


def uphold_dispute(dispute: Dispute, answer: str, *, by: User, at: datetime) -> None:
    """The enterprise is right: the hold is lifted, what was found is archived as a look-up of the day, and the same listing
    stops this case no more. Raises DisputeRefused, MoveRefused."""
    with transaction.atomic():
        _answer(dispute, Dispute.State.UPHELD, answer, by=by, at=at)
        was = dispute.hold.check_row
        if was is not None:
            _archive(was, dispute, by=by, at=at)
        kinds = [Hold.Kind.CREDIT, Hold.Kind.CREDIT_UNANSWERED]
        lift_holds(dispute.case_kind, [dispute.case_id], kinds, f"异议属实：{answer}"[:300], by=by, at=at)


def dismiss_dispute(dispute: Dispute, answer: str, *, by: User, at: datetime) -> None:
    """The listing stands, and so does the hold. Raises DisputeRefused, MoveRefused."""
    _answer(dispute, Dispute.State.DISMISSED, answer, by=by, at=at)


def _answer(dispute: Dispute, to: str, answer: str, *, by: User, at: datetime) -> None:
    answer = answer.strip()
    if not answer:
        raise DisputeRefused("请写明核实的依据和结论，单位会看到。")
    hold = dispute.hold
    found_by = {hold.opened_by_id, hold.check_row and hold.check_row.by_id} - {None}
    if by.pk in found_by:
        raise DisputeRefused("这条信用记录是您自己登记的，请由另一人核实答复。")
    move(dispute, to, by=by, at=at, why=answer[:500], answer=answer[:500], answered_by=by, answered_at=at)


def _archive(was: CreditCheck, dispute: Dispute, *, by: User, at: datetime) -> None:
    """What the second person found, beside the answer that was disputed, for the moment at which the case stands."""
    raw = json.dumps({"dispute": dispute.pk, "basis": dispute.answer}, ensure_ascii=False)
    CreditCheck.objects.create(
        case_kind=was.case_kind, case_id=was.case_id, uscc=was.uscc, region_id=was.region_id, moment=was.moment,
        on=localdate(at), outcome=CreditCheck.Outcome.CLEAR, flags=[], source="人工核实异议", answered_at=at, raw=raw,
        raw_sha256=hashlib.sha256(raw.encode()).hexdigest(), by=by,
    )  # fmt: skip
