"""代为确认: the agency confirms for small units that let the deadline pass, where the programme chose that."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import localdate

from agency.actions.links import end_links
from agency.models import Link, Programme, Role, User
from agency.moves import Moved, check_mover, move, move_ids
from agency.queries import within
from policy.facts import RefundFacts
from policy.layoff import is_small, layoff_rules
from policy.notice import Terms
from subsidies.payout.queries import terms_in_force
from subsidies.refunds.actions.refusals import RefundRefused, check_period
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries.reminders import unanswered


def confirm_for(application: Application, *, by: User, at: datetime) -> None:
    """Confirm for one small unit whose deadline has passed. Raises RefundRefused (not the programme's choice, not small, its
    size unknown), MoveRefused."""
    terms = _terms_allowing(application.programme, at)
    rows = unanswered(application.programme).filter(pk=application.pk, state=State.OVERDUE)
    if not rows.exists():
        raise RefundRefused("只有逾期未确认、没有未解除的暂缓的事项可以代为确认；请刷新页面后再看。")
    if not list(_small(rows, terms, at)):
        most = terms.count_of("small_unit_most")
        raise RefundRefused(f"参保人数不超过 {most} 人的单位才能代为确认；该单位超过此数，或人数不明，请联系单位自行确认。")
    with transaction.atomic():
        move(application, State.CONFIRMED, by=by, at=at, why=_why(terms), **_answered(at))
        end_links(Application.CASE, [application.pk], Link.End.ANSWERED, at=at)


def confirm_for_all(programme: Programme, *, by: User, at: datetime) -> Moved:
    """Confirm for every small unit of the clerk's regions whose deadline has passed. Raises RefundRefused, MoveRefused."""
    check_mover(programme, {Role.PREPARER}, by, at)
    terms = _terms_allowing(programme, at)
    rows = unanswered(programme).filter(within(by, {Role.PREPARER}, localdate(at)), state=State.OVERDUE)
    done = move_ids(Application, _small(rows, terms, at), State.CONFIRMED, by=by, at=at, why=_why(terms), also=_answered(at))
    end_links(Application.CASE, done.moved, Link.End.ANSWERED, at=at)
    return done


def _answered(at: datetime) -> dict[str, object]:
    return {"answered_at": at, "answer_channel": Application.AnswerChannel.PROXY, "reason": ""}


def _terms_allowing(programme: Programme, at: datetime) -> Terms:
    check_period(programme, localdate(at))
    terms = terms_in_force(programme, localdate(at))
    if terms.word_of("confirm_mode") != "proxy_for_small":
        clause = terms.clause("confirm_mode")
        ruled = f"（{clause}）" if clause else ""
        raise RefundRefused(f"本项目没有选择由经办机构代为确认{ruled}，须由单位自行确认。")
    return terms


def _why(terms: Terms) -> str:
    return f"小规模单位逾期未答复，经办机构代为确认 {terms.clause('confirm_mode')}".strip()


def _small(rows: "QuerySet[Application]", terms: Terms, at: datetime) -> Iterator[int]:
    """The ids of those that the facts of their decision show to be small, in order."""
    rules = layoff_rules(terms, localdate(at))
    kept = rows.filter(decision__isnull=False).order_by("pk").values_list("pk", "decision__facts")
    for pk, facts in kept.iterator(chunk_size=2_000):
        if is_small(rules, RefundFacts.from_json(facts)):
            yield pk
