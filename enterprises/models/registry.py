"""参保单位名册: enterprises, who may act for them, what they paid, how their staff changed."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from agency.models import Import, Region, User, keep_old_versions
from agency.sealed import BlindIndexField, SealedField


class Sourced(models.Model):
    """What every row from a spreadsheet knows: its import, its row there, and whether it still counts (作废)."""

    # An import is never deleted; checking that again for each of a million rows would take a third of the landing.
    source = models.ForeignKey(
        Import, models.PROTECT, null=True, db_index=False, db_constraint=False, related_name="+", verbose_name="来源批次"
    )
    source_row = models.IntegerField("来源行", null=True)
    voided = models.BooleanField("作废", default=False)

    class Meta:
        abstract = True


def yuan(label: str, **options: object) -> "models.DecimalField[object, object]":
    return models.DecimalField(label, max_digits=16, decimal_places=2, null=True, blank=True, **options)  # type: ignore[arg-type]


class NamePairs(models.Func):
    """The characters of a name two by two, as an array of texts: what a part of a name is found by. The function is made by a
    migration; a trigram index would not serve, since two Chinese characters hold none."""

    function = "enterprises_name_pairs"
    arity = 1
    output_field = ArrayField(models.TextField())


@keep_old_versions
class Enterprise(Sourced):
    """参保单位, as the registry names it. Empty is unknown."""

    class Kind(models.TextChoices):
        ENTERPRISE = "企业", "企业"
        BRANCH = "分支机构", "分支机构"
        SOCIAL_ORGANISATION = "社会团体", "社会团体"
        FOUNDATION = "基金会", "基金会"
        SOCIAL_SERVICE = "社会服务机构", "社会服务机构"
        LAW_FIRM = "律师事务所", "律师事务所"
        ACCOUNTING_FIRM = "会计师事务所", "会计师事务所"
        SOLE_TRADER = "个体工商户", "个体工商户"
        PUBLIC_BODY = "机关事业单位", "机关事业单位"

    class Registration(models.TextChoices):
        ACTIVE = "存续", "存续"
        DEREGISTERED = "注销", "注销"
        REVOKED = "吊销", "吊销"
        ABNORMAL = "经营异常", "经营异常"
        BANKRUPTCY = "破产清算", "破产清算"

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    unit_number = models.CharField("单位编号", max_length=32, blank=True, default="")
    name = models.CharField("单位名称", max_length=200)
    kind = models.CharField("单位类型", max_length=16, choices=Kind.choices)
    parent_uscc = models.CharField("所属法人统一社会信用代码", max_length=18, blank=True, default="")
    dispatch = models.BooleanField("劳务派遣", default=False)
    industry = models.CharField("行业代码", max_length=5, blank=True, default="")
    # The index enterprise_region begins with it. Rows come from a join on the regions alone, and a region that an enterprise
    # names is kept by a trigger (migration 0008): to ask again for each of a million rows would take a twelfth of the load.
    region = models.ForeignKey(
        Region, models.PROTECT, db_index=False, db_constraint=False, related_name="+", verbose_name="参保地"
    )
    registration = models.CharField("登记状态", max_length=16, choices=Registration.choices, blank=True, default="")
    employees = models.IntegerField("从业人员", null=True, blank=True)
    revenue = yuan("营业收入（万元）")
    assets = yuan("资产总额（万元）")
    recorded_size = models.CharField("系统划型", max_length=4, blank=True, default="")
    contact = models.CharField("联系人", max_length=64, blank=True, default="")
    phone = SealedField("手机号")
    phone_index = BlindIndexField("手机号索引", of="phone")
    legal_person = models.CharField("法定代表人", max_length=64, blank=True, default="")
    legal_phone = SealedField("法人手机号")
    legal_phone_index = BlindIndexField("法人手机号索引", of="legal_phone")
    account_name = models.CharField("户名", max_length=200, blank=True, default="")
    bank = models.CharField("开户行", max_length=200, blank=True, default="")
    account = SealedField("账号")
    account_index = BlindIndexField("账号索引", of="account")
    tax_account_name = models.CharField("缴费账户户名", max_length=200, blank=True, default="")
    tax_bank = models.CharField("缴费账户开户行", max_length=200, blank=True, default="")
    tax_account = SealedField("缴费账户账号")
    tax_account_index = BlindIndexField("缴费账户账号索引", of="tax_account")

    class Meta:
        verbose_name = verbose_name_plural = "参保单位"
        indexes = [
            models.Index(fields=["region", "uscc"], name="enterprise_region"),
            GinIndex(NamePairs("name"), name="enterprise_name_pairs"),
            models.Index(fields=["parent_uscc"], condition=~Q(parent_uscc=""), name="enterprise_parent"),
            models.Index(fields=["phone_index"], condition=~Q(phone_index=""), name="enterprise_phone"),
            models.Index(fields=["legal_phone_index"], condition=~Q(legal_phone_index=""), name="enterprise_legal_phone"),
            models.Index(fields=["account_index"], condition=~Q(account_index=""), name="enterprise_account"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="keep_where_paid", when=pgtrigger.Before, operation=pgtrigger.Delete,
                func="IF EXISTS (SELECT FROM enterprises_monthlycontribution WHERE enterprise_id = OLD.id) THEN "
                "RAISE foreign_key_violation USING MESSAGE = 'enterprise ' || OLD.id || ' has contributions'; "
                "END IF; RETURN OLD;",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """单位用户: a user acts for an enterprise."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name="用户")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="members", verbose_name="单位")
    since = models.DateTimeField("自")

    class Meta:
        verbose_name = verbose_name_plural = "单位用户"
        constraints = [models.UniqueConstraint(fields=["user", "enterprise"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.enterprise}"


@keep_old_versions
class MonthlyContribution(Sourced):
    """缴费明细: what one enterprise was due and paid for one month, by type and arrival. Yuan. Empty is unknown."""

    class Type(models.TextChoices):
        NORMAL = "正常", "正常"
        BACK = "补缴", "补缴"
        REFUND = "退费", "退费"

    # Rows come from a join on the registry alone, and an enterprise that has any is kept by its trigger: to ask the registry
    # again for each of a million rows would take a quarter of the load.
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, db_index=False, db_constraint=False, related_name="contributions", verbose_name="单位"
    )
    month = models.DateField("费款所属期")  # its first day
    type = models.CharField("缴费类型", max_length=2, choices=Type.choices, default=Type.NORMAL)
    arrived_on = models.DateField("到账日期", null=True, blank=True)
    line = models.CharField("明细号", max_length=40, blank=True, default="")
    headcount = models.IntegerField("缴费人数", null=True)
    wage_base = yuan("缴费基数")
    employer_due = yuan("单位应缴")
    employee_due = yuan("个人应缴")
    employer_paid = yuan("单位实缴")
    employee_paid = yuan("个人实缴")
    late_fee = yuan("滞纳金")
    deferred = models.BooleanField("缓缴", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "缴费明细"
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "month", "type", "arrived_on", "line"], nulls_distinct=False, name="contribution_key"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="contribution_month_is_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.month:%Y-%m}"


@keep_old_versions
class WorkforceYear(Sourced):
    """用工变动年报: head-counts and leavers of one enterprise in one year. Empty is unknown."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, db_index=False, related_name="workforce", verbose_name="单位")
    year = models.PositiveSmallIntegerField("年度")
    start_count = models.IntegerField("年初人数", null=True, blank=True)
    end_count = models.IntegerField("年末人数", null=True, blank=True)
    dismissals = models.IntegerField("裁员人数", null=True, blank=True)
    claimants = models.IntegerField("领取失业金人数", null=True, blank=True)
    retired = models.IntegerField("退休人数", null=True, blank=True)
    died = models.IntegerField("死亡人数", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "用工变动年报"
        constraints = [models.UniqueConstraint(fields=["enterprise", "year"], name="workforce_key")]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.year}"
