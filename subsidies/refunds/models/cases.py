"""稳岗返还: one application an enterprise and year, the decisions made on it, the screenings, dispatch hosts."""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from agency.models import Edition, File, Programme, Region, Role, User, keep_old_versions
from agency.sealed import BlindIndexField, SealedField
from enterprises.models import Enterprise
from subsidies.payout.models import Award


class State(models.TextChoices):
    """返还事项的状态, staff label."""

    INELIGIBLE = "INELIGIBLE", "不符合"
    INCOMPLETE = "INCOMPLETE", "信息不全"
    ELIGIBLE = "ELIGIBLE", "符合"
    OFFERED = "OFFERED", "待确认"
    CONFIRMED = "CONFIRMED", "已确认"
    DECLINED = "DECLINED", "已放弃"
    OVERDUE = "OVERDUE", "逾期未确认"
    SUBMITTED = "SUBMITTED", "已申请"
    RETURNED = "RETURNED", "退回补正"
    REVIEWED = "REVIEWED", "初审通过"
    APPROVED = "APPROVED", "复审通过"
    REJECTED = "REJECTED", "不予返还"
    WITHDRAWN = "WITHDRAWN", "已撤回"
    WAIVED = "WAIVED", "视为放弃"


class Application(models.Model):
    """返还事项: one per enterprise and year, from screening to APPROVED; the award takes it from there."""

    State: ClassVar = State
    PUBLIC_LABELS: ClassVar = {
        State.INELIGIBLE: "经数据比对，暂不符合条件",
        State.INCOMPLETE: "信息不全，待核实",
        State.ELIGIBLE: "经数据比对，符合条件",
        State.OFFERED: "请确认是否接受返还",
        State.CONFIRMED: "已确认，等待审核",
        State.DECLINED: "您已放弃；本年度内仍可申领",
        State.OVERDUE: "超过确认期限；政策期内仍可确认",
        State.SUBMITTED: "申请已提交，等待审核",
        State.RETURNED: "请补正材料",
        State.REVIEWED: "初审通过，等待复审",
        State.APPROVED: "审核通过",
        State.REJECTED: "不予返还",
        State.WITHDRAWN: "已撤回",
        State.WAIVED: "政策期内未确认、未申请，视为放弃",
    }
    NEXT_STEPS: ClassVar = {
        State.INELIGIBLE: "单位如有异议，可在政策期内自主申请并补充情况。",
        State.INCOMPLETE: "经办补齐缺失的数据后重新筛查。",
        State.ELIGIBLE: "信用核验无碍后，发出确认通知；劳务派遣单位须自主申请。",
        State.OFFERED: "等待单位在门户确认或放弃。",
        State.CONFIRMED: "经办初审：当日再核信用，核对账户。",
        State.DECLINED: "本年度内单位仍可确认或申请。",
        State.OVERDUE: "政策期内单位仍可确认或申请；期满后视为放弃。",
        State.SUBMITTED: "经办初审：按自主申请重新判定。",
        State.RETURNED: "等待单位补正后重新提交；逾期未补正的，由经办联系、延期或说明理由不予返还。",
        State.REVIEWED: "由另一人复审。",
        State.APPROVED: "列入公示，公示后拨付。",
        State.REJECTED: "告知理由；单位可申诉。",
        State.WITHDRAWN: "政策期内单位可重新申请。",
        State.WAIVED: "已办结。",
    }
    MOVES: ClassVar = {
        # a later screening moves a case among the three
        **{
            (was, now): {Role.SYSTEM, Role.PREPARER}
            for was in (State.INELIGIBLE, State.INCOMPLETE, State.ELIGIBLE)
            for now in (State.INELIGIBLE, State.INCOMPLETE, State.ELIGIBLE)
            if was != now
        },
        (State.ELIGIBLE, State.OFFERED): {Role.PREPARER},
        (State.OFFERED, State.CONFIRMED): {Role.ENTERPRISE, Role.PREPARER, Role.SYSTEM},  # the system: silence accepts
        (State.OFFERED, State.DECLINED): {Role.ENTERPRISE, Role.PREPARER},
        (State.OFFERED, State.OVERDUE): {Role.SYSTEM},
        (State.OVERDUE, State.CONFIRMED): {Role.ENTERPRISE, Role.PREPARER},
        (State.DECLINED, State.CONFIRMED): {Role.ENTERPRISE, Role.PREPARER},
        **{
            (was, State.SUBMITTED): {Role.ENTERPRISE, Role.PREPARER}
            for was in (
                State.ELIGIBLE, State.INELIGIBLE, State.INCOMPLETE, State.DECLINED, State.OVERDUE, State.WITHDRAWN,
                State.RETURNED,
            )
        },
        (State.SUBMITTED, State.OFFERED): {Role.PREPARER},  # where own applicants too are asked to confirm
        (State.SUBMITTED, State.RETURNED): {Role.PREPARER},
        (State.CONFIRMED, State.REVIEWED): {Role.PREPARER},
        (State.SUBMITTED, State.REVIEWED): {Role.PREPARER},
        (State.CONFIRMED, State.REJECTED): {Role.PREPARER},
        (State.SUBMITTED, State.REJECTED): {Role.PREPARER},
        (State.REVIEWED, State.APPROVED): {Role.REVIEWER},
        # an upheld appeal, or facts that changed after the first review: assessed again, it goes through review anew
        (State.INELIGIBLE, State.SUBMITTED): {Role.ENTERPRISE, Role.PREPARER, Role.REVIEWER},
        **{(was, State.SUBMITTED): {Role.REVIEWER} for was in (State.REJECTED, State.REVIEWED, State.APPROVED)},
        (State.REVIEWED, State.REJECTED): {Role.REVIEWER},
        (State.RETURNED, State.REJECTED): {Role.PREPARER},  # not completed by the day that was set
        **{
            (was, State.WITHDRAWN): {Role.ENTERPRISE}
            for was in (
                State.OFFERED, State.CONFIRMED, State.DECLINED, State.OVERDUE, State.SUBMITTED, State.RETURNED,
                State.REVIEWED, State.APPROVED,
            )
        },
        (State.OFFERED, State.WAIVED): {Role.SYSTEM},
        (State.DECLINED, State.WAIVED): {Role.SYSTEM},
        (State.OVERDUE, State.WAIVED): {Role.SYSTEM},
        (State.ELIGIBLE, State.WAIVED): {Role.SYSTEM},  # a dispatch unit that was told and did not apply
    }  # fmt: skip
    HELD_MOVES: ClassVar = frozenset({
        (State.ELIGIBLE, State.OFFERED),
        (State.SUBMITTED, State.OFFERED),
        (State.CONFIRMED, State.REVIEWED),
        (State.SUBMITTED, State.REVIEWED),
        (State.REVIEWED, State.APPROVED),
    })  # fmt: skip
    CASE = "refund"

    class Channel(models.TextChoices):
        NO_APPLICATION = "免申即享", "免申即享"
        OWN_APPLICATION = "自主申请", "自主申请"

    class AnswerChannel(models.TextChoices):
        """答复途径: how the answer to an offer reached the agency."""

        PORTAL = "PORTAL", "网上服务"
        LINK = "LINK", "短信链接"
        SMS = "SMS", "短信回复"
        CALL = "CALL", "电话"
        PAPER = "PAPER", "书面"
        PROXY = "PROXY", "经办机构代为确认"
        SILENCE = "SILENCE", "默示"

    state = models.CharField("状态", max_length=16, choices=State.choices)
    programme = models.ForeignKey(Programme, models.PROTECT, db_index=False, related_name="applications", verbose_name="项目")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, db_index=False, related_name="applications", verbose_name="单位")
    region = models.ForeignKey(Region, models.PROTECT, db_index=False, related_name="+", verbose_name="参保地")
    year = models.PositiveSmallIntegerField("年度")
    channel = models.CharField("方式", max_length=4, choices=Channel.choices, default=Channel.NO_APPLICATION)
    decision = models.ForeignKey(
        "refunds.Decision", models.PROTECT, null=True, db_index=False, related_name="+", verbose_name="现行决定"
    )
    # The latest decision's answers, for lists and filters; the decision itself is the authority.
    size = models.CharField("划型", max_length=4, blank=True)
    amount = models.DecimalField("返还金额", max_digits=14, decimal_places=2, null=True)
    failed = ArrayField(models.CharField(max_length=32), verbose_name="不符合的条件", default=list)
    unknown = ArrayField(models.CharField(max_length=32), verbose_name="待核实的条件", default=list)
    offered_at = models.DateTimeField("发出确认通知时间", null=True)
    confirm_by = models.DateField("确认截止日", null=True)
    answered_at = models.DateTimeField("答复时间", null=True)
    answer_channel = models.CharField(
        "答复途径", max_length=8, choices=AnswerChannel.choices, blank=True, default="", db_default=""
    )
    submitted_at = models.DateTimeField("申请时间", null=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="初审人")
    reviewed_at = models.DateTimeField("初审时间", null=True)
    assigned_to = models.ForeignKey(User, models.PROTECT, null=True, db_index=False, related_name="+", verbose_name="分派给")
    assigned_at = models.DateTimeField("分派时间", null=True)
    reason = models.CharField("理由", max_length=500, blank=True)  # of a return, rejection or withdrawal
    award = models.OneToOneField(Award, models.PROTECT, null=True, related_name="refund", verbose_name="应发补贴")

    class Meta:
        verbose_name = verbose_name_plural = "稳岗返还事项"
        constraints = [models.UniqueConstraint(fields=["enterprise", "year"], name="application_once_a_year")]
        indexes = [
            models.Index(fields=["programme", "state", "id"], name="application_worklist"),
            models.Index(fields=["region", "state", "id"], name="application_region"),
            models.Index(fields=["state", "id"], name="application_state"),
            models.Index(fields=["assigned_to", "id"], condition=Q(assigned_to__isnull=False), name="application_assigned"),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.year}年度"


class ScreeningRun(models.Model):
    """筛查: one screening of a whole programme on a day under an edition, worked by a Job."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="screenings", verbose_name="项目")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+", verbose_name="版本")
    on = models.DateField("筛查日")
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="发起人")  # null: the system
    requested_at = models.DateTimeField("发起时间")
    size_lists = ArrayField(models.BigIntegerField(), verbose_name="已计入的划型名单", default=list)  # the imports it found
    finished_at = models.DateTimeField("完成时间", null=True)
    counts = models.JSONField("结果", default=dict)  # outcomes, amount, failed and unknown by rule code, changed

    class Meta:
        verbose_name = verbose_name_plural = "筛查"

    def __str__(self) -> str:
        return f"{self.programme} {self.on}"


class ListExport(models.Model):
    """名单导出: a list of what the screening found, made by a Job, in as many spreadsheets as it needs."""

    class Part(models.TextChoices):
        ALL = "all", "全部"
        ELIGIBLE = "eligible", "合格"
        INELIGIBLE = "ineligible", "不合格"
        INCOMPLETE = "incomplete", "信息不全"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+", verbose_name="项目")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="地区")
    part = models.CharField("范围", max_length=12, choices=Part.choices)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="导出人")
    requested_at = models.DateTimeField("发起时间")
    finished_at = models.DateTimeField("完成时间", null=True)
    rows = models.IntegerField("户数", null=True)
    files = models.ManyToManyField(File, related_name="+", verbose_name="文件")

    class Meta:
        verbose_name = verbose_name_plural = "名单导出"

    def __str__(self) -> str:
        return f"{self.get_part_display()}名单 {self.programme}"


class WhatIf(models.Model):
    """试算: a programme's enterprises on a day under other terms, beside its own edition; touches no case."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="what_ifs", verbose_name="项目")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+", verbose_name="对照版本")
    notice = models.CharField("政策文件", max_length=100)
    choices = models.JSONField("经办选择", default=dict)
    terms = models.TextField("条款全文")  # canonical text
    terms_sha256 = models.CharField("条款散列", max_length=64)
    on = models.DateField("试算日")
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="发起人")
    requested_at = models.DateTimeField("发起时间")
    finished_at = models.DateTimeField("完成时间", null=True)
    counts = models.JSONField("结果", default=dict)  # before and after, turned, differing ...: queries.what_ifs.Tally
    shown = models.JSONField("变化的单位", default=list)  # the first that differ, as the page shows them
    files = models.ManyToManyField(File, related_name="+", verbose_name="文件")

    class Meta:
        verbose_name = verbose_name_plural = "试算"

    def __str__(self) -> str:
        return f"试算 {self.pk}：{self.programme} {self.on}"


class Decision(models.Model):
    """决定: edition, facts and answers, frozen; findings and sentences are derived again from these."""

    application = models.ForeignKey(
        Application, models.PROTECT, db_index=False, related_name="decisions", verbose_name="返还事项"
    )
    edition = models.ForeignKey(Edition, models.PROTECT, db_index=False, related_name="+", verbose_name="版本")
    run = models.ForeignKey(ScreeningRun, models.PROTECT, null=True, db_index=False, related_name="+", verbose_name="筛查")
    by = models.ForeignKey(User, models.PROTECT, null=True, db_index=False, related_name="+", verbose_name="决定人")
    at = models.DateTimeField("时间")
    on = models.DateField("判定日")
    facts = models.TextField("事实")  # RefundFacts.to_json()
    outcome = models.CharField("结论", max_length=12)  # eligible, ineligible, incomplete
    size = models.CharField("划型", max_length=4, blank=True)
    size_class = models.CharField("规模", max_length=4, blank=True)
    size_basis = models.CharField("划型依据", max_length=24, blank=True)
    layoff_rate = models.DecimalField("裁员率", max_digits=12, decimal_places=6, null=True)
    base = models.DecimalField("返还基数", max_digits=16, decimal_places=2, null=True)
    rate = models.DecimalField("返还比例", max_digits=6, decimal_places=4, null=True)
    amount = models.DecimalField("返还金额", max_digits=14, decimal_places=2, null=True)
    payee = models.CharField("收款账户", max_length=10, blank=True)  # corporate, tax, held
    failed = ArrayField(models.CharField(max_length=32), verbose_name="不符合的条件", default=list)
    unknown = ArrayField(models.CharField(max_length=32), verbose_name="待核实的条件", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "返还决定"
        indexes = [models.Index(fields=["application", "-id"], name="decision_history")]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["eligible", "ineligible", "incomplete"]), name="decision_outcome_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.outcome}"


class AnswerRecord(models.Model):
    """答复登记: the agency's own record of an answer that came by telephone or on paper: who gave it, when."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="answer_records", verbose_name="返还事项")
    answer = models.CharField("答复", max_length=16, choices=[(s.value, s.label) for s in (State.CONFIRMED, State.DECLINED)])
    through = models.CharField("途径", max_length=8, choices=Application.AnswerChannel.choices)
    said_by = models.CharField("答复人", max_length=64)
    said_at = models.DateTimeField("答复时间")
    note = models.CharField("备注", max_length=500, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="登记人")
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "答复登记"

    def __str__(self) -> str:
        return f"{self.get_answer_display()} {self.application_id}"


class Correction(models.Model):
    """更正请求: what an enterprise says is wrong (account, size, contact), and how it was settled."""

    class About(models.TextChoices):
        ACCOUNT = "account", "收款账户"
        SIZE = "size", "企业划型"
        CONTACT = "contact", "联系方式"
        OTHER = "other", "其他"

    application = models.ForeignKey(Application, models.PROTECT, related_name="corrections", verbose_name="返还事项")
    about = models.CharField("更正事项", max_length=8, choices=About.choices)
    text = models.CharField("说明", max_length=500)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提出人")
    asked_at = models.DateTimeField("提出时间")
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="处理人")
    settled_at = models.DateTimeField("处理时间", null=True)
    settlement = models.CharField("处理结果", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "更正请求"

    def __str__(self) -> str:
        return f"{self.get_about_display()} {self.application_id}"


class Reminder(models.Model):
    """提醒: a rung of the ladder that an offer was given, once. `offered_at` tells two offers of one case apart."""

    class Kind(models.TextChoices):
        SMS = "SMS", "短信提醒"
        CALL = "CALL", "列入电话名单"
        PUBLIC = "PUBLIC", "列入公开的未确认名单"

    application = models.ForeignKey(
        Application, models.PROTECT, db_index=False, related_name="reminders", verbose_name="返还事项"
    )
    offered_at = models.DateTimeField("所提醒的通知时间")
    rung = models.PositiveSmallIntegerField("第几级")
    kind = models.CharField("方式", max_length=8, choices=Kind.choices)
    at = models.DateTimeField("时间")
    phones = models.PositiveSmallIntegerField("发往号码数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "提醒"
        constraints = [models.UniqueConstraint(fields=["application", "offered_at", "rung"], name="reminder_once_a_rung")]
        indexes = [models.Index(fields=["kind", "application"], name="reminder_list")]

    def __str__(self) -> str:
        return f"{self.application_id} {self.get_kind_display()}"


class Draft(models.Model):
    """申请草稿: what an enterprise has filled in of its own application; once sent, what it sent."""

    CASE = "draft"  # of its proofs, until they go with it to the case

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+", verbose_name="项目")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="drafts", verbose_name="单位")
    application = models.ForeignKey(Application, models.PROTECT, null=True, related_name="drafts", verbose_name="返还事项")
    cloned_from = models.ForeignKey(Application, models.PROTECT, null=True, related_name="+", verbose_name="带自")
    contact = models.CharField("联系人", max_length=64, blank=True)
    phone = SealedField("联系电话")
    note = models.CharField("情况说明", max_length=500, blank=True)
    saved_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="填写人")
    saved_at = models.DateTimeField("保存时间")
    sent_at = models.DateTimeField("提交时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "申请草稿"
        constraints = [
            models.UniqueConstraint(fields=["enterprise", "programme"], condition=Q(sent_at__isnull=True), name="draft_one_open"),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(application__isnull=False), name="draft_sent_has_its_case"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.programme}"


class Completion(models.Model):
    """补正: one return of an own application for completion: what is missing, until when, and when it came back."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="completions", verbose_name="返还事项")
    reason = models.CharField("补正意见", max_length=500)
    missing = ArrayField(models.CharField(max_length=32), verbose_name="须补交", default=list)  # rule codes of policy.evidence
    complete_by = models.DateField("补正截止日")  # its last day
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="退回人")
    asked_at = models.DateTimeField("退回时间")
    reminded_at = models.DateTimeField("提醒时间", null=True)
    overdue_at = models.DateTimeField("逾期告知时间", null=True)
    answered_at = models.DateTimeField("补正时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "补正"
        constraints = [
            models.UniqueConstraint(fields=["application"], condition=Q(answered_at__isnull=True), name="completion_one_open")
        ]
        indexes = [models.Index(fields=["complete_by"], condition=Q(answered_at__isnull=True), name="completion_waiting")]

    def __str__(self) -> str:
        return f"{self.application_id} {self.complete_by}"


class Allocation(models.Model):
    """分配确认: how a dispatch unit's refund goes to its hosts, as it was shown and accepted with the application; frozen."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="allocations", verbose_name="返还事项")
    decision = models.OneToOneField(Decision, models.PROTECT, related_name="allocation", verbose_name="决定")
    refund = models.DecimalField("返还金额", max_digits=14, decimal_places=2)
    parts = models.JSONField("各部分")  # [{code, name, workers, paid, rate, amount, whose}]; whose: host, own, public (not paid)
    sha256 = models.CharField("散列", max_length=64)  # of the canonical JSON of refund and parts, as accepted
    accepted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="确认人")
    accepted_at = models.DateTimeField("确认时间")

    class Meta:
        verbose_name = verbose_name_plural = "分配确认"
        triggers = [pgtrigger.Protect(name="allocation_frozen", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.application_id} {self.refund}"


@keep_old_versions
class CallOutcome(models.Model):
    """通话结果: what came of calling an enterprise, as the clerk noted it in the call list."""

    class Result(models.TextChoices):
        TOLD = "已通知", "已通知"
        NO_REPLY = "无人接听", "无人接听"
        WRONG_NUMBER = "号码错误", "号码错误"
        ACCEPTS = "愿意接受", "愿意接受"
        DECLINES = "明确放弃", "明确放弃"

    uscc = models.CharField("统一社会信用代码", max_length=18)
    called_at = models.CharField("通话时间", max_length=19)  # 2024-07-23 09:30:00, the desk's own time
    result = models.CharField("结果", max_length=4, choices=Result.choices)
    note = models.CharField("备注", max_length=200, blank=True, default="")
    booked = models.CharField("入账情况", max_length=100, blank=True, default="")  # what an answer did to the case, or why not
    source = models.ForeignKey("agency.Import", models.PROTECT, null=True, related_name="+", verbose_name="来源批次")
    source_row = models.IntegerField("来源行", null=True)
    voided = models.BooleanField("作废", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "通话结果"
        constraints = [models.UniqueConstraint(fields=["uscc", "called_at"], name="call_once_a_moment")]

    def __str__(self) -> str:
        return f"{self.uscc} {self.called_at} {self.result}"


@keep_old_versions
class Host(models.Model):
    """劳务派遣用工单位: where a dispatch unit's workers worked last year, and what was paid for them."""

    unit_uscc = models.CharField("派遣单位统一社会信用代码", max_length=18)
    host_uscc = models.CharField("用工单位统一社会信用代码", max_length=18)
    host_name = models.CharField("用工单位名称", max_length=200)
    host_kind = models.CharField("用工单位类型", max_length=16)
    year = models.PositiveSmallIntegerField("年度")
    workers = models.IntegerField("派遣人数", null=True)
    paid = models.DecimalField("上年度实缴失业保险费", max_digits=14, decimal_places=2, null=True)
    account_name = models.CharField("户名", max_length=200, blank=True, default="")
    bank = models.CharField("开户行", max_length=200, blank=True, default="")
    account = SealedField("账号")
    account_index = BlindIndexField("账号索引", of="account")
    source = models.ForeignKey("agency.Import", models.PROTECT, null=True, related_name="+", verbose_name="来源批次")
    source_row = models.IntegerField("来源行", null=True)
    voided = models.BooleanField("作废", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "用工单位"
        constraints = [models.UniqueConstraint(fields=["unit_uscc", "host_uscc", "year"], name="host_key")]

    def __str__(self) -> str:
        return self.host_name
