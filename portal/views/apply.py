"""自主申请: every finding before sending, what to bring, a draft that is kept, a dispatch unit's hosts and allocation."""

from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from agency import clock
from agency.actions import AttachmentRefused
from agency.models import Programme, User
from agency.moves import MoveRefused
from agency.queries import attachments_of, edition_in_force, terms_of
from enterprises.models import Enterprise
from policy import evidence, explain
from policy.verdict import Answer
from portal import access, case
from portal.access import enterprise_only, who
from portal.forms import OwnApplication
from subsidies.payout.queries import publisher_of
from subsidies.refunds import actions, queries
from subsidies.refunds.models import Application, Draft, State

APPLIED = "申请已提交，由经办机构审核。"
KEPT = "草稿已保存，还没有提交。政策期内随时可以回来接着填。"
REFUSALS = (MoveRefused, actions.RefundRefused)


class Ground(NamedTuple):
    """Who applies, for which case of its own (None: no screening has seen it yet), under which programme."""

    enterprise: Enterprise
    application: Application | None
    programme: Programme

    def address(self, name: str) -> str:
        """The address of a step: apply, hosts, upload_hosts."""
        if self.application is None:
            return reverse(f"portal:{name}_first")
        return reverse(f"portal:{name}", args=[self.application.pk])


class PartShown(NamedTuple):
    """A part of a dispatch unit's refund."""

    name: str
    workers: int | None
    paid: Any
    rate: Any
    amount: Any
    sentence: str
    clause: str


def ground(request: HttpRequest, pk: int | None, at: datetime) -> Ground | HttpResponse:
    """Where the applicant stands; a way back, with why, where nothing can be applied for."""
    if pk is not None:
        application = access.own_refund(who(request), pk)
        page = case.told(application, at.date())
        if page["may_apply"]:
            return Ground(application.enterprise, application, application.programme)
        messages.info(request, f"当前状态是“{page['label']}”，这一步已经办过，或现在不能办理。")
        return redirect("portal:refund", pk=pk)
    enterprise = access.own_enterprise(who(request))
    programme = access.programme_to_apply(enterprise, at.date())
    if programme is not None:
        return Ground(enterprise, None, programme)
    messages.info(request, "目前没有可以申请的项目，或已有办理中的事项。")
    return redirect("portal:refunds")


@require_http_methods(["GET", "HEAD", "POST"])
@enterprise_only
def apply(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The whole application on one page: look, fill in, keep or send."""
    at, by = clock.now(), who(request)
    found = ground(request, pk, at)
    if isinstance(found, HttpResponse):
        return found
    page = precheck(found, at)
    posted = request.POST if request.method == "POST" else None
    form = _form(page, posted, request.FILES if posted is not None else None)
    if posted is not None and form.is_valid():
        try:
            return _keep_or_send(request, found, form, by=by, at=at)
        except AttachmentRefused as refused:
            form.add_error("files", str(refused))
    return render(request, "portal/refund/apply.html", page | {"form": form})


def precheck(found: Ground, at: datetime) -> dict[str, Any]:
    """What an applicant reads before sending: the rules' answers of the day, what to bring, hosts and allocation, account,
    uses; what is kept of an earlier visit or comes from last year."""
    enterprise, application, programme = found
    today = at.date()
    edition = edition_in_force(programme, today)
    assessed = case.precheck(enterprise, application, programme, today)
    verdict = assessed.verdict if assessed else None
    draft, last = queries.open_draft(enterprise, programme), queries.last_year(enterprise, programme)
    split = queries.split_on(edition, programme.year, enterprise.uscc, assessed.facts, today) if edition and assessed else None
    returned = queries.open_completion(application) if application and application.state == State.RETURNED else None
    asked = evidence.needed(verdict.findings) if verdict else ()
    return {
        "ground": found, "enterprise": enterprise, "application": application, "programme": programme,
        "office": publisher_of(enterprise.region), "section": "refund", "verdict": verdict, "checked_on": today,
        "kept": draft, "proofs": attachments_of(Draft.CASE, draft.pk) if draft else [],
        "last": last if draft is None or draft.cloned_from_id else None, "returned": returned,
        "to_bring": [(explain.rule_label(rule), bring) for rule, bring in asked],
        "asked_back": [(explain.rule_label(rule), evidence.BRING.get(rule, "")) for rule in returned.missing] if returned else [],
        "address": {name: found.address(name) for name in ("apply", "hosts")},
        **case.findings(verdict),
        **case.payee(application, enterprise, verdict),
        **case.money(terms_of(edition) if edition else None, programme),
        **_last_account(enterprise, last),
        **_dispatch(enterprise, programme, split),
    }  # fmt: skip


def _last_account(enterprise: Enterprise, last: Any) -> dict[str, Any]:
    """Last year's account beside today's, masked, and whether it is the same."""
    if last is None or last.award is None:
        return {}
    same = last.award.account_index in {enterprise.account_index, enterprise.tax_account_index}
    return {"last_account": str(last.award.account), "same_account": same}


def _dispatch(enterprise: Enterprise, programme: Programme, split: queries.SplitShown | None) -> dict[str, Any]:
    """A dispatch unit's hosts and how the refund goes to them; nothing for any other enterprise."""
    if not enterprise.dispatch:
        return {}
    shown: list[PartShown] = []
    if split and split.sha256:
        plain = [*split.split.hosts, *([split.split.own] if split.split.own else []), *split.split.not_paid]
        for part, told in zip(plain, split.parts, strict=True):
            amount = None if told["whose"] == "public" else part.amount
            sentence = explain.for_enterprise(part.finding)
            shown.append(PartShown(told["name"], told["workers"], part.paid, part.rate, amount, sentence, part.finding.clause))
    return {
        "hosts": queries.hosts_declared(enterprise, programme.year - 1) or queries.hosts_declared(enterprise, programme.year),
        "hosts_year": programme.year - 1,
        "parts": shown,
        "split_sum": split.split.refund if split else None,
        "split_sha256": split.sha256 if split else "",
        "split_why": explain.remedy(split.split.finding) if split and split.split.finding.answer != Answer.PASS else "",
    }


def _form(page: dict[str, Any], posted: Any, files: Any) -> OwnApplication:
    draft, last = page["kept"], page["last"]
    kept = draft or (last.draft if last else None)
    asks = (["looked"] if last else []) + (["agreed"] if page.get("split_sha256") else [])
    initial = {
        "contact": kept.contact if kept else page["enterprise"].contact,
        "note": draft.note if draft else "",
        "accepted": page.get("split_sha256", ""),
    }
    return OwnApplication(posted, files, initial=initial, asks=asks, kept=str(kept.phone) if kept and kept.phone else "")


def _keep_or_send(request: HttpRequest, found: Ground, form: OwnApplication, *, by: User, at: datetime) -> HttpResponse:
    filled = form.cleaned_data
    sends = form.data.get("do") != "save"
    try:
        actions.keep_draft(
            found.enterprise, found.programme, contact=filled["contact"], phone=filled["phone"] or None, note=filled["note"],
            files=filled["files"], by=by, at=at,
        )  # fmt: skip
        if not sends:
            messages.success(request, KEPT)
            return redirect(found.address("apply"))
        made = found.application
        if made is None:
            made = actions.apply_for(found.enterprise, found.programme, filled["accepted"], by=by, at=at)
        else:
            actions.apply(made, filled["accepted"], by=by, at=at)
    except REFUSALS as refused:
        messages.error(request, str(refused))
        return redirect(found.address("apply"))
    messages.success(request, APPLIED)
    return redirect("portal:refund", pk=made.pk)
