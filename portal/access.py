"""The only way to an object: what is absent and what is not one's own are the same 404."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache

from agency.models import Appeal, Attachment, Hold, Import, Programme, Region, User
from agency.queries import attachments_of
from enterprises.models import Enterprise
from subsidies.payout.models import Award, Difference, Payment, PublicityRound, PublishedLine
from subsidies.payout.queries import public_rounds
from subsidies.refunds.models import Application

View = Callable[..., HttpResponse]


def enterprise_only(view: View) -> View:
    """A page of one's own: for a signed-in enterprise alone, kept by no cache. Others are sent to sign in; staff are refused."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect("portal:sign_in")
        if who(request).kind != User.Kind.ENTERPRISE:
            raise PermissionDenied("您是以工作人员或个人身份登录的，不能办理单位事项。请先退出，再以单位身份登录。")
        return view(request, *args, **kwargs)

    return guarded


def who(request: HttpRequest) -> User:
    """The signed-in user."""
    return cast("User", request.user)


def own_enterprise(user: User) -> Enterprise:
    """The enterprise that the user acts for."""
    return get_object_or_404(Enterprise.objects.select_related("region"), members__user=user)


def own_refunds(user: User) -> "QuerySet[Application]":
    """The refund cases of the user's enterprise, newest year first."""
    return (
        Application.objects.filter(enterprise__members__user=user)
        .select_related("programme", "enterprise__region", "region", "decision__edition", "award")
        .order_by("-year")
    )


def own_refund(user: User, pk: int) -> Application:
    """One refund case of the user's enterprise, else 404."""
    return get_object_or_404(own_refunds(user), pk=pk)


def own_attachments(application: Application) -> "QuerySet[Attachment]":
    """The proofs that an enterprise itself put beside its case, oldest first."""
    mine = Q(by__kind=User.Kind.ENTERPRISE) | Q(about=Attachment.About.LETTER)  # handed in, or sent to it in a message
    return attachments_of(Application.CASE, application.pk).filter(mine)


def open_difference(application: Application) -> Difference | None:
    """What of a paid case is still to be settled."""
    award = application.award
    return award.differences.filter(settled_at__isnull=True).first() if award and award.state == Award.State.PAID else None


def own_appeals(application: Application) -> "QuerySet[Appeal]":
    """The appeals against one's own case, newest first."""
    return Appeal.objects.filter(case_kind=Application.CASE, case_id=application.pk).order_by("-pk")


def open_appeal(application: Application) -> Appeal | None:
    """The appeal that is not answered yet."""
    return own_appeals(application).filter(state__in=Appeal.OPEN).first()


def holds_of(application: Application) -> "QuerySet[Hold]":
    """What stops or stopped the case or its award, oldest first."""
    of_the_case = Hold.objects.filter(case_kind=Application.CASE, case_id=application.pk)
    award = application.award
    found = of_the_case | Hold.objects.filter(case_kind=award.CASE, case_id=award.pk) if award else of_the_case
    return found.order_by("opened_at")


def open_holds(application: Application) -> "QuerySet[Hold]":
    """What stops the case or its award at present, oldest first."""
    return holds_of(application).filter(lifted_at__isnull=True)


def credit_hold(application: Application, pk: int) -> Hold:
    """A listing that holds or held the case, else 404."""
    return get_object_or_404(holds_of(application).filter(kind=Hold.Kind.CREDIT), pk=pk)


def round_of(application: Application) -> PublicityRound | None:
    """The publicity round in which the case's award was published last."""
    lines = PublishedLine.objects.filter(award_id=application.award_id, award__isnull=False).select_related("round")
    line = lines.order_by("-round__number").first()
    return line.round if line else None


def bank_refusal(application: Application) -> str:
    """Why the bank sent the latest payment back."""
    returned = Payment.objects.filter(award_id=application.award_id, state=Payment.State.RETURNED)
    return returned.order_by("-pk").values_list("failure", flat=True).first() or ""


def programme_to_apply(enterprise: Enterprise, on: date) -> Programme | None:
    """The open programme of the year over the enterprise's region, where it has no case of that year yet."""
    codes = enterprise.region.path.strip("/").split("/")
    seen = Application.objects.filter(enterprise=enterprise, year=on.year)
    opened = Programme.objects.filter(state=Programme.State.OPEN, year=on.year, region__in=codes)
    return None if seen.exists() else opened.order_by("-region__path").first()


def address_of(request: HttpRequest) -> str:
    """Where a request comes from, as the outermost of our own proxies (settings.PROXIES of them) saw it; what a visitor
    writes before that is not believed."""
    told = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    hops = [*told, request.META.get("REMOTE_ADDR", "")]
    return hops[max(len(hops) - 1 - settings.PROXIES, 0)]


def own_hosts_import(user: User, pk: int) -> Import:
    """A spreadsheet of hosts that the user's enterprise filed of itself, else 404."""
    own = Import.objects.filter(kind="hosts", settings__own=own_enterprise(user).uscc, checked_by__kind=User.Kind.ENTERPRISE)
    return get_object_or_404(own.select_related("errors_file", "file"), pk=pk)


def public_round(pk: int, on: date) -> PublicityRound:
    """A round that the public may see on the day, else 404."""
    return get_object_or_404(public_rounds(on).select_related("file", "pdf", "announcement", "region"), pk=pk)


def offices() -> "QuerySet[Region]":
    """The agencies that have opened a programme, with their telephones."""
    opened = Programme.objects.filter(state=Programme.State.OPEN).values("region")
    return Region.objects.filter(pk__in=opened).exclude(phone="").order_by("path")
