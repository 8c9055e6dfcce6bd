"""The staff pages of payment batches, their lines and the bank's answer."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import reverse

from agency.admin import Deed, DeskAdmin, Panel
from agency.admin.programmes import WhyForm
from agency.admin.trail import events_panel
from agency.models import Role
from subsidies.payout import actions
from subsidies.payout.admin.panels import money, table
from subsidies.payout.admin.publicity import FINANCE, REFUSALS, ProgrammeForm
from subsidies.payout.models import BankLine, Payment, PaymentBatch

Batch = PaymentBatch.State


class ReleaseForm(forms.Form):
    collective_decision = forms.CharField(
        label="集体审议文号", max_length=60, required=False, help_text="单批金额超过项目设定的金额线时必填。"
    )


def download_bank_file(batch: PaymentBatch, *, by: Any, at: Any) -> HttpResponse:
    return FileResponse(actions.read_bank_file(batch, by=by, at=at), as_attachment=True, filename=f"{batch.number}.xlsx")


@admin.register(PaymentBatch)
class PaymentBatchAdmin(DeskAdmin):
    list_display = ("number", "state", "count", "money", "maker", "checker", "releaser", "released_at")
    list_filter = ("state", "programme")
    list_select_related = ("maker", "checker", "releaser")
    ordering = ("-id",)
    fields = (
        ("number", "state"),
        ("count", "money", "collective_decision"),
        ("maker", "made_at"),
        ("checker", "checked_at"),
        ("releaser", "released_at"),
        "sha256",
    )
    readonly_fields = ("money",)
    readers = frozenset({Role.FINANCE, Role.REVIEWER, Role.AUDITOR})
    deeds: ClassVar = [
        Deed(
            "make",
            "编制拨付批次",
            FINANCE,
            actions.make_batch,
            form=ProgrammeForm,
            above=True,
            main=True,
            refusals=REFUSALS,
            hint="收入公示无异议、无暂缓、账户齐全且当日信用核验无碍的事项。",
        ),
        Deed("submit", "提交复核", FINANCE, actions.submit_batch, states=frozenset({Batch.DRAFT}), main=True, refusals=REFUSALS),
        Deed(
            "check",
            "复核通过",
            frozenset({Role.FINANCE, Role.REVIEWER}),
            actions.check_batch,
            states=frozenset({Batch.SUBMITTED}),
            main=True,
            refusals=REFUSALS,
            hint="复核人不能是编制人。",
        ),
        Deed(
            "release",
            "放行",
            FINANCE,
            actions.release_batch,
            states=frozenset({Batch.APPROVED}),
            form=ReleaseForm,
            main=True,
            refusals=REFUSALS,
            hint="放行人须是编制、复核以外的第三人。放行即生成银行文件。",
        ),
        Deed(
            "bank-file",
            "下载银行文件",
            frozenset({Role.FINANCE, Role.AUDITOR}),
            download_bank_file,
            refusals=REFUSALS,
            hint="文件含完整账号，下载会留痕。",
        ),
        Deed(
            "book",
            "按回盘入账",
            FINANCE,
            actions.book_results,
            states=frozenset({Batch.RELEASED}),
            main=True,
            refusals=REFUSALS,
            hint="先在“导入”中导入并确认银行回盘；笔数与金额须与批次一致。",
        ),
        Deed(
            "send-back",
            "退回编制",
            frozenset({Role.FINANCE, Role.REVIEWER}),
            actions.send_back,
            states=frozenset({Batch.SUBMITTED, Batch.APPROVED}),
            form=WhyForm,
            refusals=REFUSALS,
        ),
        Deed("cancel", "撤销批次", FINANCE, actions.cancel_batch, states=frozenset({Batch.DRAFT}), refusals=REFUSALS),
    ]

    @admin.display(description="金额合计（元）")
    def money(self, row: PaymentBatch) -> str:
        return money(row.total)

    def panels(self, request: HttpRequest, obj: PaymentBatch) -> list[Panel]:
        rows = [
            (
                row.line,
                {"href": reverse("admin:payout_award_change", args=[row.award_id]), "label": row.account_name},
                row.bank,
                str(row.account),
                {"number": money(row.amount)},
                {"word": row.state, "label": row.get_state_display()},
                row.failure or "—",
            )
            for row in obj.payments.order_by("line")[:100]
        ]
        unmatched = [
            (row.line, row.account_name, {"number": money(row.amount)}, row.mismatch)
            for row in BankLine.objects.filter(batch_number=obj.number).exclude(mismatch="").order_by("line")[:100]
        ]
        return [
            table("未匹配的银行回盘", ["明细号", "户名", "金额（元）", "原因"], unmatched, "没有未匹配的回盘行。"),
            table("拨付明细（前 100 笔）", ["明细号", "户名", "开户行", "账号", "金额（元）", "状态", "失败原因"], rows),
            events_panel((PaymentBatch.CASE, obj.pk, dict(Batch.choices))),
        ]


@admin.register(Payment)
class PaymentAdmin(DeskAdmin):
    readers = frozenset({Role.FINANCE, Role.REVIEWER, Role.AUDITOR})
    list_display = ("batch", "line", "account_name", "money", "state", "paid_on", "failure")
    list_filter = ("state",)
    list_select_related = ("batch", "region")
    search_fields = ("account_name", "batch__number")
    ordering = ("-id",)
    fields = (
        ("batch", "line", "state"),
        ("award", "money"),
        ("account_name", "bank", "shown_account"),
        ("paid_on", "bank_serial", "failure"),
    )
    readonly_fields = ("money", "shown_account")
    deeds: ClassVar = [
        Deed(
            "drop",
            "移出批次",
            FINANCE,
            actions.drop_payment,
            states=frozenset({Payment.State.PENDING}),
            form=WhyForm,
            refusals=REFUSALS,
            hint="批次退回编制，原有复核作废。",
        )
    ]

    @admin.display(description="金额（元）")
    def money(self, row: Payment) -> str:
        return money(row.amount)

    @admin.display(description="账号")
    def shown_account(self, row: Payment) -> str:
        return str(row.account)
