"""地方、日子、基金: regions, the working calendar's overrides, the fund's monthly report, the demo's clock."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from agency.models.history import keep_old_versions


@keep_old_versions
class Region(models.Model):
    """行政区划: GB/T 2260 or the agency's own code. `path` = codes from the root, each followed by `/`, so that a
    subtree is one prefix."""

    code = models.CharField("代码", max_length=12, primary_key=True)
    name = models.CharField("名称", max_length=64)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级")
    path = models.CharField("路径", max_length=120, db_index=True, editable=False)
    office_name = models.CharField("经办机构名称", max_length=100, blank=True)
    phone = models.CharField("咨询电话", max_length=40, blank=True)
    complaints_phone = models.CharField("监督电话", max_length=40, blank=True)
    source = models.ForeignKey("agency.Import", models.PROTECT, null=True, related_name="+", verbose_name="来源批次")
    source_row = models.IntegerField("来源行", null=True)
    voided = models.BooleanField("作废", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "行政区划"
        indexes = [models.Index(fields=["path"], name="region_subtree", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return self.name


@keep_old_versions
class Workday(models.Model):
    """工作日: one day's override of the built-in calendar, from the State Council's notice."""

    day = models.DateField("日期", primary_key=True)
    works = models.BooleanField("是否上班")
    name = models.CharField("名称", max_length=40, blank=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    source = models.ForeignKey("agency.Import", models.PROTECT, null=True, related_name="+", verbose_name="来源批次")
    source_row = models.IntegerField("来源行", null=True)
    voided = models.BooleanField("作废", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "工作日历"

    def __str__(self) -> str:
        return f"{self.day} {'上班' if self.works else '休息'}"


def yuan(label: str) -> "models.DecimalField[object, object]":
    return models.DecimalField(label, max_digits=18, decimal_places=2, null=True, blank=True)


@keep_old_versions
class FundMonth(models.Model):
    """失业保险基金月报: what the fund held at a month's end and paid in it, in yuan. Empty is unknown."""

    PURPOSES: ClassVar = {  # purpose as the notices name it -> column
        "失业保险金": "benefit", "代缴医保": "medical", "价格临时补贴": "price_subsidy", "稳岗返还": "refunds",
        "技能提升补贴": "skills", "职业培训补贴": "training", "职业技能评价补贴": "evaluation", "岗位补贴": "posts",
        "社会保险补贴": "insurance",
    }  # fmt: skip

    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="行政区划")
    month = models.DateField("年月")  # its first day
    balance = yuan("滚存结余")
    spent = yuan("当月支出")
    benefit = yuan("失业保险金")
    medical = yuan("代缴医保")
    price_subsidy = yuan("价格临时补贴")
    refunds = yuan("稳岗返还")
    skills = yuan("技能提升补贴")
    training = yuan("职业培训补贴")
    evaluation = yuan("职业技能评价补贴")
    posts = yuan("岗位补贴")
    insurance = yuan("社会保险补贴")
    source = models.ForeignKey("agency.Import", models.PROTECT, null=True, related_name="+", verbose_name="来源批次")
    source_row = models.IntegerField("来源行", null=True)
    voided = models.BooleanField("作废", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "基金月报"
        constraints = [
            models.UniqueConstraint(fields=["region", "month"], name="fund_month_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="fund_month_is_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.month:%Y-%m}"


class DeskClock(models.Model):
    """演示时钟: how far the demo's desk stands from the real time. At most one row; used only where DEMO is on."""

    offset = models.DurationField("偏移")

    class Meta:
        verbose_name = verbose_name_plural = "演示时钟"

    def __str__(self) -> str:
        return str(self.offset)
