"""The link of an SMS on a phone 375 px wide, with the keyboard alone: a code, the case, the answer."""

import re
import time

from playwright.sync_api import expect

from agency.models import Event, Message
from agency.tasks import wake
from subsidies.refunds.models import Application, State
from tests.browser.test_portal import USCC, code_on, handset, is_sound, number, tab_to  # noqa: F401 - the same phone
from tests.portal.conftest import (  # noqa: F401 - the same city
    acts_for,
    credit_list,
    days,
    desk_at,
    files,
    look_up,
    make_enterprise,
    make_programme,
    moment,
    offered,
    programme,
    regions,
    screen,
    staff,
)


def link_on(outbox, number: str) -> str:  # noqa: F811
    """The link that the gateway delivered to a phone."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for message in outbox(number):
            if found := re.search(r"http\S+/l/[\w-]{22}", message["text"]):
                return found.group()
        time.sleep(0.1)
    raise TimeoutError("no link was delivered")


class TestLink:
    def test_leads_from_the_sms_to_the_answer(
        self, handset, offered, desk_at, outbox, code_on, number, pictures, the_machine  # noqa: F811
    ):  # fmt: skip
        desk_at(6, 26)
        application: Application = offered(uscc=USCC, phone=number)
        wake("agency.send_messages")
        link = link_on(outbox, number)
        handset.goto(link)
        is_sound(handset, "link", pictures)
        tab_to(handset, "获取验证码")
        asked = time.monotonic()
        handset.keyboard.press("Enter")
        handset.wait_for_url("**/sign-in/link/")
        code = code_on(number)
        assert time.monotonic() - asked < 10  # of a busy machine; sent_at below says how soon it left
        is_sound(handset, "link-code", pictures)
        tab_to(handset, "验证码")
        handset.keyboard.type(code)
        handset.keyboard.press("Enter")
        handset.wait_for_url("**/refunds/*/")
        tab_to(handset, "核对并确认")
        handset.keyboard.press("Enter")
        handset.wait_for_url("**/confirm/")
        tab_to(handset, "确认接受")
        handset.keyboard.press("Enter")
        expect(handset.get_by_text("已确认，接下来由经办机构审核")).to_be_visible()
        application.refresh_from_db()
        assert (application.state, application.answer_channel) == (State.CONFIRMED, "LINK")
        handset.goto(link)
        expect(handset.get_by_role("heading", name="链接已失效")).to_be_visible()
        is_sound(handset, "link-over", pictures)
        message = Message.objects.get(kind="sign_in_code")
        assert (message.sent_at - message.created_at).total_seconds() < 2
        token = link.rpartition("/")[2]
        logs = "".join(path.read_text(errors="replace") for path in the_machine.logs.glob("*.log"))
        assert "/l/***" in logs  # the 410 of the last look
        assert token not in logs
        assert not Event.objects.filter(why__contains=token).exists()
