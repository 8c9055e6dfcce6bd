"""公示异议: anybody objects to a published line and reads the answer; the enterprise states its case."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agency import clock
from agency.actions.attachments import AttachmentRefused
from agency.admin.attachments import ProofsField
from agency.moves import MoveRefused
from portal import access, case
from portal.access import enterprise_only, who
from portal.forms import PortalForm
from subsidies.payout import actions
from subsidies.payout.models import Award, Objection
from subsidies.payout.queries import publisher_of

REFUSALS = (MoveRefused, actions.ObjectionRefused)
FILED = "objection_filed"  # where the session keeps the receipt from the form to the next page


class ObjectionMade(PortalForm):
    """Who objects, how to reach them, and what is wrong."""

    name = forms.CharField(
        label="您的真实姓名",
        max_length=64,
        help_text="只供核查使用，不会告知被反映的单位",
        error_messages={"required": "请填写真实姓名；匿名反映不予受理"},
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    contact = forms.CharField(
        label="联系电话或通信地址",
        max_length=100,
        help_text="用于核查和答复；查询答复时须填写同样的内容",
        error_messages={"required": "请填写联系电话或通信地址"},
    )
    text = forms.CharField(
        label="异议内容",
        max_length=2000,
        help_text="请写明事实和依据。不要写证件号码、手机号或银行账号。",
        error_messages={"required": "请写明异议内容"},
        widget=forms.Textarea({"rows": 6}),
    )


class AnswerAsked(PortalForm):
    """What opens an answer: both, and only together."""

    receipt = forms.CharField(
        label="回执号",
        max_length=40,
        help_text="形如 YY-XXXX-XXXX-XXXX",
        error_messages={"required": "请填写回执号"},
        widget=forms.TextInput({"autocapitalize": "characters", "spellcheck": "false", "autocomplete": "off"}),
    )
    contact = forms.CharField(
        label="联系电话或通信地址",
        max_length=100,
        help_text="与提出异议时填写的一致",
        error_messages={"required": "请填写联系电话或通信地址"},
    )


class StatementMade(PortalForm):
    """An enterprise's own word."""

    text = forms.CharField(
        label="情况说明",
        max_length=2000,
        help_text="请写明贵单位的情况和依据，便于核查。",
        error_messages={"required": "请写明情况"},
        widget=forms.Textarea({"rows": 6}),
    )
    proofs = ProofsField(label="证明材料", required=False)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def object_to(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """The form for one line; what was filed leads to its receipt."""
    at = clock.now()
    round_ = access.public_round(pk, at.date())
    line = round_.lines.filter(position=position).first()
    if line is None:
        raise Http404("名单中没有这一行。")
    if not round_.open_on(at.date()) or line.struck_at:
        messages.info(request, "公示期已过或该件已撤下，不能再在网上提出异议；如有情况反映，请拨打监督电话。")
        return redirect("portal:round", pk=pk)
    form = ObjectionMade(request.POST or None)
    if form.is_valid():
        try:
            made = actions.object_over_web(line, **form.cleaned_data, address=access.address_of(request), at=at)
        except REFUSALS as refused:
            form.add_error(None, str(refused))
        else:
            request.session[FILED] = made.pk
            return redirect("portal:objection_filed")
    page = {"round": round_, "line": line, "form": form, "section": "publicity"}
    return render(request, "publicity/object.html", page)


@never_cache
@require_safe
def objection_filed(request: HttpRequest) -> HttpResponse:
    """The receipt of what this browser has just filed."""
    made = Objection.objects.select_related("line__round").filter(pk=request.session.get(FILED)).first()
    if made is None:
        return redirect("portal:objection_answer")
    return render(request, "publicity/filed.html", {"objection": made, "section": "publicity"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def objection_answer(request: HttpRequest) -> HttpResponse:
    """State and answer of an objection, for whoever has its receipt and the contact that was given."""
    form, found = AnswerAsked(request.POST or None), None
    if form.is_valid():
        try:
            found = actions.look_up_answer(**form.cleaned_data, address=access.address_of(request), at=clock.now())
        except actions.ObjectionRefused as refused:
            form.add_error(None, str(refused))
    page = {"form": form, "objection": found, "section": "publicity"}
    if found:
        page["label"] = Objection.PUBLIC_LABELS[Objection.State(found.state)]
    return render(request, "publicity/answer.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    """The enterprise's own word while an objection to its line is examined. Nothing of the objection is shown."""
    application = access.own_refund(who(request), pk)
    award = application.award
    if award is None or award.state != Award.State.OBJECTED:
        messages.info(request, "现在没有待核查的公示异议，不用提交说明。")
        return redirect("portal:refund", pk=pk)
    form = StatementMade(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            actions.state_ones_case(award, **form.cleaned_data, by=who(request), at=clock.now())
        except AttachmentRefused as refused:
            form.add_error("proofs", str(refused))
        except REFUSALS as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "说明已提交，核查时会一并考虑。")
            return redirect("portal:refund", pk=pk)
    page = case.told(application, clock.today())
    page |= {"form": form, "back": reverse("portal:refund", args=[pk]), "office": publisher_of(application.region)}
    return render(request, "portal/refund/statement.html", page)
