"""应发补贴: an award from its approval to the bank's answer, for every subsidy; what a later decision differs by."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from agency.models import Hold, Programme, Region, Role, User
from agency.sealed import BlindIndexField, SealedField


class Award(models.Model):
    """应发补贴: what an approved case is owed. The account is a copy as of the approval or its last mending."""

    class State(models.TextChoices):
        PENDING = "PENDING", "待公示"
        PUBLICISED = "PUBLICISED", "公示中"
        OBJECTED = "OBJECTED", "异议核查"
        CLEARED = "CLEARED", "公示无异议"
        PAYING = "PAYING", "拨付中"
        PAID = "PAID", "已拨付"
        PAYMENT_RETURNED = "PAYMENT_RETURNED", "退票"
        STRUCK = "STRUCK", "不予发放"
        FORFEITED = "FORFEITED", "逾期未更正"

    PUBLIC_LABELS: ClassVar = {
        State.PENDING: "审核通过，等待公示",
        State.PUBLICISED: "正在公示",
        State.OBJECTED: "公示收到异议，正在核查",
        State.CLEARED: "公示无异议，等待拨付",
        State.PAYING: "正在拨付",
        State.PAID: "已拨付",
        State.PAYMENT_RETURNED: "银行退回，请更正账户",
        State.STRUCK: "不予发放",
        State.FORFEITED: "逾期未更正账户，已终止",
    }
    NEXT_STEPS: ClassVar = {
        State.PENDING: "经办将其列入下一批公示名单。",
        State.PUBLICISED: "公示期满且无异议后，自动转为公示无异议。",
        State.OBJECTED: "复审人员核查异议：成立则不予发放，不成立则恢复公示。",
        State.CLEARED: "财务将其列入拨付批次；拨付前再核一次信用。",
        State.PAYING: "等待银行回盘。",
        State.PAID: "已办结。",
        State.PAYMENT_RETURNED: "单位或经办更正账户并核对后重新拨付。",
        State.STRUCK: "已办结。",
        State.FORFEITED: "已办结。",
    }
    MOVES: ClassVar = {
        (State.PENDING, State.PUBLICISED): {Role.REVIEWER},
        (State.PUBLICISED, State.CLEARED): {Role.SYSTEM},
        (State.PUBLICISED, State.OBJECTED): {Role.PREPARER, Role.REVIEWER, Role.SYSTEM},
        (State.OBJECTED, State.PUBLICISED): {Role.REVIEWER},
        (State.OBJECTED, State.STRUCK): {Role.REVIEWER},
        (State.PENDING, State.STRUCK): {Role.REVIEWER, Role.ENTERPRISE},  # it may withdraw until it is published
        (State.PUBLICISED, State.STRUCK): {Role.REVIEWER},
        (State.CLEARED, State.STRUCK): {Role.REVIEWER},
        (State.CLEARED, State.PAYING): {Role.FINANCE},
        (State.PAYING, State.PAID): {Role.FINANCE},
        (State.PAYING, State.PAYMENT_RETURNED): {Role.FINANCE},
        (State.PAYMENT_RETURNED, State.CLEARED): {Role.REVIEWER},
        (State.PAYMENT_RETURNED, State.FORFEITED): {Role.SYSTEM},
    }
    HELD_MOVES: ClassVar = frozenset({(State.CLEARED, State.PAYING)})
    # These stop payment, not publicity: a missing account or payee is no condition of the subsidy.
    PAYMENT_HOLDS: ClassVar = frozenset({Hold.Kind.NO_ACCOUNT, Hold.Kind.DEREGISTERED})
    CASE = "award"
    FALLEN: ClassVar = (State.STRUCK, State.FORFEITED)  # nothing is paid of it any more

    class AccountSource(models.TextChoices):
        CORPORATE = "corporate", "对公账户"
        TAX = "tax", "缴费账户（税务提供）"
        CARD = "card", "社会保障卡"
        HELD = "held", "待核"

    state = models.CharField("状态", max_length=20, choices=State.choices, default=State.PENDING)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="awards", verbose_name="项目")
    region = models.ForeignKey(Region, models.PROTECT, db_index=False, related_name="+", verbose_name="行政区划")
    case_kind = models.CharField("事项", max_length=16)
    case_id = models.BigIntegerField("事项编号")
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)  # empty for a person
    name = models.CharField("收款单位（个人）", max_length=200)  # of a person as lists show it: masked
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    columns = models.JSONField("公示栏目", default=dict)  # what a list may show beside name and amount, e.g. layoff_rate
    account_source = models.CharField("账户来源", max_length=16, choices=AccountSource.choices)
    account_name = models.CharField("户名", max_length=200, blank=True)
    bank = models.CharField("开户行", max_length=200, blank=True)
    account = SealedField("账号")
    account_index = BlindIndexField("账号索引", of="account")
    mended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="账户更正人")
    mended_at = models.DateTimeField("账户更正时间", null=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="账户核对人")
    created_at = models.DateTimeField("生成时间")
    paid_on = models.DateField("拨付日", null=True)
    correct_by = models.DateField("更正账户截止日", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "应发补贴"
        constraints = [
            models.UniqueConstraint(
                fields=["case_kind", "case_id"],
                condition=~Q(state__in=["STRUCK", "FORFEITED"]),
                name="award_one_live_a_case",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="award_is_positive"),
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True) | Q(mended_by__isnull=True) | ~Q(accepted_by=F("mended_by")),
                name="award_account_needs_a_second_person",
                violation_error_message="更正账户的人不能核对自己的更正，请由另一人核对。",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "state", "id"], name="award_worklist"),
            models.Index(fields=["region", "state"], name="award_region"),
            models.Index(fields=["case_kind", "case_id"], name="award_case"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="award_owed_once", fields=["programme", "region", "case_kind", "case_id", "amount"]),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.amount}"


class Difference(models.Model):
    """差额待办: what a later decision says should have been paid, beside what was; a work item, never an edit of the payment."""

    award = models.ForeignKey(Award, models.PROTECT, related_name="differences", verbose_name="应发补贴")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="行政区划")
    paid = models.DecimalField("已拨付金额", max_digits=14, decimal_places=2)
    owed = models.DecimalField("重新核定金额", max_digits=14, decimal_places=2)
    why = models.CharField("原因", max_length=300)
    found_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="提出人")
    found_at = models.DateTimeField("提出时间")
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="办结人")
    settled_at = models.DateTimeField("办结时间", null=True)
    settlement = models.CharField("处理结果", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "差额待办"
        constraints = [
            models.UniqueConstraint(fields=["award"], condition=Q(settled_at__isnull=True), name="difference_one_open_an_award"),
            models.CheckConstraint(condition=~Q(paid=F("owed")), name="difference_is_one"),
        ]

    def __str__(self) -> str:
        return f"{self.award.name}：已拨付 {self.paid}，核定 {self.owed}"
