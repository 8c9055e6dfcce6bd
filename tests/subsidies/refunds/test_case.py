"""One case from screening to its award."""

from decimal import Decimal

from agency.models import Event, Role
from subsidies.payout.models import Award
from subsidies.refunds import actions
from subsidies.refunds.models import State
from subsidies.refunds.queries import findings_of, standing, timeline


class TestCase:
    def test_goes_from_screening_to_an_award(self, confirmed, staff, days):
        application = confirmed()
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        award = application.award
        assert application.state == State.APPROVED
        assert award.state == Award.State.PENDING
        assert award.amount == Decimal("7200.00")  # 12 months x 10 people x 100 yuan x 60%
        assert award.account == application.enterprise.account
        assert award.columns == {"layoff_rate": "0.000000"}
        assert [event.to_state for event in timeline(application) if event.kind == Event.Kind.MOVE] == [
            "ELIGIBLE", "OFFERED", "CONFIRMED", "REVIEWED", "APPROVED", "PENDING",
        ]  # fmt: skip
        assert standing(application).label == "待公示"
        assert all(finding.answer == "PASS" for finding in findings_of(application.decision))
