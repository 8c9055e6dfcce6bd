"""参保人员: who is insured, where they work, how many months were paid for them, which card they are paid to."""

from django.db import models
from django.db.models import Q

from agency.models import Region, keep_old_versions
from agency.sealed import BlindIndexField, SealedField
from enterprises.models.registry import Enterprise, Sourced


@keep_old_versions
class InsuredPerson(Sourced):
    """参保人员, as the social-insurance system records them, found by the blind index of 证件号码. Empty is unknown.

    The region is that of the enterprise; of a person without one that where they were before, else that of the import."""

    class Status(models.TextChoices):
        EMPLOYED = "在职", "在职"
        DRAWING = "领取失业保险金", "领取失业保险金"
        STOPPED = "停保", "停保"

    class Employment(models.TextChoices):
        OWN = "自有", "自有"
        DISPATCHED = "派遣", "派遣"
        CONTRACTED = "承揽外包", "承揽外包"

    id_number = SealedField("证件号码")
    id_number_index = BlindIndexField("证件号码索引", of="id_number")
    name = models.CharField("姓名", max_length=64)
    phone = SealedField("手机号")
    phone_index = BlindIndexField("手机号索引", of="phone")
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, null=True, blank=True, db_index=False, related_name="persons", verbose_name="单位"
    )
    region = models.ForeignKey(Region, models.PROTECT, db_index=False, related_name="+", verbose_name="参保地")
    status = models.CharField("参保状态", max_length=8, choices=Status.choices, blank=True, default="")
    employment = models.CharField("用工形式", max_length=8, choices=Employment.choices, blank=True, default="")
    host_uscc = models.CharField("实际用工单位统一社会信用代码", max_length=18, blank=True, default="")
    first_insured = models.DateField("首次参保年月", null=True, blank=True)  # its first day, as of every month
    paid_months = models.IntegerField("累计缴费月数", null=True, blank=True)
    paid_until = models.DateField("截至年月", null=True, blank=True)  # the last month that paid_months counts
    card_bank = models.CharField("社保卡银行", max_length=200, blank=True, default="")
    card_account = SealedField("社保卡账号")
    card_account_index = BlindIndexField("社保卡账号索引", of="card_account")

    class Meta:
        verbose_name = verbose_name_plural = "参保人员"
        constraints = [models.UniqueConstraint(fields=["id_number_index"], name="person_key")]
        indexes = [
            models.Index(fields=["region", "id"], name="person_region"),
            models.Index(fields=["card_account_index"], condition=~Q(card_account_index=""), name="person_card"),
        ]

    def __str__(self) -> str:
        return self.name
