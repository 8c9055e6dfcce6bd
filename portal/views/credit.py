"""信用异议: an enterprise whose case is held for a listing says that it is not so, and shows why."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from agency import clock
from agency.actions import AttachmentRefused, DisputeRefused, file_dispute
from portal import access, case
from portal.access import enterprise_only, who
from portal.forms import DisputeFiled


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def dispute(request: HttpRequest, pk: int, hold: int) -> HttpResponse:
    """What was said against the listing so far, and the form to say it."""
    application = access.own_refund(who(request), pk)
    held = access.credit_hold(application, hold)
    form = DisputeFiled(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        try:
            file_dispute(held, form.cleaned_data["text"], form.cleaned_data["proofs"], by=who(request), at=clock.now())
        except (DisputeRefused, AttachmentRefused) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "已提交，由另一位工作人员核实后答复；答复前事项暂缓办理。")
            return redirect("portal:dispute", pk=pk, hold=hold)
    filed = held.disputes.order_by("-pk")
    page = {"form": form, "hold": held, "disputes": filed, "waits": any(each.state == each.State.FILED for each in filed)}
    return render(request, "portal/refund/dispute.html", case.told(application, clock.today()) | page)
