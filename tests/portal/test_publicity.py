"""The published lists: for anybody, and nothing in them that is not meant for anybody."""

import hashlib
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from agency.models import Region, Role
from enterprises.models import Enterprise
from subsidies.payout import actions as payout
from subsidies.payout.models import Award, PublicityRound, PublishedLine


@pytest.fixture
def make_awards(programme, make_enterprise):
    """Approved cases of that many enterprises, named 甲市第0001号公司 and on."""

    def make(number: int) -> list[Award]:
        owners = [make_enterprise(months=range(0)) for _ in range(number)]
        rows = [
            Award(
                programme=programme, region=owner.region, case_kind="refund", case_id=owner.pk, uscc=owner.uscc, name=owner.name,
                amount=Decimal(f"{1000 + place}.05"), columns={"layoff_rate": "0.012346"}, account_source="corporate",
                account_name=owner.account_name, bank=owner.bank, account=owner.account, created_at=programme.created_at,
            )
            for place, owner in enumerate(owners)
        ]  # fmt: skip
        return payout.create_awards(rows, by=None, at=programme.created_at)

    return make


@pytest.fixture
def published(make_awards, publish, desk_at):
    """published(60): a list of that many lines, open to the public from 2024-07-08; it is the 9th."""

    def do(number: int) -> PublicityRound:
        make_awards(number)
        round_ = publish()
        desk_at(7, 9)
        return round_

    return do


def read(client: Client, round_: PublicityRound, **search: object) -> str:
    answer = client.get(reverse("portal:round", args=[round_.pk]), search)
    assert answer.status_code == 200
    return answer.content.decode()


def names_in(page: str) -> list[str]:
    return re.findall(r"<td>(?:<del>)?(甲市第\d+号公司)", page)


class TestList:
    def test_needs_no_sign_in_and_shows_what_a_list_must(self, client, published):
        round_ = published(3)
        page = read(client, round_)
        assert names_in(page) == [f"甲市第{number:04}号公司" for number in (1, 2, 3)]
        for words in ("1,000.05", "2024年7月8日", "2024年7月12日", "0353-1234567", "0353-7654321", "公示中", round_.sha256):
            assert words in page

    def test_has_fifty_lines_a_page(self, client, published):
        round_ = published(120)
        pages = [names_in(read(client, round_, page=number)) for number in (1, 2, 3)]
        assert [len(page) for page in pages] == [50, 50, 20]
        assert len({name for page in pages for name in page}) == 120

    @pytest.mark.parametrize(("number", "shown"), [("0", 1), ("-1", 1), ("99", 2), ("x", 1), ("9" * 40, 2), ("²", 1), ("٢", 2)])
    def test_answers_a_page_that_does_not_exist(self, client, published, number, shown):
        assert f"第 {shown} / 2 页" in read(client, published(51), page=number)

    def test_is_searched_by_name(self, client, published):
        round_ = published(60)
        assert names_in(read(client, round_, name="第0057号")) == ["甲市第0057号公司"]
        assert len(names_in(read(client, round_, name="号公司", page=2))) == 10
        assert "name=%E5%8F%B7%E5%85%AC%E5%8F%B8&amp;page=2" in read(client, round_, name="号公司")

    @pytest.mark.parametrize("search", ["没有这家", "\x00", "%", "' OR 1=1", "字" * 61, "<script>"])
    def test_survives_any_search(self, client, published, search):
        assert "<script" not in read(client, published(2), name=search)

    def test_holds_no_code_phone_or_account_of_anybody(self, client, published):
        round_ = published(3)
        texts = [read(client, round_), client.get(reverse("portal:rounds")).content.decode()]
        texts.append(client.get(reverse("portal:home")).content.decode())
        for owner in Enterprise.objects.all():
            for secret in (owner.uscc, owner.phone.reveal(), owner.account.reveal()):
                assert all(secret not in text for text in texts)

    def test_shows_only_the_columns_that_the_programme_chose(self, client, published, programme):
        round_ = published(2)
        PublicityRound.objects.filter(pk=round_.pk).update(columns="name")
        assert "1,000.05" not in read(client, round_)
        PublicityRound.objects.filter(pk=round_.pk).update(columns="name_rate_amount")
        assert "1.2346%" in read(client, round_)

    def test_shows_a_removed_line_struck_through_with_its_reason(self, client, published, staff, moment):
        round_ = published(2)
        payout.strike(PublishedLine.objects.get(position=1).award, "重复享受", by=staff(Role.REVIEWER), at=moment(7, 9))
        page = read(client, round_)
        assert "<del>甲市第0001号公司</del>" in page
        assert "2024年7月9日撤下：重复享受" in page

    def test_takes_as_many_queries_for_many_lines_as_for_few(self, client, published, django_assert_num_queries):
        round_ = published(55)
        with django_assert_num_queries(5):  # the desk's clock for view and banner, the list, its lines counted, its lines
            read(client, round_, name="第0001号")
        with django_assert_num_queries(4):
            read(client, round_, page=2)

    def test_asks_for_two_characters_to_search(self, client, published):
        page = read(client, published(3), name="甲")
        assert "请至少输入两个连着的字" in page
        assert len(names_in(page)) == 3


@pytest.mark.parametrize("word", ["list", "pdf", "announcement"])
class TestFile:
    def test_is_the_stored_bytes_whose_hash_the_page_shows(self, client, published, make_files, word):
        round_ = make_files(published(3))
        answer = client.get(reverse("portal:round_file", args=[round_.pk, word]))
        content = b"".join(answer.streaming_content)
        assert hashlib.sha256(content).hexdigest() in read(client, round_)
        assert len(content) > 1000
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"

    def test_is_not_sent_again_to_who_has_it(self, client, published, make_files, word):
        address = reverse("portal:round_file", args=[make_files(published(1)).pk, word])
        tag = client.get(address)["ETag"]
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 304

    def test_is_absent_until_the_job_has_made_it(self, client, published, word):
        round_ = published(1)
        assert client.get(reverse("portal:round_file", args=[round_.pk, word])).status_code == 404
        assert "正在生成" in read(client, round_)


def test_no_other_file_is_behind_the_address(client, published, make_files):
    round_ = make_files(published(1))
    for word in ("region", "published_by", "file", "__class__"):
        assert client.get(reverse("portal:round_file", args=[round_.pk, word])).status_code == 404


class TestRounds:
    def test_say_that_there_are_none(self, client, db):
        assert "还没有发布过公示名单" in client.get(reverse("portal:rounds")).content.decode()

    def test_list_what_was_published(self, client, published):
        round_ = published(1)
        page = client.get(reverse("portal:rounds")).content.decode()
        assert round_.title in page
        assert round_.title in client.get(reverse("portal:home")).content.decode()

    def test_stay_readable_when_their_period_is_over(self, client, published, desk_at):
        round_ = published(1)
        desk_at(7, 13)
        assert "已期满" in read(client, round_)
        assert round_.title not in client.get(reverse("portal:home")).content.decode()

    def test_are_absent_before_they_begin(self, client, published, make_files, desk_at):
        round_ = make_files(published(1))
        desk_at(7, 7)
        for name, given in (("round", [round_.pk]), ("round_file", [round_.pk, "list"])):
            assert client.get(reverse(f"portal:{name}", args=given)).status_code == 404

    def test_are_absent_as_drafts(self, client, make_awards, programme, phones, staff, moment, desk_at):
        make_awards(1)
        desk_at(7, 9)
        round_ = payout.prepare_round(programme, by=staff(Role.PREPARER), at=moment(7, 8))
        assert client.get(reverse("portal:round", args=[round_.pk])).status_code == 404


class TestHome:
    def test_says_what_it_is_whom_to_call_and_how_to_tell_a_fraud(self, client, programme):
        page = client.get(reverse("portal:home")).content.decode()
        for words in (
            "稳岗返还",
            "技能提升补贴",
            "0353-1234567",
            "不会索要银行卡密码",
            "不含要您填写银行账户的链接",
            "不收取任何费用",
        ):
            assert words in page

    def test_shows_the_day_at_the_desk_only_in_a_demo(self, client, db, desk_at, settings):
        desk_at(6, 26)
        assert "当前经办日期：2024年6月26日" in client.get(reverse("portal:home")).content.decode()
        settings.DEMO = False
        assert "演示环境" not in client.get(reverse("portal:home")).content.decode()

    def test_names_the_office_of_a_region_without_a_phone_of_its_own_by_the_one_above(
        self, signed_in, make_enterprise, programme
    ):
        enterprise = make_enterprise()
        Region.objects.filter(code="140302").update(phone="")
        assert "0353-1234567" in signed_in(enterprise).get(reverse("portal:refunds")).content.decode()


class TestErrors:
    def test_an_unknown_address_is_told_in_chinese(self, client, db):
        answer = client.get("/nothing/")
        assert answer.status_code == 404
        assert "没有找到这个页面" in answer.content.decode()

    def test_a_failure_is_told_in_chinese_without_its_cause(self, db, monkeypatch):
        from portal.views import home

        def broken(*_: object) -> None:
            raise RuntimeError("secret cause")

        monkeypatch.setattr(home.access, "offices", broken)
        client = Client(raise_request_exception=False)
        answer = client.get(reverse("portal:home"))
        assert answer.status_code == 500
        assert "系统出错了" in answer.content.decode()
        assert "secret cause" not in answer.content.decode()
