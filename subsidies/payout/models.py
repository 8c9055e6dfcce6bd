"""公示、异议、拨付: an award from its approval to the bank's answer, one table for every subsidy."""

from datetime import date
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from agency.models import CaseKind, File, Hold, Programme, Region, Role, User, keep_old_versions
from agency.sealed import BlindIndexField, SealedField

SUBSIDIES = [(kind.value, kind.label) for kind in (CaseKind.REFUND, CaseKind.CLAIM)]


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


class PublicityRound(models.Model):
    """公示批次: a numbered, frozen list (第一批, 追加批) of one subsidy: text, dates and lines as published, with their hash."""

    class State(models.TextChoices):
        DRAFT = "DRAFT", "拟公示"
        PUBLISHED = "PUBLISHED", "公示中"
        CLOSED = "CLOSED", "公示期满"
        CANCELLED = "CANCELLED", "已撤销"

    PUBLIC_LABELS: ClassVar = {
        State.DRAFT: "",
        State.PUBLISHED: "正在公示",
        State.CLOSED: "公示期满",
        State.CANCELLED: "",
    }
    NEXT_STEPS: ClassVar = {
        State.DRAFT: "由拟稿人以外的复审人员发布。",
        State.PUBLISHED: "公示期满由系统结束；期间收到的异议逐行核查。",
        State.CLOSED: "已办结。",
        State.CANCELLED: "已办结。",
    }
    MOVES: ClassVar = {
        (State.DRAFT, State.PUBLISHED): {Role.REVIEWER},
        (State.DRAFT, State.CANCELLED): {Role.PREPARER, Role.REVIEWER},
        (State.PUBLISHED, State.CLOSED): {Role.SYSTEM},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "round"

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.DRAFT)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="rounds", verbose_name="项目")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="行政区划")
    case_kind = models.CharField("补贴", max_length=16, choices=SUBSIDIES, default=CaseKind.REFUND)
    number = models.PositiveSmallIntegerField("批次")
    title = models.CharField("标题", max_length=160)
    basis = models.TextField("依据")
    body = models.TextField("公告正文", blank=True)
    columns = models.CharField("公示栏目", max_length=32)  # a word of queries.COLUMNS
    starts_on = models.DateField("公示开始", null=True)
    ends_on = models.DateField("公示结束", null=True)  # its last day
    count = models.IntegerField("行数", default=0)
    total = models.DecimalField("金额合计", max_digits=16, decimal_places=2, default=0)
    sha256 = models.CharField("名单散列", max_length=64, blank=True)
    file = models.ForeignKey(File, models.PROTECT, null=True, related_name="+", verbose_name="名单表格")  # these by a Job
    pdf = models.ForeignKey(File, models.PROTECT, null=True, related_name="+", verbose_name="名单 PDF")
    announcement = models.ForeignKey(File, models.PROTECT, null=True, related_name="+", verbose_name="公告 Word")
    phone = models.CharField("咨询电话", max_length=40, blank=True)
    complaints_phone = models.CharField("监督电话", max_length=40, blank=True)
    office_name = models.CharField("公示单位", max_length=100, blank=True)
    prepared_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="拟稿人")
    prepared_at = models.DateTimeField("拟稿时间")
    published_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="发布人")
    published_at = models.DateTimeField("发布时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "公示批次"
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "case_kind", "number"], condition=~Q(state="CANCELLED"), name="round_number_once"
            ),
            models.UniqueConstraint(fields=["programme", "case_kind"], condition=Q(state="DRAFT"), name="round_one_draft"),
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) | ~Q(published_by=F("prepared_by")),
                name="round_needs_a_second_person",
                violation_error_message="拟稿人不能发布自己拟定的公示名单，请由另一人发布。",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["DRAFT", "CANCELLED"])
                | (Q(published_by__isnull=False, starts_on__isnull=False, ends_on__gte=F("starts_on")) & ~Q(sha256="")),
                name="round_published_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def open_on(self, on: date) -> bool:
        """Whether an objection may be filed on this day."""
        return (
            self.state == self.State.PUBLISHED and bool(self.starts_on and self.ends_on) and self.starts_on <= on <= self.ends_on
        )

    @property
    def of_persons(self) -> bool:
        """Whether its lines are persons, under masked names."""
        return self.case_kind == CaseKind.CLAIM

    @property
    def counted_in(self) -> str:
        """What its lines are counted in; one person may stand on several."""
        return "人次" if self.of_persons else "户"


class PublishedLine(models.Model):
    """公示名单的一行, frozen as published; a line removed later keeps its place, with the reason beside it."""

    round = models.ForeignKey(PublicityRound, models.PROTECT, related_name="lines", verbose_name="公示批次")
    award = models.ForeignKey(Award, models.PROTECT, related_name="lines", verbose_name="应发补贴")
    position = models.IntegerField("序号")
    name = models.CharField("单位名称（姓名）", max_length=200)
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    columns = models.JSONField("其他栏目", default=dict)
    struck_at = models.DateTimeField("撤下时间", null=True)
    struck_why = models.CharField("撤下原因", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "公示名单"
        constraints = [
            models.UniqueConstraint(fields=["round", "position"], name="line_position_once"),
            models.UniqueConstraint(fields=["round", "award"], name="line_award_once"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="line_frozen", fields=["round", "award", "position", "name", "amount", "columns"]),
            pgtrigger.Trigger(
                name="line_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func="""
                    IF (SELECT state FROM payout_publicityround WHERE id = OLD.round_id) <> 'DRAFT' THEN
                        RAISE EXCEPTION 'a published line is never deleted';
                    END IF;
                    RETURN OLD;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.name}"


class Objection(models.Model):
    """公示异议: by anybody with a real name; only the line objected to stops. Who objected is never shown to the enterprise."""

    class State(models.TextChoices):
        FILED = "FILED", "待核查"
        UPHELD = "UPHELD", "异议成立"
        DISMISSED = "DISMISSED", "异议不成立"

    PUBLIC_LABELS: ClassVar = {
        State.FILED: "已收到，正在核查",
        State.UPHELD: "异议成立",
        State.DISMISSED: "异议不成立",
    }
    NEXT_STEPS: ClassVar = {
        State.FILED: "复审人员在答复期限内核查并答复。",
        State.UPHELD: "该行不予发放，理由告知单位。",
        State.DISMISSED: "该行没有其他异议的，恢复公示。",
    }
    MOVES: ClassVar = {
        (State.FILED, State.UPHELD): {Role.REVIEWER},
        (State.FILED, State.DISMISSED): {Role.REVIEWER},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "objection"

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.FILED)
    line = models.ForeignKey(PublishedLine, models.PROTECT, related_name="objections", verbose_name="公示名单行")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="行政区划")
    receipt = models.CharField("回执号", max_length=24, unique=True)
    name = SealedField("异议人")
    contact = SealedField("联系方式")
    contact_index = BlindIndexField("联系方式索引", of="contact")  # with the receipt it opens the answer
    text = models.TextField("异议内容")
    channel = models.CharField("渠道", max_length=8, choices=[("phone", "电话"), ("letter", "来信"), ("web", "网上")])
    filed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="登记人")
    filed_at = models.DateTimeField("收到时间")
    answer_by = models.DateField("答复截止日")
    answer = models.CharField("答复", max_length=500, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "公示异议"
        indexes = [models.Index(fields=["answer_by"], condition=Q(state="FILED"), name="objection_due")]

    def __str__(self) -> str:
        return self.receipt


class Statement(models.Model):
    """单位说明: what an enterprise says while an objection to its line is examined; it does not learn who objected, nor what
    was said."""

    CASE = "statement"

    award = models.ForeignKey(Award, models.PROTECT, related_name="statements", verbose_name="应发补贴")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="行政区划")
    text = models.TextField("说明")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提交人")
    at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = verbose_name_plural = "单位说明"

    def __str__(self) -> str:
        return f"{self.award.name} {self.at:%F}"


class Attempt(models.Model):
    """网上尝试: what came from one address, or for one receipt, counted to keep floods out. The key is a keyed hash of it;
    a day later the row is gone."""

    what = models.CharField("事项", max_length=8, choices=[("object", "提出异议"), ("look", "查询答复")])
    key = models.CharField("散列", max_length=44)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "网上尝试"
        indexes = [models.Index(fields=["key", "what", "at"], name="attempt_of_key")]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.at:%F %T}"


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
