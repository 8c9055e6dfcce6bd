"""The bank file, and the list to publish as a spreadsheet."""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import Any, BinaryIO

from agency.models import CaseKind
from agency.sealed import blind_index
from sheets.write import write_rows
from subsidies.payout.models import Payment, PaymentBatch, PublicityRound
from subsidies.payout.queries import COLUMNS

BANK_HEADER = ("批次号", "明细号", "户名", "开户行", "账号", "金额", "用途")


class AccountBroken(Exception):
    """An account that is not the one its payment was made and checked for; the batch must not leave the house."""


def write_public_list(into: BinaryIO, round_: PublicityRound, rows: Iterable[Sequence[Any]]) -> None:
    """The rows of a round as .xlsx, under the headers that the programme publishes: never a code, phone or account."""
    write_rows(into, [header for header, _ in COLUMNS[round_.columns]], rows, sheet="公示名单")


def bank_sheet(batch: PaymentBatch) -> bytes:
    """The batch as .xlsx for the bank: a row a payment, a last row of count and total. Opens the accounts; the only
    place that does. Raises AccountBroken."""
    into = BytesIO()
    write_rows(into, BANK_HEADER, _bank_rows(batch), sheet="拨付明细")
    return into.getvalue()


def _bank_rows(batch: PaymentBatch) -> Iterator[tuple[Any, ...]]:
    payments = Payment.objects.filter(batch=batch, state=Payment.State.PENDING).order_by("line")
    shown = payments.values_list("line", "account_name", "bank", "account", "account_index", "amount", "award__case_kind")
    for line, account_name, bank, sealed, index, amount, kind in shown.iterator(chunk_size=10_000):
        account = sealed.reveal()
        if blind_index(account) != index:
            raise AccountBroken(f"第 {line} 笔的账号与编制时不一致，不能放行；请移出该笔并核对账户。")
        purpose = f"{batch.programme.year}年度{CaseKind(kind).label}"
        yield batch.number, line, account_name, bank, account, amount, purpose
    yield "合计", batch.count, "", "", "", batch.total, ""
