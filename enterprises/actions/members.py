"""单位登录: by 统一社会信用代码, the registered phone and a code sent to it. Nothing told here says whether an enterprise is
known, or whether a phone is its own."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
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
    with suppress(CodeRefused, SignInRefused):  # too soon: the code sent before still counts
        send_code_to(uscc, phone, at=at)


def send_code_to(uscc: str, phone: str, *, at: datetime) -> None:
    """The same, told openly to whoever holds a link of the phone. Raises CodeRefused; SignInRefused where nobody may act."""
    enterprise = _enterprise(uscc)
    if enterprise is None or not _is_registered(enterprise, phone):
        return
    send_code(acting_user(enterprise, at=at), phone.strip(), enterprise.region_id, at=at)


def acting_user(enterprise: Enterprise, *, at: datetime) -> User:
    """The enterprise's own user, made where there is none yet. Raises SignInRefused where it may not act."""
    with transaction.atomic():
        made = {"name": enterprise.name[:64], "kind": User.Kind.ENTERPRISE, "created_at": at, "password": make_password(None)}
        user, _ = User.objects.get_or_create(username=enterprise.uscc, defaults=made)
        if user.kind != User.Kind.ENTERPRISE or not user.is_active:
            raise SignInRefused
        Member.objects.get_or_create(user=user, enterprise=enterprise, defaults={"since": at})
    return user


def sign_in(uscc: str, phone: str, code: str, *, at: datetime) -> User:
    """The user who acts for this enterprise. Raises SignInRefused; after 20 wrong tries in an hour also for the right
    code. Every try is an Event, so do not wrap this in a transaction that a refusal rolls back."""
    enterprise = _enterprise(uscc)
    with transaction.atomic():
        user = enterprise and _user_of(enterprise)
        right = bool(enterprise and user and _is_right(enterprise, user, phone, code, at))
        record(
            Event.Kind.SIGN_IN if right else Event.Kind.REFUSED, case=CASE, case_id=enterprise and enterprise.pk,
            by=user if right else None, at=at, region_id=enterprise and enterprise.region_id,
            why="单位登录" if right else "单位登录未通过",
        )  # fmt: skip
    if user is None or not right:
        raise SignInRefused
    return user


def _enterprise(uscc: str) -> Enterprise | None:
    return Enterprise.objects.filter(uscc=uscc.strip().upper(), voided=False).first()


def _is_registered(enterprise: Enterprise, phone: str) -> bool:
    """Whether the phone is on record for the enterprise: its contact's or its legal representative's."""
    return blind_index(phone.strip()) in {enterprise.phone_index, enterprise.legal_phone_index} - {""}


def _user_of(enterprise: Enterprise) -> User | None:
    """Who acts for the enterprise, locked, so that its tries are counted one after the other."""
    acting = User.objects.filter(username=enterprise.uscc, kind=User.Kind.ENTERPRISE, is_active=True)
    return acting.filter(memberships__enterprise=enterprise).select_for_update(of=("self",)).first()


def _is_right(enterprise: Enterprise, user: User, phone: str, code: str, at: datetime) -> bool:
    tries = Event.objects.filter(case_kind=CASE, case_id=enterprise.pk, kind=Event.Kind.REFUSED, at__gt=at - timedelta(hours=1))
    if not _is_registered(enterprise, phone) or tries.count() >= TRIES_AN_HOUR:
        return False
    try:
        check_code(user, code.strip(), at=at, phone_index=blind_index(phone.strip()))
    except CodeRefused:
        return False
    return True
