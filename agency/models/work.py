"""作业、导入、文件: long work that a person can watch, the spreadsheets that came in, the files that are kept."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from agency.models.people import Role, User
from agency.models.places import Region


class File(models.Model):
    """文件: an upload, error spreadsheet, list or bank file: sealed on disk under its id, read through one gate."""

    class Kind(models.TextChoices):
        UPLOAD = "UPLOAD", "上传表格"
        ERRORS = "ERRORS", "错误清单"
        EXPORT = "EXPORT", "导出表格"
        BANK = "BANK", "银行拨付明细"
        PUBLICITY = "PUBLICITY", "公示名单"
        PROOF = "PROOF", "证明材料"

    kind = models.CharField("类别", max_length=16, choices=Kind.choices)
    name = models.CharField("文件名", max_length=200)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="所有者")
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+", verbose_name="行政区划")
    sha256 = models.CharField("文件散列", max_length=64, db_index=True)
    size = models.BigIntegerField("字节数")
    created_at = models.DateTimeField("生成时间")
    expires_at = models.DateTimeField("保存至", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "文件"

    def __str__(self) -> str:
        return self.name


class Attachment(models.Model):
    """附件: a proof beside a case, whichever it is: a scan, a photograph, a signed paper, looked at when it came in."""

    class About(models.TextChoices):
        APPLICATION = "application", "申请材料"
        ANSWER = "answer", "答复凭证"
        CORRECTION = "correction", "更正证明"
        SIZE = "size", "划型证明"
        CREDIT = "credit", "信用核验记录"
        APPEAL = "appeal", "申诉证据"
        OBJECTION = "objection", "异议材料"
        LETTER = "letter", "往来材料"

    case_kind = models.CharField("事项", max_length=16)
    case_id = models.BigIntegerField("事项编号")
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+", verbose_name="行政区划")
    about = models.CharField("用途", max_length=12, choices=About.choices)
    file = models.OneToOneField(File, models.PROTECT, related_name="attachment", verbose_name="文件")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="提交人")
    at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        indexes = [models.Index(fields=["case_kind", "case_id", "id"], name="attachment_case")]

    def __str__(self) -> str:
        return f"{self.get_about_display()} {self.file_id}"


class Job(models.Model):
    """作业: long work in the background. Who works it holds a PostgreSQL advisory lock on it."""

    class Kind(models.TextChoices):
        CHECK = "CHECK", "导入检查"
        CONFIRM = "CONFIRM", "导入确认"
        SCREENING = "SCREENING", "筛查"
        EXPORT = "EXPORT", "导出"
        WHAT_IF = "WHAT_IF", "试算"
        BULK = "BULK", "批量办理"
        PUBLICITY = "PUBLICITY", "公示文件"

    class State(models.TextChoices):
        QUEUED = "QUEUED", "排队中"
        RUNNING = "RUNNING", "进行中"
        DONE = "DONE", "已完成"
        FAILED = "FAILED", "失败"
        CANCELLED = "CANCELLED", "已取消"

    NEXT_STEPS: ClassVar = {
        State.QUEUED: "由后台按顺序取办。",
        State.RUNNING: "等待完成；中断的由系统自动接着办。",
        State.DONE: "已办结。",
        State.FAILED: "看失败原因，处理后重新排队。",
        State.CANCELLED: "已办结。",
    }
    MOVES: ClassVar = {
        (State.QUEUED, State.RUNNING): {Role.SYSTEM},
        (State.RUNNING, State.DONE): {Role.SYSTEM},
        (State.RUNNING, State.FAILED): {Role.SYSTEM},
        (State.RUNNING, State.QUEUED): {Role.SYSTEM},
        (State.QUEUED, State.CANCELLED): {Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.POLICY},
        (State.RUNNING, State.CANCELLED): {Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.POLICY},
        (State.FAILED, State.QUEUED): {Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.POLICY},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "job"

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.QUEUED)
    kind = models.CharField("类别", max_length=16, choices=Kind.choices)
    subject_id = models.BigIntegerField("对象编号", null=True)  # the Import, ScreeningRun ... that it works
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+", verbose_name="行政区划")
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="发起人")
    requested_at = models.DateTimeField("发起时间")
    started_at = models.DateTimeField("开始时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    total = models.BigIntegerField("总行数", null=True)
    done = models.BigIntegerField("已处理行数", default=0)
    unit = models.CharField("单位", max_length=4, default="行")  # what is counted: 行, 户, 项
    rate = models.FloatField("每秒", null=True)  # of the step that runs
    step = models.CharField("步骤", max_length=60, blank=True)
    told_at = models.DateTimeField("最近进展", null=True)
    interrupted = models.PositiveSmallIntegerField(
        "中断次数", default=0
    )  # its worker died; counted since it was last queued by a person
    problem = models.CharField("失败原因", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "作业"
        indexes = [
            models.Index(fields=["requested_at"], condition=Q(state__in=["QUEUED", "RUNNING"]), name="job_queue"),
            models.Index(fields=["kind", "subject_id"], name="job_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def seconds_taken(self) -> float | None:
        """Of a job that has ended."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at and self.started_at else None

    @property
    def seconds_left(self) -> int | None:
        """Of the step that runs; None where that is not known."""
        if self.state != self.State.RUNNING or not self.rate or self.total is None:
            return None
        return round(max(self.total - self.done, 0) / self.rate)


class Chunk(models.Model):
    """作业分块: a range of ids, one transaction, taken with SKIP LOCKED: the only parallelism of a job."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="chunks", verbose_name="作业")
    first_id = models.BigIntegerField("起始编号")
    last_id = models.BigIntegerField("末尾编号")
    rows = models.IntegerField("行数", default=0)
    done_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "作业分块"
        constraints = [models.UniqueConstraint(fields=["job", "first_id"], name="chunk_once")]

    def __str__(self) -> str:
        return f"{self.first_id}-{self.last_id}"


class Import(models.Model):
    """导入: one spreadsheet, checked and then confirmed. Confirm is all-or-nothing for its good rows."""

    class State(models.TextChoices):
        CHECKING = "CHECKING", "检查中"
        CHECKED = "CHECKED", "待确认"
        REFUSED = "REFUSED", "文件不合格"
        CONFIRMED = "CONFIRMED", "已导入"
        CANCELLED = "CANCELLED", "已放弃"

    NEXT_STEPS: ClassVar = {
        State.CHECKING: "等待检查完成。",
        State.CHECKED: "看检查报告，确认导入或放弃；涉及账户的由另一人确认。",
        State.REFUSED: "按原因改好文件后重新上传。",
        State.CONFIRMED: "已办结；未导入的行改好后另行上传。",
        State.CANCELLED: "已办结。",
    }
    MOVES: ClassVar = {
        (State.CHECKING, State.CHECKED): {Role.SYSTEM, *(_STAFF := (Role.PREPARER, Role.FINANCE, Role.POLICY))},
        (State.CHECKING, State.REFUSED): {Role.SYSTEM, *_STAFF},
        (State.CHECKED, State.CONFIRMED): {Role.SYSTEM, Role.REVIEWER, Role.ENTERPRISE, *_STAFF},
        (State.CHECKED, State.CHECKING): {Role.SYSTEM, *_STAFF},
        (State.CHECKING, State.CANCELLED): {*_STAFF},
        (State.CHECKED, State.CANCELLED): {Role.ENTERPRISE, *_STAFF},  # an enterprise: what it filed of itself
        (State.REFUSED, State.CANCELLED): {Role.ENTERPRISE, *_STAFF},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "import"

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.CHECKING)
    kind = models.CharField("表格种类", max_length=32)
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+", verbose_name="行政区划")
    file = models.ForeignKey(File, models.PROTECT, related_name="+", verbose_name="文件")
    settings = models.JSONField("导入设置", default=dict)  # e.g. covers=all
    new = models.IntegerField("新增", default=0)
    changed = models.IntegerField("变更", default=0)
    unchanged = models.IntegerField("未变", default=0)
    warned = models.IntegerField("提醒", default=0)
    refused = models.IntegerField("错误", default=0)
    report = models.JSONField("检查报告", default=dict)  # first errors and warnings, unknown columns; no personal data
    errors_file = models.ForeignKey(File, models.PROTECT, null=True, related_name="+", verbose_name="错误清单")
    problem = models.CharField("不合格原因", max_length=500, blank=True)
    checked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="导入人")
    checked_at = models.DateTimeField("检查时间")
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="确认人")
    confirmed_at = models.DateTimeField("确认时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入"
        indexes = [models.Index(fields=["kind", "-checked_at"], name="import_kind")]

    def __str__(self) -> str:
        return f"第 {self.pk} 号导入"


class Acknowledgement(models.Model):
    """核对提醒: one kind of warning of an import's report, looked at by a person. A report made anew has none."""

    imp = models.ForeignKey(Import, models.CASCADE, related_name="acknowledgements", verbose_name="导入")
    warning = models.CharField("提醒", max_length=200)  # its name in the report
    rows = models.IntegerField("行数")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="核对人")
    at = models.DateTimeField("核对时间")

    class Meta:
        verbose_name = verbose_name_plural = "核对提醒"
        constraints = [models.UniqueConstraint(fields=["imp", "warning"], name="acknowledged_once")]

    def __str__(self) -> str:
        return self.warning
