"""Findings in words. Labels of every code; one sentence for the enterprise, one for staff, one on what to do."""

from policy.verdict import Finding


def rule_label(rule: str) -> str:
    """Chinese label of a rule code: layoff_rate -> 裁员率."""
    raise NotImplementedError


def basis_label(basis: str | None) -> str:
    """Chinese label of a size basis."""
    raise NotImplementedError


def method_label(method: str) -> str:
    """Chinese label of a layoff method."""
    raise NotImplementedError


def payee_label(payee: str) -> str:
    """Chinese label of corporate, tax, held."""
    raise NotImplementedError


def outcome_label(outcome: str) -> str:
    """合格, 不合格, 信息不全."""
    raise NotImplementedError


def payee_reason(because: str) -> str:
    """Why the money goes to that account or is held, in one Chinese sentence."""
    raise NotImplementedError


def for_enterprise(finding: Finding) -> str:
    """One plain Chinese sentence."""
    raise NotImplementedError


def for_staff(finding: Finding) -> str:
    """One Chinese sentence with figures, limit and clause."""
    raise NotImplementedError


def remedy(finding: Finding) -> str:
    """What can be done about a FAIL or UNKNOWN, in Chinese; empty for a PASS."""
    raise NotImplementedError
