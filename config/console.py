"""The staff front page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def desk(request: HttpRequest) -> dict[str, Any]:
    """What every page knows of the desk."""
    return {"demo": settings.DEMO}
