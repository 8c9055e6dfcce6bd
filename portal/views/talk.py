"""往来消息: an enterprise reads what the agency wrote about its case, and writes to it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from agency import clock
from agency.actions import AttachmentRefused
from agency.actions.talk import TalkRefused
from agency.moves import MoveRefused
from portal import access
from portal.access import enterprise_only, who
from portal.forms import RemarkWritten
from subsidies.payout.queries import publisher_of
from subsidies.refunds import actions
from subsidies.refunds.queries import remarks_of

REFUSALS = (MoveRefused, actions.RefundRefused, TalkRefused, AttachmentRefused)


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def talk(request: HttpRequest, pk: int) -> HttpResponse:
    """The thread of one's own case; opening it marks what the agency wrote as read."""
    application, at, by = access.own_refund(who(request), pk), clock.now(), who(request)
    form = RemarkWritten(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = form.cleaned_data
            actions.write_remark(application, asked["text"], by=by, at=at, files=asked["files"])
        except REFUSALS as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "消息已发送，经办人员会在工作时间查看。")
            return redirect("portal:talk", pk=pk)
    if request.method != "HEAD":
        actions.read_remarks(application, by=by, at=at)
    page = {
        "application": application,
        "form": form,
        "remarks": [(remark, remark.text.reveal()) for remark in remarks_of(application)],
        "office": publisher_of(application.region),
        "section": "refund",
    }
    return render(request, "portal/refund/talk.html", page)
