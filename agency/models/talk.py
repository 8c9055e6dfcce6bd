"""往来消息与备注: what enterprise and agency write to each other about a case, and what staff note for themselves."""

from django.db import models
from django.db.models import Q

from agency.models.people import User
from agency.models.places import Region
from agency.models.work import Attachment
from agency.sealed import SealedField


class Remark(models.Model):
    """往来消息: one message of the thread of a case. Its text may name people, so it is sealed."""

    case_kind = models.CharField("事项", max_length=16)
    case_id = models.BigIntegerField("事项编号")
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+", verbose_name="行政区划")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="发送人")
    from_staff = models.BooleanField("经办机构发出")
    text = SealedField("内容")
    at = models.DateTimeField("时间")
    read_at = models.DateTimeField("对方已读时间", null=True)
    read_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="已读人")
    attachments = models.ManyToManyField(Attachment, related_name="+", verbose_name="附件")

    class Meta:
        verbose_name = verbose_name_plural = "往来消息"
        indexes = [
            models.Index(fields=["case_kind", "case_id", "id"], name="remark_case"),
            models.Index(fields=["case_kind", "from_staff", "case_id"], condition=Q(read_at__isnull=True), name="remark_unread"),
        ]

    def __str__(self) -> str:
        return f"往来消息 {self.pk}"


class Note(models.Model):
    """备注: what staff write down about a case for themselves; never shown to an enterprise."""

    case_kind = models.CharField("事项", max_length=16)
    case_id = models.BigIntegerField("事项编号")
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+", verbose_name="行政区划")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="记录人")
    text = SealedField("内容")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "工作备注"
        indexes = [models.Index(fields=["case_kind", "case_id", "id"], name="note_case")]

    def __str__(self) -> str:
        return f"备注 {self.pk}"
