"""短信回复 at the console: what nobody may guess waits there for a clerk."""

import pytest
from django.urls import reverse

from agency.actions import NewReply, book_push
from agency.models import Event, Reply, Role
from subsidies.refunds.actions import take_replies

PHONE = "13911112222"


@pytest.fixture
def listed(db, days) -> Reply:
    """One from a phone that nobody registered."""
    book_push("1", [], [NewReply("MO-1", PHONE, "请问何时到账", days.answered)], called_at=days.answered, at=days.answered)
    take_replies(at=days.answered)
    return Reply.objects.get()


def address(name: str, *args: object) -> str:
    return reverse(f"admin:agency_reply_{name}", args=args)


class TestReplies:
    def test_stand_on_the_board_and_in_the_list_masked(self, clerk, listed):
        assert "短信回复，待人工处理" in clerk.get(reverse("admin:index")).content.decode()
        page = clerk.get(address("changelist")).content.decode()
        assert "不是登记手机号" in page
        assert "139****2222" in page
        assert PHONE not in page

    def test_are_opened_with_an_event(self, clerk, listed):
        assert "请问何时到账" not in clerk.get(address("change", listed.pk)).content.decode()
        page = clerk.post(address("reveal", listed.pk)).content.decode()
        assert PHONE in page
        assert "请问何时到账" in page
        assert Event.objects.filter(kind="READ", case_kind="reply", case_id=listed.pk).count() == 1

    def test_are_settled_with_what_became_of_them(self, clerk, listed):
        clerk.post(address("settle", listed.pk), {"text": "已致电，非参保单位"})
        listed.refresh_from_db()
        assert (listed.state, listed.settlement) == ("SETTLED", "已致电，非参保单位")

    @pytest.mark.parametrize("role", [Role.FINANCE, Role.POLICY, Role.SYSTEM_ADMIN])
    def test_are_for_those_who_work_with_them(self, at_desk, listed, role):
        assert at_desk(role).get(address("changelist")).status_code == 403
        assert at_desk(role).post(address("reveal", listed.pk)).status_code in (403, 404)
        assert not Event.objects.filter(kind="READ").exists()


class TestMessagesOfAProgramme:
    def test_sign_templates_and_hours_are_set_by_policy_alone(self, at_desk, programme):
        page = reverse("admin:agency_programme_messages", args=[programme.pk])
        given = {"sign": "甲市稳岗", "templates": "offer=T-1\nreminder=T-2", "report_hours": "24"}
        assert at_desk(Role.PREPARER).post(page, given).status_code == 403
        at_desk(Role.POLICY).post(page, given)
        programme.refresh_from_db()
        assert (programme.sms_sign, programme.sms_report_hours) == ("甲市稳岗", 24)
        assert programme.sms_templates == {"offer": "T-1", "reminder": "T-2"}

    @pytest.mark.parametrize(
        ("also", "said"), [({"templates": "nothing=T-1"}, "没有名为“nothing”的短信"), ({"report_hours": "9999"}, "720")]
    )
    def test_what_cannot_be_is_said(self, at_desk, programme, also, said):
        page = reverse("admin:agency_programme_messages", args=[programme.pk])
        answer = at_desk(Role.POLICY).post(page, {"sign": "", "templates": "", "report_hours": "72"} | also)
        assert said in answer.content.decode()
        programme.refresh_from_db()
        assert programme.sms_templates == {}
