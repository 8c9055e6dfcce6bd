"""The spreadsheets of this app, declared: the bank's answer."""

from agency import intake
from agency.intake import Cell, Check, Reference
from agency.models import Role
from sheets import values
from subsidies.payout.models import BankLine, PaymentBatch


@intake.declare
class BankResultResource(intake.SheetResource):
    """银行回盘: one line of the bank's answer a row. Booked by `book_results`, not by loading it."""

    batch_number = Cell("批次号", values.code, filled=True)
    line = Cell("明细号", values.whole, filled=True)
    account_name = Cell("户名", values.text)
    account = Cell("账号", values.account, filled=True)
    amount = Cell("金额", values.money, filled=True)
    succeeded = Cell("结果", values.choice({"成功": "true", "失败": "false"}), filled=True)
    failure = Cell("失败原因", values.text)
    traded_on = Cell("交易日期", values.day)
    bank_serial = Cell("银行流水号", values.code)

    class Meta:
        model = BankLine
        name = "银行回盘"

    kind = "bank-results"
    title = "银行回盘"
    key = ("batch_number", "line")
    references = (Reference("batch", PaymentBatch, "batch_number", "number", missing="没有批次号为 {} 的拨付批次，请核对"),)
    regions = ("batch.region_id",)
    region_cell = "batch_number"
    roles = frozenset({Role.FINANCE})
    second_person = True
    checks = (
        Check("batch_number", "batch.released_at IS NULL", "批次 {} 尚未放行，不会有银行回盘，请核对", ("s.batch_number",)),
        Check("traded_on", "s.succeeded AND s.traded_on IS NULL", "结果为成功的须填写交易日期"),
        Check("traded_on", "s.traded_on > %(today)s", "交易日期晚于今天，请核对"),
        Check("failure", "NOT s.succeeded AND s.failure = ''", "没有写明失败原因", warning=True),
        Check(
            "amount",
            "booked.state <> 'PENDING' AND ((t.amount, t.succeeded, t.account_index, t.traded_on) IS DISTINCT FROM "
            "(s.amount, s.succeeded, s.account_index, s.traded_on) OR s.voided)",
            "该笔已入账，不能再改；如银行更正，请线下核实",
            join="LEFT JOIN payout_payment booked ON booked.id = t.payment_id",
        ),
    )
