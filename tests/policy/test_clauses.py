"""docs/clauses.md is whole and alive: every sentence, term, rule and reading has its row, every pointer leads somewhere.

What points into the applications is looked up in tests/architecture/test_clauses.py, where they are loaded.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from policy.explain import rule_label
from policy.notice import Notice, load, names
from policy.notice_file import LeftOpen, Stated, terms_of
from policy.refund import RefundFacts, assess_refund
from policy.skill import SkillFacts, assess_skill
from tests.policy.clauses import (
    LONGEST_PHRASE,
    PAGE,
    Row,
    attribute,
    dead,
    documents_in,
    misplaced,
    missing,
    notices_of,
    rows_of,
    sentences_of,
    unanswered,
    untold_terms,
)

TEXT = PAGE.read_text("utf-8")
ROWS = rows_of(TEXT)
NOTICES = {load(name).document: load(name) for name in names()}
OF = {document: load(name) for document, name in notices_of(TEXT).items()}
CASES = Path(__file__).parent / "cases"
ASKED_OUTSIDE_A_CASE = {"fund_reserve", "premium_rate"}  # of the fund, of a month
OF_SOME = {  # what is asked where a notice has the term
    "dispatch_split": "dispatch_hosts_paid",
    "dispatch_part": "dispatch_hosts_paid",
    "dispatch_passed_on": "dispatch_ban_next_year",
    "pilot_cap": "pilot_rate",
}


def stated(row: Row, key: str) -> Stated:
    """What the notice of the row's document says under a key. KeyError where it says nothing."""
    return OF[row.document].stated[key]


RESOLVES = {
    "term": lambda row, key: not isinstance(stated(row, key), LeftOpen),
    "choice": lambda row, key: isinstance(stated(row, key), LeftOpen),
    "reading": lambda row, name: name in OF[row.document].readings,
    "rule": lambda _, code: rule_label(code),
    "policy": lambda _, name: attribute(f"policy.{name}"),
    "test": lambda _, name: (CASES / f"{name}.toml").exists(),
}


def told(document: str, kind: str) -> set[str]:
    return {name for row in ROWS if row.document == document for pointer, name in row.pointers if pointer == kind}


def stated_here(notice: Notice) -> Iterator[tuple[str, str, str]]:
    """(document, clause, key) of what a notice itself states; no clause where it rests on another document or on none."""
    for key, by in notice.stated_by.items():
        for term in terms_of(notice.stated[key]) if by == notice.id else ():
            yield notice.document, term.clause if term.document == notice.document else "", key


def asked(notice: Notice) -> set[str]:
    """Codes of the rules that a notice asks of an enterprise, of a dispatch unit and of a claim."""
    terms = notice.terms()
    refunds = [assess_refund(terms, RefundFacts(dispatch=dispatch)) for dispatch in (False, True)]
    findings = [finding for verdict in refunds for finding in verdict.findings]
    return {finding.rule for finding in [*findings, *assess_skill(terms, SkillFacts()).findings]}


class TestThePage:
    def test_answers_every_row_or_says_why_not(self) -> None:
        assert unanswered(ROWS) == []

    def test_points_to_what_the_notice_of_the_document_has(self) -> None:
        assert dead(ROWS, RESOLVES) == []

    def test_quotes_no_more_than_a_few_words(self) -> None:
        assert [phrase for row in ROWS for phrase in row.phrases if len(phrase) > LONGEST_PHRASE] == []
        assert [str(row) for row in ROWS if not row.phrases] == []

    def test_tells_every_term_of_every_notice_under_its_clause(self) -> None:
        terms = [each for notice in NOTICES.values() for each in stated_here(notice)]
        assert len(terms) > 250
        assert untold_terms(ROWS, terms) == []

    @pytest.mark.parametrize("document", NOTICES)
    def test_tells_every_rule_that_the_notice_asks_and_the_one_above_does_not(self, document: str) -> None:
        notice = NOTICES[document]
        above = load(notice.lineage[0]) if notice.lineage else None
        expected = asked(notice) - asked(above) if above else asked(notice) | ASKED_OUTSIDE_A_CASE
        expected |= {rule for rule, key in OF_SOME.items() if above and notice.stated_by.get(key) == notice.id}
        assert expected - told(document, "rule") == set()

    @pytest.mark.parametrize("document", NOTICES)
    def test_tells_every_reading_that_the_notice_itself_gives(self, document: str) -> None:
        notice = NOTICES[document]
        above = load(notice.lineage[0]).readings if notice.lineage else {}
        assert {name for name, text in notice.readings.items() if above.get(name) != text} - told(document, "reading") == set()


INVENTED = """岚泊省人力资源和社会保障厅
岚人社发〔2031〕1号
## 关于返还的通知
各市：
为稳岗位，现通知如下：
一、费率。降至1.5%，由http://a.b.cn查询。
二、返还。一是大型30%；
二是中小微60%．
（一）条件。足额缴费12个月
以上。
（二）金额。
三、经办。
2031年1月1日
"""
PAGE_OF_IT = """
## 岚人社发〔2031〕1号
`national/2024`
| 条 | 原文 | 说什么 | 在哪里 | 性质 |
|---|---|---|---|---|
| 版头 | 「岚泊省」 | 机关 | 无需：没有要办的事 | 无 |
| 标题 | 「关于返还的通知各市」 | 岚泊省文件 | 无需：没有要办的事 | 无 |
| 引言 | 「为稳岗位」 | 目的 | 无需：没有要办的事 | 无 |
| 一 | 「一、费率」「降至1.5%」 | 费率 | `term:premium_rate` | 规定 |
| 二 | 「二、返还」 | 小标题 | 无需：没有要办的事 | 无 |
| 二·一是 | 「大型30%」 | 大型 | `choice:ratio_large` | 规定、选择 |
| 二·二是 | 「中小微60%」 | 中小微 | `choice:ratio_sme` | 选择 |
| 二（一） | 「条件」「足额缴费12个月以上」 | 条件 | `term:paid_months_least` `rule:paid_in_full` | 规定 |
| 二（二） | 「金额」 | 金额 | `policy:refund.assess_refund` | 规定 |
| 三 | 「经办」 | 经办 | `reading:refund_period` 以后：门户 | 解读 |
| 落款 | 「2031年1月1日」 | 日期 | 无需：没有要办的事 | 无 |
"""
DOCUMENT = "岚人社发〔2031〕1号"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "document.txt").write_text(INVENTED, "utf-8")
    return tmp_path


def wrong(folder: Path, page: str) -> list[str]:
    """Sentences without a row and words without a sentence."""
    rows, found = rows_of(page), list(documents_in(folder, [DOCUMENT]))
    return [each for document, text in found for each in missing(rows, document, text)] + misplaced(rows, found)


class TestAnInventedPage:
    @pytest.fixture(autouse=True)
    def _its_notice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(OF, DOCUMENT, load("national/2024"))

    def test_is_whole(self, folder: Path) -> None:
        assert wrong(folder, PAGE_OF_IT) == []
        assert unanswered(rows_of(PAGE_OF_IT)) == []
        assert dead(rows_of(PAGE_OF_IT), RESOLVES) == []
        assert notices_of(PAGE_OF_IT) == {DOCUMENT: "national/2024"}

    @pytest.mark.parametrize("row", rows_of(PAGE_OF_IT), ids=lambda row: row.clause)
    def test_is_not_without_any_row(self, row: Row, folder: Path) -> None:
        page = "\n".join(line for line in PAGE_OF_IT.splitlines() if not line.startswith(f"| {row.clause} |"))
        assert wrong(folder, page)
        assert all(each.startswith(f"{DOCUMENT} {row.clause.replace('标题', '引言')}：") for each in wrong(folder, page))

    @pytest.mark.parametrize(
        ("written", "instead"),
        [
            ("降至1.5%，由", "降至1.5%；由"),  # a sentence more
            ("三、经办", "三、经手"),
            ("（二）金额", "（三）金额"),
            ("二是中小微", "三是中小微"),
            ("各市：\n", "各市：\n省人社厅另有要求：\n"),
            ("2031年1月1日", "2031年1月2日"),
            ("岚人社发〔2031〕1号", "岚人社发〔2030〕9号\n一、旧文件。二、旧规定。\n岚人社发〔2031〕1号"),
        ],
    )
    def test_is_not_whole_beside_another_document(self, written: str, instead: str, folder: Path) -> None:
        (folder / "document.txt").write_text(INVENTED.replace(written, instead), "utf-8")
        assert wrong(folder, PAGE_OF_IT)

    @pytest.mark.parametrize(
        ("live", "gone"),
        [
            ("`term:premium_rate`", "term:premium_rates"),
            ("`term:premium_rate`", "term:ratio_sme"),
            ("`term:premium_rate`", "terms:premium_rate"),
            ("`choice:ratio_sme`", "choice:layoff_limit"),
            ("`rule:paid_in_full`", "rule:paid_months_least"),
            ("`reading:refund_period`", "reading:zombie_enterprises"),
            ("`policy:refund.assess_refund`", "policy:refund.assess"),
            ("`policy:refund.assess_refund`", "policy:refunds.assess_refund"),
            ("`policy:refund.assess_refund`", "test:none"),
        ],
    )
    def test_lists_a_dead_pointer(self, live: str, gone: str) -> None:
        (found,) = dead(rows_of(PAGE_OF_IT.replace(live, f"`{gone}`")), RESOLVES)
        assert found.endswith(f"：{gone}")

    @pytest.mark.parametrize(
        ("written", "instead", "why"),
        [
            ("`reading:refund_period` 以后：门户", "见门户", "既没有出处，也没有理由"),
            ("`term:premium_rate` | 规定", "`term:premium_rate` | 无", "“无”应写明无需的理由"),
            ("机关 | 无需：没有要办的事 | 无", "机关 | 无需：没有要办的事 | 规定", "性质不是“规定”"),
            ("`term:premium_rate` | 规定", "`term:premium_rate` | 法律", "性质不是“法律”"),
            ("`term:premium_rate` | 规定", "`term:premium_rate` | 解读", "“解读”与 reading 不符"),
            ("`choice:ratio_large` | 规定、选择", "`choice:ratio_large` | 规定", "“选择”与 choice 不符"),
        ],
    )
    def test_lists_a_row_of_another_kind(self, written: str, instead: str, why: str) -> None:
        (found,) = unanswered(rows_of(PAGE_OF_IT.replace(written, instead)))
        assert found.endswith(f"：{why}")

    def test_lists_a_term_that_is_told_under_another_clause(self) -> None:
        terms = [(DOCUMENT, "二", "ratio_sme"), (DOCUMENT, "一", "ratio_sme"), (DOCUMENT, "", "layoff_limit")]
        assert untold_terms(rows_of(PAGE_OF_IT), terms) == [f"{DOCUMENT} 一：ratio_sme", f"{DOCUMENT} ：layoff_limit"]

    def test_of_a_document_without_sections_goes_by_its_items(self) -> None:
        cut = sentences_of(["各县:", "现转发。一是宣传.全覆盖。", "二是资金。", "某局"])
        assert [(each.clause, each.text) for each in cut] == [
            ("引言", "各县:"),
            ("引言", "现转发"),
            ("一是", "一是宣传"),
            ("一是", "全覆盖"),
            ("二是", "二是资金"),
            ("落款", "某局"),
        ]


if "DOCUMENTS" in os.environ:  # the folder of the real documents, which stay out of the repository

    class TestTheRealDocuments:
        def test_have_a_row_for_every_sentence(self) -> None:
            headings = list(dict.fromkeys(row.document for row in ROWS))
            found = list(documents_in(Path(os.environ["DOCUMENTS"]), headings))
            assert {document for document, _ in found} == set(headings)
            assert [each for document, sentences in found for each in missing(ROWS, document, sentences)] == []
            assert misplaced(ROWS, found) == []

        def test_would_be_short_of_a_row_without_any_of_them(self) -> None:
            found = list(documents_in(Path(os.environ["DOCUMENTS"]), list(dict.fromkeys(row.document for row in ROWS))))
            clauses = {(row.document, row.clause) for row in ROWS}
            for document, clause in clauses:
                rows = [row for row in ROWS if (row.document, row.clause) != (document, clause)]
                assert any(missing(rows, name, sentences) for name, sentences in found)
