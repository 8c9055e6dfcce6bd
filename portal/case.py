"""A refund case as its enterprise reads it: one time line over both halves, the findings and the amount in plain words."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from agency.models import Event, Programme, Role
from agency.queries import terms_of
from policy import explain
from policy.verdict import Answer
from portal import access
from subsidies.payout.models import Award
from subsidies.payout.queries import publisher_of
from subsidies.refunds.models import Application, Decision, State
from subsidies.refunds.queries import findings_of, timeline


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
WITHDRAWN_FROM = {State.CONFIRMED, State.SUBMITTED, State.RETURNED, State.REVIEWED, Award.State.PENDING}
SETTLED = {State.WAIVED, State.WITHDRAWN, Award.State.PAYING, Award.State.PAID, Award.State.STRUCK, Award.State.FORFEITED}
LABELS = {Application.CASE: Application.PUBLIC_LABELS, Award.CASE: Award.PUBLIC_LABELS}


def state_of(application: Application) -> str:
    """The state that the enterprise is shown: once approved, that of the award."""
    if application.state == State.APPROVED and application.award:
        return str(application.award.state)
    return str(application.state)


def label_of(application: Application) -> str:
    """The public wording of that state."""
    state = state_of(application)
    return str(Application.PUBLIC_LABELS.get(state) or Award.PUBLIC_LABELS[state])


def amount_of(application: Application) -> Any:
    """What is or would be refunded, in yuan; None while unknown."""
    return application.award.amount if application.award else application.amount


def stages(application: Application) -> list[Stage]:
    """The five stages, each done, now, stopped or to come."""
    place = PLACES[state_of(application)]
    own = application.channel == Application.Channel.OWN_APPLICATION or application.enterprise.dispatch
    labels = ["自主申请" if own and label == "单位确认" else label for label in STAGES]
    marks = ["done"] * place.stage + [place.mark] + ["todo"] * (len(STAGES) - place.stage - 1)
    return [Stage(label, mark) for label, mark in zip(labels, marks, strict=True)]


def history(events: Iterable[Event]) -> list[Turn]:
    """What happened, newest first, in public wording; staff's own notes and people stay inside."""
    turns = []
    for event in events:
        label = LABELS.get(event.case_kind, {}).get(event.to_state)
        if event.kind == Event.Kind.MOVE and label and event.to_state != State.APPROVED:
            turns.append(Turn(event.at, label))
    return turns[::-1]


def findings(decision: Decision | None) -> dict[str, list[FindingShown]]:
    """Every rule that was asked, in one plain sentence: those that passed, and those that did not, failed ones first."""
    shown = [
        FindingShown(
            explain.rule_label(finding.rule), str(finding.answer), explain.for_enterprise(finding), explain.remedy(finding),
            finding.clause,
        )
        for finding in (findings_of(decision) if decision else ())
    ]  # fmt: skip
    by_answer = {answer: [finding for finding in shown if finding.answer == answer] for answer in Answer}
    return {"open_findings": by_answer[Answer.FAIL] + by_answer[Answer.UNKNOWN], "passed_findings": by_answer[Answer.PASS]}


def account(application: Application) -> AccountShown | None:
    """Where the money goes: the award's account, before that the one that the decision names; None where there is none."""
    award, decision, enterprise = application.award, application.decision, application.enterprise
    if award:
        shown = award.account_name, award.bank, award.account, award.get_account_source_display()
    elif decision and decision.payee == Award.AccountSource.CORPORATE:
        shown = enterprise.account_name, enterprise.bank, enterprise.account, explain.payee_label(decision.payee)
    elif decision and decision.payee == Award.AccountSource.TAX:
        shown = enterprise.tax_account_name, enterprise.tax_bank, enterprise.tax_account, explain.payee_label(decision.payee)
    else:
        return None
    name, bank, number, source = shown
    return AccountShown(name, bank, str(number), source) if number else None


def may(application: Application, to: str) -> bool:
    """Whether the table lets the enterprise make this move while the programme is open. The action decides."""
    opened = application.programme.state == Programme.State.OPEN
    return opened and Role.ENTERPRISE in Application.MOVES.get((application.state, to), ())


def told(application: Application, on: date) -> dict[str, Any]:
    """All that the page of a case shows on a day."""
    decision = application.decision
    terms = terms_of(decision.edition) if decision else None
    state = state_of(application)
    waits_for_offer = application.state == State.ELIGIBLE and not application.enterprise.dispatch
    return {
        "application": application,
        "enterprise": application.enterprise,
        "programme": application.programme,
        "decision": decision,
        "award": application.award,
        "state": state,
        "label": label_of(application),
        "tone": PLACES[state].tone,
        "amount": amount_of(application),
        "account": account(application),
        "size_basis": explain.basis_label(decision.size_basis) if decision and decision.size_basis else "",
        "publishes_amount": bool(terms) and "amount" in str(terms.value("publicity_columns")),
        "uses": terms.value("uses") if terms else (),
        "days_left": (application.confirm_by - on).days if application.confirm_by else None,
        "last_day": terms.refund_period[1] if terms else None,
        "office": publisher_of(application.region),
        "may_confirm": may(application, State.CONFIRMED),
        "may_decline": may(application, State.DECLINED),
        "may_withdraw": may(application, State.WITHDRAWN) and state in WITHDRAWN_FROM,
        "may_apply": may(application, State.SUBMITTED) and not waits_for_offer,
        "may_correct": state not in SETTLED,
        "section": "refund",
    }


def story(application: Application) -> dict[str, Any]:
    """The longer parts of the page: findings, time line, what stops it, what was asked to be corrected."""
    return {
        **findings(application.decision),
        "stages": stages(application),
        "history": history(timeline(application)),
        "holds": list(access.open_holds(application)),
        "corrections": application.corrections.order_by("asked_at"),
        "round": access.round_of(application),
    }
