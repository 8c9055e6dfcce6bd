"""单位的答复: confirm, decline, apply itself, withdraw. Done by the enterprise, or by a clerk on its behalf."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate, localtime

from agency.actions.links import end_links
from agency.models import Link, Programme, Role, User
from agency.moves import MoveRefused, check_mover, move
from enterprises.models import Enterprise
from subsidies.payout.actions import strike
from subsidies.payout.models import Award
from subsidies.refunds.actions.decisions import Birth, Deciding, bear, write_decisions, write_sizes
from subsidies.refunds.actions.drafts import check_hosts, send_off
from subsidies.refunds.actions.refusals import RefundRefused, check_acts_for, check_open, check_period, edition_on
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries.assessments import Assessed, assess_all
from subsidies.refunds.queries.facts import Case

OWN = Application.Channel.OWN_APPLICATION
Through = Application.AnswerChannel


class AlreadyAnswered(MoveRefused):
    """Another answer was first; says in Chinese which, when and by which channel."""


def check_first(seen: Application) -> None:
    """Raise AlreadyAnswered where the case was answered since it was `seen`."""
    now = Application.objects.get(pk=seen.pk)
    if now.answered_at is not None and (now.state, now.answered_at) != (seen.state, seen.answered_at):
        raise AlreadyAnswered(
            f"此件刚刚已由他人或系统处理：{first_answer(now)}，以先到的答复为准，本次答复没有生效。请刷新页面后再看。"
        )


def first_answer(application: Application) -> str:
    """When and by which channel the answer came that counts, and what the case is now."""
    label = f"通过{application.get_answer_channel_display()}" if application.answer_channel else ""
    when = localtime(application.answered_at)
    return f"{when:%Y年%-m月%-d日 %H:%M} 已{label}答复，现在的状态是“{application.get_state_display()}”"


def confirm(application: Application, *, by: User, at: datetime, through: str = Through.PORTAL) -> None:
    """Accept the refund; `through` is the channel by which the answer came. Raises RefundRefused, MoveRefused."""
    _answer(application, State.CONFIRMED, "确认接受返还", through, by=by, at=at, reason="")


def decline(application: Application, why: str, *, by: User, at: datetime, through: str = Through.PORTAL) -> None:
    """Decline the refund; it can still be confirmed or applied for within the period. A reason is asked of nobody."""
    _answer(application, State.DECLINED, why or "放弃返还", through, by=by, at=at, reason=why[:500])


def _answer(application: Application, to: str, why: str, through: str, *, by: User, at: datetime, **also: object) -> None:
    """One answer: the state, its day and channel; the Event names the channel too."""
    check_acts_for(application.enterprise_id, by)
    if application.channel == OWN:
        check_open(application.programme)  # it applied within the period
    else:
        check_period(application.programme, localdate(at))
    told = f"{why[:480]}（{Through(through).label}）"
    detail = {"channel": str(through)}
    with transaction.atomic():
        try:
            move(application, to, by=by, at=at, why=told, detail=detail, answered_at=at, answer_channel=through, **also)
        except MoveRefused:
            check_first(application)
            raise
        end_links(Application.CASE, [application.pk], Link.End.ANSWERED, at=at)


def apply(application: Application, accepted: str = "", *, by: User, at: datetime) -> None:
    """Apply for the refund (自主申请): assessed again on the day, SUBMITTED. What was returned for completion keeps the
    day on which it was first submitted, also after the period. `accepted`: the SHA-256 of the allocation that a dispatch
    unit was shown (SplitShown). Raises RefundRefused, MoveRefused."""
    check_acts_for(application.enterprise_id, by)
    check_hosts(application.enterprise, application.programme, by)
    again = application.state == State.RETURNED and application.submitted_at is not None
    submitted_at = application.submitted_at if again else at
    if again:
        check_open(application.programme)
    else:
        check_period(application.programme, localdate(at))
    case = Case(application.enterprise_id, application.pk, OWN, localdate(submitted_at))
    with transaction.atomic():
        _decide(application, case, by=by, at=at)
        move(application, State.SUBMITTED, by=by, at=at, why="自主申请", channel=OWN, submitted_at=submitted_at, reason="")
        end_links(Application.CASE, [application.pk], Link.End.ANSWERED, at=at)
        application.refresh_from_db()
        send_off(application, accepted, by=by, at=at)


def apply_for(enterprise: Enterprise, programme: Programme, accepted: str = "", *, by: User, at: datetime) -> Application:
    """Apply for an enterprise that no screening has seen yet: born SUBMITTED; `accepted` as of `apply`. Raises RefundRefused."""
    check_acts_for(enterprise.pk, by)
    check_hosts(enterprise, programme, by)
    today = localdate(at)
    check_period(programme, today)
    if enterprise.voided or not enterprise.region.path.startswith(programme.region.path):
        raise RefundRefused("该单位的参保地不在本项目实施范围内，请向参保地经办机构申请。")
    if by.kind == User.Kind.STAFF:
        check_mover(enterprise, {Role.PREPARER}, by, at)
    edition = edition_on(programme, today)
    found = assess_all(edition, programme.year, [Case(enterprise.pk, None, OWN, today)], today)
    try:
        with transaction.atomic():
            birth = Birth(State.SUBMITTED.value, enterprise.pk, enterprise.region_id, OWN.value, at, found[enterprise.pk])
            [pk] = bear([birth], programme, edition, "自主申请", by=by, at=at)
            write_sizes(found, edition, programme.year, by=None, at=at)
            application = Application.objects.get(pk=pk)
            send_off(application, accepted, by=by, at=at)
    except IntegrityError as exists:
        raise RefundRefused("该单位本年度已有返还事项，请刷新页面后在该事项中办理。") from exists
    return application


def _decide(application: Application, case: Case, *, by: User, at: datetime) -> None:
    """Assess one case anew and put the decision in force. Raises RefundRefused where somebody was first."""
    today = localdate(at)
    edition = edition_on(application.programme, today)
    found = assess_all(edition, application.year, [case], today)
    new: Assessed = found[application.enterprise_id]
    deciding = Deciding(application.pk, application.state, application.decision_id, new)
    if not write_decisions([deciding], edition, by=by, at=at):
        raise RefundRefused("此件刚刚已由他人或系统处理，本次操作未生效；请刷新页面后再看。")
    write_sizes(found, edition, application.year, by=None, at=at)


def withdraw(application: Application, why: str, *, by: User, at: datetime) -> None:
    """Withdraw, at the latest before the award is published; the award then falls. It may apply again within the period."""
    check_acts_for(application.enterprise_id, by)
    with transaction.atomic():
        if application.state == State.APPROVED and application.award_id is not None:
            award = Award.objects.select_for_update().select_related("region").get(pk=application.award_id)
            if award.state != Award.State.PENDING:
                raise RefundRefused("已列入公示或已拨付，不能撤回；如有情况请联系经办机构。")
            strike(award, f"单位撤回：{why}" if why else "单位撤回", by=by, at=at)
        move(application, State.WITHDRAWN, by=by, at=at, why=why or "单位撤回", reason=why[:500])
        end_links(Application.CASE, [application.pk], Link.End.ANSWERED, at=at)
