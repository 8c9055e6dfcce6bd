"""An owner at the portal with a phone 375 px wide, with the keyboard alone, and with whatever reads pages aloud."""

import itertools
import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from agency.tasks import wake
from sheets.values import uscc_check
from subsidies.payout.models import PublicityRound
from subsidies.refunds.models import Application, State
from tests.browser.walk import barriers
from tests.office import uscc
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
    paid,
    phones,
    programme,
    publish,
    regions,
    screen,
    staff,
)

USCC = "91140300MA0000001" + uscc_check("91140300MA0000001")
LONG_NAME = "甲市晨曦联合精密机械制造与工业自动化技术服务有限责任公司第一分公司"

_numbers = itertools.count(1)


@pytest.fixture
def handset(site, browser, browser_context_args, phone) -> Iterator[Page]:
    """A page on a 375 px wide screen."""
    with browser.new_context(**browser_context_args | phone) as context:
        yield context.new_page()


@pytest.fixture
def number() -> str:
    """A mobile number that no other test of this run has used: the gateway keeps what it delivered."""
    return f"138{next(_numbers):08}"


@pytest.fixture
def code_on(outbox) -> Callable[[str], str]:
    """The code that the gateway delivered to a phone."""

    def read(number: str) -> str:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            codes = [found.group(1) for message in outbox(number) if (found := re.search(r"验证码(\d{6})", message["text"]))]
            if codes:
                return codes[0]
            time.sleep(0.1)
        raise TimeoutError("no code was delivered")

    return read


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on what says these words or bears this label; it must be visible there."""
    page.wait_for_load_state()
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { const e = document.activeElement; return (e.labels && e.labels[0] || e).innerText || '' })()"
        )
        if words in focused:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{words}: the focus is not seen"
            return
    raise AssertionError(f"{words} is not reached by the keyboard")


def sign_in(page: Page, uscc: str, number: str, code_on: Callable[[str], str]) -> None:
    page.goto("/sign-in/")
    page.get_by_label("统一社会信用代码").fill(uscc)
    page.get_by_label("手机号").fill(number)
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("验证码").fill(code_on(number))
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/refunds/*/")


def is_sound(page: Page, name: str, pictures) -> None:
    """No serious barrier, nothing wider than the screen; a picture for whoever wants to look."""
    page.screenshot(path=pictures / f"portal-{name}.png", full_page=True)
    assert barriers(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], name


def with_files(round_: PublicityRound) -> PublicityRound:
    """Let the worker make the files of a list."""
    wake("payout.work_lists")
    for _ in range(600):
        round_.refresh_from_db()
        if round_.file_id:
            return round_
        time.sleep(0.1)
    raise TimeoutError("the list's files were not made within a minute")


class TestOwner:
    def test_signs_in_and_confirms_with_the_keyboard_alone(self, handset, offered, desk_at, code_on, number, pictures):  # noqa: F811
        desk_at(6, 26)
        application = offered(uscc=USCC, phone=number, name=LONG_NAME, account_name=LONG_NAME)
        handset.goto("/")
        tab_to(handset, "单位登录")
        handset.keyboard.press("Enter")
        handset.wait_for_url("**/sign-in/")
        tab_to(handset, "统一社会信用代码")
        handset.keyboard.type(application.enterprise.uscc)
        handset.keyboard.press("Tab")
        handset.keyboard.type(number)
        handset.keyboard.press("Enter")
        handset.wait_for_url("**/sign-in/code/")
        tab_to(handset, "验证码")
        handset.keyboard.type(code_on(number))
        handset.keyboard.press("Enter")
        handset.wait_for_url(f"**/refunds/{application.pk}/")
        expect(handset.get_by_role("heading", level=1)).to_have_text("请确认是否接受返还")
        expect(handset.locator(".amount")).to_contain_text("7,200.00")
        tab_to(handset, "逐项查看")
        handset.keyboard.press("Enter")
        expect(handset.get_by_text("贵单位上年度未裁员")).to_be_visible()
        is_sound(handset, "offer", pictures)
        handset.reload()
        tab_to(handset, "核对并确认")
        handset.keyboard.press("Enter")
        handset.wait_for_url("**/confirm/")
        is_sound(handset, "confirm", pictures)
        tab_to(handset, "确认接受 7,200.00 元")
        handset.keyboard.press("Enter")
        expect(handset.get_by_role("heading", level=1)).to_have_text("已确认，等待审核")
        is_sound(handset, "confirmed", pictures)
        application.refresh_from_db()
        assert application.state == State.CONFIRMED

    def test_is_told_what_is_wrong_where_it_is_wrong(self, handset, offered, desk_at, code_on, number, pictures):  # noqa: F811
        desk_at(6, 26)
        application = offered(uscc=USCC, phone=number)
        handset.goto("/sign-in/")
        handset.get_by_role("button", name="获取验证码").click()
        is_sound(handset, "sign-in-wrong", pictures)
        assert handset.evaluate("document.activeElement.className") == "errors"
        handset.get_by_role("link", name="请填写参保登记的手机号").click()
        expect(handset.get_by_label("手机号")).to_be_focused()
        sign_in(handset, application.enterprise.uscc, number, code_on)
        for name, button in (("decline", "确定放弃"), ("correct", "提交更正")):
            handset.goto(f"/refunds/{application.pk}/{name}/")
            is_sound(handset, name, pictures)
            handset.get_by_role("button", name=button).click()
            is_sound(handset, f"{name}-wrong", pictures)
            expect(handset.locator(".errors")).to_be_visible()

    def test_reads_that_it_was_paid_and_when(self, handset, paid, desk_at, code_on, number, pictures):  # noqa: F811
        application = paid(uscc=USCC, phone=number, name=LONG_NAME, account_name=LONG_NAME)
        desk_at(7, 17)
        sign_in(handset, application.enterprise.uscc, number, code_on)
        expect(handset.get_by_role("heading", level=1)).to_have_text("已拨付")
        expect(handset.locator(".lead")).to_contain_text("2024年7月16日")
        expect(handset.locator(".amount")).to_contain_text("7,200.00")
        is_sound(handset, "paid", pictures)

    def test_reads_why_it_is_not_eligible(self, handset, make_enterprise, screen, desk_at, code_on, number, pictures):  # noqa: F811
        enterprise = make_enterprise(people=100, claimants=20, uscc=USCC, phone=number)
        screen()
        desk_at(6, 26)
        sign_in(handset, enterprise.uscc, number, code_on)
        expect(handset.get_by_text("怎么办：")).to_be_visible()
        is_sound(handset, "not-eligible", pictures)
        handset.get_by_role("link", name="自主申请").click()
        is_sound(handset, "apply", pictures)
        handset.get_by_role("button", name="提交申请").click()
        expect(handset.get_by_role("heading", level=1)).to_have_text("申请已提交，等待审核")
        assert Application.objects.get().state == State.SUBMITTED

    def test_of_a_dispatch_unit_files_its_hosts_and_accepts_the_allocation(
        self,
        handset,
        make_enterprise,  # noqa: F811
        screen,  # noqa: F811
        desk_at,  # noqa: F811
        code_on,
        number,
        pictures,
    ):
        enterprise = make_enterprise(dispatch=True, uscc=USCC, phone=number)
        screen()
        desk_at(6, 26)
        sign_in(handset, enterprise.uscc, number, code_on)
        handset.get_by_role("link", name="自主申请").click()
        handset.get_by_role("link", name="填报用工单位").click()
        handset.get_by_role("button", name="保存用工单位").click()
        expect(handset.locator(".errors")).to_be_visible()
        is_sound(handset, "hosts-wrong", pictures)
        for label, text in (
            ("统一社会信用代码", uscc(1)),
            ("用工单位名称", LONG_NAME),
            ("派遣人数", "3"),
            ("上年度为其", "1000"),
        ):
            handset.get_by_label(label).fill(text)
        handset.get_by_label("单位类型").select_option("企业")
        is_sound(handset, "hosts", pictures)
        handset.get_by_role("button", name="保存用工单位").click()
        expect(handset.get_by_role("cell", name=LONG_NAME)).to_be_visible()
        is_sound(handset, "allocation", pictures)
        handset.get_by_label("同意按上表分配").check()
        handset.get_by_role("button", name="提交申请").click()
        expect(handset.get_by_role("heading", level=1)).to_have_text("申请已提交，等待审核")


class TestAnybody:
    def test_reads_the_public_list_without_script(self, site, browser, browser_context_args, phone, paid, desk_at, pictures):  # noqa: F811
        paid(name=LONG_NAME)
        desk_at(7, 9)
        with browser.new_context(**browser_context_args | phone, java_script_enabled=False) as context:
            page = context.new_page()
            page.goto("/")
            page.get_by_role("main").locator('a[href^="/gongshi/"]').first.click()
            expect(page.get_by_role("cell", name=LONG_NAME)).to_be_visible()
            page.get_by_label("按单位名称查找").fill("没有这家")
            page.get_by_role("button", name="查找").click()
            expect(page.get_by_text("名单中没有单位名称包含")).to_be_visible()

    def test_objects_to_a_line_and_reads_the_answer_without_script(
        self,
        site,
        browser,
        browser_context_args,
        phone,
        approved,  # noqa: F811
        publish,  # noqa: F811
        desk_at,  # noqa: F811
        pictures,
    ):
        approved(name=LONG_NAME)
        with_files(publish())
        desk_at(7, 9)
        with browser.new_context(**browser_context_args | phone, java_script_enabled=False) as context:
            page = context.new_page()
            page.goto("/gongshi/")
            page.get_by_role("main").get_by_role("link", name="公示（第一批）").click()
            with page.expect_download() as download:
                page.get_by_role("link", name="完整名单（PDF）").click()
            assert download.value.path().read_bytes().startswith(b"%PDF")
            page.get_by_role("link", name="提出异议").click()
            page.get_by_role("button", name="提交异议").click()
            expect(page.get_by_role("alert")).to_contain_text("匿名反映不予受理")
            page.get_by_label("您的真实姓名").fill("欧阳某某")
            page.get_by_label("联系电话或通信地址").fill("0353-8899001")
            page.get_by_label("异议内容").fill("已停产半年")
            page.get_by_role("button", name="提交异议").click()
            receipt = page.locator(".receipt").inner_text()
            page.get_by_role("link", name="查询答复").click()
            page.get_by_label("回执号").fill(receipt.lower())
            page.get_by_label("联系电话或通信地址").fill("03538899001")
            page.get_by_role("button", name="查询").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("已收到，正在核查")
