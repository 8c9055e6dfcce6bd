"""重新核定: a case past its first review is decided anew with the facts as they are now, and reviewed again."""

from datetime import datetime

from django.db import transaction
from django.utils.timezone import localdate

from agency.actions.holds import lift_holds
from agency.models import CaseKind, Hold, Role, User
from agency.moves import check_mover, move
from policy.verdict import Outcome
from subsidies.payout.actions import strike
from subsidies.payout.models import Award
from subsidies.refunds.actions.decisions import Deciding, write_decisions, write_sizes
from subsidies.refunds.actions.refusals import RefundRefused, edition_on
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries.assessments import Assessed, assess_all, case_of, change, in_force

_AT_THE_BANK = frozenset({Award.State.PAYING, Award.State.PAYMENT_RETURNED, Award.State.OBJECTED})


def review_anew(application: Application, why: str, *, by: User, at: datetime) -> None:
    """Facts changed after the first review (a size committed to, a list that came later): the new decision takes the place of
    the old one, an award that is not paid is struck, and both reviews follow again.

    Raises RefundRefused (nothing changed; not eligible any more; paid or at the bank), AwardRefused and MoveRefused."""
    if not why.strip():
        raise RefundRefused("请写明为什么重新核定。")
    with transaction.atomic():
        application = locked(application.pk)
        check_mover(application, {Role.REVIEWER}, by, at)
        award = application.award
        if application.state not in (State.REVIEWED, State.APPROVED) or (award is not None and award.state in Award.FALLEN):
            raise RefundRefused("只有初审通过后、拨付前的事项可以重新核定；请刷新页面后再看。")
        if award is not None and award.state == Award.State.PAID:
            raise RefundRefused("款项已拨付，不能重新审核；划型变化的差额见“差额待办”。")
        new = _assessed(application, at)
        was = in_force(application.decision)
        if was is None or not (changed := change(was, new.verdict)):
            raise RefundRefused("按现有数据重新判定，结论没有变化；如暂缓已无必要，请解除暂缓。")
        if new.verdict.outcome != Outcome.ELIGIBLE or not new.verdict.amount:
            raise RefundRefused(f"按现有数据不再符合条件：{changed}。请核对数据，或作“不予返还”“不予发放”并说明理由。")
        for kind, case_id in {(CaseKind.REFUND.value, application.pk), (CaseKind.AWARD.value, application.award_id)}:
            lift_holds(kind, [case_id] if case_id else [], [Hold.Kind.FACTS_CHANGED], "按变化重新核定", by=by, at=at)
        go_again(application, new, f"重新核定：{why.strip()}"[:300], by=by, at=at)


def go_again(application: Application, new: Assessed, why: str, *, by: User, at: datetime, own: str = "") -> None:
    """A case that was refused or passed a review goes to first review under its new decision; an award of it falls. `own`: the
    channel that it has from now on. Raises RefundRefused (at the bank), AwardRefused, MoveRefused."""
    award = application.award
    if award is not None and award.state in _AT_THE_BANK:
        raise RefundRefused(f"款项当前为“{award.get_state_display()}”，请待银行回盘或异议、退票办结后再作决定。")
    if award is not None and award.state not in Award.FALLEN:
        strike(award, why, by=by, at=at)
    decide(application, new, why, by=by, at=at)
    application.refresh_from_db()
    if application.state in (State.INELIGIBLE, State.REJECTED, State.REVIEWED, State.APPROVED):
        channel = {"channel": own} if own else {}
        first = application.submitted_at or at
        move(application, State.SUBMITTED, by=by, at=at, why=why, award=None, submitted_at=first, reason="", **channel)


def decide(application: Application, new: Assessed, why: str, *, by: User, at: datetime) -> None:
    """Put the new decision and size in force. Raises RefundRefused where somebody else was first."""
    edition = edition_on(application.programme, localdate(at))
    deciding = Deciding(application.pk, application.state, application.decision_id, new, why)
    if not write_decisions([deciding], edition, by=by, at=at):
        raise RefundRefused("此件刚刚已由他人或系统处理，本次操作未生效；请刷新页面后再看。")
    write_sizes({application.enterprise_id: new}, edition, application.year, by=None, at=at)


def locked(pk: int) -> Application:
    """The case under a row lock, with what a decision needs."""
    rows = Application.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("award__region", "programme", "region", "enterprise", "decision").get(pk=pk)


def _assessed(application: Application, at: datetime) -> Assessed:
    today = localdate(at)
    edition = edition_on(application.programme, today)
    return assess_all(edition, application.year, [case_of(application, today)], today)[application.enterprise_id]
