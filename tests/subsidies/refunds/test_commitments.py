"""划型书面承诺: paid at the size committed to, verified afterwards; a later list of sizes; nothing paid is touched."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from agency.actions import AttachmentRefused
from agency.models import Event, Hold, Message, Programme, Role
from agency.moves import MoveRefused
from enterprises.models import CreditListing, Size2020, SizeDecision, SizeListing
from subsidies.payout.actions import settle_difference
from subsidies.payout.models import Award, Difference
from subsidies.refunds import actions
from subsidies.refunds.models import Commitment, State

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def programme(make_programme):
    """冀人社发〔2024〕14号 二: a written commitment counts."""
    return make_programme("hebei/2024")


@pytest.fixture(autouse=True)
def of_origin(credit_list):
    """The list that was loaded is of an origin that counts here."""
    CreditListing.objects.create(uscc="9" * 18, type="严重失信", origin="河北省信用信息共享平台", source=credit_list)


@pytest.fixture
def large(make_enterprise, screen):
    """An enterprise that was large in 2020: 30% of the 12,000 yuan that it paid."""

    def make(**fields):
        enterprise = make_enterprise(**fields)
        Size2020.objects.create(uscc=enterprise.uscc, size="大型")
        screen()
        application = enterprise.applications.get()
        assert (application.size, application.amount) == ("大型", Decimal("3600.00"))
        return application

    return make


@pytest.fixture
def commit(acts_for, scan, moment):
    """It commits itself to a size on 5 July."""

    def do(application, size="小型", at=None, by=None):
        made = actions.commit_size(
            application, size, [scan("承诺书.png")], by=by or acts_for(application.enterprise), at=at or moment(7, 5)
        )
        application.refresh_from_db()
        return made

    return do


@pytest.fixture
def paid(moment):
    """The case was paid what it is decided."""

    def do(application):
        award = Award.objects.create(
            state=Award.State.PAID, case_kind="refund", case_id=application.pk, uscc=application.enterprise.uscc,
            name=application.enterprise.name, region=application.region, programme=application.programme,
            amount=application.amount, paid_on=date(2024, 7, 30), account_source="corporate", created_at=moment(7, 3),
        )  # fmt: skip
        type(application).objects.filter(pk=application.pk).update(award=award, state=State.APPROVED)
        application.refresh_from_db()
        return award

    return do


def sizes(application):
    rows = SizeDecision.objects.filter(enterprise=application.enterprise).order_by("pk")
    return list(rows.values_list("size", "size_class", "basis", "current"))


class TestCommitting:
    def test_is_assessed_at_the_committed_size_at_once(self, large, commit):
        application = large()
        commit(application)
        assert (application.size, application.amount, application.state) == ("中小微", Decimal("7200.00"), State.ELIGIBLE)
        assert sizes(application) == [("大型", "大型", "size_2020", False), ("中小微", "小型", "commitment", True)]
        assert application.decision.size_basis == "commitment"

    def test_settles_what_was_incomplete_for_want_of_a_size(self, make_enterprise, screen, commit):
        enterprise = make_enterprise()
        screen()
        application = enterprise.applications.get()
        assert application.state == State.INCOMPLETE
        commit(application)
        assert (application.state, application.amount) == (State.ELIGIBLE, Decimal("7200.00"))

    def test_a_later_screening_keeps_to_it(self, large, commit, screen, moment):
        application = large()
        commit(application)
        screen(moment(7, 8))
        application.refresh_from_db()
        assert application.amount == Decimal("7200.00")

    def test_is_once_a_year_and_for_its_own(self, large, commit, acts_for, make_enterprise):
        application = large()
        with pytest.raises(actions.RefundRefused, match="不是该单位"):
            commit(application, by=acts_for(make_enterprise()))
        commit(application)
        with pytest.raises(actions.RefundRefused, match="已就本年度划型作出承诺"):
            commit(application, "微型")

    def test_needs_the_signed_letter(self, large, acts_for, moment):
        application = large()
        with pytest.raises(actions.RefundRefused, match="签字盖章的承诺书"):
            actions.commit_size(application, "小型", [], by=acts_for(application.enterprise), at=moment(7, 5))

    def test_counts_for_nothing_where_heads_are_counted(self, make_enterprise, screen, commit):
        enterprise = make_enterprise(kind="社会团体")
        screen()
        with pytest.raises(actions.RefundRefused, match="只按平均参保人数划型"):
            commit(enterprise.applications.get())

    def test_after_the_review_the_case_is_held_for_a_person(self, large, commit):
        application = large()
        type(application).objects.filter(pk=application.pk).update(state=State.REVIEWED)
        commit(application)
        assert application.amount == Decimal("3600.00")
        assert "大型→中小微" in Hold.objects.get(case_id=application.pk, kind=Hold.Kind.FACTS_CHANGED).reason

    def test_on_a_case_that_is_over_changes_its_decision_no_more(self, large, commit, staff, moment):
        application = large()
        made = commit(application)
        type(application).objects.filter(pk=application.pk).update(state=State.WAIVED)
        actions.find_false(made, "不属实", by=staff(Role.REVIEWER), at=moment(8, 1))
        application.refresh_from_db()
        assert (application.state, application.amount) == (State.WAIVED, Decimal("7200.00"))
        assert sizes(application)[-1] == ("大型", "大型", "size_2020", True)

    def test_of_a_programme_that_is_over_is_refused(self, large, commit):
        application = large()
        Programme.objects.update(state=Programme.State.CLOSED)
        with pytest.raises(actions.RefundRefused, match="已结束"):
            commit(application)

    def test_may_be_entered_by_a_clerk_of_the_region_from_a_paper(self, large, commit, staff):
        application = large()
        for nobody in (staff(Role.FINANCE), staff(Role.PREPARER, region="140303")):
            with pytest.raises(MoveRefused):
                commit(application, by=nobody)
        made = commit(application, by=staff(Role.PREPARER))
        assert (made.given_by, application.amount) == (staff(Role.PREPARER), Decimal("7200.00"))

    def test_once_paid_the_difference_is_noted(self, large, commit, paid):
        application = large()
        award = paid(application)
        commit(application)
        noted = Difference.objects.get(award=award)
        assert (noted.paid, noted.owed) == (Decimal("3600.00"), Decimal("7200.00"))
        award.refresh_from_db()
        assert award.amount == Decimal("3600.00")


class TestVerifying:
    def test_found_true_changes_nothing_more(self, large, commit, staff, moment):
        application = large()
        made = commit(application)
        actions.hold_true(made, "查阅财务报表，属实", by=staff(Role.REVIEWER), at=moment(8, 1))
        application.refresh_from_db()
        assert (made.holds, application.amount) == (True, Decimal("7200.00"))
        with pytest.raises(actions.RefundRefused, match="已由他人核实"):
            actions.find_false(made, "再看", by=staff(Role.REVIEWER, 2), at=moment(8, 2))

    def test_found_false_the_paid_difference_is_noted(self, large, commit, paid, staff, moment):
        application = large()
        made = commit(application)
        award = paid(application)
        actions.find_false(made, "从业人员 1,200 人，属大型", by=staff(Role.REVIEWER), at=moment(8, 1))
        noted = Difference.objects.get(award=award)
        assert (noted.paid, noted.owed) == (Decimal("7200.00"), Decimal("3600.00"))
        assert sizes(application)[-1] == ("大型", "大型", "size_2020", True)
        assert Event.objects.filter(case_kind="refund", case_id=application.pk, why__startswith="划型承诺核实不属实").exists()

    def test_found_false_before_the_payment_the_case_is_assessed_without_it(self, large, commit, staff, moment):
        application = large()
        made = commit(application)
        actions.find_false(made, "不属实", by=staff(Role.REVIEWER), at=moment(7, 6))
        application.refresh_from_db()
        assert (application.size, application.amount) == ("大型", Decimal("3600.00"))
        with pytest.raises(actions.RefundRefused, match="经核实不属实"):
            commit(application)

    def test_found_false_with_no_other_size_holds_what_is_paid(self, make_enterprise, screen, commit, paid, staff, moment):
        enterprise = make_enterprise()
        screen()
        application = enterprise.applications.get()
        made = commit(application)
        award = paid(application)
        actions.find_false(made, "查无此规模", by=staff(Role.REVIEWER), at=moment(8, 1))
        application.refresh_from_db()
        held = Hold.objects.get(case_kind=Award.CASE, case_id=award.pk, lifted_at__isnull=True)
        assert "划型 中小微→无" in held.reason
        assert application.amount == Decimal("7200.00")
        assert not Difference.objects.exists()

    def test_is_told_to_the_enterprise(self, large, commit, staff, moment):
        made = commit(large())
        actions.find_false(made, "不属实", by=staff(Role.REVIEWER), at=moment(8, 1))
        told = Message.objects.get(kind="size_verified", case_id=made.application_id)
        assert "已核实：不属实" in told.text.reveal()

    def test_is_another_persons_than_who_entered_it(self, large, commit, staff, moment):
        reviewer = staff(Role.REVIEWER)
        made = commit(large(), by=reviewer)
        with pytest.raises(actions.RefundRefused, match="另一人"):
            actions.hold_true(made, "属实", by=reviewer, at=moment(8, 1))
        with pytest.raises(IntegrityError), transaction.atomic():
            Commitment.objects.update(holds=True, verified_by=reviewer, verified_at=moment(8, 1))
        actions.hold_true(made, "属实", by=staff(Role.REVIEWER, 2), at=moment(8, 1))
        assert made.holds

    def test_is_a_reviewers_and_needs_its_words(self, large, commit, staff, moment):
        made = commit(large())
        with pytest.raises(MoveRefused):
            actions.hold_true(made, "属实", by=staff(Role.PREPARER), at=moment(8, 1))
        with pytest.raises(actions.RefundRefused, match="如何核实"):
            actions.hold_true(made, " ", by=staff(Role.REVIEWER), at=moment(8, 1))


class TestAnew:
    """A case past its first review is paid at the committed size too: by a reviewer's word, through both reviews again."""

    @pytest.fixture
    def reviewed(self, large, moment):
        def make(state=State.REVIEWED):
            application = large()
            type(application).objects.filter(pk=application.pk).update(state=state, answered_at=moment(7, 3))
            application.refresh_from_db()
            return application

        return make

    @pytest.fixture
    def awarded(self, reviewed, paid):
        """Approved; its award stands in a state."""

        def make(state):
            application = reviewed(State.APPROVED)
            award = paid(application)
            Award.objects.filter(pk=award.pk).update(state=state, paid_on=None)
            application.refresh_from_db()
            return application

        return make

    def anew(self, application, by, at):
        actions.review_anew(application, "书面承诺为小型", by=by, at=at)
        application.refresh_from_db()

    def test_goes_to_first_review_with_what_changed(self, reviewed, commit, staff, moment):
        application = reviewed()
        commit(application)
        assert (application.state, application.amount) == (State.REVIEWED, Decimal("3600.00"))
        self.anew(application, staff(Role.REVIEWER), moment(7, 8))
        assert (application.state, application.amount) == (State.SUBMITTED, Decimal("7200.00"))
        assert not Hold.objects.filter(case_id=application.pk, lifted_at__isnull=True).exists()

    def test_its_day_stays_the_day_of_confirmation(self, reviewed, commit, staff, look_up, moment):
        application = reviewed()
        commit(application)
        self.anew(application, staff(Role.REVIEWER), moment(7, 8))
        assert application.decision.on == date(2024, 7, 3)
        look_up(application, "REVIEW", moment(7, 9))
        Size2020.objects.update(size="小型")  # so that there is something new to decide
        actions.review(application, by=staff(Role.PREPARER), at=moment(7, 9))
        application.refresh_from_db()
        assert (application.state, application.decision.on) == (State.REVIEWED, date(2024, 7, 3))

    @pytest.mark.parametrize("state", [Award.State.PENDING, Award.State.PUBLICISED, Award.State.CLEARED])
    def test_strikes_an_award_that_is_not_paid(self, awarded, commit, staff, moment, state):
        application = awarded(state)
        award = application.award
        commit(application)
        assert Hold.objects.filter(case_kind=Award.CASE, case_id=award.pk, lifted_at__isnull=True).exists()
        self.anew(application, staff(Role.REVIEWER), moment(7, 8))
        award.refresh_from_db()
        assert (award.state, award.amount) == (Award.State.STRUCK, Decimal("3600.00"))
        assert (application.state, application.award, application.amount) == (State.SUBMITTED, None, Decimal("7200.00"))
        assert not Hold.objects.filter(case_id=award.pk, lifted_at__isnull=True).exists()

    @pytest.mark.parametrize(
        ("state", "told"), [(Award.State.PAYING, "待银行回盘"), (Award.State.PAID, "已拨付"), (Award.State.STRUCK, "拨付前")]
    )
    def test_of_what_is_at_the_bank_or_beyond_is_refused(self, awarded, commit, staff, moment, state, told):
        application = awarded(Award.State.PENDING)
        commit(application)
        Award.objects.filter(pk=application.award_id).update(state=state)
        with pytest.raises(actions.RefundRefused, match=told):
            self.anew(application, staff(Role.REVIEWER), moment(7, 8))
        application.refresh_from_db()
        assert (application.state, application.amount) == (State.APPROVED, Decimal("3600.00"))

    def test_where_nothing_changed_or_it_is_eligible_no_more_is_refused(self, reviewed, staff, moment):
        application = reviewed()
        with pytest.raises(actions.RefundRefused, match="没有变化"):
            self.anew(application, staff(Role.REVIEWER), moment(7, 8))
        Size2020.objects.all().delete()
        with pytest.raises(actions.RefundRefused, match="不再符合条件"):
            self.anew(application, staff(Role.REVIEWER), moment(7, 8))

    def test_is_a_reviewers_and_needs_its_words(self, reviewed, commit, staff, moment):
        application = reviewed()
        commit(application)
        with pytest.raises(MoveRefused):
            self.anew(application, staff(Role.PREPARER), moment(7, 8))
        with pytest.raises(actions.RefundRefused, match="为什么"):
            actions.review_anew(application, " ", by=staff(Role.REVIEWER), at=moment(7, 8))


class TestLaterList:
    """兵团征求意见稿 二（一）: 待正式对企业划型后，按最新企业划型数据进行多退少补."""

    @pytest.fixture
    def programme(self, make_programme):
        return make_programme("xpcc/2024")

    @pytest.fixture
    def resized(self, make_enterprise, screen, paid, moment):
        """Paid as what it was recorded to be; the formal list names it otherwise."""
        enterprise = make_enterprise(recorded_size="小型")
        screen()
        award = paid(enterprise.applications.get())
        SizeListing.objects.create(uscc=enterprise.uscc, size="大型", year=2024)
        return award

    def test_notes_the_difference_once_and_leaves_the_payment(self, resized, screen, moment):
        before = resized.amount
        run = screen(moment(9, 2))
        screen(moment(9, 3))
        noted = Difference.objects.get(award=resized)
        assert (noted.paid, noted.owed) == (before, before / 2)
        assert run.counts["differences"] == 1
        assert not Hold.objects.filter(case_id=resized.pk, lifted_at__isnull=True).exists()

    def test_that_was_dealt_with_is_not_noted_again(self, resized, screen, staff, moment):
        screen(moment(9, 2))
        settle_difference(Difference.objects.get(), "已退回", by=staff(Role.REVIEWER), at=moment(9, 3))
        screen(moment(9, 4))
        assert Difference.objects.count() == 1

    def test_that_says_the_old_size_again_withdraws_the_note(self, resized, screen, moment):
        screen(moment(9, 2))
        SizeListing.objects.all().delete()
        screen(moment(9, 3))
        assert Difference.objects.filter(settled_at__isnull=True).count() == 0


class TestChange:
    """晋人社厅发〔2024〕28号 二: 可提起变更申请，提供相应的印证材料."""

    @pytest.fixture
    def programme(self, make_programme):
        return make_programme("shanxi/2024")

    def test_is_the_way_there_not_a_commitment(self, confirmed, acts_for, scan, moment):
        application = confirmed()
        by = acts_for(application.enterprise)
        with pytest.raises(actions.RefundRefused, match="不采用书面承诺"):
            actions.commit_size(application, "小型", [scan()], by=by, at=moment(7, 8))

    def test_needs_its_proof(self, confirmed, acts_for, scan, moment):
        application = confirmed()
        by = acts_for(application.enterprise)
        with pytest.raises(AttachmentRefused, match="印证材料"):
            actions.file_appeal(application, "size", "应为小型", by=by, at=moment(7, 8))
        made = actions.file_appeal(application, "size", "应为小型", [scan("年报.png")], by=by, at=moment(7, 8))
        assert made.pk
