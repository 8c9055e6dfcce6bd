"""短信链接: what it opens asks for a code to the phone that it was sent to, and shows nothing else.

Scanners of messages and mail open links: a look uses nothing up. What counts is asked for by POST. The address is the
secret: it is told to no other site, kept by no cache and no search engine, and masked in every log (config.logs)."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from agency import clock
from agency.actions import CodeRefused, LinkEnded, check_link, find_link
from agency.models import Link
from agency.sealed import Sealed
from agency.tasks import wake
from enterprises.actions import PhoneChanged, SignInRefused, phone_behind, request_link_code, sign_in_by_link
from portal.forms import CodeGiven
from portal.views.sign_in import BACKEND, STAYS_SECONDS, outbox
from subsidies.refunds.models import Application

ASKED = "link"  # in the session: the link whose code was asked for
CAME_FOR = "link_case"  # in the session: the case that its link led to
GONE = 410
View = Callable[..., HttpResponse]


def unseen(view: View) -> View:
    """Told to no other site, kept by no cache, found by no search engine."""

    @wraps(view)
    def guarded(request: HttpRequest, **named: str) -> HttpResponse:
        response = view(request, **named)
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return guarded


# No CSRF check: a browser that is told no-referrer sends no origin either, and whoever can make another's browser post
# here knows the address, by which he can post himself. The code is then given on a page that is checked.
@csrf_exempt
@unseen
@sensitive_variables("token", "link")
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether a code shall be sent; on POST send it. What never was a link is absent, whatever its form."""
    link = find_link(token)
    if link is None:
        return render(request, "404.html", status=404)
    at = clock.now()
    try:
        check_link(link, at=at)
        phone = phone_behind(link)
        if request.method == "POST":
            _send_code(request, link, at=at)
            return redirect("portal:link_code")
    except (LinkEnded, PhoneChanged) as over:
        return _over(request, over)
    return render(request, "portal/link.html", {"tail": _tail(phone), "section": "sign_in"})


def _send_code(request: HttpRequest, link: Link, *, at: datetime) -> None:
    try:
        request_link_code(link, at=at)
    except (CodeRefused, SignInRefused) as refused:
        messages.info(request, str(refused))
    else:
        wake("agency.send_messages")
    request.session[ASKED] = link.pk


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def give_code(request: HttpRequest) -> HttpResponse:
    """A right code signs in, under a new session key, and leads to the case."""
    link = Link.objects.filter(pk=request.session.get(ASKED)).first()
    if link is None:
        return redirect("portal:sign_in")
    form = CodeGiven(request.POST or None)
    at = clock.now()
    try:
        check_link(link, at=at)
        phone = phone_behind(link)
        if request.method == "POST" and form.is_valid():
            user = sign_in_by_link(link, form.cleaned_data["code"], at=at)
            login(request, user, backend=BACKEND)
            request.session.pop(ASKED, None)
            request.session[CAME_FOR] = link.case_id
            request.session.set_expiry(STAYS_SECONDS)
            return redirect("portal:refund", pk=link.case_id)
    except SignInRefused:
        form.add_error("code", "验证码不正确或已失效，请核对后重试。输错五次，链接即失效。")
    except (LinkEnded, PhoneChanged) as over:
        request.session.pop(ASKED, None)
        return _over(request, over)
    page = {"form": form, "tail": _tail(phone), "section": "sign_in", "outbox": outbox()}
    return render(request, "portal/link_code.html", page)


def through(request: HttpRequest, application: Application) -> Application.AnswerChannel:
    """By which channel an answer on this case comes: by its link, where that is how its enterprise signed in."""
    by_link = request.session.get(CAME_FOR) == application.pk
    return Application.AnswerChannel.LINK if by_link else Application.AnswerChannel.PORTAL


def _tail(phone: Sealed) -> str:
    return str(phone)[-4:]


def _over(request: HttpRequest, over: Exception) -> HttpResponse:
    because = over.because if isinstance(over, LinkEnded) else ""
    page = {"why": str(over), "answered": because == Link.End.ANSWERED, "newer": because == Link.End.NEWER, "section": "sign_in"}
    return render(request, "portal/link_over.html", page, status=GONE)
