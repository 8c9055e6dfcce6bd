"""联系电话、证件号码与账号: opened for one clerk, with its Event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agency.models import Event, User
from agency.moves import record
from enterprises.models import Enterprise, InsuredPerson

OF_ENTERPRISE = {"phone": "手机号", "legal_phone": "法人手机号", "account": "账号", "tax_account": "缴费账户账号"}
OF_PERSON = {"id_number": "证件号码", "phone": "手机号", "card_account": "社保卡账号"}


def reveal_contact(enterprise: Enterprise, *, by: User, at: datetime) -> dict[str, str]:
    """{label: full number} of one enterprise."""
    return reveal(enterprise, OF_ENTERPRISE, "enterprise", "查看完整电话与账号", by=by, at=at)


def reveal_person(person: InsuredPerson, *, by: User, at: datetime) -> dict[str, str]:
    """{label: full number} of one insured person."""
    return reveal(person, OF_PERSON, "person", "查看完整证件号码、电话与账号", by=by, at=at)


def reveal(row: Any, sealed: Mapping[str, str], case: str, why: str, *, by: User, at: datetime) -> dict[str, str]:
    """{label: full value} of the sealed fields of one row; that it was read is an Event, what was read is not in it."""
    record(Event.Kind.READ, case=case, case_id=row.pk, by=by, at=at, region_id=row.region_id, why=why)
    return {label: getattr(row, name).reveal() for name, label in sealed.items()}
