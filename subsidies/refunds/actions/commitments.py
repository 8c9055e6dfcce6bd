"""划型书面承诺: the enterprise commits itself to a size, is assessed and paid by it, and a person verifies it afterwards."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.db import transaction
from django.utils.timezone import localdate

from agency.actions.attachments import attach
from agency.actions.holds import NewHold
from agency.actions.messages import queue_messages
from agency.models import Attachment, CaseKind, Event, Hold, Role, User
from agency.moves import check_mover, move, record
from policy.keys import SIZE_CLASSES
from policy.verdict import Outcome
from subsidies.payout.actions import note_difference
from subsidies.payout.models import Award
from subsidies.refunds.actions.anew import decide, locked
from subsidies.refunds.actions.changes import hold_changes
from subsidies.refunds.actions.decisions import write_sizes
from subsidies.refunds.actions.offers import phone_of, with_contacts
from subsidies.refunds.actions.refusals import RefundRefused, check_acts_for, edition_on
from subsidies.refunds.actions.screenings import SCREENED, STATE_OF
from subsidies.refunds.models import Application, Commitment, State
from subsidies.refunds.queries.assessments import Assessed, assess_all, case_of, change, holding_case, in_force
from subsidies.refunds.queries.commitments import OVER, why_not_commit

ENTERERS = frozenset({Role.PREPARER, Role.REVIEWER})
VERIFIERS = frozenset({Role.REVIEWER})
_REVIEWED = frozenset({State.REVIEWED, State.APPROVED})


def commit_size(
    application: Application, size: str, files: Sequence[tuple[str, BinaryIO]], *, by: User, at: datetime
) -> Commitment:
    """The enterprise commits itself in writing, signed and stamped, to a size (大型, 中型, 小型, 微型), and is assessed by it at
    once; of what is paid already the difference is noted. A clerk may enter it from a paper.

    Raises RefundRefused, AttachmentRefused, MoveRefused."""
    check_acts_for(application.enterprise_id, by)
    if by.kind == User.Kind.STAFF:
        check_mover(application, ENTERERS, by, at)
    if size not in SIZE_CLASSES:
        raise RefundRefused("请选择所承诺的划型。")
    if not files:
        raise RefundRefused("请上传签字盖章的承诺书。")
    with transaction.atomic():
        application = locked(application.pk)
        if why_not := why_not_commit(application, localdate(at)):
            raise RefundRefused(why_not)
        made = Commitment.objects.create(application=application, size=size, given_by=by, given_at=at)
        record(
            Event.Kind.WRITE, case=Application.CASE, case_id=application.pk, by=by, at=at, region_id=application.region_id,
            why=f"书面承诺划型为{size}", detail={"commitment": made.pk},
        )  # fmt: skip
        attach(Application.CASE, application.pk, Attachment.About.SIZE, files, application.region_id, by=by, at=at)
        _assess_again(application, f"单位书面承诺划型为{size}", by=by, at=at)
    return made


def hold_true(commitment: Commitment, finding: str, *, by: User, at: datetime) -> None:
    """Verified by another person than who entered it: the size is as committed to. Raises RefundRefused, MoveRefused."""
    _verify(commitment, True, finding, by=by, at=at)


def find_false(commitment: Commitment, finding: str, *, by: User, at: datetime) -> None:
    """Verified: the size is not as committed to. It counts no more: the case is assessed without it, of what is paid the
    difference is noted. Raises RefundRefused, MoveRefused."""
    with transaction.atomic():
        _verify(commitment, False, finding, by=by, at=at)
        _assess_again(locked(commitment.application_id), f"划型承诺经核实不属实：{finding.strip()}"[:300], by=by, at=at)


def _verify(commitment: Commitment, holds: bool, finding: str, *, by: User, at: datetime) -> None:
    if not finding.strip():
        raise RefundRefused("请写明如何核实、核实到什么，单位会看到。")
    with transaction.atomic():
        application = locked(commitment.application_id)
        check_mover(application, VERIFIERS, by, at)
        if by.pk == commitment.given_by_id:
            raise RefundRefused("登记承诺的人不能核实，请由另一人核实。")
        found = {"holds": holds, "finding": finding.strip()[:500], "verified_by": by, "verified_at": at}
        if not Commitment.objects.filter(pk=commitment.pk, holds__isnull=True).update(**found):
            raise RefundRefused("该承诺已由他人核实，请刷新页面。")
        record(
            Event.Kind.DECISION, case=Application.CASE, case_id=application.pk, by=by, at=at, region_id=application.region_id,
            why=f"划型承诺核实{'属实' if holds else '不属实'}：{finding.strip()}"[:500], detail={"commitment": commitment.pk},
        )  # fmt: skip
        _tell(application, holds, at=at)
    commitment.refresh_from_db()


def _assess_again(application: Application, why: str, *, by: User, at: datetime) -> None:
    """Write the new size and what follows: before the first review the decision itself; after it the case is held for a person
    (`review_anew`); once paid, the decision and the difference, or a hold where there is nothing to pay it by any more. A case
    that is over stays as it was."""
    today = localdate(at)
    edition = edition_on(application.programme, today)
    new = assess_all(edition, application.year, [case_of(application, today)], today)[application.enterprise_id]
    write_sizes({application.enterprise_id: new}, edition, application.year, by=None, at=at)
    award, amount = application.award, new.verdict.amount if new.verdict.outcome == Outcome.ELIGIBLE else None
    if application.state in OVER or (award is not None and award.state in Award.FALLEN):
        return
    is_paid = award is not None and award.state == Award.State.PAID
    if application.state in _REVIEWED and not (is_paid and amount):
        _hold_changed(application, new, at=at)
        return
    decide(application, new, why, by=by, at=at)
    if award is not None and amount:
        note_difference(award, amount, why, by=by, at=at)
    to = STATE_OF[new.verdict.outcome]
    if application.state in SCREENED and to != application.state:
        application.refresh_from_db()
        move(application, to, by=None, at=at, why=why)


def _hold_changed(application: Application, new: Assessed, *, at: datetime) -> None:
    was, award = in_force(application.decision), application.award
    if was is not None and (reason := change(was, new.verdict)):
        case_kind, case_id = holding_case(application.pk, award and award.pk, award and award.state)
        hold_changes([NewHold(case_kind, case_id, Hold.Kind.FACTS_CHANGED, reason, application.region_id)], at=at)


def _tell(application: Application, holds: bool, *, at: datetime) -> None:
    """A message of what was verified, where a phone is on record."""
    contact = with_contacts([application.pk]).select_related("programme").get()
    if phone := phone_of(contact):
        told = {"name": contact.enterprise.name, "title": contact.programme.title, "outcome": "属实" if holds else "不属实"}
        row = (CaseKind.REFUND, application.pk, application.region_id, phone, told)
        queue_messages("size_verified", [row], at=at, programme=contact.programme)
