"""Replies by file: taken in like every spreadsheet, once each, never changed by another."""

import pytest

from agency.models import Event, Reply
from tests.office import committed_office, office  # noqa: F401 - fixtures

ROW = {"手机号": "13900000001", "内容": "同意", "接收时间": "2024-06-25 09:30:00", "网关消息号": "MO0017"}


@pytest.fixture
def replies(office):  # noqa: F811
    return lambda *rows: office.check("replies", [ROW | row for row in rows])


def reasons(imp) -> list[str]:
    return [reason for _, _, _, _, reason, _ in imp.report["errors"]]


class TestReplies:
    def test_are_born_with_their_event_and_sealed(self, office):  # noqa: F811
        imp = office.load("replies", [ROW])
        reply = Reply.objects.get()
        assert (reply.state, reply.phone.reveal(), reply.text.reveal(), str(reply.phone)) == (
            "NEW",
            "13900000001",
            "同意",
            "139****0001",
        )
        event = Event.objects.get(case_kind="reply")
        assert (event.case_id, event.to_state, event.by) == (reply.pk, "NEW", imp.checked_by)

    @pytest.mark.parametrize("changed", [{"内容": "不同意"}, {"手机号": "13900000002"}])
    def test_that_came_are_not_changed(self, office, replies, changed):  # noqa: F811
        office.load("replies", [ROW])
        assert reasons(replies(changed)) == ["此网关消息号已登记过，号码或内容不同；上行短信不能更改，请核对"]

    def test_that_were_read_are_not_voided(self, office, replies):  # noqa: F811
        office.load("replies", [ROW])
        assert reasons(replies({"作废": "是"})) == []
        Reply.objects.update(state="LISTED")
        assert reasons(replies({"作废": "是"})) == ["此短信已识别，不能作废；请在短信回复中登记处理结果"]

    def test_of_tomorrow_or_from_no_phone_are_refused(self, replies):
        told = reasons(replies({"接收时间": "2024-07-01 23:59:59"}, {"接收时间": "2024-07-02", "网关消息号": "MO2"}))
        assert told == ["接收时间晚于今天，请核对"]
        assert len(reasons(replies({"手机号": "10690000"}))) == 1
