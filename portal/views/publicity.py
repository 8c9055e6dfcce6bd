"""The published lists: for anybody, without signing in, without JavaScript."""

import mimetypes

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from agency import clock
from agency.actions.files import opened
from portal import access
from portal.forms import PortalForm
from subsidies.payout.queries import COLUMNS, public_lines, public_rounds

LINES_A_PAGE = 50


class NameSearch(PortalForm):
    name = forms.CharField(required=False, max_length=60, error_messages={"max_length": "请少于 60 个字"})


@require_safe
def rounds(request: HttpRequest) -> HttpResponse:
    today = clock.today()
    page = {"rounds": public_rounds(today), "today": today, "section": "publicity"}
    return render(request, "publicity/rounds.html", page)


@require_safe
def one_round(request: HttpRequest, pk: int) -> HttpResponse:
    """One list with the columns that it publishes, 50 lines a page; `name` searches, `page` turns."""
    today = clock.today()
    found = access.public_round(pk, today)
    form = NameSearch(request.GET)
    search = form.cleaned_data["name"].strip() if form.is_valid() else ""
    columns = COLUMNS[found.columns]
    lines = Paginator(public_lines(found, search), LINES_A_PAGE).get_page(request.GET.get("page"))
    lines.object_list = [
        line | {"cells": [(_kind(key), line[key]) for _, key in columns]}
        for line in lines.object_list  # type: ignore[misc]
    ]
    page = {
        "round": found,
        "announcement": found.body.removeprefix(found.title).strip(),  # the title stands above it
        "form": form,
        "search": search,
        "page": lines,
        "heads": [(_kind(key), header) for header, key in columns],
        "name_header": next(header for header, key in columns if key == "name"),
        "today": today,
        "section": "publicity",
    }
    return render(request, "publicity/round.html", page)


def _kind(key: str) -> str:
    """How a cell of this key is shown: position, name, amount, rate, or as the text that it is."""
    return {"columns__layoff_rate": "rate"}.get(key, key)


@require_safe
def round_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The list as it was published: the stored bytes, whose SHA-256 the page shows. It is public, so reading it is no Event."""
    found = access.public_round(pk, clock.today())
    if found.file is None:
        raise Http404
    with opened(found.file) as plain:
        answer = HttpResponse(plain.read(), content_type=mimetypes.guess_type(found.file.name)[0] or "application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=found.file.name)
    return answer
