"""The button by which a clerk books an answer that came by telephone or on paper."""

from html import unescape

import pytest
from django.urls import reverse

from agency.models import Role
from subsidies.refunds import actions
from subsidies.refunds.models import Application, State
from tests.subsidies.refunds.conftest import look_up, offered, scan  # noqa: F401 - the same city


@pytest.fixture
def case(offered, desk_clock, moment) -> Application:  # noqa: F811
    desk_clock(moment(6, 26))
    return offered()


def address(case: Application, name: str = "record-answer") -> str:
    return reverse(f"admin:refunds_application_{name}", args=[case.pk])


FORM = {"answer": "CONFIRMED", "through": "CALL", "said_by": "张会计", "said_at": "2024-06-26T09:00", "note": ""}


def said(answer) -> str:
    return unescape(answer.content.decode())


class TestRecording:
    def test_of_a_call_shows_it_on_the_case_and_in_the_list(self, clerk, case):
        page = said(clerk.post(address(case), FORM, follow=True))
        case.refresh_from_db()
        assert (case.state, case.answer_channel) == (State.CONFIRMED, "CALL")
        for words in (
            "登记的答复",
            "张会计",
            "2024-06-26 09:00",
            "确认接受返还（电话）",
            "短信链接",
            "2024-07-16 00:00",
            "已答复",
        ):
            assert words in page
        listed = said(clerk.get(reverse("admin:refunds_application_changelist") + "?answer_channel__exact=CALL"))
        assert case.enterprise.name in listed
        assert case.enterprise.name not in said(
            clerk.get(reverse("admin:refunds_application_changelist") + "?answer_channel__exact=PAPER")
        )

    def test_of_a_paper_asks_for_the_scan_and_shows_it(self, clerk, case, scan):  # noqa: F811
        paper = FORM | {"through": "PAPER", "answer": "DECLINED"}
        assert "须上传扫描件" in said(clerk.post(address(case), paper))
        page = said(clerk.post(address(case), paper | {"proofs": scan("放弃声明.png")[1]}, follow=True))
        assert "放弃声明.png" in page
        case.refresh_from_db()
        assert (case.state, case.answer_channel) == (State.DECLINED, "PAPER")

    def test_after_another_answer_is_told_which(self, clerk, case, acts_for, moment):
        actions.decline(case, "", by=acts_for(case.enterprise), at=moment(6, 26, 10), through="SMS")
        page = said(clerk.post(address(case), FORM))
        assert "2024年6月26日 10:00 已通过短信回复答复，现在的状态是“已放弃”" in page
        case.refresh_from_db()
        assert case.state == State.DECLINED

    @pytest.mark.parametrize("role", [Role.REVIEWER, Role.FINANCE, Role.AUDITOR, Role.POLICY, Role.SYSTEM_ADMIN])
    def test_is_for_preparers_alone(self, at_desk, case, role):
        assert at_desk(role).post(address(case), FORM).status_code in {403, 404}
        case.refresh_from_db()
        assert case.state == State.OFFERED

    def test_is_absent_for_the_clerk_of_another_region(self, at_desk, case):
        assert at_desk(Role.PREPARER, region="140303").post(address(case), FORM).status_code == 404


class TestCorrection:
    def test_shows_its_proof_to_the_clerk_and_its_answer_to_the_enterprise(self, clerk, case, acts_for, moment, scan):  # noqa: F811
        user = acts_for(case.enterprise)
        asked = actions.ask_correction(case, "account", "开户行已更名", [scan("开户许可证.png")], by=user, at=moment(6, 26))
        page = said(clerk.get(reverse("admin:refunds_correction_change", args=[asked.pk])))
        assert "开户许可证.png" in page
        clerk.post(reverse("admin:refunds_correction_settle", args=[asked.pk]), {"text": "已按开户许可证更正"})
        asked.refresh_from_db()
        assert asked.settlement == "已按开户许可证更正"
