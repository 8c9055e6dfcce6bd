"""更正请求: what an enterprise says is wrong stops its case until a clerk has settled it."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from agency.actions.attachments import attach
from agency.actions.holds import lift_holds, open_hold
from agency.models import Attachment, Event, Hold, Role, User
from agency.moves import check_mover, record
from subsidies.refunds.actions.refusals import RefundRefused, check_acts_for
from subsidies.refunds.models import Application, Correction
from subsidies.refunds.queries.assessments import holding_case
from subsidies.refunds.queries.commitments import OVER

NEED_PROOF = {
    Correction.About.ACCOUNT: "开户许可证、基本存款账户信息或银行出具的账户证明",
    Correction.About.SIZE: "从业人员、营业收入或资产总额的证明，如财务报表、年度报告",
}


def ask_correction(
    application: Application,
    about: str,
    text: str,
    proofs: Sequence[tuple[str, BinaryIO]] = (),
    *,
    by: User,
    at: datetime,
) -> Correction:
    """Say what is wrong (account, size, contact, other), with a proof where it is account or size; the case is held until it
    is settled. Raises RefundRefused, AttachmentRefused."""
    check_acts_for(application.enterprise_id, by)
    if not text.strip():
        raise RefundRefused("请说明需要更正的内容。")
    if about in NEED_PROOF and not proofs:
        raise RefundRefused(f"更正{Correction.About(about).label}须上传证明材料：{NEED_PROOF[Correction.About(about)]}。")
    with transaction.atomic():
        locked = Application.objects.select_for_update(of=("self",)).select_related("award").get(pk=application.pk)
        if locked.state in OVER:
            raise RefundRefused(f"此件{locked.get_state_display()}，不再受理更正。")
        made = Correction.objects.create(application=locked, about=about, text=text.strip()[:500], asked_by=by, asked_at=at)
        record(
            Event.Kind.WRITE, case=Application.CASE, case_id=locked.pk, by=by, at=at, region_id=locked.region_id,
            why=f"申请更正：{made.get_about_display()}", detail={"correction": made.pk},
        )  # fmt: skip
        attach(Application.CASE, locked.pk, Attachment.About.CORRECTION, proofs, locked.region_id, by=by, at=at)
        case_kind, case_id = _holding_case(locked)
        reason = f"单位申请更正{made.get_about_display()}，待处理"
        open_hold(case_kind, case_id, Hold.Kind.CORRECTION, reason, locked.region_id, by=by, at=at)
    return made


def settle_correction(correction: Correction, text: str, *, by: User, at: datetime) -> None:
    """Say how it was settled; the hold is lifted once none is left open. Raises RefundRefused, MoveRefused."""
    if not text.strip():
        raise RefundRefused("请写明处理结果，单位会看到。")
    with transaction.atomic():
        application = (
            Application.objects.select_for_update(of=("self",))
            .select_related("region", "award")
            .get(pk=correction.application_id)
        )
        check_mover(application, {Role.PREPARER, Role.REVIEWER}, by, at)
        waiting = application.corrections.filter(settled_at__isnull=True)
        settled = {"settled_by": by, "settled_at": at, "settlement": text.strip()[:500]}
        if not waiting.filter(pk=correction.pk).update(**settled):
            raise RefundRefused("该更正请求已由他人处理，请刷新页面。")
        record(
            Event.Kind.WRITE, case=Application.CASE, case_id=application.pk, by=by, at=at, region_id=application.region_id,
            why="更正请求已处理", detail={"correction": correction.pk},
        )  # fmt: skip
        if not waiting.exists():
            for case_kind, case_id in {(Application.CASE, application.pk), _holding_case(application)}:
                lift_holds(case_kind, [case_id], [Hold.Kind.CORRECTION], f"更正已处理：{text.strip()}"[:300], by=by, at=at)
    correction.refresh_from_db()


def _holding_case(application: Application) -> tuple[str, int]:
    award = application.award
    return holding_case(application.pk, award and award.pk, award and award.state)
