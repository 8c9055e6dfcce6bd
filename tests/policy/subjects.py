"""What golden cases are about: each subject reads a case's facts, asks the law, and prints the result's cells."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from policy.dispatch import Host, banned_year, judge_passing_on, passthrough_by, split
from policy.facts import RefundFacts
from policy.fund import gate, pilot
from policy.keys import KEYS
from policy.notice import Terms
from policy.rates import check_premium
from policy.refund import RULES, assess_refund
from policy.skill_claimants import Claimants
from policy.skill_facts import SkillFacts
from policy.subjects import REFUND, SKILL, refund_cells, skill_cells
from policy.topup import difference
from policy.verdict import Finding
from policy.workdays import Calendar, UnknownYear

CALENDAR = Calendar({date(year, 1, 1): False for year in range(2028, 2036)})  # Monday to Friday where no holidays are known


class Result(NamedTuple):
    """The findings, and the cells that `expect` of a case may name; an empty cell is unknown."""

    findings: Sequence[Finding]
    cells: Mapping[str, str]


def cell(value: object) -> str:
    if isinstance(value, tuple):
        return ";".join(value)
    return "" if value is None else ("是" if value else "否") if isinstance(value, bool) else str(value)


def figures(findings: Sequence[Finding]) -> dict[str, str]:
    """What each finding rests on, as `layoff_rate.limit`, and its reason as `layoff_rate.because`."""
    return {
        f"{finding.rule}.{name}": cell(figure)
        for finding in findings
        for name, figure in {**finding.figures, "because": finding.because}.items()
    }


def refund(terms: Terms, facts: Mapping[str, Any]) -> Result:
    verdict = assess_refund(terms, RefundFacts.from_row(facts))
    findings = [finding for rule in RULES if (finding := verdict.finding(rule))]
    printed = dict(zip(REFUND.appended, map(cell, refund_cells(verdict)), strict=True))
    return Result(findings, printed | figures(findings))


def term(terms: Terms, facts: Mapping[str, Any]) -> Result:
    """What a notice states under one key on a day; for what no rule of `policy` reads, but a window does."""
    key, on = facts["rule"], facts.get("on")
    if not terms.states(key, on) and KEYS[key].absent is None:
        return Result((), {"value": "", "basis": "absent", "clause": ""})
    stated = terms.term(key, on)
    return Result((), {"value": cell(stated.value), "basis": stated.basis, "clause": terms.clause(key, on)})


def days(_: Terms, facts: Mapping[str, Any]) -> Result:
    """`last`: of a period of `n` days whose first day counts (公示期); `until`: of a limit that runs from the day after."""
    calendar = Calendar({date.fromisoformat(day): works for day, works in facts.get("listed", {}).items()})
    first, n, unit = facts["first"], facts["n"], facts["unit"]
    try:
        return Result(
            (), {"last": cell(calendar.last_day(first, n, unit)), "until": cell(calendar.add(first, n, unit)), "clause": ""}
        )
    except UnknownYear as unknown:
        return Result((), {"unknown": str(unknown.year), "clause": ""})


def dispatch(terms: Terms, facts: Mapping[str, Any]) -> Result:
    """`passed` (host: yuan) and `looked_on` ask whether the hosts have their parts, paid to the unit on `paid_on`."""
    hosts = [Host(host["code"], host["kind"] or None, yuan(host["paid"]), host.get("size") or None) for host in facts["hosts"]]
    found = split(terms, RefundFacts.from_row(facts), hosts)
    cells = {
        "refund": cell(found.refund),
        "hosts": "；".join(f"{part.code} {part.amount}" for part in found.hosts),
        "own": cell(found.own and found.own.amount),
        "not_paid": "；".join(f"{part.code} {part.amount}" for part in found.not_paid),
        "because": found.finding.because,
    }
    findings = list(found.findings)
    if "paid_on" in facts:
        last_day = passthrough_by(terms, facts["paid_on"], CALENDAR)
        passed = {code: Decimal(amount) for code, amount in facts["passed"].items()}
        judged = judge_passing_on(terms, found.hosts, passed, last_day, facts["looked_on"])
        cells |= {"last_day": cell(last_day), "outstanding": cell(judged.figures["outstanding"]), "because": judged.because}
        findings.append(judged)
    if "established_on" in facts:
        cells["banned_year"] = cell(banned_year(terms, facts["established_on"]))
    return Result(findings, cells)


def fund(terms: Terms, facts: Mapping[str, Any]) -> Result:
    """`month` puts other reports in the place of the base's."""
    spending = {month: yuan(spent) for month, spent in enumerate(facts["last_year_spending"], 1)}
    findings = [gate(terms, yuan(facts["last_year_balance"]), spending)]
    reports = {
        date.fromisoformat(f"{month}-01"): {purpose: yuan(spent) for purpose, spent in report.items()}
        for month, report in {**facts["reports"], **facts.get("month", {})}.items()
    }
    standing = pilot(terms, yuan(facts["sealed_balance"]), reports, facts["through"])
    cells = {}
    if standing:
        findings.append(standing.finding)
        left = [(row, "不明" if row.left is None else f"{row.left:.2f}") for row in standing.months]
        cells = {
            "because": standing.finding.because,
            "months": "；".join(f"{row.month:%Y-%m} {cell(row.spent) or '不明'} 余{shown}" for row, shown in left),
            "left": left[-1][1] if left else "",
        }
    return Result(findings, cells | figures(findings))


def rates(terms: Terms, facts: Mapping[str, Any]) -> Result:
    base, employer, employee = (yuan(facts[name]) for name in ("wage_base", "employer", "employee"))
    finding = check_premium(terms, facts["month"], base, employer, employee, facts["headcount"])
    parts = (("total", "limit"), ("employer", "employer_limit"), ("employee", "employee_limit"))
    expected = {name: cell(finding.figures[figure]) for name, figure in parts}
    return Result([finding], {"because": finding.because, **expected})


def yuan(written: str) -> Decimal | None:
    return Decimal(written) if written else None


def skill(terms: Terms, facts: Mapping[str, Any]) -> Result:
    """The claim after those of `earlier`, each of which is this one but for what it says."""
    claimants = Claimants()
    own = {column: cell for column, cell in facts.items() if column != "earlier"}
    for row in [*[own | earlier for earlier in facts.get("earlier", ())], own]:
        verdict = claimants.assess(terms, row["person"], SkillFacts.from_row(row))
    printed = dict(zip(SKILL.appended, map(cell, skill_cells(verdict)), strict=True))
    return Result(verdict.findings, printed | figures(verdict.findings))


def top_up(terms: Terms, facts: Mapping[str, Any]) -> Result:
    """Of a refund, or of a claim where `claimed_on` says its day, by terms that changed on `since`."""
    case = SkillFacts.from_row(facts) if "claimed_on" in facts else RefundFacts.from_row(facts)
    found = difference(terms, case, facts["since"])
    cells = {"before": cell(found.before), "after": cell(found.after), "payable": cell(found.payable)}
    return Result([found.finding], {**cells, "because": found.finding.because})


SUBJECTS: Mapping[str, Callable[[Terms, Mapping[str, Any]], Result]] = {
    "refund": refund,
    "dispatch": dispatch,
    "skill": skill,
    "fund": fund,
    "rates": rates,
    "top_up": top_up,
    "top_up_skill": top_up,
    "term": term,
    "days": days,
}
