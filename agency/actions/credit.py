"""信用核验: archive what the outside answered about each enterprise, and let the holds follow it."""

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction

from agency.actions.holds import LIFTS, NewHold, lift_holds, open_hold, open_holds
from agency.models import CreditCheck, Event, File, Hold, User
from agency.moves import check_mover, insert_all, record

CREDIT_KINDS = (Hold.Kind.CREDIT, Hold.Kind.CREDIT_UNANSWERED)


class CreditRefused(Exception):
    """This look-up cannot be recorded; says in Chinese why."""


class Answer(NamedTuple):
    """One answer about one enterprise: outcome (CreditCheck.Outcome), the lists it is on, the reply as received."""

    outcome: str
    flags: tuple[str, ...]
    raw: str
    source: str
    answered_at: datetime


class Booked(NamedTuple):
    """What a round of look-ups came to. A hit on lists that do not bar counts as clear."""

    clear: int
    hits: int
    unanswered: int
    opened: int
    lifted: int


def book_answers(
    case_kind: str, moment: str, on: date, answers: Sequence[tuple[int, str, str | None, Answer]], barring: Collection[str],
    *, at: datetime,
) -> Booked:  # fmt: skip
    """Archive each (case id, uscc, region, answer). A flag in `barring` opens a CREDIT hold that names the list, no answer
    a CREDIT_UNANSWERED one; an answer lifts what it settles of the holds that no person opened."""
    with transaction.atomic():
        checks = [_check(case_kind, case_id, uscc, region_id, moment, on, answer) for case_id, uscc, region_id, answer in answers]
        insert_all(checks)
        unanswered = [check for check in checks if check.outcome == CreditCheck.Outcome.NO_ANSWER]
        hits = [check for check in checks if set(check.flags) & set(barring)]
        answered = [check.case_id for check in checks if check.outcome != CreditCheck.Outcome.NO_ANSWER]
        hit = {check.case_id for check in hits}
        clear = [case_id for case_id in answered if case_id not in hit]
        opened = open_holds(
            [_hold(check, Hold.Kind.CREDIT, _named(check, barring)) for check in hits]
            + [_hold(check, Hold.Kind.CREDIT_UNANSWERED, f"{check.on}核验无应答，须人工核验") for check in unanswered],
            by=None, at=at,
        )  # fmt: skip
        lifted = lift_holds(
            case_kind, answered, [Hold.Kind.CREDIT_UNANSWERED], f"{on}核验已有应答", by=None, at=at, system_only=True
        ) + lift_holds(case_kind, clear, [Hold.Kind.CREDIT], f"{on}核验未列入", by=None, at=at, system_only=True)
    return Booked(len(clear), len(hits), len(unanswered), len(opened), lifted)


def state_by_hand(
    case_kind: str, case_id: int, uscc: str, region_id: str | None, moment: str, on: date, flags: Collection[str], basis: str,
    *, by: User, at: datetime, file: File | None = None, barring: Collection[str] | None = None,
) -> CreditCheck:  # fmt: skip
    """A clerk's own look-up at the public sites, archived as seen (`basis` says where and what, `file` shows it).

    It settles what the platform left open: both credit holds are lifted, whoever opened them, and a flag in `barring`
    (None: any flag) opens a new one that only a person lifts. Raises CreditRefused without a basis, MoveRefused."""
    if not basis.strip():
        raise CreditRefused("请写明在何处核验、看到什么（如国家企业信用信息公示系统查询结果）。")
    raw = json.dumps({"basis": basis, "file": file and file.pk, "sha256": file and file.sha256}, ensure_ascii=False)
    outcome = CreditCheck.Outcome.HIT if flags else CreditCheck.Outcome.CLEAR
    check = _check(case_kind, case_id, uscc, region_id, moment, on, Answer(outcome, tuple(sorted(flags)), raw, "人工核验", at))
    check_mover(check, LIFTS, by, at)
    check.by = by
    with transaction.atomic():
        check.save(force_insert=True)
        record(
            Event.Kind.WRITE, case=case_kind, case_id=case_id, by=by, at=at, region_id=region_id,
            why=f"人工核验信用：{'、'.join(check.flags) or '未列入'}", detail={"check": check.pk, "file": file and file.pk},
        )  # fmt: skip
        lift_holds(case_kind, [case_id], CREDIT_KINDS, f"人工核验：{basis}"[:300], by=by, at=at)
        if bars := set(flags) if barring is None else set(flags) & set(barring):
            reason = _named(check, bars)
            open_hold(case_kind, case_id, Hold.Kind.CREDIT, reason, region_id, by=by, at=at, check=check)
    return check


def _check(case_kind: str, case_id: int, uscc: str, region_id: str | None, moment: str, on: date, answer: Answer) -> CreditCheck:
    return CreditCheck(
        case_kind=case_kind, case_id=case_id, uscc=uscc, region_id=region_id, moment=moment, on=on, outcome=answer.outcome,
        flags=list(answer.flags), source=answer.source[:100], answered_at=answer.answered_at, raw=answer.raw,
        raw_sha256=hashlib.sha256(answer.raw.encode()).hexdigest() if answer.raw else "",
    )  # fmt: skip


def _hold(check: CreditCheck, kind: str, reason: str) -> NewHold:
    return NewHold(check.case_kind, check.case_id, kind, reason, check.region_id, check.pk)


def _named(check: CreditCheck, barring: Collection[str]) -> str:
    return f"{check.on}核验列入：{'、'.join(flag for flag in check.flags if flag in barring)}"
