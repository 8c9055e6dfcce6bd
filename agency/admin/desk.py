"""The desk: how every staff page decides who sees what, and how a button becomes one action.

A page is read-only; what changes anything is a Deed: a labelled button with the roles that may press it, the states in
which it stands there, the form it asks and the one action that it calls."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.admin import ModelAdmin
from unfold.widgets import CHECKBOX_CLASSES, INPUT_CLASSES, SELECT_CLASSES, TEXTAREA_CLASSES

from agency import clock
from agency.admin.lists import CountedPaginator
from agency.models import Role
from agency.moves import MoveRefused
from agency.queries import BUSINESS_READERS, codes_under, paths_by_role

Call = Callable[..., Any]


@dataclass(frozen=True)
class Deed:
    """A button. `call(obj, *, by, at, **form fields)` for one row; `call(queryset, *, by, at, ...)` for many rows
    (`many`); `call(*, by, at, ...)` for a button above the list (`above`). It may return a sentence that says what it
    did, or an HttpResponse."""

    name: str
    label: str
    roles: frozenset[str]
    call: Call
    states: frozenset[str] | None = None  # None: in every state
    form: type[forms.Form] | None = None
    many: bool = False
    above: bool = False
    hint: str = ""
    main: bool = False  # the one that a clerk usually presses next
    refusals: tuple[type[Exception], ...] = ()  # what the action may raise and the page shows
    leads: bool = False  # does nothing but lead to the address that `call(obj)` gives


@dataclass
class Panel:
    """A block under the object's own fields: a heading, a template, what it shows."""

    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Of a plain table: which columns hold figures, and so stand to the right with their heads."""
        if self.template == "admin/desk/table.html":
            rows = self.context["rows"] = [list(row) for row in self.context["rows"]]
            self.context["right"] = {
                place for row in rows for place, cell in enumerate(row) if isinstance(cell, dict) and "number" in cell
            }


class Refused(Exception):
    """A deed that cannot be done, said in Chinese."""


def roles_of(request: HttpRequest) -> dict[str, list[str]]:
    """{role: region paths} of whoever asks, today; looked up once a request."""
    held = getattr(request, "desk_roles", None)
    if held is None:
        user = request.user
        held = paths_by_role(user, clock.today()) if user.is_authenticated and user.is_staff else {}  # type: ignore[arg-type]
        request.desk_roles = held  # type: ignore[attr-defined]
    return held  # type: ignore[no-any-return]


def codes_of(request: HttpRequest, prefixes: Sequence[str]) -> list[str]:
    """The codes of the regions below these paths, looked up once a request. As plain values they tell the planner how many
    rows to expect, which a join does not."""
    held = vars(request).setdefault("desk_codes", {})
    key = tuple(prefixes)
    if key not in held:
        held[key] = codes_under(prefixes)
    return held[key]  # type: ignore[no-any-return]


class DeskAdmin(ModelAdmin):  # type: ignore[misc]
    """A read-only list and page, seen by `readers` within their regions, with deeds."""

    readers: ClassVar[frozenset[str]] = BUSINESS_READERS
    region_path: ClassVar[str | None] = "region__path"  # None: the same for every region
    deeds: ClassVar[Sequence[Deed]] = ()
    change_form_template = "admin/desk/page.html"
    change_list_template = "admin/desk/list.html"
    compressed_fields = True
    list_filter_submit = False
    list_fullwidth = True
    list_per_page = 50
    paginator = CountedPaginator
    found_through: ClassVar[tuple[str, Callable[[str], "models.QuerySet[Any]"]] | None] = None  # (field, what a term finds)
    show_full_result_count = False
    actions_on_top = True

    # ---- who sees what ----
    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return any(role in self.readers for role in roles_of(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        rows = super().get_queryset(request)
        if self.region_path is None:
            return rows if any(role in self.readers for role in roles_of(request)) else rows.none()
        prefixes = self.prefixes(request, self.readers)
        region, _, path = self.region_path.rpartition("__")
        if region:
            return rows.filter(**{f"{region}__in": codes_of(request, prefixes)})
        scope = models.Q(pk__in=[])
        for prefix in prefixes:
            scope |= models.Q(**{f"{path}__startswith": prefix})
        return rows.filter(scope)

    def get_search_results(
        self, request: HttpRequest, queryset: "models.QuerySet[Any]", search_term: str
    ) -> tuple["models.QuerySet[Any]", bool]:
        """Rows that every word of the term finds."""
        if self.found_through is None:
            return super().get_search_results(request, queryset, search_term)  # type: ignore[no-any-return]
        field, found = self.found_through
        for word in search_term.split():
            queryset = queryset.filter(**{f"{field}__in": found(word)})
        return queryset, False

    def prefixes(self, request: HttpRequest, roles: Iterable[str]) -> list[str]:
        """The region paths that whoever asks covers by any of the roles, the widest only."""
        found = sorted({prefix for role in roles for prefix in roles_of(request).get(role, [])})
        return [one for one in found if not any(one != other and one.startswith(other) for other in found)]

    def path_of(self, obj: Any) -> str:
        """The region path of a row in hand, empty where regions do not matter."""
        if self.region_path is None:
            return ""
        value = obj
        for step in self.region_path.split("__"):
            value = getattr(value, step)
        return str(value)

    def may(self, request: HttpRequest, deed: Deed, obj: Any = None) -> bool:
        """Whether whoever asks may press this button here."""
        if deed.states is not None and obj is not None and obj.state not in deed.states:
            return False
        where = self.path_of(obj) if obj is not None else ""
        return any(
            role in deed.roles and (not where or any(where.startswith(prefix) for prefix in prefixes))
            for role, prefixes in roles_of(request).items()
        )

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404("没有这一件，或不在您的岗位范围内。")

    # ---- pages ----
    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        """What stands under the fields of one row."""
        return []

    def headline(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """State, what happens next, and what stops it."""
        if not hasattr(obj, "state"):
            return {}
        next_steps = getattr(type(obj), "NEXT_STEPS", {})
        return {"state": obj.get_state_display(), "state_word": obj.state, "next": next_steps.get(obj.state, "")}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        context = dict(extra_context or {})
        if obj is not None and self.has_view_permission(request, obj):
            context |= {
                "headline": self.headline(request, obj),
                "deed_links": [
                    (deed, deed.call(obj) if deed.leads else reverse(f"admin:{self._url_name(deed)}", args=[object_id]))
                    for deed in self.deeds
                    if not deed.many and not deed.above and self.may(request, deed, obj)
                ],
                "panels": self.panels(request, obj),
                "title": str(obj),
                "subtitle": None,
            }
        return super().change_view(request, object_id, form_url, context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        links = [
            (deed, reverse(f"admin:{self._url_name(deed)}")) for deed in self.deeds if deed.above and self.may(request, deed)
        ]
        return super().changelist_view(request, {"deed_links": links, **(extra_context or {})})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {
            deed.name: (partial(self._bulk, deed), deed.name, deed.label)
            for deed in self.deeds
            if deed.many and self.may(request, deed)
        }

    # ---- deeds ----
    def _url_name(self, deed: Deed) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{deed.name}"

    def get_urls(self) -> list[Any]:
        own = []
        for deed in self.deeds:
            if not deed.many and not deed.leads:
                pattern = f"{deed.name}/" if deed.above else f"<path:object_id>/{deed.name}/"
                view = self.admin_site.admin_view(partial(self._deed_view, deed))
                own.append(path(pattern, view, name=self._url_name(deed)))
        return own + super().get_urls()

    def _deed_view(self, deed: Deed, request: HttpRequest, object_id: str | None = None) -> HttpResponse:
        """Ask (GET) and do (POST) one deed."""
        obj = None
        if object_id is not None:
            obj = self.get_object(request, unquote(object_id))
            if obj is None:
                raise Http404("没有这一件，或不在您的岗位范围内。")
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        if obj is not None:
            back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
        if not self.may(request, deed, obj):
            if self.may(request, deed) and obj is not None:
                messages.warning(request, f"此件当前不能“{deed.label}”：状态已变化，或不在您的岗位范围内。")
                return redirect(back)
            raise PermissionDenied(f"您的岗位不能“{deed.label}”。")
        form = self._form(deed, request, obj)
        if request.method == "POST" and (form is None or form.is_valid()):
            done = self._do(deed, request, form, *([obj] if obj is not None else []))
            if isinstance(done, HttpResponseBase):
                return done
            if done:
                return redirect(back)
        return self._ask(deed, request, obj, form, back)

    def _form(self, deed: Deed, request: HttpRequest, obj: Any) -> forms.Form | None:
        if deed.form is None:
            return None
        data = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        form = deed.form(*data)
        self._fill(form, deed, request, obj)
        return form

    def _fill(self, form: forms.Form, deed: Deed, request: HttpRequest, obj: Any) -> None:
        fill = getattr(form, "fill", None)  # choices, or whole fields, that depend on who asks and on what
        if fill is not None:
            who = {"prefixes": self.prefixes(request, deed.roles), "roles": set(roles_of(request))}
            fill(obj=obj, today=clock.today(), given=request.POST or request.GET, **who)
        dress(form)

    def _do(self, deed: Deed, request: HttpRequest, form: forms.Form | None, *rows: Any) -> Any:
        """Carry out; True or a response when done, False when refused (said on the page)."""
        asked = form.cleaned_data if form else {}
        try:
            said = deed.call(*rows, by=request.user, at=clock.now(), **asked)
        except (Refused, MoveRefused, *deed.refusals) as refusal:
            messages.error(request, str(refusal))
            return False
        except (ValidationError, IntegrityError) as broken:
            messages.error(request, _constraint_words(broken))
            return False
        if isinstance(said, HttpResponseBase):  # a file too, which is no HttpResponse
            return said
        messages.success(request, said if isinstance(said, str) else f"“{deed.label}”已完成。")
        return True

    def _ask(
        self, deed: Deed, request: HttpRequest, obj: Any, form: forms.Form | None, back: str,
        chosen: Sequence[tuple[str, str]] = (),
    ) -> HttpResponse:  # fmt: skip
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "deed": deed,
            "obj": obj,
            "form": form,
            "back": back,
            "chosen": chosen,
            "title": deed.label,
            "multipart": form is not None and form.is_multipart(),
        }
        return TemplateResponse(request, "admin/desk/deed.html", context)

    def _bulk(self, deed: Deed, model_admin: Any, request: HttpRequest, rows: "models.QuerySet[Any]") -> HttpResponseBase | None:
        """A deed over the rows ticked in the list: where it asks something, the page that asks keeps the choice."""
        form = None
        if deed.form is not None:
            form = self._form(deed, request, None) if "asked" in request.POST else deed.form()
            if "asked" not in request.POST:
                self._fill(form, deed, request, None)
            if "asked" not in request.POST or not form.is_valid():  # type: ignore[union-attr]
                messages.info(request, f"已选 {rows.count():,} 件。")
                return self._ask(deed, request, None, form, request.get_full_path(), chosen=_chosen(request))
        done = self._do(deed, request, form, rows)
        return done if isinstance(done, HttpResponseBase) else None


def revealed(title: str, found: Mapping[str, str], back: str) -> HttpResponse:
    """Full personal data on a page of its own, never in a message or a session."""
    response = HttpResponse(render_to_string("admin/desk/reveal.html", {"title": title, "found": found, "back": back}))
    response["Cache-Control"] = "no-store"
    return response


def _chosen(request: HttpRequest) -> list[tuple[str, str]]:
    """What was ticked in a list, as fields that carry it on."""
    kept = ("action", "select_across", "index", "_selected_action")
    return [("asked", "1"), *((name, value) for name in kept for value in request.POST.getlist(name))]


def dress(form: forms.Form) -> None:
    """Give a plain form the console's look."""
    for asked in form.fields.values():
        asked.widget.attrs.setdefault("class", " ".join(_classes(asked.widget)))


def _classes(widget: forms.Widget) -> Sequence[str]:
    """The console's look for a plain form widget."""
    if isinstance(widget, forms.CheckboxInput | forms.CheckboxSelectMultiple):
        return CHECKBOX_CLASSES
    if isinstance(widget, forms.Select):
        return SELECT_CLASSES
    if isinstance(widget, forms.Textarea):
        return TEXTAREA_CLASSES
    return INPUT_CLASSES


def _constraint_words(broken: Exception) -> str:
    """What a refused constraint says in Chinese."""
    if isinstance(broken, ValidationError):
        return "；".join(broken.messages)
    return "与已有数据冲突，本次操作未生效；请刷新页面核对后重试。"


STAFF_WHO_WORK = frozenset({Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.POLICY})
