"""申诉: filed with evidence, decided by a second person on corrected facts; nothing is paid twice in between."""

import io
from datetime import date
from decimal import Decimal

import pytest
from PIL import Image

from agency.actions import AppealRefused, accept_appeal, evidence_overdue
from agency.models import Appeal, Event, Hold, Message, Role
from agency.moves import MoveRefused
from agency.queries import attachments_of
from enterprises.models import WorkforceYear
from subsidies.payout.actions import DifferenceRefused, note_difference, settle_difference
from subsidies.payout.models import Award, Difference
from subsidies.refunds import actions
from subsidies.refunds.models import State
from subsidies.refunds.queries import grounds

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
WORDS = "年报人数有误，见附件"


@pytest.fixture
def proof() -> tuple[str, io.BytesIO]:
    made = io.BytesIO()
    Image.new("L", (10, 10)).save(made, "PNG")
    made.seek(0)
    return ("证明.png", made)


@pytest.fixture
def ineligible(make_enterprise, screen):
    """A case that dismissed too many, by an annual report that is wrong."""

    def make():
        enterprise = make_enterprise(claimants=9)
        screen()
        application = enterprise.applications.get()
        assert application.state == State.INELIGIBLE
        return application

    return make


@pytest.fixture
def mend():
    """The facts are put right."""

    def do(application):
        WorkforceYear.objects.filter(enterprise=application.enterprise).update(claimants=0)

    return do


@pytest.fixture
def taken(staff, acts_for, moment, scan):
    """An appeal filed by the enterprise and taken in by a clerk."""

    def make(application, about, at=None):
        at = at or moment(7, 8)
        proofs = [scan()] if about == "size" else []  # a 变更申请 needs one
        appeal = actions.file_appeal(application, about, WORDS, proofs, by=acts_for(application.enterprise), at=at)
        accept_appeal(appeal, by=staff(Role.PREPARER), at=at)
        return appeal

    return make


@pytest.fixture
def approved(confirmed, staff, days):
    def make():
        application = confirmed()
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        return application

    return make


class TestFiling:
    def test_is_for_its_own_enterprise(self, ineligible, acts_for, make_enterprise, moment):
        application, other = ineligible(), acts_for(make_enterprise())
        with pytest.raises(actions.RefundRefused, match="不是该单位"):
            actions.file_appeal(application, "ineligible", WORDS, by=other, at=moment(7, 8))

    def test_is_answered_within_working_days(self, confirmed, taken, moment):
        assert taken(confirmed(), "amount", moment(8, 20)).answer_by == date(2024, 9, 18)  # 中秋, and a Saturday worked

    def test_one_is_open_a_case(self, ineligible, taken, acts_for, moment, scan):
        application = ineligible()
        taken(application, "ineligible")
        with pytest.raises(AppealRefused, match="已有未办结"):
            actions.file_appeal(application, "size", WORDS, [scan()], by=acts_for(application.enterprise), at=moment(7, 9))

    def test_of_what_nobody_decided_is_refused(self, ineligible, acts_for, moment):
        application = ineligible()
        with pytest.raises(AppealRefused, match="不能就此申诉"):
            actions.file_appeal(application, "objection", WORDS, by=acts_for(application.enterprise), at=moment(7, 8))

    def test_ends_with_its_days(self, ineligible, acts_for, moment):
        application = ineligible()
        assert grounds(application, date(2024, 8, 19)).about
        assert not grounds(application, date(2024, 8, 20)).about
        with pytest.raises(AppealRefused, match="期限"):
            actions.file_appeal(application, "ineligible", WORDS, by=acts_for(application.enterprise), at=moment(8, 20))

    def test_of_an_amount_runs_from_the_offer_and_again_from_the_payment(self, confirmed, staff, days):
        application = confirmed()
        assert grounds(application, days.answered.date()).until == date(2024, 8, 23)  # offered on 24 June
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        told = grounds(application, days.approved.date()).until
        Award.objects.filter(pk=application.award_id).update(state=Award.State.PAID, paid_on=date(2024, 8, 1))
        application.award.refresh_from_db()
        assert told < grounds(application, date(2024, 8, 1)).until == date(2024, 9, 30)

    def test_by_a_clerk_from_a_letter_is_not_decided_by_that_clerk(self, ineligible, mend, staff, moment):
        application = ineligible()
        appeal = actions.file_appeal(application, "ineligible", WORDS, by=staff(Role.REVIEWER), at=moment(7, 8))
        accept_appeal(appeal, by=staff(Role.PREPARER), at=moment(7, 8))
        mend(application)
        with pytest.raises(AppealRefused, match="登记人"):
            actions.uphold_appeal(appeal, "人数", "填错", by=staff(Role.REVIEWER), at=moment(7, 9))
        actions.uphold_appeal(appeal, "人数", "填错", by=staff(Role.REVIEWER, 2), at=moment(7, 9))
        assert appeal.state == Appeal.State.UPHELD

    def test_keeps_the_evidence(self, ineligible, acts_for, moment, proof):
        application = ineligible()
        actions.file_appeal(application, "ineligible", WORDS, [proof], by=acts_for(application.enterprise), at=moment(7, 8))
        assert [each.about for each in attachments_of("refund", application.pk)] == ["appeal"]


class TestEvidence:
    def test_asked_for_and_handed_in_goes_on(self, ineligible, taken, staff, acts_for, moment, proof):
        application = ineligible()
        appeal = taken(application, "ineligible")
        actions.ask_for_evidence(appeal, "请提供解除合同的材料", date(2024, 7, 20), by=staff(Role.PREPARER), at=moment(7, 9))
        assert Message.objects.filter(kind="appeal_evidence", case_id=application.pk).exists()
        actions.hand_in_evidence(appeal, [proof], by=acts_for(application.enterprise), at=moment(7, 10))
        assert appeal.state == Appeal.State.ACCEPTED

    def test_not_handed_in_goes_on_without_it_the_day_after(self, ineligible, taken, staff, moment):
        appeal = taken(ineligible(), "ineligible")
        actions.ask_for_evidence(appeal, "请提供材料", date(2024, 7, 20), by=staff(Role.PREPARER), at=moment(7, 9))
        assert evidence_overdue(date(2024, 7, 20), at=moment(7, 20)) == 0
        assert evidence_overdue(date(2024, 7, 21), at=moment(7, 21)) == 1
        assert evidence_overdue(date(2024, 7, 21), at=moment(7, 21)) == 0

    def test_after_the_answer_is_refused(self, ineligible, taken, staff, acts_for, moment, proof):
        application = ineligible()
        appeal = taken(application, "ineligible")
        actions.dismiss_appeal(appeal, "年报属实", by=staff(Role.REVIEWER), at=moment(7, 9))
        with pytest.raises(AppealRefused, match="已办结"):
            actions.hand_in_evidence(appeal, [proof], by=acts_for(application.enterprise), at=moment(7, 10))


class TestUpheld:
    def test_on_mended_facts_is_reviewed_anew(self, ineligible, taken, mend, staff, look_up, moment):
        application = ineligible()
        appeal = taken(application, "ineligible")
        mend(application)
        actions.uphold_appeal(appeal, "领取失业金人数 9→0", "年报填错", by=staff(Role.REVIEWER), at=moment(7, 9))
        application.refresh_from_db()
        assert (application.state, application.amount > 0) == (State.SUBMITTED, True)
        assert Message.objects.filter(kind="appeal", case_id=application.pk).count() == 1
        look_up(application, "REVIEW", moment(7, 10))
        actions.review(application, by=staff(Role.PREPARER), at=moment(7, 10))
        assert application.state == State.REVIEWED

    def test_on_the_same_facts_is_refused_and_nothing_moves(self, ineligible, taken, staff, moment):
        application = ineligible()
        appeal = taken(application, "ineligible")
        with pytest.raises(AppealRefused, match="先更正有关数据"):
            actions.uphold_appeal(appeal, "无", "同意", by=staff(Role.REVIEWER), at=moment(7, 9))
        appeal.refresh_from_db()
        application.refresh_from_db()
        assert (appeal.state, application.state) == (Appeal.State.ACCEPTED, State.INELIGIBLE)
        assert not Message.objects.filter(kind="appeal").exists()

    def test_by_who_took_it_in_is_refused(self, ineligible, acts_for, mend, staff, moment):
        application = ineligible()
        appeal = actions.file_appeal(application, "ineligible", WORDS, by=acts_for(application.enterprise), at=moment(7, 8))
        accept_appeal(appeal, by=staff(Role.REVIEWER), at=moment(7, 8))
        mend(application)
        with pytest.raises(AppealRefused, match="另一人"):
            actions.uphold_appeal(appeal, "裁员人数", "年报填错", by=staff(Role.REVIEWER), at=moment(7, 9))

    def test_of_a_rejected_case_is_reviewed_anew(self, confirmed, taken, staff, days, moment):
        application = confirmed()
        actions.reject(application, "材料不实", by=staff(Role.PREPARER), at=days.reviewed)
        appeal = taken(application, "refused")
        actions.uphold_appeal(appeal, "推翻材料不实的认定", "经核属实", by=staff(Role.REVIEWER), at=moment(7, 9))
        application.refresh_from_db()
        assert application.state == State.SUBMITTED

    def test_of_an_amount_holds_the_award_then_makes_another(self, approved, taken, pay, staff, look_up, moment):
        application = approved()
        first = application.award
        appeal = taken(application, "amount")
        assert Hold.objects.filter(case_kind="award", case_id=first.pk, kind="APPEAL", lifted_at__isnull=True).exists()
        pay(application.enterprise, 12, 10, arrived_on=date(2023, 12, 20), line="补录")
        actions.uphold_appeal(appeal, "补录 12 月缴费", "漏计一笔", by=staff(Role.REVIEWER), at=moment(7, 9))
        first.refresh_from_db()
        application.refresh_from_db()
        assert (first.state, application.state, application.award) == (Award.State.STRUCK, State.SUBMITTED, None)
        look_up(application, "REVIEW", moment(7, 10))
        actions.review(application, by=staff(Role.PREPARER), at=moment(7, 10))
        actions.approve(application, by=staff(Role.REVIEWER), at=moment(7, 11))
        live = Award.objects.filter(case_id=application.pk).exclude(state=Award.State.STRUCK).get()
        assert live.amount == application.amount != first.amount
        assert not Hold.objects.filter(kind="APPEAL", lifted_at__isnull=True).exists()

    def test_of_what_is_paid_leaves_it_paid_and_notes_the_difference(self, approved, taken, pay, staff, moment):
        application = approved()
        Award.objects.filter(pk=application.award_id).update(state=Award.State.PAID, paid_on=date(2024, 7, 5))
        appeal = taken(application, "amount")
        pay(application.enterprise, 12, 10, arrived_on=date(2023, 12, 20), line="补录")
        actions.uphold_appeal(appeal, "补录 12 月缴费", "漏计一笔", by=staff(Role.REVIEWER), at=moment(7, 9))
        application.refresh_from_db()
        noted = Difference.objects.get()
        assert application.award.state == Award.State.PAID
        assert (noted.paid, noted.owed - noted.paid > 0) == (application.award.amount, True)
        assert Award.objects.count() == 1
        assert application.decision.amount == noted.owed
        again = taken(application, "amount", moment(7, 10))
        with pytest.raises(AppealRefused, match="没有变化"):
            actions.uphold_appeal(again, "无", "同意", by=staff(Role.REVIEWER), at=moment(7, 11))

    def test_difference_that_a_later_decision_takes_back_is_settled_and_told(self, approved, moment):
        award = approved().award
        noted = note_difference(award, award.amount + 1, "划型更正", by=None, at=moment(7, 9))
        assert note_difference(award, award.amount, "划型再更正", by=None, at=moment(7, 10)) is None
        noted.refresh_from_db()
        told = Event.objects.filter(case_kind=Award.CASE, case_id=award.pk, detail={"difference": noted.pk}).order_by("pk")
        assert [event.why for event in told][1:] == [f"差额办结：{noted.settlement}"]
        note_difference(award, award.amount, "三次核定", by=None, at=moment(7, 11))
        assert told.count() == 2

    def test_difference_is_settled_once_with_words(self, approved, staff, moment):
        award = approved().award
        noted = note_difference(award, award.amount + 1, "划型更正", by=None, at=moment(7, 9))
        with pytest.raises(DifferenceRefused, match="写明"):
            settle_difference(noted, " ", by=staff(Role.FINANCE), at=moment(7, 9))
        with pytest.raises(MoveRefused):
            settle_difference(noted, "另行补发", by=staff(Role.PREPARER), at=moment(7, 9))
        settle_difference(noted, "另行补发", by=staff(Role.FINANCE), at=moment(7, 9))
        with pytest.raises(DifferenceRefused, match="已由他人"):
            settle_difference(noted, "另行补发", by=staff(Role.FINANCE), at=moment(7, 9))
        award.refresh_from_db()
        assert noted.settlement == "另行补发"

    def test_at_the_bank_waits_for_its_answer(self, approved, taken, pay, staff, moment):
        application = approved()
        appeal = taken(application, "amount")
        Award.objects.filter(pk=application.award_id).update(state=Award.State.PAYING)
        pay(application.enterprise, 12, 10, arrived_on=date(2023, 12, 20), line="补录")
        with pytest.raises(actions.RefundRefused, match="待银行回盘"):
            actions.uphold_appeal(appeal, "补录", "漏计", by=staff(Role.REVIEWER), at=moment(7, 9))


class TestDismissed:
    def test_lets_the_award_go_on_and_says_why(self, approved, taken, staff, moment):
        application = approved()
        appeal = taken(application, "size")
        actions.dismiss_appeal(appeal, "统计部门名录为大型", by=staff(Role.REVIEWER), at=moment(7, 9))
        application.refresh_from_db()
        assert (application.state, application.award.state) == (State.APPROVED, Award.State.PENDING)
        assert not Hold.objects.filter(kind="APPEAL", lifted_at__isnull=True).exists()

    def test_without_reasons_is_refused(self, ineligible, taken, staff, moment):
        appeal = taken(ineligible(), "ineligible")
        with pytest.raises(AppealRefused, match="理由"):
            actions.dismiss_appeal(appeal, " ", by=staff(Role.REVIEWER), at=moment(7, 9))

    @pytest.mark.parametrize("role", [Role.PREPARER, Role.FINANCE, Role.AUDITOR])
    def test_by_another_role_is_refused(self, ineligible, taken, staff, moment, role):
        appeal = taken(ineligible(), "ineligible")
        with pytest.raises((MoveRefused, AppealRefused)):
            actions.dismiss_appeal(appeal, "不成立", by=staff(role, 2), at=moment(7, 9))

    def test_from_another_region_is_refused(self, ineligible, taken, staff, moment):
        appeal = taken(ineligible(), "ineligible")
        with pytest.raises(MoveRefused):
            actions.dismiss_appeal(appeal, "不成立", by=staff(Role.REVIEWER, region="1404"), at=moment(7, 9))

    def test_then_another_may_be_filed(self, approved, taken, staff, moment):
        application = approved()
        appeal = taken(application, "size")
        actions.dismiss_appeal(appeal, "名录为大型", by=staff(Role.REVIEWER), at=moment(7, 9))
        assert taken(application, "amount", moment(7, 10)).state == Appeal.State.ACCEPTED
        assert Decimal(0) < application.amount


def test_two_filed_at_once_are_one_and_one_refusal(at_once, transactional_db, ineligible, acts_for, moment):
    application = ineligible()
    by = acts_for(application.enterprise)
    results = at_once(*[lambda: actions.file_appeal(application, "ineligible", WORDS, by=by, at=moment(7, 8))] * 2)
    assert sorted(type(each).__name__ for each in results) == ["Appeal", "AppealRefused"]
