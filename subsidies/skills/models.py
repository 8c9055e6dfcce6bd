"""技能提升补贴: certificates and training subsidies as others report them, what was claimed, and each claim as a case."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from agency.models import CaseKind, Edition, Programme, Region, Role, User, keep_old_versions
from agency.sealed import BlindIndexField, SealedField
from enterprises.models import Sourced
from policy.keys import GRADES
from subsidies.payout.models import Award

GRADE_CHOICES = [(grade, grade) for grade in GRADES]


def words(label: str, longest: int) -> "models.CharField[str, str]":
    """Free text that may be unknown."""
    return models.CharField(label, max_length=longest, blank=True, default="")


class OfPerson(Sourced):
    """What every row about one person knows: 证件号码 (found by its blind index), the name beside it, and the region: that
    of the person where on record, else that of the import."""

    id_number = SealedField("证件号码")
    id_number_index = BlindIndexField("证件号码索引", of="id_number")
    name = models.CharField("姓名", max_length=64, blank=True, default="")
    region = models.ForeignKey(Region, models.PROTECT, db_index=False, related_name="+", verbose_name="行政区划")

    class Meta:
        abstract = True


@keep_old_versions
class Certificate(OfPerson):
    """技能证书: one certificate as the register of certificates has it. Empty is unknown."""

    class Status(models.TextChoices):
        VALID = "有效", "有效"
        CANCELLED = "注销", "注销"

    number = models.CharField("证书编号", max_length=64, unique=True)
    type = words("证书类型", 40)  # any word: the law says which count
    occupation_code = words("职业（工种）代码", 40)
    occupation_name = words("职业（工种）名称", 100)
    grade = models.CharField("等级", max_length=2, choices=GRADE_CHOICES, blank=True, default="")
    issued_on = models.DateField("发证日期", null=True, blank=True)
    body = words("评价机构", 200)
    status = models.CharField("状态", max_length=2, choices=Status.choices, blank=True, default="")
    lookup = words("联网查询结果", 100)
    looked_up_on = models.DateField("查询日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "技能证书"
        indexes = [
            models.Index(fields=["id_number_index"], name="certificate_person"),
            models.Index(fields=["region", "id"], name="certificate_region"),
        ]

    def __str__(self) -> str:
        return self.number


@keep_old_versions
class TrainingSubsidy(OfPerson):
    """职业培训补贴发放: one subsidy for one person. What is empty is unknown, and may be what a claim is about."""

    class Payee(models.TextChoices):
        PERSON = "个人", "个人"
        UNIT = "单位", "单位"

    occupation_code = models.CharField("职业（工种）代码", max_length=40, null=True, blank=True)
    occupation_name = words("职业（工种）名称", 100)
    grade = models.CharField("等级", max_length=2, choices=GRADE_CHOICES, null=True, blank=True)
    paid_on = models.DateField("发放日期", null=True, blank=True)
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2, null=True, blank=True)
    payee = models.CharField("受款方", max_length=2, choices=Payee.choices, blank=True, default="")
    payee_uscc = words("受款单位统一社会信用代码", 18)

    class Meta:
        verbose_name = verbose_name_plural = "职业培训补贴"
        constraints = [
            models.UniqueConstraint(
                fields=["id_number_index", "occupation_code", "grade", "paid_on"], nulls_distinct=False, name="training_key"
            )
        ]
        indexes = [models.Index(fields=["region", "id"], name="training_region")]

    def __str__(self) -> str:
        return f"{self.occupation_name or self.occupation_code or '职业不明'} {self.grade or ''}".strip()


@keep_old_versions
class Submission(OfPerson):
    """技能提升补贴申请, as it was handed in: one certificate of one person."""

    certificate_number = models.CharField("证书编号", max_length=64)
    claimed_on = models.DateField("申请日期")
    phone = SealedField("手机号")
    phone_index = BlindIndexField("手机号索引", of="phone")
    agent_uscc = words("代办单位统一社会信用代码", 18)

    class Meta:
        verbose_name = verbose_name_plural = "技能提升补贴申请"
        constraints = [models.UniqueConstraint(fields=["id_number_index", "certificate_number"], name="submission_key")]
        indexes = [models.Index(fields=["source", "source_row"], name="submission_source")]

    def __str__(self) -> str:
        return f"{self.name} {self.certificate_number}"


class State(models.TextChoices):
    """技能提升补贴事项的状态, staff label."""

    SUBMITTED = "SUBMITTED", "已申请"
    CHECKED = "CHECKED", "已比对"
    TO_REVIEW = "TO_REVIEW", "待人工核实"
    APPROVED = "APPROVED", "审核通过"
    REJECTED = "REJECTED", "不予补贴"


class Flag(models.TextChoices):
    """What a person has to look at although no rule failed."""

    NAME_DIFFERS = "NAME_DIFFERS", "申请、参保、证书的姓名不一致"
    OTHER_HOLDER = "OTHER_HOLDER", "证书登记在另一证件号码名下"
    EARLIER_OPEN = "EARLIER_OPEN", "该人更早的申请尚未办结"


class Claim(models.Model):
    """技能提升补贴事项: one submission as a case, from its landing to APPROVED; the award takes it from there."""

    State: ClassVar = State
    PUBLIC_LABELS: ClassVar = {
        State.SUBMITTED: "申请已提交，等待数据比对",
        State.CHECKED: "已完成数据比对",
        State.TO_REVIEW: "正在人工核实",
        State.APPROVED: "审核通过",
        State.REJECTED: "不予补贴",
    }
    NEXT_STEPS: ClassVar = {
        State.SUBMITTED: "经办发起判定：按参保、证书、培训补贴数据逐条比对。",
        State.CHECKED: "由系统按比对结果通过、不予补贴或转人工核实。",
        State.TO_REVIEW: "补齐或更正数据后，由复审人员按当时的数据重新判定并通过，或说明理由不予补贴。",
        State.APPROVED: "列入公示，公示后拨付至本人社会保障卡。",
        State.REJECTED: "告知理由；本人可申诉。",
    }
    MOVES: ClassVar = {
        (State.SUBMITTED, State.CHECKED): {Role.PREPARER},
        (State.CHECKED, State.APPROVED): {Role.SYSTEM},
        (State.CHECKED, State.REJECTED): {Role.SYSTEM},
        (State.CHECKED, State.TO_REVIEW): {Role.SYSTEM},
        (State.TO_REVIEW, State.APPROVED): {Role.REVIEWER},
        (State.TO_REVIEW, State.REJECTED): {Role.PREPARER, Role.REVIEWER},
    }
    HELD_MOVES: ClassVar = frozenset({(State.TO_REVIEW, State.APPROVED)})
    CASE = CaseKind.CLAIM.value

    state = models.CharField("状态", max_length=16, choices=State.choices)
    submission = models.OneToOneField(Submission, models.PROTECT, related_name="claim", verbose_name="申请")
    person_index = models.CharField("证件号码索引", max_length=44, editable=False)  # whose claims are one history
    region = models.ForeignKey(Region, models.PROTECT, db_index=False, related_name="+", verbose_name="行政区划")
    programme = models.ForeignKey(
        Programme, models.PROTECT, null=True, db_index=False, related_name="claims", verbose_name="项目"
    )  # since the first decision
    decision = models.ForeignKey(
        "skills.Decision", models.PROTECT, null=True, db_index=False, related_name="+", verbose_name="现行决定"
    )
    # The latest decision's answers, for lists and filters; the decision itself is the authority.
    occupation = words("职业（工种）代码", 40)
    grade = models.CharField("等级", max_length=2, choices=GRADE_CHOICES, blank=True, default="")
    amount = models.DecimalField("补贴金额", max_digits=14, decimal_places=2, null=True)
    failed = ArrayField(models.CharField(max_length=32), verbose_name="不符合的条件", default=list)
    unknown = ArrayField(models.CharField(max_length=32), verbose_name="待核实的条件", default=list)
    flags = ArrayField(models.CharField(max_length=16, choices=Flag.choices), verbose_name="须人工核对", default=list)
    post_agrees = models.BooleanField("证岗相适", null=True)  # a person's answer, where a notice asks it
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="核实人")
    reviewed_at = models.DateTimeField("核实时间", null=True)
    reason = models.CharField("理由", max_length=500, blank=True)  # of a rejection by a person
    award = models.OneToOneField(Award, models.PROTECT, null=True, related_name="claim", verbose_name="应发补贴")

    class Meta:
        verbose_name = verbose_name_plural = "技能提升补贴事项"
        indexes = [
            models.Index(fields=["person_index", "id"], name="claim_person"),
            models.Index(fields=["person_index"], condition=Q(state="SUBMITTED"), name="claim_waiting"),
            models.Index(fields=["region", "state", "id"], name="claim_region"),
            models.Index(fields=["programme", "state", "id"], name="claim_worklist"),
        ]

    def __str__(self) -> str:
        return str(self.submission)


class Decision(models.Model):
    """决定: edition, facts and answers, frozen; findings and sentences are derived again from these."""

    claim = models.ForeignKey(Claim, models.PROTECT, db_index=False, related_name="decisions", verbose_name="补贴事项")
    edition = models.ForeignKey(Edition, models.PROTECT, db_index=False, related_name="+", verbose_name="版本")
    by = models.ForeignKey(User, models.PROTECT, null=True, db_index=False, related_name="+", verbose_name="决定人")
    at = models.DateTimeField("时间")
    facts = models.TextField("事实")  # SkillFacts.to_json()
    outcome = models.CharField("结论", max_length=12)  # eligible, ineligible, incomplete
    amount = models.DecimalField("补贴金额", max_digits=14, decimal_places=2, null=True)
    failed = ArrayField(models.CharField(max_length=32), verbose_name="不符合的条件", default=list)
    unknown = ArrayField(models.CharField(max_length=32), verbose_name="待核实的条件", default=list)
    flags = ArrayField(models.CharField(max_length=16, choices=Flag.choices), verbose_name="须人工核对", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "补贴决定"
        indexes = [models.Index(fields=["claim", "-id"], name="skill_decision_history")]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["eligible", "ineligible", "incomplete"]), name="skill_decision_outcome_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.outcome}"
