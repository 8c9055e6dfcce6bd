"""筛查结果: the rows of the list as agencies print it."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from agency.queries import terms_of
from policy import explain
from policy.facts import RefundFacts
from policy.refund import assess_refund
from policy.verdict import Answer
from subsidies.refunds.models import Application

SCREENING_COLUMNS = (
    "统一社会信用代码", "单位名称", "参保地", "划型", "划型依据", "平均参保人数", "足额缴费月数", "裁员率", "裁员率口径",
    "返还基数", "返还比例", "返还金额", "结论", "原因", "原因说明",
)  # fmt: skip
CHUNK = 2_000


def screening_rows(rows: "QuerySet[Application]") -> Iterator[tuple[Any, ...]]:
    """One row an application, by its decision in force; what is unknown is empty."""
    editions: dict[int, Any] = {}
    decided = rows.filter(decision__isnull=False).select_related("enterprise", "region", "decision").order_by("pk")
    for application in decided.iterator(chunk_size=CHUNK):
        decision = application.decision
        if decision.edition_id not in editions:
            editions[decision.edition_id] = terms_of(decision.edition)
        terms, facts = editions[decision.edition_id], RefundFacts.from_json(decision.facts)
        told = [
            explain.for_staff(finding) for finding in assess_refund(terms, facts).findings if finding.answer is not Answer.PASS
        ]
        yield (
            application.enterprise.uscc, application.enterprise.name, application.region.name, decision.size,
            explain.basis_label(decision.size_basis), facts.mean_insured, facts.paid_months, decision.layoff_rate,
            explain.method_label(terms.word_of("layoff_method")), decision.base, decision.rate, decision.amount,
            explain.outcome_label(decision.outcome), ";".join([*decision.failed, *decision.unknown]), "；".join(told),
        )  # fmt: skip
