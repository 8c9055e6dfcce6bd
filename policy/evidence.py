"""What an enterprise can bring where the data at hand did not settle a rule of the refund in its favour."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from policy.verdict import Answer, Finding

# What settles each rule. The others are no matter of evidence: the day, the channel, a ban.
BRING: Mapping[str, str] = {
    "paid_in_full": "缴费凭证或完税证明，写明费款所属期和到账日期",
    "deferred_paid_up": "缓缴的失业保险费已补足的缴费凭证",
    "layoff_rate": "上年度参保人员增减明细，以及退休、死亡等减员的证明",
    "kind_covered": "营业执照或其他登记证书",
    "credit": "信用修复决定书，或已移出名单的证明",
    "registration": "市场监管部门出具的登记状态证明",
    "size_known": "上年度从业人员、营业收入、资产总额的报表；分支机构另附所属法人的划型证明",
    "base_known": "上年度失业保险费的缴费明细或完税证明",
}
NOT_BY_EVIDENCE = frozenset({"within_period", "dispatch_applies_itself", "dispatch_not_banned"})
_OF_HOSTS = frozenset({"paid_for_public_hosts", "paid_for_large_hosts", "paid_for_sme_hosts"})


class Evidence(NamedTuple):
    """One thing to bring: the rule that it settles, and what it is."""

    rule: str
    bring: str


def needed(findings: Iterable[Finding]) -> tuple[Evidence, ...]:
    """What to bring for the rules that failed or are unknown, in the order asked; nothing for what data settled, or for what
    the list of hosts settles."""
    return tuple(
        [
            Evidence(finding.rule, BRING[finding.rule])
            for finding in findings
            if finding.answer != Answer.PASS and finding.rule in BRING and not hosts_missing(finding)
        ]
    )


def hosts_missing(finding: Finding) -> bool:
    """Whether what a finding misses is in a dispatch unit's list of hosts alone."""
    missing = finding.figures.get("missing")
    return finding.answer == Answer.UNKNOWN and isinstance(missing, tuple) and bool(missing) and set(missing) <= _OF_HOSTS
