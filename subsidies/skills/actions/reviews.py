"""人工核实: what the comparison could not settle is decided again, from the data as they are now, by a person."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import localdate

from agency.models import Event, Hold, Programme, Role, User
from agency.moves import check_mover, move, move_ids, record
from agency.queries import within
from policy.verdict import Outcome
from subsidies.skills.actions.decisions import ClaimRefused, award, lock_persons, skill_edition, write_decisions
from subsidies.skills.models import Claim, Flag, State
from subsidies.skills.queries.assessments import Assessed, assess_all, in_words
from subsidies.skills.queries.facts import rows_of

CHUNK = 2_000


class Reviewed(NamedTuple):
    """The ids that were approved, and why each of the others was not."""

    moved: list[int]
    refused: dict[int, str]


def approve(claim: Claim, *, by: User, at: datetime) -> None:
    """Approve one claim that waits for a person. Raises ClaimRefused saying what stands against it."""
    done = approve_all(Claim.objects.filter(pk=claim.pk), by=by, at=at)
    claim.refresh_from_db()
    if not done.moved:
        raise ClaimRefused(done.refused.get(claim.pk, "此件不在待人工核实状态，请刷新页面后再看。"))


def approve_all(rows: "QuerySet[Claim]", *, by: User, at: datetime) -> Reviewed:
    """Approve every claim among the rows that waits for a person and comes out eligible from the data as they are now,
    by chunks of 2,000, each one transaction with its awards; claims of one person in claim order.

    Nobody approves a claim that they loaded; an open hold or an earlier open claim of the person stops its own line."""
    done = Reviewed([], {})
    to_review = rows.filter(state=State.TO_REVIEW, programme__isnull=False).order_by("programme_id", "person_index", "pk")
    for programme_id, mine in groupby(to_review.values_list("programme_id", "person_index", "pk"), key=lambda each: each[0]):
        programme = Programme.objects.select_related("region").get(pk=programme_id)
        waiting = list(mine)
        for first in range(0, len(waiting), CHUNK):
            chunk = waiting[first : first + CHUNK]
            with transaction.atomic():
                moved, refused = _approve(programme, chunk, by=by, at=at)
            done.moved.extend(moved)
            done.refused.update(refused)
    return done


def reject(claim: Claim, reason: str, *, by: User, at: datetime) -> None:
    """Not to be granted, for a reason that the claimant is told; decided again from the data as they are now."""
    reason = reason.strip()
    if not reason:
        raise ClaimRefused("请写明不予补贴的理由，本人会看到。")
    with transaction.atomic():
        lock_persons([claim.person_index])
        _decide_again(claim, by=by, at=at)
        also = {"reason": reason[:500], "reviewed_by": by, "reviewed_at": at}
        move(claim, State.REJECTED, by=by, at=at, why=reason[:500], **also)
    claim.refresh_from_db()


def answer_post(claim: Claim, agrees: bool, *, by: User, at: datetime) -> None:
    """What a person found: whether certificate and post agree (证岗相适). It counts from the next decision on.

    Raises ClaimRefused (nothing waits for it) and MoveRefused (no such post)."""
    check_mover(claim, {Role.PREPARER, Role.REVIEWER}, by, at)
    with transaction.atomic():
        waiting = Claim.objects.filter(pk=claim.pk, state__in=(State.SUBMITTED, State.TO_REVIEW))
        if not waiting.update(post_agrees=agrees):
            raise ClaimRefused("此件已有结论，不能再登记；请刷新页面后再看。")
        record(
            Event.Kind.WRITE, case=Claim.CASE, case_id=claim.pk, by=by, at=at, region_id=claim.region_id,
            why=f"登记证岗相适：{'是' if agrees else '否'}",
        )  # fmt: skip
    claim.post_agrees = agrees


def _decide_again(claim: Claim, *, by: User, at: datetime) -> None:
    """A new decision on a claim that waits for a person; of another the move says what is wrong."""
    waiting = Claim.objects.filter(pk=claim.pk, state=State.TO_REVIEW, programme__isnull=False)
    if locked := waiting.select_for_update(of=("self",), no_key=True).select_related("programme").first():
        edition = skill_edition(locked.programme, at)
        found = assess_all(edition, rows_of([claim.pk]), lambda new: State.REJECTED)
        write_decisions(locked.programme, edition, found, by=by, at=at)


def _approve(
    programme: Programme, chunk: Sequence[tuple[int, str, int]], *, by: User, at: datetime
) -> tuple[list[int], dict[int, str]]:
    lock_persons([index for _, index, _ in chunk])
    waiting = Claim.objects.filter(pk__in=[pk for *_, pk in chunk], state=State.TO_REVIEW).order_by("pk")
    locked = list(waiting.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    refused = _not_theirs(chunk, locked, by, at)
    edition = skill_edition(programme, at)

    def goes(new: Assessed) -> State:
        return State.TO_REVIEW if _obstacle(new, by) else State.APPROVED

    found = assess_all(edition, rows_of([pk for pk in locked if pk not in refused]), goes)
    refused |= {new.row.id: reason for new in found if (reason := _obstacle(new, by))}
    going = [new for new in found if new.row.id not in refused]
    ids = sorted(new.row.id for new in going)
    also = {"reviewed_by": by, "reviewed_at": at}
    if move_ids(Claim, ids, State.APPROVED, by=by, at=at, why="人工核实通过", also=also).refused:
        raise ClaimRefused("有申请刚刚已由他人处理，本次未办理；请刷新页面后再试。")
    write_decisions(programme, edition, going, by=by, at=at)
    award(going, programme, by=by, at=at)
    return ids, refused


def _not_theirs(chunk: Sequence[tuple[int, str, int]], locked: Sequence[int], by: User, at: datetime) -> dict[int, str]:
    """Why claims cannot be looked at here at all: moved meanwhile, another's region, held."""
    theirs = Claim.objects.filter(within(by, {Role.REVIEWER}, localdate(at)), pk__in=locked)
    mine = set(theirs.values_list("pk", flat=True))
    words = "您在该地区没有复审岗位，或此件刚刚已由他人处理；请刷新页面后再看。"
    found = {pk: words for *_, pk in chunk if pk not in mine}
    holds = Hold.objects.filter(case_kind=Claim.CASE, case_id__in=mine, lifted_at__isnull=True)
    return found | {pk: f"有未解除的暂缓：{reason}。请先处理暂缓事项。" for pk, reason in holds.values_list("case_id", "reason")}


def _obstacle(new: Assessed, by: User) -> str:
    """Why a claim cannot be approved now, in Chinese; empty where it can."""
    if new.row.voided:
        return "该申请已作废，不能通过；请写明理由不予补贴。"
    if new.row.loaded_by == by.pk:
        return "导入该申请的人不能通过它，请由另一人核实。"
    if Flag.EARLIER_OPEN in new.flags:
        return "该人有更早的申请尚未办结，请先办理那一件：先后影响次数和等级的判定。"
    verdict = new.verdict
    if verdict.outcome is Outcome.ELIGIBLE:
        return ""
    wrong = in_words(verdict.failed, verdict.unknown, ())
    if verdict.failed:
        return f"按现有数据不符合条件：{wrong}。请核对数据，或不予补贴并说明理由。"
    return f"按现有数据尚不能判定：{wrong}。请补齐数据后再核实。"
