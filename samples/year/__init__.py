"""One programme year of a made-up city, acted at the real windows."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from policy.tables import table
from samples.year import afterwards, claims, money, reckoning, story
from samples.year.people import ADMINISTRATOR, STAFF
from samples.year.stage import Year
from samples.year.windows import DEMO_PASSWORD
from subsidies.refunds.models import Application, State


def act(folder: Path, write: Callable[[str], None]) -> None:
    """Act every step in order. Raises Stuck where a window does not do what the story needs."""
    year = Year(folder, write)
    for step in (*story.STEPS, *claims.STEPS, *money.STEPS, *reckoning.STEPS, *afterwards.STEPS):
        step(year)


def accounts() -> str:
    """Where to look, and whom to sign in as."""
    site = settings.PUBLIC_URL
    staff = [(one.role.label, one.name, one.username) for one in [ADMINISTRATOR, *STAFF]]
    owners = []
    for label, state in (("已拨付", State.APPROVED), ("逾期未确认", State.OVERDUE), ("不符合", State.INELIGIBLE)):
        case = Application.objects.filter(state=state).exclude(enterprise__phone="").select_related("enterprise").first()
        if case is not None:
            owners.append((label, case.enterprise.uscc, case.enterprise.phone.reveal()))
    return "\n".join(
        [
            table("经办台账号（密码都是 " + DEMO_PASSWORD + "）", ["岗位", "姓名", "用户名"], staff),
            table("门户：单位代码、登记手机号、网关上的验证码", ["状态", "统一社会信用代码", "手机号"], owners),
            f"\n  经办台    {site}/admin/\n  门户      {site}/\n  公示      {site}/gongshi/",
            f"  短信网关  {settings.SMS_GATEWAY_URL}/outbox（门户登录的验证码在这里看）",
        ]
    )


__all__ = ["accounts", "act"]
