"""划型承诺: an enterprise's written word about its own size, which counts until it is found false."""

from django.db import models
from django.db.models import F, Q

from agency.models import User
from policy.keys import SIZE_CLASSES
from subsidies.refunds.models.cases import Application


class Commitment(models.Model):
    """划型书面承诺: the enterprise is paid at the size that it commits to, and that is verified afterwards (冀人社发〔2024〕14号
    二). Until then it is work that waits, for another person than who entered it."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="commitments", verbose_name="返还事项")
    size = models.CharField("承诺的划型", max_length=4, choices=[(word, word) for word in SIZE_CLASSES])
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="承诺人")
    given_at = models.DateTimeField("承诺时间")
    holds = models.BooleanField("核实属实", null=True)
    finding = models.CharField("核实情况", max_length=500, blank=True)
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="核实人")
    verified_at = models.DateTimeField("核实时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "划型承诺"
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(holds__isnull=True) | Q(holds=True), name="commitment_one_counts"
            ),
            models.CheckConstraint(
                condition=Q(holds__isnull=True, verified_by__isnull=True) | Q(holds__isnull=False, verified_by__isnull=False),
                name="commitment_verified_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(verified_by__isnull=True) | ~Q(verified_by=F("given_by")),
                name="commitment_needs_a_second_person",
                violation_error_message="登记承诺的人不能核实，请由另一人核实。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} 承诺{self.size}"
