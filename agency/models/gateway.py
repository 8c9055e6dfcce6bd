"""短信网关: what came in by it, which of its calls were taken already, and when it may be sent to again."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from agency.models.history import keep_old_versions
from agency.models.people import Role
from agency.sealed import BlindIndexField, SealedField


@keep_old_versions
class Reply(models.Model):
    """短信上行: one message from one phone, and what became of it. Never guessed: what does not match one open offer and
    one of the words of templates/sms/answers.toml waits for a clerk."""

    class State(models.TextChoices):
        NEW = "NEW", "待识别"
        TAKEN = "TAKEN", "已办理"
        LISTED = "LISTED", "待人工处理"
        SETTLED = "SETTLED", "人工已处理"

    class Fate(models.TextChoices):
        CONFIRMED = "CONFIRMED", "已确认"
        DECLINED = "DECLINED", "已放弃"
        REPEATED = "REPEATED", "与已有答复相同"
        UNKNOWN_PHONE = "UNKNOWN_PHONE", "不是登记手机号"
        NO_OFFER = "NO_OFFER", "没有待答复的推送"
        SEVERAL = "SEVERAL", "该号码对应多个待答复的推送"
        UNCLEAR = "UNCLEAR", "内容无法识别"
        ANSWERED = "ANSWERED", "与已有答复不同"
        LATE = "LATE", "不在可答复期内"
        REFUSED = "REFUSED", "系统不能办理"

    NEXT_STEPS: ClassVar = {
        State.NEW: "系统按登记手机号和答复用语识别。",
        State.TAKEN: "已办结。",
        State.LISTED: "由经办联系来信人，在返还事项中登记其答复，再登记处理结果。",
        State.SETTLED: "已办结。",
    }
    MOVES: ClassVar = {
        (State.NEW, State.TAKEN): {Role.SYSTEM},
        (State.NEW, State.LISTED): {Role.SYSTEM},
        (State.LISTED, State.SETTLED): {Role.PREPARER},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "reply"

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.NEW)
    fate = models.CharField("识别结果", max_length=16, choices=Fate.choices, blank=True, default="")
    number = models.CharField("网关消息号", max_length=64, unique=True)
    phone = SealedField("手机号")
    phone_index = BlindIndexField("手机号索引", of="phone")
    text = SealedField("内容")
    text_index = BlindIndexField("内容索引", of="text")
    received_at = models.DateTimeField("接收时间")
    told_at = models.DateTimeField("回信时间", null=True)
    case_kind = models.CharField("事项", max_length=16, blank=True, default="")
    case_id = models.BigIntegerField("事项编号", null=True)
    region = models.ForeignKey("agency.Region", models.PROTECT, null=True, related_name="+", verbose_name="行政区划")
    settlement = models.CharField("处理结果", max_length=300, blank=True, default="")
    source = models.ForeignKey("agency.Import", models.PROTECT, null=True, related_name="+", verbose_name="来源批次")
    source_row = models.IntegerField("来源行", null=True)
    voided = models.BooleanField("作废", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "短信回复"
        indexes = [
            models.Index(fields=["state", "received_at"], condition=Q(state__in=["NEW", "LISTED"]), name="reply_waiting"),
            models.Index(fields=["phone_index", "told_at"], name="reply_phone"),
        ]

    def __str__(self) -> str:
        return f"短信回复 {self.pk}"


class Push(models.Model):
    """网关来电: a signed call of the gateway that was taken, by its signature, so that it is not taken again."""

    signature = models.CharField("签名", max_length=64, primary_key=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "网关来电"


class Pace(models.Model):
    """发送节拍: until when what was sent so far has used up the messages a second that the gateway takes from all of us."""

    gateway = models.CharField("网关", max_length=16, primary_key=True)
    free_at = models.DateTimeField("空闲时间")

    class Meta:
        verbose_name = verbose_name_plural = "发送节拍"
