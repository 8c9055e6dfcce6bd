"""Credit: every answer archived; a hit stops its own case, and a lifted listing sets it free."""

import hashlib

import pytest

from agency.actions import Answer, CreditRefused, book_answers, lift_hold, open_hold, state_by_hand
from agency.models import CreditCheck, Event, Hold, Role
from agency.moves import MoveRefused, is_held

pytestmark = pytest.mark.django_db
BARRING = {"严重失信", "经营异常"}
USCC = "91140300000000000X"


@pytest.fixture
def answer(at):
    def make(outcome="CLEAR", *flags, raw='{"code": "OK"}') -> Answer:
        return Answer(outcome, flags, raw, "信用信息共享平台", at)

    return make


@pytest.fixture
def book(regions, at):
    def booked(*answers: tuple[int, Answer]):
        rows = [(case, USCC, "1403", answer) for case, answer in answers]
        return book_answers("refund", CreditCheck.Moment.REVIEW, at.date(), rows, BARRING, at=at)

    return booked


def open_kinds(case: int) -> list[str]:
    return sorted(Hold.objects.filter(case_id=case, lifted_at__isnull=True).values_list("kind", flat=True))


class TestBookAnswers:
    def test_archives_each_answer_as_received(self, book, answer, at):
        book((1, answer("HIT", "严重失信", raw='{"flags": ["严重失信"]}')), (2, answer()))
        [hit, clear] = CreditCheck.objects.order_by("case_id")
        assert (hit.outcome, hit.flags, hit.moment, hit.on, hit.region_id) == ("HIT", ["严重失信"], "REVIEW", at.date(), "1403")
        assert hit.raw_sha256 == hashlib.sha256('{"flags": ["严重失信"]}'.encode()).hexdigest()
        assert (clear.outcome, clear.flags, clear.by) == ("CLEAR", [], None)

    def test_a_hit_holds_its_own_case_and_names_the_list(self, book, answer):
        told = book((1, answer("HIT", "严重失信", "拟注销")), (2, answer()))
        assert told == (1, 1, 0, 1, 0)
        hold = Hold.objects.get()
        assert (hold.case_id, hold.kind, hold.reason) == (1, "CREDIT", "2024-07-01核验列入：严重失信")
        assert hold.check_row == CreditCheck.objects.get(case_id=1)
        assert not is_held("refund", 2)

    def test_a_list_that_does_not_bar_is_archived_and_holds_nothing(self, book, answer):
        assert book((1, answer("HIT", "拟注销"))).hits == 0
        assert CreditCheck.objects.get().outcome == "HIT"
        assert open_kinds(1) == []

    def test_no_answer_holds_until_there_is_one(self, book, answer):
        assert book((1, answer("NO_ANSWER"))).unanswered == 1
        assert open_kinds(1) == ["CREDIT_UNANSWERED"]
        assert book((1, answer())).lifted == 1
        assert open_kinds(1) == []

    def test_no_answer_does_not_lift_a_hit(self, book, answer):
        book((1, answer("HIT", "严重失信")))
        book((1, answer("NO_ANSWER")))
        assert open_kinds(1) == ["CREDIT", "CREDIT_UNANSWERED"]

    def test_a_hit_after_no_answer_replaces_it(self, book, answer):
        book((1, answer("NO_ANSWER")))
        book((1, answer("HIT", "严重失信")))
        assert open_kinds(1) == ["CREDIT"]

    def test_a_lifted_listing_sets_the_case_free(self, book, answer):
        book((1, answer("HIT", "严重失信")), (2, answer("HIT", "严重失信")))
        assert book((1, answer())).lifted == 1
        assert (open_kinds(1), open_kinds(2)) == ([], ["CREDIT"])

    def test_the_same_hit_again_is_archived_and_holds_once(self, book, answer):
        book((1, answer("HIT", "严重失信")))
        assert book((1, answer("HIT", "严重失信"))).opened == 0
        assert CreditCheck.objects.count() == 2

    def test_a_hold_that_a_person_opened_stays(self, book, answer, staff, at):
        open_hold("refund", 1, Hold.Kind.CREDIT, "来函", "1403", by=staff(Role.PREPARER), at=at)
        book((1, answer()))
        assert open_kinds(1) == ["CREDIT"]

    def test_costs_the_same_for_many_as_for_few(self, book, answer, django_assert_max_num_queries):
        many = [(case, answer("HIT", "严重失信") if case % 3 else answer("NO_ANSWER")) for case in range(1, 3001)]
        with django_assert_max_num_queries(16):
            told = book(*many)
        assert (told.hits, told.unanswered, told.opened) == (2000, 1000, 3000)


class TestStateByHand:
    def state(self, staff, at, *flags, role=Role.PREPARER, region="1403", basis="信用中国查询：未见记录", **also):
        return state_by_hand("refund", 1, USCC, "1403", "REVIEW", at.date(), flags, basis, by=staff(role, region), at=at, **also)

    def test_a_clear_look_up_lifts_what_the_platform_left_open(self, book, answer, staff, at):
        book((1, answer("NO_ANSWER")))
        check = self.state(staff, at)
        assert (check.outcome, check.by, check.source) == ("CLEAR", staff(Role.PREPARER), "人工核验")
        assert "信用中国查询" in check.raw
        assert open_kinds(1) == []
        assert Hold.objects.get().lifted_by == staff(Role.PREPARER)

    def test_a_listing_turns_the_hold(self, book, answer, staff, at):
        book((1, answer("NO_ANSWER")))
        self.state(staff, at, "严重失信")
        assert open_kinds(1) == ["CREDIT"]

    def test_what_a_person_saw_is_not_lifted_by_the_platform(self, book, answer, staff, at):
        self.state(staff, at, "严重失信")
        book((1, answer()))
        assert open_kinds(1) == ["CREDIT"]
        lift_hold(Hold.objects.get(), "已移出", by=staff(Role.PREPARER), at=at)
        assert open_kinds(1) == []

    def test_a_list_that_does_not_bar_lifts(self, book, answer, staff, at):
        book((1, answer("NO_ANSWER")))
        self.state(staff, at, "拟注销", barring=BARRING)
        assert open_kinds(1) == []

    def test_is_told(self, staff, at):
        check = self.state(staff, at, "严重失信")
        told = Event.objects.filter(case_kind="refund", case_id=1).order_by("pk").first()
        assert (told.why, told.by, told.detail) == (
            "人工核验信用：严重失信",
            staff(Role.PREPARER),
            {"check": check.pk, "files": []},
        )

    def test_without_a_basis_it_is_refused(self, staff, at):
        with pytest.raises(CreditRefused, match="何处核验"):
            self.state(staff, at, basis=" ")

    def test_by_another_post_it_is_refused(self, staff, at):
        with pytest.raises(MoveRefused):
            self.state(staff, at, role=Role.AUDITOR)
        assert not CreditCheck.objects.exists()
