"""人工核实: decided again from the data as they are now, by somebody who did not load the claim, in the claim's order."""

import pytest

from agency.actions import open_hold
from agency.models import Event, Hold, Post
from agency.moves import MoveRefused
from subsidies.payout.models import Award
from subsidies.skills import actions
from subsidies.skills.models import Claim, Decision
from tests.subsidies.skills.conftest import certificate, claim, person


@pytest.fixture
def to_review(town, decide, programme):
    """to_review(1, 2): claims of these persons, whose grade is not known yet."""

    def make(*numbers: int) -> list[Claim]:
        town.people(*numbers)
        town.load("certificates", *(certificate(number, 等级="") for number in numbers))
        made = town.claim(*(claim(number) for number in numbers))
        decide()
        return [Claim.objects.get(pk=each.pk) for each in made]

    return make


class TestApproving:
    def test_takes_the_data_as_they_are_now(self, town, to_review, stands, at):
        [made] = to_review(1)
        with pytest.raises(actions.ClaimRefused, match="尚不能判定：证书等级"):
            actions.approve(made, by=town.staff("fushen"), at=at)
        assert (stands(made), Award.objects.count()) == (("TO_REVIEW", "grade_covered"), 0)
        town.load("certificates", certificate(1))
        actions.approve(made, by=town.staff("fushen"), at=at)
        assert stands(made) == ("APPROVED", "")
        assert (made.amount, made.award.amount, made.reviewed_by) == (1500, 1500, town.staff("fushen"))
        assert list(made.decisions.order_by("pk").values_list("outcome", "by__username")) == [
            ("incomplete", None), ("eligible", "fushen"),
        ]  # fmt: skip
        event = Event.objects.get(case_kind="claim", case_id=made.pk, kind="DECISION")
        assert (event.by, event.detail["outcome"]) == (town.staff("fushen"), "eligible")

    def test_what_fails_now_is_refused_with_its_reason(self, town, to_review, at):
        [made] = to_review(1)
        town.load("certificates", certificate(1, 状态="注销"))
        with pytest.raises(actions.ClaimRefused, match="不符合条件：证书"):
            actions.approve(made, by=town.staff("fushen"), at=at)

    def test_a_difference_of_names_is_what_a_person_decides_on(self, town, decide, stands, at):
        town.people(1)
        [made] = town.claim(claim(1, 姓名="赵子一"))
        decide()
        assert stands(made) == ("TO_REVIEW", "NAME_DIFFERS")
        actions.approve(made, by=town.staff("fushen"), at=at)
        assert stands(made) == ("APPROVED", "NAME_DIFFERS")
        assert made.award.account_name == "赵子001"

    def test_is_not_for_who_loaded_it(self, town, to_review, at):
        [made] = to_review(1)
        town.load("certificates", certificate(1))
        Post.objects.create(user=town.staff("jingban2"), role="REVIEWER", region_id="140300", from_on="2024-01-01")
        with pytest.raises(actions.ClaimRefused, match="导入该申请的人不能通过它"):
            actions.approve(made, by=town.staff("jingban2"), at=at)

    @pytest.mark.parametrize("username", ["jingban", "caiwu", "zhengce", "chengqu"])
    def test_is_not_for_other_posts(self, town, to_review, stands, at, username):
        [made] = to_review(1)
        town.load("certificates", certificate(1))
        with pytest.raises(actions.ClaimRefused, match="没有复审岗位"):
            actions.approve(made, by=town.staff(username), at=at)
        assert stands(made)[0] == "TO_REVIEW"

    def test_is_not_for_a_reviewer_of_another_district(self, town, to_review, at):
        [made] = to_review(1)
        town.load("certificates", certificate(1))
        Post.objects.filter(user=town.staff("fushen")).update(region_id="140303")
        with pytest.raises(actions.ClaimRefused, match="没有复审岗位"):
            actions.approve(made, by=town.staff("fushen"), at=at)

    def test_stops_at_an_open_hold(self, town, to_review, at):
        [made] = to_review(1)
        town.load("certificates", certificate(1))
        open_hold("claim", made.pk, Hold.Kind.CLERK, "举报待查", "140302", by=town.staff("fushen"), at=at)
        with pytest.raises(actions.ClaimRefused, match="举报待查"):
            actions.approve(made, by=town.staff("fushen"), at=at)

    def test_of_a_claim_voided_since_is_refused(self, town, to_review, at):
        [made] = to_review(1)
        town.load("certificates", certificate(1))
        town.load("skill-claims", claim(1, 作废="是"))
        with pytest.raises(actions.ClaimRefused, match="已作废"):
            actions.approve(made, by=town.staff("fushen"), at=at)

    def test_of_one_that_has_its_answer_says_so(self, town, decide, at):
        town.people(1)
        [made] = town.claim(claim(1))
        decide()
        with pytest.raises(actions.ClaimRefused, match="不在待人工核实状态"):
            actions.approve(made, by=town.staff("fushen"), at=at)


class TestApprovingMany:
    def test_goes_by_person_in_the_order_of_claims(self, town, decide, stands, at):
        town.load("persons", person(1))
        town.load("certificates", *(certificate(number, 1, 等级="") for number in (1, 2, 3)))
        made = town.claim(*(claim(number, 1, 申请日期=f"2024-06-0{number}") for number in (1, 2, 3)))
        decide()
        assert [stands(each)[0] for each in made] == ["TO_REVIEW"] * 3
        town.load("certificates", certificate(1, 1), certificate(2, 1, 等级="三级"), certificate(3, 1, 等级="三级"))
        done = actions.approve_all(Claim.objects.all(), by=town.staff("fushen"), at=at)
        assert done.moved == [made[0].pk, made[1].pk]
        assert "同一" in done.refused[made[2].pk] or "等级" in done.refused[made[2].pk]
        assert [stands(each)[0] for each in made] == ["APPROVED", "APPROVED", "TO_REVIEW"]

    def test_leaves_what_stands_behind_an_earlier_open_one(self, town, decide, stands, at):
        town.load("persons", person(1))
        town.load("certificates", certificate(1, 1, 等级=""), certificate(2, 1, 等级=""))
        first, second = town.claim(claim(1, 1), claim(2, 1, 申请日期="2024-06-04"))
        decide()
        town.load("certificates", certificate(2, 1))
        done = actions.approve_all(Claim.objects.all(), by=town.staff("fushen"), at=at)
        assert (done.moved, "等级" in done.refused[first.pk]) == ([], True)
        assert "更早的申请尚未办结" in done.refused[second.pk]
        first.refresh_from_db()
        actions.reject(first, "证书等级无法核实", by=town.staff("fushen"), at=at)
        assert actions.approve_all(Claim.objects.all(), by=town.staff("fushen"), at=at).moved == [second.pk]

    def test_two_at_once_give_one_award_each(self, committed_office, files, at_once, at):
        from tests.subsidies.skills.conftest import Town, a_programme

        town = Town(committed_office)
        programme = a_programme(committed_office, at, "shanxi/2024", {}, 2024)
        numbers = range(1, 11)
        town.people(*numbers)
        town.load("certificates", *(certificate(number, 等级="") for number in numbers))
        town.claim(*(claim(number) for number in numbers))
        actions.decide_all(programme, by=town.staff("jingban"), at=at)
        town.load("certificates", *(certificate(number) for number in numbers))
        deeds = [lambda: actions.approve_all(Claim.objects.all(), by=town.staff("fushen"), at=at)] * 3
        done = at_once(*deeds)
        assert sorted(pk for each in done for pk in each.moved) == sorted(Claim.objects.values_list("pk", flat=True))
        assert Award.objects.count() == 10


class TestRejecting:
    def test_needs_a_reason_and_decides_again(self, town, to_review, stands, at):
        [made] = to_review(1)
        with pytest.raises(actions.ClaimRefused, match="理由"):
            actions.reject(made, " ", by=town.staff("fushen"), at=at)
        town.load("certificates", certificate(1, 状态="注销"))
        actions.reject(made, "证书已注销", by=town.staff("jingban"), at=at)
        assert stands(made) == ("REJECTED", "certificate_valid")
        assert (made.reason, made.reviewed_by.username) == ("证书已注销", "jingban")
        assert Decision.objects.filter(claim=made).count() == 2
        assert not Award.objects.exists()

    @pytest.mark.parametrize("username", ["caiwu", "zhengce", "yishi"])
    def test_is_not_for_other_posts_and_then_decides_nothing(self, town, to_review, at, username):
        [made] = to_review(1)
        with pytest.raises(MoveRefused):
            actions.reject(made, "不符", by=town.staff(username), at=at)
        assert Decision.objects.count() == 1

    def test_of_one_that_has_its_answer_is_refused(self, town, decide, at):
        town.people(1)
        [made] = town.claim(claim(1))
        decide()
        made.refresh_from_db()
        with pytest.raises(MoveRefused):
            actions.reject(made, "不符", by=town.staff("fushen"), at=at)
        assert Decision.objects.count() == 1


class TestInventedNotice:
    """A notice that asks of certificate and post, and bars by certificates held."""

    @pytest.fixture
    def programme(self, make_programme):
        return make_programme("tests/policy/notices/jia-2024.toml")

    def test_certificate_and_post_are_a_persons_answer(self, town, decide, programme, stands, at):
        town.people(1, 2)
        agreeing, other = town.claim(claim(1), claim(2))
        decide(programme)
        assert (stands(agreeing), stands(other)) == (("TO_REVIEW", "post_matches"),) * 2
        actions.answer_post(agreeing, True, by=town.staff("jingban"), at=at)
        actions.answer_post(other, False, by=town.staff("jingban"), at=at)
        actions.approve(agreeing, by=town.staff("fushen"), at=at)
        with pytest.raises(actions.ClaimRefused, match="不符合条件"):
            actions.approve(other, by=town.staff("fushen"), at=at)
        assert stands(agreeing)[0] == "APPROVED"
        event = Event.objects.get(case_kind="claim", case_id=other.pk, kind="WRITE")
        assert (event.why, event.by.username) == ("登记证岗相适：否", "jingban")
        with pytest.raises(actions.ClaimRefused, match="已有结论"):
            actions.answer_post(agreeing, False, by=town.staff("jingban"), at=at)
        with pytest.raises(MoveRefused):
            actions.answer_post(other, True, by=town.staff("caiwu"), at=at)

    def test_a_higher_certificate_held_bars_though_nothing_was_received_for_it(self, town, decide, programme, stands):
        town.load("persons", person(1), person(2))
        town.load("certificates", certificate(1), certificate(2), certificate(3, 1, 等级="三级", 发证日期="2024-04-01"))
        barred, free = town.claim(claim(1), claim(2))
        decide(programme)
        assert stands(barred)[0] == "REJECTED"
        assert "not_below_received" in barred.failed
        assert stands(free) == ("TO_REVIEW", "post_matches")
