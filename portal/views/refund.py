"""稳岗返还: an enterprise sees its case, answers the offer, asks for correction, applies by itself."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from agency import clock
from agency.actions import AttachmentRefused
from agency.models import User
from agency.moves import MoveRefused
from portal import access, case
from portal.access import enterprise_only, who
from portal.forms import AsSeen, CorrectionAsked, PortalForm, WhyNot
from portal.views.links import through
from subsidies.payout.queries import publisher_of
from subsidies.refunds import actions
from subsidies.refunds.models import Application
from subsidies.refunds.queries import standing

Deed = Callable[[Application, Any, User, datetime], object]
REFUSALS = (MoveRefused, actions.RefundRefused)


class ChangedMeanwhile(Exception):
    """What was on the page is no longer so."""


@require_safe
@enterprise_only
def refunds(request: HttpRequest) -> HttpResponse:
    """One's own cases; a single one opens at once."""
    own = list(access.own_refunds(who(request)))
    if len(own) == 1:
        return redirect("portal:refund", pk=own[0].pk)
    enterprise = access.own_enterprise(who(request))
    rows = [(application, standing(application).public_label, case.amount_of(application)) for application in own]
    programme = access.programme_to_apply(enterprise, clock.today())
    office = publisher_of(enterprise.region)
    page = {"rows": rows, "programme": programme, "enterprise": enterprise, "office": office, "section": "refund"}
    return render(request, "portal/refunds.html", page)


@require_safe
@enterprise_only
def refund(request: HttpRequest, pk: int) -> HttpResponse:
    """State, amount and how it was reached, uses, account, time line; one main button."""
    application = access.own_refund(who(request), pk)
    today = clock.today()
    page = case.told(application, today)
    return render(request, "portal/refund/refund.html", page | case.story(application, page, today))


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The second look: amount, account and uses once more, then the button that counts."""
    return _answer(request, pk, "portal/refund/confirm.html", "may_confirm", AsSeen, _confirm, "已确认，接下来由经办机构审核。")


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    return _answer(
        request, pk, "portal/refund/decline.html", "may_decline", WhyNot, _decline, "已放弃。政策期内改变主意，仍可在这里确认。"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    return _answer(request, pk, "portal/refund/withdraw.html", "may_withdraw", WhyNot, _withdraw, "已撤回，停止办理。")


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    return _answer(
        request, pk, "portal/refund/correct.html", "may_correct", CorrectionAsked, _correct,
        "更正申请已提交，经办人员会核实处理。处理期间后面的步骤暂停。",
    )  # fmt: skip


def _confirm(application: Application, form: AsSeen, by: User, at: datetime) -> None:
    _still_as_seen(application, form)
    actions.confirm(application, by=by, at=at, through=form.through)


def _decline(application: Application, form: WhyNot, by: User, at: datetime) -> None:
    _not_answered_since(application, form)
    actions.decline(application, form.why, by=by, at=at, through=form.through)


def _withdraw(application: Application, form: WhyNot, by: User, at: datetime) -> None:
    actions.withdraw(application, form.why, by=by, at=at)


def _correct(application: Application, form: CorrectionAsked, by: User, at: datetime) -> None:
    actions.ask_correction(application, *(form.cleaned_data[name] for name in ("about", "text", "proofs")), by=by, at=at)


def _not_answered_since(application: Application, form: AsSeen) -> None:
    """The first answer counts: one that was given on a page of before is told so."""
    seen = form.cleaned_data["state"]
    if seen and seen != application.state:
        answered = f"{actions.first_answer(application)}，" if application.answered_at else ""
        raise ChangedMeanwhile(f"页面打开后此件已经办理：{answered}刚才没有提交。请按现在的状态重新核对。")


def _still_as_seen(application: Application, form: AsSeen) -> None:
    _not_answered_since(application, form)
    if form.cleaned_data["decision"] != application.decision_id:
        raise ChangedMeanwhile("页面打开后数据有更新，刚才没有提交。请按现在显示的金额和账户重新核对。")


def _answer(
    request: HttpRequest, pk: int, template: str, allowed: str, form_class: type[PortalForm], deed: Deed, done: str
) -> HttpResponse:
    """Show the page of one deed; on POST carry it out by its action and go back to the case, with what became of it."""
    application = access.own_refund(who(request), pk)
    at = clock.now()
    page = case.told(application, at.date())
    if not page[allowed]:
        late = request.method == "POST" and application.answered_at
        now = actions.first_answer(application) if late else f"当前状态是“{page['label']}”"
        messages.info(request, f"{now}，这一步已经办过，或现在不能办理。")
        return redirect("portal:refund", pk=pk)
    posted = request.POST if request.method == "POST" else None
    form = form_class(posted, request.FILES or None, initial={"decision": application.decision_id, "state": application.state})
    form.through = through(request, application)
    if posted is not None and form.is_valid():
        try:
            deed(application, form, who(request), at)
            messages.success(request, done)
            return redirect("portal:refund", pk=pk)
        except ChangedMeanwhile as changed:
            messages.error(request, str(changed))
            return redirect(request.path)
        except AttachmentRefused as refused:  # what was written stays on the page
            form.add_error("proofs", str(refused))
        except REFUSALS as refused:
            messages.error(request, str(refused))
            return redirect("portal:refund", pk=pk)
    return render(request, template, page | {"form": form})
