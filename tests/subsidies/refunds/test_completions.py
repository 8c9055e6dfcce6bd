"""退回补正: told before the day and after it; then a person decides, never silence."""

from datetime import date

import pytest

from agency.models import Message, Role
from agency.moves import MoveRefused
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Completion
from subsidies.refunds.queries import overdue_completions


@pytest.fixture
def returned(make_enterprise, screen, acts_for, staff, moment) -> Application:
    """Returned on July 1, to be completed by July 12."""
    enterprise = make_enterprise(claimants=9)
    screen()
    application = enterprise.applications.get()
    actions.apply(application, by=acts_for(enterprise), at=moment(6, 26))
    actions.return_for_completion(
        application, "请补证明", ["layoff_rate"], date(2024, 7, 12), by=staff(Role.PREPARER), at=moment(7, 1)
    )
    return application


def told(kind: str) -> int:
    return Message.objects.filter(kind=kind).count()


def test_is_told_three_days_before_and_once_it_is_over_each_once(returned, moment):
    for day, due, over in ((8, 0, 0), (9, 1, 0), (10, 1, 0), (12, 1, 0), (13, 1, 1), (14, 1, 1)):
        actions.tell_completions(date(2024, 7, day), at=moment(7, day))
        assert (told("completion_due"), told("completion_overdue")) == (due, over), day
    returned.refresh_from_db()
    assert returned.state == "RETURNED"


def test_becomes_a_work_item_the_day_after(returned):
    assert not overdue_completions(Application.objects.all(), date(2024, 7, 12))
    assert list(overdue_completions(Application.objects.all(), date(2024, 7, 13))) == [returned]


def test_may_still_be_completed_late_and_is_then_no_work_item(returned, acts_for, moment):
    actions.apply(returned, by=acts_for(returned.enterprise), at=moment(7, 20))
    assert (returned.state, returned.submitted_at) == ("SUBMITTED", moment(6, 26))
    assert not overdue_completions(Application.objects.all(), date(2024, 7, 21))
    assert actions.tell_completions(date(2024, 7, 21), at=moment(7, 21)) == 0


def test_is_not_rejected_before_its_day_is_over(returned, staff, moment):
    with pytest.raises(actions.RefundRefused, match="期限未到"):
        actions.reject(returned, "未补正", by=staff(Role.PREPARER), at=moment(7, 12))
    actions.reject(returned, "未补正", by=staff(Role.PREPARER), at=moment(7, 13))
    assert returned.state == "REJECTED"


def test_may_be_given_longer_and_is_then_told_anew(returned, staff, moment):
    clerk = staff(Role.PREPARER)
    actions.tell_completions(date(2024, 7, 13), at=moment(7, 13))
    with pytest.raises(actions.RefundRefused, match="须晚于"):
        actions.extend_completion(returned, date(2024, 7, 13), by=clerk, at=moment(7, 13))
    with pytest.raises(MoveRefused):
        actions.extend_completion(returned, date(2024, 7, 31), by=staff(Role.PREPARER, region="140303"), at=moment(7, 13))
    actions.extend_completion(returned, date(2024, 7, 31), by=clerk, at=moment(7, 13))
    assert Completion.objects.get().complete_by == date(2024, 7, 31)
    actions.tell_completions(date(2024, 8, 1), at=moment(8, 1))
    assert told("completion_overdue") == 2


def test_of_the_second_return_is_extended_not_the_first(returned, acts_for, staff, moment):
    clerk = staff(Role.PREPARER)
    actions.apply(returned, by=acts_for(returned.enterprise), at=moment(7, 10))
    actions.return_for_completion(returned, "还缺一份", ["layoff_rate"], date(2024, 7, 26), by=clerk, at=moment(7, 15))
    actions.extend_completion(returned, date(2024, 7, 31), by=clerk, at=moment(7, 16))
    assert list(Completion.objects.order_by("pk").values_list("complete_by", flat=True)) == [
        date(2024, 7, 12), date(2024, 7, 31),
    ]  # fmt: skip


def test_needs_a_day_to_come(make_enterprise, screen, acts_for, staff, moment):
    enterprise = make_enterprise(claimants=9)
    screen()
    application = enterprise.applications.get()
    actions.apply(application, by=acts_for(enterprise), at=moment(6, 26))
    with pytest.raises(actions.RefundRefused, match="今天之后"):
        actions.return_for_completion(application, "补", [], date(2024, 7, 1), by=staff(Role.PREPARER), at=moment(7, 1))
    assert application.state == "SUBMITTED"
