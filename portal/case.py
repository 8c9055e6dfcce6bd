"""A refund case as its enterprise reads it: one time line over both halves, the findings and the amount in plain words."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils.timezone import localdate

from agency.models import Appeal, Event, Programme, Role
from agency.queries import edition_in_force, terms_of
from enterprises.models import Enterprise
from policy import explain
from policy.notice import Terms
from policy.refund import RefundVerdict
from policy.verdict import Answer, Finding
from portal import access
from subsidies.payout.models import Award
from subsidies.payout.queries import publisher_of
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries import (
    Assessed,
    Case,
    assess_all,
    grounds,
    open_completion,
    size_law,
    standing,
    timeline,
    verdict_of,
    why_not_commit,
)
from subsidies.refunds.queries.letters import TITLES, letters_of


class Place(NamedTuple):
    """Where a state stands: which of the five stages, how that stage is marked, and how the page is toned."""

    stage: int
    mark: str = "now"  # now, done, stopped
    tone: str = ""  # good, warn, bad


class Stage(NamedTuple):
    label: str
    mark: str


class Turn(NamedTuple):
    at: datetime
    label: str


class FindingShown(NamedTuple):
    label: str
    answer: str
    sentence: str
    remedy: str
    clause: str


class AccountShown(NamedTuple):
    """An account as its owner may see it: the number masked."""

    name: str
    bank: str
    number: str
    source: str


OWN = Application.Channel.OWN_APPLICATION
STAGES = ("数据比对", "单位确认", "审核", "公示", "拨付")
PLACES: dict[str, Place] = {
    State.INELIGIBLE: Place(0, "stopped", "bad"),
    State.INCOMPLETE: Place(0, tone="warn"),
    State.ELIGIBLE: Place(0),
    State.OFFERED: Place(1),
    State.OVERDUE: Place(1, tone="warn"),
    State.RETURNED: Place(1, tone="warn"),
    State.DECLINED: Place(1, "stopped", "warn"),
    State.WITHDRAWN: Place(1, "stopped", "warn"),
    State.WAIVED: Place(1, "stopped", "bad"),
    State.CONFIRMED: Place(2),
    State.SUBMITTED: Place(2),
    State.REVIEWED: Place(2),
    State.REJECTED: Place(2, "stopped", "bad"),
    State.APPROVED: Place(3),
    Award.State.PENDING: Place(3),
    Award.State.PUBLICISED: Place(3),
    Award.State.OBJECTED: Place(3, tone="warn"),
    Award.State.STRUCK: Place(3, "stopped", "bad"),
    Award.State.CLEARED: Place(4),
    Award.State.PAYING: Place(4),
    Award.State.PAYMENT_RETURNED: Place(4, tone="warn"),
    Award.State.FORFEITED: Place(4, "stopped", "bad"),
    Award.State.PAID: Place(4, "done", "good"),
}
LABELS = {Application.CASE: Application.PUBLIC_LABELS, Award.CASE: Award.PUBLIC_LABELS}
WITHDRAWN_FROM = {State.CONFIRMED, State.SUBMITTED, State.RETURNED, State.REVIEWED, Award.State.PENDING}
SETTLED = {
    State.REJECTED, State.WAIVED, State.WITHDRAWN, Award.State.PAYING, Award.State.PAID, Award.State.STRUCK,
    Award.State.FORFEITED,
}  # fmt: skip


def amount_of(application: Application) -> Any:
    """What is or would be refunded, in yuan; None while unknown."""
    return application.award.amount if application.award and application.state == State.APPROVED else application.amount


def stages(application: Application, state: str) -> list[Stage]:
    """The five stages, each done, now, stopped or to come."""
    place = PLACES[state]
    labels = ["自主申请" if application.channel == OWN and label == "单位确认" else label for label in STAGES]
    marks = ["done"] * place.stage + [place.mark] + ["todo"] * (len(STAGES) - place.stage - 1)
    return [Stage(label, mark) for label, mark in zip(labels, marks, strict=True)]


def history(events: Iterable[Event]) -> list[Turn]:
    """What happened, newest first, in public wording; staff's own notes and people stay inside."""
    turns = []
    for event in events:
        label = LABELS.get(event.case_kind, {}).get(event.to_state)
        if event.kind == Event.Kind.MOVE and label and event.to_state != State.APPROVED:  # its award is born at once
            turns.append(Turn(event.at, label))
    return turns[::-1]


def findings(verdict: RefundVerdict | None, *, applied: bool = True) -> dict[str, list[FindingShown]]:
    """Every rule that was asked, in one plain sentence: those that passed, and those that did not, failed ones first.

    Before it has applied, a dispatch unit is not told that it did."""
    asked = verdict.findings if verdict else ()
    shown = [_shown(finding) for finding in asked if applied or finding.rule != "dispatch_applies_itself"]
    by_answer = {answer: [finding for finding in shown if finding.answer == answer] for answer in Answer}
    return {"open_findings": by_answer[Answer.FAIL] + by_answer[Answer.UNKNOWN], "passed_findings": by_answer[Answer.PASS]}


def _shown(finding: Finding) -> FindingShown:
    sentence, remedy = explain.for_enterprise(finding), explain.remedy(finding)
    return FindingShown(explain.rule_label(finding.rule), str(finding.answer), sentence, remedy, finding.clause)


def account(application: Application | None, enterprise: Enterprise, payee: str) -> AccountShown | None:
    """Where the money goes: the award's account, before that the one that the verdict names; None where there is none."""
    award = application.award if application else None
    if award:
        shown = award.account_name, award.bank, award.account, award.account_source
    elif payee == Award.AccountSource.CORPORATE:
        shown = enterprise.account_name, enterprise.bank, enterprise.account, payee
    elif payee == Award.AccountSource.TAX:
        shown = enterprise.tax_account_name, enterprise.tax_bank, enterprise.tax_account, payee
    else:
        return None
    name, bank, number, source = shown
    return AccountShown(name, bank, str(number), explain.payee_label(source)) if number else None


def precheck(enterprise: Enterprise, application: Application | None, programme: Programme, on: date) -> Assessed | None:
    """The facts, and what the rules would answer if the enterprise applied on the day; None before the programme has terms."""
    edition = edition_in_force(programme, on)
    if edition is None:
        return None
    returned = application and application.state == State.RETURNED and application.submitted_at
    case = Case(enterprise.pk, application.pk if application else None, OWN, localdate(returned) if returned else on)
    return assess_all(edition, programme.year, [case], on)[enterprise.pk]


def may(application: Application, to: str) -> bool:
    """Whether the table lets the enterprise make this move while the programme is open. The action decides."""
    opened = application.programme.state == Programme.State.OPEN
    return opened and Role.ENTERPRISE in Application.MOVES.get((application.state, to), ())


def told(application: Application, on: date) -> dict[str, Any]:
    """What every page of a case shows on a day."""
    decision, enterprise = application.decision, application.enterprise
    verdict = verdict_of(decision) if decision else None
    terms = terms_of(decision.edition) if decision else None
    state, _, label, _ = standing(application)
    return {
        "application": application,
        "enterprise": enterprise,
        "programme": application.programme,
        "decision": decision,
        "verdict": verdict,
        "award": application.award,
        "state": state,
        "label": label,
        "tone": PLACES[state].tone,
        "amount": amount_of(application),
        "days_left": (application.confirm_by - on).days if application.confirm_by else None,
        "office": publisher_of(application.region),
        "may_confirm": may(application, State.CONFIRMED),
        "may_decline": may(application, State.DECLINED),
        "may_withdraw": may(application, State.WITHDRAWN) and state in WITHDRAWN_FROM,
        "may_apply": may(application, State.SUBMITTED) and not (state == State.ELIGIBLE and application.channel != OWN),
        "may_correct": state not in SETTLED,
        "section": "refund",
        "host_sums": explain.host_sums(terms, verdict) if terms and verdict else [],
        **money(terms, application.programme),
        **payee(application, enterprise, verdict),
    }


def money(terms: Terms | None, programme: Programme) -> dict[str, Any]:
    """What the notice says of the money: its permitted uses, what is made public, until when."""
    if terms is None:
        return {}
    return {
        "uses": terms.words_of("uses"),
        "uses_condition": terms.value("uses_condition"),
        "publishes_amount": "amount" in terms.word_of("publicity_columns"),
        "last_day": terms.refund_period[1],
        "silent": terms.word_of("confirm_mode") == "silent",
        "waived_at_end": terms.word_of("unconfirmed_at_end") == "waived",
        "draft": terms.draft and programme.final_checked_by_id is None,
    }


def payee(application: Application | None, enterprise: Enterprise, verdict: RefundVerdict | None) -> dict[str, Any]:
    """The account, and why it is that one or none."""
    return {
        "account": account(application, enterprise, verdict.payee if verdict else ""),
        "payee_reason": explain.payee_reason(verdict.payee_because) if verdict else "",
        "size_basis": explain.basis_label(verdict.size_basis) if verdict else "",
    }


def story(application: Application, page: dict[str, Any], on: date) -> dict[str, Any]:
    """The longer parts of the page: findings, time line, what stops it, why, what was asked to be corrected."""
    events, award = list(timeline(application)), application.award
    return {
        **findings(page["verdict"], applied=application.submitted_at is not None),
        "stages": stages(application, page["state"]),
        "history": history(events),
        "returned": open_completion(application) if page["state"] == State.RETURNED else None,
        "reason": _reason(application, page["state"], events),
        "holds": list(access.open_holds(application)),
        "letters": [(kind, TITLES[kind]) for kind in letters_of(application)],
        "corrections": application.corrections.order_by("asked_at"),
        "commitments": application.commitments.order_by("given_at"),
        "size_law": _size_law(application, on, appeals := list(access.own_appeals(application))),
        "difference": access.open_difference(application),
        "appeals": appeals,
        "may_appeal": not any(each.state in Appeal.OPEN for each in appeals) and bool(grounds(application, on).about),
        "round": access.round_of(application),
        "statements": list(award.statements.order_by("at")) if award and award.state == Award.State.OBJECTED else [],
    }


def _size_law(application: Application, on: date, appeals: list[Appeal]) -> str:
    """How it may object to its size on the day; empty where it may not now."""
    law = size_law(application, on)
    if law == "commitment":
        return "" if why_not_commit(application, on) else law
    open_one = any(each.state in Appeal.OPEN for each in appeals)
    return law if not open_one and Appeal.About.SIZE in grounds(application, on).about else ""


def _reason(application: Application, state: str, events: list[Event]) -> str:
    """Why a case was returned, refused, struck or not paid."""
    if state in {State.RETURNED, State.REJECTED}:
        return application.reason
    if state == Award.State.STRUCK:
        return next((event.why for event in reversed(events) if event.to_state == state), "")
    return access.bank_refusal(application) if state == Award.State.PAYMENT_RETURNED else ""
