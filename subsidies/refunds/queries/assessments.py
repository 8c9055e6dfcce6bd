"""判定: facts and verdict of any number of cases, and how they differ from the decision in force."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils.timezone import localdate

from agency.models import CaseKind, Edition
from agency.queries import terms_of
from policy import explain
from policy.facts import RefundFacts
from policy.refund import RefundVerdict, assess_refund
from subsidies.payout.models import Award
from subsidies.refunds.models import Application, Decision, State
from subsidies.refunds.queries.facts import Case, facts_of

# one that was confirmed and is reviewed anew is SUBMITTED: its day stays the day of confirmation
ANSWERED_STATES = frozenset({State.CONFIRMED, State.SUBMITTED, State.REVIEWED, State.APPROVED})


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


ANSWERS = (
    "outcome", "size", "size_class", "size_basis", "layoff_rate", "base", "rate", "amount", "payee", "failed", "unknown",
)  # fmt: skip


class InForce(NamedTuple):
    """The decision in force of a case, as much of it as a comparison needs; `answers` in the order of ANSWERS."""

    id: int
    edition_id: int
    on: date
    facts: str
    answers: tuple[Any, ...]

    @property
    def eligible(self) -> bool:
        return bool(self.answers[0] == "eligible")

    @property
    def against(self) -> list[str]:
        """The rules that failed or could not be answered."""
        answers = dict(zip(ANSWERS, self.answers, strict=True))
        return [*answers["failed"], *answers["unknown"]]


def in_force(decision: Decision | None) -> InForce | None:
    """A stored decision, ready to be compared."""
    if decision is None:
        return None
    answers = tuple(getattr(decision, name) for name in ANSWERS)
    return InForce(decision.pk, decision.edition_id, decision.on, decision.facts, answers)


def is_news(before: InForce | None, edition_id: int, new: Assessed) -> bool:
    """Whether anything but the day differs from the decision in force: edition, an answer, a fact."""
    if before is None or before.edition_id != edition_id or before.answers != answers_in(new.verdict):
        return True
    as_before = new.facts.to_json().replace(f'"on":"{new.facts.on}"', f'"on":"{before.on}"', 1)
    return as_before != before.facts and replace(new.facts, on=before.on) != RefundFacts.from_json(before.facts)


def answers_in(verdict: RefundVerdict) -> tuple[Any, ...]:
    """The answers of a verdict as a decision's columns hold them, in the order of ANSWERS."""
    return (
        verdict.outcome.value, verdict.size or "", verdict.size_class or "", verdict.size_basis or "", verdict.layoff_rate,
        verdict.base, verdict.rate, verdict.amount, verdict.payee, list(verdict.failed), list(verdict.unknown),
    )  # fmt: skip


def news(was: InForce, edition_id: int, new: Assessed) -> str:
    """What is new in a decision beside the one in force, in Chinese: 返还金额 100.00→90.00；数据：退休人数 1→2; at most 500
    characters."""
    before = RefundFacts.from_json(was.facts)
    told = [explain.fact_change(name, getattr(before, name), value) for name, value in new.facts.changed_from(before, ["on"])]
    parts = ["适用新版本"] if was.edition_id != edition_id else []
    parts += [answers] if (answers := change(was, new.verdict)) else []
    parts += [f"数据：{'，'.join(told)}"] if told else []
    return "；".join(parts)[:500]


_LABELS = {"outcome": "结论", "size": "划型", "layoff_rate": "裁员率", "amount": "返还金额", "payee": "收款账户"}


def change(was: InForce, verdict: RefundVerdict) -> str:
    """What a case further on must not pass over, in Chinese: 返还金额 100.00→90.00; empty where nothing of the kind changed."""
    if was.answers == answers_in(verdict):
        return ""
    before, after = dict(zip(ANSWERS, was.answers, strict=True)), dict(zip(ANSWERS, answers_in(verdict), strict=True))
    parts = [
        f"{label} {_shown(name, before[name])}→{_shown(name, after[name])}"
        for name, label in _LABELS.items()
        if before[name] != after[name]
    ]
    for name, label in (("failed", "不符合"), ("unknown", "待核实")):
        added = [explain.rule_label(rule) for rule in after[name] if rule not in before[name]]
        gone = [explain.rule_label(rule) for rule in before[name] if rule not in after[name]]
        parts += [f"新增{label}：{'、'.join(added)}"] if added else []
        parts += [f"不再{label}：{'、'.join(gone)}"] if gone else []
    return "；".join(parts)[:300]


def _shown(name: str, value: object) -> str:
    if value in (None, ""):
        return "无"
    if name == "outcome":
        return explain.outcome_label(str(value))
    return explain.payee_label(str(value)) if name == "payee" else str(value)


def holding_case(application_id: int, award_id: int | None, award_state: str | None) -> tuple[str, int]:
    """The case that a hold stops: the award where one lives, else the application."""
    if award_id is not None and award_state not in Award.FALLEN:
        return CaseKind.AWARD, award_id
    return CaseKind.REFUND, application_id
