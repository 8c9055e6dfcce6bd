"""复审: a second person approves, and the award is made with the account as it is on that day."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from django.db import connection, transaction
from django.db.models import QuerySet

from agency.actions.holds import NewHold, open_holds
from agency.models import CaseKind, Hold, User
from agency.moves import move_all
from enterprises.models import Enterprise
from policy.facts import RefundFacts
from subsidies.payout.actions import create_awards
from subsidies.payout.models import Award
from subsidies.refunds.actions.refusals import RefundRefused
from subsidies.refunds.actions.reviews import Reviewed
from subsidies.refunds.models import Application, State

CHUNK = 5_000


def approve(application: Application, *, by: User, at: datetime) -> None:
    """Second review of one case. Raises RefundRefused saying what stands against it."""
    done = approve_all(Application.objects.filter(pk=application.pk), by=by, at=at)
    application.refresh_from_db()
    if not done.moved:
        raise RefundRefused(done.refused.get(application.pk, "此件不在待复审状态，请刷新页面后再看。"))


def approve_all(rows: "QuerySet[Application]", *, by: User, at: datetime) -> Reviewed:
    """Second review of every reviewed case among the rows, by chunks of 5,000, each one transaction with its awards.

    Nobody approves what they reviewed themselves; an open hold stops its own line."""
    done = Reviewed([], {})
    waiting = rows.filter(state=State.REVIEWED).order_by("pk").values_list("pk", "reviewed_by")
    ids = []
    for pk, reviewer in waiting.iterator(chunk_size=CHUNK):
        if reviewer == by.pk:
            done.refused[pk] = "初审人不能复审自己初审的事项，请由另一人复审。"
        else:
            ids.append(pk)
    every = iter(ids)
    while chunk := list(islice(every, CHUNK)):
        with transaction.atomic():
            moved, left = move_all(
                Application.objects.filter(pk__in=chunk).exclude(reviewed_by=by), State.APPROVED, by=by, at=at, why="复审通过"
            )
            _award(moved, by=by, at=at)
        done.moved.extend(moved)
        done.refused.update(_reasons(left))
    return done


def _reasons(ids: Sequence[int]) -> dict[int, str]:
    found = dict.fromkeys(ids, "您在该地区没有复审岗位，或此件刚刚已由他人处理；请刷新页面后再看。")
    holds = Hold.objects.filter(case_kind=CaseKind.REFUND, case_id__in=ids, lifted_at__isnull=True)
    return found | {pk: f"有未解除的暂缓：{reason}。请先处理暂缓事项。" for pk, reason in holds.values_list("case_id", "reason")}


def _award(ids: Sequence[int], *, by: User, at: datetime) -> None:
    """The awards of approved applications; one whose payee is deregistered is held from payment (注销: nobody to pay)."""
    rows = Application.objects.filter(pk__in=ids).select_related("decision", "enterprise").order_by("pk")
    applications = list(rows)
    awards = create_awards([_award_of(each, at) for each in applications], by=by, at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE refunds_application application SET award_id = award.id
            FROM payout_award award WHERE award.id = ANY(%s::bigint[]) AND application.id = award.case_id
            """,
            [[award.pk for award in awards]],
        )
    gone = [award for award, each in zip(awards, applications, strict=True) if _deregistered(each)]
    reason = "登记状态为注销，没有收款人，须人工核实"
    open_holds([NewHold(Award.CASE, award.pk, Hold.Kind.DEREGISTERED, reason, award.region_id) for award in gone], by=None, at=at)


def _award_of(application: Application, at: datetime) -> Award:
    enterprise, decision = application.enterprise, application.decision
    award = Award(
        programme_id=application.programme_id, region_id=application.region_id, case_kind=CaseKind.REFUND,
        case_id=application.pk, uscc=enterprise.uscc, name=enterprise.name, amount=decision.amount,
        columns={"layoff_rate": None if decision.layoff_rate is None else str(decision.layoff_rate)},
        account_source=decision.payee, created_at=at,
    )  # fmt: skip
    if decision.payee == Award.AccountSource.CORPORATE:
        award.account_name, award.bank, award.account = enterprise.account_name, enterprise.bank, enterprise.account
    elif decision.payee == Award.AccountSource.TAX:
        award.account_name, award.bank = enterprise.tax_account_name, enterprise.tax_bank
        award.account = enterprise.tax_account
    return award


def _deregistered(application: Application) -> bool:
    facts = RefundFacts.from_json(application.decision.facts)
    gone = Enterprise.Registration.DEREGISTERED
    return gone in facts.credit_flags or application.enterprise.registration == gone
