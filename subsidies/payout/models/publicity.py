"""公示与异议: frozen lists, their lines, what anybody objects to."""

from datetime import date
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from agency.models import CaseKind, File, Programme, Region, Role, User
from agency.sealed import BlindIndexField, SealedField
from subsidies.payout.models.awards import Award

SUBSIDIES = [(kind.value, kind.label) for kind in (CaseKind.REFUND, CaseKind.CLAIM)]


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
