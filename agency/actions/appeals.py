"""申诉: take one in, ask for more, answer it. What an answer does to the case itself is the business of the case's own app."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from agency.actions.holds import lift_holds
from agency.models import Appeal, Hold, User
from agency.moves import move, move_all, open_all

State = Appeal.State


class AppealRefused(Exception):
    """This cannot be done to the appeal; says in Chinese why and what to do next."""


def open_appeal(appeal: Appeal, *, by: User, at: datetime) -> Appeal:
    """Book an appeal as filed. Raises AppealRefused where one is open on the case."""
    if not appeal.text.strip():
        raise AppealRefused("请写明事实与理由。")
    try:
        with transaction.atomic():
            [made] = open_all([appeal], by=by, at=at, why=f"申诉：{appeal.get_about_display()}")
    except IntegrityError as open_already:
        raise AppealRefused("本事项已有未办结的申诉；可在该申诉中补充证据，办结后再提新的申诉。") from open_already
    return made


def accept_appeal(appeal: Appeal, *, by: User, at: datetime) -> None:
    """Take it in: whoever does looks into it, and does not decide it. Raises MoveRefused."""
    move(appeal, State.ACCEPTED, by=by, at=at, why="受理申诉", accepted_by=by)


def ask_evidence(appeal: Appeal, what: str, until: date, *, by: User, at: datetime) -> None:
    """Ask the enterprise for more, by a day (in). Raises AppealRefused, MoveRefused."""
    if not what.strip():
        raise AppealRefused("请写明需要补充什么证据，单位会看到。")
    if until <= localdate(at):
        raise AppealRefused("补充证据的截止日须晚于今天。")
    move(appeal, State.EVIDENCE_ASKED, by=by, at=at, why="要求补充证据", evidence=what.strip()[:500], evidence_by=until)


def give_evidence(appeal: Appeal, *, by: User | None, at: datetime, why: str = "已补充证据") -> None:
    """The enterprise has handed in what was asked for; it is looked into further. Raises MoveRefused."""
    move(appeal, State.ACCEPTED, by=by, at=at, why=why)


def evidence_overdue(on: date, *, at: datetime) -> int:
    """What was not handed in by its day: looked into further with what there is. Returns how many."""
    late = Appeal.objects.filter(state=State.EVIDENCE_ASKED, evidence_by__lt=on)
    return len(move_all(late, State.ACCEPTED, by=None, at=at, why="逾期未补充，按现有材料继续核查").moved)


def end_appeal(
    appeal: Appeal, to: str, answer: str, held: Iterable[tuple[str, int]], *, by: User, at: datetime, corrected: str = ""
) -> None:
    """Decide it, for reasons that the enterprise is told, and lift its hold from the `held` cases. In the transaction of
    whoever carries the answer out. Raises AppealRefused: no reasons, or one's own; MoveRefused."""
    if not answer.strip():
        raise AppealRefused("请写明理由，单位会看到。")
    if by.pk in (appeal.filed_by_id, appeal.accepted_by_id):
        raise AppealRefused("登记人和受理人不能对该申诉作出决定，请由另一人决定。")
    move(
        appeal, to, by=by, at=at, why=answer.strip()[:500], decided_by=by, decided_at=at, answer=answer.strip()[:500],
        corrected=corrected.strip()[:500],
    )  # fmt: skip
    for case_kind, case_id in held:
        lift_holds(case_kind, [case_id], [Hold.Kind.APPEAL], f"申诉已办结：{appeal.get_state_display()}", by=by, at=at)


def hold_reason(appeal: Appeal) -> str:
    """What a hold says that an appeal opens."""
    return f"第 {appeal.pk} 号申诉未办结（{appeal.get_about_display()}）"
