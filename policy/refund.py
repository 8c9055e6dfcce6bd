"""稳岗返还: who is eligible, for how much, and to which account it goes.

Every rule that the notice asks is answered for every row, also when one has failed. A rule is answered whenever the
known figures settle it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from policy import layoff
from policy.facts import NOT_CHECKED, RefundFacts
from policy.money import to_fen
from policy.notice import Terms
from policy.size import KEYS as SIZE_KEYS
from policy.size import LARGE, SizeRules, SizeVerdict, judge_size, size_rules
from policy.verdict import Answer, Figure, Finding, Outcome, Reason, failed, mildest, outcome, unknown

__all__ = ["RULES", "RefundFacts", "RefundVerdict", "assess_refund"]

RULES = (
    "paid_in_full", "deferred_paid_up", "layoff_rate", "kind_covered", "credit", "registration", "within_period",
    "dispatch_applies_itself", "dispatch_not_banned", "size_known", "base_known",
)  # fmt: skip

DEREGISTERED = "注销"

PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.UNKNOWN
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class RefundVerdict:
    """The answer to one enterprise.

    `failed` and `unknown` are rule codes in the order asked. `layoff_rate` is a fraction of six decimals, None
    where it cannot be known; `base`, `amount` yuan; `rate` 0.3 or 0.6, None while size is unknown; `amount` only
    where eligible (0.00 for a base of 0: no award). `payee`: corporate, tax, held, with the reason's code in
    `payee_because`. `cases`: what findings are made from, one for each day that may have counted.
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
    cases: tuple["_Case", ...] = field(repr=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One a rule asked, in order, each with its clause; made when looked at, by the rules that answered."""
        return mildest([[_finding(case, rule) for rule in case.asked] for case in self.cases])

    def finding(self, code: str) -> Finding | None:
        """The finding of one rule, with its clause; None where the rule is not asked."""
        if len(self.cases) == 1:
            case = self.cases[0]
            return next((_finding(case, rule) for rule in case.asked if rule.code == code), None)
        found = mildest([[_finding(case, rule) for rule in case.asked if rule.code == code] for case in self.cases])
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class _Rules:
    """The refund terms of one notice, ready to be asked a million times.

    `entering` and `leaving`: the facts that make up the base; `leaving_of_dispatch` and `by_host` those of dispatch units.
    `asked`: the rules, in order, of others and of dispatch units.
    """

    first_day: date
    last_day: date
    months_least: int
    months_basis: str
    layoff: layoff.LayoffRules
    size: SizeRules
    covered_kinds: frozenset[str]
    credit_bars: frozenset[str]
    registration_bars: frozenset[str]
    ratio_large: Decimal
    ratio_sme: Decimal
    entering: tuple[str, ...]
    leaving: tuple[str, ...]
    leaving_of_dispatch: tuple[str, ...]
    by_host: tuple[str, ...]
    dispatch_from: date
    tax_classes: frozenset[str]
    clauses: Mapping[str, str]
    asked: tuple["_Rule", ...]
    asked_of_dispatch: tuple["_Rule", ...]


class _Case(NamedTuple):
    """One enterprise under the terms that count: what the rules are asked about.

    `base` in yuan, None where it is not known; `base_because` says why.
    """

    rules: _Rules
    facts: RefundFacts
    size: SizeVerdict
    layoff: layoff.Layoff
    base: Decimal | None
    base_because: str

    @property
    def asked(self) -> tuple["_Rule", ...]:
        return self.rules.asked_of_dispatch if self.facts.dispatch else self.rules.asked


class _Rule(NamedTuple):
    """One rule: its code, what it answers and why; and the figures behind that, made only for who looks."""

    code: str
    answer: Callable[[_Case], Reason]
    figures: Callable[[_Case], Mapping[str, Figure]]


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
_KEYS = frozenset((
    *layoff.KEYS, *SIZE_KEYS, *_CLAUSE_OF.values(), *DISPATCH_KEYS, "paid_months_basis", "base_late_arrivals",
    "dispatch_covered_from", "tax_account_classes",
))  # fmt: skip


def assess_refund(terms: Terms, facts: RefundFacts) -> RefundVerdict:
    """Every rule that the notice asks, the size, the base and the amount, by the terms in force on the day that counts.

    Yuan, exact; the amount is rounded to the fen, once. Clauses: each finding's own. Where the day is not known and terms
    change, a rule fails only if it fails whichever day it was, and a figure is known only where all days give the same.
    """
    if facts.on is None:
        days = terms.days_that_may_count(_KEYS, "refund")
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
        cases=tuple([case for verdict in verdicts for case in verdict.cases]),
    )


def _assess(terms: Terms, facts: RefundFacts) -> RefundVerdict:
    rules = _rules(terms, terms.day_that_counts(_KEYS, facts.on))
    size = judge_size(rules.size, facts)
    laid_off = layoff.judge_layoff(rules.layoff, facts)
    base, base_because = _base(rules, facts)
    case = _Case(rules, facts, size, laid_off, base, base_because)
    failed_codes, unknown_codes = _not_passed(case)
    result = outcome(failed_codes, unknown_codes)
    rate = None if size.size is None else rules.ratio_large if size.size == LARGE else rules.ratio_sme
    amount = None
    if result is Outcome.ELIGIBLE and base is not None and rate is not None:
        amount = to_fen(base * rate + _by_hosts(rules, facts, rate) if facts.dispatch and rules.by_host else base * rate)
    payee, payee_because = _payee(rules, facts, size.size_class)
    return RefundVerdict(
        result, failed_codes, unknown_codes, size.size, size.size_class, size.basis, laid_off.rate, rules.layoff.method, base,
        rate, amount, payee, payee_because, (case,),
    )  # fmt: skip


def _not_passed(case: _Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes of the rules that failed, and of those that cannot be answered."""
    failed_codes, unknown_codes = [], []
    for rule in case.asked:
        answer, _ = rule.answer(case)
        if answer is FAIL:
            failed_codes.append(rule.code)
        elif answer is UNKNOWN:
            unknown_codes.append(rule.code)
    return tuple(failed_codes), tuple(unknown_codes)


def _finding(case: _Case, rule: _Rule) -> Finding:
    answer, because = rule.answer(case)
    return Finding(rule.code, answer, _clause(case, rule, because), because, rule.figures(case))


def _clause(case: _Case, rule: _Rule, because: str) -> str:
    if rule is _LAYOFF_RATE:
        return case.layoff.clause
    if rule is _SIZE_KNOWN:
        return case.size.clause
    return case.rules.clauses["dispatch_from" if because == "dispatch_not_yet_covered" else rule.code]


def sized_by_host(terms: Terms, on: date | None) -> bool:
    """Whether the part of each host of a dispatch unit follows the host's own size, and sizes differ in rate."""
    by_host = terms.word_of("dispatch_size_basis", on) == "by_host" and terms.says("dispatch_hosts_paid", on)
    return by_host and terms.number_of("ratio_large", on) != terms.number_of("ratio_sme", on)


@lru_cache(maxsize=1024)
def _rules(terms: Terms, on: date | None) -> _Rules:
    first_day, last_day = terms.refund_period
    credit_bars = frozenset(terms.words_of("credit_bars", on))
    registration_bars = frozenset(terms.words_of("registration_bars", on))
    late = terms.word_of("base_late_arrivals", on) == "in"
    public_hosts_leave = not terms.says("dispatch_public_hosts_covered", on)
    says_from = terms.states("dispatch_covered_from", on)
    asked, of_dispatch = _asked(terms, on)
    return _Rules(
        first_day=first_day,
        last_day=last_day,
        months_least=terms.count_of("paid_months_least", on),
        months_basis=terms.word_of("paid_months_basis", on),
        layoff=layoff.layoff_rules(terms, on),
        size=size_rules(terms, on),
        covered_kinds=frozenset(terms.words_of("covered_kinds", on)),
        credit_bars=credit_bars,
        registration_bars=registration_bars,
        ratio_large=terms.number_of("ratio_large", on),
        ratio_sme=terms.number_of("ratio_sme", on),
        entering=(
            "paid_normal",
            *(["paid_arrears"] if terms.says("base_arrears", on) else []),
            *(["paid_after_year"] if late else []),
        ),
        leaving=("refunded",),
        leaving_of_dispatch=("refunded", *(["paid_for_public_hosts"] if public_hosts_leave else [])),
        by_host=("paid_for_large_hosts", "paid_for_sme_hosts") if sized_by_host(terms, on) else (),
        dispatch_from=terms.day_of("dispatch_covered_from", on) if says_from else date.min,
        tax_classes=frozenset(terms.words_of("tax_account_classes", on)),
        clauses={
            **{rule: terms.clause(key, on) for rule, key in _CLAUSE_OF.items()},
            "dispatch_from": terms.clause("dispatch_covered_from", on) if says_from else "",
        },
        asked=(*asked, _SIZE_KNOWN, _BASE_KNOWN),
        asked_of_dispatch=(*asked, *of_dispatch, _SIZE_KNOWN, _BASE_KNOWN),
    )


def _asked(terms: Terms, on: date | None) -> "tuple[list[_Rule], list[_Rule]]":
    """The rules that the notice asks before size and base, and those that it asks of dispatch units besides."""
    asked = [_PAID_IN_FULL]
    asked += [_DEFERRED_PAID_UP] if terms.says("deferred_bars", on) else []
    asked += [_LAYOFF_RATE, _KIND_COVERED]
    asked += [_CREDIT] if terms.words_of("credit_bars", on) else []
    asked += [_REGISTRATION] if terms.words_of("registration_bars", on) else []
    asked += [_WITHIN_PERIOD]
    of_dispatch = [_DISPATCH_APPLIES_ITSELF] if terms.says("dispatch_applies_itself", on) else []
    of_dispatch += [_DISPATCH_NOT_BANNED] if terms.says("dispatch_ban_next_year", on) else []
    return asked, of_dispatch


def _paid_in_full(case: _Case) -> Reason:
    months, least = _months(case)
    if months is None:
        return UNKNOWN, "months_unknown"
    return (FAIL, "too_few_months") if months < least else (PASS, "enough_months")


def _months(case: _Case) -> tuple[int | None, int]:
    """Months paid in full, and how many are asked."""
    if case.rules.months_basis == "last_year":
        return case.facts.months_paid_last_year, 12
    return case.facts.paid_months, case.rules.months_least


def _months_figures(case: _Case) -> Mapping[str, Figure]:
    months, least = _months(case)
    return {"months": months, "limit": least, "basis": case.rules.months_basis}


def _deferred_paid_up(case: _Case) -> Reason:
    if case.facts.deferred_unpaid is None:
        return UNKNOWN, "deferral_unknown"
    return (FAIL, "deferred_unpaid") if case.facts.deferred_unpaid else (PASS, "nothing_deferred")


def _layoff_rate(case: _Case) -> Reason:
    return case.layoff.reason


def _kind_covered(case: _Case) -> Reason:
    if case.facts.kind is None:
        return UNKNOWN, "kind_unknown"
    return (PASS, "covered") if case.facts.kind in case.rules.covered_kinds else (FAIL, "not_covered")


def _credit(case: _Case) -> Reason:
    return _listed(case.rules.credit_bars, case.facts.credit_flags)


def _registration(case: _Case) -> Reason:
    return _listed(case.rules.registration_bars, case.facts.credit_flags)


def _listed(bars: frozenset[str], flags: tuple[str, ...]) -> Reason:
    """A hit bars; without one, `?` is UNKNOWN. Flags that the notice does not name do not bar."""
    if not bars.isdisjoint(flags):
        return FAIL, "listed"
    return (UNKNOWN, "not_checked") if NOT_CHECKED in flags else (PASS, "not_listed")


def _listed_figures(bars: Collection[str], facts: RefundFacts) -> Mapping[str, Figure]:
    return {"hits": tuple([flag for flag in facts.credit_flags if flag in bars]), "flags": facts.credit_flags}


def _within_period(case: _Case) -> Reason:
    on = case.facts.on
    if on is None:
        return UNKNOWN, "day_unknown"
    if case.facts.dispatch and on < case.rules.dispatch_from:
        return FAIL, "dispatch_not_yet_covered"
    if on < case.rules.first_day:
        return FAIL, "before_period"
    return (FAIL, "after_period") if on > case.rules.last_day else (PASS, "in_period")


def _period_figures(case: _Case) -> Mapping[str, Figure]:
    not_yet = _within_period(case)[1] == "dispatch_not_yet_covered"
    since = case.rules.dispatch_from if not_yet else case.rules.first_day
    return {"on": case.facts.on, "from": since, "limit": case.rules.last_day}


def _dispatch_applies_itself(case: _Case) -> Reason:
    if case.facts.channel is None:
        return UNKNOWN, "channel_unknown"
    return (PASS, "applied") if case.facts.channel == "自主申请" else (FAIL, "did_not_apply")


def _dispatch_not_banned(case: _Case) -> Reason:
    return (FAIL, "banned") if case.facts.dispatch_banned else (PASS, "not_banned")


def _size_known(case: _Case) -> Reason:
    return UNKNOWN if case.size.size is None else PASS, case.size.because


def _size_figures(case: _Case) -> Mapping[str, Figure]:
    size = case.size
    return {"size": size.size, "size_class": size.size_class, "basis": size.basis, **size.figures}


def _base_known(case: _Case) -> Reason:
    return UNKNOWN if case.base is None else PASS, case.base_because


def _base(rules: _Rules, facts: RefundFacts) -> tuple[Decimal | None, str]:
    """Premiums actually paid last year, yuan; None if a figure that enters is unknown; 0 where it is below 0."""
    entering = _total(facts, rules.entering)
    leaving = _total(facts, rules.leaving_of_dispatch if facts.dispatch else rules.leaving)
    by_host = _total(facts, rules.by_host) if facts.dispatch else _NOTHING
    if entering is None or leaving is None or by_host is None:
        return None, "figures_unknown"
    base = entering - leaving
    if by_host > max(base, _NOTHING):
        return None, "hosts_exceed_base"
    return (_NOTHING, "nothing_paid") if base <= 0 else (base, "base_known")


def _base_figures(case: _Case) -> Mapping[str, Figure]:
    rules, facts = case.rules, case.facts
    names = (*rules.entering, *(rules.leaving_of_dispatch if facts.dispatch else rules.leaving))
    read = {name: getattr(facts, name) for name in (*names, *(rules.by_host if facts.dispatch else ()))}
    if None in read.values():
        return {**read, "base": None, "missing": tuple([name for name, figure in read.items() if figure is None])}
    entering, leaving = _total(facts, rules.entering), _total(facts, names[len(rules.entering) :])
    return {**read, "base": (entering or _NOTHING) - (leaving or _NOTHING)}


def _total(facts: RefundFacts, names: Sequence[str]) -> Decimal | None:
    """The sum of these facts, yuan; None if one is unknown."""
    total = _NOTHING
    for name in names:
        figure: Decimal | None = getattr(facts, name)
        if figure is None:
            return None
        total += figure
    return total


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


_PAID_IN_FULL = _Rule("paid_in_full", _paid_in_full, _months_figures)
_DEFERRED_PAID_UP = _Rule("deferred_paid_up", _deferred_paid_up, lambda case: {"deferred_unpaid": case.facts.deferred_unpaid})
_LAYOFF_RATE = _Rule("layoff_rate", _layoff_rate, lambda case: case.layoff.figures)
_KIND_COVERED = _Rule("kind_covered", _kind_covered, lambda case: {"kind": case.facts.kind})
_CREDIT = _Rule("credit", _credit, lambda case: _listed_figures(case.rules.credit_bars, case.facts))
_REGISTRATION = _Rule("registration", _registration, lambda case: _listed_figures(case.rules.registration_bars, case.facts))
_WITHIN_PERIOD = _Rule("within_period", _within_period, _period_figures)
_DISPATCH_APPLIES_ITSELF = _Rule(
    "dispatch_applies_itself", _dispatch_applies_itself, lambda case: {"channel": case.facts.channel}
)
_DISPATCH_NOT_BANNED = _Rule(
    "dispatch_not_banned", _dispatch_not_banned, lambda case: {"dispatch_banned": case.facts.dispatch_banned}
)
_SIZE_KNOWN = _Rule("size_known", _size_known, _size_figures)
_BASE_KNOWN = _Rule("base_known", _base_known, _base_figures)
