"""From approval to the bank's answer, the straight way."""

from datetime import date

from agency.models import Event, Role
from subsidies.payout import actions, queries


class TestStraightWay:
    def test_three_awards_are_published_cleared_batched_released_and_paid(
        self, cleared, released_batch, bank_answers, staff, moment
    ):
        awards = cleared(3)
        assert {award.state for award in awards} == {"CLEARED"}
        batch = released_batch()
        assert (batch.state, batch.count, str(batch.total)) == ("RELEASED", 3, "6000.03")
        bank_answers(batch)
        booked = actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        assert booked == actions.Booked(succeeded=3, returned=0, unmatched=0, waiting=0)
        assert batch.state == "RECONCILED"
        for award in awards:
            award.refresh_from_db()
            assert (award.state, award.paid_on) == ("PAID", date(2024, 6, 13))

    def test_every_move_of_an_award_is_an_event_in_order(self, cleared, released_batch, bank_answers, staff, moment):
        [award] = cleared(1)
        batch = released_batch()
        bank_answers(batch)
        actions.book_results(batch, by=staff(Role.FINANCE), at=moment(6, 14))
        moves = [(event.case_kind, event.to_state) for event in queries.events_of(award) if event.kind == Event.Kind.MOVE]
        assert moves == [
            ("award", "PENDING"), ("award", "PUBLICISED"), ("award", "CLEARED"), ("payment", "PENDING"), ("award", "PAYING"),
            ("payment", "SUCCEEDED"), ("award", "PAID"),
        ]  # fmt: skip
