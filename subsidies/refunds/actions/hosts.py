"""用工单位填报: a dispatch unit's own hosts, by form or spreadsheet, through the one pipeline of spreadsheets."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.db import transaction

from agency.actions.imports import (
    ImportRefused,
    acknowledge_warnings,
    cancel_import,
    check_import,
    confirm_import,
    second_person,
    start_import,
    start_rows,
)
from agency.models import Import, User
from agency.queries import open_warnings
from enterprises.models import Enterprise
from subsidies.refunds.actions.refusals import RefundRefused, check_acts_for
from subsidies.refunds.models import Host
from subsidies.refunds.queries.drafts import hosts_declared

KIND = "hosts"
AT_ONCE = 200_000  # bytes; a larger spreadsheet is checked by a job
FORM_CELLS = ("host_uscc", "host_name", "host_kind", "workers", "paid")


def declare_hosts(enterprise: Enterprise, year: int, rows: Sequence[dict[str, str]], *, by: User, at: datetime) -> Import:
    """File the hosts of a year worked in as typed, {cell of FORM_CELLS: text} a row; a host on record that is not among them
    stops counting. Returns the import: CONFIRMED, or CHECKED with errors or warnings for the unit to look at; of one with
    errors nothing has landed. Raises RefundRefused."""
    _check_unit(enterprise, by)
    named = {row["host_uscc"] for row in rows}
    gone = [_as_row(host) for host in hosts_declared(enterprise, year) if host.host_uscc not in named]
    key = {"unit_uscc": enterprise.uscc, "year": str(year)}
    cells = [key | row | {"voided": "否"} for row in rows] + [key | row | {"voided": "是"} for row in gone]
    if not cells:
        raise RefundRefused("请至少填写一个用工单位。")
    try:
        with transaction.atomic():
            imp = start_rows(KIND, cells, _own(enterprise), by=by, at=at, at_once=True)
            check_import(imp, at=at)
            if not imp.refused and imp.state == Import.State.CHECKED and not open_warnings(imp) and not second_person(imp):
                confirm_import(imp, by=by, at=at)
    except ImportRefused as refused:
        raise RefundRefused(str(refused)) from refused
    return imp


def upload_hosts(enterprise: Enterprise, path: Path, name: str, *, by: User, at: datetime) -> Import:
    """Take the unit's own `hosts` spreadsheet in: a small one is checked at once, a larger one by a job. Raises RefundRefused."""
    _check_unit(enterprise, by)
    at_once = path.stat().st_size <= AT_ONCE
    try:
        imp = start_import(KIND, path, name, {"again": "yes"} | _own(enterprise), by=by, at=at, at_once=at_once)
        if at_once:
            check_import(imp, at=at)
    except ImportRefused as refused:
        raise RefundRefused(str(refused)) from refused
    return imp


def take_hosts(imp: Import, enterprise: Enterprise, *, by: User, at: datetime) -> None:
    """Land the good rows of the unit's own checked spreadsheet, its warnings looked at. Raises RefundRefused."""
    _check_own(imp, enterprise, by)
    try:
        with transaction.atomic():
            if waiting := open_warnings(imp):
                acknowledge_warnings(imp, [warning["name"] for warning in waiting], by=by, at=at)
            confirm_import(imp, by=by, at=at)
    except ImportRefused as refused:
        raise RefundRefused(str(refused)) from refused


def drop_hosts(imp: Import, enterprise: Enterprise, *, by: User, at: datetime) -> None:
    """Give the unit's own spreadsheet up."""
    _check_own(imp, enterprise, by)
    cancel_import(imp, by=by, at=at)


def _own(enterprise: Enterprise) -> dict[str, str]:
    return {"own": enterprise.uscc, "region": enterprise.region_id}


def _as_row(host: Host) -> dict[str, str]:
    return {name: "" if (value := getattr(host, name)) is None else str(value) for name in FORM_CELLS}


def _check_unit(enterprise: Enterprise, by: User) -> None:
    check_acts_for(enterprise.pk, by)
    if not enterprise.dispatch:
        raise RefundRefused("贵单位在参保名册中不是劳务派遣单位，不用填报用工单位；登记有误的，请申请更正。")


def _check_own(imp: Import, enterprise: Enterprise, by: User) -> None:
    check_acts_for(enterprise.pk, by)
    if imp.kind != KIND or imp.settings.get("own") != enterprise.uscc:
        raise RefundRefused("这不是贵单位上传的表格。")
