"""The portal with the keyboard alone: every flow of an owner and of the public, and wherever the focus stops it is seen. A new
address of the portal fails here until it is walked, or named as the same as one that is."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import URLPattern, resolve, reverse
from django.urls.converters import IntConverter
from playwright.sync_api import expect

from agency.models import Appeal, CreditCheck, Dispute, Hold, Message, Programme, Remark, Role
from enterprises.models import CreditListing, Enterprise, Size2020
from portal import urls
from subsidies.payout import actions as payout
from subsidies.payout.models import Objection, Statement
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Commitment, Correction, Draft, Host, State
from subsidies.refunds.queries.letters import TITLES
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

# Each address of the portal that takes a form, and the test that sends it one.
SENT = {
    "link": "test_comes_by_the_link_of_the_sms",
    "sign_in": "test_asks_for_a_code_confirms_and_leaves",
    "sign_in_code": "test_asks_for_a_code_confirms_and_leaves",
    "link_code": "test_comes_by_the_link_of_the_sms",
    "sign_out": "test_asks_for_a_code_confirms_and_leaves",
    "hosts_report": "test_of_a_dispatch_unit_uploads_its_hosts_and_writes_the_good_rows",
    "confirm": "test_asks_for_a_code_confirms_and_leaves",
    "decline": "test_declines_for_a_reason",
    "withdraw": "test_reads_its_letter_and_withdraws",
    "correct": "test_asks_for_three_corrections_with_proof",
    "statement": "test_states_its_case_on_an_objection",
    "talk": "test_writes_to_the_agency_and_reads_its_answer",
    "dispute": "test_answers_a_hit_of_the_credit_platform",
    "apply": "test_looks_keeps_a_draft_and_sends",
    "hosts": "test_of_a_dispatch_unit_files_two_hosts_and_accepts_the_allocation",
    "upload_hosts": "test_of_a_dispatch_unit_uploads_its_hosts_and_writes_the_good_rows",
    "appeal": "test_appeals_and_adds_evidence",
    "appeal_evidence": "test_appeals_and_adds_evidence",
    "size": "test_asks_for_another_size",
    "objection_answer": "test_searches_the_list_objects_to_a_line_and_asks_for_the_answer",
    "object_to": "test_searches_the_list_objects_to_a_line_and_asks_for_the_answer",
}
# Each that is looked at, searched, or taken away, and the test that goes there.
OPENED = {
    "home": "test_goes_past_the_menu_to_the_text",
    "refunds": "test_writes_to_the_agency_and_reads_its_answer",
    "hosts_template": "test_of_a_dispatch_unit_uploads_its_hosts_and_writes_the_good_rows",
    "hosts_errors": "test_of_a_dispatch_unit_uploads_its_hosts_and_writes_the_good_rows",
    "refund": "test_writes_to_the_agency_and_reads_its_answer",
    "letter": "test_reads_its_letter_and_withdraws",
    "letter_file": "test_reads_its_letter_and_withdraws",
    "unconfirmed_lists": "test_searches_who_has_not_confirmed",
    "unconfirmed": "test_searches_who_has_not_confirmed",
    "size_letter": "test_commits_to_a_size_by_letter",
    "size_letter_file": "test_commits_to_a_size_by_letter",
    "attachment": "test_writes_to_the_agency_and_reads_its_answer",
    "rounds": "test_searches_the_list_objects_to_a_line_and_asks_for_the_answer",
    "round": "test_searches_the_list_objects_to_a_line_and_asks_for_the_answer",
    "objection_filed": "test_searches_the_list_objects_to_a_line_and_asks_for_the_answer",
}
SAME = {
    "apply_first": "the page of `apply`, before there is a case",
    "hosts_first": "the page of `hosts`, before there is a case",
    "upload_hosts_first": "the form of `upload_hosts`, before there is a case",
    "round_file": "a link to a file to take away, as that of `letter_file`",
}


@pytest.fixture
def keys(site, browser, browser_context_args, request) -> Iterator[Keys]:
    """A keyboard at a screen of a common size. The test must go where the tables above say that it goes."""
    with browser.new_context(**browser_context_args | {"viewport": {"width": 1366, "height": 768}}) as context:
        made = Keys(context.new_page())
        yield made
        went = {(method, resolve(urlsplit(address).path).url_name) for method, address in made.went}
        meant = {(method, name) for method, table in (("POST", SENT), ("GET", OPENED)) for name in named_by(table, request)}
        assert meant <= went


def named_by(table: dict[str, str], request: pytest.FixtureRequest) -> list[str]:
    return [name for name, test in table.items() if test == request.node.originalname]


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
        assert keys.take(PROOF["name"]) == PROOF["buffer"]
        assert Remark.objects.filter(from_staff=False).count() == 1

    def test_comes_by_the_link_of_the_sms(self, keys, offered, desk_at, code_on, number):  # noqa: F811
        desk_at(6, 26)
        offered(uscc=USCC, phone=number)
        keys.page.goto(re.search(r"/l/[\w-]{22}", Message.objects.get(kind="offer").text.reveal()).group())
        keys.press("获取验证码", "button")
        keys.press("进入办理", "button")
        expect(keys.page.locator(".errors")).to_be_focused()
        keys.press_to("请填写短信里的验证码", "link")
        keys.page.keyboard.press("Enter")
        keys.write("验证码", code_on(number))
        with keys.page.expect_navigation():
            keys.page.keyboard.press("Enter")
        says(keys, "请确认是否接受返还")

    def test_reads_its_letter_and_withdraws(self, signed_in, confirmed, desk_at):  # noqa: F811
        application = confirmed()
        desk_at(7, 2)
        keys = signed_in(application.enterprise)
        keys.page.goto(case("refund", application))
        keys.press(TITLES["receipt"], "link")
        assert keys.take("下载 PDF").startswith(b"%PDF")
        keys.press("返回办理页面", "link")
        keys.press("撤回", "link")
        keys.press("确定撤回", "button")
        expect(keys.page.locator(".errors")).to_be_focused()
        keys.choose("不需要这笔资金", "单位即将注销或停业")
        keys.press("确定撤回", "button")
        says(keys, "已撤回，停止办理")
        application.refresh_from_db()
        assert (application.state, application.reason) == (State.WITHDRAWN, "单位即将注销或停业")

    def test_states_its_case_on_an_objection(self, signed_in, approved, publish, moment, desk_at):  # noqa: F811
        application = approved()
        publish()
        at = moment(7, 9)
        payout.object_over_web(application.award.lines.get(), "欧阳某某", "0353-8899001", "已停产", address="10.0.0.1", at=at)
        desk_at(7, 9)
        keys = signed_in(application.enterprise)
        keys.page.goto(case("refund", application))
        keys.press("提交情况说明", "link")
        keys.write("情况说明", "一直正常生产")
        keys.attach("证明材料", PROOF)
        keys.press("提交说明", "button")
        says(keys, "说明已提交，核查时会一并考虑")
        assert Statement.objects.get().text == "一直正常生产"

    def test_asks_for_another_size(self, signed_in, confirmed, desk_at):  # noqa: F811
        application = confirmed()
        desk_at(7, 9)
        keys = signed_in(application.enterprise)
        keys.page.goto(case("refund", application))
        keys.press("对划型有异议，申请变更", "link")
        keys.write("应为什么划型，为什么", "应为小型，从业人员 60 人")
        keys.attach("印证材料", PROOF)
        keys.press("提交变更申请", "button")
        says(keys, "变更申请已提交")
        assert Appeal.objects.get().about == Appeal.About.SIZE


class TestCommitment:
    """Where the law of the place is a written commitment."""

    @pytest.fixture
    def programme(self, make_programme) -> Programme:  # noqa: F811
        return make_programme("hebei/2024")

    def test_commits_to_a_size_by_letter(self, signed_in, make_enterprise, screen, credit_list, desk_at):  # noqa: F811
        CreditListing.objects.create(uscc="9" * 18, type="严重失信", origin="河北省信用信息共享平台", source=credit_list)
        enterprise = make_enterprise()
        Size2020.objects.create(uscc=enterprise.uscc, size="大型")
        screen()
        desk_at(7, 5)
        keys = signed_in(enterprise)
        keys.page.goto(case("refund", enterprise.applications.get()))
        keys.press("对划型有异议，书面承诺所属划型", "link")
        keys.press("小型企业承诺书", "link")
        assert keys.take("下载 PDF").startswith(b"%PDF")
        keys.press("返回办理页面", "link")
        keys.press("对划型有异议，书面承诺所属划型", "link")
        keys.choose("大型", "小型")
        keys.attach("签字盖章的承诺书", PROOF)
        keys.tick("我单位知道承诺与事实不符的，须退回差额并承担相应法律责任")
        keys.press("提交承诺书", "button")
        says(keys, "承诺书已收到")
        assert Commitment.objects.get().size == "小型"


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

    def test_of_a_dispatch_unit_uploads_its_hosts_and_writes_the_good_rows(
        self, signed_in, make_enterprise, screen, desk_at  # noqa: F811
    ):  # fmt: skip
        unit = make_enterprise(dispatch=True, uscc=uscc(8))
        screen()
        desk_at(6, 26)
        rows = [
            "派遣单位统一社会信用代码,用工单位统一社会信用代码,用工单位名称,用工单位类型,年度,派遣人数,上年度实缴失业保险费",
            f"{unit.uscc},{uscc(1)},甲厂,企业,2023,3,1000",
            f"{unit.uscc},{uscc(2)},乙局,机关事业单位,2023,二,500",
        ]
        keys = signed_in(unit)
        keys.page.goto(case("hosts", unit.applications.get()))
        assert keys.take("下载空白表格").startswith(b"PK")
        keys.press("上传并检查", "button")
        expect(keys.page.locator(".errors")).to_be_focused()
        keys.press_to("请选择要上传的表格", "link")
        keys.page.keyboard.press("Enter")
        keys.attach("表格文件", {"name": "用工单位.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()})
        keys.press("上传并检查", "button")
        says(keys, "新增 1 行")
        says(keys, "第 3 行 · 派遣人数")
        assert keys.take("下载错误清单").startswith(b"PK")
        keys.press("写入没有错误的行", "button")
        keys.press("核对资金分配，继续申请", "link")
        says(keys, "甲厂")
        assert Host.objects.get().host_name == "甲厂"

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

    def test_searches_who_has_not_confirmed(self, keys, offered, programme, moment, desk_at):  # noqa: F811
        name = offered().enterprise.name
        actions.remind(at=moment(7, 29))
        desk_at(7, 30)
        keys.page.goto("/")
        keys.press("未确认名单", "link")
        keys.press(programme.title, "link")
        keys.write("按单位名称查找", "没有这家")
        keys.press("查找", "button")
        says(keys, "名单中没有")
        keys.press("查看全部", "link")
        says(keys, name)

    def test_goes_past_the_menu_to_the_text(self, keys):
        keys.page.goto("/")
        keys.page.keyboard.press("Tab")
        assert keys.heard() == ("link", "跳到正文")
        keys.page.keyboard.press("Enter")
        keys.page.keyboard.press("Tab")
        assert keys.heard()[1] == "单位登录，查看并确认"


class TestTables:
    """Every address of the portal is in one of the tables above, each that takes a form where a form is sent."""

    def test_name_each_address_and_tests_that_are(self):
        names = [pattern.name for pattern in urls.urlpatterns]
        assert sorted([*SENT, *OPENED, *SAME]) == sorted(names)
        tests = set(re.findall(r"def (test_\w+)", Path(__file__).read_text(encoding="utf-8")))
        assert set(SENT.values()) | set(OPENED.values()) <= tests

    def test_hold_apart_what_takes_a_form(self, db):
        takes = {pattern.name for pattern in urls.urlpatterns if Client().post(somewhere(pattern)).status_code != 405}
        assert takes - set(SAME) == set(SENT)


def somewhere(pattern: URLPattern) -> str:
    """The address of what may not be there."""
    parts = {name: 1 if isinstance(each, IntConverter) else "a" for name, each in pattern.pattern.converters.items()}
    return reverse(f"portal:{pattern.name}", kwargs=parts)


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
