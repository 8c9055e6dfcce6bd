"""外来名单与划型: lists that other departments share, and every size decision with its history."""

from django.db import models
from django.db.models import Q

from agency.models import Region, User, keep_old_versions
from enterprises.models.registry import Enterprise, Sourced


@keep_old_versions
class SizeListing(Sourced):
    """统计部门划型名单: one line. It may name a code that the registry does not know."""

    uscc = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("单位名称", max_length=200, blank=True, default="")
    size = models.CharField("划型", max_length=4)
    year = models.PositiveSmallIntegerField("年度")
    origin = models.CharField("来源", max_length=100, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "统计部门划型名单"
        constraints = [models.UniqueConstraint(fields=["uscc", "year"], name="size_listing_key")]

    def __str__(self) -> str:
        return f"{self.uscc} {self.year}"


class SizeCover(models.Model):
    """划型名单的覆盖范围: whether a region's statistics list of a year covers the enterprises that it does not name."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="行政区划")
    year = models.PositiveSmallIntegerField("年度")
    covers_all = models.BooleanField("未列名者即为中小微")
    source = models.ForeignKey("agency.Import", models.PROTECT, null=True, related_name="+", verbose_name="来源批次")

    class Meta:
        verbose_name = verbose_name_plural = "划型名单覆盖范围"
        constraints = [models.UniqueConstraint(fields=["region", "year"], name="size_cover_once")]

    def __str__(self) -> str:
        return f"{self.region} {self.year}"


@keep_old_versions
class Size2020(Sourced):
    """2020年度阶段性减免社保费划型: one line."""

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    size = models.CharField("划型", max_length=4)

    class Meta:
        verbose_name = verbose_name_plural = "2020年度划型"

    def __str__(self) -> str:
        return self.uscc


@keep_old_versions
class CreditListing(Sourced):
    """信用名单: one listing of one code from a day until a day."""

    class Type(models.TextChoices):
        SERIOUS = "严重失信", "严重失信"
        JUDGMENT = "失信被执行人", "失信被执行人"
        WAGES = "拖欠农民工工资", "拖欠农民工工资"
        ABNORMAL = "经营异常", "经营异常"
        DEREGISTERED = "注销", "注销"
        REVOKED = "吊销", "吊销"
        BANKRUPTCY = "破产清算", "破产清算"
        CLOSING = "拟注销", "拟注销"

    uscc = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("单位名称", max_length=200, blank=True, default="")
    type = models.CharField("名单类型", max_length=16, choices=Type.choices)
    origin = models.CharField("来源", max_length=100, blank=True, default="")
    listed_on = models.DateField("列入日期", null=True, blank=True)
    delisted_on = models.DateField("移出日期", null=True, blank=True)
    basis = models.CharField("依据", max_length=300, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "信用名单"
        constraints = [
            models.UniqueConstraint(
                fields=["uscc", "type", "origin", "listed_on"], nulls_distinct=False, name="credit_listing_key"
            ),
            models.CheckConstraint(
                condition=Q(delisted_on__isnull=True) | Q(listed_on__isnull=True) | Q(delisted_on__gte=models.F("listed_on")),
                name="credit_delisted_after_listed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.type}"


class SizeDecision(models.Model):
    """划型结论: which rung answered, with the figures it used, the record it came from, by whom and when. A new
    decision makes the earlier one not current; all stay readable."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, db_index=False, related_name="sizes", verbose_name="单位")
    year = models.PositiveSmallIntegerField("年度")
    edition = models.ForeignKey("agency.Edition", models.PROTECT, db_index=False, related_name="+", verbose_name="项目版本")
    size = models.CharField("划型", max_length=4, blank=True)  # 大型, 中小微, empty = unknown
    size_class = models.CharField("规模", max_length=4, blank=True)
    basis = models.CharField("依据", max_length=24, blank=True)
    figures = models.JSONField("所用数据", default=dict)
    was = models.CharField("原划型", max_length=4, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, db_index=False, related_name="+", verbose_name="认定人")
    decided_at = models.DateTimeField("认定时间")
    current = models.BooleanField("现行", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "划型结论"
        constraints = [
            models.UniqueConstraint(fields=["enterprise", "year"], condition=Q(current=True), name="size_one_current"),
        ]
        indexes = [models.Index(fields=["enterprise", "-decided_at"], name="size_history")]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.year} {self.size or '未定'}"
