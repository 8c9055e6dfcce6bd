"""bank-results 银行回盘: loaded by the one pipeline, confirmed by a second person, then booked."""

from datetime import date

import pytest

from agency.actions import imports
from agency.models import Import, Role
from sheets.write import write_rows
from subsidies.payout import actions
from subsidies.payout.models import BankLine

HEADER = ("批次号", "明细号", "户名", "账号", "金额", "结果", "失败原因", "交易日期", "银行流水号")


@pytest.fixture
def load(tmp_path, staff, moment):
    """Write the bank's rows, check them, and confirm them by a second person; gives the import."""

    def do(rows, *, confirmed_by=None, name="回盘.xlsx") -> Import:
        path = tmp_path / name
        write_rows(path, HEADER, rows)
        imp = imports.start_import("bank-results", path, name, {}, by=staff(Role.FINANCE), at=moment(6, 14))
        imports.check_import(imp, at=moment(6, 14))
        imp.refresh_from_db()
        if imp.new or imp.changed:
            imports.confirm_import(imp, by=confirmed_by or staff(Role.FINANCE, 2), at=moment(6, 14))
            imp.refresh_from_db()
        return imp

    return do


def answers(batch, **change) -> list[tuple]:
    """The bank's rows for a batch; `change` by line: l2={"amount": ...}."""
    rows = []
    for payment in batch.payments.filter(state="PENDING").order_by("line"):
        row = {
            "batch": batch.number, "line": payment.line, "name": payment.account_name, "account": payment.account.reveal(),
            "amount": payment.amount, "result": "成功", "failure": "", "on": date(2024, 6, 13), "serial": f"BK{payment.line}",
        }  # fmt: skip
        rows.append(tuple((row | change.get(f"l{payment.line}", {})).values()))
    return rows


class TestLoading:
    def test_the_answer_is_loaded_and_booked(self, cleared, released_batch, load, staff, moment):
        cleared(3)
        batch = released_batch()
        imp = load(answers(batch, l3={"result": "失败", "failure": "户名不符", "on": ""}))
        assert (imp.state, imp.new, imp.refused) == ("CONFIRMED", 3, 0)
        booked = actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        assert booked == actions.Booked(succeeded=2, returned=1, unmatched=0, waiting=0)

    def test_the_account_is_sealed_in_the_answer(self, cleared, released_batch, load):
        cleared(1)
        load(answers(released_batch()))
        line = BankLine.objects.get()
        assert line.account.stored != line.account.reveal() == "6222000000000001"

    def test_needs_a_second_person(self, cleared, released_batch, load, staff):
        cleared(1)
        with pytest.raises(imports.ImportRefused):
            load(answers(released_batch()), confirmed_by=staff(Role.FINANCE))
        assert not BankLine.objects.exists()

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"batch": "1403-2024-999"}, "没有批次号为 1403-2024-999 的拨付批次"),
            ({"on": ""}, "结果为成功的须填写交易日期"),
            ({"on": date(2024, 6, 20)}, "交易日期晚于今天"),
            ({"result": "处理中"}, "应为以下之一：成功、失败"),
            ({"account": ""}, "账号"),
        ],
    )
    def test_a_bad_row_is_an_error_with_its_reason(self, cleared, released_batch, load, change, reason):
        cleared(2)
        imp = load(answers(released_batch(), l2=change))
        assert imp.refused == 1
        assert reason in str(imp.report)

    def test_a_line_that_was_booked_is_not_changed_by_a_later_file(self, cleared, released_batch, load, staff, moment):
        cleared(2)
        batch = released_batch()
        rows = answers(batch)
        load(rows)
        actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        other = [*rows[:1], (*rows[1][:5], "失败", "后来退回", "", "X")]
        imp = load(other, name="回盘2.xlsx")
        assert (imp.changed, imp.unchanged, imp.refused) == (0, 1, 1)
        assert "已入账，不能再改" in str(imp.report)
        assert set(BankLine.objects.values_list("succeeded", flat=True)) == {True}

    def test_a_batch_that_was_not_released_has_no_answer(self, cleared, approved_batch, load):
        cleared(1)
        imp = load(answers(approved_batch()))
        assert "尚未放行" in str(imp.report)
