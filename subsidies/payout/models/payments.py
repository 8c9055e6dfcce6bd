"""拨付: batches, payments, the lines of the bank's answer."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from agency.models import File, Programme, Region, Role, User, keep_old_versions
from agency.sealed import BlindIndexField, SealedField
from subsidies.payout.models.awards import Award


class PaymentBatch(models.Model):
    """拨付批次: maker, checker and releaser are three people; any change before release drops the approvals."""

    class State(models.TextChoices):
        DRAFT = "DRAFT", "编制中"
        SUBMITTED = "SUBMITTED", "待复核"
        APPROVED = "APPROVED", "待放行"
        RELEASED = "RELEASED", "已放行"
        RECONCILED = "RECONCILED", "已对账"
        CANCELLED = "CANCELLED", "已撤销"

    NEXT_STEPS: ClassVar = {
        State.DRAFT: "核对明细后由编制人提交复核。",
        State.SUBMITTED: "由编制人以外的人复核。",
        State.APPROVED: "由第三人放行，生成银行文件。",
        State.RELEASED: "等待银行回盘，逐笔核对。",
        State.RECONCILED: "已办结。",
        State.CANCELLED: "已办结。",
    }
    MOVES: ClassVar = {
        (State.DRAFT, State.SUBMITTED): {Role.FINANCE},
        (State.DRAFT, State.CANCELLED): {Role.FINANCE},
        (State.SUBMITTED, State.APPROVED): {Role.FINANCE, Role.REVIEWER},
        (State.SUBMITTED, State.DRAFT): {Role.FINANCE, Role.REVIEWER, Role.SYSTEM},  # the system: a line was held
        (State.APPROVED, State.DRAFT): {Role.FINANCE, Role.REVIEWER, Role.SYSTEM},
        (State.APPROVED, State.RELEASED): {Role.FINANCE},
        (State.RELEASED, State.RECONCILED): {Role.FINANCE},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "batch"

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.DRAFT)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="batches", verbose_name="项目")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="行政区划")
    number = models.CharField("批次号", max_length=32, unique=True)
    count = models.IntegerField("笔数", default=0)
    total = models.DecimalField("金额合计", max_digits=16, decimal_places=2, default=0)
    collective_decision = models.CharField("集体审议文号", max_length=60, blank=True)
    maker = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="编制人")
    made_at = models.DateTimeField("编制时间")
    checker = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="复核人")
    checked_at = models.DateTimeField("复核时间", null=True)
    releaser = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="放行人")
    released_at = models.DateTimeField("放行时间", null=True)
    file = models.ForeignKey(File, models.PROTECT, null=True, related_name="+", verbose_name="银行文件")
    sha256 = models.CharField("文件散列", max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "拨付批次"
        constraints = [
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(checker=F("maker")),
                name="batch_checker_is_not_maker",
                violation_error_message="编制人不能复核自己编制的批次，请由另一人复核。",
            ),
            models.CheckConstraint(
                condition=Q(releaser__isnull=True) | (~Q(releaser=F("maker")) & ~Q(releaser=F("checker"))),
                name="batch_releaser_is_a_third",
                violation_error_message="放行人须是编制、复核以外的第三人。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["APPROVED", "RELEASED", "RECONCILED"])
                | Q(checker__isnull=False, checked_at__isnull=False),
                name="batch_approved_by_a_checker",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["RELEASED", "RECONCILED"])
                | (Q(releaser__isnull=False, released_at__isnull=False, file__isnull=False) & ~Q(sha256="")),
                name="batch_released_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Payment(models.Model):
    """拨付明细: one payment of one award in one batch, with the account as it went to the bank."""

    class State(models.TextChoices):
        PENDING = "PENDING", "待银行处理"
        SUCCEEDED = "SUCCEEDED", "成功"
        RETURNED = "RETURNED", "退票"
        DROPPED = "DROPPED", "已移出批次"

    NEXT_STEPS: ClassVar = {
        State.PENDING: "等待银行回盘。",
        State.SUCCEEDED: "已办结。",
        State.RETURNED: "更正账户并核对后列入新的批次。",
        State.DROPPED: "已移出，查明原因后另行列入。",
    }
    MOVES: ClassVar = {
        (State.PENDING, State.SUCCEEDED): {Role.FINANCE},
        (State.PENDING, State.RETURNED): {Role.FINANCE},
        (State.PENDING, State.DROPPED): {Role.FINANCE, Role.REVIEWER, Role.SYSTEM},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "payment"

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.PENDING)
    batch = models.ForeignKey(PaymentBatch, models.PROTECT, related_name="payments", verbose_name="批次")
    award = models.ForeignKey(Award, models.PROTECT, related_name="payments", verbose_name="应发补贴")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="行政区划")
    line = models.IntegerField("明细号")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    account_name = models.CharField("户名", max_length=200)
    bank = models.CharField("开户行", max_length=200)
    account = SealedField("账号")
    account_index = BlindIndexField("账号索引", of="account")
    failure = models.CharField("失败原因", max_length=200, blank=True)
    paid_on = models.DateField("交易日期", null=True)
    bank_serial = models.CharField("银行流水号", max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "拨付明细"
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="payment_line_once"),
            models.UniqueConstraint(
                fields=["award"], condition=Q(state__in=["PENDING", "SUCCEEDED"]), name="payment_one_live_an_award"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="payment_frozen",
                fields=["batch", "award", "region", "line", "amount", "account_name", "bank", "account_index"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}-{self.line}"


@keep_old_versions
class BankLine(models.Model):
    """银行回盘明细: one line of the bank's answer, matched to a payment or listed as unmatched."""

    batch_number = models.CharField("批次号", max_length=32)
    line = models.CharField("明细号", max_length=16)
    account_name = models.CharField("户名", max_length=200)
    account = SealedField("账号")
    account_index = BlindIndexField("账号索引", of="account")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    succeeded = models.BooleanField("成功")
    failure = models.CharField("失败原因", max_length=200, blank=True)
    traded_on = models.DateField("交易日期", null=True)
    bank_serial = models.CharField("银行流水号", max_length=64, blank=True)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="+", verbose_name="匹配的拨付明细")
    mismatch = models.CharField("不匹配原因", max_length=200, blank=True)
    source = models.ForeignKey("agency.Import", models.PROTECT, null=True, related_name="+", verbose_name="来源批次")
    source_row = models.IntegerField("来源行", null=True)
    voided = models.BooleanField("作废", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "银行回盘明细"
        constraints = [models.UniqueConstraint(fields=["batch_number", "line"], name="bank_line_key")]

    def __str__(self) -> str:
        return f"{self.batch_number}-{self.line}"
