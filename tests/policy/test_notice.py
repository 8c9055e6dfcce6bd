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
        assert notice.in_force(date(2024, 1, 1))
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
        with pytest.raises(ChoiceRefused, match=rf"公示天数（publicity_days）不能是 {days}，应(为整数|在 1 至 366 之间)"):
            load("shanxi/2024").terms({"publicity_days": days})

    @pytest.mark.parametrize("days", ["1", "366"])
    def test_a_number_at_its_bound_is_taken(self, days: str) -> None:
        assert load("shanxi/2024").terms({"publicity_days": days}).value("publicity_days") == int(days)

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

    def test_need_not_say_what_comes_after_its_programme(self, tmp_path: Path) -> None:
        term = '[terms.{}]\nvalue = {}\nuntil = 2024-11-30\nclause = "一"\nphrase = "x"\n'
        text = CITY + '[terms.skill_until]\nvalue = 2024-11-30\nclause = "一"\nphrase = "x"\n'
        assert load(str(written(tmp_path, text + term.format("yearly_limit", 2)))).terms().value("yearly_limit") == 2
        with pytest.raises(NoticeError, match=r"terms\.small_unit_most：日期没有覆盖整个返还政策期间"):
            load(str(written(tmp_path, text + term.format("small_unit_most", 20))))

    def test_is_looked_up_by_the_day_held_within_its_programme(self, tmp_path: Path) -> None:
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
