"""拨付批次: made by one person, checked by another, released by a third, each under the batch's row lock.

Locks are taken batch first, then awards, by everybody."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import BinaryIO

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.timezone import localdate, localtime

from agency.actions.files import read_file, store_file
from agency.models import Event, File, Programme, Role, User
from agency.moves import check_mover, move, move_all, move_ids, next_ids, open_all, open_rows, record
from agency.queries import draft_problem
from subsidies.payout.actions.papers import bank_sheet
from subsidies.payout.models import Award, Payment, PaymentBatch
from subsidies.payout.queries import account_known, barring_flags, checked, held, left_out, payable, terms_in_force

State = PaymentBatch.State
CHUNK = 10_000
UNRELEASED = (State.DRAFT, State.SUBMITTED, State.APPROVED)
PAYMENT_COLUMNS = (
    "id", "state", "batch_id", "award_id", "region_id", "line", "amount", "account_name", "bank", "account", "account_index",
    "failure", "bank_serial",
)  # fmt: skip
NO_APPROVAL = {"checker": None, "checked_at": None}


class BatchRefused(Exception):
    """This cannot be done with the batch; says in Chinese why and what to do next."""


def make_batch(programme: Programme, *, by: User, at: datetime) -> PaymentBatch:
    """Put every award that may be paid today into a new batch: cleared, not held, account known, credit clear today,
    in no other batch. Raises BatchRefused (a 征求意见稿, nothing to pay and why) and MoveRefused (no such post)."""
    check_mover(programme, {Role.FINANCE}, by, at)
    _refuse_draft_notice(programme)
    with transaction.atomic():
        Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
        made_before = PaymentBatch.objects.filter(programme=programme).count()
        number = f"{programme.region_id}-{programme.year}-{made_before + 1:03}"
        draft = PaymentBatch(programme=programme, region=programme.region, number=number, maker=by, made_at=at)
        [batch] = open_all([draft], by=by, at=at)
        _write_payments(batch, payable(programme, localdate(at)), by=by, at=at)
        _add_up(batch)
        if not batch.count:
            raise BatchRefused(_nothing_to_pay(programme, localdate(at)))
    return batch


def submit_batch(batch: PaymentBatch, *, by: User, at: datetime) -> None:
    """Hand the batch to a checker; its maker does so, so that maker and checker stay two people."""
    with transaction.atomic():
        now = _locked(batch, State.DRAFT)
        if now.maker_id != by.pk:
            raise BatchRefused(f"批次由编制人（{now.maker}）提交复核；其他人可撤销后另行编制。")
        _add_up(now)
        if not now.count:
            raise BatchRefused("批次中已没有拨付明细；请撤销该批次。")
        move(now, State.SUBMITTED, by=by, at=at, detail={"count": now.count, "total": str(now.total)}, **NO_APPROVAL)
    batch.refresh_from_db()


def check_batch(batch: PaymentBatch, *, by: User, at: datetime) -> None:
    """Approve the batch as submitted, by a person other than its maker."""
    with transaction.atomic():
        now = _locked(batch, State.SUBMITTED)
        if now.maker_id == by.pk:
            raise BatchRefused("编制人不能复核自己编制的批次，请由另一人复核。")
        _refuse_changed(now)
        move(now, State.APPROVED, by=by, at=at, checker=by, checked_at=at)
    batch.refresh_from_db()


def release_batch(batch: PaymentBatch, *, by: User, at: datetime, collective_decision: str = "") -> None:
    """Release the batch, by a third person: the bank file is written, hashed and stored, its awards are being paid.

    Once only, however often it is clicked. Raises BatchRefused and MoveRefused; then nothing has left the house."""
    with transaction.atomic():
        now = _locked(batch, State.APPROVED)
        if by.pk in (now.maker_id, now.checker_id):
            raise BatchRefused("放行人须是编制、复核以外的第三人。")
        _refuse_draft_notice(now.programme)
        collective_decision = collective_decision.strip() or now.collective_decision
        _refuse_undecided(now, collective_decision)
        _refuse_changed(now)
        _refuse_stopped(now, localdate(at))
        awards = list(_pending(now).values_list("award", flat=True))
        moved = move_ids(Award, awards, Award.State.PAYING, by=by, at=at, why=now.number)
        if moved.refused or len(moved.moved) != now.count:
            raise BatchRefused("有拨付明细刚刚被暂缓、撤下，或不在您的地区，未放行；请将其移出后重新提交。")
        file = store_file(File.Kind.BANK, f"{now.number}.xlsx", bank_sheet(now), owner=by, region_id=now.region_id, at=at)
        move(
            now, State.RELEASED, by=by, at=at, detail={"count": now.count, "total": str(now.total), "sha256": file.sha256},
            releaser=by, released_at=at, file=file, sha256=file.sha256, collective_decision=collective_decision,
        )  # fmt: skip
        record(
            Event.Kind.EXPORT, case=PaymentBatch.CASE, case_id=now.pk, by=by, at=at, region_id=now.region_id,
            why="生成银行拨付明细", detail={"file": file.pk, "count": now.count, "total": str(now.total), "sha256": file.sha256},
        )  # fmt: skip
    batch.refresh_from_db()


def read_bank_file(batch: PaymentBatch, *, by: User, at: datetime, why: str = "下载银行拨付明细") -> BinaryIO:
    """The bank file as released, open; the caller closes it. Writes an Event. Raises BatchRefused before release."""
    if batch.file is None:
        raise BatchRefused("该批次尚未放行，没有银行文件。")
    return read_file(batch.file, by=by, at=at, why=f"{why}：{batch.number}")


def send_back(batch: PaymentBatch, why: str, *, by: User, at: datetime) -> None:
    """Back to its maker with a reason; the approval falls."""
    if not why.strip():
        raise BatchRefused("请写明退回的理由。")
    with transaction.atomic():
        now = _locked(batch, State.SUBMITTED, State.APPROVED)
        move(now, State.DRAFT, by=by, at=at, why=why, **NO_APPROVAL)
    batch.refresh_from_db()


def drop_payment(payment: Payment, why: str, *, by: User | None, at: datetime) -> None:
    """Take one payment out of a batch that is not released; approvals fall, its award waits for another batch."""
    if not why.strip():
        raise BatchRefused("请写明移出的理由。")
    with transaction.atomic():
        now = _locked(payment.batch, *UNRELEASED)
        _drop(now, Payment.objects.filter(pk=payment.pk), why, by=by, at=at)
    payment.refresh_from_db()


def drop_unreleased(award_ids: Sequence[int], why: str, *, by: User | None, at: datetime) -> None:
    """Take the payments of these awards out of whatever unreleased batches they are in."""
    pending = Payment.objects.filter(award__in=award_ids, state=Payment.State.PENDING, batch__state__in=UNRELEASED)
    with transaction.atomic():
        for batch in _lock_all(pending):
            _drop(batch, pending.filter(batch=batch), why, by=by, at=at)


def drop_stopped(*, at: datetime) -> int:
    """The sweep: a payment whose award was held or is no longer cleared leaves its batch, and that line alone; the
    batch goes back to its maker. Returns how many were dropped."""
    pending = Payment.objects.filter(state=Payment.State.PENDING, batch__state__in=UNRELEASED)
    stopped = pending.filter(~Q(award__state=Award.State.CLEARED) | held(award="award__"))
    dropped = 0
    with transaction.atomic():
        for batch in _lock_all(stopped):
            dropped += _drop(batch, stopped.filter(batch=batch), "该件已暂缓或状态有变", by=None, at=at)
    return dropped


def cancel_batch(batch: PaymentBatch, *, by: User, at: datetime) -> None:
    """Drop a batch that is back with its maker; its awards wait for another."""
    with transaction.atomic():
        now = _locked(batch, State.DRAFT)
        move_all(_pending(now), Payment.State.DROPPED, by=by, at=at, why="批次撤销")
        _add_up(now)
        move(now, State.CANCELLED, by=by, at=at)
    batch.refresh_from_db()


def _locked(batch: PaymentBatch, *states: str) -> PaymentBatch:
    """The batch as it is now, under its row lock. Raises BatchRefused unless it is in one of these states."""
    now = (
        PaymentBatch.objects.select_for_update(of=("self",))
        .select_related("programme", "region", "maker", "releaser")
        .get(pk=batch.pk)
    )
    if now.state in states:
        return now
    if now.released_at is not None:
        raise BatchRefused(
            f"该批次已于 {localtime(now.released_at):%Y-%m-%d %H:%M} 由{now.releaser}放行，不会重复放行，也不能再改。"
        )
    raise BatchRefused(f"该批次当前为“{now.get_state_display()}”，不能办理这一步；请刷新页面。")


def _lock_all(payments: "QuerySet[Payment]") -> Iterable[PaymentBatch]:
    """The unreleased batches of these payments under their row locks, in one order."""
    ids = payments.order_by().values("batch")
    locked = PaymentBatch.objects.select_for_update(of=("self",)).select_related("region")
    return locked.filter(pk__in=ids, state__in=UNRELEASED).order_by("pk")


def _pending(batch: PaymentBatch) -> "QuerySet[Payment]":
    return Payment.objects.filter(batch=batch, state=Payment.State.PENDING)


def _drop(batch: PaymentBatch, payments: "QuerySet[Payment]", why: str, *, by: User | None, at: datetime) -> int:
    """Drop payments of a batch that is locked, and send it back to its maker. Raises BatchRefused: one stays."""
    moved = move_all(payments, Payment.State.DROPPED, by=by, at=at, why=why[:500])
    if moved.refused:
        raise BatchRefused("该笔已移出或您没有办理岗位，未作改动；请刷新页面。")
    _add_up(batch)
    if moved.moved and batch.state != State.DRAFT:
        move(batch, State.DRAFT, by=by, at=at, why=f"移出 {len(moved.moved)} 笔：{why}"[:500], **NO_APPROVAL)
    return len(moved.moved)


def _write_payments(batch: PaymentBatch, awards: "QuerySet[Award]", *, by: User, at: datetime) -> None:
    """A line an award, numbered from 1; the account goes over sealed as it is."""
    taken = awards.values_list("pk", "region", "amount", "account_name", "bank", "account", "account_index")
    rows, line = taken.iterator(chunk_size=CHUNK), 0
    while chunk := list(islice(rows, CHUNK)):
        ids = next_ids(Payment, len(chunk))
        values = [
            (pk, Payment.State.PENDING, batch.pk, award, region, line + place, amount, name, bank, account.stored, index, "", "")
            for place, (pk, (award, region, amount, name, bank, account, index)) in enumerate(zip(ids, chunk, strict=True), 1)
        ]
        open_rows(Payment, PAYMENT_COLUMNS, values, by=by, at=at)
        line += len(chunk)


def _add_up(batch: PaymentBatch) -> None:
    batch.count, batch.total = _sums(batch)
    batch.save(update_fields=["count", "total"])


def _sums(batch: PaymentBatch) -> tuple[int, Decimal]:
    sums = _pending(batch).aggregate(count=Count("pk"), total=Sum("amount"))
    return sums["count"], sums["total"] or Decimal(0)


def _nothing_to_pay(programme: Programme, on: date) -> str:
    reasons = {reason: awards.count() for reason, awards in left_out(programme, on).items()}
    told = "，".join(f"{reason} {number} 件" for reason, number in reasons.items() if number)
    return f"没有可以编入批次的件：{told}。" if told else "没有公示无异议、待拨付的件。"


def _refuse_draft_notice(programme: Programme) -> None:
    if problem := draft_problem(programme):
        raise BatchRefused(f"{problem}，不能拨付。")


def _refuse_undecided(batch: PaymentBatch, collective_decision: str) -> None:
    line = batch.programme.collective_decision_over
    if line is not None and batch.total > line and not collective_decision:
        raise BatchRefused(f"批次金额 {batch.total} 元超过 {line} 元，须填写集体审议文号后放行。")


def _refuse_changed(batch: PaymentBatch) -> None:
    """What is approved and released is what was submitted, and what was published."""
    if _sums(batch) != (batch.count, batch.total):
        raise BatchRefused("批次的笔数或金额与提交复核时不一致；请退回编制人重新提交。")
    differs = ~Q(amount=F("award__amount")) | ~Q(account_index=F("award__account_index"))
    if changed := _pending(batch).filter(differs).count():
        raise BatchRefused(f"有 {changed} 笔的金额或账户与应发补贴不一致；请将其移出后重新提交。")


def _refuse_stopped(batch: PaymentBatch, on: date) -> None:
    """Nothing held, every account known, credit checked today."""
    barring = barring_flags(terms_in_force(batch.programme, on), on)
    stopped = {
        "暂缓": _pending(batch).filter(held(award="award__")).count(),
        "账户待核": _pending(batch).exclude(account_known("award__")).count(),
        "今日未核验信用或核验未通过": _pending(batch).exclude(checked(on, barring, "award__")).count(),
    }
    told = "，".join(f"{reason} {number} 笔" for reason, number in stopped.items() if number)
    if told:
        raise BatchRefused(f"不能放行：{told}。请待今日信用核验完成，或将有问题的移出批次后重新提交。")
