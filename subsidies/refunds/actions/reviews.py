"""初审: every case is looked at again on the day, with the day's credit check and the day's facts."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby, islice
from typing import NamedTuple

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.timezone import localdate

from agency.actions.holds import NewHold
from agency.actions.messages import queue_messages
from agency.models import CaseKind, CreditCheck, Edition, Hold, Programme, User
from agency.moves import move, move_all
from agency.queries import terms_of
from policy import explain
from policy.notice import Terms
from subsidies.refunds.actions.changes import hold_changes, settled_changes
from subsidies.refunds.actions.decisions import Deciding, write_decisions, write_sizes
from subsidies.refunds.actions.offers import phone_of, with_contacts
from subsidies.refunds.actions.refusals import RefundRefused, edition_on
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries.assessments import Assessed, assess_all, case_of, change, in_force, is_news
from subsidies.refunds.queries.drafts import open_completion

CHUNK = 5_000
REVIEWABLE = (State.CONFIRMED, State.SUBMITTED)


class Reviewed(NamedTuple):
    """The ids that moved, and why each of the others did not."""

    moved: list[int]
    refused: dict[int, str]


def review(application: Application, *, by: User, at: datetime) -> None:
    """First review of one case. Raises RefundRefused saying what stands against it."""
    done = review_all(Application.objects.filter(pk=application.pk), by=by, at=at)
    application.refresh_from_db()
    if not done.moved:
        raise RefundRefused(done.refused.get(application.pk, "此件不在待初审状态，请刷新页面后再看。"))


def review_all(rows: "QuerySet[Application]", *, by: User, at: datetime) -> Reviewed:
    """First review of every confirmed or submitted case among the rows, by chunks of 5,000, each one transaction.

    A case goes forward with a look-up of the day that was answered, no open hold, and facts of the day under which it is
    still eligible (`on` = the day of confirmation or application). Where the promised answers changed it is held, saying
    what changed, until a person has lifted that hold; then the new decision takes their place."""
    done = Reviewed([], {})
    ids = iter(list(rows.filter(state__in=REVIEWABLE).order_by("programme_id", "pk").values_list("programme_id", "pk")))
    for programme_id, mine in groupby(ids, key=lambda each: each[0]):
        programme = Programme.objects.get(pk=programme_id)
        edition = edition_on(programme, localdate(at))
        while chunk := [pk for _, pk in islice(mine, CHUNK)]:
            with transaction.atomic():
                moved, refused = _review_chunk(chunk, programme, edition, by=by, at=at)
            done.moved.extend(moved)
            done.refused.update(refused)
    return done


def _review_chunk(
    ids: Sequence[int], programme: Programme, edition: Edition, *, by: User, at: datetime
) -> tuple[list[int], dict[int, str]]:
    today = localdate(at)
    applications = list(_with_credit(ids, today))
    held = dict(
        Hold.objects.filter(case_kind=CaseKind.REFUND, case_id__in=ids, lifted_at__isnull=True).values_list("case_id", "reason")
    )
    found = assess_all(edition, programme.year, [case_of(each, today) for each in applications], today)
    refused: dict[int, str] = {}
    changes: list[NewHold] = []
    going: list[Application] = []
    terms = terms_of(edition)
    settled = settled_changes(CaseKind.REFUND, ids)
    for each in applications:
        new = found[each.enterprise_id]
        changed = _promised_otherwise(each, new)
        if reason := _unconfirmed(each, terms) or _obstacle(each, new, held):
            refused[each.pk] = reason
        elif changed and (each.pk, changed) not in settled:
            refused[each.pk] = f"数据有变化，已暂缓：{changed}。请核对并解除暂缓后再初审。"
            changes.append(NewHold(CaseKind.REFUND, each.pk, Hold.Kind.FACTS_CHANGED, changed, each.region_id))
        else:
            going.append(each)
    hold_changes(changes, at=at)
    overtaken = _decide(going, found, edition, by=by, at=at)
    rows = Application.objects.filter(pk__in=[each.pk for each in going if each.pk not in overtaken])
    moved, left = move_all(rows, State.REVIEWED, by=by, at=at, why="初审通过", also={"reviewed_by": by, "reviewed_at": at})
    refused |= dict.fromkeys([*left, *overtaken], "您在该地区没有初审岗位，或此件刚刚已由他人处理；请刷新页面后再看。")
    return moved, refused


def _with_credit(ids: Sequence[int], today: date) -> "QuerySet[Application]":
    checks = CreditCheck.objects.filter(case_kind=CaseKind.REFUND, case_id=OuterRef("pk"), on=today)
    checks = checks.filter(moment=CreditCheck.Moment.REVIEW).order_by("-answered_at", "-pk")
    rows = Application.objects.filter(pk__in=ids).select_related("decision", "award").order_by("pk")
    return rows.annotate(checked=Subquery(checks.values("outcome")[:1]))


def _unconfirmed(application: Application, terms: Terms) -> str:
    """Why an own application waits for the enterprise's word, where the notice asks it of own applicants too."""
    if application.state != State.SUBMITTED or not terms.says("self_application_confirms"):
        return ""
    clause = terms.clause("self_application_confirms")
    return f"自主申请的也须由单位确认后才能审核发放（{clause}），请先发出确认通知。"


def _obstacle(application: Application, new: Assessed, held: dict[int, str]) -> str:
    """Why a case cannot be reviewed now, in Chinese; empty where it can."""
    if application.pk in held:
        return f"有未解除的暂缓：{held[application.pk]}。请先处理暂缓事项。"
    if application.checked is None:  # type: ignore[attr-defined]
        return "当日尚未核验信用，请稍候核验完成，或由经办人工核验后再初审。"
    if application.checked == CreditCheck.Outcome.NO_ANSWER:  # type: ignore[attr-defined]
        return "当日信用核验无应答，请由经办人工核验后再初审。"
    verdict = new.verdict
    wrong = "、".join(explain.rule_label(rule) for rule in (*verdict.failed, *verdict.unknown))
    if verdict.failed:
        return f"按当日数据不符合条件：{wrong}。请核对数据，或不予返还并说明理由。"
    if verdict.unknown:
        return f"按当日数据尚不能判定：{wrong}。请补齐数据后再初审。"
    if not verdict.amount:
        return "返还金额为零，没有可拨付的款项；请不予返还并说明理由。"
    return ""


def _promised_otherwise(application: Application, new: Assessed) -> str:
    """What differs from what the enterprise was promised; of one that was promised nothing, nothing does."""
    was = in_force(application.decision)
    return change(was, new.verdict) if was and was.eligible else ""


def _decide(going: Sequence[Application], found: dict[int, Assessed], edition: Edition, *, by: User, at: datetime) -> set[int]:
    """Put the day's decision in force where anything is new. Returns the ids of those that somebody else just moved."""
    deciding = [
        Deciding(each.pk, each.state, each.decision_id, found[each.enterprise_id])
        for each in going
        if is_news(in_force(each.decision), edition.pk, found[each.enterprise_id])
    ]
    written = write_decisions(deciding, edition, by=by, at=at)
    if going:
        write_sizes({each.enterprise_id: found[each.enterprise_id] for each in going}, edition, going[0].year, by=None, at=at)
    return {each.application_id for each in deciding} - {each.application_id for each in written}


def reject(application: Application, reason: str, *, by: User, at: datetime) -> None:
    """Not to be refunded, for a reason that the enterprise is told; one that was returned, only after the day by which it was
    to be completed."""
    if application.state == State.RETURNED:
        waiting = open_completion(application)
        if waiting and localdate(at) <= waiting.complete_by:
            raise RefundRefused(f"补正期限到 {waiting.complete_by} 为止，期限未到不能不予返还；请等单位补正。")
    tell_back(application, State.REJECTED, "rejected", reason, by=by, at=at)


def tell_back(application: Application, to: str, message: str, reason: str, *, by: User, at: datetime, **told: object) -> None:
    """Move a case for a reason that the enterprise is told by a message; `told`: what else the message names."""
    reason = reason.strip()
    if not reason:
        raise RefundRefused("请写明理由，单位会看到。")
    with transaction.atomic():
        move(application, to, by=by, at=at, why=reason[:500], reason=reason[:500])
        contact = with_contacts([application.pk]).select_related("programme").get()
        if phone := phone_of(contact):
            params = {"name": contact.enterprise.name, "title": contact.programme.title, "reason": reason, **told}
            row = (CaseKind.REFUND, application.pk, application.region_id, phone, params)
            queue_messages(message, [row], at=at, programme=contact.programme)
