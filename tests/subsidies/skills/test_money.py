"""From approval to the card: awards, lists with masked names, one bank file of both subsidies, and how it adds up."""

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from agency.actions.clock import set_desk_clock
from agency.actions.files import opened
from agency.models import Event, Hold, Message
from agency.sealed import masked_name
from policy.notice import load
from subsidies.payout import actions as payout
from subsidies.payout import queries as payout_queries
from subsidies.payout.models import Award, Objection, Payment, PublicityRound, PublishedLine
from subsidies.skills import actions, queries
from subsidies.skills.models import Claim
from tests.office import citizen
from tests.subsidies.skills.conftest import certificate, claim, person

TERMS = load("shanxi/2024").terms({})


@pytest.fixture
def approved(town, decide):
    """approved(3): awards of the claims of so many persons, one each."""

    def make(count: int, **also: object) -> list[Award]:
        town.people(*range(1, count + 1), **also)
        town.claim(*(claim(number) for number in range(1, count + 1)))
        decide()
        return list(Award.objects.order_by("pk"))

    return make


@pytest.fixture
def a_refund(town, programme, at):
    """An award of a refund beside the claims."""

    def make() -> Award:
        row = Award(
            programme=programme, region_id="140302", case_kind="refund", case_id=1, uscc="9114000000000000X1", name="甲市某公司",
            amount=Decimal("800.00"), account_source="corporate", account_name="甲市某公司", bank="某银行",
            account="6222000012345678", created_at=at,
        )  # fmt: skip
        return payout.create_awards([row], by=None, at=at)[0]

    return make


@pytest.fixture
def publish(town, programme, at):
    def do(kind: str = "claim") -> PublicityRound:
        round_ = payout.prepare_round(programme, kind, by=town.staff("jingban"), at=at)
        payout.publish_round(round_, at.date(), by=town.staff("fushen"), at=at)
        return round_

    return do


@pytest.fixture
def pay(town, programme, at):
    """Clear what was published, and release a batch of what may be paid."""

    def do():
        later = at + timedelta(days=8)
        payout.close_rounds(later.date(), at=later)
        batch = payout.make_batch(programme, by=town.staff("caiwu"), at=later)
        payout.submit_batch(batch, by=town.staff("caiwu"), at=later)
        payout.check_batch(batch, by=town.staff("caiwu2"), at=later)
        payout.release_batch(batch, by=town.staff("caiwu3"), at=later)
        return batch

    return do


class TestMaskedName:
    @pytest.mark.parametrize(
        ("name", "shown"),
        [("赵甲子", "赵*子"), ("赵甲", "赵*"), ("欧阳甲子", "欧**子"), ("阿依古丽·买买提", "阿******提"), ("赵", "*"), ("", "*")],
    )
    def test_keeps_the_first_and_the_last_character(self, name, shown):
        assert masked_name(name) == shown


class TestAwards:
    def test_are_the_claimants_own_under_a_masked_name(self, approved, programme):
        [award] = approved(1)
        assert (award.case_kind, award.uscc, award.name, award.amount) == ("claim", "", "赵***1", Decimal("1500.00"))
        assert award.columns == {"certificate": "电工", "grade": "四级"}
        shown = (award.account_source, award.get_account_source_display(), award.account_name, award.bank)
        assert shown == ("card", "社会保障卡", "赵子001", "某银行")
        assert award.account.reveal() == "14994000000000001"
        assert award.programme == programme
        assert award.claim.award == award

    def test_without_a_card_are_held_from_payment_not_from_publicity(self, approved, publish):
        [award] = approved(1, 社保卡账号="")
        hold = Hold.objects.get(case_kind="award", case_id=award.pk, lifted_at__isnull=True)
        assert (hold.kind, award.account_source, award.account_name) == ("NO_ACCOUNT", "held", "赵子001")
        assert publish().count == 1

    def test_are_mended_to_the_claimants_own_card_alone(self, town, approved, at):
        [award] = approved(1, 社保卡账号="")
        for name in ("赵子002", "甲市某公司"):
            with pytest.raises(payout.AwardRefused, match="本人姓名"):
                payout.mend_account(award, name, "某银行", "6222000099999999", by=town.staff("jingban"), at=at)
        payout.mend_account(award, "赵子001", "某银行", "6222000099999999", by=town.staff("jingban"), at=at)
        payout.accept_account(award, by=town.staff("fushen"), at=at)
        award.refresh_from_db()
        assert (award.account_source, award.account.reveal()) == ("card", "6222000099999999")

    def test_are_asked_no_credit(self, approved, publish, pay):
        approved(2)
        publish()
        assert pay().count == 2


class TestRounds:
    def test_are_of_one_subsidy_each_with_numbers_of_their_own(self, approved, a_refund, publish, town, programme, at):
        approved(2)
        a_refund()
        claims, refunds = publish("claim"), publish("refund")
        assert (claims.number, claims.count, claims.title) == (1, 2, "甲市2024年度技能提升补贴公示（第一批）")
        assert (refunds.number, refunds.count, refunds.title) == (1, 1, "甲市2024年度稳岗返还公示（第一批）")
        assert "经数据比对和审核，拟对下列2人次发放2024年度技能提升补贴资金，合计3000.00元" in claims.body
        assert "确认和审核，拟对下列1户单位发放2024年度稳岗返还资金，合计800.00元" in refunds.body
        assert set(claims.lines.values_list("award__case_kind", flat=True)) == {"claim"}

    def test_may_be_drafted_for_both_at_once_but_each_once(self, approved, a_refund, town, programme, at):
        approved(1)
        a_refund()
        for kind in ("claim", "refund"):
            payout.prepare_round(programme, kind, by=town.staff("jingban"), at=at)
            with pytest.raises(payout.RoundRefused, match="已有一份拟公示名单"):
                payout.prepare_round(programme, kind, by=town.staff("jingban"), at=at)

    def test_a_draft_notice_publishes_and_pays_nothing(self, town, make_programme, at):
        programme = make_programme("xpcc/2024")
        town.people(1)
        town.claim(claim(1))
        assert actions.decide_all(programme, by=town.staff("jingban"), at=at).approved == 1
        with pytest.raises(payout.RoundRefused, match="征求意见稿"):
            payout.prepare_round(programme, "claim", by=town.staff("jingban"), at=at)
        Award.objects.update(state="CLEARED")
        with pytest.raises(payout.BatchRefused, match="征求意见稿"):
            payout.make_batch(programme, by=town.staff("caiwu"), at=at)

    def test_two_of_one_masked_name_stay_two_lines(self, town, decide, publish):
        town.load("persons", person(1, 姓名="赵甲子"), person(2, 姓名="赵丙子"))
        town.load("certificates", certificate(1, 姓名="赵甲子"), certificate(2, 姓名="赵丙子"))
        town.claim(claim(1, 姓名="赵甲子"), claim(2, 姓名="赵丙子"))
        decide()
        rows = list(payout_queries.list_rows(publish()))
        assert rows == [(1, "赵*子", "电工", "四级", Decimal("1500.00")), (2, "赵*子", "电工", "四级", Decimal("1500.00"))]


@pytest.fixture
def secrets_of():
    """Everything of so many persons that a list must not show."""

    def of(count: int) -> list[str]:
        numbers = range(1, count + 1)
        names = [f"赵子{number:03d}" for number in numbers]
        return [*names, *map(citizen, numbers), *(f"142{n:08d}" for n in numbers), *(f"14994{n:012d}" for n in numbers)]

    return of


class TestPublicPage:
    def read(self, client: Client, round_: PublicityRound, **search: object) -> str:
        answer = client.get(reverse("portal:round", args=[round_.pk]), search)
        assert answer.status_code == 200
        return answer.content.decode()

    def test_shows_the_columns_of_claims_and_no_secret(self, client, approved, publish, make_files, secrets_of, settings, at):
        settings.DEMO = True
        set_desk_clock(at, real_now=at)
        approved(3)
        round_ = publish()
        pages = [
            self.read(client, round_), self.read(client, round_, name="赵*"),
            client.get(reverse("portal:rounds")).content.decode(), client.get(reverse("portal:home")).content.decode(),
            "".join(payout_queries.canonical_text(round_)), round_.body, round_.title,
        ]  # fmt: skip
        make_files(round_)
        with opened(round_.file) as plain:
            rows = CalamineWorkbook.from_filelike(plain).get_sheet_by_index(0).to_python()
        assert rows[0] == ["序号", "姓名", "证书名称", "等级", "金额"]
        pages.append(str(rows))
        for page in pages:
            assert [secret for secret in secrets_of(3) if secret in page] == []
        page = pages[0]
        assert re.findall(r'<th[^>]*scope="col">([^<]+)', page) == ["序号", "姓名", "证书名称", "等级", "金额（元）"]
        for words in ("赵***1", "电工", "四级", "1,500.00", "3</strong> 人次", "按姓名查找", round_.sha256):
            assert words in page, words

    def test_takes_as_many_queries_for_many_lines_as_for_few(self, client, approved, publish, django_assert_num_queries):
        approved(12)
        round_ = publish()
        PublicityRound.objects.filter(pk=round_.pk).update(starts_on=date(2024, 7, 1))
        self.read(client, round_)
        with CaptureQueriesContext(connection) as few:
            self.read(client, round_, name="赵***1")
        with django_assert_num_queries(len(few)):
            self.read(client, round_, name="**")


class TestObjection:
    def test_stops_its_own_line(self, town, approved, publish, at):
        approved(2)
        round_ = publish()
        line = PublishedLine.objects.get(round=round_, position=1)
        objection = payout.file_objection(line, "钱某某", "来信地址见信封", "证书不实", "letter", by=town.staff("jingban"), at=at)
        payout.uphold(objection, "经核实证书无效。", by=town.staff("fushen"), at=at)
        assert Award.objects.get(state="STRUCK") == line.award
        assert (Award.objects.get(state="PUBLICISED") == line.award, Objection.objects.get().state) == (False, "UPHELD")


class TestPayment:
    def test_is_one_file_of_both_subsidies_told_apart_by_purpose(self, town, approved, a_refund, publish, pay, at):
        approved(2)
        refund = a_refund()
        publish("claim")
        publish("refund")
        Award.objects.filter(pk=refund.pk).update(uscc="")  # its look-up of the day is not what this is about
        batch = pay()
        assert (batch.count, batch.total) == (3, Decimal("3800.00"))
        with opened(batch.file) as plain:
            rows = CalamineWorkbook.from_filelike(plain).get_sheet_by_index(0).to_python()
        assert {(row[2], row[6]) for row in rows[1:-1]} == {
            ("赵子001", "2024年度技能提升补贴"), ("赵子002", "2024年度技能提升补贴"), ("甲市某公司", "2024年度稳岗返还"),
        }  # fmt: skip

    def test_is_booked_returned_and_sent_again_as_for_refunds(self, town, approved, publish, pay, bank_answers, at):
        approved(2)
        publish()
        batch = pay()
        later = at + timedelta(days=9)
        bank_answers(batch, on=later.date(), returned={1: "账号不存在"})
        booked = payout.book_results(batch, by=town.staff("caiwu"), at=later)
        assert (booked.succeeded, booked.returned) == (1, 1)
        back = Award.objects.get(state="PAYMENT_RETURNED")
        payout.mend_account(back, back.account_name, "某银行", "6222000099999999", by=town.staff("jingban"), at=later)
        payout.accept_account(back, by=town.staff("fushen"), at=later)
        assert payout.make_batch(batch.programme, by=town.staff("caiwu"), at=later).count == 1

    def test_of_one_struck_is_not_made(self, town, approved, publish, pay, at):
        first, _ = approved(2)
        publish()
        first.refresh_from_db()
        payout.strike(first, "本人放弃", by=town.staff("fushen"), at=at)
        assert pay().count == 1


def told(programme) -> dict[str, tuple[int, Decimal, dict[str, int]]]:
    return {
        step.name: (step.count, step.amount, {less.label: less.count for less in step.less})
        for step in queries.reconciliation(programme, TERMS)
    }


@pytest.fixture
def busy_town(town, decide, programme, publish, pay, bank_answers, at, a_refund):
    """Eight claims, each at another place between the spreadsheet and the card; and a refund, which is none of them."""
    town.people(*range(1, 8))
    town.load("persons", person(1, 参保状态="停保"), person(6, 社保卡账号=""))
    town.load("certificates", certificate(2, 等级=""), certificate(3, 等级=""))
    town.claim(*(claim(number) for number in range(1, 8)))
    decide()
    actions.reject(Claim.objects.get(submission__certificate_number="S000003"), "不实", by=town.staff("fushen"), at=at)
    payout.strike(Award.objects.get(account_name="赵子004"), "本人放弃", by=town.staff("fushen"), at=at)
    publish()
    a_refund()
    publish("refund")
    batch = pay()
    bank_answers(batch, on=(at + timedelta(days=9)).date(), returned={1: "账号不存在"})
    payout.book_results(batch, by=town.staff("caiwu"), at=at + timedelta(days=9))
    town.people(8)
    town.claim(claim(8))


class TestReconciliation:
    def test_names_every_difference(self, busy_town, programme):
        steps = told(programme)
        assert [(name, step[0]) for name, step in steps.items()] == [
            ("claimed", 8), ("approved", 4), ("published", 3), ("bank_file", 2), ("paid", 1),
        ]  # fmt: skip
        assert steps["approved"][2] == {"已申请": 1, "待人工核实": 1, "不予补贴": 2}
        assert steps["published"][2] == {"公示前撤回或不予发放": 1}
        assert steps["bank_file"][2] == {"拨付前暂缓": 1}
        assert steps["paid"][2] == {"退票待更正账户": 1}

    def test_agrees_in_count_and_yuan(self, busy_town, programme):
        steps = queries.reconciliation(programme, TERMS)
        assert all(step.agrees for step in steps)
        for before, step in pairwise(steps):
            assert before.amount - sum(less.amount for less in step.less) == step.amount
        assert steps[-1].amount == Payment.objects.get(state="SUCCEEDED").amount

    def test_of_refunds_counts_no_claim(self, busy_town, programme):
        approved, published, *_ = payout_queries.reconciliation(programme, "refund")
        assert (approved.count, approved.amount, published.count) == (1, Decimal("800.00"), 1)

    def test_sees_a_payment_that_went_astray(self, busy_town, programme):
        Payment.objects.filter(state="SUCCEEDED").update(state="RETURNED")
        assert [step.name for step in queries.reconciliation(programme, TERMS) if not step.agrees] == ["paid"]

    def test_asks_a_fixed_number_of_queries(self, busy_town, programme, django_assert_max_num_queries):
        with django_assert_max_num_queries(32):
            queries.reconciliation(programme, TERMS)


class TestSecrets:
    def test_stand_in_no_event_message_or_log(self, busy_town, secrets_of, caplog):
        numbers = [secret for secret in secrets_of(8) if not secret.startswith("赵")]
        texts = [f"{event.why}{event.detail}" for event in Event.objects.all()] + [caplog.text]
        texts += [str(message.params) for message in Message.objects.all()]
        assert [secret for secret in numbers if any(secret in text for text in texts)] == []
