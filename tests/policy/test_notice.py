from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from policy.notice import BUILT_IN, ChoiceRefused, NoticeError, Terms, load, names
from policy.notice_file import NoticeFile, terms_of

SIX = ["hebei/2024", "jilin/2024", "national/2024", "shandong/2024", "shanxi/2024", "xpcc/2024"]

CITY = """
[notice]
id = "city/2024"
title = "某市通知"
number = "某人社〔2024〕1号"
authority = "某市人力资源和社会保障局"
region = "某市"
from = 2024-01-01
until = 2024-12-31
status = "final"
extends = "shanxi/2024"
"""
TERM = """
[terms.small_unit_most]
value = 20
clause = "一"
phrase = "20人以下"
"""


def written(folder: Path, text: str, name: str = "city-2024") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    return path


class TestBuiltInNotices:
    def test_are_the_six_of_2024(self) -> None:
        assert names() == SIX

    @pytest.mark.parametrize("name", SIX)
    def test_carry_clause_and_phrase_on_every_value(self, name: str) -> None:
        for term in load(name).terms().all():
            if term.basis in ("law", "reading"):
                assert term.clause, term.key
                assert term.document, term.key
                assert term.outside or 0 < len(term.phrase) <= 40, term.key

    @pytest.mark.parametrize("name", SIX)
    def test_give_every_reading_its_reason(self, name: str) -> None:
        terms = load(name).terms()
        for term in terms.all():
            assert (term.basis == "reading") == bool(term.reading)
            if term.reading:
                assert terms.readings[term.reading].reason

    @pytest.mark.parametrize("name", SIX)
    def test_run_from_new_year_to_new_years_eve(self, name: str) -> None:
        notice = load(name)
        assert notice.terms().refund_period == (date(2024, 1, 1), date(2024, 12, 31))
        assert notice.terms().skill_period == (date(2024, 1, 1), date(2024, 12, 31))
        assert notice.in_force(date(2024, 12, 31))
        assert not notice.in_force(date(2025, 1, 1))

    def test_only_the_xpcc_draft_is_a_draft(self) -> None:
        assert [name for name in SIX if load(name).draft] == ["xpcc/2024"]
        assert load("xpcc/2024").terms().draft

    def test_take_limits_and_ratios_from_the_documents(self) -> None:
        for name in SIX:
            terms = load(name).terms()
            figures = ("layoff_limit", "layoff_limit_small", "small_unit_most", "ratio_large", "ratio_sme", "size_line")
            assert [str(terms.value(key)) for key in figures] == ["0.055", "0.20", "30", "0.30", "0.60", "300"]
            assert (terms.value("paid_months_least"), terms.value("fund_reserve_months")) == (12, 12)

    def test_show_the_permitted_uses(self) -> None:
        uses = ("职工生活补助", "缴纳社会保险费", "转岗培训", "技能提升培训", "降低生产经营成本支出")
        assert all(load(name).terms().value("uses") == uses for name in SIX)
        assert load("jilin/2024").terms().value("uses_condition") == "用于降低生产经营成本的支出要依法合规"
        assert load("xpcc/2024").terms().value("uses_shown") == "popup"


class TestChoices:
    def choice(self, notice: str, key: str):
        return next(choice for choice in load(notice).choices() if choice.key == key)

    def test_list_options_with_the_default_first(self) -> None:
        choice = self.choice("jilin/2024", "layoff_method")
        assert choice.default == choice.options[0].value == "net_reduction_less_natural_over_start"
        assert len(choice.options) == 6
        assert self.choice("shanxi/2024", "layoff_method").default == "claimants_over_mean"

    @pytest.mark.parametrize(
        ("notice", "key", "clause"),
        [
            ("shanxi/2024", "confirm_mode", "晋人社厅发〔2024〕28号 六"),
            ("hebei/2024", "confirm_mode", "冀人社发〔2024〕14号 五"),
            ("shandong/2024", "confirm_mode", "鲁人社发〔2024〕8号 七"),
            ("xpcc/2024", "confirm_mode", "征求意见稿） 二（一）"),
            ("shandong/2024", "dispatch_size_basis", "鲁人社发〔2024〕8号 三"),
            ("jilin/2024", "dispatch_passthrough_days", "吉人社联〔2024〕43号 二"),
            ("shanxi/2024", "unconfirmed_at_end", "晋人社厅发〔2024〕28号 六"),
            ("shanxi/2024", "size_when_not_recorded", "晋人社厅发〔2024〕28号 二"),
            ("hebei/2024", "size_when_not_recorded", "冀人社发〔2024〕14号 二"),
            ("jilin/2024", "ratio_sme", "吉人社联〔2024〕43号 二"),
            ("jilin/2024", "training_bar_scope", "吉人社联〔2024〕43号 二"),
            ("shanxi/2024", "skill_amount_5", "晋人社厅发〔2024〕28号 三"),
            ("hebei/2024", "skill_amount_4", "冀人社发〔2024〕14号 三"),
            ("shandong/2024", "skill_amount_3", "鲁人社发〔2024〕8号 四"),
            ("xpcc/2024", "skill_amount_3", "征求意见稿） 一（三）"),
        ],
    )
    def test_a_choice_that_a_document_decides_is_refused_with_its_clause(self, notice: str, key: str, clause: str) -> None:
        choice = self.choice(notice, key)
        assert choice.locked
        with pytest.raises(ChoiceRefused, match=f"由 .*{clause} 规定.*不能另选"):
            load(notice).terms({key: choice.default})

    @pytest.mark.parametrize("notice", ["national/2024", "jilin/2024"])
    def test_the_way_of_confirming_is_open_where_no_document_decides(self, notice: str) -> None:
        assert load(notice).terms({"confirm_mode": "silent"}).value("confirm_mode") == "silent"

    def test_a_choice_of_another_notice_is_refused(self) -> None:
        with pytest.raises(ChoiceRefused, match=r"shanxi/2024 没有选项 size_when_no_2020；可选的有：.*layoff_method"):
            load("shanxi/2024").terms({"size_when_no_2020": "recorded"})

    def test_an_unknown_option_is_refused_with_the_options(self) -> None:
        with pytest.raises(ChoiceRefused, match="裁员率口径（layoff_method）不能是 magic，可选：claimants_over_mean"):
            load("shanxi/2024").terms({"layoff_method": "magic"})

    @pytest.mark.parametrize("days", ["0", "367", "1.5", "some", "NaN"])
    def test_a_number_out_of_bounds_is_refused(self, days: str) -> None:
        with pytest.raises(ChoiceRefused, match="publicity_days"):
            load("shanxi/2024").terms({"publicity_days": days})

    def test_a_number_within_bounds_is_taken(self) -> None:
        terms = load("shanxi/2024").terms({"publicity_days": "7", "publicity_unit": "calendar"})
        assert (terms.value("publicity_days"), terms.value("publicity_unit")) == (7, "calendar")
        assert dict(terms.chosen) == {"publicity_days": "7", "publicity_unit": "calendar"}

    def test_choosing_the_default_is_choosing_nothing(self) -> None:
        notice = load("shanxi/2024")
        assert notice.terms({"publicity_days": "5"}) == notice.terms()

    def test_the_national_ratio_may_not_pass_its_ceiling(self) -> None:
        assert load("national/2024").terms({"ratio_large": "0.25"}).value("ratio_large") == Decimal("0.25")
        with pytest.raises(ChoiceRefused, match=r"应在 0 至 0\.60 之间（人社部发〔2024〕40号 二）"):
            load("national/2024").terms({"ratio_sme": "0.61"})


class TestTerms:
    @pytest.mark.parametrize("name", SIX)
    def test_survive_the_way_through_their_canonical_text(self, name: str) -> None:
        terms = load(name).terms({"publicity_days": "9"})
        again = Terms.parse(terms.canonical())
        assert again == terms
        assert (again.canonical(), again.sha256) == (terms.canonical(), terms.sha256)
        assert [(term.key, term.value, term.clause) for term in again.all()] == [
            (term.key, term.value, term.clause) for term in terms.all()
        ]

    def test_differ_in_hash_with_any_choice(self) -> None:
        notice = load("shanxi/2024")
        assert notice.terms().sha256 != notice.terms({"objection_days": "6"}).sha256
        assert notice.terms().sha256 == load("shanxi/2024").terms().sha256

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1}', '{"format": 9, "terms": {}}'])
    def test_refuse_damaged_text(self, text: str) -> None:
        with pytest.raises(NoticeError):
            Terms.parse(text)

    def test_quote_the_document_that_says_it(self) -> None:
        terms = load("shanxi/2024").terms()
        assert terms.clause("ratio_large") == "晋人社厅发〔2024〕28号 二"
        assert terms.clause("paid_months_least") == "人社部发〔2024〕40号 二"
        assert terms.clause("layoff_limit") == "鲁人社发〔2024〕8号 二"
        assert terms.clause("publicity_days") == ""

    def test_kept_before_a_key_came_to_be_take_it_as_not_said(self) -> None:
        kept = Terms.parse(load("shanxi/2024").terms().canonical())
        assert not kept.states("deferred_bars")
        assert (kept.value("deferred_bars"), kept.clause("deferred_bars")) == (False, "")

    def test_know_on_which_days_a_term_holds(self) -> None:
        terms = load("hebei/2024").terms()
        assert terms.states("premium_rate")
        assert terms.states("premium_rate", date(2025, 12, 31))
        assert not terms.states("premium_rate", date(2026, 1, 1))

    def test_do_not_know_what_no_notice_says(self) -> None:
        terms = load("hebei/2024").terms()
        assert not terms.states("premium_rate_employer")
        with pytest.raises(KeyError):
            terms.value("premium_rate_employer")


class TestAnAgencysOwnNotice:
    def test_adds_to_its_province(self, tmp_path: Path) -> None:
        path = written(tmp_path, CITY + TERM)
        for notice in (load(str(path)), load("city/2024", [tmp_path])):
            assert notice.lineage == ("shanxi/2024", "national/2024")
            terms = notice.terms()
            assert (terms.value("small_unit_most"), terms.clause("small_unit_most")) == (20, "某人社〔2024〕1号 一")
            assert terms.clause("ratio_large") == "晋人社厅发〔2024〕28号 二"
            assert [term.key for term in notice.stated_here()] == ["small_unit_most"]
        assert "city/2024" in names([tmp_path])

    def test_keeps_what_the_province_locked(self, tmp_path: Path) -> None:
        with pytest.raises(ChoiceRefused, match="晋人社厅发〔2024〕28号 六"):
            load(str(written(tmp_path, CITY))).terms({"confirm_mode": "silent"})

    def test_may_change_a_term_within_the_year(self, tmp_path: Path) -> None:
        text = CITY + "".join(
            f'[[terms.ratio_sme]]\nvalue = {value}\nfrom = {first}\nuntil = {last}\nclause = "一"\nphrase = "x"\n'
            for value, first, last in (("0.50", "2024-01-01", "2024-06-30"), ("0.60", "2024-07-01", "2024-12-31"))
        )
        terms = load(str(written(tmp_path, text))).terms()
        assert terms.value("ratio_sme", date(2024, 6, 30)) == Decimal("0.50")
        assert terms.value("ratio_sme", date(2024, 7, 1)) == Decimal("0.60")
        assert Terms.parse(terms.canonical()) == terms

    def test_looks_up_what_changes_by_the_day_held_within_its_programme(self, tmp_path: Path) -> None:
        spans = ((1, "2023-01-01", "2024-06-30"), (2, "2024-07-01", "2024-12-30"), (3, "2024-12-31", "2025-01-01"))
        text = CITY + "".join(
            f'[[terms.yearly_limit]]\nvalue = {value}\nfrom = {first}\nuntil = {last}\nclause = "一"\nphrase = "x"\n'
            for value, first, last in (*spans, (4, "2025-01-02", "2025-12-31"))
        )
        terms = load(str(written(tmp_path, text))).terms()
        first, july, last = date(2024, 1, 1), date(2024, 7, 1), date(2024, 12, 31)
        assert terms.days_that_may_count(("yearly_limit", "ratio_sme"), "skill") == [first, july, last]
        assert terms.day_that_counts(("yearly_limit",), date(2025, 6, 1), "skill") == last
        assert terms.day_that_counts(("yearly_limit",), date(2023, 6, 1), "skill") == first
        assert terms.days_that_may_count(("ratio_sme",), "skill") == [None]
        assert terms.day_that_counts(("ratio_sme",), july, "skill") is None

    def test_drops_a_reading_that_its_own_clause_settles(self, tmp_path: Path) -> None:
        assert "applicants_not_asked_again" in load("national/2024").readings
        assert "applicants_not_asked_again" not in load("xpcc/2024").readings
        assert "layoff_rate_exact" in load("xpcc/2024").readings
        text = CITY + '[terms.refund_from]\nvalue = 2024-01-01\nclause = "一"\nphrase = "1月1日"\n'
        assert "refund_period" not in load(str(written(tmp_path, text))).readings


MALFORMED = {
    "unknown section": (CITY + "[extra]\n", "extra", "不认识的内容"),
    "unknown head key": (CITY + 'motto = "x"\n', "notice.motto", "不认识的内容"),
    "missing head key": (CITY.replace('region = "某市"\n', ""), "notice.region", "没有填写"),
    "wrong head type": (CITY.replace('"某市通知"', "7"), "notice.title", "类型不对"),
    "wrong status": (CITY.replace('"final"', '"maybe"'), "notice.status", "final"),
    "final without number": (CITY.replace('number = "某人社〔2024〕1号"\n', ""), "notice.number", "须有文号"),
    "period upside down": (CITY.replace("until = 2024", "until = 2023"), "notice.until", "早于 from"),
    "unknown term": (CITY + TERM.replace("small_unit_most", "bonus"), "terms.bonus", "不认识的条款项"),
    "unknown key in a term": (CITY + TERM + "colour = 1\n", "terms.small_unit_most.colour", "不认识的内容"),
    "no value": (CITY + TERM.replace("value = 20\n", ""), "terms.small_unit_most.value", "没有填写"),
    "wrong type": (CITY + TERM.replace("20\n", '"20"\n', 1), "terms.small_unit_most.value", "应为整数"),
    "true is no number": (CITY + TERM.replace("20\n", "true\n", 1), "terms.small_unit_most.value", "应为整数"),
    "negative": (CITY + TERM.replace("20\n", "-1\n", 1), "terms.small_unit_most.value", "数字不合理"),
    "no clause": (CITY + TERM.replace('clause = "一"\n', ""), "terms.small_unit_most.clause", "缺少条款出处"),
    "empty clause": (CITY + TERM.replace('"一"', '" "'), "terms.small_unit_most.clause", "应为文字"),
    "no phrase": (CITY + TERM.replace('phrase = "20人以下"\n', ""), "terms.small_unit_most.phrase", "缺少原文摘句"),
    "phrase too long": (CITY + TERM.replace("20人以下", "人" * 41), "terms.small_unit_most.phrase", "最多 40 字，现有 41 字"),
    "outside without source": (CITY + TERM + "outside = true\n", "terms.small_unit_most.source", "须写明文件名称"),
    "reading not given": (CITY + TERM + 'reading = "mine"\n', "readings.mine", "没有写明"),
    "reading without reason": (CITY + '[readings.mine]\ntext = "x"\n', "readings.mine", "text 和 reason"),
    "term dates upside down": (
        CITY + TERM + "from = 2024-07-01\nuntil = 2024-06-30\n", "terms.small_unit_most.until", "早于 from"
    ),
    "period not covered": (CITY + TERM + "until = 2024-06-30\n", "terms.small_unit_most", "没有覆盖整个返还政策期间"),
    "one of those that go together": (
        CITY + '[terms.pilot_rate]\nvalue = 0.1\nclause = "一"\nphrase = "x"\n',
        "terms.pilot_balance_on",
        "应与 pilot_rate 一并写明",
    ),
    "a path without end date for nobody": (
        CITY + '[terms.open_ended_months]\nvalue = 36\nclause = "一"\nphrase = "x"\n',
        "terms.open_ended_statuses",
        "应与 open_ended_months 一并写明",
    ),
    "skill period not covered": (
        CITY
        + '[terms.claim_window_months]\nvalue = 6\nfrom = 2024-01-02\nclause = "一"\nphrase = "6个月内"\n',
        "terms.claim_window_months",
        "没有覆盖整个技能提升补贴政策期间",
    ),
    "overlapping dates": (
        CITY
        + TERM.replace("[terms.small_unit_most]", "[[terms.small_unit_most]]") + "until = 2024-06-30\n"
        + TERM.replace("[terms.small_unit_most]", "[[terms.small_unit_most]]") + "from = 2024-06-30\n",
        "terms.small_unit_most",
        "日期重叠",
    ),
    "two without dates": (
        CITY + 2 * TERM.replace("[terms.small_unit_most]", "[[terms.small_unit_most]]"),
        "terms.small_unit_most",
        "日期重叠",
    ),
    "unknown word": (
        CITY + '[terms.size_social]\nvalue = "giant"\nclause = "一"\nphrase = "x"\n', "terms.size_social.value", "giant"
    ),
    "word twice": (
        CITY + '[terms.size_ladder]\nvalue = ["recorded", "recorded"]\nclause = "一"\nphrase = "x"\n',
        "terms.size_ladder.value",
        "有重复",
    ),
    "choice without default": (CITY + "[terms.publicity_days]\nchoice = true\n", "terms.publicity_days", "default"),
    "choice with a foreign option": (
        CITY + '[terms.publicity_unit]\nchoice = true\ndefault = "working"\noptions = ["weeks"]\n',
        "terms.publicity_unit.options",
        "限于",
    ),
    "choice of what cannot be chosen": (
        CITY + "[terms.refund_until]\nchoice = true\ndefault = 2024-12-31\n", "terms.refund_until", "只有数字或列举的词"
    ),
    "default out of bounds": (
        CITY + "[terms.publicity_days]\nchoice = true\ndefault = 9\nmost = 8\n", "terms.publicity_days.default", "不合理"
    ),
    "no TOML": (CITY + "[terms\n", "TOML", "不是有效的"),
}  # fmt: skip


class TestMalformedNotices:
    @pytest.mark.parametrize("text_key_reason", list(MALFORMED.values()), ids=list(MALFORMED))
    def test_are_refused_with_file_key_and_reason(self, tmp_path: Path, text_key_reason: tuple[str, str, str]) -> None:
        text, key, reason = text_key_reason
        path = written(tmp_path, text)
        with pytest.raises(NoticeError) as caught:
            load(str(path))
        message = str(caught.value)
        assert message.startswith(f"{path}：")
        assert key in message
        assert reason in message

    def test_the_sound_one_loads(self, tmp_path: Path) -> None:
        assert load(str(written(tmp_path, CITY + TERM))).id == "city/2024"

    def test_a_cycle_of_extends_is_refused(self, tmp_path: Path) -> None:
        first = CITY.replace("shanxi/2024", "town/2024")
        path = written(tmp_path, first)
        written(tmp_path, CITY.replace("city/2024", "town/2024").replace("shanxi/2024", "city/2024"), "town-2024")
        with pytest.raises(NoticeError, match="循环继承：city/2024 -> town/2024 -> city/2024"):
            load(str(path))

    def test_one_that_extends_nothing_must_state_everything(self, tmp_path: Path) -> None:
        with pytest.raises(NoticeError, match="缺少“"):
            load(str(written(tmp_path, CITY.replace('extends = "shanxi/2024"\n', "") + TERM)))

    def test_an_unknown_name_is_refused_with_those_that_exist(self) -> None:
        with pytest.raises(NoticeError, match="没有政策文件 mars/2024；现有：hebei/2024、jilin/2024"):
            load("mars/2024")

    def test_a_file_under_another_name_is_refused(self, tmp_path: Path) -> None:
        written(tmp_path, CITY, "town-2024")
        with pytest.raises(NoticeError, match="应为 town/2024"):
            load("town/2024", [tmp_path])

    def test_a_missing_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(NoticeError, match="无法打开"):
            load(str(tmp_path / "none.toml"))


class TestReadings:
    def test_stand_all_in_the_handbook_and_no_other(self) -> None:
        page = (BUILT_IN.parent.parent / "docs" / "readings.md").read_text("utf-8")
        lines = {line for line in page.splitlines() if line.startswith("| `")}
        expected = set()
        for path in BUILT_IN.glob("*.toml"):
            file = NoticeFile(path)
            for key, reading in file.readings().items():
                terms = {term for stated in file.terms().values() for term in terms_of(stated) if term.reading == key}
                bearing = "<br>".join(sorted({f"`{term.key}` {term.clause}" for term in terms}))
                expected.add(f"| `{key}` | {reading.text} | {reading.reason} | {bearing} |")
        assert lines == expected
