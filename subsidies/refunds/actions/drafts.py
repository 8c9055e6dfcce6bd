"""申请草稿: kept while an enterprise fills in its own application, and bound to the case when it is sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from agency.actions import attach
from agency.models import Attachment, CaseKind, Programme, User
from enterprises.models import Enterprise
from policy.verdict import Answer
from subsidies.refunds.actions.refusals import RefundRefused, check_acts_for, check_open
from subsidies.refunds.models import Allocation, Application, Completion, Decision, Draft
from subsidies.refunds.queries.drafts import hosts_declared, last_year, open_draft
from subsidies.refunds.queries.hosts import split_of


def keep_draft(
    enterprise: Enterprise, programme: Programme, *, contact: str, phone: str | None, note: str,
    files: Sequence[tuple[str, BinaryIO]] = (), by: User, at: datetime,
) -> Draft:  # fmt: skip
    """Keep what was filled in, one draft an enterprise and programme; `phone` None: as it was kept; `files`: proofs beside
    those kept before. The first one remembers last year's application, from which it was filled. Raises RefundRefused,
    AttachmentRefused."""
    check_acts_for(enterprise.pk, by)
    check_open(programme)
    with transaction.atomic():
        Enterprise.objects.select_for_update(no_key=True).get(pk=enterprise.pk)  # two windows keep one draft
        draft = open_draft(enterprise, programme)
        if draft is None:
            last = last_year(enterprise, programme)
            draft = Draft(enterprise=enterprise, programme=programme, cloned_from=last.application if last else None)
            draft.phone = last.draft.phone.reveal() if last and last.draft else ""
        draft.contact, draft.note, draft.saved_by, draft.saved_at = contact, note, by, at
        if phone is not None:
            draft.phone = phone
        draft.save()
        attach(Draft.CASE, draft.pk, Attachment.About.APPLICATION, files, enterprise.region_id, by=by, at=at)
    return draft


def check_hosts(enterprise: Enterprise, programme: Programme, by: User) -> None:
    """Raise RefundRefused where a dispatch unit sends its own application without a host on record."""
    if by.kind == User.Kind.STAFF or not enterprise.dispatch:
        return
    if not any(hosts_declared(enterprise, year) for year in (programme.year - 1, programme.year)):
        raise RefundRefused("劳务派遣单位须先填报用工单位和派遣人数，再提交申请。")


def send_off(application: Application, accepted: str, *, by: User, at: datetime) -> None:
    """What goes with an application that was just sent, inside its transaction: its draft, the answer to a return, and of a
    dispatch unit the allocation, which an enterprise has to have accepted as it is. Raises RefundRefused."""
    drafts = Draft.objects.filter(enterprise=application.enterprise_id, programme=application.programme_id, sent_at__isnull=True)
    proofs = Attachment.objects.filter(case_kind=Draft.CASE, case_id__in=list(drafts.values_list("pk", flat=True)))
    proofs.update(case_kind=CaseKind.REFUND, case_id=application.pk)
    drafts.update(application=application, sent_at=at)
    Completion.objects.filter(application=application, answered_at__isnull=True).update(answered_at=at)
    decision = Decision.objects.select_related("edition", "application__enterprise").get(pk=application.decision_id)
    shown = split_of(decision)
    if shown is None or shown.split.finding.answer != Answer.PASS:
        return
    if accepted != shown.sha256:
        if by.kind != User.Kind.STAFF or accepted:
            raise RefundRefused("资金分配须按现在的用工单位明细核对并同意后再提交；请重新核对。")
        return
    Allocation.objects.create(
        application=application, decision=decision, refund=shown.split.refund, parts=shown.parts, sha256=accepted,
        accepted_by=by, accepted_at=at,
    )  # fmt: skip
