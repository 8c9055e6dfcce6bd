"""docs/clauses.md is whole and alive: every term, rule and section has its row, every pointer leads somewhere.

What points into the applications is looked up in tests/architecture/test_clauses.py, where they are loaded.
"""

import os
from pathlib import Path

import pytest

from policy import refund, skill
from policy.explain import rule_label
from policy.keys import KEYS
from policy.notice import load, names
from tests.policy.clauses import (
    PAGE,
    attribute,
    dead,
    documents_in,
    missing,
    rows_of,
    sections_of,
    unanswered,
    untold_terms,
)

ROWS = rows_of(PAGE.read_text("utf-8"))
NOTICES = [load(name) for name in names()]
READINGS = {key for notice in NOTICES for key in notice.readings}
PURE = {
    "term": KEYS.__contains__,
    "choice": KEYS.__contains__,
    "reading": READINGS.__contains__,
    "rule": rule_label,
    "policy": lambda name: attribute(f"policy.{name}"),
}
RULES_THAT_NO_DOCUMENT_ASKS = {"post_matches"}  # 证岗相适: a notice may ask it; none of 2024 does


class TestThePage:
    def test_answers_every_row_or_says_why_not(self) -> None:
        assert unanswered(ROWS) == []

    def test_points_to_what_the_law_has(self) -> None:
        assert {kind for row in ROWS for kind, _ in row.pointers} >= PURE.keys()
        assert dead([row._replace(where=_only(row.where, PURE)) for row in ROWS], PURE) == []

    def test_tells_every_term_of_every_notice_under_its_clause(self) -> None:
        stated = [
            (term.document, term.clause, term.key)
            for notice in NOTICES
            for term in notice.stated_here()
            if term.document == (notice.number or f"{notice.title}（征求意见稿）")
        ]
        assert len(stated) > 200
        assert untold_terms(ROWS, stated) == []

    def test_tells_every_rule(self) -> None:
        told = {name for row in ROWS for kind, name in row.pointers if kind == "rule"}
        assert {*refund.RULES, *skill.RULES, "fund_reserve", "premium_rate", "pilot_cap"} - told == RULES_THAT_NO_DOCUMENT_ASKS

    def test_tells_every_reading(self) -> None:
        told = {name for row in ROWS for kind, name in row.pointers if kind == "reading"}
        assert told == READINGS


def _only(where: str, kinds: object) -> str:
    return " ".join(part for part in where.split() if any(part.startswith(f"`{kind}:") for kind in kinds))  # type: ignore[attr-defined]


INVENTED = """# 岚泊省人力资源和社会保障厅
岚人社发〔2031〕1号
## 关于返还的通知
各市：
一、费率。降至1%。
二、返还。一是大型30%；二是中小微60%。
（一）条件。足额缴费。
（二）金额。
三、经办。
"""
PAGE_OF_IT = """
## 岚人社发〔2031〕1号
| 条 | 说什么 | 在哪里 | 性质 |
|---|---|---|---|
| 标题 | 岚泊省文件 | 无需：没有要办的事 | - |
| 引言 | 各市 | 无需：没有要办的事 | - |
| 一 | 费率 | `term:premium_rate` | 规定 |
| 二·一是 | 大型 | `term:ratio_large` | 规定 |
| 二·二是 | 中小微 | `term:ratio_sme` | 规定 |
| 二（一） | 条件 | `term:paid_months_least` | 规定 |
| 二（二） | 金额 | `policy:refund.assess_refund` | 规定 |
| 三 | 经办 | 以后：门户 | - |
"""


class TestAnInventedPage:
    def whole(self, tmp_path: Path, page: str) -> list[str]:
        (tmp_path / "document.txt").write_text(INVENTED, "utf-8")
        rows = rows_of(page)
        return [
            each for heading, lines in documents_in(tmp_path, ["岚人社发〔2031〕1号"]) for each in missing(rows, heading, lines)
        ]

    def test_is_whole(self, tmp_path: Path) -> None:
        assert self.whole(tmp_path, PAGE_OF_IT) == []
        assert unanswered(rows_of(PAGE_OF_IT)) == []
        assert dead(rows_of(PAGE_OF_IT), PURE) == []

    @pytest.mark.parametrize("clause", ["标题", "引言", "一", "二·一是", "二·二是", "二（一）", "二（二）", "三"])
    def test_is_not_without_any_row(self, clause: str, tmp_path: Path) -> None:
        page = "\n".join(line for line in PAGE_OF_IT.splitlines() if not line.startswith(f"| {clause} |"))
        assert self.whole(tmp_path, page) == [f"岚人社发〔2031〕1号 {clause}"]

    def test_lists_a_row_that_neither_points_nor_gives_a_reason(self) -> None:
        assert unanswered(rows_of(PAGE_OF_IT.replace("以后：门户", "见门户"))) == ["岚人社发〔2031〕1号 三 经办"]

    @pytest.mark.parametrize(
        ("live", "gone"),
        [
            ("term:ratio_sme", "term:ratio_smes"),
            ("policy:refund.assess_refund", "policy:refund.assess"),
            ("policy:refund.assess_refund", "policy:refunds.assess_refund"),
            ("term:ratio_sme", "rule:ratio_sme"),
            ("term:ratio_sme", "terms:ratio_sme"),
        ],
    )
    def test_lists_a_dead_pointer(self, live: str, gone: str) -> None:
        (found,) = dead(rows_of(PAGE_OF_IT.replace(live, gone)), PURE)
        assert found.endswith(f"：{gone}")

    def test_lists_a_term_that_is_told_under_another_clause(self) -> None:
        terms = [("岚人社发〔2031〕1号", "二", "ratio_sme"), ("岚人社发〔2031〕1号", "一", "ratio_sme")]
        assert untold_terms(rows_of(PAGE_OF_IT), terms) == ["岚人社发〔2031〕1号 一：ratio_sme"]

    def test_of_a_document_without_sections_goes_by_its_items(self) -> None:
        assert sections_of(["各县:一是宣传。二是资金。"]) == ["一是", "二是"]


if "DOCUMENTS" in os.environ:  # the folder of the real documents, which stay out of the repository

    class TestTheRealDocuments:
        def test_have_a_row_for_every_section(self) -> None:
            headings = list(dict.fromkeys(row.document for row in ROWS))
            found = dict(documents_in(Path(os.environ["DOCUMENTS"]), headings))
            assert found.keys() == set(headings)
            assert [each for heading, lines in found.items() for each in missing(ROWS, heading, lines)] == []
