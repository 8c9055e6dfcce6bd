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
from policy.verdict import Answer, Figure, Reason

# A mean over eleven months has no end as a decimal, and 2 / (400 / 11) is 5.5% exactly. Real head-counts come no
# nearer to a limit than 1/12000 without reaching it, so a difference in the eighteenth place is that decimal's end.
_NO_DIFFERENCE = Decimal("1e-18")
_NOTHING = Decimal(0)

KEYS = (
    "layoff_inclusive", "layoff_limit", "layoff_limit_small", "layoff_method", "small_unit_most",
    "small_unit_headcount",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LayoffRules:
    """The layoff terms of one notice.

    `limits`: the lowest and the highest limit (fractions) that may apply to a small unit (True), to another (False), and
    to one whose head-count is unknown (None).
    """

    method: str
    ratio: Callable[[RefundFacts], "_Ratio"]
    inclusive: bool
    limits: Mapping[bool | None, tuple[Decimal, Decimal]]
    small_most: int
    headcount: Callable[[RefundFacts], Decimal | int | None]
    clause: str
    clause_small: str


class _Ratio(NamedTuple):
    """What is laid off over what: the most that the known figures allow, and whether the true figure is known.

    `denominator` None: unknown.
    """

    most: Decimal | int | None
    exact: bool
    denominator: Decimal | int | None


class Layoff(NamedTuple):
    """What the rule `layoff_rate` makes of one enterprise: its answer and why; `rate`, a fraction of six decimals, None
    where it cannot be known; the limit that decides (None: not known which). The rest is what the figures are made from."""

    reason: Reason
    rate: Decimal | None
    limit: Decimal | None
    small: bool | None
    ratio: _Ratio
    rules: LayoffRules
    facts: RefundFacts

    @property
    def clause(self) -> str:
        """The clause of the limit: up to 30 insured (small_unit_most) another than for the rest."""
        return self.rules.clause_small if self.small else self.rules.clause

    @property
    def figures(self) -> Mapping[str, Figure]:
        """The two counts, rate and limit (fractions), the head-count that picks the limit, and the facts that are missing."""
        rules, facts = self.rules, self.facts
        return {
            "method": rules.method,
            "numerator": self.ratio.most,
            "denominator": self.ratio.denominator,
            "rate": self.rate,
            "limit": self.limit,
            "headcount": rules.headcount(facts),
            "small_unit_most": rules.small_most,
            "unknown": tuple([name for name in _READ_BY[rules.method] if getattr(facts, name) is None]),
        }


def layoff_rules(terms: Terms, on: date | None) -> LayoffRules:
    """The layoff terms in force on this day, with their clauses. KeyError where the notice lacks one."""
    rule, limit = terms.clause("layoff_inclusive", on), terms.clause("layoff_limit", on)
    usual, small = terms.number_of("layoff_limit", on), terms.number_of("layoff_limit_small", on)
    method = terms.word_of("layoff_method", on)
    return LayoffRules(
        method=method,
        ratio=_METHODS[method],
        inclusive=terms.says("layoff_inclusive", on),
        limits={True: (small, small), False: (usual, usual), None: (min(usual, small), max(usual, small))},
        small_most=terms.count_of("small_unit_most", on),
        headcount=_HEADCOUNTS[terms.word_of("small_unit_headcount", on)],
        clause=rule if rule == limit else f"{rule}；{limit}",
        clause_small=terms.clause("layoff_limit_small", on),
    )


def judge_layoff(rules: LayoffRules, facts: RefundFacts) -> Layoff:
    """The rule `layoff_rate`: nobody laid off, or a rate (fraction) within the limit that applies, whose clause is quoted.

    Source: 人社部发〔2024〕40号 二 未裁员, 5.5%, 20%; what is counted over what is an agency choice.
    """
    ratio, small = rules.ratio(facts), is_small(rules, facts)
    reason, limit = _answer(rules, ratio, small)
    return Layoff(reason, _printed(ratio), limit, small, ratio, rules, facts)


def is_small(rules: LayoffRules, facts: RefundFacts) -> bool | None:
    """Whether the unit has at most so many insured (small_unit_most) by the head-count chosen; None where that is unknown."""
    headcount = rules.headcount(facts)
    return None if headcount is None else headcount <= rules.small_most


def _answer(rules: LayoffRules, ratio: _Ratio, small: bool | None) -> tuple[Reason, Decimal | None]:
    """The answer, why, and the limit that decides it; `small` None: the head-count that picks the limit is unknown."""
    lowest, highest = rules.limits[small]
    picked = None if small is None else lowest
    if ratio.most is None:
        return (Answer.UNKNOWN, "figures_unknown"), picked
    if ratio.most <= 0:
        return (Answer.PASS, "nobody_laid_off"), picked
    if not ratio.denominator:
        return (Answer.UNKNOWN, "denominator_unknown"), picked
    if _within(ratio.most, lowest * ratio.denominator, inclusive=rules.inclusive):
        return (Answer.PASS, "within_limit" if ratio.exact else "within_limit_at_most"), lowest
    if not ratio.exact:
        return (Answer.UNKNOWN, "may_be_lower"), lowest
    if _within(ratio.most, highest * ratio.denominator, inclusive=rules.inclusive):
        return (Answer.UNKNOWN, "headcount_unknown"), None
    return (Answer.FAIL, "over_limit"), highest


def _within(numerator: Decimal | int, most: Decimal, *, inclusive: bool) -> bool:
    return numerator <= most + _NO_DIFFERENCE if inclusive else numerator < most - _NO_DIFFERENCE


def _printed(ratio: _Ratio) -> Decimal | None:
    if ratio.most is None or not ratio.exact or not ratio.denominator:
        return None
    return to_six_places(max(Decimal(ratio.most), _NOTHING) / Decimal(ratio.denominator))


def _claimants_over_mean(facts: RefundFacts) -> _Ratio:
    return _Ratio(facts.claimants, True, facts.mean_insured)


def _dismissals_over_mean(facts: RefundFacts) -> _Ratio:
    return _Ratio(facts.dismissals, True, facts.mean_insured)


def _net_reduction(facts: RefundFacts) -> int | None:
    """年初 - 年末; None if either is unknown."""
    if facts.start_insured is None or facts.end_insured is None:
        return None
    return facts.start_insured - facts.end_insured


def _net_over_start(facts: RefundFacts) -> _Ratio:
    return _Ratio(_net_reduction(facts), True, facts.start_insured)


def _net_less_natural_over_start(facts: RefundFacts) -> _Ratio:
    """退休 and 死亡 only lower the rate: without them it is at most the rest."""
    net = _net_reduction(facts)
    if net is None:
        return _Ratio(None, False, facts.start_insured)
    most = net - (facts.retired or 0) - (facts.died or 0)
    known = facts.retired is not None and facts.died is not None
    return _Ratio(most, known or most <= 0, facts.start_insured)


def _net_over_mean(facts: RefundFacts) -> _Ratio:
    return _Ratio(_net_reduction(facts), True, facts.mean_insured)


def _lower_of_net_and_claimants_over_start(facts: RefundFacts) -> _Ratio:
    """The smaller of two ratios over 年初: with one unknown it is at most the other."""
    known = [count for count in (_net_reduction(facts), facts.claimants) if count is not None]
    most = min(known, default=None)
    return _Ratio(most, len(known) == 2 or (most is not None and most <= 0), facts.start_insured)


_METHODS: Mapping[str, Callable[[RefundFacts], _Ratio]] = {
    "claimants_over_mean": _claimants_over_mean,
    "dismissals_over_mean": _dismissals_over_mean,
    "net_reduction_over_start": _net_over_start,
    "net_reduction_less_natural_over_start": _net_less_natural_over_start,
    "net_reduction_over_mean": _net_over_mean,
    "lower_of_net_and_claimants_over_start": _lower_of_net_and_claimants_over_start,
}

_READ_BY: Mapping[str, tuple[str, ...]] = {
    "claimants_over_mean": ("claimants", "mean_insured"),
    "dismissals_over_mean": ("dismissals", "mean_insured"),
    "net_reduction_over_start": ("start_insured", "end_insured"),
    "net_reduction_less_natural_over_start": ("start_insured", "end_insured", "retired", "died"),
    "net_reduction_over_mean": ("start_insured", "end_insured", "mean_insured"),
    "lower_of_net_and_claimants_over_start": ("start_insured", "end_insured", "claimants"),
}

_HEADCOUNTS: Mapping[str, Callable[[RefundFacts], Decimal | int | None]] = {
    "mean": lambda facts: facts.mean_insured,
    "start": lambda facts: facts.start_insured,
    "end": lambda facts: facts.end_insured,
}
