"""申诉: an enterprise disputes what was decided of its case, and hands in evidence."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from agency import clock
from agency.actions import AppealRefused, AttachmentRefused
from agency.models import Appeal
from agency.moves import MoveRefused
from portal import access, case
from portal.access import enterprise_only, who
from portal.forms import AppealFiled, EvidenceGiven
from subsidies.refunds import actions
from subsidies.refunds.queries import grounds

REFUSALS = (AppealRefused, AttachmentRefused, MoveRefused, actions.RefundRefused)


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """File one against one's own case."""
    application, at = access.own_refund(who(request), pk), clock.now()
    found = grounds(application, at.date())
    if not found.about:
        messages.info(request, found.why_not)
        return redirect("portal:refund", pk=pk)
    form = AppealFiled(request.POST or None, request.FILES or None)
    words = dict(Appeal.About.choices)
    form.fields["about"].choices = [(word, words[word]) for word in found.about]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            actions.file_appeal(application, asked["about"], asked["text"], asked["files"], by=who(request), at=at)
        except AttachmentRefused as refused:
            form.add_error("files", str(refused))
        except REFUSALS as refused:
            messages.error(request, str(refused))
            return redirect("portal:refund", pk=pk)
        else:
            messages.success(request, "申诉已提交。结果会发短信告知，办到哪一步可在这里查看。")
            return redirect("portal:refund", pk=pk)
    page = case.told(application, at.date()) | {"form": form, "until": found.until}
    return render(request, "portal/refund/appeal.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def evidence(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Hand in what was asked for, or more, while the appeal is open."""
    application, at = access.own_refund(who(request), pk), clock.now()
    found = get_object_or_404(access.own_appeals(application), pk=number)
    if found.state not in Appeal.OPEN:
        messages.info(request, "该申诉已办结，不再接收证据。")
        return redirect("portal:refund", pk=pk)
    form = EvidenceGiven(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.hand_in_evidence(found, form.cleaned_data["files"], by=who(request), at=at)
        except AttachmentRefused as refused:
            form.add_error("files", str(refused))
        except REFUSALS as refused:
            messages.error(request, str(refused))
            return redirect("portal:refund", pk=pk)
        else:
            messages.success(request, "证据已提交。")
            return redirect("portal:refund", pk=pk)
    return render(request, "portal/refund/evidence.html", case.told(application, at.date()) | {"form": form, "appeal": found})
