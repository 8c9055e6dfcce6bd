"""Signing in: code and registered phone, then the code that was sent. No password."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from agency import clock
from agency.sealed import Sealed, seal
from agency.tasks import wake
from enterprises.actions import SignInRefused, request_code, sign_in
from portal.forms import CodeGiven, WhoSignsIn

BACKEND = "django.contrib.auth.backends.ModelBackend"  # only brings the user back by its id; a password exists for staff alone
ASKED = "sign_in"  # in the session: who asked for a code, the phone sealed
STAYS_SECONDS = 3600


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def ask_code(request: HttpRequest) -> HttpResponse:
    """Step 1. The answer is the same whether the pair is registered or not."""
    form = WhoSignsIn(request.POST or None)
    if request.method == "POST" and form.is_valid():
        uscc, phone = form.cleaned_data["uscc"], form.cleaned_data["phone"]
        request_code(uscc, phone, at=clock.now())
        wake("agency.send_messages")
        request.session[ASKED] = {"uscc": uscc, "phone": seal(phone)}
        return redirect("portal:sign_in_code")
    return render(request, "portal/sign_in.html", {"form": form, "section": "sign_in"})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def give_code(request: HttpRequest) -> HttpResponse:
    """Step 2. A right code signs in, under a new session key."""
    asked = request.session.get(ASKED)
    if not asked:
        return redirect("portal:sign_in")
    phone = Sealed(asked["phone"])
    form = CodeGiven(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = sign_in(asked["uscc"], phone.reveal(), form.cleaned_data["code"], at=clock.now())
        except SignInRefused as refused:
            form.add_error("code", str(refused))
        else:
            login(request, user, backend=BACKEND)
            request.session.pop(ASKED, None)
            request.session.set_expiry(STAYS_SECONDS)
            return redirect("portal:refunds")
    page = {"form": form, "phone": str(phone), "section": "sign_in", "outbox": outbox()}
    return render(request, "portal/sign_in_code.html", page)


def outbox() -> str:
    """Where the fake gateway shows what it was given; only in a demo, only on this machine."""
    local = urlsplit(settings.SMS_GATEWAY_URL).hostname in {"127.0.0.1", "localhost"}
    return f"{settings.SMS_GATEWAY_URL}/outbox" if settings.DEMO and local else ""


@never_cache
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("portal:home")
