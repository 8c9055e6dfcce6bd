"""银行回盘: every line of the bank's answer is matched or listed with the reason; booked only where the totals agree."""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Sum
from django.utils.timezone import localdate

from agency.models import User
from agency.moves import check_mover, move, move_ids
from subsidies.payout.models import Award, Payment, PaymentBatch
from subsidies.payout.queries import bank_lines, terms_in_force

State = PaymentBatch.State
_MATCH = """
    WITH seen AS (
        SELECT answer.id, payment.id AS payment_id, CASE
            WHEN payment.id IS NULL THEN '本批次没有这个明细号'
            WHEN payment.account_index <> answer.account_index THEN '账号与拨付明细不一致'
            WHEN payment.amount <> answer.amount THEN '金额与拨付明细不一致'
            WHEN answer.succeeded AND answer.traded_on IS NULL THEN '结果为成功但没有交易日期'
            WHEN answer.traded_on < %s THEN '交易日期早于放行日期'
            WHEN answer.traded_on > %s THEN '交易日期晚于今天'
            ELSE '' END AS mismatch
        FROM payout_bankline answer
        LEFT JOIN payout_payment payment
            ON payment.batch_id = %s AND payment.state <> 'DROPPED'
            AND payment.line = CASE WHEN answer.line ~ '^[0-9]{1,9}$' THEN answer.line::integer END
        WHERE answer.batch_number = %s AND NOT answer.voided
    )
    UPDATE payout_bankline answer
    SET mismatch = seen.mismatch, payment_id = CASE WHEN seen.mismatch = '' THEN seen.payment_id END
    FROM seen WHERE seen.id = answer.id AND (answer.payment_id, answer.mismatch) IS DISTINCT FROM
        (CASE WHEN seen.mismatch = '' THEN seen.payment_id END, seen.mismatch)
"""
_COPY_ANSWERS = """
    UPDATE payout_payment payment
    SET bank_serial = answer.bank_serial,
        paid_on = CASE WHEN answer.succeeded THEN answer.traded_on END,
        failure = CASE WHEN answer.succeeded THEN '' ELSE answer.failure END
    FROM payout_bankline answer
    WHERE answer.payment_id = payment.id AND answer.batch_number = %s AND NOT answer.voided AND payment.state = 'PENDING'
"""
_COPY_DAYS = """
    UPDATE payout_award award SET paid_on = payment.paid_on
    FROM payout_payment payment
    WHERE payment.award_id = award.id AND payment.batch_id = %s AND payment.state = 'SUCCEEDED' AND award.state = 'PAYING'
"""


class ResultsRefused(Exception):
    """The bank's answer cannot be booked; says in Chinese why and what to do next. Nothing was booked."""


class Booked(NamedTuple):
    """What the bank's answer came to: payments that succeeded and were returned now, lines of the answer that match no
    payment, payments that still wait for an answer."""

    succeeded: int
    returned: int
    unmatched: int
    waiting: int


def book_results(batch: PaymentBatch, *, by: User, at: datetime) -> Booked:
    """Match the bank's lines for this batch to its payments by line, account and amount, and book them.

    Paid awards are PAID on the bank's day; returned ones may be mended until their day. With every payment answered
    the batch is RECONCILED. Lines that match nothing stay listed, also where the booking is refused: ResultsRefused
    (count or total is not the batch's, batch not released), MoveRefused (no such post)."""
    with transaction.atomic():
        now = _locked(batch, by, at)
        match_lines(now, localdate(at))
    with transaction.atomic():
        now = _locked(batch, by, at)
        _refuse_other_totals(now)
        succeeded, returned = _book(now, by=by, at=at)
        waiting = Payment.objects.filter(batch=now, state=Payment.State.PENDING).count()
        unmatched = bank_lines(now).filter(payment__isnull=True).count()
        if not waiting:
            detail = {"succeeded": succeeded, "returned": returned, "unmatched": unmatched}
            move(now, State.RECONCILED, by=by, at=at, detail=detail)
    batch.refresh_from_db()
    return Booked(succeeded, returned, unmatched, waiting)


def match_lines(batch: PaymentBatch, on: date) -> None:
    """Point every line of the bank's answer to its payment, or write beside it why none is."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE payout_payment, payout_bankline")  # both were just written: else planned for empty tables
        cursor.execute(_MATCH, [localdate(batch.released_at), on, batch.pk, batch.number])


def _locked(batch: PaymentBatch, by: User, at: datetime) -> PaymentBatch:
    now = PaymentBatch.objects.select_for_update(of=("self",)).select_related("programme", "region").get(pk=batch.pk)
    check_mover(now, PaymentBatch.MOVES[State.RELEASED, State.RECONCILED], by, at)
    if now.state == State.RECONCILED:
        raise ResultsRefused("该批次已对账，不会重复入账。")
    if now.state != State.RELEASED:
        raise ResultsRefused(f"该批次当前为“{now.get_state_display()}”，放行后才能入账银行回盘。")
    if not bank_lines(now).exists():
        raise ResultsRefused("还没有该批次的银行回盘；请先导入并确认回盘表格（bank-results）。")
    return now


def _refuse_other_totals(batch: PaymentBatch) -> None:
    lines = bank_lines(batch)
    sums = lines.aggregate(count=Count("pk"), total=Sum("amount"))
    if (sums["count"], sums["total"]) != (batch.count, batch.total):
        raise ResultsRefused(
            f"银行回盘共 {sums['count']} 笔 {sums['total']} 元，批次为 {batch.count} 笔 {batch.total} 元，不一致，未入账；"
            f"其中 {lines.filter(payment__isnull=True).count()} 笔没有匹配到拨付明细，请向银行核实后重新导入。"
        )


def _book(batch: PaymentBatch, *, by: User, at: datetime) -> tuple[int, int]:
    """Copy the bank's words onto the matched payments that wait, and move them and their awards: paid on the bank's day,
    or returned with a day by which to mend the account. Returns how many succeeded and were returned."""
    on = localdate(at)
    days = int(str(terms_in_force(batch.programme, on).value("payment_correction_days", on)))
    to_mend = {"correct_by": on + timedelta(days=days), "mended_by": None, "mended_at": None, "accepted_by": None}
    answers = bank_lines(batch).filter(payment__batch=batch, payment__state=Payment.State.PENDING)
    good = list(answers.filter(succeeded=True).values_list("payment", "payment__award"))
    bad = list(answers.filter(succeeded=False).values_list("payment", "payment__award"))
    with connection.cursor() as cursor:
        cursor.execute(_COPY_ANSWERS, [batch.number])
        _move_each(Payment, [pk for pk, _ in good], Payment.State.SUCCEEDED, batch, by=by, at=at)
        cursor.execute(_COPY_DAYS, [batch.pk])
    _move_each(Payment, [pk for pk, _ in bad], Payment.State.RETURNED, batch, by=by, at=at)
    _move_each(Award, [pk for _, pk in good], Award.State.PAID, batch, by=by, at=at)
    _move_each(Award, [pk for _, pk in bad], Award.State.PAYMENT_RETURNED, batch, by=by, at=at, also=to_mend)
    return len(good), len(bad)


def _move_each(
    model: type[Payment] | type[Award], ids: list[int], to: str, batch: PaymentBatch, *, by: User, at: datetime, **more: Any
) -> None:
    """Move them all or refuse the whole booking."""
    if move_ids(model, ids, to, by=by, at=at, why=batch.number, **more).refused:
        raise ResultsRefused("批次中有不在您地区的件，未入账；请由负责全部地区的财务人员办理。")
