"""划型异议: by the law of the place, a 变更申请 with evidence, or a 书面承诺 that is made here, signed and handed in."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from agency import clock
from agency.actions import AppealRefused, AttachmentRefused
from agency.documents import Document
from agency.models import Appeal
from agency.moves import MoveRefused
from policy.keys import SIZE_CLASSES
from portal import access, case
from portal.access import enterprise_only, who
from portal.forms import ChangeAsked, PortalForm, SizeCommitted
from portal.views.letters import pdf_answer, shown_letter
from subsidies.refunds import actions
from subsidies.refunds.models import Application
from subsidies.refunds.queries import commitment_letter, grounds, size_law, why_not_commit

REFUSALS = (AppealRefused, MoveRefused, actions.RefundRefused)
DONE = {
    "commitment": "承诺书已收到。经办机构将核实；与事实不符的，差额须退回。",
    "evidence": "变更申请已提交。结果会发短信告知，办到哪一步可在这里查看。",
}


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def size(request: HttpRequest, pk: int) -> HttpResponse:
    """Object to the size of one's own case."""
    application, at = access.own_refund(who(request), pk), clock.now()
    law = size_law(application, at.date())
    if law not in DONE:
        return redirect("portal:appeal", pk=pk)
    if why_not := _why_not(application, law):
        messages.info(request, why_not)
        return redirect("portal:refund", pk=pk)
    form = (SizeCommitted if law == "commitment" else ChangeAsked)(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            _send(application, law, form, request)
        except AttachmentRefused as refused:
            form.add_error("files", str(refused))
        except REFUSALS as refused:
            messages.error(request, str(refused))
            return redirect("portal:refund", pk=pk)
        else:
            messages.success(request, DONE[law])
            return redirect("portal:refund", pk=pk)
    page = case.told(application, at.date()) | {"form": form, "sizes": SIZE_CLASSES, "law": law}
    return render(request, "portal/refund/size.html", page)


@require_safe
@enterprise_only
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """承诺书 of the size that is asked for (?size=小型), to read and print."""
    application = access.own_refund(who(request), pk)
    made = _letter(application, request)
    word, address = request.GET["size"], reverse("portal:size_letter_file", args=[pk])
    page = shown_letter(application, made) | {"pdf": f"{address}?{urlencode({'size': word})}"}
    return render(request, "portal/refund/letter.html", page)


@require_safe
@enterprise_only
def letter_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as PDF, to be signed and stamped; taking it is an Event."""
    application = access.own_refund(who(request), pk)
    made = _letter(application, request)
    actions.take_letter(application, made.title, by=who(request), at=clock.now())
    return pdf_answer(made)


def _letter(application: Application, request: HttpRequest) -> Document:
    word, today = request.GET.get("size", ""), clock.today()
    if word not in SIZE_CLASSES or why_not_commit(application, today):
        raise Http404("没有这种承诺书；请返回办理页面。")
    return commitment_letter(application, word, today)


def _why_not(application: Application, law: str) -> str:
    """Why it may not object now, in Chinese; empty where it may."""
    today = clock.today()
    if law == "commitment":
        return why_not_commit(application, today)
    found = grounds(application, today)
    if Appeal.About.SIZE not in found.about:
        return found.why_not or "目前不能就划型提出变更申请；对决定不服的，可以申诉。"
    return "" if not access.open_appeal(application) else "您已有未办结的申请；可在其中补充证据，办结后再提新的申请。"


def _send(application: Application, law: str, form: PortalForm, request: HttpRequest) -> None:
    asked, by, at = form.cleaned_data, who(request), clock.now()
    if law == "commitment":
        actions.commit_size(application, asked["size"], asked["files"], by=by, at=at)
    else:
        actions.file_appeal(application, Appeal.About.SIZE, asked["text"], asked["files"], by=by, at=at)
