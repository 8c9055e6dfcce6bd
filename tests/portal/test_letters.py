"""The letters of a case: what each says, who may take it, and that taking it is kept."""

import re
from html import unescape

import pytest
from django.urls import reverse

from agency.documents import Paragraph
from agency.models import Event, Role
from policy import explain
from policy.verdict import Answer
from subsidies.payout.models import Award
from subsidies.refunds import actions
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries import findings_of
from subsidies.refunds.queries.letters import letter_of, letters_of


@pytest.fixture(autouse=True)
def morning(desk_at):
    return desk_at(7, 9)


def text_of(application, kind) -> str:
    text = "\n".join(getattr(block, "text", "") for block in letter_of(application, kind).blocks)
    assert not re.search("元元|。。|{|}", text)
    return text


class TestWording:
    def test_each_letter_comes_with_its_step_and_names_clause_and_edition(self, confirmed, staff, days, publish):
        application = confirmed()
        assert letters_of(application) == ["offer", "receipt"]
        offer = text_of(application, "offer")
        for words in ("7,200.00元", "2024年7月15日前", "2024年12月31日前", "晋人社厅发〔2024〕28号 六", "第1版", "视为放弃"):
            assert words in offer
        assert "2024年6月26日（" in text_of(application, "receipt")
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        publish()
        application.refresh_from_db()
        assert letters_of(application) == ["offer", "receipt", "publicity"]
        shown = text_of(application, "publicity")
        assert "2024年7月8日起至2024年7月12日止" in shown
        assert application.enterprise.account.reveal() not in shown

    def test_what_was_offered_stays_what_it_was(self, offered, moment):
        application = offered()
        later = application.decisions.get()
        later.pk, later.amount, later.at = None, 1, moment(7, 1)
        later.save(force_insert=True)
        assert "7,200.00元" in text_of(application, "offer")

    def test_a_refusal_gives_every_reason_and_how_to_appeal(self, make_enterprise, screen, acts_for, staff, days, moment):
        enterprise = make_enterprise(registration="吊销", months=range(1, 6))
        screen()
        application = enterprise.applications.get()
        actions.apply(application, by=acts_for(enterprise), at=moment(6, 26))
        actions.reject(application, "经核实，单位已停止经营", by=staff(Role.PREPARER), at=days.reviewed)
        refusal = text_of(application, "refusal")
        for words in ("经核实，单位已停止经营。", "60日内，向甲市失业保险中心提出申诉", "行政复议", "0353-1234567"):
            assert words in refusal
        against = [finding for finding in findings_of(application.decision) if finding.answer is not Answer.PASS]
        assert len(against) > 1
        for finding in against:
            assert explain.for_enterprise(finding) in refusal
            assert finding.clause in refusal
        assert letters_of(application) == ["refusal"]

    def test_the_letter_of_a_payment_masks_the_account(self, approved, moment):
        application = approved()
        award = Award.objects.get()
        Event.objects.create(at=moment(7, 8), kind="MOVE", case_kind="award", case_id=award.pk, to_state="PAID")
        Award.objects.update(state="PAID", paid_on=moment(7, 8).date())
        application = Application.objects.get()
        paid = text_of(application, "payment")
        assert str(award.account) in paid
        assert award.account.reveal() not in paid
        assert "转岗培训" in paid


class TestDraft:
    @pytest.fixture
    def programme(self, make_programme):
        return make_programme("xpcc/2024")

    def test_every_letter_says_that_a_draft_grounds_no_payment(self, make_enterprise, screen, moment):
        enterprise = make_enterprise(recorded_size="小型")
        screen()
        application = enterprise.applications.get()
        Application.objects.update(offered_at=moment(6, 24))
        application.refresh_from_db()
        assert "征求意见稿" in letter_of(application, "offer").blocks[1].text


class TestPages:
    def test_a_letter_is_read_and_taken_away_with_an_event(self, signed_in, offered):
        application = offered()
        client = signed_in(application.enterprise)
        case_page = unescape(client.get(reverse("portal:refund", args=[application.pk])).content.decode())
        address = reverse("portal:letter", args=[application.pk, "offer"])
        assert address in case_page
        page = unescape(client.get(address).content.decode())
        assert all(block.text in page for block in letter_of(application, "offer").blocks if isinstance(block, Paragraph))
        answer = client.get(reverse("portal:letter_file", args=[application.pk, "offer"]))
        assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
        event = Event.objects.filter(kind="EXPORT").latest("pk")
        assert (event.case_id, event.why) == (application.pk, "下载稳岗返还确认通知书")

    @pytest.mark.parametrize("kind", ["payment", "nothing"])
    def test_a_letter_that_is_not_there_is_absent(self, signed_in, offered, kind):
        application = offered()
        client = signed_in(application.enterprise)
        for page in ("letter", "letter_file"):
            assert client.get(reverse(f"portal:{page}", args=[application.pk, kind])).status_code == 404

    def test_anothers_letter_is_absent(self, signed_in, offered):
        mine, theirs = offered(), offered()
        client = signed_in(mine.enterprise)
        assert client.get(reverse("portal:letter_file", args=[theirs.pk, "offer"])).status_code == 404
        assert not Event.objects.filter(kind="EXPORT")

    def test_staff_take_it_from_the_case(self, client, offered, staff):
        application = offered()
        client.force_login(staff(Role.PREPARER), backend="django.contrib.auth.backends.ModelBackend")
        answer = client.post(reverse("admin:refunds_application_letter", args=[application.pk]), {"kind": "offer"})
        assert answer.content[:5] == b"%PDF-"
        assert Application.objects.get().state == State.OFFERED
