"""Programmes: prepared by one, opened by another through the fund gate, changed by a new edition alone."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from agency.actions import (
    ProgrammeRefused,
    approve_edition,
    check_final,
    close_programme,
    open_programme,
    prepare_programme,
    propose_edition,
    record_final,
    refuse_edition,
)
from agency.models import Edition, Event, FundMonth, Programme, Role, Workday
from agency.moves import MoveRefused
from agency.queries import (
    TermsBroken,
    calendar,
    draft_problem,
    edition_in_force,
    fund_finding,
    may_publish,
    offices,
    pilot_standing,
    terms_of,
)
from policy import notice
from policy.notice import load
from policy.verdict import Answer

pytestmark = pytest.mark.django_db
FROM = date(2024, 6, 1)


@pytest.fixture
def fund(regions):
    """A year of monthly reports of a region: 1,200,000 spent, so that 1,200,000 at its end covers twelve months."""

    def report(region="14", balance="1200000", year=2023, without=()):
        FundMonth.objects.bulk_create(
            FundMonth(
                region=regions[region], month=date(year, month, 1), spent=Decimal("100000"),
                balance=Decimal(balance) if month == 12 else Decimal("5"),
            )
            for month in range(1, 13) if month not in without
        )  # fmt: skip

    return report


@pytest.fixture
def prepare(regions, staff, at):
    """prepare("shanxi/2024", "1403", choices...): a programme prepared by the first policy person of the province."""

    def prepared(notice="shanxi/2024", region="1403", by=None, **also) -> Programme:
        given = {"year": 2024, "title": f"{regions[region]}2024年稳岗返还", "choices": {}, "counts_from": FROM} | also
        return prepare_programme(notice, regions[region], **given, by=by or staff(Role.POLICY, "14"), at=at)

    return prepared


@pytest.fixture
def first(staff):
    return staff(Role.POLICY, "14")


@pytest.fixture
def second(staff):
    return staff(Role.POLICY, "14", 2)


@pytest.fixture
def opened(prepare, fund, second, at) -> Programme:
    fund()
    programme = prepare()
    open_programme(programme, by=second, at=at)
    return programme


class TestPrepare:
    def test_makes_a_programme_with_its_first_edition(self, prepare, staff, at):
        programme = prepare(confirm_by=date(2024, 8, 31), sms_sign="甲市失业保险", choices={"publicity_days": "7"})
        edition = programme.editions.get()
        assert (programme.state, edition.state, edition.number) == ("PREPARED", "PROPOSED", 1)
        assert (edition.prepared_by, edition.prepared_at, edition.region_id) == (staff(Role.POLICY, "14"), at, "1403")
        assert edition.terms_sha256 == load("shanxi/2024").terms({"publicity_days": "7"}).sha256
        assert terms_of(edition).value("publicity_days") == 7
        told = Event.objects.filter(case_kind__in=["programme", "edition"]).order_by("pk")
        assert list(told.values_list("to_state", flat=True)) == ["PREPARED", "PROPOSED"]

    @pytest.mark.parametrize(
        ("given", "why"),
        [
            ({"notice": "nowhere/2024"}, "nowhere"),
            ({"choices": {"publicity_days": "many"}}, "publicity_days|公示"),
            ({"choices": {"confirm_mode": "silent"}}, "confirm_mode|确认"),
            ({"year": 2025}, "不能用于 2025 年度"),
            ({"counts_from": date(2025, 1, 1)}, "起算日"),
            ({"confirm_by": date(2024, 5, 31)}, "确认截止日"),
            ({"confirm_by": date(2025, 1, 1)}, "确认截止日"),
        ],
    )
    def test_what_the_notice_does_not_allow_is_refused(self, given, why, prepare):
        with pytest.raises(ProgrammeRefused, match=why):
            prepare(**given)
        assert not Programme.objects.exists()

    def test_a_second_one_for_region_and_year_is_refused(self, prepare):
        prepare()
        with pytest.raises(ProgrammeRefused, match="已有项目"):
            prepare()

    @pytest.mark.parametrize(("role", "region"), [(Role.PREPARER, "14"), (Role.POLICY, "1404"), (Role.SYSTEM_ADMIN, "14")])
    def test_only_the_policy_post_of_the_region_prepares(self, role, region, prepare, staff):
        with pytest.raises(MoveRefused, match="政策管理"):
            prepare(by=staff(role, region))

    def test_an_agencys_own_notice_is_found_in_its_folder(self, prepare, tmp_path):
        own = (notice.BUILT_IN / "shanxi-2024.toml").read_text(encoding="utf-8")
        (tmp_path / "jia-2024.toml").write_text(own.replace('id = "shanxi/2024"', 'id = "jia/2024"'), encoding="utf-8")
        with pytest.raises(ProgrammeRefused):
            prepare(notice="jia/2024")
        assert prepare(notice="jia/2024", folders=[tmp_path]).editions.get().terms_sha256

    def test_a_file_elsewhere_is_not_taken_by_its_path(self, prepare):
        with pytest.raises(ProgrammeRefused, match="没有政策文件"):
            prepare(notice=str(notice.BUILT_IN / "shanxi-2024.toml"))


class TestOpen:
    def test_a_second_person_opens_through_the_fund_gate(self, opened, second, at):
        opened.refresh_from_db()
        edition = opened.editions.get()
        assert (opened.state, opened.opened_at, edition.state, edition.approved_by) == ("OPEN", at, "APPROVED", second)
        told = Event.objects.get(case_kind="programme", to_state="OPEN")
        assert (told.by, told.detail["months"], told.detail["limit"]) == (second, "12", "12")
        assert "40号" in told.detail["clause"]

    def test_who_prepared_it_does_not_open_it(self, prepare, fund, staff, at):
        fund()
        with pytest.raises(ProgrammeRefused, match="筹备人不能开办"):
            open_programme(prepare(), by=staff(Role.POLICY, "14"), at=at)

    def test_another_post_does_not_open_it(self, prepare, fund, staff, at):
        fund()
        with pytest.raises(MoveRefused):
            open_programme(prepare(), by=staff(Role.REVIEWER, "14"), at=at)
        assert Programme.objects.get().state == "PREPARED"
        assert Edition.objects.get().state == "PROPOSED"

    @pytest.mark.parametrize(("balance", "opens"), [("1200000", True), ("1199999.99", False)])
    def test_the_fund_covers_twelve_months_or_it_stays_shut(self, balance, opens, prepare, fund, second, at):
        fund(balance=balance)
        programme = prepare()
        if opens:
            open_programme(programme, by=second, at=at)
        else:
            with pytest.raises(ProgrammeRefused, match="基金备付条件未通过"):
                open_programme(programme, by=second, at=at)
        assert Programme.objects.get().state == ("OPEN" if opens else "PREPARED")

    @pytest.mark.parametrize("without", [(5,), (12,), tuple(range(1, 13))])
    def test_a_missing_month_keeps_it_shut(self, without, prepare, fund, second, at):
        fund(without=without)
        with pytest.raises(ProgrammeRefused, match="基金备付条件未通过"):
            open_programme(prepare(), by=second, at=at)

    def test_a_voided_report_does_not_count(self, prepare, fund, second, at):
        fund()
        FundMonth.objects.filter(month=date(2023, 3, 1)).update(voided=True)
        with pytest.raises(ProgrammeRefused, match="基金备付条件未通过"):
            open_programme(prepare(), by=second, at=at)

    @pytest.mark.parametrize(("first", "rival"), [("14", "1403"), ("1403", "14"), ("1403", "140302")])
    def test_two_of_a_year_do_not_cover_the_same_region(self, first, rival, prepare, fund, second, at):
        fund()
        open_programme(prepare(region=first), by=second, at=at)
        other = prepare(region=rival)
        with pytest.raises(ProgrammeRefused, match="已覆盖该地区"):
            open_programme(other, by=second, at=at)

    def test_a_neighbour_opens_its_own(self, prepare, fund, second, at):
        fund()
        open_programme(prepare(region="1403"), by=second, at=at)
        open_programme(prepare(region="1404"), by=second, at=at)
        assert Programme.objects.filter(state="OPEN").count() == 2

    def test_after_the_period_it_stays_shut(self, prepare, fund, second, at):
        fund()
        with pytest.raises(ProgrammeRefused, match="到期"):
            open_programme(prepare(), by=second, at=at.replace(year=2025, month=1, day=1))

    def test_twice_is_refused(self, opened, staff, at):
        with pytest.raises(MoveRefused):
            open_programme(Programme.objects.get(), by=staff(Role.POLICY, "14", 3), at=at)

    def test_a_refused_first_edition_is_followed_by_another(self, prepare, fund, staff, second, at):
        fund()
        programme = prepare()
        refuse_edition(programme.editions.get(), "选项不当", by=second, at=at)
        with pytest.raises(ProgrammeRefused, match="没有待批准的版本"):
            open_programme(programme, by=second, at=at)
        edition = propose_edition(programme, {"publicity_days": "7"}, FROM, "改公示期", by=staff(Role.POLICY, "14"), at=at)
        open_programme(programme, by=second, at=at)
        edition.refresh_from_db()
        assert (edition.number, edition.state) == (2, "APPROVED")

    def test_terms_that_were_changed_behind_our_back_are_not_approved(self, prepare, fund, second, at):
        fund()
        programme = prepare()
        Edition.objects.update(terms=load("hebei/2024").terms().canonical())
        with pytest.raises(TermsBroken, match="散列不符"):
            open_programme(programme, by=second, at=at)


@pytest.mark.django_db(transaction=True)
class TestTwoOpenAtOnce:
    def test_one_of_two_that_overlap_opens(self, prepare, fund, second, at, rounds):
        fund()
        programmes = [prepare(region=region) for region in ("14", "1403")]
        for _ in range(rounds(10)):
            barrier, refused = threading.Barrier(2), []

            def run(programme, barrier=barrier, refused=refused) -> None:
                try:
                    barrier.wait(20)
                    open_programme(programme, by=second, at=at)
                except ProgrammeRefused as refusal:
                    refused.append(str(refusal))
                finally:
                    connection.close()

            threads = [threading.Thread(target=run, args=[Programme.objects.get(pk=each.pk)]) for each in programmes]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            assert len(refused) == 1
            assert "已覆盖该地区" in refused[0]
            assert Programme.objects.filter(state="OPEN").count() == 1
            Programme.objects.update(state="PREPARED")
            Edition.objects.update(state="PROPOSED", approved_by=None)


class TestEdition:
    def test_an_open_programme_changes_by_a_second_persons_approval(self, opened, staff, second, at):
        edition = propose_edition(
            opened, {"publicity_days": "7"}, date(2024, 9, 1), "延长公示", by=staff(Role.POLICY, "14"), at=at
        )
        assert edition_in_force(opened, date(2024, 9, 1)).number == 1
        approve_edition(edition, by=second, at=at)
        assert edition_in_force(opened, date(2024, 8, 31)).number == 1
        assert edition_in_force(opened, date(2024, 9, 1)).number == 2
        assert terms_of(edition_in_force(opened, date(2024, 9, 1))).value("publicity_days") == 7

    def test_before_the_first_none_is_in_force(self, opened):
        assert edition_in_force(opened, FROM - timedelta(days=1)) is None

    def test_who_proposed_it_does_not_approve_it(self, opened, second, at):
        edition = propose_edition(opened, {}, date(2024, 9, 1), "更正", by=second, at=at)
        with pytest.raises(ProgrammeRefused, match="拟定人不能批准"):
            approve_edition(edition, by=second, at=at)

    def test_one_waits_at_a_time(self, opened, second, at):
        propose_edition(opened, {}, date(2024, 9, 1), "更正", by=second, at=at)
        with pytest.raises(ProgrammeRefused, match="已有待批准"):
            propose_edition(opened, {}, date(2024, 9, 1), "再更正", by=second, at=at)

    def test_it_does_not_count_from_before_the_one_in_force(self, opened, second, at):
        with pytest.raises(ProgrammeRefused, match="不能早于现行版本"):
            propose_edition(opened, {}, FROM - timedelta(days=1), "更正", by=second, at=at)

    def test_it_has_a_reason(self, opened, second, at):
        with pytest.raises(ProgrammeRefused, match="理由"):
            propose_edition(opened, {}, FROM, " ", by=second, at=at)

    def test_the_first_is_not_approved_without_opening(self, prepare, second, at):
        with pytest.raises(ProgrammeRefused, match="开办项目时一并批准"):
            approve_edition(prepare().editions.get(), by=second, at=at)

    def test_a_refused_one_stays_readable_and_never_counts(self, opened, staff, second, at):
        edition = propose_edition(opened, {"publicity_days": "7"}, FROM, "更正", by=staff(Role.POLICY, "14"), at=at)
        refuse_edition(edition, "无依据", by=second, at=at)
        assert edition_in_force(opened, date(2024, 9, 1)).number == 1
        assert Event.objects.get(case_kind="edition", to_state="REFUSED").why == "无依据"
        with pytest.raises(MoveRefused):
            approve_edition(edition, by=second, at=at)


class TestDraft:
    @pytest.fixture
    def draft(self, prepare, fund, second, at):
        fund()
        programme = prepare("xpcc/2024")
        open_programme(programme, by=second, at=at)
        return programme

    def test_a_final_notice_may_be_published(self, opened):
        assert may_publish(opened)

    def test_a_draft_is_opened_and_not_published_until_its_number_is_recorded_and_checked(self, draft, first, second, at):
        assert "尚未补录正式文号和印发日期" in draft_problem(draft)
        with pytest.raises(ProgrammeRefused, match="还没有补录"):
            check_final(draft, by=second, at=at)
        record_final(draft, "兵人社发〔2024〕9号", date(2024, 6, 30), by=second, at=at)
        assert "“兵人社发〔2024〕9号”（2024-06-30），尚未由另一位" in draft_problem(Programme.objects.get(pk=draft.pk))
        with pytest.raises(ProgrammeRefused, match="补录人不能复核"):
            check_final(draft, by=second, at=at)
        assert not may_publish(Programme.objects.get(pk=draft.pk))
        check_final(draft, by=first, at=at)
        assert may_publish(Programme.objects.get(pk=draft.pk))
        told = Event.objects.filter(case_kind="programme", case_id=draft.pk).order_by("-pk")[:2]
        assert [(event.by, event.why, event.detail) for event in told] == [
            (first, "复核正式文号：兵人社发〔2024〕9号", {"final_on": "2024-06-30"}),
            (second, "补录正式文号：兵人社发〔2024〕9号", {"final_on": "2024-06-30"}),
        ]

    def test_the_number_may_be_mended_until_it_is_checked(self, draft, first, second, at):
        record_final(draft, "兵人社发〔2024〕9号", date(2024, 6, 30), by=second, at=at)
        record_final(draft, "兵人社发〔2024〕10号", date(2024, 6, 30), by=second, at=at)
        check_final(draft, by=first, at=at)
        with pytest.raises(ProgrammeRefused, match="已补录并复核文号“兵人社发〔2024〕10号”"):
            record_final(draft, "兵人社发〔2024〕9号", date(2024, 6, 30), by=second, at=at)
        with pytest.raises(ProgrammeRefused, match="无须再办"):
            check_final(draft, by=first, at=at)

    @pytest.mark.parametrize(("number", "on", "why"), [(" ", "2024-06-30", "文号"), ("x", "2024-07-02", "不能晚于今天")])
    def test_an_empty_number_or_a_day_to_come_is_refused(self, number, on, why, draft, second, at):
        with pytest.raises(ProgrammeRefused, match=why):
            record_final(draft, number, date.fromisoformat(on), by=second, at=at)

    def test_a_final_notice_takes_no_number(self, opened, second, at):
        with pytest.raises(ProgrammeRefused, match="不是征求意见稿"):
            record_final(opened, "x", date(2024, 6, 30), by=second, at=at)

    def test_another_post_does_not_record_it(self, draft, staff, at):
        with pytest.raises(MoveRefused):
            record_final(draft, "x", date(2024, 6, 30), by=staff(Role.FINANCE, "14"), at=at)


class TestClose:
    def test_not_while_enterprises_may_still_answer(self, opened, second, at):
        with pytest.raises(ProgrammeRefused, match="政策期到 2024-12-31"):
            close_programme(opened, by=second, at=at.replace(month=12, day=31))

    def test_once_the_period_is_over(self, opened, second, at):
        close_programme(opened, by=second, at=at.replace(year=2025, month=1, day=1))
        assert opened.state == "CLOSED"
        with pytest.raises(ProgrammeRefused, match="已结束"):
            propose_edition(opened, {}, date(2024, 9, 1), "更正", by=second, at=at)


class TestFundFinding:
    def test_is_that_of_the_topmost_region_with_reports(self, regions, fund):
        terms = load("shanxi/2024").terms()
        fund("1403", balance="600000")
        assert fund_finding(regions["140302"], 2024, terms).answer is Answer.FAIL
        fund("14", balance="2400000")
        assert fund_finding(regions["140302"], 2024, terms).answer is Answer.PASS
        assert fund_finding(regions["140302"], 2024, terms).figures["months"] == 24

    def test_is_unknown_without_reports(self, regions):
        assert fund_finding(regions["1403"], 2024, load("shanxi/2024").terms()).answer is Answer.UNKNOWN

    def test_asks_of_the_year_before(self, regions, fund):
        fund(year=2024)
        assert fund_finding(regions["1403"], 2024, load("shanxi/2024").terms()).answer is Answer.UNKNOWN


class TestPilot:
    TERMS = load("shandong/2024").terms()

    @pytest.fixture
    def report(self, regions):
        """One month of a region: its balance, and yuan for training, evaluation, posts and insurance."""

        def month(region, year, number, balance, *spent):
            columns = zip(("training", "evaluation", "posts", "insurance"), map(Decimal, spent), strict=True)
            FundMonth.objects.create(
                region=regions[region], month=date(year, number, 1), balance=Decimal(balance), **dict(columns)
            )

        return month

    def test_stands_by_the_reports_of_the_nearest_region(self, regions, report):
        report("14", 2023, 12, 9999, 0, 0, 0, 0)
        report("1403", 2023, 12, 1000, 77, 0, 0, 0)
        report("1403", 2024, 1, 5, 10, 20, 30, 40)
        standing = pilot_standing(regions["140302"], self.TERMS)
        assert standing.region == regions["1403"]
        assert [(row.month, row.spent, row.left) for row in standing.pilot.months] == [(date(2024, 1, 1), 100, 50)]

    def test_is_unknown_from_a_month_that_is_missing(self, regions, report):
        report("1403", 2023, 12, 1000, 0, 0, 0, 0)
        report("1403", 2024, 2, 5, 10, 20, 30, 40)
        pilot = pilot_standing(regions["1403"], self.TERMS).pilot
        assert (pilot.finding.answer, pilot.finding.figures["missing"]) == (Answer.UNKNOWN, ("2024-01",))
        assert [row.left for row in pilot.months] == [None, None]

    def test_is_unknown_without_reports(self, regions):
        standing = pilot_standing(regions["1403"], self.TERMS)
        assert (standing.region, standing.pilot.finding.because) == (regions["1403"], "balance_unknown")

    def test_is_none_where_the_terms_rule_none(self, regions):
        assert pilot_standing(regions["1403"], load("shanxi/2024").terms()) is None


class TestCalendar:
    def test_has_the_agencys_overrides(self, db):
        assert calendar().is_workday(date(2024, 7, 1))
        Workday.objects.create(day=date(2024, 7, 1), works=False)
        assert not calendar().is_workday(date(2024, 7, 1))
        Workday.objects.update(voided=True)
        assert calendar().is_workday(date(2024, 7, 1))


class TestOffices:
    def test_a_region_without_its_own_takes_the_one_above(self, regions):
        assert offices()["140302"] == ("甲市失业保险中心", "0353-2200000")
        assert offices()["1404"] == ("某省失业保险中心", "0351-1200000")
        assert offices()[None].phone == "12333"
