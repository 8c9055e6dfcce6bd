"""决定: write decisions with their frozen facts, and carry their answers to the applications."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection, transaction

from agency.models import Edition, Event, Programme, User
from agency.moves import copy_rows, next_ids, open_rows
from enterprises.actions import Sized, record_sizes
from policy.refund import RefundVerdict
from subsidies.refunds.models import Application, Decision, ScreeningRun
from subsidies.refunds.queries.assessments import ANSWERS, Assessed, answers_in


class Deciding(NamedTuple):
    """An application to be decided, as it was when its facts were read; `news`: what is new beside its decision in force."""

    application_id: int
    state: str
    decision_id: int | None
    assessed: Assessed
    news: str = ""


def write_decisions(
    given: Sequence[Deciding], edition: Edition, *, by: User | None, at: datetime, run: ScreeningRun | None = None
) -> list[Deciding]:
    """A new decision in force, with its Event, on each application that nobody moved or decided meanwhile. Returns those
    written."""
    with transaction.atomic():
        ids = [each.application_id for each in given]
        locked = Application.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
        now = {pk: (state, decision) for pk, state, decision in locked.values_list("pk", "state", "decision_id")}
        writing = [each for each in given if now.get(each.application_id) == (each.state, each.decision_id)]
        decision_ids = next_ids(Decision, len(writing))
        new = [(pk, each.application_id, each.assessed) for pk, each in zip(decision_ids, writing, strict=True)]
        insert_decisions(new, edition, by=by, at=at, run=run)
        _put_in_force(decision_ids, [each.news for each in writing], by=by, at=at)
    return writing


def insert_decisions(
    new: Iterable[tuple[int, int, Assessed]], edition: Edition, *, by: User | None, at: datetime, run: ScreeningRun | None
) -> None:
    """Insert a decision for each (its id, application, facts and verdict)."""
    fixed = (edition.pk, run and run.pk, by and by.pk, at)
    columns = ("id", "application_id", "on", "facts", *ANSWERS, "edition_id", "run_id", "by_id", "at")
    rows = (
        (pk, application_id, facts.on, facts.to_json(), *answers_in(verdict)[:-2], *_codes(verdict), *fixed)
        for pk, application_id, (facts, verdict) in new
    )
    copy_rows(Decision, columns, rows)


def _codes(verdict: RefundVerdict) -> tuple[str, str]:
    """What failed and what is unknown, the last two of ANSWERS, as COPY takes arrays."""
    return _array(verdict.failed), _array(verdict.unknown)


@lru_cache(maxsize=4096)
def _array(codes: tuple[str, ...]) -> str:
    return f"{{{','.join(codes)}}}"


def _put_in_force(ids: Sequence[int], news: Sequence[str], *, by: User | None, at: datetime) -> None:
    """Carry the answers of new decisions to their applications, each with an Event that says what is new."""
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH done AS (
                UPDATE refunds_application application
                SET decision_id = made.id, size = made.size, amount = made.amount, failed = made.failed, unknown = made.unknown
                FROM refunds_decision made JOIN unnest(%s::bigint[], %s::text[]) AS told (id, news) ON told.id = made.id
                WHERE application.id = made.application_id
                RETURNING application.id, application.region_id, made.id AS decision_id, made.outcome, told.news
            )
            INSERT INTO agency_event (at, kind, case_kind, case_id, by_id, region_id, from_state, to_state, why, detail)
            SELECT %s, %s, %s, id, %s, region_id, '', '', left('重新判定' || coalesce('：' || nullif(news, ''), ''), 500),
                jsonb_build_object('decision', decision_id, 'outcome', outcome)
            FROM done
            """,
            [list(ids), list(news), at, Event.Kind.DECISION, Application.CASE, by and by.pk],
        )


class Birth(NamedTuple):
    """An application to be born decided; `submitted_at` of one that applied itself."""

    state: str
    enterprise_id: int
    region_id: str
    channel: str
    submitted_at: datetime | None
    assessed: Assessed


def bear(
    births: Sequence[Birth], programme: Programme, edition: Edition, why: str, *, by: User | None, at: datetime,
    run: ScreeningRun | None = None,
) -> list[int]:  # fmt: skip
    """New applications in the state they are born in, each with its first decision in force. Returns their ids."""
    ids, decision_ids = next_ids(Application, len(births)), next_ids(Decision, len(births))
    columns = (
        "id", "decision_id", "state", "enterprise_id", "region_id", "channel", "submitted_at", "size", "amount", "failed",
        "unknown", "programme_id", "year", "reason",
    )  # fmt: skip
    rows = [
        (
            pk, decision_id, *birth[:5], verdict.size or "", verdict.amount, *_codes(verdict), programme.pk, programme.year, "",
        )
        for pk, decision_id, birth in zip(ids, decision_ids, births, strict=True)
        for verdict in (birth.assessed.verdict,)
    ]  # fmt: skip
    with transaction.atomic():
        open_rows(Application, columns, rows, by=by, at=at, why=why)
        decided = zip(decision_ids, ids, (birth.assessed for birth in births), strict=True)
        insert_decisions(decided, edition, by=by, at=at, run=run)
    return ids


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
    finding = verdict.finding("size_known")
    return {name: _plain(value) for name, value in finding.figures.items()} if finding else {}


def _plain(value: object) -> object:
    if isinstance(value, Decimal | date):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
