"""稳岗返还: who is eligible, for how much, and to which account it goes.

Every rule that the notice asks is answered for every row, also when one has failed. A rule is answered whenever the
known figures settle it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from policy import layoff
from policy.facts import NOT_CHECKED, RefundFacts
from policy.money import to_fen
from policy.notice import Terms
from policy.size import KEYS as SIZE_KEYS
from policy.size import LARGE, SizeVerdict, size_of
from policy.verdict import Answer, Figure, Finding, Outcome, failed, mildest, outcome, unknown

__all__ = ["RULES", "RefundFacts", "RefundVerdict", "assess_refund"]

RULES = (
    "paid_in_full", "deferred_paid_up", "layoff_rate", "kind_covered", "credit", "registration", "within_period",
    "dispatch_applies_itself", "dispatch_not_banned", "size_known", "base_known",
)  # fmt: skip

DEREGISTERED = "注销"

PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class RefundVerdict:
    """The answer to one enterprise.

    `failed` and `unknown` are rule codes in the order asked. `layoff_rate` is a fraction of six decimals, None
    where it cannot be known; `base`, `amount` yuan; `rate` 0.3 or 0.6, None while size is unknown; `amount` only
    where eligible (0.00 for a base of 0: no award). `payee`: corporate, tax, held, with the reason's code in
    `payee_because`. `findings`: one a rule asked, in order.
    """

    outcome: Outcome
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    size: str | None
    size_class: str | None
    size_basis: str | None
    layoff_rate: Decimal | None
    layoff_method: str
    base: Decimal | None
    rate: Decimal | None
    amount: Decimal | None
    payee: str
    payee_because: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Rules:
    """The refund terms of one notice, ready to be asked a million times.

    `conditions`: those asked after paid_in_full, deferred_paid_up and layoff_rate, of others and of dispatch units.
    """

    first_day: date
    last_day: date
    months_least: int
    months_basis: str
    deferred_bars: bool
    layoff: layoff.LayoffRules
    covered_kinds: frozenset[str]
    credit_bars: frozenset[str]
    registration_bars: frozenset[str]
    ratio_large: Decimal
    ratio_sme: Decimal
    base_arrears: bool
    base_late_arrivals: bool
    public_hosts_covered: bool
    by_host: bool
    dispatch_from: date
    tax_classes: frozenset[str]
    clauses: Mapping[str, str]
    conditions: tuple["_Condition", ...]
    conditions_of_dispatch: tuple["_Condition", ...]


_Condition = Callable[[_Rules, RefundFacts], Finding]

# The term whose clause a rule is quoted by.
_CLAUSE_OF = {
    "paid_in_full": "paid_months_least",
    "deferred_paid_up": "deferred_bars",
    "kind_covered": "covered_kinds",
    "credit": "credit_bars",
    "registration": "registration_bars",
    "within_period": "refund_until",
    "dispatch_applies_itself": "dispatch_applies_itself",
    "dispatch_not_banned": "dispatch_ban_next_year",
    "base_known": "base_arrears",
}
DISPATCH_KEYS = (
    "dispatch_hosts_paid", "dispatch_public_hosts_covered", "dispatch_size_basis", "ratio_large", "ratio_sme",
)  # fmt: skip
_KEYS = (
    *layoff.KEYS, *_CLAUSE_OF.values(), *DISPATCH_KEYS, "paid_months_basis", "base_late_arrivals", "dispatch_covered_from",
    "tax_account_classes",
)  # fmt: skip
_ALL_KEYS = (*_KEYS, *SIZE_KEYS)


def assess_refund(terms: Terms, facts: RefundFacts) -> RefundVerdict:
    """Every rule that the notice asks, the size, the base and the amount, by the terms in force on the day that counts.

    Yuan, exact; the amount is rounded to the fen, once. Clauses: each finding's own. Where the day is not known and terms
    change, a rule fails only if it fails whichever day it was, and a figure is known only where all days give the same.
    """
    if facts.on is None:
        days = terms.days_that_may_count(_ALL_KEYS, "refund")
        return _whichever_day([_assess(terms.as_of(day) if day else terms, facts) for day in days])
    return _assess(terms, facts)


def _whichever_day(verdicts: Sequence[RefundVerdict]) -> RefundVerdict:
    first, *others = verdicts
    if not others:
        return first
    findings = mildest([verdict.findings for verdict in verdicts])
    failed_codes, unknown_codes = failed(findings), unknown(findings)
    held = next((verdict for verdict in verdicts if verdict.payee == "held"), first)
    figures = ("size", "size_class", "size_basis", "layoff_rate", "base", "rate")
    differing: dict[str, Any] = {
        name: None for name in figures if any(getattr(other, name) != getattr(first, name) for other in others)
    }
    return replace(
        first,
        outcome=outcome(failed_codes, unknown_codes),
        failed=failed_codes,
        unknown=unknown_codes,
        **differing,
        payee=held.payee,
        payee_because=held.payee_because,
        findings=findings,
    )


def _assess(terms: Terms, facts: RefundFacts) -> RefundVerdict:
    rules = _rules(terms, terms.day_that_counts(_KEYS, facts.on))
    size = size_of(terms, facts)
    base, base_known = _base(rules, facts)
    layoff_finding, layoff_rate = layoff.judge_layoff(rules.layoff, facts)
    conditions = rules.conditions_of_dispatch if facts.dispatch else rules.conditions
    findings = (
        _paid_in_full(rules, facts),
        *([_deferred_paid_up(rules, facts)] if rules.deferred_bars else []),
        layoff_finding,
        *[condition(rules, facts) for condition in conditions],
        _size_known(size),
        base_known,
    )
    failed_codes, unknown_codes = failed(findings), unknown(findings)
    result = outcome(failed_codes, unknown_codes)
    rate = None if size.size is None else rules.ratio_large if size.size == LARGE else rules.ratio_sme
    amount = None
    if result is Outcome.ELIGIBLE and base is not None and rate is not None:
        amount = to_fen(base * rate + _by_hosts(rules, facts, rate) if facts.dispatch and rules.by_host else base * rate)
    payee, payee_because = _payee(rules, facts, size.size_class)
    return RefundVerdict(
        outcome=result,
        failed=failed_codes,
        unknown=unknown_codes,
        size=size.size,
        size_class=size.size_class,
        size_basis=size.basis,
        layoff_rate=layoff_rate,
        layoff_method=rules.layoff.method,
        base=base,
        rate=rate,
        amount=amount,
        payee=payee,
        payee_because=payee_because,
        findings=findings,
    )


def sized_by_host(terms: Terms, on: date | None) -> bool:
    """Whether the part of each host of a dispatch unit follows the host's own size, and sizes differ in rate."""
    by_host = terms.word_of("dispatch_size_basis", on) == "by_host" and terms.says("dispatch_hosts_paid", on)
    return by_host and terms.number_of("ratio_large", on) != terms.number_of("ratio_sme", on)


@lru_cache(maxsize=1024)
def _rules(terms: Terms, on: date | None) -> _Rules:
    first_day, last_day = terms.refund_period
    credit_bars = frozenset(terms.words_of("credit_bars", on))
    registration_bars = frozenset(terms.words_of("registration_bars", on))
    conditions: list[_Condition] = [_kind_covered]
    conditions += [_credit] if credit_bars else []
    conditions += [_registration] if registration_bars else []
    conditions += [_within_period]
    of_dispatch = [_dispatch_applies_itself] if terms.says("dispatch_applies_itself", on) else []
    of_dispatch += [_dispatch_not_banned] if terms.says("dispatch_ban_next_year", on) else []
    says_from = terms.states("dispatch_covered_from", on)
    return _Rules(
        first_day=first_day,
        last_day=last_day,
        months_least=terms.count_of("paid_months_least", on),
        months_basis=terms.word_of("paid_months_basis", on),
        deferred_bars=terms.says("deferred_bars", on),
        layoff=layoff.layoff_rules(terms, on),
        covered_kinds=frozenset(terms.words_of("covered_kinds", on)),
        credit_bars=credit_bars,
        registration_bars=registration_bars,
        ratio_large=terms.number_of("ratio_large", on),
        ratio_sme=terms.number_of("ratio_sme", on),
        base_arrears=terms.says("base_arrears", on),
        base_late_arrivals=terms.word_of("base_late_arrivals", on) == "in",
        public_hosts_covered=terms.says("dispatch_public_hosts_covered", on),
        by_host=sized_by_host(terms, on),
        dispatch_from=terms.day_of("dispatch_covered_from", on) if says_from else date.min,
        tax_classes=frozenset(terms.words_of("tax_account_classes", on)),
        clauses={
            **{rule: terms.clause(key, on) for rule, key in _CLAUSE_OF.items()},
            "dispatch_from": terms.clause("dispatch_covered_from", on) if says_from else "",
        },
        conditions=tuple(conditions),
        conditions_of_dispatch=(*conditions, *of_dispatch),
    )


def _finding(rules: _Rules, rule: str, answer: Answer, because: str, figures: Mapping[str, Figure]) -> Finding:
    return Finding(rule, answer, rules.clauses[rule], because, figures)


def _paid_in_full(rules: _Rules, facts: RefundFacts) -> Finding:
    of_last_year = rules.months_basis == "last_year"
    months, least = (facts.months_paid_last_year, 12) if of_last_year else (facts.paid_months, rules.months_least)
    figures: dict[str, Figure] = {"months": months, "limit": least, "basis": rules.months_basis}
    if months is None:
        return _finding(rules, "paid_in_full", UNKNOWN, "months_unknown", figures)
    if months < least:
        return _finding(rules, "paid_in_full", FAIL, "too_few_months", figures)
    return _finding(rules, "paid_in_full", PASS, "enough_months", figures)


def _deferred_paid_up(rules: _Rules, facts: RefundFacts) -> Finding:
    figures: dict[str, Figure] = {"deferred_unpaid": facts.deferred_unpaid}
    if facts.deferred_unpaid is None:
        return _finding(rules, "deferred_paid_up", UNKNOWN, "deferral_unknown", figures)
    if facts.deferred_unpaid:
        return _finding(rules, "deferred_paid_up", FAIL, "deferred_unpaid", figures)
    return _finding(rules, "deferred_paid_up", PASS, "nothing_deferred", figures)


def _kind_covered(rules: _Rules, facts: RefundFacts) -> Finding:
    figures: dict[str, Figure] = {"kind": facts.kind}
    if facts.kind is None:
        return _finding(rules, "kind_covered", UNKNOWN, "kind_unknown", figures)
    if facts.kind in rules.covered_kinds:
        return _finding(rules, "kind_covered", PASS, "covered", figures)
    return _finding(rules, "kind_covered", FAIL, "not_covered", figures)


def _credit(rules: _Rules, facts: RefundFacts) -> Finding:
    return _listed(rules, "credit", rules.credit_bars, facts)


def _registration(rules: _Rules, facts: RefundFacts) -> Finding:
    return _listed(rules, "registration", rules.registration_bars, facts)


def _listed(rules: _Rules, rule: str, bars: frozenset[str], facts: RefundFacts) -> Finding:
    """A hit bars; without one, `?` is UNKNOWN. Flags that the notice does not name do not bar."""
    flags = facts.credit_flags
    if not flags:
        return _finding(rules, rule, PASS, "not_listed", {"hits": (), "flags": ()})
    hits = tuple([flag for flag in flags if flag in bars])
    figures: dict[str, Figure] = {"hits": hits, "flags": flags}
    if hits:
        return _finding(rules, rule, FAIL, "listed", figures)
    if NOT_CHECKED in flags:
        return _finding(rules, rule, UNKNOWN, "not_checked", figures)
    return _finding(rules, rule, PASS, "not_listed", figures)


def _within_period(rules: _Rules, facts: RefundFacts) -> Finding:
    figures: dict[str, Figure] = {"on": facts.on, "from": rules.first_day, "limit": rules.last_day}
    if facts.on is None:
        return _finding(rules, "within_period", UNKNOWN, "day_unknown", figures)
    if facts.dispatch and facts.on < rules.dispatch_from:
        figures["from"] = rules.dispatch_from
        return Finding("within_period", FAIL, rules.clauses["dispatch_from"], "dispatch_not_yet_covered", figures)
    if facts.on < rules.first_day:
        return _finding(rules, "within_period", FAIL, "before_period", figures)
    if facts.on > rules.last_day:
        return _finding(rules, "within_period", FAIL, "after_period", figures)
    return _finding(rules, "within_period", PASS, "in_period", figures)


def _dispatch_applies_itself(rules: _Rules, facts: RefundFacts) -> Finding:
    figures: dict[str, Figure] = {"channel": facts.channel}
    if facts.channel is None:
        return _finding(rules, "dispatch_applies_itself", UNKNOWN, "channel_unknown", figures)
    if facts.channel == "自主申请":
        return _finding(rules, "dispatch_applies_itself", PASS, "applied", figures)
    return _finding(rules, "dispatch_applies_itself", FAIL, "did_not_apply", figures)


def _dispatch_not_banned(rules: _Rules, facts: RefundFacts) -> Finding:
    figures: dict[str, Figure] = {"dispatch_banned": facts.dispatch_banned}
    if facts.dispatch_banned:
        return _finding(rules, "dispatch_not_banned", FAIL, "banned", figures)
    return _finding(rules, "dispatch_not_banned", PASS, "not_banned", figures)


def _size_known(size: SizeVerdict) -> Finding:
    answer = UNKNOWN if size.size is None else PASS
    figures: dict[str, Figure] = {"size": size.size, "size_class": size.size_class, "basis": size.basis}
    return Finding("size_known", answer, size.clause, size.because, {**figures, **size.figures})


def _base(rules: _Rules, facts: RefundFacts) -> tuple[Decimal | None, Finding]:
    """Premiums actually paid last year, yuan; None if a figure that enters is unknown; 0 where it is below 0."""
    entering: dict[str, Decimal | None] = {"paid_normal": facts.paid_normal}
    if rules.base_arrears:
        entering["paid_arrears"] = facts.paid_arrears
    if rules.base_late_arrivals:
        entering["paid_after_year"] = facts.paid_after_year
    leaving: dict[str, Decimal | None] = {"refunded": facts.refunded}
    if facts.dispatch and not rules.public_hosts_covered:
        leaving["paid_for_public_hosts"] = facts.paid_for_public_hosts
    by_host: dict[str, Decimal | None] = {}
    if facts.dispatch and rules.by_host:
        by_host = {"paid_for_large_hosts": facts.paid_for_large_hosts, "paid_for_sme_hosts": facts.paid_for_sme_hosts}
    figures: dict[str, Figure] = {**entering, **leaving, **by_host}
    if None in figures.values():
        missing = tuple([name for name, figure in figures.items() if figure is None])
        figures |= {"base": None, "missing": missing}
        return None, _finding(rules, "base_known", UNKNOWN, "figures_unknown", figures)
    base = _total(entering) - _total(leaving)
    figures["base"] = base
    if by_host and _total(by_host) > max(base, Decimal(0)):
        return None, _finding(rules, "base_known", UNKNOWN, "hosts_exceed_base", figures)
    if base <= 0:
        return Decimal(0), _finding(rules, "base_known", PASS, "nothing_paid", figures)
    return base, _finding(rules, "base_known", PASS, "base_known", figures)


def _total(figures: Mapping[str, Decimal | None]) -> Decimal:
    return sum([figure for figure in figures.values() if figure is not None], Decimal(0))


def _by_hosts(rules: _Rules, facts: RefundFacts, rate: Decimal) -> Decimal:
    """What the hosts' own rates add to base x the unit's rate, yuan."""
    large, sme = facts.paid_for_large_hosts or Decimal(0), facts.paid_for_sme_hosts or Decimal(0)
    return large * (rules.ratio_large - rate) + sme * (rules.ratio_sme - rate)


def _payee(rules: _Rules, facts: RefundFacts, size_class: str | None) -> tuple[str, str]:
    """Where the money goes, and why: corporate account; for a small or micro unit without one the tax account."""
    if DEREGISTERED in facts.credit_flags:
        return "held", "deregistered"
    if facts.account is None:
        return "held", "account_unknown"
    if facts.account:
        return "corporate", "corporate_account"
    if size_class is None:
        return "held", "class_unknown"
    if size_class not in rules.tax_classes:
        return "held", "not_small"
    if facts.tax_account is None:
        return "held", "tax_account_unknown"
    return ("tax", "small_without_account") if facts.tax_account else ("held", "no_account")
