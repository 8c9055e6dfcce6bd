"""事实: what a refund is decided from, for any number of cases in five statements, six where sizes are committed to."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from agency.models import CaseKind, CreditCheck
from enterprises.models import Enterprise
from enterprises.queries import Asked, Figures, figures, parent_sizes
from policy.dispatch import sums_of
from policy.facts import NOT_CHECKED, RefundFacts
from policy.notice import Terms
from subsidies.refunds.queries.commitments import committed_sizes
from subsidies.refunds.queries.hosts import hosts_of


class Case(NamedTuple):
    """Whose facts are asked: the enterprise, its application (None before the first), the channel and the day that counts
    (of application or confirmation; before either, of screening)."""

    enterprise_id: int
    application_id: int | None
    channel: str
    on: date


def facts_of(terms: Terms, year: int, cases: Sequence[Case], looked_on: date) -> dict[int, RefundFacts]:
    """{enterprise id: its facts} under the terms of a programme year; lists and the platform's answers as of `looked_on`."""
    asked = Asked.under(terms, year, looked_on)
    rows = figures([case.enterprise_id for case in cases], [case.on for case in cases], asked)
    branches = {row.parent_uscc for row in rows.values() if row.kind == Enterprise.Kind.BRANCH}
    parents = parent_sizes(terms, branches, asked)
    hosts = hosts_of(terms, [row.uscc for row in rows.values() if row.dispatch], asked)
    known = [case.application_id for case in cases if case.application_id]
    answered, committed = _platform_flags(known, looked_on), committed_sizes(terms, known)
    key = "paid_months_least"
    least_on = {day: terms.count_of(key, terms.day_that_counts([key], day)) for day in {case.on for case in cases}}
    found = {}
    for case in cases:
        row = rows.get(case.enterprise_id)
        if row is not None:
            flags = _flags(row, answered.get(case.application_id or 0))
            lines = hosts.get(row.uscc)
            paid = sums_of(terms, case.on, [line.host for line in lines]) if lines else {}
            size = committed.get(case.application_id or 0)
            found[case.enterprise_id] = _facts(row, case, least_on[case.on], parents, paid, flags, size)
    return found


def _facts(
    row: Figures,
    case: Case,
    least: int,
    parents: dict[str, str],
    paid_for_hosts: dict[str, Decimal | None],
    flags: tuple[str, ...],
    committed_size: str | None,
) -> RefundFacts:
    return RefundFacts(
        kind=row.kind, dispatch=row.dispatch, on=case.on, paid_months=row.paid_months(least),
        months_paid_last_year=row.months_paid_last_year, mean_insured=row.mean_insured, start_insured=row.start_insured,
        end_insured=row.end_insured, dismissals=row.dismissals, claimants=row.claimants, retired=row.retired, died=row.died,
        paid_normal=row.paid_normal, paid_arrears=row.paid_arrears, paid_late_fees=row.paid_late_fees,
        paid_after_year=row.paid_after_year, refunded=row.refunded,
        **paid_for_hosts, deferred_unpaid=row.deferred_unpaid,
        statistics_size=row.statistics_size or None, statistics_covers=row.statistics_covers, size_2020=row.size_2020 or None,
        recorded_size=row.recorded_size or None, industry=row.industry or None, employees=row.employees, revenue=row.revenue,
        assets=row.assets, parent_size=parents.get(row.parent_uscc) if row.kind == Enterprise.Kind.BRANCH else None,
        committed_size=committed_size, credit_flags=flags, channel=case.channel, account=row.account, tax_account=row.tax_account,
    )  # fmt: skip


def _flags(row: Figures, answered: list[str] | None) -> tuple[str, ...]:
    """The list types in force: of the loaded lists that count, of the platform's latest answer, and the registry's own
    登记状态; `?` where neither a list was loaded nor the platform answered."""
    found = {*(row.listed or ()), *(answered or ())}
    if row.registration and row.registration != Enterprise.Registration.ACTIVE:
        found.add(row.registration)
    if answered is None and not row.list_loaded:
        found.add(NOT_CHECKED)
    return tuple(sorted(found))


def _platform_flags(application_ids: Collection[int], looked_on: date) -> dict[int, list[str]]:
    """{application id: list types of the platform's latest answer}; those never answered for are left out."""
    if not application_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (case_id) case_id, flags FROM agency_creditcheck
            WHERE case_kind = %s AND case_id = ANY(%s::bigint[]) AND "on" <= %s AND outcome <> %s
            ORDER BY case_id, answered_at DESC, id DESC
            """,
            [CaseKind.REFUND, list(application_ids), looked_on, CreditCheck.Outcome.NO_ANSWER],
        )
        return dict(cursor.fetchall())
