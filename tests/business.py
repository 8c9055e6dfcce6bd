"""What a database says, comparable with what another says: rows by what names them to people, sealed values opened; without
the ids and the moments of writing, which no two runs share."""

import re
from collections import Counter
from typing import Any

from django.db import models

from agency.models import Event, File, Import
from agency.sealed import Sealed
from tests.office import read_back

FOUND_BY = {
    "enterprise": "enterprise__uscc", "source": "source__file__name", "application": "application__enterprise__uscc",
    "programme": "programme__title", "edition": "edition__number", "run": "run__on", "by": "by__username",
    "decided_by": "decided_by__username", "requested_by": "requested_by__username", "reviewed_by": "reviewed_by__username",
    "opened_by": "opened_by__username", "lifted_by": "lifted_by__username", "region": "region_id", "parent": "parent_id",
    "assigned_to": "assigned_to__username",
    "decision": "decision__on", "award": "award__state", "check_row": "check_row__outcome",
}  # fmt: skip
OF_THE_RUN = {"id", "pgh_obj", "pgh_context", "case_id"}
_ID_IN_TEXT = re.compile(r"第\d+次|'decision': \d+")
Row = tuple[Any, ...]


def rows_of(model: type[models.Model]) -> Counter[Row]:
    """Every row of a table, as often as it is there."""
    paths = []
    for field in model._meta.concrete_fields:
        if field.primary_key or field.name in OF_THE_RUN or isinstance(field, models.DateTimeField):
            continue
        paths.append(FOUND_BY[field.name] if field.is_relation else field.name)
    return Counter(tuple(map(_plain, row)) for row in model._default_manager.values_list(*paths))


def history_of(model: type[models.Model]) -> type[models.Model]:
    """The table of a model's old versions."""
    found = [each for each in model._meta.apps.get_models() if getattr(each, "pgh_tracked_model", None) is model]
    assert len(found) == 1, found
    return found[0]


def events_of(case: str, names: dict[int, str]) -> Counter[Row]:
    """What was done to the cases of a kind, by whom; `names`: what stands for their ids."""
    columns = ("case_id", "kind", "by__username", "region_id", "from_state", "to_state", "why", "detail")
    rows = Event.objects.filter(case_kind=case).values_list(*columns)
    return Counter((names[row[0]], *(_ID_IN_TEXT.sub("", str(value)) for value in row[1:])) for row in rows)


def imports_told() -> dict[str, Row]:
    """{file: what its import says, and the rows of its error spreadsheet}."""
    told = {}
    for imp in Import.objects.select_related("file", "errors_file"):
        report = {name: value for name, value in imp.report.items() if name not in {"digest", "basis"}}
        counts = (imp.new, imp.changed, imp.unchanged, imp.warned, imp.refused)
        assert imp.file.name not in told, f"{imp.file.name} was imported twice"
        told[imp.file.name] = (imp.state, *counts, imp.problem, report, refused_rows(imp.errors_file))
    return told


def refused_rows(file: File | None) -> list[dict[str, str]]:
    from agency.actions.files import opened

    if file is None:
        return []
    with opened(file) as plain:
        return read_back(plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Sealed):
        return value.reveal()
    if isinstance(value, dict | list):
        return repr(value)
    return value
