"""用工单位填报: the hosts of a dispatch unit, by form or by its spreadsheet."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from agency import clock
from agency.actions import FileMissing, read_file
from agency.intake import kind_of
from agency.models import Import
from agency.moves import MoveRefused
from agency.queries import open_warnings
from agency.tasks import wake
from portal import access
from portal.access import enterprise_only, who
from portal.forms import HostFile, HostRow
from portal.views.apply import Ground, ground
from sheets.write import write_template
from subsidies.payout.queries import publisher_of
from subsidies.refunds import actions, queries
from subsidies.refunds.models import Host

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS = 40  # by form; more go by spreadsheet
STEPS = ("apply", "hosts")  # where a report leads on to
CELLS = tuple(HostRow.base_fields)
REFUSALS = (actions.RefundRefused, MoveRefused)
WRITTEN = "用工单位已保存。请核对资金分配后提交申请。"


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def hosts(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The hosts row by row: add one, take one away, keep them all."""
    at = clock.now()
    found = _unit(ground(request, pk, at))
    if isinstance(found, HttpResponse):
        return found
    year = found.programme.year - 1
    carried = ""
    if len(queries.hosts_declared(found.enterprise, year)) > ROWS:  # what does not fit the page would be taken away by it
        return render(request, "portal/refund/hosts.html", _page(found, year) | {"rows": [], "too_many": ROWS})
    if request.method == "POST":
        rows = [HostRow(request.POST, prefix=str(number)) for number in _numbers(request)]
        answer = _changed(request, rows)
        if answer is None and all(row.is_valid() for row in rows):
            return _declare(request, found, year, rows, at)
        rows = rows if answer is None else answer
    else:
        given, carried = _on_record(found, year)
        rows = [HostRow(initial=row, prefix=str(number)) for number, row in enumerate(given)] or [HostRow(prefix="0")]
    return render(request, "portal/refund/hosts.html", _page(found, year) | {"rows": rows, "carried": carried})


@require_http_methods(["POST"])
@enterprise_only
def upload(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Take the unit's spreadsheet; its report is a page of its own."""
    at = clock.now()
    found = _unit(ground(request, pk, at))
    if isinstance(found, HttpResponse):
        return found
    form = HostFile(request.POST, request.FILES)
    if not form.is_valid():
        year = found.programme.year - 1
        page = _page(found, year) | {"rows": [HostRow(prefix="0")], "form": form, "upload_form": form}
        return render(request, "portal/refund/hosts.html", page)
    file = form.cleaned_data["file"]
    with tempfile.NamedTemporaryFile(suffix=Path(file.name).suffix) as spool:
        for piece in file.chunks():
            spool.write(piece)
        spool.flush()
        try:
            imp = actions.upload_hosts(found.enterprise, Path(spool.name), file.name, by=who(request), at=at)
        except REFUSALS as refused:
            messages.error(request, str(refused))
            return redirect(found.address("hosts"))
    if imp.state == Import.State.CHECKING:
        wake("agency.work_jobs")
    return redirect("portal:hosts_report", pk=imp.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """What the check of a spreadsheet found; the good rows are written when the unit says so."""
    at, by = clock.now(), who(request)
    imp = access.own_hosts_import(by, pk)
    enterprise = access.own_enterprise(by)
    if request.method == "POST" and imp.state in (Import.State.CHECKED, Import.State.REFUSED):
        return _settle(request, imp, at)
    first = access.programme_to_apply(enterprise, at.date()) is not None
    found = None if first else access.own_refunds(by).first()
    to = {step: reverse(f"portal:{step}", args=[found.pk]) if found else reverse(f"portal:{step}_first") for step in STEPS}
    issues = [item[:5] for item in [*imp.report.get("errors", []), *imp.report.get("warnings", [])]]
    page = {
        "imp": imp, "enterprise": enterprise, "office": publisher_of(enterprise.region), "section": "refund", "issues": issues,
        "warnings": open_warnings(imp), "waiting": imp.state == Import.State.CHECKING, "good": imp.new + imp.changed,
        "account_changes": imp.report.get("for_another", 0), "rows": imp.report.get("rows", 0),
        "address": to,
    }  # fmt: skip
    return render(request, "portal/refund/hosts_report.html", page)


@require_safe
@enterprise_only
def errors(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """The unit's own rows that were refused, each with why."""
    imp = access.own_hosts_import(who(request), pk)
    if imp.errors_file is None:
        raise Http404
    try:
        plain = read_file(imp.errors_file, by=who(request), at=clock.now(), why="单位下载错误清单")
    except FileMissing as missing:
        messages.error(request, str(missing))
        return redirect("portal:hosts_report", pk=pk)
    return FileResponse(plain, as_attachment=True, filename=imp.errors_file.name, content_type=XLSX)


@require_safe
@enterprise_only
def template(request: HttpRequest) -> HttpResponse:
    """The empty spreadsheet."""
    resource = kind_of("hosts")
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as spool:
        write_template(Path(spool.name), resource.columns, resource.title)
        content = Path(spool.name).read_bytes()
    headers = {"Content-Disposition": 'attachment; filename="hosts-template.xlsx"'}
    return HttpResponse(content, content_type=XLSX, headers=headers)


def _unit(found: Ground | HttpResponse) -> Ground | HttpResponse:
    if isinstance(found, Ground) and not found.enterprise.dispatch:
        raise Http404
    return found


def _page(found: Ground, year: int) -> dict[str, Any]:
    return {
        "ground": found, "enterprise": found.enterprise, "application": found.application, "programme": found.programme,
        "office": publisher_of(found.enterprise.region), "section": "refund", "year": year, "upload_form": HostFile(),
        "address": {name: found.address(name) for name in ("apply", "hosts", "upload_hosts")},
    }  # fmt: skip


def _numbers(request: HttpRequest) -> list[str]:
    """The rows of the page as it was sent, in order."""
    return [number for number in request.POST.getlist("row") if number.isascii() and number.isdigit()][:ROWS]


def _changed(request: HttpRequest, rows: list[HostRow]) -> list[HostRow] | None:
    """The rows after one was added or taken away, nothing of them judged yet; None where the page is to be kept."""
    do = request.POST.get("do", "")
    if do != "add" and not do.startswith("drop-"):
        return None
    kept = [row for row in rows if do != f"drop-{row.prefix}"]
    typed = [{name: row[name].value() or "" for name in CELLS} for row in kept]
    again = [HostRow(initial=values, prefix=str(number)) for number, values in enumerate(typed)]
    return [*again, HostRow(prefix=str(len(again)))] if (do == "add" and len(again) < ROWS) or not again else again


def _on_record(found: Ground, year: int) -> tuple[list[dict[str, Any]], str]:
    """The hosts on record for the year; where there are none, last year's, their figures left to be filled in."""
    known = queries.hosts_declared(found.enterprise, year)
    if known:
        return [_typed(host) for host in known[:ROWS]], ""
    before = queries.hosts_declared(found.enterprise, year - 1)
    return [_typed(host) | {"workers": "", "paid": ""} for host in before[:ROWS]], str(year - 1) if before else ""


def _typed(host: Host) -> dict[str, Any]:
    return {name: "" if (value := getattr(host, name)) is None else value for name in CELLS}


def _declare(request: HttpRequest, found: Ground, year: int, rows: list[HostRow], at: datetime) -> HttpResponse:
    """Keep the rows; what the check says of one stands at its field."""
    values = [row.cleaned_data for row in rows]
    try:
        imp = actions.declare_hosts(found.enterprise, year, values, by=who(request), at=at)
    except REFUSALS as refused:
        messages.error(request, str(refused))
        return redirect(found.address("hosts"))
    if imp.state == Import.State.CONFIRMED:
        messages.success(request, WRITTEN)
        return redirect(found.address("apply"))
    if not imp.refused:
        return redirect("portal:hosts_report", pk=imp.pk)
    fields = {cell.column_name: name for name, cell in kind_of(imp.kind).cells.items()}
    for _, number, column, _, reason, *_ in imp.report["errors"]:
        place = int(number) - 2
        if 0 <= place < len(rows):
            name = fields.get(column, "")
            rows[place].add_error(name if name in CELLS else None, reason)
    actions.drop_hosts(imp, found.enterprise, by=who(request), at=at)
    return render(request, "portal/refund/hosts.html", _page(found, year) | {"rows": rows, "carried": ""})


def _settle(request: HttpRequest, imp: Import, at: datetime) -> HttpResponse:
    """Write the good rows of a spreadsheet, or give it up."""
    enterprise, by = access.own_enterprise(who(request)), who(request)
    try:
        if request.POST.get("do") == "drop":
            actions.drop_hosts(imp, enterprise, by=by, at=at)
            messages.info(request, "这份表格没有写入。可以改好后重新上传。")
        elif open_warnings(imp) and not request.POST.get("looked"):
            messages.error(request, "还有提醒没有核对：请逐条看过，在下面勾选后再写入。")
        else:
            actions.take_hosts(imp, enterprise, by=by, at=at)
            messages.success(request, WRITTEN)
    except REFUSALS as refused:
        messages.error(request, str(refused))
    return redirect("portal:hosts_report", pk=imp.pk)
