"""录入单行: one row of a kind typed by hand, new or corrected, taken in as a file of one row."""

import hashlib
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from agency import clock
from agency.actions.imports import ImportRefused, start_row
from agency.admin.desk import Deed, DeskAdmin, dress
from agency.admin.people import region_choices
from agency.intake import SHOWN, Cell, SheetResource, kinds, stored_row
from agency.tasks import wake
from sheets.cells import SET_AS_TEXT, BadValue

SEALED_NOTE = "加密保存，留空即不变"
Texts = dict[str, str]


class RowForm(forms.Form):
    """A field for each column of a kind. `stored`, of a row: what is stored of it. The form then shows that, and what it
    shows is what the row will be; without it, what is left empty stays as it is stored."""

    loaded = forms.CharField(widget=forms.HiddenInput, required=False)  # of which key it shows the stored row

    def __init__(
        self, kind: SheetResource, prefixes: list[str], data: QueryDict | None = None, *, key: Texts | None = None,
        stored: Texts | None = None,
    ) -> None:  # fmt: skip
        super().__init__(data)
        self.kind = kind
        self.initial = (key or {}) | {name: text for name, text in (stored or {}).items() if not kind.cells[name].is_sealed}
        if key and stored is not None:
            self.initial["loaded"] = _mark(key)
        for name in [*kind.key, *(name for name in kind.cells if name not in kind.key)]:
            self.fields[name] = _field(kind.cells[name], (stored or {}).get(name, ""))
        sealed = [cell for name, cell in kind.cells.items() if cell.is_sealed and not cell.filled and name not in kind.key]
        if sealed:
            self.fields["blanked"] = forms.MultipleChoiceField(
                label="清空", required=False, widget=forms.CheckboxSelectMultiple, help_text="加密保存的列，勾选的改为空。",
                choices=[(cell.name, cell.column_name) for cell in sealed],
            )  # fmt: skip
        choices = region_choices(prefixes)
        self.fields["desk"] = forms.ChoiceField(label="为哪个地区录入", required=len(prefixes) > 1, choices=choices)
        dress(self)

    @property
    def key_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.kind.key]

    @property
    def other_fields(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in self.kind.key]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("loaded") and found["loaded"] != _mark(typed_key(self.kind, self.data)):  # type: ignore[arg-type]
            raise ValidationError("关键列已经改动，请重新“调出已有行”再改。")
        for name in found.get("blanked", []):
            if found.get(name):
                self.add_error(name, "既填写了新值又勾选了清空，请只选其一。")
        return found

    def row(self) -> Texts:
        """{cell: text} of the row to be taken in; what is to stay as it is stored is not in it."""
        found = self.cleaned_data
        spoken = {*self.kind.key, *found.get("blanked", [])}
        return {
            name: found[name]
            for name, cell in self.kind.cells.items()
            if found[name] or cell.filled or name in spoken or (found["loaded"] and not cell.is_sealed)
        }


def typed_key(kind: SheetResource, data: QueryDict) -> Texts:
    return {name: data.get(name, "").strip() for name in kind.key}


def _mark(key: Texts) -> str:
    return hashlib.sha256("\n".join(key.values()).encode()).hexdigest()


def _field(cell: Cell, stored: str) -> forms.Field:
    """A form field that reads a text as the spreadsheet's cell would. `stored` is shown beside a sealed one."""

    def readable(text: str) -> None:
        try:
            cell.value.clean(text)
        except BadValue as bad:
            raise ValidationError(str(bad)) from bad

    words = cell.value.options
    note = cell.value.note.removesuffix(SET_AS_TEXT).removesuffix("；")  # a text here whatever is typed
    notes = [cell.note, "" if words else note, f"如 {'、'.join(cell.options)}" if cell.options else ""]
    if cell.is_sealed:
        notes = [f"现为 {stored}" if stored else "", *notes, SEALED_NOTE if not cell.filled else ""]
    asked: dict[str, Any] = {"label": cell.column_name, "required": cell.filled, "help_text": "；".join(filter(None, notes))}
    if words:
        return forms.ChoiceField(choices=[("", "（不填）"), *((word, word) for word in words)], **asked)
    return forms.CharField(validators=[readable], max_length=500, **asked)


def correct(kind: str, roles: frozenset[str]) -> Deed:
    """A button on the page of a stored row that leads to the form where it is corrected. Not where its key is sealed."""

    def address(row: Any) -> str:
        cells = kinds()[kind].cells
        key = {name: SHOWN.render(cells[name].get_value(row)) for name in kinds()[kind].key}
        return f"{reverse('admin:agency_import_row', args=[kind])}?{urlencode(key)}"

    return Deed("correct", "更正", roles, address, leads=True)


def row_view(desk: DeskAdmin, request: HttpRequest, kind: str) -> HttpResponse:
    """Ask for a row (GET; with its key in the address, where no part of it is sealed, showing the stored row), show the
    stored one (POST, find) and take it in (POST)."""
    resource = kinds().get(kind)
    if resource is None:
        raise Http404("没有这种表格。")
    prefixes = desk.prefixes(request, resource.roles)
    if not prefixes:
        raise PermissionDenied(f"您的岗位不能录入{resource.title}。")
    if request.method == "POST" and "find" not in request.POST:
        shown = _stored(request, resource, prefixes) if request.POST.get("loaded") else None
        form = RowForm(resource, prefixes, request.POST, stored=shown)
        if form.is_valid() and (imp := _taken_in(request, form)):
            return redirect("admin:agency_import_change", imp)
    elif request.method == "POST" or _is_named(request, resource):
        form = _found(request, resource, prefixes)
    else:
        form = RowForm(resource, prefixes)
    context = {
        **desk.admin_site.each_context(request),
        "opts": desk.opts,
        "kind": resource,
        "form": form,
        "title": f"录入单行：{resource.title}",
    }
    return TemplateResponse(request, "admin/desk/row.html", context)


def _is_named(request: HttpRequest, kind: SheetResource) -> bool:
    """Whether the address names a row. 证件号码 is never looked for in an address."""
    return bool(request.GET) and not any(kind.cells[name].is_sealed for name in kind.key)


def _found(request: HttpRequest, kind: SheetResource, prefixes: list[str]) -> RowForm:
    """The form with the stored row of the key that was given; what was typed where there is none."""
    data = request.POST if request.method == "POST" else request.GET
    key = typed_key(kind, data)
    typed = {name: data.get(name, "") for name in kind.cells}
    if blank := [kind.cells[name].column_name for name in kind.key if kind.cells[name].filled and not key[name]]:
        messages.error(request, f"请先填写{'、'.join(blank)}，再调出已有行。")
        return RowForm(kind, prefixes, key=typed)
    stored = _stored(request, kind, prefixes)
    if stored is None:
        messages.warning(request, "您的岗位范围内没有这一行；填写后将作为新行录入。")
        return RowForm(kind, prefixes, key=typed)
    return RowForm(kind, prefixes, key=key, stored=stored)


def _stored(request: HttpRequest, kind: SheetResource, prefixes: list[str]) -> Texts | None:
    """What is stored of the key that was given; a key that cannot be read is said on the page."""
    try:
        return stored_row(kind, typed_key(kind, request.POST or request.GET), scope=prefixes)
    except BadValue as bad:
        messages.error(request, f"关键列不能识别：{bad}。")
        return None


def _taken_in(request: HttpRequest, form: RowForm) -> int | None:
    """The import that was begun, None where it was refused (said on the page)."""
    try:
        imp = start_row(
            form.kind.kind, form.row(), form.cleaned_data["desk"], by=request.user, at=clock.now(),  # type: ignore[arg-type]
        )  # fmt: skip
    except ImportRefused as refused:
        messages.error(request, str(refused))
        return None
    wake("agency.work_jobs")
    messages.success(request, "已收到，正在检查；检查完毕后在此核对报告并确认，确认前不会写入。")
    return imp.pk
