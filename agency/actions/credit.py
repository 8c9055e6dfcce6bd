"""信用核验: archive what the outside answered about each enterprise, and let the holds follow it."""

import contextlib
import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import BinaryIO, NamedTuple

from django.db import connection, transaction

from agency.actions.attachments import attach
from agency.actions.holds import LIFTS, NewHold, lift_holds, open_hold, open_holds
from agency.models import Attachment, CreditCheck, Dispute, Event, Hold, User
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


_SWEEPS = {"refunds": 1, "payout": 2}
_SWEEPING = 0x637264  # first half of the advisory lock's key; the second says which sweep


@contextlib.contextmanager
def sole_sweep(which: str) -> Iterator[bool]:
    """Whether this process alone asks now; the lock goes with the connection, so that a killed sweep holds up no other."""
    key = [_SWEEPING, _SWEEPS[which]]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def book_answers(
    case_kind: str, moment: str, on: date, answers: Sequence[tuple[int, str, str | None, Answer]], barring: Collection[str],
    *, at: datetime,
) -> Booked:  # fmt: skip
    """Archive each (case id, uscc, region, answer). A flag in `barring` opens a CREDIT hold that names the list, no answer
    a CREDIT_UNANSWERED one; an answer lifts what it settles of the holds that no person opened. A listing that the enterprise
    disputed and a person found not to be so stays in the archived reply, and does not count."""
    with transaction.atomic():
        refuted = _refuted([uscc for _, uscc, _, _ in answers], on.year)
        answers = [
            (case_id, uscc, region_id, _less(answer, refuted[uscc]) if uscc in refuted else answer)
            for case_id, uscc, region_id, answer in answers
        ]
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


def _refuted(usccs: Collection[str], year: int) -> dict[str, set[str]]:
    """{uscc: list types that a dispute upheld in the year took off the enterprise}, for its case and its award alike."""
    found: dict[str, set[str]] = {}
    upheld = Dispute.objects.filter(hold__check_row__uscc__in=list(usccs), state=Dispute.State.UPHELD, answered_at__year=year)
    for uscc, flags in upheld.values_list("hold__check_row__uscc", "flags"):
        found.setdefault(uscc, set()).update(flags)
    return found


def _less(answer: Answer, refuted: set[str]) -> Answer:
    left = tuple(flag for flag in answer.flags if flag not in refuted)
    if answer.outcome != CreditCheck.Outcome.HIT or left == answer.flags:
        return answer
    outcome = CreditCheck.Outcome.HIT if left else CreditCheck.Outcome.CLEAR
    return answer._replace(outcome=outcome, flags=left, source=f"{answer.source}（异议属实的名单不计）")


def state_by_hand(
    case_kind: str, case_id: int, uscc: str, region_id: str | None, moment: str, on: date, flags: Collection[str], basis: str,
    *, by: User, at: datetime, proofs: Sequence[tuple[str, BinaryIO]] = (), barring: Collection[str] | None = None,
) -> CreditCheck:  # fmt: skip
    """A clerk's own look-up at the public sites, archived as seen: `basis` says where and what, `proofs` (name, open file)
    show it.

    It settles what the platform left open: both credit holds are lifted, whoever opened them, and a flag in `barring`
    (None: any flag) opens a new one that only a person lifts. Raises CreditRefused without a basis, MoveRefused,
    AttachmentRefused."""
    if not basis.strip():
        raise CreditRefused("请写明在何处核验、看到什么（如国家企业信用信息公示系统查询结果）。")
    outcome = CreditCheck.Outcome.HIT if flags else CreditCheck.Outcome.CLEAR
    check = _check(case_kind, case_id, uscc, region_id, moment, on, Answer(outcome, tuple(sorted(flags)), "", "人工核验", at))
    check_mover(check, LIFTS, by, at)
    check.by = by
    with transaction.atomic():
        kept = attach(case_kind, case_id, Attachment.About.CREDIT, proofs, region_id, by=by, at=at)
        seen = [{"file": each.file_id, "sha256": each.file.sha256} for each in kept]
        check.raw = json.dumps({"basis": basis, "proofs": seen}, ensure_ascii=False)
        check.raw_sha256 = hashlib.sha256(check.raw.encode()).hexdigest()
        check.save(force_insert=True)
        record(
            Event.Kind.WRITE, case=case_kind, case_id=case_id, by=by, at=at, region_id=region_id,
            why=f"人工核验信用：{'、'.join(check.flags) or '未列入'}",
            detail={"check": check.pk, "files": [each.file_id for each in kept]},
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
