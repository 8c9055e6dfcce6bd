"""通知书: who took a letter away is kept; the letter itself is made anew whenever it is asked for."""

from datetime import datetime

from agency.models import Event, User
from agency.moves import record
from subsidies.refunds.actions.refusals import check_acts_for
from subsidies.refunds.models import Application


def take_letter(application: Application, title: str, *, by: User, at: datetime) -> None:
    """Note that somebody takes a letter of the case away. Raises RefundRefused for another enterprise's user."""
    check_acts_for(application.enterprise_id, by)
    record(
        Event.Kind.EXPORT, case=Application.CASE, case_id=application.pk, by=by, at=at, region_id=application.region_id,
        why=f"下载{title}",
    )  # fmt: skip
