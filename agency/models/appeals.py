"""申诉: what an enterprise disputes of its case, and how that was decided."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from agency.models.people import Role, User
from agency.models.places import Region

_DESK = frozenset({Role.PREPARER, Role.REVIEWER})


class Appeal(models.Model):
    """申诉: against the size, a refusal, the amount or an upheld objection; one open a case. Whoever takes it in looks into it
    and has the facts corrected; another person, who did not enter it either, decides."""

    class State(models.TextChoices):
        FILED = "FILED", "待受理"
        ACCEPTED = "ACCEPTED", "已受理"
        EVIDENCE_ASKED = "EVIDENCE_ASKED", "待补充证据"
        UPHELD = "UPHELD", "申诉成立"
        DISMISSED = "DISMISSED", "申诉不成立"
        REFUSED = "REFUSED", "不予受理"

    class About(models.TextChoices):
        SIZE = "size", "企业划型"
        INELIGIBLE = "ineligible", "不符合条件的结论"
        REFUSED = "refused", "不予返还的决定"
        AMOUNT = "amount", "返还金额"
        OBJECTION = "objection", "公示异议成立"

    PUBLIC_LABELS: ClassVar = {
        State.FILED: "申诉已收到，等待受理",
        State.ACCEPTED: "申诉已受理，正在核查",
        State.EVIDENCE_ASKED: "请补充证据",
        State.UPHELD: "申诉成立",
        State.DISMISSED: "申诉不成立",
        State.REFUSED: "申诉不予受理",
    }
    NEXT_STEPS: ClassVar = {
        State.FILED: "受理，或说明理由不予受理。",
        State.ACCEPTED: "核查并更正有关数据，由受理人以外的复审人员作出决定。",
        State.EVIDENCE_ASKED: "等待单位补充证据；逾期按现有材料继续核查。",
        State.UPHELD: "已办结；事项按更正后的数据重新判定。",
        State.DISMISSED: "已办结。",
        State.REFUSED: "已办结。",
    }
    MOVES: ClassVar = {
        (State.FILED, State.ACCEPTED): _DESK,
        (State.FILED, State.REFUSED): {Role.REVIEWER},
        (State.ACCEPTED, State.EVIDENCE_ASKED): _DESK,
        (State.EVIDENCE_ASKED, State.ACCEPTED): {Role.ENTERPRISE, Role.SYSTEM, *_DESK},
        (State.ACCEPTED, State.UPHELD): {Role.REVIEWER},
        (State.ACCEPTED, State.DISMISSED): {Role.REVIEWER},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "appeal"
    OPEN: ClassVar = (State.FILED, State.ACCEPTED, State.EVIDENCE_ASKED)

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.FILED)
    case_kind = models.CharField("事项", max_length=16)
    case_id = models.BigIntegerField("事项编号")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="行政区划")
    about = models.CharField("申诉内容", max_length=12, choices=About.choices)
    text = models.CharField("事实与理由", max_length=1000)
    filed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="申诉人")
    filed_at = models.DateTimeField("申诉时间")
    answer_by = models.DateField("答复截止日")
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="受理人")
    evidence = models.CharField("须补充的证据", max_length=500, blank=True)
    evidence_by = models.DateField("补充截止日", null=True)
    corrected = models.CharField("更正的数据", max_length=500, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="决定人")
    decided_at = models.DateTimeField("决定时间", null=True)
    answer = models.CharField("答复", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "申诉"
        constraints = [
            models.UniqueConstraint(
                fields=["case_kind", "case_id"],
                condition=Q(state__in=["FILED", "ACCEPTED", "EVIDENCE_ASKED"]),
                name="appeal_one_open_a_case",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | (~Q(decided_by=F("filed_by")) & (Q(accepted_by__isnull=True) | ~Q(decided_by=F("accepted_by")))),
                name="appeal_needs_a_second_person",
                violation_error_message="登记人和受理人不能对该申诉作出决定，请由另一人决定。",
            ),
        ]
        indexes = [models.Index(fields=["state", "answer_by"], name="appeal_worklist")]

    @property
    def public_label(self) -> str:
        """The state as the enterprise reads it."""
        return self.PUBLIC_LABELS[self.State(self.state)]

    def __str__(self) -> str:
        return f"申诉 {self.pk}：{self.get_about_display()}"
