"""往来消息与备注 of refund cases, and how much waits unread on either side."""

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from agency.models import Note, Remark, User
from subsidies.refunds.models import Application


def remarks_of(application: Application) -> "QuerySet[Remark]":
    """The thread, oldest first."""
    found = Remark.objects.filter(case_kind=Application.CASE, case_id=application.pk)
    return found.select_related("by").prefetch_related("attachments__file").order_by("id")


def notes_of(application: Application) -> "QuerySet[Note]":
    """What staff noted, the latest first; for staff alone."""
    found = Note.objects.filter(case_kind=Application.CASE, case_id=application.pk)
    return found.select_related("by").order_by("-id")


def unread_by(user: User) -> int:
    """How many messages of the agency an enterprise's user has not opened."""
    mine = Application.objects.filter(enterprise__members__user=user).values("pk")
    unread = Remark.objects.filter(case_kind=Application.CASE, from_staff=True, read_at__isnull=True)
    return unread.filter(case_id__in=mine).count()


def waiting_remarks() -> "QuerySet[Remark]":
    """What enterprises wrote and no clerk has read."""
    return Remark.objects.filter(case_kind=Application.CASE, from_staff=False, read_at__isnull=True)


def with_unread(rows: "QuerySet[Application]") -> "QuerySet[Application]":
    """The cases, each with how many messages of the enterprise wait: `unread`."""
    mine = waiting_remarks().filter(case_id=OuterRef("pk")).order_by().values("case_id").annotate(many=Count("pk")).values("many")
    return rows.annotate(unread=Coalesce(Subquery(mine, output_field=IntegerField()), 0))
