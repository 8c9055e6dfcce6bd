"""短信链接登录: whoever opens a link shows by a code that the registered phone it was sent to is in their hand."""

from datetime import datetime

from agency.actions.links import check_link, count_wrong_code
from agency.models import Link, User
from agency.sealed import Sealed
from enterprises.actions.members import SignInRefused, send_code_to, sign_in
from enterprises.models import Enterprise


class PhoneChanged(Exception):
    """The phone that the link was sent to is no longer on record for the enterprise."""

    def __init__(self) -> None:
        super().__init__("收到链接的手机号已不是单位的登记手机号，请从“单位登录”进入，或致电经办机构核对登记信息。")


def phone_behind(link: Link) -> Sealed:
    """The registered phone that the link was sent to. Raises PhoneChanged where it is registered no more."""
    enterprise = Enterprise.objects.filter(uscc=link.uscc, voided=False).first()
    if enterprise is not None and link.phone_index:
        for index, phone in (
            (enterprise.phone_index, enterprise.phone),
            (enterprise.legal_phone_index, enterprise.legal_phone),
        ):
            if index == link.phone_index:
                return phone
    raise PhoneChanged


def request_link_code(link: Link, *, at: datetime) -> None:
    """Send a code to the phone behind the link. Raises LinkEnded, PhoneChanged, CodeRefused (too soon, too many a day)."""
    check_link(link, at=at)
    send_code_to(link.uscc, phone_behind(link).reveal(), at=at)


def sign_in_by_link(link: Link, code: str, *, at: datetime) -> User:
    """The user who acts for the enterprise of the link. Raises SignInRefused for a wrong code, of which the fifth ends the
    link: LinkEnded, like every try after it; PhoneChanged.

    A wrong try is kept though the call fails: do not wrap this in a transaction that the refusal rolls back."""
    check_link(link, at=at)
    phone = phone_behind(link).reveal()
    try:
        return sign_in(link.uscc, phone, code, at=at)
    except SignInRefused:
        count_wrong_code(link, at=at)
        raise
