"""项目与版本: a notice adopted for a region and a year, in numbered, immutable editions."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from agency.models.people import REPORT_HOURS, Role, User
from agency.models.places import Region


class Programme(models.Model):
    """项目: a notice adopted for a region and a year. It opens with its first approved edition, by a second person,
    through the fund gate; once open it changes only by a new edition."""

    class State(models.TextChoices):
        PREPARED = "PREPARED", "筹备中"
        OPEN = "OPEN", "已开办"
        CLOSED = "CLOSED", "已结束"

    NEXT_STEPS: ClassVar = {
        State.PREPARED: "由另一人批准并开办，须通过基金备付期限核对。",
        State.OPEN: "筛查、告知、受理；期满办结后结束。",
        State.CLOSED: "已办结。",
    }
    MOVES: ClassVar = {
        (State.PREPARED, State.OPEN): {Role.POLICY},
        (State.OPEN, State.CLOSED): {Role.POLICY},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "programme"

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.PREPARED)
    notice = models.CharField("政策文件", max_length=100, help_text="如 shanxi/2024")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="实施地区")
    year = models.PositiveSmallIntegerField("年度")
    title = models.CharField("名称", max_length=120)
    confirm_by = models.DateField("确认截止日", null=True, blank=True)
    sms_sign = models.CharField("短信签名", max_length=30, blank=True)
    sms_templates = models.JSONField("短信模板号", default=dict, blank=True)  # name in templates/sms -> the gateway's id of it
    sms_report_hours = models.PositiveSmallIntegerField("等待短信回执小时数", default=REPORT_HOURS)
    collective_decision_over = models.DecimalField(
        "集体审议金额线", max_digits=14, decimal_places=2, null=True, blank=True, help_text="单批超过此金额（元）须填集体审议文号"
    )
    final_number = models.CharField("正式文号", max_length=60, blank=True, help_text="征求意见稿须在正式印发后补录")
    final_on = models.DateField("正式印发日期", null=True, blank=True)
    final_recorded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="补录人")
    final_checked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="补录复核人")
    prepared_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="筹备人")
    created_at = models.DateTimeField("建立时间")
    opened_at = models.DateTimeField("开办时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "项目"
        constraints = [
            models.UniqueConstraint(fields=["region", "year"], name="programme_once_a_year"),
            models.CheckConstraint(
                condition=Q(final_checked_by__isnull=True) | ~Q(final_checked_by=F("final_recorded_by")),
                name="final_number_needs_a_second_person",
                violation_error_message="补录人不能复核自己补录的文号，请由另一人复核。",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Edition(models.Model):
    """项目版本: the resolved terms as canonical text, the choices made, the day it counts from. Immutable once approved;
    a decision points to it and is replayed from it."""

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", "待批准"
        APPROVED = "APPROVED", "已批准"
        REFUSED = "REFUSED", "未批准"

    NEXT_STEPS: ClassVar = {
        State.PROPOSED: "由拟定人以外的人批准或不批准。",
        State.APPROVED: "自起算日起适用。",
        State.REFUSED: "已办结。",
    }
    MOVES: ClassVar = {
        (State.PROPOSED, State.APPROVED): {Role.POLICY},
        (State.PROPOSED, State.REFUSED): {Role.POLICY},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "edition"

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.PROPOSED)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="editions", verbose_name="项目")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="实施地区")
    number = models.PositiveSmallIntegerField("版本号")
    choices = models.JSONField("经办选择", default=dict)
    terms = models.TextField("条款全文", help_text="规范文本，批准后不可更改")
    terms_sha256 = models.CharField("条款散列", max_length=64)
    counts_from = models.DateField("起算日")
    reason = models.CharField("变更理由", max_length=200, blank=True)
    prepared_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="拟定人")
    prepared_at = models.DateTimeField("拟定时间")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="批准人")
    approved_at = models.DateTimeField("批准时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "项目版本"
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="edition_number_once"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("prepared_by")),
                name="edition_needs_a_second_person",
                violation_error_message="拟定人不能批准自己拟定的版本，请由另一人批准。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme} 第{self.number}版"
