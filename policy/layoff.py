"""裁员率: nobody laid off, or a rate not above the limit; up to 30 insured a wider limit.

Compared unrounded; a growth of staff is a rate of 0. Source: 人社部发〔2024〕40号 二; the method is an agency choice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from policy.facts import RefundFacts
from policy.money import to_six_places
from policy.notice import Terms
from policy.verdict import Answer, Figure, Finding

# A mean over eleven months has no end as a decimal, and 2 / (400 / 11) is 5.5% exactly. Real head-counts come no
# nearer to a limit than 1/12000 without reaching it, so a difference in the eighteenth place is that decimal's end.
_NO_DIFFERENCE = Decimal("1e-18")

KEYS = (
    "layoff_inclusive", "layoff_limit", "layoff_limit_small", "layoff_method", "small_unit_most",
    "small_unit_headcount",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LayoffRules:
    """The layoff terms of one notice; limits are fractions."""

    method: str
    inclusive: bool
    limit: Decimal
    limit_small: Decimal
    small_most: int
    small_headcount: str
    clause: str
    clause_small: str


class _Ratio(NamedTuple):
    """What is laid off over what: the most that the known figures allow, and whether the true figure is known.

    `denominator` None: unknown. `unknown` names the facts that are missing.
    """

    most: Decimal | int | None
    exact: bool
    denominator: Decimal | int | None
    unknown: tuple[str, ...]


def layoff_rules(terms: Terms, on: date | None) -> LayoffRules:
    """The layoff terms in force on this day."""
    rule, limit = terms.clause("layoff_inclusive", on), terms.clause("layoff_limit", on)
    return LayoffRules(
        method=terms.word_of("layoff_method", on),
        inclusive=terms.says("layoff_inclusive", on),
        limit=terms.number_of("layoff_limit", on),
        limit_small=terms.number_of("layoff_limit_small", on),
        small_most=terms.count_of("small_unit_most", on),
        small_headcount=terms.word_of("small_unit_headcount", on),
        clause=rule if rule == limit else f"{rule}；{limit}",
        clause_small=terms.clause("layoff_limit_small", on),
    )


def judge_layoff(rules: LayoffRules, facts: RefundFacts) -> tuple[Finding, Decimal | None]:
    """The finding `layoff_rate`, and the rate to six decimals where it is known."""
    ratio = _METHODS[rules.method](facts)
    headcount = _HEADCOUNTS[rules.small_headcount](facts)
    small = None if headcount is None else headcount <= rules.small_most
    rate = _printed(ratio)
    answer, because, limit = _answer(rules, ratio, small)
    figures: dict[str, Figure] = {
        "method": rules.method,
        "numerator": ratio.most,
        "denominator": ratio.denominator,
        "rate": rate,
        "limit": limit,
        "headcount": headcount,
        "small_unit_most": rules.small_most,
        "unknown": ratio.unknown,
    }
    clause = rules.clause_small if small else rules.clause
    return Finding("layoff_rate", answer, clause, because, figures), rate


def _answer(rules: LayoffRules, ratio: _Ratio, small: bool | None) -> tuple[Answer, str, Decimal | None]:
    """The answer, why, and the limit that decides it; `small` None: the head-count that picks the limit is unknown."""
    limits = sorted((rules.limit, rules.limit_small))
    if small is not None:
        limits = [rules.limit_small if small else rules.limit]
    lowest, highest = limits[0], limits[-1]
    picked = None if small is None else lowest
    if ratio.most is None:
        return Answer.UNKNOWN, "figures_unknown", picked
    if ratio.most <= 0:
        return Answer.PASS, "nobody_laid_off", picked
    if not ratio.denominator:
        return Answer.UNKNOWN, "denominator_unknown", picked
    if _within(ratio.most, lowest * ratio.denominator, inclusive=rules.inclusive):
        return Answer.PASS, "within_limit" if ratio.exact else "within_limit_at_most", lowest
    if not ratio.exact:
        return Answer.UNKNOWN, "may_be_lower", lowest
    if _within(ratio.most, highest * ratio.denominator, inclusive=rules.inclusive):
        return Answer.UNKNOWN, "headcount_unknown", None
    return Answer.FAIL, "over_limit", highest


def _within(numerator: Decimal | int, most: Decimal, *, inclusive: bool) -> bool:
    return numerator <= most + _NO_DIFFERENCE if inclusive else numerator < most - _NO_DIFFERENCE


def _printed(ratio: _Ratio) -> Decimal | None:
    if ratio.most is None or not ratio.exact or not ratio.denominator:
        return None
    return to_six_places(max(Decimal(ratio.most), Decimal(0)) / Decimal(ratio.denominator))


def _missing(**figures: Decimal | int | None) -> tuple[str, ...]:
    return tuple([name for name, figure in figures.items() if figure is None])


def _claimants_over_mean(facts: RefundFacts) -> _Ratio:
    missing = _missing(claimants=facts.claimants, mean_insured=facts.mean_insured)
    return _Ratio(facts.claimants, True, facts.mean_insured, missing)


def _dismissals_over_mean(facts: RefundFacts) -> _Ratio:
    missing = _missing(dismissals=facts.dismissals, mean_insured=facts.mean_insured)
    return _Ratio(facts.dismissals, True, facts.mean_insured, missing)


def _net_reduction(facts: RefundFacts) -> int | None:
    """年初 - 年末; None if either is unknown."""
    if facts.start_insured is None or facts.end_insured is None:
        return None
    return facts.start_insured - facts.end_insured


def _net_over_start(facts: RefundFacts) -> _Ratio:
    missing = _missing(start_insured=facts.start_insured, end_insured=facts.end_insured)
    return _Ratio(_net_reduction(facts), True, facts.start_insured, missing)


def _net_less_natural_over_start(facts: RefundFacts) -> _Ratio:
    """退休 and 死亡 only lower the rate: without them it is at most the rest."""
    missing = _missing(start_insured=facts.start_insured, end_insured=facts.end_insured, retired=facts.retired, died=facts.died)
    net = _net_reduction(facts)
    if net is None:
        return _Ratio(None, False, facts.start_insured, missing)
    most = net - (facts.retired or 0) - (facts.died or 0)
    return _Ratio(most, not missing or most <= 0, facts.start_insured, missing)


def _net_over_mean(facts: RefundFacts) -> _Ratio:
    missing = _missing(start_insured=facts.start_insured, end_insured=facts.end_insured, mean_insured=facts.mean_insured)
    return _Ratio(_net_reduction(facts), True, facts.mean_insured, missing)


def _lower_of_net_and_claimants_over_start(facts: RefundFacts) -> _Ratio:
    """The smaller of two ratios over 年初: with one unknown it is at most the other."""
    missing = _missing(start_insured=facts.start_insured, end_insured=facts.end_insured, claimants=facts.claimants)
    known = [count for count in (_net_reduction(facts), facts.claimants) if count is not None]
    most = min(known, default=None)
    return _Ratio(most, len(known) == 2 or (most is not None and most <= 0), facts.start_insured, missing)


_METHODS: Mapping[str, Callable[[RefundFacts], _Ratio]] = {
    "claimants_over_mean": _claimants_over_mean,
    "dismissals_over_mean": _dismissals_over_mean,
    "net_reduction_over_start": _net_over_start,
    "net_reduction_less_natural_over_start": _net_less_natural_over_start,
    "net_reduction_over_mean": _net_over_mean,
    "lower_of_net_and_claimants_over_start": _lower_of_net_and_claimants_over_start,
}

_HEADCOUNTS: Mapping[str, Callable[[RefundFacts], Decimal | int | None]] = {
    "mean": lambda facts: facts.mean_insured,
    "start": lambda facts: facts.start_insured,
    "end": lambda facts: facts.end_insured,
}
