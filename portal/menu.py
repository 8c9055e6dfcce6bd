"""What the portal's menu shows beside its entries."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from agency.models import User
from subsidies.refunds.queries import unread_by


def menu(request: HttpRequest) -> dict[str, Any]:
    """How many messages of the agency wait unread; asked only by a page that shows it."""
    return {"unread": SimpleLazyObject(lambda: _unread(request))}


def _unread(request: HttpRequest) -> int:
    user = getattr(request, "user", None)
    return unread_by(user) if isinstance(user, User) and user.kind == User.Kind.ENTERPRISE else 0
