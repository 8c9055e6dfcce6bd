"""Objections at the portal: filed and looked up without signing in or JavaScript; the enterprise never learns who."""

import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from agency.documents import Document, pdf_of
from agency.models import Attachment, Message, Role
from subsidies.payout import actions as payout
from subsidies.payout.models import Attempt, Award, Objection
from subsidies.refunds import actions
from subsidies.refunds.queries import timeline

OBJECTOR, PHONE, SAID = "欧阳某某", "13912345678", "该单位的厂房空置已久"


@pytest.fixture
def listed(approved, publish, desk_at):
    """A case that is being published; it is 2024-07-09."""
    application = approved()
    publish()
    desk_at(7, 9)
    application.refresh_from_db()
    return application


@pytest.fixture
def form(listed) -> str:
    line = listed.award.lines.get()
    return reverse("portal:object_to", args=[line.round_id, line.position])


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def text_of(pdf: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def send(client: Client, form: str, **other: str):
    return client.post(form, {"name": OBJECTOR, "contact": PHONE, "text": SAID} | other, follow=True)


class TestFiling:
    def test_leads_from_the_line_to_a_receipt(self, client, listed, form):
        assert form in client.get(reverse("portal:round", args=[listed.award.lines.get().round_id])).content.decode()
        assert listed.enterprise.name in words(client.get(form))
        page = send(client, form)
        made = Objection.objects.get()
        assert made.receipt in words(page)
        assert "2024年7月16日前" in words(page)
        assert page.redirect_chain == [(reverse("portal:objection_filed"), 302)]
        assert client.get(reverse("portal:objection_filed")).status_code == 200
        assert Objection.objects.count() == 1

    def test_of_another_browser_is_not_shown(self, client, form):
        send(client, form)
        assert Client().get(reverse("portal:objection_filed")).status_code == 302

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("name", "", "请填写真实姓名"), ("name", "匿名", "匿名反映不予受理"), ("contact", "1", "请填写联系方式"),
            ("text", " ", "请写明异议内容"), ("text", f"打 {PHONE}", "不要写手机号"), ("text", "\x00", "异议内容"),
        ],
    )  # fmt: skip
    def test_says_what_is_missing_and_keeps_what_was_written(self, client, form, field, value, said):
        page = send(client, form, **{field: value})
        assert said in words(page)
        assert not Objection.objects.exists()
        assert field == "name" or OBJECTOR in page.content.decode()

    def test_ends_with_the_period(self, client, listed, form, desk_at):
        desk_at(7, 13)
        assert "公示期已过" in words(send(client, form))
        assert (
            "提出异议</a>" not in client.get(reverse("portal:round", args=[listed.award.lines.get().round_id])).content.decode()
        )
        assert not Objection.objects.exists()

    def test_a_line_that_is_not_there_is_404(self, client, listed, form):
        assert client.get(form.replace("/1/object", "/9/object")).status_code == 404

    def test_floods_are_counted_by_the_address_that_our_proxy_saw(self, client, form, settings):
        def sixth(forwarded: str) -> bool:
            """Whether the sixth objection within the hour is taken."""
            told = {"name": OBJECTOR, "contact": PHONE, "text": SAID}
            answers = [client.post(form, told, headers={"X-Forwarded-For": forwarded.format(number)}) for number in range(6)]
            assert all(answer.status_code == 302 for answer in answers[:5])
            return answers[5].status_code == 302

        assert not sixth("10.0.0.{}")  # no proxy of ours: what a visitor writes is not believed
        Attempt.objects.all().delete()
        Objection.objects.update(filed_at=F("filed_at") - timedelta(days=2))
        settings.PROXIES = 1
        assert not sixth("10.0.0.{}, 10.9.9.9")
        Objection.objects.update(filed_at=F("filed_at") - timedelta(days=2))
        assert sixth("spoofed, 10.0.0.{}")


class TestAnswer:
    def ask(self, client: Client, receipt: str, contact: str = PHONE) -> str:
        return words(client.post(reverse("portal:objection_answer"), {"receipt": receipt, "contact": contact}))

    def test_tells_state_and_answer_to_receipt_and_contact(self, client, listed, form, staff, moment):
        send(client, form)
        made = Objection.objects.get()
        assert "已收到，正在核查" in self.ask(client, made.receipt)
        payout.dismiss(made, "经实地核查，正常生产。", by=staff(Role.REVIEWER), at=moment(7, 10))
        page = self.ask(client, made.receipt)
        assert "异议不成立" in page
        assert "经实地核查，正常生产。" in page
        assert PHONE not in page
        assert OBJECTOR not in page

    def test_a_wrong_pair_reveals_nothing(self, client, listed, form):
        send(client, form)
        made = Objection.objects.get()
        for receipt, contact in ((made.receipt, "13000000000"), ("YY-2222-2222-2222", PHONE)):
            page = self.ask(client, receipt, contact)
            assert "没有找到" in page
            assert listed.enterprise.name not in page


class TestEnterprise:
    def test_sees_that_and_not_by_whom_or_what(self, client, listed, form, signed_in, staff, moment, desk_at):
        send(client, form)
        browser = signed_in(listed.enterprise)
        case = reverse("portal:refund", args=[listed.pk])
        made = Objection.objects.get()
        pages = [browser.get(case), browser.get(reverse("portal:statement", args=[listed.pk]))]
        assert "收到异议，我们正在核查" in words(pages[0])
        payout.uphold(made, f"{OBJECTOR}女士：属实。", "厂房已出租", by=staff(Role.REVIEWER), at=moment(7, 10))
        assert actions.tell_struck(at=moment(7, 10)) == 1
        assert actions.tell_struck(at=moment(7, 10)) == 0
        desk_at(7, 11)
        pages += [browser.get(case), client.get(reverse("portal:round", args=[made.line.round_id]))]
        assert "公示期异议经核查成立：厂房已出租" in words(pages[-2])
        assert "公示期异议经核查成立：厂房已出租" in words(pages[-1])
        for kind in ("publicity", "refusal"):
            for name in ("letter", "letter_file"):
                pages.append(browser.get(reverse(f"portal:{name}", args=[listed.pk, kind])))
        assert "厂房已出租" in words(pages[-2])
        told = [message.text.reveal() for message in Message.objects.all()]
        told += [text_of(page.content) for page in pages if page["Content-Type"] == "application/pdf"]
        assert any("厂房已出租" in text for text in told)
        events = [f"{event.why}{event.detail}{event.by}" for event in timeline(listed)]
        for text in [*(page.content.decode(errors="replace") for page in pages), *told, *events]:
            for secret in (OBJECTOR, PHONE, SAID, made.receipt):
                assert secret not in text

    def test_may_state_its_case(self, client, listed, form, signed_in):
        browser, page = signed_in(listed.enterprise), reverse("portal:statement", args=[listed.pk])
        assert browser.get(page).status_code == 302
        send(client, form)
        assert "请写明情况" in words(browser.post(page, {"text": " "}))
        fake = SimpleUploadedFile("照片.png", b"no picture")
        assert "不是 PDF、JPG 或 PNG" in words(browser.post(page, {"text": "厂房正在检修。", "proofs": [fake]}))
        assert not listed.award.statements.exists()
        proof = SimpleUploadedFile("证明.pdf", pdf_of(Document("检修合同")))
        assert "说明已提交" in words(browser.post(page, {"text": "厂房正在检修。", "proofs": [proof]}, follow=True))
        assert Attachment.objects.get(case_kind="refund", case_id=listed.pk).about == "objection"
        assert "厂房正在检修。" in words(browser.get(reverse("portal:refund", args=[listed.pk])))
        assert Award.objects.get(pk=listed.award_id).statements.count() == 1

    def test_another_s_page_is_404(self, listed, form, signed_in, make_enterprise):
        assert signed_in(make_enterprise()).get(reverse("portal:statement", args=[listed.pk])).status_code == 404
        assert Client().get(reverse("portal:statement", args=[listed.pk])).status_code == 302
