"""申诉: against the size, the refusal, the amount or an upheld objection of a refund. Upheld, the case is assessed again with
the corrected facts and goes through review anew; what was paid is not paid twice."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.timezone import localdate

from agency.actions.appeals import AppealRefused, ask_evidence, end_appeal, give_evidence, hold_reason, open_appeal
from agency.actions.attachments import AttachmentRefused, attach
from agency.actions.holds import open_hold
from agency.actions.messages import queue_messages
from agency.models import Appeal, Attachment, CaseKind, Hold, Role, User
from agency.moves import check_mover
from agency.queries import calendar
from policy.verdict import Outcome
from policy.workdays import UnknownYear
from subsidies.payout.actions import note_difference
from subsidies.payout.models import Award
from subsidies.payout.queries import terms_in_force
from subsidies.refunds.actions.anew import decide, go_again, locked
from subsidies.refunds.actions.answers import OWN
from subsidies.refunds.actions.offers import phone_of, with_contacts
from subsidies.refunds.actions.refusals import check_acts_for, edition_on
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries.appeals import grounds
from subsidies.refunds.queries.assessments import Assessed, assess_all, holding_case
from subsidies.refunds.queries.commitments import size_law
from subsidies.refunds.queries.facts import Case

About = Appeal.About
SENTENCE = {Appeal.State.UPHELD: "成立", Appeal.State.DISMISSED: "不成立", Appeal.State.REFUSED: "不予受理"}
_OF_MONEY = frozenset({About.SIZE, About.AMOUNT})


def file_appeal(
    application: Application, about: str, text: str, files: Sequence[tuple[str, BinaryIO]] = (), *, by: User, at: datetime
) -> Appeal:
    """The enterprise disputes what was decided; where money is still to go out it waits. A clerk may enter it from a letter.

    Raises AppealRefused, AttachmentRefused, MoveRefused."""
    check_acts_for(application.enterprise_id, by)
    if by.kind == User.Kind.STAFF:
        check_mover(application, {Role.PREPARER, Role.REVIEWER}, by, at)
    today = localdate(at)
    with transaction.atomic():
        application = locked(application.pk)
        found = grounds(application, today)
        if about not in found.about:
            raise AppealRefused(found.why_not or "现在的状态不能就此申诉，请刷新页面后再看。")
        if about == About.SIZE and not files and size_law(application, today) == "evidence":
            raise AttachmentRefused("对划型提起变更申请，须附从业人员、营业收入或资产总额的印证材料。")
        days = terms_in_force(application.programme, today).count_of("appeal_answer_days")
        try:
            answer_by = calendar().nth_after(today, days)
        except UnknownYear as unknown:
            raise AppealRefused(str(unknown)) from unknown
        appeal = open_appeal(
            Appeal(
                case_kind=Application.CASE, case_id=application.pk, region_id=application.region_id, about=about,
                text=text.strip()[:1000], filed_by=by, filed_at=at, answer_by=answer_by,
            ),
            by=by, at=at,
        )  # fmt: skip
        if files:
            attach(Application.CASE, application.pk, Attachment.About.APPEAL, files, application.region_id, by=by, at=at)
        if about in _OF_MONEY:
            kind, case_id = _holding(application)
            open_hold(kind, case_id, Hold.Kind.APPEAL, hold_reason(appeal), application.region_id, by=by, at=at)
    return appeal


def ask_for_evidence(appeal: Appeal, what: str, until: date, *, by: User, at: datetime) -> None:
    """Ask the enterprise for more by a day, and tell it. Raises AppealRefused, MoveRefused."""
    with transaction.atomic():
        ask_evidence(appeal, what, until, by=by, at=at)
        _tell(_application(appeal), "appeal_evidence", {"deadline": until}, at=at)


def hand_in_evidence(appeal: Appeal, files: Sequence[tuple[str, BinaryIO]], *, by: User, at: datetime) -> None:
    """The enterprise hands in what was asked for, or more of its own; one that was asked for goes on.

    Raises AppealRefused, AttachmentRefused, MoveRefused."""
    with transaction.atomic():
        application = _application(appeal)
        check_acts_for(application.enterprise_id, by)
        if appeal.state not in Appeal.OPEN:
            raise AppealRefused("该申诉已办结，不再接收证据。")
        if not files:
            raise AppealRefused("请选择要提交的证据文件。")
        attach(Application.CASE, application.pk, Attachment.About.APPEAL, files, application.region_id, by=by, at=at)
        if appeal.state == Appeal.State.EVIDENCE_ASKED:
            give_evidence(appeal, by=by, at=at)


def refuse_appeal(appeal: Appeal, answer: str, *, by: User, at: datetime) -> None:
    """Not taken in, for reasons that the enterprise is told. Raises AppealRefused, MoveRefused."""
    _end(appeal, Appeal.State.REFUSED, answer, by=by, at=at)


def dismiss_appeal(appeal: Appeal, answer: str, *, by: User, at: datetime) -> None:
    """The decision stands, for reasons that the enterprise is told. Raises AppealRefused, MoveRefused."""
    _end(appeal, Appeal.State.DISMISSED, answer, by=by, at=at)


def uphold_appeal(appeal: Appeal, corrected: str, answer: str, *, by: User, at: datetime) -> None:
    """The enterprise is right. `corrected` says which facts were put right, by somebody else, before: the case is assessed
    with them and goes to first review; what is published but unpaid is struck first; of what is paid the difference is noted.

    Raises AppealRefused (the facts still say the same), RefundRefused (at the bank) and MoveRefused."""
    if not corrected.strip():
        raise AppealRefused("请写明更正了哪些数据（或推翻了什么认定）。")
    with transaction.atomic():
        application = _application(appeal)
        _end(appeal, Appeal.State.UPHELD, answer, by=by, at=at, corrected=corrected)
        new = _assessed(application, at)
        _refuse_no_change(appeal, application, new)
        why = f"第 {appeal.pk} 号申诉成立，按更正后的数据重新核定"
        award = application.award
        if award is not None and award.state == Award.State.PAID:
            decide(application, new, why, by=by, at=at)
            note_difference(award, new.verdict.amount, f"第 {appeal.pk} 号申诉成立", by=by, at=at)
        else:
            go_again(application, new, why, by=by, at=at, own=OWN if application.state == State.INELIGIBLE else "")


def _assessed(application: Application, at: datetime) -> Assessed:
    """The case on the day, as an own application: whoever appeals asks."""
    today = localdate(at)
    asked_on = localdate(application.submitted_at or application.answered_at or at)
    channel = OWN if application.state == State.INELIGIBLE else application.channel
    case = Case(application.enterprise_id, application.pk, channel, asked_on)
    return assess_all(edition_on(application.programme, today), application.year, [case], today)[application.enterprise_id]


def _refuse_no_change(appeal: Appeal, application: Application, new: Assessed) -> None:
    """An appeal is upheld by facts, not by words."""
    if new.verdict.outcome != Outcome.ELIGIBLE or not new.verdict.amount:
        raise AppealRefused("按现有数据重新判定仍不符合条件；请先更正有关数据再认定成立，或说明理由认定不成立。")
    was = application.decision
    same = was is not None and (was.amount, was.size) == (new.verdict.amount, new.verdict.size or "")
    if appeal.about in _OF_MONEY and same:
        raise AppealRefused("按现有数据重新判定，划型和金额没有变化；请先更正有关数据再认定成立，或说明理由认定不成立。")


def _end(appeal: Appeal, to: str, answer: str, *, by: User, at: datetime, corrected: str = "") -> None:
    with transaction.atomic():
        application = _application(appeal)
        held = {(CaseKind.REFUND.value, application.pk), _holding(application)}
        end_appeal(appeal, to, answer, held, by=by, at=at, corrected=corrected)
        _tell(application, "appeal", {"outcome": SENTENCE[Appeal.State(to)]}, at=at)


def _tell(application: Application, kind: str, told: dict[str, Any], *, at: datetime) -> None:
    """A message where a phone is on record."""
    contact = with_contacts([application.pk]).select_related("programme").get()
    if phone := phone_of(contact):
        params = {"name": contact.enterprise.name, "title": contact.programme.title, **told}
        row = (CaseKind.REFUND, application.pk, application.region_id, phone, params)
        queue_messages(kind, [row], at=at, programme=contact.programme)


def _application(appeal: Appeal) -> Application:
    return locked(appeal.case_id)


def _holding(application: Application) -> tuple[str, int]:
    award = application.award
    return holding_case(application.pk, award and award.pk, award and award.state)
