"""附件: an enterprise reads again what it handed in."""

from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from agency import clock
from agency.actions import read_attachment
from portal import access
from portal.access import enterprise_only, who


@require_safe
@enterprise_only
def attachment(request: HttpRequest, pk: int, number: int) -> FileResponse:
    """One proof of one's own case, as a download."""
    application = access.own_refund(who(request), pk)
    found = get_object_or_404(access.own_attachments(application), pk=number)
    content = read_attachment(found, by=who(request), at=clock.now())
    return FileResponse(content, as_attachment=True, filename=found.file.name)
