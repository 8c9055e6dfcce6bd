"""劳务派遣: how a dispatch unit's refund is split, by when the hosts' parts are passed on, which year a breach costs.

Source: 晋人社厅发〔2024〕28号 五, 鲁人社发〔2024〕8号 三, 吉人社联〔2024〕43号 二; elsewhere a reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from policy.facts import RefundFacts
from policy.money import apportion, to_fen
from policy.notice import Terms
from policy.refund import DISPATCH_KEYS, assess_refund, sized_by_host
from policy.size import LARGE
from policy.verdict import Answer, Figure, Finding
from policy.workdays import Calendar

PUBLIC_BODY = "机关事业单位"


class Host(NamedTuple):
    """用工单位: one host of a dispatch unit; None = unknown.

    `paid`: premiums of last year for the workers dispatched to it, yuan; `size` (大型 ... 微型 or 中小微) is read only where
    the notice calculates by host.
    """

    code: str
    kind: str | None
    paid: Decimal | None
    size: str | None = None


class Part(NamedTuple):
    """One part of a refund.

    `code`: the host's, empty for the unit's own; `paid`, what was paid for its workers, and `amount`: yuan. `finding`
    (rule `dispatch_part`) says how the amount came about; `explain` words it.
    """

    code: str
    paid: Decimal
    rate: Decimal
    amount: Decimal
    finding: Finding


@dataclass(frozen=True, slots=True)
class Split:
    """A dispatch unit's refund in parts: the hosts' by code, and the unit's `own`; together the refund, to the fen.

    `not_paid`: the parts for workers at public bodies, in no sum. `finding` (rule `dispatch_split`): PASS, or UNKNOWN
    with the reason; there are then no parts.
    """

    refund: Decimal | None
    finding: Finding
    hosts: tuple[Part, ...] = ()
    own: Part | None = None
    not_paid: tuple[Part, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of the whole, then of each part, each with its clause."""
        parts = (*self.hosts, *([self.own] if self.own else []), *self.not_paid)
        return (self.finding, *[part.finding for part in parts])


@dataclass(frozen=True, slots=True)
class _Rules:
    """The dispatch terms of one notice on a day."""

    hosts_paid: bool
    public_covered: bool
    by_host: bool
    ratio_large: Decimal
    ratio_sme: Decimal
    clauses: Mapping[str, str]


def split(terms: Terms, facts: RefundFacts, hosts: Sequence[Host]) -> Split:
    """The refund of a dispatch unit in host parts, the part of public bodies that is not paid, and the unit's own.

    A part is its rate x what was paid for its workers, floored to the fen; the fen left over go to the largest fractions,
    of equal ones to the lower host code, the unit's own last. ValueError for an enterprise that is no dispatch unit.
    Source: 晋人社厅发〔2024〕28号 五, 鲁人社发〔2024〕8号 三, 吉人社联〔2024〕43号 二; how fen are shared is a reading.
    """
    if not facts.dispatch:
        raise ValueError("不是劳务派遣单位，没有需要分配的部分")
    rules = _rules(terms, facts.on)
    verdict = assess_refund(terms, facts)
    if verdict.amount is None or verdict.base is None or verdict.rate is None:
        figures: dict[str, Figure] = {"rules": (*verdict.failed, *verdict.unknown)}
        return Split(None, _unsettled(rules, "no_refund", figures))
    ordered = sorted(hosts, key=lambda host: host.code)
    public = [host for host in ordered if host.kind == PUBLIC_BODY and not rules.public_covered]
    others = [host for host in ordered if host not in public]
    in_the_way = _in_the_way(rules, verdict.base, public, others)
    if in_the_way:
        return Split(verdict.amount, in_the_way)
    reckoned_with = {name: paid for name, paid in sums_of(terms, facts.on, hosts).items() if getattr(facts, name) != paid}
    if reckoned_with:
        return Split(verdict.amount, _unsettled(rules, "hosts_differ", {"differing": tuple(reckoned_with)}))
    passed_to = others if rules.hosts_paid else []
    own = verdict.base - _sum(passed_to)
    figures = {"refund": verdict.amount, "hosts": _codes(passed_to), "paid_for_hosts": _sum(passed_to), "own": own}
    rates = [_rate(rules, host, verdict.rate) for host in passed_to]
    exact = [_paid(host) * rate for host, rate in zip(passed_to, rates, strict=True)]
    *amounts, own_amount = apportion([*exact, own * verdict.rate])
    return Split(
        refund=verdict.amount,
        finding=Finding("dispatch_split", Answer.PASS, rules.clauses["split"], "adds_up", figures),
        hosts=tuple([_part(rules, "host", *each) for each in zip(passed_to, rates, amounts, strict=True)]),
        own=_part(rules, "own", Host("", None, own), verdict.rate, own_amount),
        not_paid=tuple([_part(rules, "public", host, verdict.rate, to_fen(_paid(host) * verdict.rate)) for host in public]),
    )


def sums_of(terms: Terms, day: date | None, hosts: Iterable[Host]) -> dict[str, Decimal | None]:
    """What was paid for a unit's workers by group of host, yuan, by names of RefundFacts; None where a sum is unknown.

    At public bodies that the notice does not cover; and, where each host goes by its own size, at large and other ones.
    Source: as of `split`.
    """
    rules = _rules(terms, day)
    names = [] if rules.public_covered else ["paid_for_public_hosts"]
    names += ["paid_for_large_hosts", "paid_for_sme_hosts"] if rules.by_host else []
    groups: dict[str, list[Host]] = {name: [] for name in names}
    for host in [host for host in hosts if host.paid != 0]:
        for name in groups.keys() & _groups(rules, host):
            groups[name].append(host)
    return {
        name: None if any(host.paid is None or len(_groups(rules, host)) > 1 for host in group) else _sum(group)
        for name, group in groups.items()
    }


def _groups(rules: _Rules, host: Host) -> set[str]:
    """The groups that a host may belong to: more than one where its kind or size is unknown."""
    sized = {"paid_for_large_hosts"} if host.size == LARGE else {"paid_for_sme_hosts"}
    if host.size is None:
        sized = {"paid_for_large_hosts", "paid_for_sme_hosts"}
    if host.kind == PUBLIC_BODY and not rules.public_covered:
        return {"paid_for_public_hosts"}
    return sized | {"paid_for_public_hosts"} if host.kind is None and not rules.public_covered else sized


def passthrough_by(terms: Terms, paid_on: date, calendar: Calendar) -> date:
    """The last day on which a host's part may still be passed on: working days from the day after the bank's success date.

    Raises UnknownYear. Source: 吉人社联〔2024〕43号 二 30个工作日内; elsewhere an agency choice.
    """
    on = terms.day_that_counts(["dispatch_passthrough_days"], paid_on)
    return calendar.nth_after(paid_on, terms.count_of("dispatch_passthrough_days", on))


def judge_passing_on(terms: Terms, parts: Iterable[Part], passed: Mapping[str, Decimal], last_day: date, today: date) -> Finding:
    """Whether the hosts have their parts: PASS; UNKNOWN up to the last day; then FAIL with what is `outstanding`, yuan.

    `passed`: host code -> proven payments. The finding's rule is `dispatch_passed_on`; `because` says whether what is
    outstanding goes back to the agency. Source: 吉人社联〔2024〕43号 二.
    """
    on = terms.day_that_counts(["dispatch_unpassed_returned", "dispatch_hosts_paid"], today)
    missing = {part.code: part.amount - passed.get(part.code, Decimal(0)) for part in parts}
    missing = {code: amount for code, amount in missing.items() if amount > 0}
    figures: dict[str, Figure] = {
        "outstanding": sum(missing.values(), Decimal(0)),
        "hosts": tuple(missing),
        "limit": last_day,
        "on": today,
    }
    clause = terms.clause("dispatch_unpassed_returned", on) or terms.clause("dispatch_hosts_paid", on)
    if not missing:
        return Finding("dispatch_passed_on", Answer.PASS, clause, "passed_on", figures)
    if today <= last_day:
        return Finding("dispatch_passed_on", Answer.UNKNOWN, clause, "time_left", figures)
    because = "overdue_returned" if terms.says("dispatch_unpassed_returned", on) else "overdue"
    return Finding("dispatch_passed_on", Answer.FAIL, clause, because, figures)


def banned_year(terms: Terms, established_on: date) -> int | None:
    """The programme year that a dispatch unit loses by a breach established on this day; None where nothing is lost.

    下一年度 is read as the year after the one in which the breach was established. Source: 晋人社厅发〔2024〕28号 五,
    吉人社联〔2024〕43号 二.
    """
    on = terms.day_that_counts(["dispatch_ban_next_year"], established_on)
    return established_on.year + 1 if terms.says("dispatch_ban_next_year", on) else None


@lru_cache(maxsize=64)
def _rules(terms: Terms, day: date | None) -> _Rules:
    on = terms.day_that_counts(DISPATCH_KEYS, day)
    part = terms.clause("dispatch_hosts_paid", on)
    return _Rules(
        hosts_paid=terms.says("dispatch_hosts_paid", on),
        public_covered=terms.says("dispatch_public_hosts_covered", on),
        by_host=sized_by_host(terms, on),
        ratio_large=terms.number_of("ratio_large", on),
        ratio_sme=terms.number_of("ratio_sme", on),
        clauses={
            "split": terms.clause("dispatch_size_basis", on) or part,
            "host": part,
            "own": part,
            "public": terms.clause("dispatch_public_hosts_covered", on),
        },
    )


def _in_the_way(rules: _Rules, base: Decimal, public: Sequence[Host], others: Sequence[Host]) -> Finding | None:
    """Why the refund cannot be split, if so; `hosts` of the figures are those in the way."""
    every = (*public, *others)
    if unknown := [host for host in every if host.paid is None or host.paid < 0]:
        return _unsettled(rules, "paid_unknown", {"hosts": _codes(unknown)})
    if unknown := [host for host in others if host.kind is None and host.paid and not rules.public_covered]:
        return _unsettled(rules, "kind_unknown", {"hosts": _codes(unknown)})
    if unknown := [host for host in others if host.size is None and host.paid and rules.by_host]:
        return _unsettled(rules, "size_unknown", {"hosts": _codes(unknown)})
    if _sum(others) > base:
        return _unsettled(rules, "hosts_exceed_base", {"paid_for_hosts": _sum(others), "base": base})
    return None


def _unsettled(rules: _Rules, because: str, figures: Mapping[str, Figure]) -> Finding:
    return Finding("dispatch_split", Answer.UNKNOWN, rules.clauses["split"], because, figures)


def _part(rules: _Rules, whose: str, host: Host, rate: Decimal, amount: Decimal) -> Part:
    figures: dict[str, Figure] = {"host": host.code, "size": host.size, "paid": host.paid, "rate": rate, "amount": amount}
    return Part(host.code, _paid(host), rate, amount, Finding("dispatch_part", Answer.PASS, rules.clauses[whose], whose, figures))


def _rate(rules: _Rules, host: Host, of_unit: Decimal) -> Decimal:
    """The host's own rate where the notice calculates by host, else the unit's."""
    if not rules.by_host:
        return of_unit
    return rules.ratio_large if host.size == LARGE else rules.ratio_sme


def _paid(host: Host) -> Decimal:
    return host.paid or Decimal(0)


def _sum(hosts: Iterable[Host]) -> Decimal:
    return sum(map(_paid, hosts), Decimal(0))


def _codes(hosts: Iterable[Host]) -> tuple[str, ...]:
    return tuple([host.code for host in hosts])
