"""通知书: the button that makes a letter of a case as PDF."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from agency.admin import Deed
from agency.documents import pdf_of
from agency.models import Role
from subsidies.refunds import actions
from subsidies.refunds.models import Application
from subsidies.refunds.queries.letters import TITLES, NoLetter, letter_of, letters_of


class LetterForm(forms.Form):
    kind = forms.ChoiceField(label="通知书")

    def fill(self, *, obj: Application, **_: object) -> None:
        self.fields["kind"].choices = [(kind, TITLES[kind]) for kind in letters_of(obj)]  # type: ignore[attr-defined]


def letter(application: Application, *, kind: str, by: Any, at: Any) -> HttpResponse:
    found = letter_of(application, kind)
    actions.take_letter(application, found.title, by=by, at=at)
    answer = HttpResponse(pdf_of(found), content_type="application/pdf")
    name = f"{found.title}-{application.enterprise.name}.pdf"
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return answer


LETTER = Deed(
    "letter",
    "通知书（PDF）",
    frozenset({Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.AUDITOR}),
    letter,
    form=LetterForm,
    refusals=(NoLetter, actions.RefundRefused),
    hint="按当时的决定和条款生成，不另存；单位在门户中也能下载。下载会留痕。",
)
