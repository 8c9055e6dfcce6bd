"""The console's pages of publicity and objections: what is given out, what is due, who may read what."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agency.models import Role
from subsidies.payout import actions
from subsidies.payout.models import Award, Objection, PublicityRound, PublishedLine
from tests.portal.conftest import desk_at, phones  # noqa: F401 - the same clock and telephones
from tests.subsidies.payout.conftest import make_files  # noqa: F401

LIST = reverse("admin:payout_objection_changelist")


@pytest.fixture
def published(programme, make_enterprise, staff, files, moment, phones, desk_at) -> PublicityRound:  # noqa: F811
    """Three lines, published from 2024-07-08 to 07-12; it is the 9th."""
    owners = [make_enterprise(months=range(0)) for _ in range(3)]
    rows = [
        Award(
            programme=programme, region=owner.region, case_kind="refund", case_id=owner.pk, uscc=owner.uscc, name=owner.name,
            amount=Decimal("1000.05"), account_source="corporate", account_name=owner.account_name, bank=owner.bank,
            account=owner.account, created_at=programme.created_at,
        )
        for owner in owners
    ]  # fmt: skip
    actions.create_awards(rows, by=None, at=programme.created_at)
    round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(7, 8))
    actions.publish_round(round_, date(2024, 7, 8), by=staff(Role.REVIEWER), at=moment(7, 8))
    desk_at(7, 9)
    return round_


@pytest.fixture
def objected(published, moment):
    """objected(2): an objection to that line, to be answered by 2024-07-16."""

    def do(position: int) -> Objection:
        line = PublishedLine.objects.get(round=published, position=position)
        return actions.file_objection(line, "欧阳某某", "13912345678", "已停产", "web", by=None, at=moment(7, 9))

    return do


class TestDue:
    @pytest.mark.parametrize(("day", "said", "late"), [(10, "还有 6 天", 0), (16, "今天到期", 0), (18, "逾期 2 天", 1)])
    def test_says_how_many_days_are_left(self, objected, at_desk, desk_at, day, said, late):  # noqa: F811
        made = objected(1)
        desk_at(7, day)
        reviewer = at_desk(Role.REVIEWER)
        assert said in reviewer.get(LIST).content.decode()
        assert (made.receipt in reviewer.get(f"{LIST}?due=late").content.decode()) is bool(late)
        assert made.receipt in reviewer.get(f"{LIST}?due=open").content.decode()
        assert ("公示异议逾期未答复" in reviewer.get(reverse("admin:index")).content.decode()) is bool(late)

    def test_asks_no_more_for_more_rows(self, objected, at_desk):
        reviewer = at_desk(Role.REVIEWER)
        objected(1)
        reviewer.get(LIST)
        with CaptureQueriesContext(connection) as few:
            reviewer.get(LIST)
        for _ in range(5):
            objected(2)
        with CaptureQueriesContext(connection) as many:
            reviewer.get(LIST)
        assert len(many) == len(few)


class TestAnswering:
    def test_upheld_asks_for_a_reason_that_names_nobody(self, objected, at_desk):
        made, reviewer = objected(1), at_desk(Role.REVIEWER)
        deed = reverse("admin:payout_objection_uphold", args=[made.pk])
        assert reviewer.post(deed, {"answer": "属实"}).status_code == 200
        assert "不能写出异议人" in reviewer.post(deed, {"answer": "属实", "reason": "欧阳某某反映属实"}).content.decode()
        assert reviewer.post(deed, {"answer": "属实", "reason": "已停产"}).status_code == 302
        assert PublishedLine.objects.get(pk=made.line_id).struck_why.endswith("：已停产")

    @pytest.mark.parametrize("role", [Role.PREPARER, Role.FINANCE])
    def test_who_objected_is_masked_and_opened_for_few(self, objected, at_desk, role):
        made, someone = objected(1), at_desk(role)
        page = someone.get(reverse("admin:payout_objection_change", args=[made.pk])).content.decode()
        assert "欧阳某某" not in page
        assert "13912345678" not in page
        assert someone.post(reverse("admin:payout_objection_objector", args=[made.pk])).status_code == 403

    def test_staff_enter_one_by_phone(self, published, at_desk):
        told = {"position": 3, "name": "李某某", "contact": "0353-1112223", "text": "欠薪", "channel": "phone"}
        answer = at_desk(Role.PREPARER).post(reverse("admin:payout_publicityround_objection", args=[published.pk]), told)
        assert answer.status_code == 302
        assert Objection.objects.get().line.position == 3


class TestFiles:
    @pytest.mark.parametrize(("word", "field"), [("list", "file"), ("pdf", "pdf"), ("announcement", "announcement")])
    def test_are_given_out_once_they_are_made(self, published, make_files, at_desk, word, field):  # noqa: F811
        auditor = at_desk(Role.AUDITOR)
        address = reverse(f"admin:payout_publicityround_{word}", args=[published.pk])
        assert auditor.post(address, follow=True).status_code == 200
        assert "公示文件" in auditor.get(reverse("admin:payout_publicityround_change", args=[published.pk])).content.decode()
        file = getattr(make_files(published), field)
        content = b"".join(auditor.post(address).streaming_content)
        assert hashlib.sha256(content).hexdigest() == file.sha256
