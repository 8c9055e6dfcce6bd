"""What one notice says about 技能提升补贴, ready to be asked a million times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from policy.notice import Terms
from policy.verdict import Answer, Figure, Finding

AMOUNTS = {"五级": "skill_amount_5", "四级": "skill_amount_4", "三级": "skill_amount_3"}
URGENT_AMOUNTS = {"五级": "urgent_amount_5", "四级": "urgent_amount_4", "三级": "urgent_amount_3"}

# The term whose clause a rule is quoted by.
_CLAUSE_OF = {
    "status_covered": "skill_statuses",
    "insured_long_enough": "insured_months_least",
    "certificate_valid": "certificate_types",
    "grade_covered": "skill_amount_3",
    "within_window": "claim_window_months",
    "yearly_limit": "yearly_limit",
    "once_per_grade": "once_per_grade",
    "not_below_received": "lower_grade_bar",
    "not_with_training_subsidy": "training_bar_scope",
    "post_matches": "post_match_asked",
    "within_period": "skill_until",
    "caught_up": "catch_up_until",
    "open_ended": "open_ended_months",
}
KEYS = (
    *_CLAUSE_OF.values(), *AMOUNTS.values(), *URGENT_AMOUNTS.values(), "recipients_need_months", "skill_months_at",
    "drawing_at", "certificate_proof", "training_bar_from", "double_benefit_repaid_by", "urgent_occupations",
    "urgent_yearly_limit", "open_ended_statuses", "catch_up_from",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SkillRules:
    """The skill terms of one notice on one day. What it does not rule is None, empty or False.

    `amounts`: yuan (with document and section) by grade, for occupations that are 急需紧缺 (True) and others (False).
    `yearly_limits` likewise; without True all occupations count together. `clauses`: document and section by rule.
    """

    first_day: date
    last_day: date
    statuses: tuple[str, ...]
    months_least: int
    recipients_need_months: bool
    months_at: str
    drawing_at: str
    certificate_types: tuple[str, ...]
    certificate_proof: str
    amounts: Mapping[bool, Mapping[str, tuple[Decimal, str]]]
    urgent_occupations: frozenset[str]
    window_months: int | None
    yearly_limits: Mapping[bool, int]
    once_per_grade: bool
    lower_grade_bar: str
    training_bar_scope: str
    training_bar_from: date | None
    repaid_by: str
    post_match_asked: bool
    open_ended_months: int | None
    open_ended_statuses: tuple[str, ...]
    catch_up: tuple[date, date] | None
    clauses: Mapping[str, str]

    def finding(self, rule: str, answer: Answer, because: str, figures: Mapping[str, Figure]) -> Finding:
        """The rule's answer with the clause that it is quoted by."""
        return Finding(rule, answer, self.clauses[rule], because, figures)


@lru_cache(maxsize=1024)
def skill_rules(terms: Terms, on: date | None) -> SkillRules:
    """The skill terms in force on this day, amounts in yuan, with their clauses; None: of those that change the first.

    KeyError for terms that were kept before skill subsidies were ruled.
    """
    first_day, last_day = terms.skill_period
    return SkillRules(
        first_day=first_day,
        last_day=last_day,
        statuses=terms.words_of("skill_statuses", on),
        months_least=terms.count_of("insured_months_least", on),
        recipients_need_months=terms.says("recipients_need_months", on),
        months_at=terms.word_of("skill_months_at", on),
        drawing_at=terms.word_of("drawing_at", on),
        certificate_types=terms.words_of("certificate_types", on),
        certificate_proof=terms.word_of("certificate_proof", on),
        amounts={False: _yuan(terms, AMOUNTS, on), True: _yuan(terms, AMOUNTS, on) | _yuan(terms, URGENT_AMOUNTS, on)},
        urgent_occupations=frozenset(terms.words_of("urgent_occupations", on)),
        window_months=_count(terms, "claim_window_months", on),
        yearly_limits={
            urgent: limit
            for urgent, key in ((False, "yearly_limit"), (True, "urgent_yearly_limit"))
            if (limit := _count(terms, key, on)) is not None
        },
        once_per_grade=terms.says("once_per_grade", on),
        lower_grade_bar=terms.word_of("lower_grade_bar", on),
        training_bar_scope=terms.word_of("training_bar_scope", on),
        training_bar_from=_day(terms, "training_bar_from", on),
        repaid_by=terms.word_of("double_benefit_repaid_by", on),
        post_match_asked=terms.says("post_match_asked", on),
        open_ended_months=_count(terms, "open_ended_months", on),
        open_ended_statuses=terms.words_of("open_ended_statuses", on),
        catch_up=_days(terms, on),
        clauses=_clauses(terms, on),
    )


def _count(terms: Terms, key: str, on: date | None) -> int | None:
    return terms.count_of(key, on) if terms.states(key, on) else None


def _day(terms: Terms, key: str, on: date | None) -> date | None:
    return terms.day_of(key, on) if terms.states(key, on) else None


def _days(terms: Terms, on: date | None) -> tuple[date, date] | None:
    first, last = _day(terms, "catch_up_from", on), _day(terms, "catch_up_until", on)
    return (first, last) if first and last else None


def _yuan(terms: Terms, keys: Mapping[str, str], on: date | None) -> dict[str, tuple[Decimal, str]]:
    stated = {grade: key for grade, key in keys.items() if terms.states(key, on)}
    return {grade: (terms.number_of(key, on), terms.clause(key, on)) for grade, key in stated.items()}


def _clauses(terms: Terms, on: date | None) -> Mapping[str, str]:
    clauses = {rule: terms.clause(key, on) for rule, key in _CLAUSE_OF.items() if terms.states(key, on)}
    proof = terms.clause("certificate_proof", on)
    if proof not in ("", clauses["certificate_valid"]):
        clauses["certificate_valid"] += f"；{proof}"
    return clauses
