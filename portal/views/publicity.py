"""The published lists: for anybody, without signing in, without JavaScript."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import quote_etag
from django.views.decorators.http import condition, require_safe

from agency import clock
from agency.actions.files import read_public
from agency.models import File
from portal import access
from portal.forms import PortalForm, cleaned_by
from sheets.cells import clean_text
from subsidies.payout.models import PublicityRound
from subsidies.payout.queries import COLUMNS, lines_from, lines_named, public_rounds

LINES_A_PAGE = 50
# What can be downloaded: the word in the address, the field of the round.
FILES = {"list": "file", "pdf": "pdf", "announcement": "announcement"}


class NameSearch(PortalForm):
    name = forms.CharField(
        required=False,
        max_length=60,
        min_length=2,
        error_messages={"max_length": "请少于 60 个字", "min_length": "请至少输入两个连着的字"},
    )

    def clean_name(self) -> str:
        """As the lists write names."""
        return cleaned_by(clean_text, self.cleaned_data["name"])


@dataclass(frozen=True)
class Page:
    """One page of the lines that are looked through."""

    number: int
    count: int  # of all lines
    lines: list[dict[str, Any]]

    @property
    def last(self) -> int:
        return max(-(-self.count // LINES_A_PAGE), 1)

    @property
    def before(self) -> int:
        return self.number - 1

    @property
    def after(self) -> int:
        return self.number + 1 if self.number < self.last else 0

    @property
    def from_line(self) -> int:
        return self.before * LINES_A_PAGE + 1

    @property
    def to_line(self) -> int:
        return self.before * LINES_A_PAGE + len(self.lines)


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
    search = form.cleaned_data["name"] if form.is_valid() else ""
    columns = COLUMNS[found.columns]
    turned = _turn_to(request.GET.get("page", ""), found, search)
    for line in turned.lines:
        line["cells"] = [(_kind(key), line[key]) for _, key in columns]
    page = {
        "round": found,
        "open": found.open_on(today),
        "announcement": found.body.removeprefix(found.title).strip(),  # the title stands above it
        "form": form,
        "search": search,
        "page": turned,
        "files": [
            (word, label, file)
            for word, label, file in (
                ("list", "完整名单（表格）", found.file), ("pdf", "完整名单（PDF）", found.pdf),
                ("announcement", "公告正文（Word）", found.announcement),
            )
            if file is not None
        ],
        "heads": [(_kind(key), header) for header, key in columns],
        "name_header": next(header for header, key in columns if key == "name"),
        "today": today,
        "section": "publicity",
    }  # fmt: skip
    return render(request, "publicity/round.html", page)


def _turn_to(asked: str, found: PublicityRound, search: str) -> Page:
    """The page that is asked for; the first where the number is none, the last where there are not so many."""
    named = lines_named(found, search) if search else None
    count = named.count() if named is not None else found.count
    wanted = int(asked) if asked.isdecimal() and len(asked) < 10 else 1 if not asked.isdecimal() else count
    number = min(max(wanted, 1), Page(1, count, []).last)
    first = (number - 1) * LINES_A_PAGE
    lines = named[first : first + LINES_A_PAGE] if named is not None else lines_from(found, first + 1, LINES_A_PAGE)
    return Page(number, count, list(lines))


def _kind(key: str) -> str:
    """How a cell of this key is shown: position, name, amount, rate, or as the text that it is."""
    return {"columns__layoff_rate": "rate"}.get(key, key)


def _file(pk: int, word: str) -> File:
    file: File | None = getattr(access.public_round(pk, clock.today()), FILES.get(word, ""), None)
    if file is None:
        raise Http404("没有这个文件，或仍在生成。")
    return file


def _etag(request: HttpRequest, pk: int, word: str) -> str:
    return quote_etag(_file(pk, word).sha256)


@require_safe
@condition(etag_func=_etag)
def round_file(request: HttpRequest, pk: int, word: str) -> HttpResponseBase:
    """A file of the list as it was published: the stored bytes, whose SHA-256 the page shows. It is public, so reading it
    is no Event."""
    file = _file(pk, word)
    return FileResponse(read_public(file), as_attachment=True, filename=file.name)
