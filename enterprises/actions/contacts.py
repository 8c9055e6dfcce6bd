"""联系电话与账号: opened for one clerk, with its Event."""

from datetime import datetime

from agency.models import Event, User
from agency.moves import record
from enterprises.models import Enterprise

SEALED = {"phone": "手机号", "legal_phone": "法人手机号", "account": "账号", "tax_account": "缴费账户账号"}


def reveal_contact(enterprise: Enterprise, *, by: User, at: datetime) -> dict[str, str]:
    """{label: full number} of one enterprise; that it was read is an Event, what was read is not in it."""
    record(
        Event.Kind.READ, case="enterprise", case_id=enterprise.pk, by=by, at=at, region_id=enterprise.region_id,
        why="查看完整电话与账号",
    )  # fmt: skip
    return {label: getattr(enterprise, name).reveal() for name, label in SEALED.items()}
