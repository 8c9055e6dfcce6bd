"""From approval to the bank's answer, the straight way."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from agency.models import Role
from subsidies.payout import actions


class TestStraightWay:
    def test_three_awards_are_published_cleared_batched_released_and_paid(self, cleared, released_batch, bank_answers, staff):
        awards = cleared(3)
        assert {award.state for award in awards} == {"CLEARED"}
        batch = released_batch()
        assert (batch.state, batch.count, str(batch.total)) == ("RELEASED", 3, "6000.03")
        bank_answers(batch)
        booked = actions.book_results(
            batch, by=staff(Role.FINANCE), at=datetime(2024, 6, 14, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
        )
        assert booked == actions.Booked(succeeded=3, returned=0, unmatched=0, waiting=0)
        assert batch.state == "RECONCILED"
        for award in awards:
            award.refresh_from_db()
            assert (award.state, award.paid_on) == ("PAID", date(2024, 6, 13))
