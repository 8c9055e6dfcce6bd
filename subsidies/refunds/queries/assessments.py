"""判定: facts and verdict of any number of cases, and how they differ from the decision in force."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from django.utils.timezone import localdate

from agency.models import CaseKind, Edition
from agency.queries import terms_of
from policy import explain
from policy.facts import RefundFacts
from policy.refund import RefundVerdict, assess_refund
from subsidies.payout.models import Award
from subsidies.refunds.models import Application, Decision, State
from subsidies.refunds.queries.facts import Case, facts_of

ANSWERED_STATES = frozenset({State.CONFIRMED, State.REVIEWED, State.APPROVED})


class Assessed(NamedTuple):
    """One enterprise's facts and what the policy answers to them."""

    facts: RefundFacts
    verdict: RefundVerdict


def assess_all(edition: Edition, year: int, cases: Sequence[Case], looked_on: date) -> dict[int, Assessed]:
    """{enterprise id: facts and verdict} under an edition, with the lists and look-ups of `looked_on`."""
    terms = terms_of(edition)
    return {
        enterprise_id: Assessed(facts, assess_refund(terms, facts))
        for enterprise_id, facts in facts_of(terms, year, cases, looked_on).items()
    }


def case_of(application: Application, today: date) -> Case:
    """An application as a case to assess."""
    on = counted_on(application.state, application.channel, application.answered_at, application.submitted_at, today)
    return Case(application.enterprise_id, application.pk, application.channel, on)


def counted_on(state: str, channel: str, answered_at: datetime | None, submitted_at: datetime | None, today: date) -> date:
    """The day that counts: of application or confirmation; before either, today."""
    if channel == Application.Channel.OWN_APPLICATION and submitted_at is not None:
        return localdate(submitted_at)
    if state in ANSWERED_STATES and answered_at is not None:
        return localdate(answered_at)
    return today


def is_news(decision: Decision | None, edition_id: int, new: Assessed) -> bool:
    """Whether anything but the day differs from the decision in force: edition, a fact, an answer."""
    if decision is None or decision.edition_id != edition_id:
        return True
    if answers_of(decision) != answers_in(new.verdict):
        return True
    before = RefundFacts.from_json(decision.facts)
    return before != replace(new.facts, on=before.on)


def answers_in(verdict: RefundVerdict) -> dict[str, object]:
    """The answers of a verdict, as a decision's columns hold them."""
    return {
        "outcome": str(verdict.outcome), "size": verdict.size or "", "size_class": verdict.size_class or "",
        "size_basis": verdict.size_basis or "", "layoff_rate": verdict.layoff_rate, "base": verdict.base, "rate": verdict.rate,
        "amount": verdict.amount, "payee": verdict.payee or "", "failed": list(verdict.failed),
        "unknown": list(verdict.unknown),
    }  # fmt: skip


def answers_of(decision: Decision) -> dict[str, object]:
    """The answers of a stored decision, comparable with `answers_in`."""
    return {name: getattr(decision, name) for name in _ANSWERS}


_ANSWERS = (
    "outcome", "size", "size_class", "size_basis", "layoff_rate", "base", "rate", "amount", "payee", "failed", "unknown",
)  # fmt: skip
_LABELS = {"outcome": "结论", "size": "划型", "layoff_rate": "裁员率", "amount": "返还金额", "payee": "收款账户"}


def change(decision: Decision, verdict: RefundVerdict) -> str:
    """What a case further on must not pass over, in Chinese: 返还金额 100.00→90.00; empty where nothing of the kind changed."""
    before, after = answers_of(decision), answers_in(verdict)
    parts = [
        f"{label} {_shown(name, before[name])}→{_shown(name, after[name])}"
        for name, label in _LABELS.items()
        if before[name] != after[name]
    ]
    for name, label in (("failed", "不符合"), ("unknown", "待核实")):
        added = [explain.rule_label(rule) for rule in after[name] if rule not in before[name]]  # type: ignore[attr-defined]
        gone = [explain.rule_label(rule) for rule in before[name] if rule not in after[name]]  # type: ignore[attr-defined]
        parts += [f"新增{label}：{'、'.join(added)}"] if added else []
        parts += [f"不再{label}：{'、'.join(gone)}"] if gone else []
    return "；".join(parts)[:300]


def _shown(name: str, value: object) -> str:
    if value in (None, ""):
        return "无"
    if name == "outcome":
        return explain.outcome_label(str(value))
    return explain.payee_label(str(value)) if name == "payee" else str(value)


def holding_case(application: Application) -> tuple[str, int]:
    """The case that a hold stops: the award where one lives, else the application."""
    award = application.award
    if award is not None and award.state not in {Award.State.STRUCK, Award.State.FORFEITED}:
        return CaseKind.AWARD, award.pk
    return CaseKind.REFUND, application.pk
