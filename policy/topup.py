"""补差: what is payable on top where a rate, limit or amount was raised from a day inside the year.

Never negative: what was lowered later is not recovered. Source: the notice that raises it; one that does not say so tops
nothing up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from policy.keys import KEYS
from policy.notice import Terms
from policy.refund import RefundFacts, assess_refund
from policy.skill import SkillFacts, assess_skill
from policy.terms import Programme
from policy.verdict import Answer, Figure, Finding, Outcome

_NOTHING = Decimal("0.00")


class TopUpRefused(Exception):
    """A day from which nothing can be topped up, in Chinese."""


@dataclass(frozen=True, slots=True)
class TopUp:
    """A case before and after the terms changed, yuan; None where there is no amount, `payable` where it is not known.

    `before`: by the terms of the case's own day, and with what changes between that day and the asked one topped up;
    `after`: the same facts by the terms from the asked day on. `finding`: rule `top_up`, PASS where something is payable.
    """

    before: Decimal | None
    after: Decimal | None
    payable: Decimal | None
    finding: Finding


def difference(terms: Terms, facts: RefundFacts | SkillFacts, since: date) -> TopUp:
    """What is payable on top, yuan, to a case decided before `since`, the first day of changed terms. Raises TopUpRefused.

    The terms `refund_topped_up` and `skill_topped_up` say whether earlier cases of the year are topped up; the finding
    quotes their clause.
    """
    programme: Programme = "refund" if isinstance(facts, RefundFacts) else "skill"
    change_day(terms, programme, since)
    on = facts.on if isinstance(facts, RefundFacts) else facts.claimed_on
    key = f"{programme}_topped_up"
    earlier = [day for day in terms.days_that_may_count(KEYS, programme) if day and on and on < day < since]
    before = _raised(_decided(terms, facts), [_decided(terms.as_of(day), facts) for day in earlier if terms.says(key, day)])
    after = _decided(terms.as_of(since), facts)
    because, payable = _payable(before, after, on, since, tops_up=terms.says(key, since))
    answer = Answer.UNKNOWN if payable is None else Answer.PASS if payable else Answer.FAIL
    figures: dict[str, Figure] = {
        "on": on,
        "since": since,
        "before": before.amount,
        "after": after.amount,
        "payable": payable,
    }
    finding = Finding("top_up", answer, terms.clause(key, since), because, figures)
    return TopUp(before.amount, after.amount, payable, finding)


def change_day(terms: Terms, programme: Programme, since: date) -> date:
    """This day, as one within the programme. Raises TopUpRefused."""
    first, last = terms.period(programme)
    if not first <= since <= last:
        raise TopUpRefused(f"补差起算日 {since} 不在政策期限 {first} 至 {last} 以内，请写年内标准变动的第一天")
    return since


def check_change(terms: Terms, programme: Programme, since: date) -> None:
    """Refuses a day on which no term of the programme changes, or whose notice tops nothing up. Raises TopUpRefused."""
    change_day(terms, programme, since)
    first = terms.period(programme)[0]
    changes = [day for day in terms.days_that_may_count(KEYS, programme) if day and day > first]
    if since not in changes:
        known = f"，变动日为：{'、'.join(map(str, changes))}" if changes else "，标准在年内没有变动"
        raise TopUpRefused(f"补差起算日 {since} 没有标准变动{known}")
    if not terms.says(f"{programme}_topped_up", since):
        raise TopUpRefused(f"{terms.title}没有规定 {since} 变动后对此前的补差")


class _Decided(NamedTuple):
    outcome: Outcome
    amount: Decimal | None


def _decided(terms: Terms, facts: RefundFacts | SkillFacts) -> _Decided:
    verdict = assess_refund(terms, facts) if isinstance(facts, RefundFacts) else assess_skill(terms, facts)
    return _Decided(verdict.outcome, verdict.amount)


def _raised(own: _Decided, later: Sequence[_Decided]) -> _Decided:
    """What a case came to with the top-ups of later days; not known where one of them is not."""
    if own.amount is not None and any(each.outcome is Outcome.INCOMPLETE for each in later):
        return _Decided(Outcome.INCOMPLETE, None)
    amounts = [each.amount for each in later if each.amount is not None]
    return own if own.amount is None else own._replace(amount=max([own.amount, *amounts]))


def _payable(before: _Decided, after: _Decided, on: date | None, since: date, *, tops_up: bool) -> tuple[str, Decimal | None]:
    """Why, and how much: 0 where nothing is payable, None where it is not known."""
    if not tops_up:
        return "not_topped_up", _NOTHING
    if on is None:
        return "day_unknown", None
    if on >= since:
        return "decided_after", _NOTHING
    if before.outcome is Outcome.INELIGIBLE:
        return "nothing_before", _NOTHING
    if before.amount is None:
        return "before_unknown", None
    if after.outcome is Outcome.INCOMPLETE:
        return "after_unknown", None
    if after.amount is None or after.amount <= before.amount:
        return "not_higher", _NOTHING
    return "payable", after.amount - before.amount
