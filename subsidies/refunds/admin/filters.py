"""The filters that a clerk needs on the list of refund applications."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from agency.admin.people import regions_under
from agency.models import Hold
from policy import explain
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


class CodeFilter(admin.SimpleListFilter):
    """Applications on which a rule failed, or could not be answered."""

    column = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, explain.rule_label(code)) for code in RULES]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Application]") -> "QuerySet[Application]":
        return queryset.filter(**{f"{self.column}__contains": [self.value()]}) if self.value() else queryset


class FailedFilter(CodeFilter):
    title, parameter_name, column = "不符合的条件", "failed", "failed"


class UnknownFilter(CodeFilter):
    title, parameter_name, column = "待核实的条件", "unknown", "unknown"


class RegionFilter(admin.SimpleListFilter):
    """Regions within the clerk's own posts."""

    title, parameter_name = "参保地", "region"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        prefixes = model_admin.prefixes(request, model_admin.readers)
        return [(region.path, region.name) for region in regions_under(prefixes)]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        return queryset.filter(region__path__startswith=self.value()) if self.value() else queryset
