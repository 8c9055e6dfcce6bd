"""留痕、暂缓、核验: what happened, what stops a case, what the outside answered. Each names its case by a fixed word and
an id, so that it serves any case and outlives a renamed model."""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from agency.models.people import Role, User
from agency.models.places import Region


class CaseKind(models.TextChoices):
    """事项: the fixed words by which rows of the agency name a case."""

    REFUND = "refund", "稳岗返还"
    CLAIM = "claim", "技能提升补贴"
    AWARD = "award", "拨付"
    SIZE = "size", "企业划型"


class Event(models.Model):
    """留痕: append-only; every state change, decision, export, sign-in and read of personal data."""

    class Kind(models.TextChoices):
        MOVE = "MOVE", "状态变更"
        DECISION = "DECISION", "决定"
        WRITE = "WRITE", "登记"
        IMPORT = "IMPORT", "导入"
        EXPORT = "EXPORT", "导出"
        READ = "READ", "查看个人信息"
        SIGN_IN = "SIGN_IN", "登录"
        REFUSED = "REFUSED", "拒绝访问"

    at = models.DateTimeField("时间")
    kind = models.CharField("类别", max_length=16, choices=Kind.choices)
    case_kind = models.CharField("事项", max_length=16)
    case_id = models.BigIntegerField("编号", null=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="经手人")
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="行政区划")
    from_state = models.CharField("原状态", max_length=24, blank=True)
    to_state = models.CharField("新状态", max_length=24, blank=True)
    why = models.CharField("事由", max_length=500, blank=True)
    detail = models.JSONField("详情", default=dict, blank=True)  # never a personal identifier, phone or account

    class Meta:
        verbose_name = verbose_name_plural = "留痕"
        indexes = [
            models.Index(fields=["case_kind", "case_id", "id"], name="event_case"),
            models.Index(fields=["at"], name="event_at"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.get_kind_display()}"


class CreditCheck(models.Model):
    """核验存档: one answer of the outside about one enterprise on one day, kept as it was received."""

    class Moment(models.TextChoices):
        SCREENING = "SCREENING", "筛查"
        REVIEW = "REVIEW", "审核"
        PAYMENT = "PAYMENT", "拨付前"

    class Outcome(models.TextChoices):
        CLEAR = "CLEAR", "未列入"
        HIT = "HIT", "列入"
        NO_ANSWER = "NO_ANSWER", "无应答"

    case_kind = models.CharField("事项", max_length=16)
    case_id = models.BigIntegerField("编号")
    uscc = models.CharField("统一社会信用代码", max_length=18)
    region = models.ForeignKey(Region, models.PROTECT, null=True, db_index=False, related_name="+", verbose_name="行政区划")
    moment = models.CharField("核验环节", max_length=16, choices=Moment.choices)
    on = models.DateField("核验日")
    outcome = models.CharField("结果", max_length=16, choices=Outcome.choices)
    flags = ArrayField(models.CharField(max_length=16), verbose_name="所列名单", default=list)
    source = models.CharField("来源", max_length=100)
    answered_at = models.DateTimeField("应答时间")
    raw = models.TextField("原始应答", blank=True)
    raw_sha256 = models.CharField("应答散列", max_length=64, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="人工核验人")

    class Meta:
        verbose_name = verbose_name_plural = "信用核验"
        indexes = [
            models.Index(fields=["case_kind", "case_id", "moment", "on"], name="credit_case"),
            models.Index(fields=["on", "moment"], name="credit_day"),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.on} {self.get_outcome_display()}"


class Hold(models.Model):
    """暂缓: a reason for which a case does not go forward. Several may be open, one of each kind."""

    class Kind(models.TextChoices):
        CREDIT = "CREDIT", "列入信用名单"
        CREDIT_UNANSWERED = "CREDIT_UNANSWERED", "信用核验无应答"
        FACTS_CHANGED = "FACTS_CHANGED", "数据有变化"
        CORRECTION = "CORRECTION", "单位申请更正"
        NO_ACCOUNT = "NO_ACCOUNT", "收款账户待核"
        DEREGISTERED = "DEREGISTERED", "已注销无收款人"
        APPEAL = "APPEAL", "申诉未办结"
        CLERK = "CLERK", "人工暂缓"

    case_kind = models.CharField("事项", max_length=16)
    case_id = models.BigIntegerField("编号")
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+", verbose_name="行政区划")
    kind = models.CharField("类别", max_length=24, choices=Kind.choices)
    reason = models.CharField("原因", max_length=300)
    check_row = models.ForeignKey(CreditCheck, models.PROTECT, null=True, related_name="+", verbose_name="核验存档")
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="暂缓人")
    opened_at = models.DateTimeField("暂缓时间")
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="解除人")
    lifted_at = models.DateTimeField("解除时间", null=True)
    lifted_why = models.CharField("解除理由", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "暂缓"
        constraints = [
            models.UniqueConstraint(
                fields=["case_kind", "case_id", "kind"], condition=Q(lifted_at__isnull=True), name="hold_once_a_kind"
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Dispute(models.Model):
    """信用异议: what an enterprise says against the listing that holds its case, and how a second person found it."""

    class State(models.TextChoices):
        FILED = "FILED", "待核实"
        UPHELD = "UPHELD", "属实"
        DISMISSED = "DISMISSED", "不属实"

    PUBLIC_LABELS: ClassVar = {
        State.FILED: "已提交，等待核实",
        State.UPHELD: "经核实属实，不再影响办理",
        State.DISMISSED: "经核实，仍在名单内",
    }
    NEXT_STEPS: ClassVar = {
        State.FILED: "由登记该记录以外的人看证明、到公开网站核实后答复。",
        State.UPHELD: "已办结；事项继续办理。",
        State.DISMISSED: "已办结；移出名单后事项自动继续，单位有新证明可再提出。",
    }
    MOVES: ClassVar = {
        (State.FILED, State.UPHELD): {Role.PREPARER, Role.REVIEWER},
        (State.FILED, State.DISMISSED): {Role.PREPARER, Role.REVIEWER},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "dispute"

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.FILED)
    hold = models.ForeignKey(Hold, models.PROTECT, related_name="disputes", verbose_name="暂缓")
    case_kind = models.CharField("事项", max_length=16)
    case_id = models.BigIntegerField("编号")
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+", verbose_name="行政区划")
    flags = ArrayField(models.CharField(max_length=16), verbose_name="所列名单", default=list)
    text = models.CharField("单位的说明", max_length=1000)
    filed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提出人")
    filed_at = models.DateTimeField("提出时间")
    answer = models.CharField("核实结论与依据", max_length=500, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="答复人")
    answered_at = models.DateTimeField("答复时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "信用异议"
        constraints = [
            models.UniqueConstraint(fields=["hold"], condition=Q(state="FILED"), name="dispute_once_open"),
        ]
        indexes = [models.Index(fields=["case_kind", "case_id"], name="dispute_case")]

    def __str__(self) -> str:
        return f"信用异议 {self.pk}"
