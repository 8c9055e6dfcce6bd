"""技能提升补贴: who is granted one, and how much.

Every rule that the notice asks is answered for every claim, also when one has failed. A rule is answered whenever the
known figures settle it. Source: 人社部发〔2024〕40号 三 and what each province says on top; each finding quotes its own.
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from policy.money import to_fen
from policy.notice import Terms
from policy.skill_facts import SkillFacts, Subsidy
from policy.skill_history import is_urgent, judge_lower_grade, judge_once_per_grade, judge_training, judge_yearly_limit
from policy.skill_terms import KEYS, SkillRules, skill_rules
from policy.verdict import Answer, Figure, Finding, Outcome, failed, mildest, outcome, unknown

__all__ = ["RULES", "SkillFacts", "SkillVerdict", "Subsidy", "assess_skill"]

RULES = (
    "status_covered", "insured_long_enough", "certificate_valid", "grade_covered", "within_window", "yearly_limit",
    "once_per_grade", "not_below_received", "not_with_training_subsidy", "post_matches", "within_period",
)  # fmt: skip

DRAWING = "领取失业保险金"

PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class SkillVerdict:
    """The answer to one claim.

    `failed` and `unknown` are rule codes in the order asked; `amount` yuan, only where eligible; `findings`: one a
    rule asked, in order.
    """

    outcome: Outcome
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    amount: Decimal | None
    findings: tuple[Finding, ...]


def assess_skill(terms: Terms, facts: SkillFacts) -> SkillVerdict:
    """Every rule that the notice asks, and the amount, by the terms in force on the day of the claim.

    Yuan, exact. Clauses: each finding's own. Where the day is not known and terms change, a rule fails only if it
    fails whichever day it was.
    """
    day = terms.day_that_counts(KEYS, facts.claimed_on, "skill")
    days = terms.days_that_may_count(KEYS, "skill") if facts.claimed_on is None else [day]
    findings = mildest([_findings(skill_rules(terms, each), facts) for each in days])
    failed_codes, unknown_codes = failed(findings), unknown(findings)
    result = outcome(failed_codes, unknown_codes)
    amount = _amount(findings) if result is Outcome.ELIGIBLE else None
    return SkillVerdict(result, failed_codes, unknown_codes, amount, findings)


def _findings(rules: SkillRules, facts: SkillFacts) -> Sequence[Finding]:
    asked: list[tuple[bool, _Rule]] = [
        (True, _status_covered),
        (True, _insured_long_enough),
        (True, _certificate_valid),
        (True, _grade_covered),
        (rules.window_months is not None, _within_window),
        (True, judge_yearly_limit),
        (rules.once_per_grade, judge_once_per_grade),
        (rules.lower_grade_bar != "none", judge_lower_grade),
        (True, judge_training),
        (rules.post_match_asked, _post_matches),
        (True, _within_period),
    ]
    return [rule(rules, facts) for asks, rule in asked if asks]


def _amount(findings: Iterable[Finding]) -> Decimal | None:
    """The figure that grade_covered found."""
    found = [finding.figures["amount"] for finding in findings if finding.rule == "grade_covered"]
    return to_fen(found[0]) if isinstance(found[0], Decimal) else None


# Who claims


def _drawing(rules: SkillRules, facts: SkillFacts) -> bool | None:
    """Whether the person drew unemployment benefit on the day that the notice (or the agency) names."""
    status = facts.status_at_issue if rules.drawing_at == "issue" else facts.status
    return None if status is None else status == DRAWING


def _status_covered(rules: SkillRules, facts: SkillFacts) -> Finding:
    figures: dict[str, Figure] = {
        "status": facts.status, "status_at_issue": facts.status_at_issue, "drawing": rules.drawing_at, "who": rules.statuses
    }  # fmt: skip
    ways = [
        None if facts.status is None else facts.status != DRAWING and facts.status in rules.statuses,
        _drawing(rules, facts) if DRAWING in rules.statuses else False,
    ]
    if True in ways:
        return rules.finding("status_covered", PASS, "covered", figures)
    if None in ways:
        return rules.finding("status_covered", UNKNOWN, "status_unknown", figures)
    return rules.finding("status_covered", FAIL, "not_covered", figures)


def _insured_long_enough(rules: SkillRules, facts: SkillFacts) -> Finding:
    months, exempt = facts.insured_months, False if rules.recipients_need_months else _drawing(rules, facts)
    figures: dict[str, Figure] = {"months": months, "limit": rules.months_least, "at": rules.months_at}
    if exempt:
        return rules.finding("insured_long_enough", PASS, "recipient", figures)
    if months is None:
        return rules.finding("insured_long_enough", UNKNOWN, "months_unknown", figures)
    if months >= rules.months_least:
        return rules.finding("insured_long_enough", PASS, "enough_months", figures)
    if exempt is None:
        return rules.finding("insured_long_enough", UNKNOWN, "status_unknown", figures)
    because = "too_few_at_issue" if rules.months_at == "issue" else "too_few_months"
    return rules.finding("insured_long_enough", FAIL, because, figures)


def _post_matches(rules: SkillRules, facts: SkillFacts) -> Finding:
    figures: dict[str, Figure] = {"post_agrees": facts.post_agrees}
    if facts.post_agrees is None:
        return rules.finding("post_matches", UNKNOWN, "not_answered", figures)
    if facts.post_agrees:
        return rules.finding("post_matches", PASS, "agrees", figures)
    return rules.finding("post_matches", FAIL, "disagrees", figures)


# The certificate


def _certificate_valid(rules: SkillRules, facts: SkillFacts) -> Finding:
    kind, valid = facts.certificate_type, facts.certificate_valid
    figures: dict[str, Figure] = {
        "certificate_type": kind, "valid": valid, "types": rules.certificate_types, "proof": rules.certificate_proof
    }  # fmt: skip
    if kind is not None and kind not in rules.certificate_types:
        return rules.finding("certificate_valid", FAIL, "other_type", figures)
    if valid is False:
        return rules.finding("certificate_valid", FAIL, "not_valid", figures)
    if kind is None:
        return rules.finding("certificate_valid", UNKNOWN, "type_unknown", figures)
    if valid is None:
        return rules.finding("certificate_valid", UNKNOWN, "validity_unknown", figures)
    return rules.finding("certificate_valid", PASS, "valid", figures)


def _grade_covered(rules: SkillRules, facts: SkillFacts) -> Finding:
    """Whether the grade has an amount, and which: that of 急需紧缺 occupations may be another."""
    urgent = is_urgent(rules, facts.occupation)
    figures: dict[str, Figure] = {"grade": facts.grade, "amount": None, "urgent": urgent}
    if facts.grade is None:
        return rules.finding("grade_covered", UNKNOWN, "grade_unknown", figures)
    found = [amounts.get(facts.grade) for kind, amounts in rules.amounts.items() if urgent in (kind, None)]
    if len({each and each[0] for each in found}) > 1:
        return rules.finding("grade_covered", UNKNOWN, "occupation_unknown", figures)
    if found[0] is None:
        return rules.finding("grade_covered", FAIL, "no_amount", figures)
    amount, clause = found[0]
    because = "urgent_covered" if urgent else "covered"
    return Finding("grade_covered", PASS, clause, because, {**figures, "amount": amount})


# Days


def _within_window(rules: SkillRules, facts: SkillFacts) -> Finding:
    """From the day of issue to the same day of the month so many months later; 02-29: 02-28."""
    issued, claimed, months = facts.issued_on, facts.claimed_on, rules.window_months or 0
    last = None if issued is None else _months_later(issued, months)
    figures: dict[str, Figure] = {"issued_on": issued, "claimed_on": claimed, "months": months, "limit": last}
    if issued is None or claimed is None or last is None:
        return rules.finding("within_window", UNKNOWN, "day_unknown", figures)
    if claimed < issued:
        return rules.finding("within_window", FAIL, "before_issue", figures)
    if claimed > last:
        return rules.finding("within_window", FAIL, "too_late", figures)
    return rules.finding("within_window", PASS, "in_time", figures)


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _within_period(rules: SkillRules, facts: SkillFacts) -> Finding:
    claimed = facts.claimed_on
    figures: dict[str, Figure] = {"on": claimed, "from": rules.first_day, "limit": rules.last_day}
    if claimed is None:
        return rules.finding("within_period", UNKNOWN, "day_unknown", figures)
    if claimed < rules.first_day:
        return rules.finding("within_period", FAIL, "before_period", figures)
    if rules.catch_up and rules.catch_up[0] <= claimed <= rules.catch_up[1]:
        figures |= {"from": rules.catch_up[0], "limit": rules.catch_up[1]}
        return Finding("within_period", PASS, rules.clauses["caught_up"], "caught_up", figures)
    if claimed <= rules.last_day:
        return rules.finding("within_period", PASS, "in_period", figures)
    if rules.open_ended_months is None:
        return rules.finding("within_period", FAIL, "after_period", figures)
    return _open_ended(rules, rules.open_ended_months, facts, figures)


def _open_ended(rules: SkillRules, least: int, facts: SkillFacts, figures: Mapping[str, Figure]) -> Finding:
    """The path that has no last day, for those insured long enough."""
    status, months = facts.status, facts.insured_months
    figures = {**figures, "status": status, "months": months, "least": least, "who": rules.open_ended_statuses}
    parts = [
        None if status is None else status in rules.open_ended_statuses,
        None if months is None else months >= least,
    ]
    clause = rules.clauses["open_ended"]
    if False in parts:
        return Finding("within_period", FAIL, clause, "open_ended_to_others", figures)
    if None in parts:
        return Finding("within_period", UNKNOWN, clause, "open_ended_unknown", figures)
    return Finding("within_period", PASS, clause, "open_ended", figures)


_Rule = Callable[[SkillRules, SkillFacts], Finding]
