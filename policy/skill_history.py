"""What a person was granted before, against a new claim: the yearly limit, once a grade, lower grades, training.

A subsidy of which something is not known may match; then the answer is UNKNOWN, unless the rest settles it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from policy.keys import GRADES
from policy.skill_facts import SkillFacts, Subsidy
from policy.skill_terms import SkillRules
from policy.verdict import Answer, Figure, Finding

PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.UNKNOWN

_LOWEST, _HIGHEST = GRADES[0], GRADES[-1]
_RANK = {grade: rank for rank, grade in enumerate(GRADES)}

Known = bool | None  # None: cannot be told
_Match = Callable[[Subsidy, SkillFacts], Known]


def is_urgent(rules: SkillRules, occupation: str | None) -> Known:
    """Whether the occupation is one of 急需紧缺; None where it is not known. Source: the notice that lists them."""
    if not rules.urgent_occupations:
        return False
    return None if occupation is None else occupation in rules.urgent_occupations


def judge_yearly_limit(rules: SkillRules, facts: SkillFacts) -> Finding:
    """So many a person and calendar year, by the claim's day; urgent occupations apart where they have a limit.

    Source: 人社部发〔2024〕40号 三 每人每年享受补贴次数最多不超过三次; the finding quotes its notice's clause.
    """
    urgent = is_urgent(rules, facts.occupation) if True in rules.yearly_limits else False
    limits = {kind: limit for kind, limit in rules.yearly_limits.items() if urgent in (kind, None)}
    figures: dict[str, Figure] = {
        "year": facts.claimed_on.year if facts.claimed_on else None, "limit": min(limits.values()), "urgent": urgent
    }  # fmt: skip
    if facts.received is None:
        return rules.finding("yearly_limit", UNKNOWN, "history_unknown", figures)
    years = [facts.claimed_on.year] if facts.claimed_on else _years(facts.received)
    counts = [
        (_counted([_counts(rules, subsidy, kind, year) for subsidy in facts.received]), limit)
        for kind, limit in limits.items()
        for year in years
    ]
    answers = {FAIL if sure >= limit else PASS if most < limit else UNKNOWN for (sure, most), limit in counts}
    answer = answers.pop() if len(answers) == 1 else UNKNOWN
    if facts.claimed_on is None:
        return rules.finding("yearly_limit", answer, "no_year_full" if answer is PASS else "claim_day_unknown", figures)
    (sure, most), limit = counts[0]
    figures |= {"count": sure, "possible": most - sure, "limit": limit}
    because = {PASS: "below_limit", FAIL: "limit_reached", UNKNOWN: "may_be_reached"}
    return rules.finding("yearly_limit", answer, because[answer], figures)


def judge_once_per_grade(rules: SkillRules, facts: SkillFacts) -> Finding:
    """One skill subsidy ever for one grade of one occupation. Source: 人社部发〔2024〕40号 三; quoted by the finding."""
    return _judged(rules, "once_per_grade", facts, facts.received, _same_grade, {})


def judge_lower_grade(rules: SkillRules, facts: SkillFacts) -> Finding:
    """None for a lower grade of an occupation after a subsidy for a higher one (or a certificate, where that bars).

    Source: 人社部发〔2024〕40号 三; the finding quotes its notice's clause.
    """
    by_certificate = rules.lower_grade_bar == "held"
    figures: dict[str, Figure] = {"basis": rules.lower_grade_bar}
    if by_certificate:
        return _judged(rules, "not_below_received", facts, facts.certificates_held, _higher_grade_held, figures)
    return _judged(rules, "not_below_received", facts, facts.received, _higher_grade, figures)


def judge_training(rules: SkillRules, facts: SkillFacts) -> Finding:
    """No training subsidy enjoyed on or before the claim, as far as the notice's scope and first day reach.

    Source: 人社部发〔2024〕40号 三, 吉人社联〔2024〕43号 二; the finding quotes its notice's clause.
    """
    scope = _SCOPES[rules.training_bar_scope]

    def bars(subsidy: Subsidy, facts: SkillFacts) -> Known:
        before, since = _not_after(subsidy.on, facts.claimed_on), rules.training_bar_from
        return _all(scope(subsidy, facts), before, True if since is None else _not_after(since, subsidy.on))

    figures: dict[str, Figure] = {
        "scope": rules.training_bar_scope, "since": rules.training_bar_from, "repaid_by": rules.repaid_by
    }  # fmt: skip
    finding = _judged(rules, "not_with_training_subsidy", facts, facts.training_subsidies, bars, figures)
    if finding.answer is PASS and not facts.training_checked:
        return finding._replace(answer=UNKNOWN, because="not_checked")
    return finding


def _judged(
    rules: SkillRules,
    rule: str,
    facts: SkillFacts,
    subsidies: Sequence[Subsidy] | None,
    match: _Match,
    figures: Mapping[str, Figure],
) -> Finding:
    """FAIL where one surely matches, UNKNOWN where one may or they are not known; figures are of the first such."""
    own: dict[str, Figure] = {"occupation": facts.occupation, "grade": facts.grade, **figures}
    if subsidies is None:
        return rules.finding(rule, UNKNOWN, "history_unknown", own)
    matches = [(subsidy, match(subsidy, facts)) for subsidy in subsidies]
    for sought, answer, because in ((True, FAIL, "found"), (None, UNKNOWN, "may_be_found")):
        for subsidy, matched in matches:
            if matched is sought:
                own |= {"their_occupation": subsidy.occupation, "their_grade": subsidy.grade, "their_on": subsidy.on}
                return rules.finding(rule, answer, because, own)
    return rules.finding(rule, PASS, "none_found", own)


# Counting by year


def _years(received: Iterable[Subsidy]) -> list[int]:
    """The years of these subsidies, and one (0) that has none."""
    return [0, *{subsidy.on.year for subsidy in received if subsidy.on}]


def _counts(rules: SkillRules, subsidy: Subsidy, urgent: bool, year: int) -> Known:
    kind = is_urgent(rules, subsidy.occupation) if True in rules.yearly_limits else False
    return _all(_same(kind, urgent), _same(subsidy.on.year if subsidy.on else None, year))


def _counted(matches: Sequence[Known]) -> tuple[int, int]:
    """How many surely match, and how many may at most."""
    return matches.count(True), len(matches) - matches.count(False)


# Matching


def _all(*parts: Known) -> Known:
    return False if False in parts else None if None in parts else True


def _same(ours: str | int | None, theirs: str | int | None) -> Known:
    return None if ours is None or theirs is None else ours == theirs


def _not_after(on: date | None, day: date | None) -> Known:
    return None if on is None or day is None else on <= day


def _same_occupation(subsidy: Subsidy, facts: SkillFacts) -> Known:
    return _same(subsidy.occupation, facts.occupation)


def _same_grade(subsidy: Subsidy, facts: SkillFacts) -> Known:
    return _all(_same_occupation(subsidy, facts), _same(subsidy.grade, facts.grade))


def _higher_grade(subsidy: Subsidy, facts: SkillFacts) -> Known:
    """A higher grade of the occupation; nothing is above the highest or below the lowest, whatever the other."""
    higher: Known = None
    if subsidy.grade == _LOWEST or facts.grade == _HIGHEST:
        higher = False
    elif subsidy.grade and facts.grade:
        higher = _RANK[subsidy.grade] > _RANK[facts.grade]
    return _all(_same_occupation(subsidy, facts), higher)


def _same_or_higher_grade(subsidy: Subsidy, facts: SkillFacts) -> Known:
    as_high: Known = None
    if subsidy.grade == _HIGHEST or facts.grade == _LOWEST:
        as_high = True
    elif subsidy.grade and facts.grade:
        as_high = _RANK[subsidy.grade] >= _RANK[facts.grade]
    return _all(_same_occupation(subsidy, facts), as_high)


def _higher_grade_held(certificate: Subsidy, facts: SkillFacts) -> Known:
    return _all(_higher_grade(certificate, facts), _not_after(certificate.on, facts.claimed_on))


def _any(_: Subsidy, __: SkillFacts) -> Known:
    return True


_SCOPES: Mapping[str, _Match] = {
    "same_occupation_and_grade": _same_grade,
    "same_or_higher_grade": _same_or_higher_grade,
    "same_occupation": _same_occupation,
    "any": _any,
}
