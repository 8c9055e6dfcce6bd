"""决定: write decisions with their frozen facts, and carry their answers to the applications."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction

from agency.models import Edition, Event, User
from agency.moves import insert_all, next_ids
from enterprises.actions import Sized, record_sizes
from policy.refund import RefundVerdict
from subsidies.refunds.models import Application, Decision, ScreeningRun
from subsidies.refunds.queries.assessments import Assessed, answers_in


class Deciding(NamedTuple):
    """An application to be decided, as it was when its facts were read."""

    application_id: int
    state: str
    decision_id: int | None
    assessed: Assessed


def write_decisions(
    given: Sequence[Deciding], edition: Edition, *, by: User | None, at: datetime, run: ScreeningRun | None = None
) -> list[Deciding]:
    """A new decision in force, with its Event, on each application that nobody moved or decided meanwhile. Returns those
    written."""
    with transaction.atomic():
        locked = Application.objects.select_for_update().filter(pk__in=[each.application_id for each in given]).order_by("pk")
        now = {pk: (state, decision) for pk, state, decision in locked.values_list("pk", "state", "decision_id")}
        writing = [each for each in given if now.get(each.application_id) == (each.state, each.decision_id)]
        made = [decision_of(each.application_id, each.assessed, edition, by=by, at=at, run=run) for each in writing]
        insert_all(made)
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE refunds_application application
                SET decision_id = made.id, size = made.size, amount = made.amount, failed = made.failed, unknown = made.unknown
                FROM refunds_decision made WHERE made.id = ANY(%s) AND application.id = made.application_id
                """,
                [[decision.pk for decision in made]],
            )
            cursor.execute(
                """
                INSERT INTO agency_event (at, kind, case_kind, case_id, by_id, region_id, from_state, to_state, why, detail)
                SELECT %s, %s, %s, application.id, %s, application.region_id, '', '', '重新判定',
                    jsonb_build_object('decision', made.id, 'outcome', made.outcome)
                FROM refunds_decision made JOIN refunds_application application ON application.id = made.application_id
                WHERE made.id = ANY(%s)
                """,
                [at, Event.Kind.DECISION, Application.CASE, by and by.pk, [decision.pk for decision in made]],
            )
    return writing


def decision_of(
    application_id: int, new: Assessed, edition: Edition, *, by: User | None, at: datetime, run: ScreeningRun | None
) -> Decision:
    """The row of one decision, not yet stored."""
    return Decision(
        application_id=application_id, edition=edition, run=run, by=by, at=at, on=new.facts.on, facts=new.facts.to_json(),
        **answers_in(new.verdict),
    )  # fmt: skip


def born_decided(
    applications: Sequence[Application], assessed: Sequence[Assessed], edition: Edition, *, by: User | None, at: datetime,
    run: ScreeningRun | None,
) -> list[Decision]:  # fmt: skip
    """Give new applications their ids, and each the decision that it is born with (to be inserted after them)."""
    ids = next_ids(Application, len(applications))
    decision_ids = next_ids(Decision, len(applications))
    decisions = []
    for application, pk, decision_id, new in zip(applications, ids, decision_ids, assessed, strict=True):
        application.pk, application.decision_id = pk, decision_id
        application.size, application.amount = new.verdict.size or "", new.verdict.amount
        application.failed, application.unknown = list(new.verdict.failed), list(new.verdict.unknown)
        decision = decision_of(pk, new, edition, by=by, at=at, run=run)
        decision.pk = decision_id
        decisions.append(decision)
    return decisions


def write_sizes(found: Mapping[int, Assessed], edition: Edition, year: int, *, by: User | None, at: datetime) -> int:
    """The size of each {enterprise id: assessed}, kept with its history. Returns how many are new."""
    sizes = [_sized(enterprise_id, new) for enterprise_id, new in found.items()]
    return record_sizes(sizes, edition, year, by=by, at=at)


def _sized(enterprise_id: int, new: Assessed) -> Sized:
    verdict = new.verdict
    was = new.facts.recorded_size or ""
    figures = size_figures(verdict)
    return Sized(enterprise_id, verdict.size or "", verdict.size_class or "", verdict.size_basis or "", figures, was)


def size_figures(verdict: RefundVerdict) -> dict[str, Any]:
    """The figures that the finding of size used, as plain JSON."""
    for finding in verdict.findings:
        if finding.rule == "size_known":
            return {name: _plain(value) for name, value in finding.figures.items()}
    return {}


def _plain(value: object) -> object:
    if isinstance(value, Decimal | date):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
