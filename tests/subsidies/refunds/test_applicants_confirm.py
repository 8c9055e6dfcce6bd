"""Where the notice asks own applicants too to confirm (xpcc/2024), and where it does not."""

from datetime import date

import pytest

from agency.models import CreditCheck, Message, Role
from subsidies.payout.queries import terms_in_force
from subsidies.refunds import actions, queries
from subsidies.refunds.models import Application, State


@pytest.fixture
def programme(make_programme, request):
    return make_programme(getattr(request, "param", "xpcc/2024"))


@pytest.fixture
def applied(make_enterprise, acts_for, screen, moment, look_up):
    """An own application of an enterprise that is eligible and was not offered anything."""

    def do() -> Application:
        enterprise = make_enterprise(recorded_size="小型")
        screen()
        application = enterprise.applications.get()
        Application.objects.filter(pk=application.pk).update(state=State.WITHDRAWN)
        application.refresh_from_db()
        actions.apply(application, by=acts_for(enterprise), at=moment(6, 24))
        for of, on in ((CreditCheck.Moment.SCREENING, moment(6, 25)), (CreditCheck.Moment.REVIEW, moment(7, 2))):
            look_up(application, of, on)
        return application

    return do


class TestAsked:
    def test_an_own_applicant_is_offered_confirms_and_is_reviewed_on_its_own_day(
        self, applied, programme, staff, acts_for, moment
    ):
        application = applied()
        with pytest.raises(actions.RefundRefused, match=r"须由单位确认.*二（一）"):
            actions.review(application, by=staff(Role.PREPARER), at=moment(7, 2))
        assert actions.offer_all(programme, by=staff(Role.PREPARER), at=moment(6, 25)).offered == 1
        application.refresh_from_db()
        assert application.state == State.OFFERED
        assert Message.objects.filter(kind="offer", case_id=application.pk).count() == 1
        actions.confirm(application, by=acts_for(application.enterprise), at=moment(6, 28))
        application.refresh_from_db()
        assert (application.channel, application.submitted_at) == (Application.Channel.OWN_APPLICATION, moment(6, 24))
        actions.review(application, by=staff(Role.PREPARER), at=moment(7, 2))
        assert application.state == State.REVIEWED

    def test_one_that_applied_is_not_waived_and_may_confirm_after_the_period(self, applied, programme, staff, acts_for, moment):
        application = applied()
        actions.offer(application, by=staff(Role.PREPARER), at=moment(6, 25))
        actions.day_turns(date(2025, 1, 1), at=moment(1, 1, year=2025))
        application.refresh_from_db()
        assert application.state == State.OVERDUE
        actions.confirm(application, by=acts_for(application.enterprise), at=moment(1, 3, year=2025))
        assert application.state == State.CONFIRMED

    @pytest.mark.parametrize("programme", ["shanxi/2024"], indirect=True)
    def test_elsewhere_an_own_application_is_reviewed_at_once(self, applied, programme, staff, moment):
        application = applied()
        assert not queries.eligible(programme, terms_in_force(programme, date(2024, 6, 25)), date(2024, 6, 25))
        with pytest.raises(actions.RefundRefused, match="只有"):
            actions.offer(application, by=staff(Role.PREPARER), at=moment(6, 25))
        actions.review(application, by=staff(Role.PREPARER), at=moment(7, 2))
        assert application.state == State.REVIEWED
