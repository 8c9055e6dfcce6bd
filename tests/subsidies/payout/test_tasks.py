"""The sweeps: credit before payment at the real fake platform, days that turn; safe twice."""

from datetime import date

import pytest

from agency.models import CreditCheck, Hold, Role
from subsidies.payout import actions, queries, tasks
from subsidies.payout.models import Award


@pytest.fixture
def desk(settings, desk_clock, platform_process, transactional_db):
    settings.DEMO = True
    return desk_clock


def states() -> list[str]:
    return list(Award.objects.order_by("pk").values_list("state", flat=True))


class TestLookingUp:
    def test_asks_once_a_day_and_a_hit_leaves_its_batch_alone(self, desk, listings, cleared, approved_batch, staff, moment):
        awards = cleared(4)
        batch = approved_batch()
        listings(f"{awards[1].uscc},严重失信,2024-06-10,,\n{awards[2].uscc},,,,无应答\n{awards[3].uscc},拟注销,2024-06-10,,\n")
        desk(moment(6, 13, 8))
        tasks.look_up_credit()
        today = CreditCheck.objects.filter(on=date(2024, 6, 13), moment="PAYMENT").order_by("case_id")
        assert list(today.values_list("outcome", flat=True)) == ["CLEAR", "HIT", "NO_ANSWER", "HIT"]
        held = Hold.objects.filter(lifted_at__isnull=True)
        assert {hold.case_id: hold.kind for hold in held} == {awards[1].pk: "CREDIT", awards[2].pk: "CREDIT_UNANSWERED"}
        batch.refresh_from_db()
        assert (batch.state, batch.count) == ("DRAFT", 2)
        tasks.look_up_credit()
        assert today.count() == 4

    def test_a_listing_lifted_in_between_lets_the_award_go_on(self, desk, listings, programme, cleared, staff, moment):
        [award] = cleared(1)
        listings(f"{award.uscc},严重失信,2024-06-10,2024-06-14,\n")
        desk(moment(6, 13, 8))
        tasks.look_up_credit()
        assert queries.left_out(programme, date(2024, 6, 13))["暂缓"].count() == 1
        desk(moment(6, 14, 8))
        tasks.look_up_credit()
        assert actions.make_batch(programme, by=staff(Role.FINANCE), at=moment(6, 14)).count == 1

    def test_nobody_is_asked_about_before_publicity_is_over(self, desk, listings, make_awards, publish, moment):
        make_awards(2)
        publish()
        desk(moment(6, 5))
        tasks.look_up_credit()
        assert not CreditCheck.objects.exists()


class TestDayTurns:
    def test_clears_the_day_after_the_last_and_twice_changes_nothing(self, desk, make_awards, publish, moment):
        make_awards(2)
        publish()
        desk(moment(6, 7, 12))
        tasks.day_turns()
        assert states() == ["PUBLICISED", "PUBLICISED"]
        desk(moment(6, 8, 1))
        tasks.day_turns()
        tasks.day_turns()
        assert states() == ["CLEARED", "CLEARED"]

    def test_forfeits_what_nobody_mended(self, desk, cleared, released_batch, bank_answers, staff, moment):
        cleared(1)
        batch = released_batch()
        bank_answers(batch, returned={1: "账号不存在"})
        actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        desk(moment(7, 15, 1))
        tasks.day_turns()
        assert states() == ["FORFEITED"]
