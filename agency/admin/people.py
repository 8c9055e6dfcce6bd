"""用户与岗位."""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from agency.actions import PostRefused, StaffRefused, create_staff, end_post, give_post
from agency.admin.desk import Deed, DeskAdmin
from agency.models import POSTS, Post, Region, Role, User

ACCOUNTS = frozenset({Role.SYSTEM_ADMIN, Role.AUDITOR})
KEEPERS = frozenset({Role.SYSTEM_ADMIN})


class DateInput(forms.DateInput):
    """A date as the browser's own picker gives it."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class StaffForm(forms.Form):
    username = forms.CharField(label="用户名", max_length=64)
    name = forms.CharField(label="姓名", max_length=64)
    password = forms.CharField(
        label="初始密码", min_length=10, widget=forms.PasswordInput, help_text="至少十位；请当面交给本人并提醒更改。"
    )


class PostForm(forms.Form):
    role = forms.ChoiceField(label="角色", choices=[(role.value, role.label) for role in POSTS])
    region = forms.ModelChoiceField(Region.objects.none(), label="行政区划")
    from_on = forms.DateField(label="自", widget=DateInput)
    until_on = forms.DateField(label="至", widget=DateInput, required=False, help_text="留空为长期。")

    def fill(self, *, prefixes: list[str], today: object, **_: object) -> None:
        self.fields["region"].queryset = regions_under(prefixes)  # type: ignore[attr-defined]
        self.fields["from_on"].initial = today


class UntilForm(forms.Form):
    until_on = forms.DateField(label="任职至", widget=DateInput)


def regions_under(prefixes: list[str]) -> QuerySet[Region]:
    """The regions whose paths start with one of the prefixes."""
    found = Region.objects.none()
    for prefix in prefixes:
        found = found | Region.objects.filter(path__startswith=prefix)
    return found.order_by("path")


def region_choices(prefixes: list[str]) -> list[tuple[str, str]]:
    """The same for a field; empty for the one region of whoever asks, where there is one."""
    regions = [(region.code, f"{region.name}（{region.code}）") for region in regions_under(prefixes)]  # type: ignore[attr-defined]
    return [("", "请选择" if len(prefixes) > 1 else "我的岗位所在地区"), *regions]


@admin.register(User)
class UserAdmin(DeskAdmin):
    readers = ACCOUNTS
    region_path = None
    list_display = ("username", "name", "kind", "is_active")
    list_filter = ("kind", "is_active")
    search_fields = ("username", "name")
    fields = ("username", "name", "kind", "is_active", "created_at", "last_login")
    ordering = ("username",)
    deeds: ClassVar = [
        Deed("new-staff", "新增工作人员", KEEPERS, create_staff, form=StaffForm, above=True, main=True, refusals=(StaffRefused,)),
        Deed("give-post", "授予岗位", KEEPERS, give_post, form=PostForm, main=True, refusals=(PostRefused,)),
    ]

    def may(self, request: HttpRequest, deed: Deed, obj: User | None = None) -> bool:
        """Posts are for staff; an enterprise's account has none."""
        return super().may(request, deed, obj) and (obj is None or obj.kind == User.Kind.STAFF)


@admin.register(Post)
class PostAdmin(DeskAdmin):
    readers = ACCOUNTS
    list_display = ("user", "role", "region", "from_on", "until_on")
    list_filter = ("role",)
    list_select_related = ("user", "region")
    search_fields = ("user__username", "user__name")
    ordering = ("user", "role")
    deeds: ClassVar = [Deed("end", "结束岗位", KEEPERS, end_post, form=UntilForm, refusals=(PostRefused,))]
