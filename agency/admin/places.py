"""行政区划、工作日历、基金月报."""

from django.contrib import admin

from agency.admin.desk import DeskAdmin
from agency.models import FundMonth, Region, Workday


@admin.register(Region)
class RegionAdmin(DeskAdmin):
    region_path = "path"
    list_display = ("code", "name", "parent", "office_name", "phone", "complaints_phone")
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    ordering = ("path",)
    fields = ("code", "name", "parent", "office_name", "phone", "complaints_phone", "source", "source_row")


@admin.register(Workday)
class WorkdayAdmin(DeskAdmin):
    region_path = None
    list_display = ("day", "works", "name", "basis")
    list_filter = ("works",)
    ordering = ("day",)
    fields = ("day", "works", "name", "basis", "source", "source_row")


@admin.register(FundMonth)
class FundMonthAdmin(DeskAdmin):
    list_display = ("region", "shown_month", "balance", "spent", "benefit", "refunds", "skills")
    list_select_related = ("region",)
    ordering = ("-month",)

    @admin.display(description="年月", ordering="month")
    def shown_month(self, row: FundMonth) -> str:
        return f"{row.month:%Y-%m}"
