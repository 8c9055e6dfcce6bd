"""An enterprise sees its case and answers."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from agency.models import Event, Hold, Programme
from agency.queries import attachments_of
from enterprises.models import SizeListing
from policy import explain
from portal import case
from subsidies.payout.models import Award
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Host, State
from subsidies.refunds.queries import findings_of


@pytest.fixture(autouse=True)
def morning(desk_at):
    return desk_at(6, 26)


def page_of(client, application, page="refund") -> str:
    answer = client.get(reverse(f"portal:{page}", args=[application.pk]))
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def send(client, application, page, **form) -> str:
    """Post a form and read the page that follows."""
    answer = client.post(reverse(f"portal:{page}", args=[application.pk]), form, follow=True)
    return unescape(answer.content.decode())


def hidden(page: str, name: str) -> str:
    """What a page carries unseen under a name."""
    return re.search(rf'name="{name}" value="(\w+)"', page).group(1)


class TestOffer:
    def test_says_amount_deadline_and_how_it_was_reached(self, signed_in, offered):
        application = offered()  # 10 people, 12 months, 100 yuan a head: 12,000.00 at 60%
        page = page_of(signed_in(application.enterprise), application)
        assert "2024年7月15日</strong> 前（含当日）确认（还有 19 天）" in page
        for words in ("7,200.00", "12,000.00", "60%", "企业划型", "裁员率"):
            assert words in page
        assert len(re.findall(r'class="button[ "]', page)) == 1
        assert reverse("portal:confirm", args=[application.pk]) in page

    def test_says_each_finding_in_one_plain_sentence(self, signed_in, offered):
        application = offered()
        page = page_of(signed_in(application.enterprise), application)
        asked = findings_of(application.decision)
        assert len(asked) > 5
        for finding in asked:
            assert explain.for_enterprise(finding) in page
            assert finding.clause in page

    def test_names_the_permitted_uses_before_confirming_and_at_it(self, signed_in, offered):
        application = offered()
        client = signed_in(application.enterprise)
        for page in ("refund", "confirm"):
            for use in ("职工生活补助", "缴纳社会保险费", "转岗培训", "技能提升培训", "降低生产经营成本支出"):
                assert use in page_of(client, application, page)

    def test_shows_the_last_four_digits_of_the_account_and_no_phone(self, signed_in, offered):
        application = offered()
        enterprise = application.enterprise
        client = signed_in(enterprise)
        for page in ("refund", "confirm", "decline", "correct"):
            text = page_of(client, application, page)
            assert enterprise.account.reveal() not in text
            assert enterprise.phone.reveal() not in text
        assert f"****{enterprise.account.reveal()[-4:]}" in page_of(client, application, "confirm")

    def test_says_at_confirming_until_when_and_that_it_may_be_taken_back(self, signed_in, offered, desk_at):
        application = offered()
        client = signed_in(application.enterprise)
        page = page_of(client, application, "confirm")
        assert "2024年7月15日</strong> 前（含当日）确认" in page
        assert "公示以前改变主意，可以在办理页面撤回" in page
        desk_at(7, 16)
        assert "2024年7月15日" not in page_of(client, application, "confirm")

    def test_says_on_the_last_day_that_it_is_the_last(self, signed_in, offered, desk_at):
        application = offered()
        desk_at(7, 15)
        assert "今天是最后一天" in page_of(signed_in(application.enterprise), application)

    def test_shows_the_agencys_telephone(self, signed_in, offered):
        application = offered()
        assert "0353-1234567" in page_of(signed_in(application.enterprise), application)


class TestConfirming:
    def test_moves_the_case_and_says_what_happens_next(self, signed_in, offered, acts_for):
        application = offered()
        client = signed_in(application.enterprise)
        shown = re.search(r'name="decision" value="(\d+)"', page_of(client, application, "confirm")).group(1)
        page = send(client, application, "confirm", decision=shown)
        application.refresh_from_db()
        assert application.state == State.CONFIRMED
        assert "已确认，等待审核" in page
        assert "审核通过后公示" in page
        event = Event.objects.get(to_state=State.CONFIRMED)
        assert event.by == acts_for(application.enterprise)

    def test_twice_is_one_event_and_no_fright(self, signed_in, offered):
        application = offered()
        client = signed_in(application.enterprise)
        send(client, application, "confirm", decision=application.decision_id)
        page = send(client, application, "confirm", decision=application.decision_id)
        assert "已经办过" in page
        assert 'role="alert"' not in page
        assert Event.objects.filter(to_state=State.CONFIRMED).count() == 1

    def test_of_what_has_changed_meanwhile_is_asked_again(self, signed_in, offered):
        application = offered()
        page = send(signed_in(application.enterprise), application, "confirm", decision=application.decision_id - 1)
        application.refresh_from_db()
        assert application.state == State.OFFERED
        assert "数据有更新" in page
        assert "请核对后确认" in page

    def test_after_the_period_is_refused_in_words(self, signed_in, offered, desk_at):
        application = offered()
        desk_at(12, 31)
        client = signed_in(application.enterprise)
        Programme.objects.update(state=Programme.State.CLOSED)
        page = send(client, application, "confirm", decision=application.decision_id)
        application.refresh_from_db()
        assert application.state == State.OFFERED
        assert "不能办理" in page


class TestDeclining:
    def test_asks_why(self, signed_in, offered):
        application = offered()
        client = signed_in(application.enterprise)
        assert "请选择一个原因" in send(client, application, "decline")
        assert "请写明原因" in send(client, application, "decline", reason="其他原因", text=" ")
        application.refresh_from_db()
        assert application.state == State.OFFERED

    def test_keeps_the_reason_and_leaves_a_way_back(self, signed_in, offered):
        application = offered()
        client = signed_in(application.enterprise)
        page = send(client, application, "decline", reason="其他原因", text="已申请其他补贴")
        application.refresh_from_db()
        assert (application.state, application.reason) == (State.DECLINED, "其他原因：已申请其他补贴")
        assert "仍可以确认" in page
        send(client, application, "confirm", decision=application.decision_id)
        application.refresh_from_db()
        assert application.state == State.CONFIRMED


class TestTwoAnswers:
    """Two people of one enterprise, or one with an SMS under way, on a page of the same offer."""

    def test_of_pages_opened_before_the_first_count(self, signed_in, offered, acts_for, moment):
        application = offered()
        one, other = signed_in(application.enterprise), signed_in(application.enterprise)
        shown = unescape(other.get(reverse("portal:confirm", args=[application.pk])).content.decode())
        state = re.search(r'name="state" value="(\w+)"', shown).group(1)
        send(one, application, "decline", reason="不需要这笔资金", state=state)
        page = send(other, application, "confirm", decision=application.decision_id, state=state)
        application.refresh_from_db()
        assert application.state == State.DECLINED
        assert "2024年6月26日 10:00 已通过网上服务答复，现在的状态是“已放弃”" in page
        page = send(other, application, "confirm", decision=application.decision_id, state=State.DECLINED)
        assert "已确认，接下来由经办机构审核" in page

    def test_the_second_is_told_by_which_channel_the_first_came(self, signed_in, offered, acts_for, moment):
        application = offered()
        actions.confirm(application, by=acts_for(application.enterprise), at=moment(6, 25), through="SMS")
        page = send(signed_in(application.enterprise), application, "decline", reason="不需要这笔资金", state="OFFERED")
        assert "2024年6月25日 10:00 已通过短信回复答复" in page
        application.refresh_from_db()
        assert (application.state, application.answer_channel) == (State.CONFIRMED, "SMS")


class TestCorrecting:
    def test_holds_the_case_and_says_so(self, signed_in, offered, scan):
        application = offered()
        client, (_, proof) = signed_in(application.enterprise), scan("开户许可证.png")
        page = send(client, application, "correct", about="account", text="开户行已合并更名", proofs=proof)
        assert Hold.objects.get(kind=Hold.Kind.CORRECTION).case_id == application.pk
        assert "开户行已合并更名" in page
        assert "正在处理" in page
        assert attachments_of("refund", application.pk).get().file.name == "开户许可证.png"

    @pytest.mark.parametrize(("about", "needed"), [("account", "开户许可证"), ("size", "从业人员"), ("contact", "")])
    def test_of_account_and_size_asks_for_a_proof(self, signed_in, offered, about, needed):
        application = offered()
        page = send(signed_in(application.enterprise), application, "correct", about=about, text="写错了")
        assert ("请上传证明材料" in page, application.corrections.exists()) == (bool(needed), not needed)
        assert needed in page

    def test_says_of_the_proof_when_it_is_needed_instead_of_optional(self, signed_in, offered):
        application = offered()
        page = signed_in(application.enterprise).get(reverse("portal:correct", args=[application.pk])).content.decode()
        assert "证明材料（更正账户或划型时必传）" in page
        assert "选填" not in page

    def test_keeps_what_was_written_where_the_file_is_none(self, signed_in, offered, files):
        application = offered()
        proof = SimpleUploadedFile("账户.pdf", b"MZ not a paper")
        client = signed_in(application.enterprise)
        page = send(client, application, "correct", about="account", text="开户行已更名", proofs=proof)
        assert "不是 PDF、JPG 或 PNG 文件" in page
        assert "开户行已更名</textarea>" in page
        assert not application.corrections.exists()

    @pytest.mark.parametrize("number", ["6222020200112233445", "6222 0202 0011 2233", "13812345678"])
    def test_takes_no_account_or_phone_in_free_text(self, signed_in, offered, number):
        application = offered()
        page = send(signed_in(application.enterprise), application, "correct", about="account", text=f"账号是{number}")
        assert "请不要在这里写账号" in page
        assert not application.corrections.exists()

    def test_shows_how_it_was_settled(self, signed_in, offered, staff, moment):
        application = offered()
        client = signed_in(application.enterprise)
        send(client, application, "correct", about="contact", text="联系人已更换")
        actions.settle_correction(application.corrections.get(), "已更新联系人", by=staff("PREPARER"), at=moment(6, 27))
        assert "已更新联系人" in page_of(client, application)


class TestNotEligible:
    def test_says_why_and_what_can_be_done(self, signed_in, make_enterprise, screen):
        enterprise = make_enterprise(people=100, claimants=20)
        screen()
        application = enterprise.applications.get()
        assert application.state == State.INELIGIBLE
        page = page_of(signed_in(enterprise), application)
        failed = [finding for finding in findings_of(application.decision) if finding.answer == "FAIL"]
        assert [finding.rule for finding in failed] == ["layoff_rate"]
        assert explain.for_enterprise(failed[0]) in page
        assert explain.remedy(failed[0]) in page
        assert "为什么不符合" in page

    def test_says_what_is_missing(self, signed_in, make_enterprise, screen):
        enterprise = make_enterprise(people=100, claimants=None)
        screen()
        application = enterprise.applications.get()
        assert application.state == State.INCOMPLETE
        page = page_of(signed_in(enterprise), application)
        assert "还差什么" in page
        assert "这不等于不符合" in page


class TestApplying:
    def test_shows_every_finding_first_and_then_submits(self, signed_in, make_enterprise, screen):
        enterprise = make_enterprise(people=100, claimants=20)
        screen()
        application = enterprise.applications.get()
        client = signed_in(enterprise)
        for finding in findings_of(application.decision):
            assert explain.rule_label(finding.rule) in page_of(client, application, "apply")
        page = send(client, application, "apply")
        application.refresh_from_db()
        assert (application.state, application.channel) == (State.SUBMITTED, "自主申请")
        assert "申请已提交，等待审核" in page

    def test_is_the_way_of_a_dispatch_unit(self, signed_in, make_enterprise, screen):
        enterprise = make_enterprise(dispatch=True)
        Host.objects.create(
            unit_uscc=enterprise.uscc, host_uscc="x", host_name="某厂", host_kind="企业", year=2024, workers=3, paid=Decimal(100)
        )
        screen()
        application = enterprise.applications.get()
        client = signed_in(enterprise)
        page = page_of(client, application)
        assert "劳务派遣单位须自主申请" in page
        assert "贵单位已自主申请" not in page
        assert "请核对资金分配" in send(client, application, "apply")
        send(client, application, "apply", agreed="on", accepted=hidden(page_of(client, application, "apply"), "accepted"))
        application.refresh_from_db()
        assert application.state == State.SUBMITTED

    def test_of_a_dispatch_unit_shows_what_goes_by_the_size_of_its_hosts(
        self, signed_in, make_enterprise, make_programme, credit_list
    ):
        make_programme(choices={"dispatch_size_basis": "by_host"})
        unit, host = make_enterprise(dispatch=True), make_enterprise()  # 12,000.00 paid
        SizeListing.objects.create(uscc=host.uscc, size="大型", year=2023)
        Host.objects.create(
            unit_uscc=unit.uscc, host_uscc=host.uscc, host_name="某厂", host_kind="企业", year=2023, paid=Decimal(2000)
        )
        client = signed_in(unit)
        shown = client.get(reverse("portal:apply_first")).content.decode()
        client.post(reverse("portal:apply_first"), {"agreed": "on", "accepted": hidden(shown, "accepted")})
        page = page_of(client, unit.applications.get())
        for words in ("其中大型用工单位部分", "2,000.00", "30%", "其余自有部分", "6,600.00"):  # 10,000 at 60% and 2,000 at 30%
            assert words in page

    def test_is_not_offered_to_whoever_will_be_asked(self, signed_in, make_enterprise, screen):
        enterprise = make_enterprise()
        screen()
        application = enterprise.applications.get()
        page = page_of(signed_in(enterprise), application)
        assert "您不用做什么" in page
        assert reverse("portal:apply", args=[application.pk]) not in page

    def test_is_open_to_whom_no_screening_has_seen(self, signed_in, make_enterprise, programme, credit_list):
        enterprise = make_enterprise()
        client = signed_in(enterprise)
        assert reverse("portal:apply_first") in client.get(reverse("portal:refunds")).content.decode()
        assert "7,200.00" in client.get(reverse("portal:apply_first")).content.decode()
        client.post(reverse("portal:apply_first"))
        assert Application.objects.get(enterprise=enterprise).state == State.SUBMITTED

    def test_is_not_open_elsewhere(self, signed_in, make_enterprise, programme):
        client = signed_in(make_enterprise(region="1404"))
        assert "目前没有可以办理的事项" in client.get(reverse("portal:refunds")).content.decode()
        assert client.post(reverse("portal:apply_first"))["Location"] == reverse("portal:refunds")
        assert not Application.objects.exists()


class TestWithdrawing:
    def test_stops_the_case(self, signed_in, confirmed):
        application = confirmed()
        page = send(signed_in(application.enterprise), application, "withdraw", reason="不需要这笔资金")
        application.refresh_from_db()
        assert application.state == State.WITHDRAWN
        assert "您已撤回" in page

    def test_is_not_offered_once_published(self, signed_in, approved, publish, desk_at):
        application = approved()
        publish()
        desk_at(7, 9)
        assert reverse("portal:withdraw", args=[application.pk]) not in page_of(signed_in(application.enterprise), application)


class TestPaid:
    def test_says_the_amount_and_the_day(self, signed_in, paid, desk_at):
        application = paid()
        desk_at(7, 17)
        page = page_of(signed_in(application.enterprise), application)
        for words in ("已拨付", "7,200.00", "2024年7月16日", "职工生活补助"):
            assert words in page
        assert page.count('class="done"') == 5

    def test_tells_the_whole_way_in_public_words(self, signed_in, paid, desk_at):
        application = paid()
        desk_at(7, 17)
        page = page_of(signed_in(application.enterprise), application)
        told = [Application.PUBLIC_LABELS[state] for state in ("ELIGIBLE", "OFFERED", "CONFIRMED", "REVIEWED")]
        told += [Award.PUBLIC_LABELS[state] for state in ("PENDING", "PUBLICISED", "CLEARED", "PAYING", "PAID")]
        history = page[page.index('class="history') :]
        places = [history.index(f"<span>{label}</span>") for label in told]
        assert places == sorted(places, reverse=True)
        for who in Event.objects.filter(by__kind="STAFF").values_list("by__name", flat=True):
            assert who not in page

    def test_sent_back_by_the_bank_says_why_and_until_when(self, signed_in, paid, desk_at):
        application = paid("户名不符")
        desk_at(7, 17)
        page = page_of(signed_in(application.enterprise), application)
        assert "户名不符" in page
        assert reverse("portal:correct", args=[application.pk]) in page


class TestEveryState:
    def test_has_a_place_on_the_line(self):
        assert set(case.PLACES) == {*State.values, *Award.State.values}

    def test_of_an_application_has_a_page_with_one_main_button_at_most(self, signed_in, offered, moment):
        application = offered()
        client = signed_in(application.enterprise)
        for state, label in Application.PUBLIC_LABELS.items():
            row = {"state": state, "answered_at": moment(6, 25), "submitted_at": moment(6, 25)}
            Application.objects.filter(pk=application.pk).update(**row)
            page = page_of(client, application)
            assert f"<h1>{label}</h1>" in page
            assert len(re.findall(r'class="button[ "]', page)) <= 1, state

    def test_of_an_award_has_a_page(self, signed_in, approved, moment):
        application = approved()
        client = signed_in(application.enterprise)
        for state, label in Award.PUBLIC_LABELS.items():
            Award.objects.filter(pk=application.award_id).update(state=state, paid_on=moment(7, 16), correct_by=moment(8, 15))
            assert f"<h1>{label}</h1>" in page_of(client, application)


class TestHold:
    def test_of_every_kind_is_told_in_words(self, signed_in, confirmed, moment):
        application = confirmed()
        client = signed_in(application.enterprise)
        told = set()
        for kind in Hold.Kind.values:
            hold = Hold.objects.create(
                case_kind="refund", case_id=application.pk, kind=kind, reason="某事", opened_at=moment(6, 27)
            )
            page = page_of(client, application)
            told.add(re.search(r'class="note warn"><p><strong>(.*?)</p>', page, re.DOTALL).group(1))
            assert "您不用再做什么" not in page
            hold.delete()
        assert len(told) >= 6

    def test_of_another_case_is_not_shown(self, signed_in, confirmed, moment):
        application = confirmed()
        Hold.objects.create(
            case_kind="refund", case_id=application.pk + 1, kind="CREDIT", reason="严重失信", opened_at=moment(6, 27)
        )
        assert 'class="note warn"' not in page_of(signed_in(application.enterprise), application)


class TestQueries:
    def test_are_as_many_for_a_long_story_as_for_a_short_one(self, signed_in, offered, moment, django_assert_num_queries):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        application = offered()
        client = signed_in(application.enterprise)
        page_of(client, application)
        with CaptureQueriesContext(connection) as before:
            page_of(client, application)
        Event.objects.bulk_create(
            Event(at=moment(6, 25), kind="MOVE", case_kind="refund", case_id=application.pk, to_state="OFFERED")
            for _ in range(50)
        )
        with django_assert_num_queries(len(before)):
            page_of(client, application)
        assert len(before) <= 20


class TestAmounts:
    @pytest.mark.parametrize(
        ("given", "shown"), [(Decimal("181508.40"), "181,508.40"), (Decimal("0.00"), "0.00"), (None, "待核实")]
    )
    def test_are_grouped_in_thousands(self, given, shown):
        from portal.templatetags.portal_format import yuan

        assert yuan(given) == shown

    @pytest.mark.parametrize(("given", "shown"), [(Decimal("0.055"), "5.5%"), ("0.012346", "1.2346%"), (None, "待核实")])
    def test_rates_are_percentages(self, given, shown):
        from portal.templatetags.portal_format import percent

        assert percent(given) == shown
