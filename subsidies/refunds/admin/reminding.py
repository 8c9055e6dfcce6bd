"""催促: the buttons for those who have not answered: telling dispatch units, the call list, confirming for small units."""

from tempfile import TemporaryFile
from typing import Any

from django.conf import settings
from django.http import FileResponse
from django.utils.timezone import localtime

from agency.admin import Deed, Panel
from agency.models import Programme, Role
from agency.moves import MoveRefused
from agency.tasks import wake
from subsidies.payout.admin.panels import table
from subsidies.payout.admin.publicity import ProgrammeForm
from subsidies.payout.queries import NoTerms, terms_in_force
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Reminder, State
from subsidies.refunds.queries import calls_of

PREPARER = frozenset({Role.PREPARER})
REFUSALS = (MoveRefused, actions.RefundRefused, NoTerms)


def confirm_for_all(*, programme: Programme, by: Any, at: Any) -> str:
    done = actions.confirm_for_all(programme, by=by, at=at)
    left = f"{len(done.refused)} 户刚刚已由他人办理，未动。" if done.refused else ""
    return f"已代为确认 {len(done.moved)} 户。{left}"


def guide(*, programme: Programme, by: Any, at: Any) -> str:
    told = actions.guide_dispatch(programme, by=by, at=at)
    wake("agency.send_messages")
    return f"已告知 {told} 户劳务派遣单位申请。" if told else "没有待告知的劳务派遣单位：符合条件且登记了手机号的都已告知。"


def call_list(*, programme: Programme, by: Any, at: Any) -> FileResponse:
    written = TemporaryFile(dir=settings.FILES_ROOT)  # noqa: SIM115 - handed on open
    actions.write_call_list(programme, written, by=by, at=at)
    written.seek(0)
    return FileResponse(written, as_attachment=True, filename=f"电话名单-{at:%Y%m%d}.xlsx")


def calls_panel(application: Application) -> list[Panel]:
    """What came of calling the enterprise; nothing where nobody called."""
    rows = [(call.called_at, call.result, call.note or "—", call.booked or "—") for call in calls_of(application)]
    return [table("通话结果", ["通话时间", "结果", "备注", "登记情况"], rows)] if rows else []


def reminders_panel(application: Application) -> list[Panel]:
    """The rungs that the case was given."""
    rows = [
        (
            f"第 {row.rung} 级",
            row.get_kind_display(),
            f"{localtime(row.at):%Y-%m-%d %H:%M}",
            (f"{row.phones} 个号码" if row.phones else "没有可用的手机号") if row.kind == Reminder.Kind.SMS else "—",
        )
        for row in application.reminders.order_by("at", "rung")
    ]
    return [table("提醒", ["级次", "方式", "时间", "发往"], rows)] if rows else []


def chose_proxy(application: Application, on: Any) -> bool:
    """Whether the case's programme chose that the agency may confirm."""
    try:
        return terms_in_force(application.programme, on).word_of("confirm_mode") == "proxy_for_small"
    except NoTerms:
        return False


def asks_applicants(application: Application, on: Any) -> bool:
    """Whether the notice asks own applicants too to confirm."""
    try:
        return terms_in_force(application.programme, on).says("self_application_confirms")
    except NoTerms:
        return False


CONFIRM_FOR = Deed(
    "confirm-for",
    "代为确认",
    PREPARER,
    actions.confirm_for,
    states=frozenset({State.OVERDUE}),
    refusals=REFUSALS,
    hint="仅限项目选择了代为确认的小规模单位；会留痕，并在事项中注明是经办机构代为确认。",
)
DEEDS = (
    Deed(
        "guide-dispatch",
        "告知劳务派遣单位申请",
        PREPARER,
        guide,
        form=ProgrammeForm,
        above=True,
        refusals=REFUSALS,
        hint="向筛查符合、尚未告知的劳务派遣单位逐户发短信，告知政策和申请办法；每户一次。",
    ),
    Deed(
        "call-list",
        "导出电话名单",
        actions.CALLERS,
        call_list,
        form=ProgrammeForm,
        above=True,
        refusals=REFUSALS,
        hint="名单含联系人和手机号，导出会留痕。打完电话填好后三列，在“导入”中按“通话结果”导入。",
    ),
    CONFIRM_FOR,
    Deed(
        "confirm-for-all",
        "代为确认（小规模单位）",
        PREPARER,
        confirm_for_all,
        form=ProgrammeForm,
        above=True,
        refusals=REFUSALS,
        hint="项目选择了代为确认的，逾期未答复、参保人数不超过限额、没有暂缓的单位，由经办机构逐户确认并留痕。",
    ),
)
