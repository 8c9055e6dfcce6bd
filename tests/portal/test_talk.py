"""The thread between enterprise and agency: each sees the other's, unread is counted; what staff note stays with staff."""

from html import unescape
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from PIL import Image

from agency.actions.talk import TalkRefused
from agency.models import Event, Note, Remark, Role
from agency.moves import MoveRefused
from subsidies.refunds import actions, queries
from subsidies.refunds.models import Application

BACKEND = "django.contrib.auth.backends.ModelBackend"
UNREAD = "条未读消息"


@pytest.fixture(autouse=True)
def morning(desk_at):
    return desk_at(6, 26)


@pytest.fixture
def clerk(staff) -> Client:
    client = Client()
    client.force_login(staff(Role.PREPARER), backend=BACKEND)
    return client


def read(client: Client, address: str) -> str:
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def photograph() -> SimpleUploadedFile:
    into = BytesIO()
    Image.new("RGB", (4, 4)).save(into, "PNG")
    return SimpleUploadedFile("账户证明.png", into.getvalue(), "image/png")


class TestThread:
    def test_goes_there_and_back_with_what_is_unread_counted(self, signed_in, clerk, offered, staff, moment, files):
        application = offered()
        enterprise = signed_in(application.enterprise)
        address = reverse("portal:talk", args=[application.pk])
        home, page = reverse("portal:home"), reverse("admin:refunds_application_change", args=[application.pk])
        listing = reverse("admin:refunds_application_changelist")

        assert enterprise.post(address, {"text": "账户已换，怎么办？", "files": [photograph()]}).status_code == 302
        assert "1 条" in read(clerk, listing + "?unread=yes")
        shown = read(clerk, page)
        assert "账户已换，怎么办？" in shown
        assert "账户证明.png" in shown
        assert "单位发来的消息" in read(clerk, reverse("admin:index"))

        answer = clerk.post(reverse("admin:refunds_application_write", args=[application.pk]), {"text": "请在更正中填写新账户。"})
        assert answer.status_code == 302
        assert not queries.waiting_remarks()  # who answers has read
        assert "单位发来的消息" not in read(clerk, reverse("admin:index"))

        assert UNREAD in read(enterprise, home)
        thread = read(enterprise, address)
        assert "请在更正中填写新账户。" in thread
        assert "经办机构已读" in thread
        assert UNREAD not in read(enterprise, home)
        assert [remark.from_staff for remark in queries.remarks_of(application)] == [False, True]
        assert Event.objects.filter(kind="READ", why="阅读往来消息").count() == 2

    def test_text_is_sealed_at_rest(self, signed_in, offered):
        application = offered()
        signed_in(application.enterprise).post(reverse("portal:talk", args=[application.pk]), {"text": "请联系赵某13900000008"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT text FROM agency_remark")
            [(stored,)] = cursor.fetchall()
        assert "赵某" not in stored
        assert "赵某" not in str([(event.why, event.detail) for event in Event.objects.all()])
        assert Remark.objects.get().text.reveal() == "请联系赵某13900000008"

    def test_a_file_that_the_agency_sends_is_opened_by_the_enterprise_alone(self, signed_in, clerk, offered, files):
        mine, theirs = offered(), offered()
        address = reverse("admin:refunds_application_write", args=[mine.pk])
        assert clerk.post(address, {"text": "见附件", "files": [photograph()]}).status_code == 302
        [kept] = Remark.objects.get().attachments.all()
        owner = signed_in(mine.enterprise)
        link = reverse("portal:attachment", args=[mine.pk, kept.pk])
        assert link in read(owner, reverse("portal:talk", args=[mine.pk]))
        assert b"".join(owner.get(link).streaming_content)[:4] == b"\x89PNG"
        assert signed_in(theirs.enterprise).get(reverse("portal:attachment", args=[theirs.pk, kept.pk])).status_code == 404

    def test_anothers_thread_is_absent(self, signed_in, offered):
        mine, theirs = offered(), offered()
        client = signed_in(mine.enterprise)
        address = reverse("portal:talk", args=[theirs.pk])
        assert client.get(address).status_code == client.post(address, {"text": "看看"}).status_code == 404
        assert not Remark.objects.exists()

    @pytest.mark.parametrize(("text", "why"), [("", "请填写内容"), ("长" * 1001, "最多 1000 个字")], ids=["empty", "long"])
    def test_what_cannot_be_sent_is_said(self, signed_in, offered, text, why):
        application = offered()
        answer = signed_in(application.enterprise).post(reverse("portal:talk", args=[application.pk]), {"text": text})
        assert why in unescape(answer.content.decode())
        assert not Remark.objects.exists()

    def test_fifty_a_day_are_enough(self, offered, acts_for, moment):
        application = offered()
        by = acts_for(application.enterprise)
        for number in range(50):
            actions.write_remark(application, f"第{number}条", by=by, at=moment(6, 26))
        with pytest.raises(TalkRefused, match="每天最多"):
            actions.write_remark(application, "再来一条", by=by, at=moment(6, 26))
        actions.write_remark(application, "次日", by=by, at=moment(6, 27))

    def test_staff_write_in_their_own_regions_and_roles_alone(self, offered, staff, moment):
        application = offered(region="140302")
        for stranger in (staff(Role.AUDITOR), staff(Role.FINANCE), staff(Role.PREPARER, region="140303")):
            with pytest.raises(MoveRefused):
                actions.write_remark(application, "你好", by=stranger, at=moment(6, 26))


class TestNotes:
    def test_are_seen_by_staff_and_never_in_the_portal(self, signed_in, clerk, offered):
        application = offered()
        secret = "电话里口气不好，注意核实"
        address = reverse("admin:refunds_application_note", args=[application.pk])
        assert clerk.post(address, {"text": secret}).status_code == 302
        assert secret in read(clerk, reverse("admin:refunds_application_change", args=[application.pk]))
        enterprise = signed_in(application.enterprise)
        for name in ("refund", "talk", "confirm", "decline", "withdraw", "correct"):
            assert secret not in read(enterprise, reverse(f"portal:{name}", args=[application.pk]))
        assert secret not in read(enterprise, reverse("portal:letter", args=[application.pk, "offer"]))
        assert Note.objects.get().text.reveal() == secret

    def test_an_enterprise_cannot_note(self, offered, acts_for, moment):
        application = offered()
        with pytest.raises(MoveRefused):
            actions.write_note(application, "x", by=acts_for(application.enterprise), at=moment(6, 26))
        assert Application.objects.count() == 1
