"""判定: each rule once from the spreadsheet to the state, order within a person, two at once, starting again."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agency.models import Event
from agency.moves import MoveRefused
from policy.skill import SkillFacts
from subsidies.payout.models import Award
from subsidies.skills import actions, queries
from subsidies.skills.models import Claim, Decision
from tests.subsidies.skills.conftest import cases, certificate, claim, person, training


class TestBirth:
    def test_of_a_case_for_each_submission_with_its_event(self, town):
        town.people(1, 2)
        first, second = town.claim(claim(1), claim(2))
        assert (first.state, first.programme, first.region_id) == ("SUBMITTED", None, "140302")
        assert first.pk < second.pk
        event = Event.objects.get(case_kind="claim", case_id=first.pk)
        assert (event.kind, event.from_state, event.to_state, event.by) == ("MOVE", "", "SUBMITTED", town.staff("jingban2"))

    def test_is_once_however_often_it_is_loaded(self, town):
        town.people(1)
        town.claim(claim(1))
        town.claim(claim(1), claim(1, 申请日期="2024-06-04") | {"证书编号": "S9"})
        town.claim(claim(1, 申请日期="2024-06-05"))
        assert [each.submission.claimed_on for each in cases()] == [date(2024, 6, 5), date(2024, 6, 4)]

    def test_is_not_of_a_voided_row(self, town):
        town.load("skill-claims", claim(1, 作废="是"))
        assert cases() == []
        town.load("skill-claims", claim(1, 作废="否"))
        assert len(cases()) == 1

    def test_of_somebody_unknown_is_in_the_region_that_loaded_it(self, town):
        town.load("skill-claims", claim(5), by="chengqu")
        assert Claim.objects.get().region_id == "140302"


# What is loaded for person 1 beside a plain certificate and claim, and what comes out.
RULES = {
    "eligible": ({}, {}, {}, "APPROVED", ""),
    "drawing": ({"参保状态": "领取失业保险金", "累计缴费月数": "3"}, {}, {}, "APPROVED", ""),
    "not insured any more": ({"参保状态": "停保"}, {}, {}, "REJECTED", "status_covered"),
    "status unknown": ({"参保状态": ""}, {}, {}, "TO_REVIEW", "status_covered"),
    "eleven months": ({"累计缴费月数": "11"}, {}, {}, "REJECTED", "insured_long_enough"),
    "twelve months": ({"累计缴费月数": "12"}, {}, {}, "APPROVED", ""),
    "months up to an earlier month": ({"累计缴费月数": "10", "截至年月": "202404"}, {}, {}, "TO_REVIEW", "insured_long_enough"),
    "too few whatever came since": ({"累计缴费月数": "9", "截至年月": "202404"}, {}, {}, "REJECTED", "insured_long_enough"),
    "enough whatever came since": ({"累计缴费月数": "12", "截至年月": "202401"}, {}, {}, "APPROVED", ""),
    "months up to nobody knows when": ({"截至年月": ""}, {}, {}, "TO_REVIEW", "insured_long_enough"),
    "cancelled": ({}, {"状态": "注销"}, {}, "REJECTED", "certificate_valid"),
    "not found by the lookup": ({}, {"联网查询结果": "未查到"}, {}, "REJECTED", "certificate_valid"),
    "another type": ({}, {"证书类型": "专项职业能力证书"}, {}, "REJECTED", "certificate_valid"),
    "neither status nor lookup": ({}, {"状态": "", "联网查询结果": ""}, {}, "TO_REVIEW", "certificate_valid"),
    "second grade": ({}, {"等级": "二级"}, {}, "REJECTED", "grade_covered"),
    "grade unknown": ({}, {"等级": ""}, {}, "TO_REVIEW", "grade_covered"),
    "before the period": ({}, {"发证日期": "2023-10-01"}, {"申请日期": "2023-12-31"}, "REJECTED", "within_period"),
    "first day": ({"截至年月": "202401"}, {"发证日期": "2023-10-01"}, {"申请日期": "2024-01-01"}, "APPROVED", ""),
    "another name in the claim": ({}, {}, {"姓名": "赵子二"}, "TO_REVIEW", "NAME_DIFFERS"),
    "another name on the certificate": ({}, {"姓名": "钱子001"}, {}, "TO_REVIEW", "NAME_DIFFERS"),
}  # fmt: skip


class TestRules:
    @pytest.mark.parametrize("case", RULES)
    def test_lead_where_they_say(self, town, decide, stands, case):
        of_person, of_certificate, of_claim, state, codes = RULES[case]
        town.load("persons", person(1, **of_person))
        town.load("certificates", certificate(1, **of_certificate))
        [made] = town.claim(claim(1, **of_claim))
        decide()
        assert stands(made) == (state, codes)

    def test_amount_is_that_of_the_grade(self, town, decide):
        town.people(1, 2, 3)
        town.load("certificates", certificate(1, 等级="五级"), certificate(2, 等级="四级"), certificate(3, 等级="三级"))
        town.claim(claim(1), claim(2), claim(3))
        assert decide() == actions.Decided(3, 0, 0, Decimal("4500.00"))
        assert [(each.amount, each.award.amount) for each in cases()] == [(1000, 1000), (1500, 1500), (2000, 2000)]

    def test_window_of_twelve_months_after_issue(self, town, decide, make_programme, stands):
        programme = make_programme("shandong/2024")
        town.people(1, 2)
        town.load("certificates", certificate(1, 发证日期="2023-06-02"), certificate(2, 发证日期="2023-06-03"))
        late, timely = town.claim(claim(1), claim(2))
        decide(programme)
        assert (stands(late), stands(timely)) == (("REJECTED", "within_window"), ("APPROVED", ""))

    def test_lookup_is_asked_where_the_notice_names_it(self, town, decide, make_programme, stands):
        programme = make_programme("hebei/2024")
        town.people(1)
        town.load("certificates", certificate(1, 联网查询结果=""))
        [made] = town.claim(claim(1))
        decide(programme)
        assert stands(made) == ("TO_REVIEW", "certificate_valid")

    def test_bounds_have_to_settle_both_numbers_of_months_in_hebei(self, town, decide, make_programme, stands):
        programme = make_programme("hebei/2024")
        town.people(1, 2)
        town.load("persons", person(1, 累计缴费月数="35", 截至年月="202405"), person(2, 累计缴费月数="36", 截至年月="202405"))
        open_, settled = town.claim(claim(1), claim(2))
        decide(programme)
        assert (stands(open_), stands(settled)) == (("TO_REVIEW", "insured_long_enough"), ("APPROVED", ""))


class TestPersonsAndRecordsThatAreMissing:
    def test_somebody_not_on_record_is_looked_at(self, town, decide, stands):
        town.load("certificates", certificate(1))
        [made] = town.claim(claim(1))
        decide()
        assert stands(made) == ("TO_REVIEW", "status_covered;insured_long_enough")

    def test_so_is_a_certificate_not_on_record(self, town, decide, stands):
        town.load("persons", person(1))
        [made] = town.claim(claim(1))
        decide()
        assert stands(made)[0] == "TO_REVIEW"
        assert {"certificate_valid", "grade_covered"} <= set(made.unknown)

    def test_and_the_certificate_of_somebody_else(self, town, decide, stands):
        town.people(1, 2)
        [made] = town.claim(claim(2, of=1))
        decide()
        assert stands(made)[0] == "TO_REVIEW"
        assert made.flags == ["OTHER_HOLDER"]
        assert "certificate_valid" in made.unknown

    def test_a_voided_record_is_none(self, town, decide, stands):
        town.people(1)
        town.load("persons", person(1, 作废="是"))
        [made] = town.claim(claim(1))
        decide()
        assert stands(made) == ("TO_REVIEW", "status_covered;insured_long_enough")

    def test_training_that_no_list_was_loaded_for_is_unknown(self, office, files, make_programme, at, stands):
        office.enterprises(1)
        office.load("persons", [person(1)])
        office.load("certificates", [certificate(1)])
        office.load("skill-claims", [claim(1)])
        actions.decide_all(make_programme(), by=office.people["jingban"], at=at)
        assert stands(Claim.objects.get()) == ("TO_REVIEW", "not_with_training_subsidy")

    def test_a_list_from_before_the_claim_says_nothing_of_it(self, town, decide, stands):
        town.people(1)
        town.office.at = town.office.at.replace(day=2)
        [made] = town.claim(claim(1, 申请日期="2024-07-02"))
        decide()
        assert stands(made) == ("TO_REVIEW", "not_with_training_subsidy")


class TestTraining:
    def test_of_the_same_occupation_and_grade_bars(self, town, decide, stands):
        town.people(1, 2)
        town.load(
            "training-subsidies",
            training(1, **{"职业(工种)代码": "6-31-01-03", "等级": "四级"}),
            training(2, **{"职业(工种)代码": "6-31-01-03", "等级": "五级"}),
        )
        same, other = town.claim(claim(1), claim(2))
        decide()
        assert (stands(same), stands(other)) == (("REJECTED", "not_with_training_subsidy"), ("APPROVED", ""))

    def test_of_which_something_is_unknown_is_looked_at(self, town, decide, stands):
        town.people(1)
        town.load("training-subsidies", training(1, **{"职业(工种)代码": "", "等级": "四级"}))
        [made] = town.claim(claim(1))
        decide()
        assert stands(made) == ("TO_REVIEW", "not_with_training_subsidy")


def several(town, *papers: dict[str, str], days: str = "3456789") -> list[Claim]:
    """Claims of person 1 for certificates of their own, a day after the other."""
    town.load("persons", person(1))
    numbers = range(1, len(papers) + 1)
    town.load("certificates", *(certificate(number, 1, **paper) for number, paper in zip(numbers, papers, strict=True)))
    return town.claim(*(claim(number, 1, 申请日期=f"2024-06-0{days[number - 1]}") for number in numbers))


class TestOrderWithinAPerson:
    def test_three_a_year_by_the_day_of_the_claim_not_by_the_row(self, town, decide, stands):
        papers = [{"职业(工种)代码": f"6-31-01-0{number}"} for number in range(4)]
        made = several(town, *papers, days="6543")
        decide()
        assert [stands(each)[0] for each in made] == ["REJECTED", "APPROVED", "APPROVED", "APPROVED"]
        assert made[0].failed == ["yearly_limit"]

    def test_one_grade_once_and_none_below(self, town, decide, stands):
        made = several(town, {"等级": "四级"}, {"等级": "四级"}, {"等级": "三级"}, {"等级": "五级"})
        decide()
        assert [stands(each) for each in made] == [
            ("APPROVED", ""), ("REJECTED", "once_per_grade"), ("APPROVED", ""), ("REJECTED", "not_below_received"),
        ]  # fmt: skip

    def test_on_one_day_the_earlier_row_is_first(self, town, decide, stands):
        made = several(town, {}, {}, days="33")
        decide()
        assert [stands(each)[0] for each in made] == ["APPROVED", "REJECTED"]

    def test_in_a_later_run_counts_what_was_approved_before(self, town, decide, stands):
        [first] = several(town, {})
        decide()
        town.load("certificates", certificate(2, 1))
        [second] = town.claim(claim(2, 1, 申请日期="2024-06-10"))
        decide()
        assert (stands(first)[0], stands(second)) == ("APPROVED", ("REJECTED", "once_per_grade"))

    def test_one_struck_or_forfeited_counts_no_more(self, town, decide, stands):
        [first] = several(town, {})
        decide()
        Award.objects.filter(claim=first).update(state="STRUCK")
        town.load("certificates", certificate(2, 1))
        [second] = town.claim(claim(2, 1, 申请日期="2024-06-10"))
        decide()
        assert stands(second) == ("APPROVED", "")

    def test_behind_one_that_is_looked_at_a_claim_is_looked_at_too(self, town, decide, stands):
        made = several(town, {"等级": ""}, {"职业(工种)代码": "6-31-01-04"}, {"职业(工种)代码": "6-31-01-05", "等级": "二级"})
        decide()
        assert [stands(each)[0] for each in made] == ["TO_REVIEW", "TO_REVIEW", "REJECTED"]
        assert made[1].flags == ["EARLIER_OPEN"]

    def test_one_before_it_does_not_wait_for_a_later_one(self, town, decide, stands):
        made = several(town, {}, {"等级": ""})
        decide()
        assert [stands(each)[0] for each in made] == ["APPROVED", "TO_REVIEW"]


class TestWhat:
    def test_is_kept_of_a_decision_gives_the_findings_again(self, town, decide):
        town.people(1)
        [made] = town.claim(claim(1))
        decide()
        decision = Decision.objects.get()
        assert (decision.claim, decision.outcome, decision.amount, decision.by) == (made, "eligible", Decimal(1500), None)
        assert len(decision.facts.encode()) < 1000
        facts = SkillFacts.from_json(decision.facts)
        assert (facts.claimed_on, facts.grade, facts.insured_months, facts.received) == (date(2024, 6, 3), "四级", 40, ())
        findings = queries.findings_of(decision)
        assert {finding.answer.value for finding in findings} == {"PASS"}
        assert findings[0].clause

    def test_happened_is_two_moves_of_a_clerk_and_the_system(self, town, decide):
        town.people(1)
        [made] = town.claim(claim(1))
        decide()
        moves = Event.objects.filter(case_kind="claim", case_id=made.pk, kind="MOVE").order_by("pk")
        assert list(moves.values_list("to_state", "by__username")) == [
            ("SUBMITTED", "jingban2"), ("CHECKED", "jingban"), ("APPROVED", None),
        ]  # fmt: skip

    def test_is_refused_to_other_posts_and_regions(self, town, programme, at):
        for username in ("fushen", "caiwu", "zhengce", "chengqu", "yishi"):
            with pytest.raises(MoveRefused):
                actions.decide_all(programme, by=town.staff(username), at=at)

    def test_is_refused_before_the_programme_is_open(self, town, programme, at):
        programme.state = "PREPARED"
        programme.save()
        with pytest.raises(actions.ClaimRefused, match="尚未开办"):
            actions.decide_all(programme, by=town.staff("jingban"), at=at)

    def test_draft_notice_is_calculated(self, town, decide, make_programme, stands):
        programme = make_programme("xpcc/2024")
        town.people(1)
        [made] = town.claim(claim(1))
        decide(programme)
        assert stands(made) == ("APPROVED", "")


class TestWhose:
    def test_claims_are_of_the_year_of_their_day(self, town, decide, stands):
        town.office.at = town.office.at.replace(year=2025)
        town.office.load("training-subsidies", [training(999)])
        town.people(1)
        [made] = town.claim(claim(1, 申请日期="2025-06-03"))
        assert decide() == actions.Decided(0, 0, 0, Decimal(0))
        assert stands(made)[0] == "SUBMITTED"

    def test_a_notice_without_last_day_takes_the_next_year_too(self, town, make_programme, stands):
        programme = make_programme("hebei/2024")
        town.office.at = at = town.office.at.replace(year=2025)
        town.office.load("training-subsidies", [training(999)])
        town.load("persons", person(1, 截至年月="202506"))
        town.load("certificates", certificate(1, 发证日期="2025-03-01"))
        [made] = town.claim(claim(1, 申请日期="2025-06-03"))
        actions.decide_all(programme, by=town.staff("jingban"), at=at)
        assert stands(made) == ("APPROVED", "")

    def test_another_citys_are_left_alone(self, town, decide, stands):
        town.load("skill-claims", claim(1), by="yishi")
        decide()
        assert Claim.objects.get().state == "SUBMITTED"


class TestVoidedAndChanged:
    def test_one_voided_before_it_was_decided_is_left(self, town, decide):
        town.people(1)
        town.claim(claim(1))
        town.load("skill-claims", claim(1, 作废="是"))
        decide()
        assert Claim.objects.get().state == "SUBMITTED"

    def test_one_that_has_its_answer_can_neither_be_changed_nor_voided(self, town, decide):
        town.people(1)
        town.claim(claim(1))
        decide()
        for row in (claim(1, 作废="是"), claim(1, 申请日期="2024-06-04")):
            imp = town.office.check("skill-claims", [row], by="jingban2", settings={"again": "yes"})
            assert imp.refused == 1
            assert "已有结论" in imp.report["errors"][0][4]
        again = town.office.check("skill-claims", [claim(1)], by="jingban2", settings={"again": "yes"})
        assert (again.refused, again.unchanged) == (0, 1)


class TestTwoAtOnce:
    def test_give_one_decision_and_one_award_a_claim(self, committed_office, files, at_once, at):
        from tests.subsidies.skills.conftest import Town, a_programme

        town = Town(committed_office)
        programme = a_programme(committed_office, at, "shanxi/2024", {}, 2024)
        numbers = range(1, 41)
        town.people(*numbers)
        town.claim(*(claim(number) for number in numbers))
        deeds = [lambda: actions.decide_all(programme, by=town.staff("jingban"), at=at)] * 3
        done = at_once(*deeds)
        assert sum(each.approved for each in done) == 40
        assert (Decision.objects.count(), Award.objects.count()) == (40, 40)
        assert set(Claim.objects.values_list("state", flat=True)) == {"APPROVED"}


class TestStartingAgain:
    def test_goes_on_where_it_was(self, town, decide, monkeypatch):
        monkeypatch.setattr("subsidies.skills.actions.decisions.PERSONS", 2)
        town.people(1, 2, 3, 4, 5)
        town.claim(*(claim(number) for number in range(1, 6)))
        calls = []
        real = actions.decisions.award

        def once(*given, **named):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            real(*given, **named)

        monkeypatch.setattr("subsidies.skills.actions.decisions.award", once)
        with pytest.raises(KeyboardInterrupt):
            decide()
        assert sorted(Claim.objects.values_list("state", flat=True)) == ["APPROVED"] * 2 + ["SUBMITTED"] * 3
        assert decide().approved == 3
        assert Award.objects.count() == 5


class TestQueries:
    def test_are_as_many_for_fifty_claims_as_for_two(self, town, decide):
        counts = []
        for numbers in (range(1), range(1, 3), range(3, 53)):
            town.people(*numbers)
            town.claim(*(claim(number) for number in numbers))
            with CaptureQueriesContext(connection) as asked:
                assert decide().approved == len(numbers)
            counts.append(len(asked))
        assert counts[1] == counts[2], counts
