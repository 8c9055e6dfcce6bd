"""The console with the keyboard alone: a clerk's day, and wherever the focus stops it is seen."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from agency.models import Appeal, Bulk, Hold, Role
from subsidies.refunds import actions
from subsidies.refunds.models import Application, State
from tests.browser.keys import Keys
from tests.browser.test_year import PASSWORD
from tests.browser.walk import picture, session_of
from tests.portal.conftest import (  # noqa: F401 - the same city as behind the portal's own tests
    acts_for,
    confirmed,
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

CASES = "/admin/refunds/application/"


@pytest.fixture
def screen_of(site, browser, browser_context_args) -> Iterator[Callable[..., Keys]]:
    """screen_of(width): a keyboard at a screen of its own."""
    with contextlib.ExitStack() as opened:

        def do(width: int = 1366) -> Keys:
            options = browser_context_args | {"viewport": {"width": width, "height": 768}}
            return Keys(opened.enter_context(browser.new_context(**options)).new_page())

        yield do


@pytest.fixture
def at_desk(screen_of, staff, base_url) -> Callable[..., Keys]:  # noqa: F811
    """at_desk(role): the keyboard where this person has logged in."""

    def do(role: str, width: int = 1366) -> Keys:
        keys = screen_of(width)
        keys.page.context.add_cookies([{"name": "sessionid", "value": session_of(staff(role)), "url": base_url}])
        return keys

    return do


def says(keys: Keys, words: str) -> None:
    expect(keys.page.locator("#main")).to_contain_text(words)


def past_the_menu(keys: Keys) -> None:
    keys.press_to("跳到正文")
    keys.page.keyboard.press("Enter")


def open_one(keys: Keys, page: str, deed: str) -> None:
    """Go to a page and press the button that leads to a deed."""
    keys.page.goto(page)
    past_the_menu(keys)
    keys.press(deed, "link")


class TestCase:
    def test_is_found_and_reviewed_after_logging_in_and_approved_by_another(
        self, screen_of, at_desk, confirmed, days, desk_clock, staff  # noqa: F811
    ):  # fmt: skip
        desk_clock(days.reviewed)
        application = confirmed()
        enterprise, clerk = application.enterprise, staff(Role.PREPARER)
        clerk.set_password(PASSWORD)
        clerk.save()
        keys = screen_of()
        keys.page.goto("/admin/")
        keys.write("用户名", clerk.username)
        keys.write("密码", PASSWORD)
        keys.press("登录", "button")
        keys.press("返还事项", "link")
        past_the_menu(keys)
        keys.write("统一社会信用代码的开头，或单位名称的一部分", enterprise.name)
        with keys.page.expect_navigation():
            keys.page.keyboard.press("Enter")
        past_the_menu(keys)
        keys.press(enterprise.uscc, "link")
        past_the_menu(keys)
        keys.press("初审通过", "link")
        keys.press("初审通过", "button")
        says(keys, "由另一人复审")
        keys.press_to(f"{clerk.name[0]} {clerk.name}", "button")
        keys.page.keyboard.press("Enter")
        keys.press("注销", "button")
        application.refresh_from_db()
        assert (application.state, application.reviewed_by) == (State.REVIEWED, clerk)
        reviewer = at_desk(Role.REVIEWER)
        open_one(reviewer, f"{CASES}{application.pk}/change/", "复审通过")
        reviewer.press("复审通过", "button")
        application.refresh_from_db()
        assert application.state == State.APPROVED

    def test_is_held_and_the_hold_is_lifted(self, at_desk, confirmed, days, desk_clock):  # noqa: F811
        desk_clock(days.reviewed)
        keys = at_desk(Role.PREPARER)
        open_one(keys, f"{CASES}{confirmed().pk}/change/", "暂缓")
        keys.write("暂缓的原因", "核对工资表")
        keys.press("暂缓", "button")
        says(keys, "核对工资表")
        keys.press("暂缓", "link")
        past_the_menu(keys)
        keys.press(str(Hold.objects.get().pk), "link")
        past_the_menu(keys)
        keys.press("解除暂缓", "link")
        keys.write("理由", "已核对")
        keys.press("解除暂缓", "button")
        assert Hold.objects.get().lifted_why == "已核对"

    def test_is_decided_again_on_appeal(
        self, at_desk, make_enterprise, screen, acts_for, moment, staff, desk_at  # noqa: F811
    ):  # fmt: skip
        enterprise = make_enterprise(people=100, claimants=20)
        screen()
        filed = {"by": acts_for(enterprise), "at": moment(7, 8)}
        actions.file_appeal(enterprise.applications.get(), "ineligible", "人数有误", [picture()], **filed)
        desk_at(7, 9)
        keys, reviewer = at_desk(Role.PREPARER), at_desk(Role.REVIEWER)
        page = f"/admin/agency/appeal/{Appeal.objects.get().pk}/change/"
        open_one(keys, page, "受理")
        keys.press("受理", "button")
        open_one(keys, page, "要求补充证据")
        keys.write("需要补充什么（单位可见）", "花名册")
        keys.press("要求补充证据", "button")
        actions.hand_in_evidence(Appeal.objects.get(), [picture()], **filed)
        open_one(reviewer, page, "申诉不成立")
        reviewer.write("理由（单位可见）", "人数无误")
        reviewer.press("申诉不成立", "button")
        assert Appeal.objects.get().state == Appeal.State.DISMISSED


class TestList:
    def test_takes_many_cases_and_answers_to_none(self, at_desk, confirmed, days, desk_clock):  # noqa: F811
        desk_clock(days.reviewed)
        going, staying = confirmed(), confirmed()
        keys = at_desk(Role.PREPARER)
        keys.page.goto(f"{CASES}?o=1")
        past_the_menu(keys)
        keys.tick("选择此行")
        keys.press_to("选择要执行的操作", key="Shift+Tab")
        keys.select("选择要执行的操作", "初审通过（所选）")
        keys.tick("选择此行")
        with keys.page.expect_navigation():
            keys.page.keyboard.press("Enter")
        says(keys, "条目必须选中")
        assert not Bulk.objects.exists()
        past_the_menu(keys)
        keys.tick("选择此行")
        keys.press_to("选择要执行的操作", key="Shift+Tab")
        keys.select("选择要执行的操作", "初审通过（所选）")
        keys.press("执行", "button")
        says(keys, "全部已办理")
        states = dict(Application.objects.values_list("pk", "state"))
        assert states == {going.pk: State.REVIEWED, staying.pk: State.CONFIRMED}

    def test_is_narrowed_by_its_filters_which_close_when_they_are_left(self, at_desk, confirmed, days, desk_clock):  # noqa: F811
        desk_clock(days.reviewed)
        confirmed()
        keys = at_desk(Role.PREPARER)
        keys.page.goto(CASES)
        past_the_menu(keys)
        panel = keys.page.locator("#changelist-filter")
        for left_by in (["Escape"], ["Shift+Tab", "Shift+Tab"]):  # past its own scrolling box
            keys.press_to("筛选条件")
            keys.page.keyboard.press("Enter")
            expect(panel.locator(":focus")).to_have_text("全部")
            for key in left_by:
                keys.page.keyboard.press(key)
            expect(panel).to_be_hidden()
        keys.press_to("筛选条件", key="Shift+Tab")
        keys.page.keyboard.press("Space")
        expect(panel.locator(":focus")).to_have_text("全部")
        keys.press("不符合", "link")
        says(keys, "0 项")


def test_the_menu_of_a_narrow_screen_opens_and_closes(at_desk, desk_at):  # noqa: F811
    desk_at(7, 2)
    keys = at_desk(Role.PREPARER, 1000)
    keys.page.goto("/admin/")
    menu = keys.page.locator("#nav-sidebar")
    expect(menu).to_be_hidden()
    keys.press_to("侧栏", "button")
    keys.page.keyboard.press("Enter")
    expect(menu.locator(":focus")).to_be_visible()
    keys.page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    assert keys.heard() == ("button", "侧栏")
    keys.page.keyboard.press("Space")
    expect(menu.locator(":focus")).to_be_visible()
    keys.press("返还事项", "link")
    says(keys, "稳岗返还事项")
