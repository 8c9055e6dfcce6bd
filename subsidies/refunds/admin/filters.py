"""The filters that a clerk needs on the list of refund applications."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from agency.admin.lists import words_filter
from agency.models import Hold
from subsidies.payout.admin import filters
from subsidies.refunds.models import Application

RULES = (
    "paid_in_full", "deferred_paid_up", "layoff_rate", "kind_covered", "credit", "registration", "within_period",
    "dispatch_applies_itself", "dispatch_not_banned", "size_known", "base_known",
)  # fmt: skip


class HeldFilter(admin.SimpleListFilter):
    title = "暂缓"
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("any", "有暂缓"), *[(kind.value, kind.label) for kind in Hold.Kind]]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Application]") -> "QuerySet[Application]":
        if not self.value():
            return queryset
        holds = Hold.objects.filter(case_kind=Application.CASE, case_id=OuterRef("pk"), lifted_at__isnull=True)
        return queryset.filter(Exists(holds if self.value() == "any" else holds.filter(kind=self.value())))


SizeFilter = words_filter("划型", "size", {"大型": "大型", "中小微": "中小微"})


class FailedFilter(filters.FailedFilter):
    rules = RULES


class UnknownFilter(filters.UnknownFilter):
    rules = RULES
