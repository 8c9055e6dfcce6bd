"""The cases a clerk can read: each rule of each notice, on and off its edge, with the clause that decides it.

A file states its subject (refund if it says none), its rule, the notices with the clause that the finding must quote, facts
and choices of all its cases, and cases. A case changes the facts of its subject in base.toml and says the rule's answer
(NOT_ASKED where the notice does not ask, CHOICE_REFUSED where the notice does not leave that choice) and any cells of the
result. A case about a term has no answer: its rule is the term's key. Notices are looked for in policy/notices, then among
the invented ones beside the cases, then in the folders that NOTICE_FOLDERS names; each of these has its own cases/.
"""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policy import explain, refund, skill
from policy.notice import ChoiceRefused, Terms, load
from policy.verdict import Answer
from tests.policy.subjects import SUBJECTS, Result

CASES = Path(__file__).with_name("cases")
INVENTED = Path(__file__).with_name("notices")
OWN = [Path(folder) for folder in os.environ.get("NOTICE_FOLDERS", "").split(":") if folder]
FOLDERS = [INVENTED, *OWN]
BASES = tomllib.loads((CASES / "base.toml").read_text("utf-8"))
BASE = BASES["refund"]
_TERMS: dict[tuple[str, tuple[tuple[str, str], ...]], Terms] = {}


def sheets() -> Iterator[tuple[str, dict[str, Any]]]:
    for folder in (CASES, *(own / "cases" for own in OWN)):
        for path in sorted(folder.glob("*.toml")):
            if path.stem != "base":
                yield path.stem, tomllib.loads(path.read_text("utf-8"))


def golden() -> Iterator[Any]:
    for stem, sheet in sheets():
        for case in sheet["case"]:
            clauses = _clauses(case.get("notices", sheet.get("notices")))
            for notice in case.get("only", clauses):
                merged = {
                    "subject": sheet.get("subject", "refund"),
                    "rule": sheet.get("rule"),
                    "clause": clauses[notice],
                    **case,
                    "facts": {**sheet.get("facts", {}), **case.get("facts", {})},
                    "choose": {**sheet.get("choose", {}), **case.get("choose", {})},
                }
                yield pytest.param(notice, merged, id=f"{stem}-{notice}-{case['name']}")


def _clauses(notices: dict[str, str] | list[str]) -> dict[str, str]:
    """Notice -> clause; a list where no clause decides."""
    return notices if isinstance(notices, dict) else dict.fromkeys(notices, "")


def base_of(subject: str) -> dict[str, Any]:
    base: dict[str, Any] = BASES.get(subject, {})
    return {**base_of(base["like"]), **base} if "like" in base else base


def terms_of(notice: str, choose: dict[str, str]) -> Terms:
    key = notice, tuple(sorted(choose.items()))
    if key not in _TERMS:
        _TERMS[key] = load(notice, FOLDERS).terms(choose)
    return _TERMS[key]


@pytest.mark.parametrize(("notice", "case"), list(golden()))
def test_case_comes_out_as_written(notice: str, case: dict[str, Any]) -> None:
    check(notice, case)


def result_of(notice: str, case: dict[str, Any]) -> Result:
    facts = {**base_of(case["subject"]), **case["facts"], "rule": case["rule"]}
    return SUBJECTS[case["subject"]](terms_of(notice, case["choose"]), facts)


def check(notice: str, case: dict[str, Any]) -> None:
    expected = case.get("expect", {})
    if case.get("answer") == "CHOICE_REFUSED":
        with pytest.raises(ChoiceRefused):
            terms_of(notice, case["choose"])
        return
    result = result_of(notice, case)
    assert {key: result.cells[key] for key in expected} == expected
    if "answer" not in case:
        assert result.cells["clause"] == case["clause"]
        return
    findings = {finding.rule: finding for finding in result.findings}
    if case["answer"] == "NOT_ASKED":
        assert case["rule"] not in findings
        return
    finding = findings[case["rule"]]
    assert finding.answer == case["answer"], finding
    assert finding.clause == case["clause"]


ASKED_BY_ALL = {
    "refund": {"paid_in_full", "layoff_rate", "kind_covered", "within_period"},
    "skill": set(skill.RULES) - {"within_window", "post_matches"},
}


@pytest.mark.parametrize(("subject", "rules"), [("refund", refund.RULES), ("skill", skill.RULES)])
def test_every_notice_has_a_case_on_and_off_every_rule_that_it_asks(subject: str, rules: tuple[str, ...]) -> None:
    seen: dict[tuple[str, str], set[str]] = {}
    for each in golden():
        notice, case = each.values
        if case["subject"] == subject:
            seen.setdefault((notice, case["rule"]), set()).add(case["answer"])
    for notice in ("national/2024", "shanxi/2024", "hebei/2024", "shandong/2024", "xpcc/2024", "jilin/2024"):
        for rule in rules:
            answers = seen[notice, rule]
            if rule in ASKED_BY_ALL[subject]:
                assert answers >= {"PASS", "FAIL", "UNKNOWN"}, (notice, rule)
            else:
                assert len(answers) > 1 or answers == {"NOT_ASKED"}, (notice, rule)


def test_every_reason_is_reached_by_a_case_and_worded_for_each_reader() -> None:
    reached = set()
    for each in golden():
        notice, case = each.values
        findings = result_of(notice, case).findings if case.get("answer") != "CHOICE_REFUSED" else ()
        for finding in findings:
            reached.add((finding.rule, finding.because))
            to_whom = explain.for_worker if case["subject"] == "skill" else explain.for_enterprise
            spoken = (to_whom(finding), explain.for_staff(finding), explain.remedy(finding))
            assert explain.rule_label(finding.rule)
            assert all(spoken[:2]), finding
            assert bool(spoken[2]) == (finding.answer is not Answer.PASS), finding
            assert not any(trace in "".join(spoken) for trace in ("{", "None", "_")), spoken
    worded = [tomllib.loads(path.read_text("utf-8")) for path in Path(explain.__file__).parent.glob("explain*.toml")]
    assert {(rule, because) for each in worded for rule, reasons in each.items() for because in reasons} == reached
