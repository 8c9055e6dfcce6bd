"""The filters that a clerk needs on the list of cases of any subsidy."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from agency.admin.desk import codes_of
from agency.admin.people import regions_under
from policy import explain


class CodeFilter(admin.SimpleListFilter):
    """Cases on which a rule failed, or could not be answered; each subsidy names its `rules`."""

    rules: ClassVar[Sequence[str]] = ()
    column = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, explain.rule_label(code)) for code in self.rules]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
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
        return queryset.filter(region__in=codes_of(request, [self.value()])) if self.value() else queryset
