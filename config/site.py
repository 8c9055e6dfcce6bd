"""The console's site: for staff who hold a post today."""

from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from unfold.sites import UnfoldAdminSite

CONSOLE_CSP = {"script-src": ["'self'", "'unsafe-eval'"], "style-src": ["'self'", "'unsafe-inline'"]}


class Desk(UnfoldAdminSite):
    """The console: for staff who hold a post today, under a policy that its scripts need."""

    def has_permission(self, request: HttpRequest) -> bool:
        from agency.admin import roles_of  # the pages register themselves on this site: they come after it

        return bool(request.user.is_active and roles_of(request))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return csp_update(CONSOLE_CSP)(super().admin_view(view, cacheable))

    @method_decorator(csp_update(CONSOLE_CSP))
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().login(request, extra_context)
