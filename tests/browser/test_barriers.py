"""Every page of the portal in each of its states, on a phone and on a wide screen: no serious barrier, nothing wider than the
screen. A new address of the portal fails here until it is looked at, or named as something that is no page."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from agency.actions import accept_appeal, file_dispute
from agency.models import Appeal, CreditCheck, Hold, Import, Message, Programme, Role
from enterprises.models import CreditListing, Size2020
from portal import urls
from subsidies.payout import actions as payout
from subsidies.payout.models import Award, PublicityRound
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Draft
from tests.browser.test_portal import LONG_NAME
from tests.browser.walk import LONG_WORD, Look, Walk, case, of, picture, press
from tests.office import uscc
from tests.portal.conftest import (  # noqa: F401 - the same city
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

NO_PAGES = {
    "sign_out": "a button; leads to the home page",
    "hosts_template": "a spreadsheet to take away",
    "hosts_errors": "a spreadsheet to take away",
    "letter_file": "a PDF to take away",
    "size_letter_file": "a PDF to take away",
    "round_file": "a file to take away",
    "attachment": "a file to take away",
}


@pytest.fixture
def walk(site, browser, browser_context_args, desk_at, acts_for, pictures, subtests) -> Iterator[Callable[..., None]]:  # noqa: F811
    """walk(looks): look at each, a failure a page."""
    made = Walk(browser, browser_context_args, desk_at, pictures)

    def do(looks: list[Look]) -> None:
        for at in looks:
            with subtests.test(page=at.name, says=at.says):
                assert made.look(at, at.of and acts_for(at.of)) == []

    yield do
    made.context.close()


# ---- a town in which everything has happened to somebody ---------------------------------------------------------


@pytest.fixture
def long() -> dict[str, str]:
    """Fields of an enterprise that are as long as they come."""
    return {"name": LONG_NAME, "account_name": LONG_NAME, "bank": "某某农村商业银行股份有限公司甲市高新技术产业开发区支行"}


@pytest.fixture
def failing(make_enterprise, screen, long) -> Callable[[], Application]:  # noqa: F811
    """A case with a condition failed."""

    def make() -> Application:
        enterprise = make_enterprise(people=100, claimants=20, **long)
        screen()
        return enterprise.applications.get()

    return make


@pytest.fixture
def last_year(make_enterprise, programme, moment, acts_for, long) -> Callable[[], Application]:  # noqa: F811
    """An own application of 2023, paid to another account than today's."""

    def make() -> Application:
        enterprise, then = make_enterprise(**long), moment(5, 1, year=2023)
        given = {"notice": "shanxi/2024", "title": "2023年度稳岗返还", "prepared_by": programme.prepared_by, "created_at": then}
        earlier, _ = Programme.objects.get_or_create(state="CLOSED", region=programme.region, year=2023, defaults=given)
        award = Award.objects.create(
            programme=earlier, region=enterprise.region, case_kind="refund", case_id=90_000 + enterprise.pk, name=enterprise.name,
            amount=Decimal("1234.56"), account_source="corporate", account="6222000099998888", created_at=then,
        )  # fmt: skip
        application = Application.objects.create(
            state="APPROVED", programme=earlier, enterprise=enterprise, region=enterprise.region, year=2023, award=award,
            channel="自主申请", submitted_at=then,
        )  # fmt: skip
        Draft.objects.create(
            programme=earlier, enterprise=enterprise, application=application, contact="赵某", phone="13900000009",
            saved_by=acts_for(enterprise), saved_at=then, sent_at=then,
        )  # fmt: skip
        return application

    return make


@pytest.fixture
def many_lines(programme, make_enterprise, publish) -> Callable[[], PublicityRound]:  # noqa: F811
    """A public list of more than one page."""

    def make() -> PublicityRound:
        owner = make_enterprise(months=range(0))
        rows = [
            Award(
                programme=programme, region=owner.region, case_kind="refund", case_id=50_000 + place, uscc=owner.uscc,
                name=LONG_NAME, amount=Decimal(f"{1000 + place}.05"), columns={"layoff_rate": "0.012346"},
                account_source="corporate", account_name=owner.account_name, bank=owner.bank, account=owner.account,
                created_at=programme.created_at,
            )
            for place in range(51)
        ]  # fmt: skip
        payout.create_awards(rows, by=None, at=programme.created_at)
        return publish()

    return make


class TestBefore:
    """What anybody sees before anything is published."""

    def test_pages_of_an_empty_house_have_no_barrier(self, walk, programme):  # noqa: F811
        sign_in, answer = reverse("portal:sign_in"), reverse("portal:objection_answer")
        asked = {"统一社会信用代码": uscc(1), "手机号": "13800000001"}

        def code(page: Page) -> None:
            press("获取验证码", **asked)(page)

        def wrong_code(page: Page) -> None:
            code(page)
            press("登录", 验证码="12")(page)

        walk([
            Look("home", "目前没有正在公示的名单", "/"),
            Look("rounds", "还没有发布过公示名单", reverse("portal:rounds")),
            Look("unconfirmed_lists", "目前没有公开的未确认名单", reverse("portal:unconfirmed_lists")),
            Look("sign_in", "不需要密码", sign_in),
            Look("sign_in", "请更正以下内容", sign_in, steps=press("获取验证码", 手机号="12")),
            Look("sign_in_code", "输入验证码", sign_in, steps=code),
            Look("sign_in_code", "验证码是 6 位数字", sign_in, steps=wrong_code),
            Look("objection_answer", "凭回执号", answer),
            Look("objection_answer", "请更正以下内容", answer, steps=press("查询")),
            Look("404", "没有", "/nothing/"),
        ])  # fmt: skip


class TestOffer:
    """Offered, answered, held: what an owner sees in June."""

    def test_pages_of_an_offer_have_no_barrier(self, walk, offered, long, acts_for, staff, moment):  # noqa: F811
        fresh, told = offered(**long), offered(**long)
        owner = acts_for(told.enterprise)
        actions.write_remark(told, f"账户已换，见 {LONG_WORD}", by=owner, at=moment(6, 25), files=[picture(f"{LONG_NAME}.png")])
        actions.write_remark(told, "请在“申请更正”中填写。", by=staff(Role.PREPARER), at=moment(6, 25, 11))
        actions.ask_correction(told, "contact", "联系人已换", [picture()], by=owner, at=moment(6, 25))
        link = re.search(r"/l/[\w-]{22}", Message.objects.get(kind="offer", case_id=fresh.pk).text.reveal()).group()
        day = {"on": (6, 26)}

        def code(page: Page) -> None:
            press("获取验证码")(page)

        def wrong_code(page: Page) -> None:
            page.goto(link)
            press("获取验证码")(page)
            press("进入办理", 验证码="12")(page)

        walk([
            Look("link", "请先验证手机", link, **day),
            Look("link_code", "输入验证码", link, steps=code, **day),
            Look("link_code", "验证码是 6 位数字", steps=wrong_code, **day),
            of(fresh, "refund", "请确认是否接受返还", **day),
            of(fresh, "confirm", "请核对后确认", **day),
            of(fresh, "decline", "确定放弃", **day),
            of(fresh, "decline", "请选择一个原因", steps=press("确定放弃"), **day),
            of(fresh, "correct", "申请更正", **day),
            of(fresh, "correct", "请选择哪里不对", steps=press("提交更正"), **day),
            of(fresh, "talk", "还没有往来消息", **day),
            of(fresh, "talk", "请填写内容", steps=press("发送"), **day),
            of(fresh, "letter", LONG_NAME, "offer", **day),
            of(told, "refund", "经办机构给您发来 1 条消息", **day),
            of(told, "talk", "经办机构已读", **day),
        ])  # fmt: skip


class TestAnswered:
    """Confirmed, held for a listing, refused, appealed against: July."""

    def test_pages_of_what_waits_have_no_barrier(
        self, walk, confirmed, failing, long, look_up, acts_for, staff, days, moment  # noqa: F811
    ):  # fmt: skip
        waits, held, disputed = confirmed(**long), confirmed(**long), confirmed(**long)
        link = re.search(r"/l/[\w-]{22}", Message.objects.get(kind="offer", case_id=waits.pk).text.reveal()).group()
        for each in (held, disputed):
            look_up(each, CreditCheck.Moment.REVIEW, moment(7, 2, 11), ("严重失信",))
        hold, other = (Hold.objects.get(case_id=each.pk, kind="CREDIT") for each in (held, disputed))
        file_dispute(other, f"已修复，见 {LONG_WORD}", [picture()], by=acts_for(disputed.enterprise), at=moment(7, 3))
        appealed, asked, refused = failing(), failing(), failing()
        for each in (appealed, asked):
            actions.file_appeal(each, "ineligible", "人数有误", [picture()], by=acts_for(each.enterprise), at=moment(7, 8))
        appeal, open_one = (Appeal.objects.get(case_id=each.pk) for each in (asked, appealed))
        accept_appeal(appeal, by=staff(Role.PREPARER), at=moment(7, 9, 9))
        actions.ask_for_evidence(appeal, "解除合同的材料", moment(7, 20).date(), by=staff(Role.PREPARER), at=moment(7, 9, 9))
        actions.apply(refused, by=acts_for(refused.enterprise), at=moment(6, 26))
        actions.reject(refused, "经核实，单位已停止经营", by=staff(Role.PREPARER), at=days.reviewed)
        walk([
            Look("link", "链接已失效", link),
            of(waits, "refund", "已确认，等待审核"),
            of(waits, "withdraw", "确定撤回吗"),
            of(waits, "withdraw", "请选择一个原因", steps=press("确定撤回")),
            of(waits, "size", "划型变更申请"),
            of(waits, "size", "请上传印证材料", steps=press("提交变更申请")),
            of(waits, "letter", LONG_NAME, "receipt"),
            of(held, "refund", "提出异议并上传证明"),
            of(held, "dispute", "对信用记录提出异议", hold.pk),
            of(held, "dispute", "请上传证明材料", hold.pk, steps=press("提交异议")),
            of(disputed, "dispute", "正在核实，请等待答复", other.pk),
            of(appealed, "refund", "申诉已收到，等待受理"),
            of(appealed, "appeal_evidence", "您可以继续提交证据", open_one.pk),
            of(asked, "refund", "解除合同的材料"),
            of(asked, "appeal_evidence", "需要补充", appeal.pk),
            of(asked, "appeal_evidence", "请选择要提交的文件", appeal.pk, steps=press("提交证据")),
            of(refused, "refund", "单位已停止经营"),
            of(refused, "letter", "单位已停止经营", "refusal"),
            of(refused, "appeal", "申诉"),
            of(refused, "appeal", "请选择对什么不服", steps=press("提交申诉")),
        ])  # fmt: skip


class TestApplying:
    """自主申请, with and without a case, and a dispatch unit's hosts."""

    def test_pages_of_an_application_have_no_barrier(
        self, walk, failing, last_year, make_enterprise, programme, long, acts_for, staff, moment, regions  # noqa: F811
    ):  # fmt: skip
        case_, returned = failing(), failing()
        newcomer, elsewhere, before = make_enterprise(**long), make_enterprise(region="1404", **long), last_year().enterprise
        twice = last_year().enterprise
        actions.apply_for(twice, programme, "", by=acts_for(twice), at=moment(6, 26))
        actions.apply(returned, by=acts_for(returned.enterprise), at=moment(6, 26))
        actions.return_for_completion(returned, "请补减员证明", ["layoff_rate"], by=staff(Role.PREPARER), at=moment(7, 1))
        first, both = reverse("portal:apply_first"), reverse("portal:refunds")
        kept = press("保存草稿", 本次申请的联系人="王某", 情况说明="有退休人员")

        def lie(page: Page) -> None:
            press("提交申请", 情况说明="账号 6222020200112233445", 联系电话="12")(page)

        walk([
            Look("refunds", "贵单位还没有列入数据比对", both, newcomer),
            Look("refunds", "目前没有可以办理的事项", both, elsewhere),
            Look("refund", "2023年度稳岗返还", both, before),
            Look("refunds", "2023年度稳岗返还", both, twice),
            Look("apply_first", "各项条件都符合", first, newcomer),
            Look("apply_first", "请不要在这里写账号", first, newcomer, steps=lie),
            Look("apply_first", "与现在登记的账户不同", first, before),
            of(case_, "refund", "怎么办"),
            of(case_, "apply", "可以补充的材料"),
            of(case_, "apply", "请不要在这里写账号", steps=lie),
            of(case_, "apply", "草稿保存于", steps=kept),
            of(returned, "refund", "请补减员证明"),
            of(returned, "apply", "补正后重新提交"),
        ])  # fmt: skip

    def test_pages_of_a_dispatch_unit_have_no_barrier(
        self, walk, make_enterprise, screen, long, acts_for, moment, tmp_path, credit_list, files  # noqa: F811
    ):  # fmt: skip
        unit = make_enterprise(dispatch=True, uscc=uscc(9), **long)
        screen()
        first = make_enterprise(dispatch=True, uscc=uscc(8), **long)
        case_ = unit.applications.get()

        def sheet(name: str, *rows: str) -> int:
            head = "派遣单位统一社会信用代码,用工单位统一社会信用代码,用工单位名称,用工单位类型,年度,派遣人数"
            path = tmp_path / name
            path.write_text("\n".join([f"{head},上年度实缴失业保险费", *rows]), encoding="utf-8")
            return actions.upload_hosts(unit, path, name, by=acts_for(unit), at=moment(7, 8)).pk

        good = f"{unit.uscc},{uscc(1)},{LONG_NAME},企业,2023,3,1000"
        mixed = sheet(f"{LONG_NAME}.csv", good, f"{first.uscc},{uscc(2)},乙局,机关事业单位,2023,二,500")
        useless = sheet("empty.csv")
        waiting = sheet("waiting.csv", f"{unit.uscc},{uscc(3)},丙厂,企业,2023,3,1000")
        Import.objects.filter(pk=waiting).update(state=Import.State.CHECKING)

        def hosts(page: Page) -> None:
            page.get_by_role("main").get_by_label("单位类型").select_option("企业")
            press("保存用工单位", 统一社会信用代码=uscc(1), 用工单位名称=LONG_NAME, 派遣人数="3", 上年度为其="1000")(page)

        walk([
            Look("apply_first", "还没有填报用工单位", reverse("portal:apply_first"), first),
            Look("hosts_first", "填报2023年度的用工单位", reverse("portal:hosts_first"), first),
            Look("hosts_first", "请填写用工单位名称", reverse("portal:hosts_first"), first, steps=press("保存用工单位")),
            Look("upload_hosts_first", "请选择要上传的表格", reverse("portal:hosts_first"), first, steps=press("上传并检查")),
            of(case_, "hosts", "填报2023年度的用工单位"),
            of(case_, "hosts", "用工单位 2", steps=press("再加一个")),
            of(case_, "hosts", "请填写派遣人数", steps=press("保存用工单位")),
            of(case_, "upload_hosts", "请选择要上传的表格", steps=press("上传并检查"))._replace(path=case("hosts", case_)),
            Look("hosts_report", "错误和提醒", reverse("portal:hosts_report", args=[mixed]), unit),
            Look("hosts_report", "这个文件不能用", reverse("portal:hosts_report", args=[useless]), unit),
            Look("hosts_report", "正在检查", reverse("portal:hosts_report", args=[waiting]), unit),
            of(case_, "hosts", "同意按上表分配", steps=hosts),
        ])  # fmt: skip


class TestPublic:
    """Published, objected to, paid, sent back: what the public and the owner see of it."""

    def test_pages_of_what_is_published_have_no_barrier(
        self, walk, approved, paid, many_lines, publish, long, moment  # noqa: F811
    ):  # fmt: skip
        done, back = paid(**long), paid("账号户名不符", **long)
        objected = approved(**long)
        round_ = publish()
        big = many_lines()
        line = objected.award.lines.get()
        payout.object_over_web(line, "欧阳某某", "0353-8899001", "已停产", address="10.0.0.1", at=moment(7, 9))
        there, form = reverse("portal:round", args=[big.pk]), reverse("portal:object_to", args=[big.pk, 1])
        said = {"您的真实姓名": "欧阳某某", "联系电话或通信地址": "0353-8899001", "异议内容": LONG_WORD}
        found: list[str] = []

        def file(page: Page) -> None:
            press("提交异议", **said)(page)
            found.append(page.locator(".receipt").inner_text())

        def ask(page: Page) -> None:
            press("查询", 回执号=found[0], 联系电话或通信地址="0353-8899001")(page)

        walk([
            Look("home", "公示中", "/"),
            Look("rounds", "公示中", reverse("portal:rounds")),
            Look("round", "第 1 至 50 户", there),
            Look("round", "第 51 至 51 户", f"{there}?page=2"),
            Look("round", "名单中没有", f"{there}?name={'没有这家' * 10}"),
            Look("round", "请至少输入两个连着的字", f"{there}?name=甲"),
            Look("object_to", LONG_NAME, form),
            Look("object_to", "请填写真实姓名", form, steps=press("提交异议")),
            Look("objection_filed", "异议已受理", form, steps=file),
            Look("objection_answer", "已收到，正在核查", reverse("portal:objection_answer"), steps=ask),
            of(objected, "refund", "提交情况说明"),
            of(objected, "statement", "提交情况说明"),
            of(objected, "statement", "请写明情况", steps=press("提交说明")),
            of(objected, "letter", LONG_NAME, "publicity"),
            Look("round", "已期满", reverse("portal:round", args=[round_.pk]), on=(7, 17)),
            of(done, "refund", "已拨付", on=(7, 17)),
            of(done, "letter", LONG_NAME, "payment", on=(7, 17)),
            of(back, "refund", "更正收款账户", on=(7, 17)),
        ])  # fmt: skip

    def test_pages_of_who_has_not_confirmed_have_no_barrier(self, walk, offered, long, programme, moment):  # noqa: F811
        overdue = offered(**long)
        actions.remind(at=moment(7, 29))
        there = reverse("portal:unconfirmed", args=[programme.pk])
        walk([
            Look("unconfirmed_lists", programme.title, reverse("portal:unconfirmed_lists"), on=(7, 30)),
            Look("unconfirmed", LONG_NAME, there, on=(7, 30)),
            Look("unconfirmed", "名单中没有", f"{there}?name={'没有这家' * 10}", on=(7, 30)),
            of(overdue, "refund", "仍", on=(7, 30)),
        ])  # fmt: skip


class TestCommitment:
    """Where the law of the place is a written commitment."""

    @pytest.fixture
    def programme(self, make_programme) -> Programme:  # noqa: F811
        return make_programme("hebei/2024")

    def test_pages_of_a_commitment_have_no_barrier(self, walk, make_enterprise, screen, credit_list, long):  # noqa: F811
        CreditListing.objects.create(uscc="9" * 18, type="严重失信", origin="河北省信用信息共享平台", source=credit_list)
        enterprise = make_enterprise(**long)
        Size2020.objects.create(uscc=enterprise.uscc, size="大型")
        screen()
        application = enterprise.applications.get()
        walk([
            of(application, "size", "划型书面承诺", on=(7, 5)),
            Look("size_letter", LONG_NAME, f"{case('size_letter', application)}?size=小型", enterprise, on=(7, 5)),
            of(application, "size", "请勾选后提交", on=(7, 5), steps=press("提交承诺书")),
        ])  # fmt: skip


def test_every_address_of_the_portal_is_looked_at():
    """Each name in portal.urls is walked above, or is no page."""
    walked = set(re.findall(r"(?:Look\(|of\(\w+, )\"(\w+)\"", Path(__file__).read_text(encoding="utf-8")))
    names = {pattern.name for pattern in urls.urlpatterns}
    assert names - walked == set(NO_PAGES)
    assert walked - names == {"404"}
