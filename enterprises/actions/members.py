"""单位登录: by 统一社会信用代码, the registered phone and a code sent to it. Nothing told here says whether an enterprise is
known, or whether a phone is its own."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction

from agency.actions import CodeRefused, check_code, send_code
from agency.models import Event, User
from agency.moves import record
from agency.sealed import blind_index
from enterprises.models import Enterprise, Member

CASE = "sign_in"
TRIES_AN_HOUR = 20


class SignInRefused(Exception):
    """No sign-in. Always the same words, so that they tell nothing."""

    def __init__(self) -> None:
        super().__init__(
            "未能登录：请核对统一社会信用代码、登记手机号和验证码。验证码五分钟内有效，只能使用一次；"
            "多次不成功时请一小时后再试，或致电经办机构核对登记手机号。"
        )


def request_code(uscc: str, phone: str, *, at: datetime) -> None:
    """Send a sign-in code if this is the registered phone of this enterprise, at most one a minute and ten a day a phone.
    Returns nothing and raises nothing in every case: the page says `若信息一致，验证码已发出`."""
    enterprise = _enterprise(uscc)
    if enterprise is None or not _is_registered(enterprise, phone):
        return
    with transaction.atomic():
        user, _ = User.objects.get_or_create(
            username=enterprise.uscc, defaults={"name": enterprise.name[:64], "kind": User.Kind.ENTERPRISE, "created_at": at}
        )
        Member.objects.get_or_create(user=user, enterprise=enterprise, defaults={"since": at})
    if user.kind == User.Kind.ENTERPRISE and user.is_active:
        with suppress(CodeRefused):  # too soon: the code sent before still counts
            send_code(user, phone.strip(), enterprise.region_id, at=at)


def sign_in(uscc: str, phone: str, code: str, *, at: datetime) -> User:
    """The user who acts for this enterprise. Raises SignInRefused, and after 20 tries in an hour refuses even the right
    code. Every try is an Event, so do not wrap this in a transaction that a refusal rolls back."""
    enterprise = _enterprise(uscc)
    user = (
        enterprise
        and User.objects.filter(
            username=enterprise.uscc, kind=User.Kind.ENTERPRISE, is_active=True, memberships__enterprise=enterprise
        ).first()
    )
    if enterprise is None or user is None or not _is_registered(enterprise, phone) or _tried_too_often(enterprise, at):
        _refuse(enterprise, at)
    with transaction.atomic():
        try:
            check_code(user, code.strip(), at=at)
        except CodeRefused:
            refused = True
        else:
            refused = False
            record(
                Event.Kind.SIGN_IN, case=CASE, case_id=enterprise.pk, by=user, at=at, region_id=enterprise.region_id,
                why="单位登录",
            )  # fmt: skip
    if refused:
        _refuse(enterprise, at)
    return user


def _enterprise(uscc: str) -> Enterprise | None:
    return Enterprise.objects.filter(uscc=uscc.strip().upper(), voided=False).first()


def _is_registered(enterprise: Enterprise, phone: str) -> bool:
    return bool(enterprise.phone_index) and enterprise.phone_index == blind_index(phone.strip())


def _tried_too_often(enterprise: Enterprise, at: datetime) -> bool:
    tries = Event.objects.filter(case_kind=CASE, case_id=enterprise.pk, at__gt=at - timedelta(hours=1))
    return tries.filter(kind=Event.Kind.REFUSED).count() >= TRIES_AN_HOUR


def _refuse(enterprise: Enterprise | None, at: datetime) -> None:
    record(
        Event.Kind.REFUSED, case=CASE, case_id=enterprise and enterprise.pk, by=None, at=at,
        region_id=enterprise and enterprise.region_id, why="单位登录未通过",
    )  # fmt: skip
    raise SignInRefused
