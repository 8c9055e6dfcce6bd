"""参保单位: the staff pages of the registry, contributions, workforce, lists, size decisions and insured persons."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localtime

from agency.admin import Deed, DeskAdmin, Panel, Refused, correct, revealed
from agency.admin.lists import YearFilter, words_filter
from agency.models import Role
from agency.queries import within
from agency.sealed import blind_index
from enterprises import actions
from enterprises.models import (
    CreditListing,
    Enterprise,
    InsuredPerson,
    MonthlyContribution,
    Size2020,
    SizeCover,
    SizeDecision,
    SizeListing,
    WorkforceYear,
)
from enterprises.queries import found_by
from policy import explain

CLERKS = frozenset({Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.AUDITOR})
LOADERS = frozenset({Role.PREPARER})
SETTLED = {word: word for word in ("大型", "中小微")}
CLASSES = {word: word for word in ("大型", "中型", "小型", "微型")}
SIZES = CLASSES | SETTLED
BasisFilter = words_filter("依据", "basis", explain.basis_labels())


def reveal(enterprise: Enterprise, *, by: Any, at: Any) -> HttpResponse:
    back = reverse("admin:enterprises_enterprise_change", args=[enterprise.pk])
    return revealed(enterprise.name, actions.reveal_contact(enterprise, by=by, at=at), back)


@admin.register(Enterprise)
class EnterpriseAdmin(DeskAdmin):
    list_display = ("uscc", "name", "kind", "dispatch", "region", "registration", "recorded_size", "shown_phone")
    list_filter = ("kind", "dispatch", "registration", words_filter("系统划型", "recorded_size", CLASSES))
    list_select_related = ("region",)
    search_fields = ("uscc__startswith", "name")
    found_through = ("pk", found_by)
    search_help_text = "统一社会信用代码的开头，或单位名称的一部分"
    ordering = ("uscc",)
    fields = (
        ("uscc", "name"),
        ("unit_number", "kind", "dispatch"),
        "parent_uscc",
        ("region", "industry", "registration"),
        ("employees", "revenue", "assets", "recorded_size"),
        ("contact", "shown_phone", "legal_person", "shown_legal_phone"),
        ("account_name", "bank", "shown_account"),
        ("tax_account_name", "tax_bank", "shown_tax_account"),
        ("source", "source_row", "voided"),
    )
    readonly_fields = ("shown_phone", "shown_legal_phone", "shown_account", "shown_tax_account")
    deeds: ClassVar = [
        Deed(
            "reveal",
            "查看完整电话与账号",
            frozenset({Role.PREPARER, Role.FINANCE}),
            reveal,
            hint="完整号码只用于办理业务；此次查看会留痕。",
        ),
        correct("enterprises", LOADERS),
    ]

    @admin.display(description="手机号")
    def shown_phone(self, row: Enterprise) -> str:
        return str(row.phone) or "—"

    @admin.display(description="法人手机号")
    def shown_legal_phone(self, row: Enterprise) -> str:
        return str(row.legal_phone) or "—"

    @admin.display(description="账号")
    def shown_account(self, row: Enterprise) -> str:
        return str(row.account) or "—"

    @admin.display(description="缴费账户账号")
    def shown_tax_account(self, row: Enterprise) -> str:
        return str(row.tax_account) or "—"

    def panels(self, request: HttpRequest, obj: Enterprise) -> list[Panel]:
        return [_sizes(obj), _contributions(obj), _workforce(obj)]


def _sizes(obj: Enterprise) -> Panel:
    rows = [
        (
            row.year,
            row.size or "未定",
            row.size_class or "—",
            explain.basis_label(row.basis or None),
            row.was or "—",
            "；".join(f"{name}：{value}" for name, value in row.figures.items()),
            localtime(row.decided_at).strftime("%Y-%m-%d"),
            row.decided_by.name if row.decided_by else "系统",
            "现行" if row.current else "历史",
        )
        for row in obj.sizes.select_related("decided_by").order_by("-id")
    ]
    heads = ["年度", "划型", "规模", "依据", "原划型", "所用数据", "认定日", "认定人", ""]
    return Panel("划型结论（含历史）", "admin/desk/table.html", {"heads": heads, "rows": rows, "empty": "尚未划型。"})


def _contributions(obj: Enterprise) -> Panel:
    rows = [
        (
            f"{row.month:%Y-%m}",
            row.type,
            row.arrived_on,
            row.headcount,
            {"number": row.wage_base or "—"},
            {"number": row.employer_paid or "—"},
            {"number": row.employee_paid or "—"},
            {"number": row.late_fee or "—"},
            "缓缴" if row.deferred else "",
            "作废" if row.voided else "",
        )
        for row in obj.contributions.order_by("-month", "type")[:60]
    ]
    heads = ["所属期", "类型", "到账日", "人数", "缴费基数", "单位实缴", "个人实缴", "滞纳金", "", ""]
    return Panel("缴费明细（最近 60 行）", "admin/desk/table.html", {"heads": heads, "rows": rows})


def _workforce(obj: Enterprise) -> Panel:
    rows = [
        (row.year, row.start_count, row.end_count, row.dismissals, row.claimants, row.retired, row.died)
        for row in obj.workforce.order_by("-year")
    ]
    heads = ["年度", "年初人数", "年末人数", "裁员", "领失业金", "退休", "死亡"]
    return Panel("用工变动", "admin/desk/table.html", {"heads": heads, "rows": rows})


@admin.register(MonthlyContribution)
class MonthlyContributionAdmin(DeskAdmin):
    region_path = "enterprise__region__path"
    list_display = (
        "enterprise",
        "shown_month",
        "type",
        "arrived_on",
        "headcount",
        "wage_base",
        "employer_paid",
        "employee_paid",
        "voided",
    )
    deeds: ClassVar = [correct("contributions", LOADERS)]
    list_filter = ("type", "deferred", "voided")
    list_select_related = ("enterprise__region",)
    search_fields = ("enterprise__uscc__startswith",)
    ordering = ("-id",)

    @admin.display(description="费款所属期", ordering="month")
    def shown_month(self, row: MonthlyContribution) -> str:
        return f"{row.month:%Y-%m}"


@admin.register(WorkforceYear)
class WorkforceYearAdmin(DeskAdmin):
    region_path = "enterprise__region__path"
    list_display = ("enterprise", "year", "start_count", "end_count", "dismissals", "claimants", "retired", "died", "voided")
    deeds: ClassVar = [correct("workforce", LOADERS)]
    list_filter = (YearFilter, "voided")
    list_select_related = ("enterprise__region",)
    search_fields = ("enterprise__uscc__startswith",)
    ordering = ("-id",)


class ListAdmin(DeskAdmin):
    """A list from another department: the same for every region, since it may name codes the registry does not know."""

    readers = CLERKS
    region_path = None
    search_fields = ("uscc__startswith",)
    ordering = ("-id",)


@admin.register(SizeListing)
class SizeListingAdmin(ListAdmin):
    list_display = ("uscc", "name", "size", "year", "origin", "voided")
    deeds: ClassVar = [correct("size-list", LOADERS)]
    list_filter = (YearFilter, words_filter("划型", "size", SIZES), "voided")


@admin.register(SizeCover)
class SizeCoverAdmin(DeskAdmin):
    list_display = ("region", "year", "covers_all", "source")
    list_select_related = ("region", "source")


@admin.register(Size2020)
class Size2020Admin(ListAdmin):
    list_display = ("uscc", "size", "voided")
    deeds: ClassVar = [correct("size-2020", LOADERS)]
    list_filter = (words_filter("划型", "size", SIZES),)


@admin.register(CreditListing)
class CreditListingAdmin(ListAdmin):
    list_display = ("uscc", "name", "type", "origin", "listed_on", "delisted_on", "voided")
    deeds: ClassVar = [correct("credit-list", LOADERS)]
    list_filter = ("type", "origin", "voided")


@admin.register(SizeDecision)
class SizeDecisionAdmin(DeskAdmin):
    readers = CLERKS
    region_path = "enterprise__region__path"
    list_display = ("enterprise", "year", "size", "size_class", "basis", "was", "decided_at", "current")
    list_filter = (
        YearFilter,
        words_filter("划型", "size", SETTLED),
        words_filter("依据", "basis", explain.basis_labels()),
        "current",
    )
    list_select_related = ("enterprise__region",)
    search_fields = ("enterprise__uscc__startswith",)
    ordering = ("-id",)


def reveal_person(person: InsuredPerson, *, by: Any, at: Any) -> HttpResponse:
    back = reverse("admin:enterprises_insuredperson_change", args=[person.pk])
    return revealed(person.name, actions.reveal_person(person, by=by, at=at), back)


def find_person(*, id_number: str, by: Any, at: Any) -> HttpResponse:
    """Open the page of who has this number, within the regions of whoever asks."""
    mine = InsuredPerson.objects.filter(within(by, CLERKS, at.date()))
    found = mine.filter(id_number_index=blind_index(id_number.strip().upper())).first()
    if found is None:
        raise Refused("您的岗位范围内没有此证件号码的参保人员，请核对。")
    return redirect("admin:enterprises_insuredperson_change", found.pk)


class IdNumberForm(forms.Form):
    id_number = forms.CharField(label="证件号码", max_length=18)


@admin.register(InsuredPerson)
class InsuredPersonAdmin(DeskAdmin):
    """Found by name, by employer, and by 证件号码 only in a form that is posted: never in an address."""

    readers = CLERKS
    list_display = ("name", "shown_id_number", "enterprise", "region", "status", "paid_months", "shown_until", "voided")
    list_filter = ("status", "employment", "voided")
    list_select_related = ("enterprise", "region")
    search_fields = ("name", "enterprise__uscc__startswith")
    search_help_text = "姓名的一部分，或单位统一社会信用代码的开头；按证件号码查找请用上方按钮"
    ordering = ("id",)
    fields = (
        ("name", "shown_id_number", "shown_phone"),
        ("enterprise", "region"),
        ("status", "employment", "host_uscc"),
        ("shown_first", "paid_months", "shown_until"),
        ("card_bank", "shown_card"),
        ("source", "source_row", "voided"),
    )
    readonly_fields = ("shown_id_number", "shown_phone", "shown_first", "shown_until", "shown_card")
    deeds: ClassVar = [
        Deed("find", "按证件号码查找", CLERKS, find_person, form=IdNumberForm, above=True),
        Deed(
            "reveal",
            "查看完整证件号码、电话与账号",
            frozenset({Role.PREPARER, Role.FINANCE}),
            reveal_person,
            hint="完整号码只用于办理业务；此次查看会留痕。",
        ),
    ]

    @admin.display(description="证件号码")
    def shown_id_number(self, row: InsuredPerson) -> str:
        return str(row.id_number)

    @admin.display(description="手机号")
    def shown_phone(self, row: InsuredPerson) -> str:
        return str(row.phone) or "—"

    @admin.display(description="社保卡账号")
    def shown_card(self, row: InsuredPerson) -> str:
        return str(row.card_account) or "—"

    @admin.display(description="首次参保年月")
    def shown_first(self, row: InsuredPerson) -> str:
        return f"{row.first_insured:%Y-%m}" if row.first_insured else "—"

    @admin.display(description="截至年月")
    def shown_until(self, row: InsuredPerson) -> str:
        return f"{row.paid_until:%Y-%m}" if row.paid_until else "—"
