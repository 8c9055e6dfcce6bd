"""What the actions on refunds refuse with, and the two things that most of them ask first."""

from datetime import date

from agency.models import Edition, Programme, User
from agency.queries import edition_in_force
from enterprises.models import Member
from subsidies.payout.queries import NoTerms, terms_in_force


class RefundRefused(Exception):
    """This cannot be done to the case; says in Chinese why and what to do next."""


def check_period(programme: Programme, on: date) -> None:
    """Raise RefundRefused unless the programme is open and the day within its period, both ends in."""
    check_open(programme)
    try:
        first, last = terms_in_force(programme, on).refund_period
    except NoTerms as none:
        raise RefundRefused(str(none)) from none
    if not first <= on <= last:
        raise RefundRefused(f"政策期为 {first} 至 {last}（含首尾两日），{on} 不在期内，不能办理。")


def edition_on(programme: Programme, on: date) -> Edition:
    """The edition that counts on the day. Raises RefundRefused where none does."""
    edition = edition_in_force(programme, on)
    if edition is None:
        raise RefundRefused(f"{on} 没有生效的版本，不能判定；请先由政策管理岗位批准版本。")
    return edition


def check_open(programme: Programme) -> None:
    """Raise RefundRefused unless the programme is open."""
    if programme.state != Programme.State.OPEN:
        raise RefundRefused("本项目尚未开办或已结束，不能办理；请联系经办机构。")


def check_acts_for(enterprise_id: int, by: User) -> None:
    """Raise RefundRefused where an enterprise's user is not this enterprise's."""
    if by.kind != User.Kind.STAFF and not Member.objects.filter(user=by, enterprise_id=enterprise_id).exists():
        raise RefundRefused("您不是该单位的用户，不能代其办理。")
