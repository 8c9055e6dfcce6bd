"""批量办理: one deed over many chosen rows, and what became of each."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from agency.models.people import User


class Bulk(models.Model):
    """批量办理: which rows were chosen, what was to be done to them, how far it is. Worked at once, or by a Job."""

    CASE: ClassVar = "bulk"

    case_kind = models.CharField("事项", max_length=16)
    deed = models.CharField("操作代码", max_length=24)
    label = models.CharField("操作", max_length=40)
    asked = models.JSONField("填写内容", default=dict)
    ids = ArrayField(models.BigIntegerField(), verbose_name="所选事项", default=list)  # in order, each once
    done = models.IntegerField("已处理", default=0)  # of `ids`, from the first on
    moved = models.IntegerField("已办理", default=0)
    refused = models.IntegerField("未办理", default=0)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="办理人")
    requested_at = models.DateTimeField("办理时间")
    finished_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "批量办理"
        indexes = [models.Index(fields=["requested_by", "-id"], name="bulk_own")]

    def __str__(self) -> str:
        return f"{self.label} {len(self.ids):,} 件"


class BulkLine(models.Model):
    """批量办理结果: what became of one chosen row."""

    bulk = models.ForeignKey(Bulk, models.PROTECT, db_index=False, related_name="lines", verbose_name="批量办理")
    case_id = models.BigIntegerField("编号")
    name = models.CharField("事项", max_length=220)
    moved = models.BooleanField("已办理")
    reason = models.CharField("未办理的原因", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "批量办理结果"
        constraints = [models.UniqueConstraint(fields=["bulk", "case_id"], name="bulk_once_a_case")]
        indexes = [models.Index(fields=["bulk", "moved", "case_id"], name="bulk_lines")]

    def __str__(self) -> str:
        return self.name
