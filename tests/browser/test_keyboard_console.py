"""The console with the keyboard alone: a clerk's day, and wherever the focus stops it is seen."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from agency.actions import Answer, book_answers
from agency.admin.programmes import PrepareForm
from agency.intake import kind_of
from agency.models import Appeal, Bulk, CreditCheck, Hold, Import, Programme, Role
from enterprises.models import CreditListing, Size2020
from subsidies.payout import actions as payout
from subsidies.payout.models import PaymentBatch, PublicityRound
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Commitment, State
from tests.browser.keys import Keys
from tests.browser.test_year import PASSWORD, spreadsheets, until
from tests.browser.walk import picture, session_of
from tests.portal.conftest import (  # noqa: F401 - the same city as behind the portal's own tests
    acts_for,
    approved,
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
    phones,
    programme,
    publish,
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
    """Press the link that leads past it, then Tab: the first stop must be within the text."""
    keys.press_to("跳到正文")
    keys.page.keyboard.press("Enter")
    keys.page.keyboard.press("Tab")
    assert keys.is_seen()
    expect(keys.page.locator("#content :focus")).to_have_count(1)


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


class TestImport:
    def test_is_uploaded_checked_and_confirmed(self, at_desk, desk_at, regions, tmp_path):  # noqa: F811
        desk_at(6, 20)
        keys = at_desk(Role.PREPARER)
        open_one(keys, "/admin/agency/import/", "导入表格")
        keys.select("表格种类", f"{kind_of('enterprises').title}（enterprises）")
        keys.attach("文件", spreadsheets(tmp_path, "13800000001")["enterprises"])
        keys.press("导入表格", "button")
        until(lambda: Import.objects.filter(state=Import.State.CHECKED).exists(), "check")
        open_one(keys, f"/admin/agency/import/{Import.objects.get().pk}/change/", "确认导入")
        keys.press("确认导入", "button")
        until(lambda: Import.objects.get().state == Import.State.CONFIRMED, "confirm")


class TestProgramme:
    def test_is_prepared_in_a_form_whose_every_field_is_reached(self, at_desk, desk_at):  # noqa: F811
        desk_at(1, 8)
        keys = at_desk(Role.POLICY)
        open_one(keys, "/admin/agency/programme/", "筹备新项目")
        for field in PrepareForm().fields.values():
            keys.press_to(field.label)
        keys.press("返回", "link")
        says(keys, "筹备新项目")
        assert not Programme.objects.exists()


class TestPayout:
    def test_round_is_drafted_and_published_by_another(self, at_desk, approved, phones, programme, desk_at):  # noqa: F811
        approved()
        desk_at(7, 8)
        keys, reviewer = at_desk(Role.PREPARER), at_desk(Role.REVIEWER)
        open_one(keys, "/admin/payout/publicityround/", "拟定公示批次")
        keys.select("项目", str(programme))
        keys.select("补贴", "稳岗返还")
        keys.press("拟定公示批次", "button")
        open_one(reviewer, f"/admin/payout/publicityround/{PublicityRound.objects.get().pk}/change/", "发布公示")
        reviewer.press_to("公示第一日")
        reviewer.press("发布公示", "button")
        says(reviewer, "已发布，公示至 2024-07-12")
        assert PublicityRound.objects.get().state == PublicityRound.State.PUBLISHED

    def test_batch_is_made_and_submitted(self, at_desk, approved, publish, programme, moment, desk_at):  # noqa: F811
        award, at = approved().award, moment(7, 15, 8)
        publish()
        payout.close_rounds(at.date(), at=at)
        row = (award.pk, award.uscc, award.region_id, Answer(CreditCheck.Outcome.CLEAR, (), "{}", "共享平台", at))
        book_answers("award", CreditCheck.Moment.PAYMENT, at.date(), [row], {"严重失信"}, at=at)
        desk_at(7, 15)
        keys = at_desk(Role.FINANCE)
        open_one(keys, "/admin/payout/paymentbatch/", "编制拨付批次")
        keys.select("项目", str(programme))
        keys.press("编制拨付批次", "button")
        open_one(keys, f"/admin/payout/paymentbatch/{PaymentBatch.objects.get().pk}/change/", "提交复核")
        keys.press("提交复核", "button")
        assert PaymentBatch.objects.get().state == PaymentBatch.State.SUBMITTED


class TestCommitment:
    """Where the law of the place is a written commitment."""

    @pytest.fixture
    def programme(self, make_programme) -> Programme:  # noqa: F811
        return make_programme("hebei/2024")

    def test_is_verified(self, at_desk, make_enterprise, screen, credit_list, acts_for, files, moment, desk_at):  # noqa: F811
        CreditListing.objects.create(uscc="9" * 18, type="严重失信", origin="河北省信用信息共享平台", source=credit_list)
        enterprise = make_enterprise()
        Size2020.objects.create(uscc=enterprise.uscc, size="大型")
        screen()
        given = {"by": acts_for(enterprise), "at": moment(7, 5)}
        actions.commit_size(enterprise.applications.get(), "小型", [picture()], **given)
        desk_at(7, 8)
        keys = at_desk(Role.REVIEWER)
        keys.page.goto("/admin/refunds/commitment/")
        past_the_menu(keys)
        keys.press(str(enterprise.applications.get()), "link")
        past_the_menu(keys)
        keys.press("核实属实", "link")
        keys.write("如何核实、核实到什么（单位可见）", "查阅财务报表，从业人员 60 人")
        keys.press("核实属实", "button")
        assert Commitment.objects.get().holds is True


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

    def test_gives_the_focus_to_filters_however_late_they_are_shown(self, at_desk, confirmed, days, desk_clock):  # noqa: F811
        desk_clock(days.reviewed)
        confirmed()
        keys = at_desk(Role.PREPARER)
        keys.page.add_init_script("requestAnimationFrame = (draw) => setTimeout(draw, 1000)")
        keys.page.goto(CASES)
        past_the_menu(keys)
        panel = keys.page.locator("#changelist-filter")
        keys.press_to("筛选条件")
        keys.page.keyboard.press("Enter")
        assert panel.is_hidden()
        expect(panel.locator(":focus")).to_have_text("全部")


def test_the_menu_of_who_is_logged_in_closes_by_one_click_of_a_mouse(at_desk, desk_at):  # noqa: F811
    desk_at(7, 2)
    keys = at_desk(Role.PREPARER)
    keys.page.goto("/admin/")
    opener, menu = keys.page.locator("[x-on\\:click^=openUserLinks]"), keys.page.locator("#nav-sidebar nav[x-show]")
    expect(opener).to_have_attribute("aria-expanded", "false")
    name = " ".join(opener.inner_text().split()[:2])
    keys.press_to(name, "button")
    keys.page.keyboard.press("Enter")
    expect(menu.locator(":focus")).to_be_visible()
    expect(opener).to_have_attribute("aria-expanded", "true")
    for now, expanded in ((menu.is_hidden, "false"), (menu.is_visible, "true"), (menu.is_hidden, "false")):
        opener.click(delay=300)  # a hand is slower than the menu that fades
        expect(opener).to_have_attribute("aria-expanded", expanded)
        until(now, "the menu after a click", 5)
    keys.page.keyboard.press("Tab")
    expect(opener).to_have_attribute("aria-expanded", "false")


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
