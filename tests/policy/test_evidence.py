"""What is asked of an applicant: what evidence settles, and nothing that data settled."""

import pytest

from policy import evidence
from policy.refund import RULES
from policy.verdict import Answer, Finding


def finding(rule: str, answer: Answer, **figures: object) -> Finding:
    return Finding(rule, answer, "", "", figures)


def test_every_rule_is_a_matter_of_evidence_or_is_not():
    assert set(evidence.BRING) | evidence.NOT_BY_EVIDENCE == set(RULES)
    assert not set(evidence.BRING) & evidence.NOT_BY_EVIDENCE


@pytest.mark.parametrize(("answer", "asked"), [(Answer.PASS, []), (Answer.FAIL, ["credit"]), (Answer.UNKNOWN, ["credit"])])
def test_only_what_failed_or_is_unknown_is_asked(answer, asked):
    assert [each.rule for each in evidence.needed([finding("credit", answer)])] == asked


def test_nothing_is_asked_for_what_no_paper_changes():
    assert evidence.needed([finding(rule, Answer.FAIL) for rule in sorted(evidence.NOT_BY_EVIDENCE)]) == ()


@pytest.mark.parametrize(
    ("missing", "asked"),
    [
        (("paid_for_public_hosts",), []),
        (("paid_normal",), ["base_known"]),
        (("paid_normal", "paid_for_large_hosts"), ["base_known"]),
    ],
)
def test_what_the_list_of_hosts_settles_is_not_asked_as_a_paper(missing, asked):
    found = evidence.needed([finding("base_known", Answer.UNKNOWN, missing=missing)])
    assert [each.rule for each in found] == asked
