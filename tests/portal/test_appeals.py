"""申诉 in the portal: filed with evidence, followed to its answer; nobody else's is there."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from agency.actions import accept_appeal
from agency.models import Appeal, Role
from subsidies.refunds import actions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


def picture(name: str = "证明.png") -> io.BytesIO:
    made = io.BytesIO()
    Image.new("L", (10, 10)).save(made, "PNG")
    made.seek(0)
    made.name = name
    return made


@pytest.fixture
def ineligible(make_enterprise, screen):
    def make():
        enterprise = make_enterprise(claimants=9)
        screen()
        return enterprise.applications.get()

    return make


@pytest.fixture
def file(signed_in, desk_at):
    """Post an appeal as the enterprise; the page that follows."""

    def do(application, **given):
        desk_at(7, 8)
        asked = {"about": "ineligible", "text": "人数有误", "files": [picture()]} | given
        return signed_in(application.enterprise).post(reverse("portal:appeal", args=[application.pk]), asked, follow=True)

    return do


class TestFiled:
    def test_is_shown_on_the_case_with_its_day(self, ineligible, file):
        page = file(ineligible()).content.decode()
        assert "申诉已提交" in page
        assert "申诉已收到，等待受理" in page
        assert "最迟 8月5日 答复" in page

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"text": ""}, "请写明事实与理由"),
            ({"text": "账号 6222 0000 1234 5678 有误"}, "请不要在这里写账号"),
            ({"about": "objection"}, "about"),
            ({"files": [io.BytesIO(b"nothing of the kind")]}, "不是 PDF、JPG 或 PNG"),
        ],
    )
    def test_wrongly_is_told_beside_the_field_and_nothing_is_kept(self, ineligible, file, given, told):
        page = file(ineligible(), **given).content.decode()
        assert told in page
        assert 'class="errors"' in page
        assert not Appeal.objects.exists()

    def test_twice_is_told(self, ineligible, file):
        application = ineligible()
        file(application)
        assert "已有未办结" in file(application).content.decode()


class TestEvidence:
    def test_that_was_asked_for_is_handed_in(self, ineligible, file, staff, signed_in, moment, desk_at):
        application = ineligible()
        file(application)
        appeal = Appeal.objects.get()
        accept_appeal(appeal, by=staff(Role.PREPARER), at=moment(7, 9))
        actions.ask_for_evidence(appeal, "解除合同的材料", moment(7, 20).date(), by=staff(Role.PREPARER), at=moment(7, 9))
        desk_at(7, 10)
        client = signed_in(application.enterprise)
        assert (
            "请在 7月20日 前补充：解除合同的材料" in client.get(reverse("portal:refund", args=[application.pk])).content.decode()
        )
        there = reverse("portal:appeal_evidence", args=[application.pk, appeal.pk])
        assert "证据已提交" in client.post(there, {"files": [picture()]}, follow=True).content.decode()
        appeal.refresh_from_db()
        assert appeal.state == Appeal.State.ACCEPTED

    def test_of_another_enterprise_is_not_there(self, ineligible, file, make_enterprise, signed_in):
        application = ineligible()
        file(application)
        other = signed_in(make_enterprise())
        for there in (
            reverse("portal:appeal", args=[application.pk]),
            reverse("portal:appeal_evidence", args=[application.pk, Appeal.objects.get().pk]),
        ):
            assert other.get(there).status_code == 404
            assert other.post(there, {"files": [picture()]}).status_code == 404


def test_the_answer_is_read_with_its_reasons(ineligible, file, staff, signed_in, moment, desk_at):
    application = ineligible()
    file(application)
    appeal = Appeal.objects.get()
    accept_appeal(appeal, by=staff(Role.PREPARER), at=moment(7, 9))
    actions.dismiss_appeal(appeal, "经核年报属实", by=staff(Role.REVIEWER), at=moment(7, 10))
    desk_at(7, 11)
    page = signed_in(application.enterprise).get(reverse("portal:refund", args=[application.pk])).content.decode()
    assert "7月10日 答复：经核年报属实" in page
