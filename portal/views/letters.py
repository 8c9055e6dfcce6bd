"""通知书: the letters of one's own case, to read, print, or take away as PDF."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from agency import clock
from agency.documents import Document, Signature, Text, pdf_of
from portal import access
from portal.access import enterprise_only, who
from subsidies.payout.queries import publisher_of
from subsidies.refunds import actions
from subsidies.refunds.models import Application
from subsidies.refunds.queries.letters import NoLetter, letter_of


@require_safe
@enterprise_only
def letter(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    application = access.own_refund(who(request), pk)
    found = _found(application, kind)
    page = shown_letter(application, found) | {"pdf": reverse("portal:letter_file", args=[pk, kind])}
    return render(request, "portal/refund/letter.html", page)


@require_safe
@enterprise_only
def letter_file(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The letter as PDF; taking it is an Event."""
    application = access.own_refund(who(request), pk)
    found = _found(application, kind)
    actions.take_letter(application, found.title, by=who(request), at=clock.now())
    return pdf_answer(found)


def shown_letter(application: Application, found: Document) -> dict[str, Any]:
    """What the page of a letter shows, but where its PDF is (`pdf`)."""
    return {
        "application": application,
        "letter": found,
        "lines": [(block.text, isinstance(block, Text)) for block in found.blocks if not isinstance(block, Signature)],
        "signature": next((block for block in found.blocks if isinstance(block, Signature)), None),
        "office": publisher_of(application.region),
        "section": "refund",
    }


def pdf_answer(found: Document) -> HttpResponse:
    answer = HttpResponse(pdf_of(found), content_type="application/pdf")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{found.title}.pdf")
    return answer


def _found(application: Application, kind: str) -> Document:
    try:
        return letter_of(application, kind)
    except NoLetter as none:
        raise Http404(str(none)) from none
