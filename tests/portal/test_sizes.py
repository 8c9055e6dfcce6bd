"""划型异议 in the portal: by the law of the place, a commitment that is made here, or a change asked for with its proof."""

import io
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from PIL import Image
from pypdf import PdfReader

from agency.models import Appeal, Event, Programme
from enterprises.models import CreditListing, Size2020
from subsidies.payout.models import Award
from subsidies.refunds.models import Commitment, State

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


def picture() -> io.BytesIO:
    made = io.BytesIO()
    Image.new("L", (10, 10)).save(made, "PNG")
    made.seek(0)
    made.name = "承诺书.png"
    return made


@pytest.fixture
def large(make_programme, make_enterprise, screen, credit_list):
    """A case of hebei/2024 whose size of 2020 is large."""

    def make():
        CreditListing.objects.create(uscc="9" * 18, type="严重失信", origin="河北省信用信息共享平台", source=credit_list)
        enterprise = make_enterprise()
        Size2020.objects.create(uscc=enterprise.uscc, size="大型")
        screen()
        return enterprise.applications.get()

    return make


class TestCommitment:
    @pytest.fixture
    def programme(self, make_programme):
        return make_programme("hebei/2024")

    def test_is_made_signed_and_handed_in(self, large, signed_in, desk_at):
        application = large()
        desk_at(7, 5)
        browser = signed_in(application.enterprise)
        assert "书面承诺所属划型" in browser.get(reverse("portal:refund", args=[application.pk])).content.decode()
        page = browser.get(reverse("portal:size_letter", args=[application.pk]), {"size": "小型"}).content.decode()
        assert "法定代表人（签字）" in page
        letter = browser.get(re.search(r'href="([^"]+letter/file/[^"]+)"', page).group(1))
        text = PdfReader(io.BytesIO(letter.content)).pages[0].extract_text().replace("\n", "")
        assert application.enterprise.name in text
        assert "属于小型企业" in text
        assert Event.objects.filter(case_kind="refund", case_id=application.pk, why__contains="承诺书").exists()
        asked = {"size": "小型", "files": [picture()], "liable": "on"}
        page = browser.post(reverse("portal:size", args=[application.pk]), asked, follow=True).content.decode()
        assert "承诺书已收到" in page
        assert "等待核实" in page
        assert "7,200.00" in page
        assert "书面承诺所属划型" not in page
        application.refresh_from_db()
        assert application.amount == Decimal("7200.00")

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"size": ""}, "请选择承诺书上的划型"),
            ({"size": "巨型"}, "巨型"),
            ({"files": []}, "请上传签字盖章的承诺书"),
            ({"files": [io.BytesIO(b"nothing of the kind")]}, "不是 PDF、JPG 或 PNG"),
            ({"liable": ""}, "请勾选后提交"),
        ],
    )
    def test_what_is_missing_is_said_and_nothing_counts(self, large, signed_in, desk_at, given, told):
        application = large()
        desk_at(7, 5)
        asked = {"size": "小型", "files": [picture()], "liable": "on"} | given
        page = signed_in(application.enterprise).post(reverse("portal:size", args=[application.pk]), asked, follow=True)
        assert told in page.content.decode()
        assert not Commitment.objects.exists()

    def test_after_the_review_is_said_to_wait_for_a_person(self, large, signed_in, desk_at):
        application = large()
        type(application).objects.filter(pk=application.pk).update(state=State.REVIEWED)
        desk_at(7, 5)
        asked = {"size": "小型", "files": [picture()], "liable": "on"}
        browser = signed_in(application.enterprise)
        page = browser.post(reverse("portal:size", args=[application.pk]), asked, follow=True).content.decode()
        assert "由经办机构按承诺重新核定" in page
        assert "已按承诺核定" not in page

    def test_when_the_programme_is_over_there_is_no_form(self, large, signed_in, desk_at):
        application = large()
        Programme.objects.update(state=Programme.State.CLOSED)
        desk_at(7, 5)
        browser = signed_in(application.enterprise)
        page = browser.get(reverse("portal:size", args=[application.pk]), follow=True).content.decode()
        assert "不再受理划型承诺" in page
        assert "书面承诺所属划型" not in page

    def test_paid_already_the_difference_is_told(self, large, signed_in, desk_at, moment):
        application = large()
        award = Award.objects.create(
            state=Award.State.PAID, case_kind="refund", case_id=application.pk, uscc=application.enterprise.uscc, name="某",
            region=application.region, programme=application.programme, amount=application.amount, paid_on=moment(7, 4).date(),
            account_source="corporate", created_at=moment(7, 3),
        )  # fmt: skip
        type(application).objects.filter(pk=application.pk).update(state=State.APPROVED, award=award)
        desk_at(7, 5)
        asked = {"size": "小型", "files": [picture()], "liable": "on"}
        browser = signed_in(application.enterprise)
        page = browser.post(reverse("portal:size", args=[application.pk]), asked, follow=True).content.decode()
        assert "重新核定金额 7,200.00 元，已拨付 3,600.00 元" in page

    def test_is_nobody_elses(self, large, signed_in, desk_at, make_enterprise):
        application = large()
        desk_at(7, 5)
        other = signed_in(make_enterprise())
        assert other.get(reverse("portal:size", args=[application.pk])).status_code == 404
        assert other.get(reverse("portal:size_letter", args=[application.pk]), {"size": "小型"}).status_code == 404

    def test_of_an_unknown_size_there_is_no_letter(self, large, signed_in, desk_at):
        application = large()
        desk_at(7, 5)
        found = signed_in(application.enterprise).get(reverse("portal:size_letter", args=[application.pk]), {"size": "巨型"})
        assert found.status_code == 404


class TestChange:
    def test_is_an_appeal_with_its_proof(self, confirmed, signed_in, desk_at):
        application = confirmed()
        desk_at(7, 8)
        browser = signed_in(application.enterprise)
        assert "申请变更" in browser.get(reverse("portal:refund", args=[application.pk])).content.decode()
        address = reverse("portal:size", args=[application.pk])
        page = browser.post(address, {"text": "应为小型，见年报"}, follow=True).content.decode()
        assert "请上传印证材料" in page
        assert "应为小型，见年报" in page
        page = browser.post(address, {"text": "应为小型，见年报", "files": [picture()]}, follow=True).content.decode()
        assert "变更申请已提交" in page
        assert Appeal.objects.get().about == "size"
        again = browser.get(address, follow=True).content.decode()
        assert "已有未办结的申请" in again

    def test_has_no_letter_of_commitment(self, confirmed, signed_in, desk_at):
        application = confirmed()
        desk_at(7, 8)
        found = signed_in(application.enterprise).get(reverse("portal:size_letter", args=[application.pk]), {"size": "小型"})
        assert found.status_code == 404


class TestElsewhere:
    @pytest.fixture
    def programme(self, make_programme):
        return make_programme("shandong/2024")

    def test_it_is_an_appeal(self, make_enterprise, screen, signed_in, desk_at):
        enterprise = make_enterprise()
        screen()
        desk_at(6, 21)
        application = enterprise.applications.get()
        answer = signed_in(enterprise).get(reverse("portal:size", args=[application.pk]))
        assert answer.url == reverse("portal:appeal", args=[application.pk])
