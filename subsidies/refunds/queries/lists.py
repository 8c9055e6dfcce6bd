"""筛查结果: the rows of the list as agencies print it."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from agency.models import Edition, Programme, Region
from agency.queries import terms_of
from policy import explain
from policy.facts import RefundFacts
from policy.refund import assess_refund
from policy.verdict import Answer
from subsidies.refunds.models import Application, ListExport

SCREENING_COLUMNS = (
    "统一社会信用代码", "单位名称", "参保地", "划型", "划型依据", "平均参保人数", "足额缴费月数", "裁员率", "裁员率口径",
    "返还基数", "返还比例", "返还金额", "结论", "原因", "原因说明",
    "答复途径",
)  # fmt: skip
CHANNELS = dict(Application.AnswerChannel.choices)
CHUNK = 2_000
_READ = (
    "enterprise__uscc", "enterprise__name", "region__name", "decision__edition_id", "decision__facts", "decision__outcome",
    "decision__size", "decision__size_basis", "decision__layoff_rate", "decision__base", "decision__rate", "decision__amount",
    "decision__failed", "decision__unknown", "answer_channel",
)  # fmt: skip


def listed(programme: Programme, part: str, region: Region) -> "QuerySet[Application]":
    """The decided applications of a programme in a region and those below it, all or of one outcome (a ListExport.Part)."""
    rows = Application.objects.filter(programme=programme, region__path__startswith=region.path, decision__isnull=False)
    return rows if part == ListExport.Part.ALL else rows.filter(decision__outcome=part)


def screening_rows(rows: "QuerySet[Application]") -> Iterator[tuple[Any, ...]]:
    """One row an application, by its decision in force, read through a cursor; what is unknown is empty."""
    editions: dict[int, Any] = {}
    for row in rows.order_by("pk").values_list(*_READ).iterator(chunk_size=CHUNK):
        uscc, name, region, edition_id, kept, outcome, size, basis, layoff_rate, base, rate, amount, failed, unknown, answered = (
            row
        )
        if edition_id not in editions:
            terms = terms_of(Edition.objects.get(pk=edition_id))
            editions[edition_id] = terms, explain.method_label(terms.word_of("layoff_method"))
        terms, method = editions[edition_id]
        facts = RefundFacts.from_json(kept)
        yield (
            uscc, name, region, size, explain.basis_label(basis), facts.mean_insured, facts.paid_months, layoff_rate, method,
            base, rate, amount, explain.outcome_label(outcome), ";".join([*failed, *unknown]),
            why_not(terms, facts) if failed or unknown else "", CHANNELS.get(answered, ""),
        )  # fmt: skip


def why_not(terms: Any, facts: RefundFacts) -> str:
    """Each rule that failed or could not be answered, in a sentence with its figures and clause."""
    findings = assess_refund(terms, facts).findings
    return "；".join([explain.for_staff(finding) for finding in findings if finding.answer is not Answer.PASS])
