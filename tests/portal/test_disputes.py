"""An enterprise that is held for a listing says that it is not so; a clerk at the console answers."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from agency.models import CreditCheck, Dispute, Hold, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(confirmed, look_up, moment, desk_at, files):
    """A confirmed case that the platform's answer of the review day holds."""
    desk_at(7, 2)
    application = confirmed()
    look_up(application, CreditCheck.Moment.REVIEW, moment(7, 2, 11), ("严重失信",))
    return application


@pytest.fixture
def desk(staff):
    def browser(role: str, region: str = "1403") -> Client:
        client = Client()
        client.force_login(staff(role, region=region), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return browser


def picture(name: str = "修复.png") -> SimpleUploadedFile:
    content = BytesIO()
    Image.new("RGB", (8, 8)).save(content, "PNG")
    return SimpleUploadedFile(name, content.getvalue())


def address(application) -> str:
    return reverse("portal:dispute", args=[application.pk, Hold.objects.latest("pk").pk])


def test_from_the_page_of_the_case_to_the_clerks_answer(held, signed_in, desk):
    client = signed_in(held.enterprise)
    assert address(held) in client.get(reverse("portal:refund", args=[held.pk])).content.decode()
    said = client.post(address(held), {"text": "已修复", "proofs": picture()}, follow=True).content.decode()
    assert "另一位工作人员核实" in said
    assert "提交异议" not in said
    dispute = Dispute.objects.get()
    clerk = desk(Role.REVIEWER)
    page = clerk.get(reverse("admin:agency_dispute_change", args=[dispute.pk])).content.decode()
    assert "修复.png" in page
    clerk.post(reverse("admin:agency_dispute_uphold", args=[dispute.pk]), {"answer": "信用中国显示已移出"})
    assert not Hold.objects.filter(lifted_at=None).exists()
    assert "信用中国显示已移出" in client.get(address(held)).content.decode()


def test_without_text_or_proof_says_what_is_missing(held, signed_in):
    client = signed_in(held.enterprise)
    said = client.post(address(held), {"text": ""}).content.decode()
    assert "请写明为什么不应列入" in said
    assert "请上传证明材料" in said
    said = client.post(address(held), {"text": "x", "proofs": SimpleUploadedFile("a.png", b"no")}).content.decode()
    assert "不是 PDF、JPG 或 PNG 文件" in said
    assert not Dispute.objects.exists()


def test_anothers_hold_is_not_found(held, signed_in, make_enterprise, offered):
    other = offered()
    client = signed_in(other.enterprise)
    assert client.get(address(held)).status_code == 404
    hold = Hold.objects.get(case_id=held.pk, kind="CREDIT")
    assert client.get(reverse("portal:dispute", args=[other.pk, hold.pk])).status_code == 404


def test_the_page_of_the_day_counts_what_was_asked(held, desk):
    page = desk(Role.PREPARER).get(reverse("admin:refunds_application_lookups")).content.decode()
    for words in ("今日信用核验 2024-07-02", "审核", "列入信用名单，暂缓中"):
        assert words in page
    assert "outcome__exact=HIT&amp;moment__exact=REVIEW" in page
    elsewhere = desk(Role.PREPARER, "1404").get(reverse("admin:refunds_application_lookups")).content.decode()
    assert "outcome__exact=HIT" not in elsewhere
    assert desk(Role.SYSTEM_ADMIN).get(reverse("admin:refunds_application_lookups")).status_code == 403


def test_a_look_up_by_hand_takes_the_screen_record(held, desk):
    clerk, page = desk(Role.PREPARER), reverse("admin:refunds_application_credit-by-hand", args=[held.pk])
    asked = {"moment": "REVIEW", "basis": "信用中国：已移出"}
    assert "必填" in clerk.post(page, asked).content.decode()
    clerk.post(page, asked | {"proofs": picture("截图.png")})
    check = CreditCheck.objects.latest("pk")
    assert (check.outcome, check.source) == ("CLEAR", "人工核验")
    assert "截图.png" in clerk.get(reverse("admin:refunds_application_change", args=[held.pk])).content.decode()
