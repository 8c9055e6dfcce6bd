"""The counter at which the SMS gateway reports and hands over replies (docs/gateways.md): signed, each call taken once.

What is refused is answered with a code and logged without anything of what it said."""

import hmac
import json
import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from agency import clock
from agency.actions import AlreadyTaken, NewReply, Receipt, book_push, reported_as
from agency.sealed import call_signature
from agency.tasks import wake

BODY_LIMIT = 2 * 1024 * 1024
MOST = 1_000  # reports and replies in one call
TOLERANCE = 300  # seconds between the two clocks
TEXT_LIMIT = 1_000
OLDEST = timedelta(days=365)
_NUMBER = re.compile(r"[!-~]{1,64}")
_KEY = re.compile(r"[0-9]{1,18}")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{2,30}")
_log = logging.getLogger(__name__)


class Refused(Exception):
    """The call is not taken: HTTP status, code, and for a malformed one what is wrong."""

    def __init__(self, status: int, code: str, problem: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.problem = status, code, problem


@csrf_exempt
def sms_calls(request: HttpRequest) -> JsonResponse:
    """Take one call of the gateway: {"reports": [...], "replies": [...]}, either of which may be absent."""
    try:
        body, signature = _checked(request)
        reports, replies = _read(body)
        changed, new = book_push(signature, reports, replies, called_at=datetime.now(UTC), at=clock.now())
    except Refused as refused:
        _log.warning("SMS gateway's call refused: %s %s", refused.code, refused.problem)
        said = {"code": refused.code} | ({"problem": refused.problem} if refused.problem else {})
        return JsonResponse(said, status=refused.status)
    except AlreadyTaken:
        _log.warning("SMS gateway's call refused: REPLAYED")
        return JsonResponse({"code": "REPLAYED"}, status=409)
    except (OperationalError, IntegrityError) as busy:  # a lock, a lost connection, the same reply by file just now
        _log.warning("SMS gateway's call not taken: %s", type(busy).__name__)
        return JsonResponse({"code": "BUSY"}, status=503)
    if new:
        wake("refunds.take_replies")
    return JsonResponse({"code": "TAKEN", "reports": changed, "replies": new})


def _checked(request: HttpRequest) -> tuple[bytes, str]:
    """The body and its signature, once both are right and the call is of now."""
    if request.method != "POST":
        raise Refused(405, "INVALID", "POST only")
    try:
        if int(request.headers.get("Content-Length") or 0) > BODY_LIMIT or len(body := request.body) > BODY_LIMIT:
            raise Refused(413, "INVALID", "body too large")
    except RequestDataTooBig:
        raise Refused(413, "INVALID", "body too large") from None
    except (UnreadablePostError, ValueError):
        raise Refused(400, "INVALID", "body not readable") from None
    stamp, signature = (request.headers.get(f"X-Wengang-{name}", "") for name in ("Timestamp", "Signature"))
    if not settings.GATEWAY_SECRET or not re.fullmatch(r"[0-9]{1,12}", stamp):
        raise Refused(401, "UNSIGNED")
    if not hmac.compare_digest(call_signature(settings.GATEWAY_SECRET, stamp, body).encode(), signature.encode()):
        raise Refused(401, "UNSIGNED")
    if abs(time.time() - int(stamp)) > TOLERANCE:
        raise Refused(401, "STALE")
    return body, signature


def _read(body: bytes) -> tuple[list[Receipt], list[NewReply]]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "INVALID", "not JSON") from None
    if not isinstance(said, dict):
        raise Refused(400, "INVALID", "not an object")
    reports, replies = said.get("reports", []), said.get("replies", [])
    if not isinstance(reports, list) or not isinstance(replies, list) or len(reports) + len(replies) > MOST:
        raise Refused(400, "INVALID", f"reports and replies are lists of at most {MOST} together")
    return _each(reports, "reports", _report), _each(replies, "replies", _reply)


def _each(given: list[Any], name: str, read: Callable[[dict[str, Any]], Any]) -> list[Any]:
    found = []
    for place, one in enumerate(given):
        if not isinstance(one, dict):
            raise Refused(400, "INVALID", f"{name}[{place}] is not an object")
        try:
            found.append(read(one))
        except ValueError as wrong:
            raise Refused(400, "INVALID", f"{name}[{place}]: {wrong}") from None
    return found


def _report(one: dict[str, Any]) -> Receipt:
    key = _word(one, "id", _KEY)
    problem = re.sub(r"[^\w .,;:/()（），。：、-]", "", str(one.get("problem") or ""))[:100]
    gateway_id = _word(one, "gateway_id", _NUMBER) if one.get("gateway_id") else ""
    number, code = _word(one, "number", _NUMBER), _word(one, "code", re.compile("[A-Z_]{1,32}"))
    return reported_as(key, code, problem, number=number, gateway_id=gateway_id)


def _reply(one: dict[str, Any]) -> NewReply:
    text = one.get("text")
    if not isinstance(text, str) or len(text) > TEXT_LIMIT or not _storable(text):
        raise ValueError(f"text: at most {TEXT_LIMIT} characters")
    phone = re.sub(r"[ -]", "", _word(one, "phone", _PHONE))
    phone = re.sub(r"^(\+86|0086|86)(?=1\d{10}$)", "", phone)
    return NewReply(_word(one, "number", _NUMBER), phone, text, _moment(one))


def _word(one: dict[str, Any], name: str, shape: re.Pattern[str]) -> str:
    """A text of a given shape. Raises ValueError naming it, never what it holds."""
    value = one.get(name)
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise ValueError(f"{name}: missing or not as agreed")
    return value


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def _moment(one: dict[str, Any]) -> datetime:
    """When it arrived at the gateway, moved as the desk's clock is."""
    real = datetime.now(UTC)
    try:
        at = datetime.fromisoformat(str(one.get("at", "")))
        timely = at.tzinfo is not None and real - OLDEST <= at <= real + timedelta(seconds=TOLERANCE)
    except (ValueError, OverflowError):
        timely = False
    if not timely:
        raise ValueError("at: missing, without zone, or not of the last year")
    return min(at, real) + (clock.now() - real)
