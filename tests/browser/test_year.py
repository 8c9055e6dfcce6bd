"""A refund year in a real browser: staff import, screen and offer; the enterprise confirms on a phone; staff publish and pay."""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from agency.models import Import, Message, Role, User
from agency.tasks import wake
from enterprises.models import Enterprise
from sheets.write import write_rows
from subsidies.payout.models import Award, PaymentBatch, PublicityRound
from subsidies.payout.queries import to_look_up
from subsidies.refunds.models import Application, ScreeningRun, State
from subsidies.refunds.queries import reviewed_to_look_up, screened_to_look_up
from tests.browser.test_portal import USCC, code_on, is_sound, number, sign_in  # noqa: F401
from tests.portal.conftest import desk_at, make_programme, moment, phones, programme, regions, staff  # noqa: F401

PASSWORD = "a-clerk-of-2024"
NAME = "甲市晨曦精密机械有限公司"


def until(done: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait for the worker."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.1)


class Desk:
    """One person's browser at the console."""

    def __init__(self, context: BrowserContext, user: User, pictures: Path) -> None:
        user.set_password(PASSWORD)
        user.save()
        self.page, self.pictures = context.new_page(), pictures
        self.page.goto("/admin/login/")
        self.page.fill("#id_username", user.username)
        self.page.fill("#id_password", PASSWORD)
        self.page.press("#id_password", "Enter")
        expect(self.page.get_by_role("heading", name="等您办理")).to_be_visible()

    def press(self, listed: str, label: str, pk: int | None = None, **fields: str) -> None:
        """Open a list or one row's page, press a button, fill in what it asks, send it; it must succeed."""
        self.page.goto(f"/admin/{listed}/" + (f"{pk}/change/" if pk else ""))
        beside_the_menu = self.page.locator("a:not(#nav-sidebar *)")
        self.page.get_by_role("link", name=label, exact=True).and_(beside_the_menu).click()
        for name, value in fields.items():
            field = self.page.locator(f"#id_{name}")
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            elif field.get_attribute("type") == "file":
                field.set_input_files(value)
            else:
                field.fill(value)
        asked = self.page.url
        self.page.get_by_role("button", name=label, exact=True).click()
        self.page.wait_for_load_state()
        assert self.page.url != asked, self.page.locator("main, body").first.inner_text()[:1500]

    def shown(self, listed: str, pk: int, name: str) -> Page:
        """One row's page, with a picture of it."""
        self.page.goto(f"/admin/{listed}/{pk}/change/")
        self.page.screenshot(path=self.pictures / f"console-{name}.png", full_page=True)
        return self.page


@pytest.fixture
def at_console(site, browser: Browser, browser_context_args, staff, pictures) -> Callable[..., Desk]:  # noqa: F811
    def person(role: str, number: int = 1) -> Desk:  # noqa: F811
        context = browser.new_context(**browser_context_args | {"viewport": {"width": 1440, "height": 900}})
        return Desk(context, staff(role, number), pictures)

    return person


def spreadsheets(folder: Path, phone: str) -> dict[str, Path]:
    """One enterprise of forty: who it is, twelve months paid, nobody laid off, small on the list, on no credit list."""
    paid = [
        (USCC, f"2023{month:02}", 40, "200000.00", "1400.00", "600.00", "1400.00", "600.00", f"2023-{month:02}-20")
        for month in range(1, 13)
    ]
    tables = {
        "enterprises": (
            ("统一社会信用代码", "单位名称", "单位类型", "行业代码", "参保地", "登记状态", "手机号", "户名", "开户行", "账号"),
            [(USCC, NAME, "企业", "3311", "140302", "存续", phone, NAME, "某银行甲市支行", "6222000012345678901")],
        ),
        "contributions": (
            (
                "统一社会信用代码", "费款所属期", "缴费人数", "缴费基数", "单位应缴", "个人应缴", "单位实缴", "个人实缴",
                "到账日期",
            ),
            paid,
        ),
        "workforce": (
            ("统一社会信用代码", "年度", "年初人数", "年末人数", "裁员人数", "领取失业金人数"),
            [(USCC, 2023, 40, 40, 0, 0)],
        ),
        "size-list": (("统一社会信用代码", "划型", "年度"), [(USCC, "小型", 2023)]),
        "credit-list": (
            ("统一社会信用代码", "名单类型", "来源", "列入日期", "移出日期"),
            [(USCC, "严重失信", "某平台", "2022-01-01", "2022-12-01")],
        ),
    }  # fmt: skip
    paths = {}
    for kind, (header, rows) in tables.items():
        paths[kind] = folder / f"{kind}.xlsx"
        write_rows(paths[kind], header, rows, kind)
    return paths


def load(clerk: Desk, second: Desk, kind: str, path: Path, **settings: str) -> None:
    """Upload, wait for the check, confirm: the critical kinds by another person."""
    clerk.press("agency/import", "导入表格", kind=kind, file=str(path), **settings)
    until(lambda: Import.objects.filter(kind=kind, state=Import.State.CHECKED).exists(), f"check of {kind}")
    imp = Import.objects.get(kind=kind)
    assert (imp.refused, imp.warned) == (0, 0), imp.report
    clerk.shown("agency/import", imp.pk, f"import-{kind}")
    who = second if kind in ("size-list", "credit-list", "bank-results") else clerk
    who.press("agency/import", "确认导入", imp.pk)
    until(lambda: Import.objects.get(kind=kind).state == Import.State.CONFIRMED, f"confirm of {kind}")


class TestAYear:
    def test_from_spreadsheets_to_paid(
        self,
        at_console,
        browser,
        browser_context_args,
        phone,
        programme,  # noqa: F811
        phones,  # noqa: F811
        listings,
        desk_at,  # noqa: F811
        code_on,  # noqa: F811
        number,  # noqa: F811
        tmp_path,
        pictures,
    ):
        desk_at(6, 20)
        clerk, reviewer = at_console(Role.PREPARER), at_console(Role.REVIEWER)
        for kind, path in spreadsheets(tmp_path, number).items():
            load(clerk, reviewer, kind, path, **({"covers": "all"} if kind == "size-list" else {}))
        assert Enterprise.objects.get().name == NAME

        clerk.press("refunds/application", "筛查", programme=str(programme.pk), on="2024-06-20")
        until(lambda: ScreeningRun.objects.filter(finished_at__isnull=False).exists(), "screening")
        case = Application.objects.get()
        assert (case.state, str(case.amount)) == (State.ELIGIBLE, "14400.00"), (case.failed, case.unknown)
        wake("refunds.look_up_credit")
        until(lambda: not screened_to_look_up(programme, date(2024, 6, 20)).exists(), "look-up")
        clerk.press("refunds/application", "发出确认通知", programme=str(programme.pk))
        until(lambda: Message.objects.filter(kind="offer", state__in=["SENT", "DELIVERED"]).exists(), "offer")

        desk_at(6, 26)
        handset = browser.new_context(**browser_context_args | phone).new_page()
        sign_in(handset, USCC, number, code_on)
        expect(handset.locator(".amount")).to_contain_text("14,400.00")
        handset.get_by_role("link", name="核对并确认").click()
        handset.get_by_role("button", name="确认接受 14,400.00 元").click()
        expect(handset.get_by_role("heading", level=1)).to_have_text("已确认，等待审核")

        desk_at(7, 8)
        wake("refunds.look_up_credit")
        until(lambda: not reviewed_to_look_up(programme, date(2024, 7, 8)).exists(), "look-up of the day")
        clerk.press("refunds/application", "初审通过", case.pk)
        reviewer.press("refunds/application", "复审通过", case.pk)
        shown = clerk.shown("refunds/application", case.pk, "application")
        expect(shown.get_by_text("人社部发〔2024〕40号").first).to_be_visible()

        clerk.press("payout/publicityround", "拟定公示批次", programme=str(programme.pk))
        round_ = PublicityRound.objects.get()
        reviewer.press("payout/publicityround", "发布公示", round_.pk, starts_on="2024-07-08")
        desk_at(7, 15)
        wake("payout.day_turns")
        until(lambda: Award.objects.get().state == Award.State.CLEARED, "publicity over")
        wake("payout.look_up_credit")
        until(lambda: not to_look_up(date(2024, 7, 15)).exists(), "look-up before payment")

        maker, checker, releaser = (at_console(Role.FINANCE, place) for place in (1, 2, 3))
        maker.press("payout/paymentbatch", "编制拨付批次", programme=str(programme.pk))
        batch = PaymentBatch.objects.get()
        maker.press("payout/paymentbatch", "提交复核", batch.pk)
        checker.press("payout/paymentbatch", "复核通过", batch.pk)
        releaser.press("payout/paymentbatch", "放行", batch.pk)
        answered = tmp_path / "bank-results.csv"
        payment = batch.payments.get()
        answered.write_text(
            "批次号,明细号,户名,账号,金额,结果,失败原因,交易日期,银行流水号\n"
            f"{batch.number},{payment.line},{NAME},6222000012345678901,14400.00,成功,,2024-07-15,B0001\n",
            encoding="utf-8",
        )
        load(maker, checker, "bank-results", answered)
        maker.press("payout/paymentbatch", "按回盘入账", batch.pk)
        maker.shown("payout/paymentbatch", batch.pk, "batch")

        handset.reload()
        expect(handset.get_by_role("heading", level=1)).to_have_text("已拨付")
        expect(handset.locator(".amount")).to_contain_text("14,400.00")
        is_sound(handset, "year-paid", pictures)
