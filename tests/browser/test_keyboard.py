"""The portal with the keyboard alone: every flow of an owner and of the public, and wherever the focus stops it is seen."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from agency.models import Appeal, CreditCheck, Dispute, Hold, Remark, Role
from enterprises.models import Enterprise
from subsidies.payout.models import Objection
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Correction, Draft, Host, State
from tests.browser.keys import Keys
from tests.browser.test_portal import USCC, code_on, number  # noqa: F401
from tests.browser.walk import case, picture, session_of
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
    phones,
    programme,
    publish,
    regions,
    screen,
    staff,
)

PROOF = {"name": "证明材料.png", "mimeType": "image/png", "buffer": picture()[1].getvalue()}


@pytest.fixture
def keys(site, browser, browser_context_args) -> Iterator[Keys]:
    """A keyboard at a screen of a common size."""
    with browser.new_context(**browser_context_args | {"viewport": {"width": 1366, "height": 768}}) as context:
        yield Keys(context.new_page())


@pytest.fixture
def signed_in(keys, acts_for, base_url) -> Callable[[Enterprise], Keys]:  # noqa: F811
    """signed_in(enterprise): the keyboard where this enterprise has signed in."""

    def do(enterprise: Enterprise) -> Keys:
        cookie = {"name": "sessionid", "value": session_of(acts_for(enterprise)), "url": base_url}
        keys.page.context.add_cookies([cookie])
        return keys

    return do


def says(keys: Keys, words: str) -> None:
    expect(keys.page.get_by_role("main")).to_contain_text(words)


class TestOwner:
    def test_asks_for_a_code_confirms_and_leaves(self, keys, offered, desk_at, code_on, number):  # noqa: F811
        desk_at(6, 26)
        application = offered(uscc=USCC, phone=number)
        keys.page.goto("/")
        keys.press("单位登录")
        keys.press("获取验证码", "button")
        expect(keys.page.locator(".errors")).to_be_focused()
        assert keys.is_seen()
        keys.press("请填写统一社会信用代码", "link")
        keys.write("统一社会信用代码", USCC)
        keys.write("手机号", number)
        keys.press("获取验证码", "button", "Space")
        keys.write("验证码", code_on(number))
        keys.press("登录", "button")
        keys.press_to("逐项查看", key="Shift+Tab")
        keys.page.keyboard.press("Enter")
        says(keys, "贵单位上年度未裁员")
        keys.press("核对并确认")
        keys.press("确认接受 7,200.00 元", "button")
        says(keys, "已确认，等待审核")
        keys.press("退出登录", "button")
        keys.page.goto(case("refund", application))
        says(keys, "第 1 步，共 2 步")
        application.refresh_from_db()
        assert application.state == State.CONFIRMED

    def test_declines_for_a_reason(self, signed_in, offered, desk_at):  # noqa: F811
        desk_at(6, 26)
        application = offered()
        keys = signed_in(application.enterprise)
        keys.page.goto(case("refund", application))
        keys.press("不需要这笔返还，放弃")
        keys.choose("不需要这笔资金", "其他原因")
        keys.press("确定放弃", "button")
        keys.press("选“其他原因”时，请写明原因", "link")
        keys.write("补充说明", "已并入总公司")
        keys.press("确定放弃", "button")
        says(keys, "已放弃")
        application.refresh_from_db()
        assert (application.state, application.reason) == (State.DECLINED, "其他原因：已并入总公司")

    def test_asks_for_three_corrections_with_proof(self, signed_in, offered, desk_at):  # noqa: F811
        desk_at(6, 26)
        application = offered()
        keys = signed_in(application.enterprise)
        for label, proofs in (("收款账户", [PROOF]), ("企业划型", [PROOF, PROOF | {"name": "年报.png"}]), ("联系方式", [])):
            keys.page.goto(case("refund", application))
            keys.press("账户、划型或联系方式不对，申请更正")
            keys.choose("收款账户", label)
            keys.write("正确的是什么", "与登记的不同")
            if proofs:
                keys.attach("证明材料", *proofs)
            keys.press("提交更正", "button")
            says(keys, f"提出更正{label}")
        assert set(Correction.objects.values_list("about", flat=True)) == {"account", "size", "contact"}

    def test_appeals_and_adds_evidence(self, signed_in, make_enterprise, screen, desk_at):  # noqa: F811
        enterprise = make_enterprise(people=100, claimants=20)
        screen()
        desk_at(7, 9)
        keys = signed_in(enterprise)
        keys.page.goto("/refunds/")
        keys.press("对划型、结论或金额不服，申诉")
        keys.choose("不符合条件的结论", "企业划型")
        keys.write("事实与理由", "从业人员人数有误")
        keys.attach("证据", PROOF)
        keys.press("提交申诉", "button")
        says(keys, "申诉已收到，等待受理")
        keys.press("提交证据", "link")
        keys.attach("证据文件", PROOF | {"name": "花名册.png"})
        keys.press("提交证据", "button")
        says(keys, "证据已提交")
        assert Appeal.objects.get().about == Appeal.About.SIZE

    def test_answers_a_hit_of_the_credit_platform(self, signed_in, confirmed, look_up, moment, desk_at):  # noqa: F811
        application = confirmed()
        look_up(application, CreditCheck.Moment.REVIEW, moment(7, 2, 11), ("严重失信",))
        desk_at(7, 3)
        keys = signed_in(application.enterprise)
        keys.page.goto(case("refund", application))
        keys.press("提出异议并上传证明")
        keys.write("情况说明", "已完成信用修复")
        keys.attach("证明材料", PROOF)
        keys.press("提交异议", "button")
        says(keys, "正在核实，请等待答复")
        assert Dispute.objects.get().hold == Hold.objects.get()

    def test_writes_to_the_agency_and_reads_its_answer(self, signed_in, offered, staff, moment, desk_at):  # noqa: F811
        desk_at(6, 26)
        application = offered()
        actions.write_remark(application, "请核对开户行。", by=staff(Role.PREPARER), at=moment(6, 25))
        keys = signed_in(application.enterprise)
        keys.page.goto("/")
        keys.press("我的返还", "link")
        keys.press("查看并回复")
        says(keys, "请核对开户行。")
        keys.write("内容", "已核对，无误。")
        keys.attach("附件", PROOF)
        keys.press("发送", "button")
        says(keys, "消息已发送")
        keys.press_to(PROOF["name"], "link")
        assert Remark.objects.filter(from_staff=False).count() == 1


class TestApplicant:
    def test_looks_keeps_a_draft_and_sends(self, signed_in, make_enterprise, screen, desk_at):  # noqa: F811
        enterprise = make_enterprise(people=100, claimants=20)
        screen()
        desk_at(6, 26)
        keys = signed_in(enterprise)
        keys.page.goto("/refunds/")
        keys.press("自主申请")
        keys.press_to("其余")
        keys.page.keyboard.press("Enter")
        keys.write("本次申请的联系人", "王某")
        keys.write("联系电话", "13900000009")
        keys.write("情况说明", "有退休人员")
        keys.attach("补充材料", PROOF)
        keys.press("保存草稿", "button")
        says(keys, "草稿已保存")
        says(keys, PROOF["name"])
        assert Draft.objects.get().sent_at is None
        keys.press("提交申请", "button")
        says(keys, "申请已提交，等待审核")
        assert Application.objects.get().state == State.SUBMITTED

    def test_of_a_dispatch_unit_files_two_hosts_and_accepts_the_allocation(
        self, signed_in, make_enterprise, screen, desk_at  # noqa: F811
    ):  # fmt: skip
        enterprise = make_enterprise(dispatch=True, uscc=uscc(8))
        screen()
        desk_at(6, 26)
        keys = signed_in(enterprise)
        keys.page.goto("/refunds/")
        keys.press("自主申请")
        keys.press("填报用工单位")
        self.fill_in(keys, uscc(1), "乙公司")
        keys.press("再加一个", "button")
        keys.press("删去这个用工单位", "button")
        self.fill_in(keys, uscc(2), "丙公司")
        keys.press("保存用工单位", "button")
        says(keys, "丙公司")
        keys.tick("同意按上表分配，并按规定把用工单位的部分拨给用工单位")
        keys.press("提交申请", "button")
        says(keys, "申请已提交，等待审核")
        assert Host.objects.get().host_name == "丙公司"

    @staticmethod
    def fill_in(keys: Keys, code: str, name: str) -> None:
        keys.write("统一社会信用代码", code)
        keys.write("用工单位名称", name)
        keys.select("单位类型", "企业")
        keys.write("派遣人数", "3")
        keys.write("上年度为其派遣人员实缴的失业保险费（元）", "1000")


class TestAnybody:
    def test_searches_the_list_objects_to_a_line_and_asks_for_the_answer(self, keys, approved, publish, desk_at):  # noqa: F811
        name = approved().enterprise.name
        approved()
        publish()
        desk_at(7, 9)
        keys.page.goto("/")
        keys.press("公示名单", "link")
        keys.press("2024年度稳岗返还公示（第一批）")
        keys.write("按单位名称查找", "没有这家")
        keys.press("查找", "button")
        says(keys, "名单中没有")
        keys.press("查看全部")
        keys.write("按单位名称查找", name)
        keys.press("查找", "button")
        says(keys, "找到 1 户")
        keys.press(f"对第 1 号 {name} 提出异议")
        keys.press("提交异议", "button")
        keys.press("请填写真实姓名；匿名反映不予受理")
        keys.write("您的真实姓名", "欧阳某某")
        keys.write("联系电话或通信地址", "0353-8899001")
        keys.write("异议内容", "已停产半年")
        keys.press("提交异议", "button")
        says(keys, "异议已受理")
        receipt = keys.page.locator(".receipt").inner_text()
        keys.press("查询答复")
        keys.write("回执号", receipt)
        keys.write("联系电话或通信地址", "0353-8899001")
        keys.press("查询", "button")
        says(keys, "已收到，正在核查")
        assert Objection.objects.get().line.name == name

    def test_goes_past_the_menu_to_the_text(self, keys):
        keys.page.goto("/")
        keys.page.keyboard.press("Tab")
        assert keys.heard() == ("link", "跳到正文")
        keys.page.keyboard.press("Enter")
        keys.page.keyboard.press("Tab")
        assert keys.heard()[1] == "单位登录，查看并确认"


class TestKeys:
    @pytest.mark.parametrize(
        ("html", "why"),
        [
            ('<a onclick="go()">登录</a>', "is not reached"),
            ("<button>登 录</button>", "is not reached"),
            ('<button style="outline: none">登录</button>', "not seen"),
            ('<button style="outline: 2px solid #ccc">登录</button>', "not seen"),
            ('<p style="overflow: hidden"><button style="width: 100%; display: block">登录</button></p>', "not seen"),
            ('<button>登录</button><p style="position: fixed; inset: 0; margin: 0">公告</p>', "not seen"),
        ],
    )
    def test_reach_only_what_is_reached_and_seen(self, page, html, why):
        page.set_content(f"<style>:focus {{ outline: 2px solid #000; outline-offset: 2px }}</style>{html}")
        with pytest.raises(AssertionError, match=why):
            Keys(page).press_to("登录")
