"""催促: the buttons for those who have not answered: the call list, and confirming for small units."""

from typing import Any

from agency.admin import Deed
from agency.models import Programme, Role
from agency.moves import MoveRefused
from subsidies.payout.admin.publicity import ProgrammeForm
from subsidies.payout.queries import NoTerms, terms_in_force
from subsidies.refunds import actions
from subsidies.refunds.models import Application, State

PREPARER = frozenset({Role.PREPARER})
REFUSALS = (MoveRefused, actions.RefundRefused, NoTerms)


def confirm_for_all(*, programme: Programme, by: Any, at: Any) -> str:
    done = actions.confirm_for_all(programme, by=by, at=at)
    left = f"{len(done.refused)} 户刚刚已由他人办理，未动。" if done.refused else ""
    return f"已代为确认 {len(done.moved)} 户。{left}"


def chose_proxy(application: Application, on: Any) -> bool:
    """Whether the case's programme chose that the agency may confirm."""
    try:
        return terms_in_force(application.programme, on).word_of("confirm_mode") == "proxy_for_small"
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
