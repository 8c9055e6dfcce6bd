"""One button over many cases: a result for each, the reason of every refusal, whoever pressed it."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agency.actions.bulk import ask_bulk, work_bulk
from agency.models import Bulk, CreditCheck, Event, Hold, Job, Message, Post, Role
from subsidies.refunds import actions
from subsidies.refunds.actions.bulk import BULK_DEEDS
from subsidies.refunds.models import Application, State
from tests.subsidies.refunds.conftest import at_once, confirmed, look_up, offered  # noqa: F401

pytestmark = pytest.mark.django_db
LIST = "admin:refunds_application_changelist"


@pytest.fixture(autouse=True)
def morning(desk_clock, days, files):
    desk_clock(days.reviewed)


@pytest.fixture
def cases(make_enterprise, screen, look_up, acts_for, programme, staff, days):  # noqa: F811
    """cases(n): that many confirmed cases, looked up on the day of review."""

    def make(count: int, **fields) -> list[Application]:
        made = [make_enterprise(**fields) for _ in range(count)]
        screen()
        found = list(Application.objects.filter(enterprise__in=made).order_by("pk"))
        for each in found:
            look_up(each, CreditCheck.Moment.SCREENING, days.screened)
            actions.offer(each, by=staff(Role.PREPARER), at=days.offered)
            actions.confirm(each, by=acts_for(each.enterprise), at=days.answered)
            look_up(each, CreditCheck.Moment.REVIEW, days.reviewed)
        return found

    return make


def press(client, deed: str, rows, *, query: str = "", **asked):
    chosen = {"action": deed, "_selected_action": [row.pk for row in rows], "index": "0", **asked}
    return client.post(reverse(LIST) + query, chosen, follow=True)


def states() -> list[str]:
    return list(Application.objects.order_by("pk").values_list("state", flat=True))


class TestResults:
    def test_say_what_became_of_each(self, clerk, cases, staff, days):
        going, held, gone = cases(3)
        actions.hold_all([held.pk], reason="核对工资表", by=staff(Role.PREPARER), at=days.reviewed)
        actions.reject(gone, "不再经营", by=staff(Role.PREPARER), at=days.reviewed)
        page = press(clerk, "review-all", [going, held, gone]).content.decode()
        assert states() == ["REVIEWED", "CONFIRMED", "REJECTED"]
        for words in ("核对工资表", "当前状态不能这样办理", going.enterprise.name, "已办理"):
            assert words in page
        bulk = Bulk.objects.get()
        assert (bulk.moved, bulk.refused, bulk.lines.count()) == (1, 2, 3)

    def test_are_handed_out_as_a_spreadsheet_with_an_event(self, clerk, cases):
        press(clerk, "review-all", cases(2))
        address = reverse("admin:agency_bulk_download", args=[Bulk.objects.get().pk])
        answer = clerk.post(address)
        assert b"".join(answer.streaming_content)[:2] == b"PK"
        assert Event.objects.filter(case_kind="bulk", kind="EXPORT").exists()

    def test_are_ones_own_and_the_auditors(self, clerk, at_desk, cases):
        press(clerk, "review-all", cases(1))
        address = reverse("admin:agency_bulk_change", args=[Bulk.objects.get().pk])
        assert at_desk(Role.REVIEWER).get(address).status_code == 404
        assert at_desk(Role.AUDITOR).get(address).status_code == 200

    def test_nothing_chosen_is_said(self, clerk, cases):
        cases(1)
        page = press(clerk, "review-all", []).content.decode()
        assert "条目必须选中" in page
        assert not Bulk.objects.exists()

    def test_cost_the_same_for_many_as_for_few(self, clerk, cases):
        rows, taken = cases(14), []
        for chosen in (rows[:2], rows[2:]):
            with CaptureQueriesContext(connection) as made:
                press(clerk, "review-all", chosen)
            taken.append(len(made))
        assert set(states()) == {"REVIEWED"}
        assert taken[1] <= taken[0]


class TestReasons:
    def test_one_reason_is_asked_and_told_to_each(self, clerk, cases):
        rows = cases(2)
        asked = press(clerk, "reject-all", rows).content.decode()
        assert "所选事项用同一个理由" in asked
        assert states() == ["CONFIRMED", "CONFIRMED"]
        again = press(clerk, "reject-all", rows, asked="1", reason="").content.decode()
        assert "必填" in again
        press(clerk, "reject-all", rows, asked="1", reason="材料不实")
        assert states() == ["REJECTED", "REJECTED"]
        assert Message.objects.filter(kind="rejected").count() == 2
        assert set(Application.objects.values_list("reason", flat=True)) == {"材料不实"}

    def test_held_each_for_one_reason_and_once(self, clerk, cases):
        rows = cases(2)
        press(clerk, "hold-all", rows[:1], asked="1", reason="先等一等")
        page = press(clerk, "hold-all", rows, asked="1", reason="核对").content.decode()
        assert "已有人工暂缓" in page
        assert list(Hold.objects.order_by("pk").values_list("reason", flat=True)) == ["先等一等", "核对"]


class TestWho:
    def test_nobody_approves_what_they_reviewed(self, clerk, at_desk, cases, staff, days):
        rows = cases(2)
        press(clerk, "review-all", rows)
        reviewer = staff(Role.REVIEWER)
        Application.objects.filter(pk=rows[0].pk).update(reviewed_by=reviewer)
        page = press(at_desk(Role.REVIEWER), "approve-all", rows).content.decode()
        assert "由另一人复审" in page
        assert states() == ["REVIEWED", "APPROVED"]

    @pytest.mark.parametrize("role", [Role.REVIEWER, Role.FINANCE, Role.AUDITOR])
    def test_other_posts_have_no_such_button(self, at_desk, cases, role):
        rows = cases(1)
        press(at_desk(role), "review-all", rows)
        assert states() == ["CONFIRMED"]

    def test_cases_of_another_region_are_not_reached(self, at_desk, cases):
        rows = cases(1)
        press(at_desk(Role.PREPARER, "140303"), "review-all", rows)
        assert states() == ["CONFIRMED"]


class TestMany:
    def test_all_pages_at_once_are_worked_by_a_job(self, clerk, cases, monkeypatch, days):
        monkeypatch.setattr("agency.actions.bulk.AT_ONCE", 2)
        monkeypatch.setattr("subsidies.refunds.admin.many.AT_ONCE", 2)
        monkeypatch.setattr("agency.actions.bulk.PIECE", 2)
        rows = cases(5)
        press(clerk, "review-all", rows[:1], select_across="1")
        bulk, job = Bulk.objects.get(), Job.objects.get(kind=Job.Kind.BULK)
        assert (len(bulk.ids), bulk.done, job.subject_id) == (5, 0, bulk.pk)
        work_bulk(bulk, BULK_DEEDS["review"], at=days.reviewed)
        assert (bulk.moved, set(states())) == (5, {"REVIEWED"})

    def test_killed_between_two_pieces_it_goes_on_and_counts_each_once(self, cases, monkeypatch, staff, days):
        monkeypatch.setattr("agency.actions.bulk.PIECE", 2)
        rows = cases(3)

        class Killed(BaseException):
            pass

        def die(done: int, *_: object) -> None:
            if done == 3:
                raise Killed

        ids = [row.pk for row in rows]
        bulk = ask_bulk("refund", "review", "初审通过", ids, {}, by=staff(Role.PREPARER), at=days.reviewed)
        with pytest.raises(Killed):
            work_bulk(bulk, BULK_DEEDS["review"], at=days.reviewed, progress=die)
        assert states() == ["REVIEWED", "REVIEWED", "CONFIRMED"]
        work_bulk(Bulk.objects.get(), BULK_DEEDS["review"], at=days.reviewed)
        done = Bulk.objects.get()
        assert (done.moved, done.refused, done.lines.count()) == (3, 0, 3)


class TestSharing:
    def test_evenly_among_those_whose_post_fits(self, clerk, cases, staff, programme):
        rows = cases(5)
        first, second, reviewer = staff(Role.PREPARER), staff(Role.PREPARER, 2, "140302"), staff(Role.REVIEWER)
        elsewhere = staff(Role.PREPARER, 1, "140303")
        asked = {"programme": programme.pk, "state": "CONFIRMED", "clerks": [first.pk, second.pk, reviewer.pk, elsewhere.pk]}
        page = clerk.post(reverse("admin:refunds_application_share-out"), asked, follow=True).content.decode()
        assert "3 件" in page
        held = [Application.objects.filter(assigned_to=who).count() for who in (first, second, reviewer, elsewhere)]
        assert sorted(held) == [0, 0, 2, 3]
        assert (held[2], held[3]) == (0, 0)
        assert Event.objects.filter(why__startswith="分派给").count() == 5
        mine = clerk.get(reverse(LIST) + "?assigned=mine").content.decode()
        assert mine.count('name="_selected_action"') == held[0]
        assert rows[0].enterprise.uscc in mine
        assert "分派给我的返还事项" in clerk.get(reverse("admin:index")).content.decode()

    def test_evenly_leaves_with_their_clerk_those_that_have_one(self, cases, staff, days):
        rows = cases(3)
        first, second = staff(Role.PREPARER), staff(Role.PREPARER, 2)
        actions.assign([rows[0].pk], second, by=first, at=days.reviewed)
        assert actions.share_out(Application.objects.all(), [first], by=first, at=days.reviewed) == {first: 2}
        assert list(Application.objects.order_by("pk").values_list("assigned_to", flat=True)) == [second.pk, first.pk, first.pk]

    def test_by_hand_only_to_whom_a_post_fits(self, clerk, cases, staff):
        rows = cases(2)
        elsewhere = staff(Role.PREPARER, 1, "140303")
        page = press(clerk, "assign-all", rows, asked="1", clerk=elsewhere.pk).content.decode()
        assert "在该地区没有经办岗位" in page
        press(clerk, "assign-all", rows[:1], asked="1", clerk=staff(Role.PREPARER).pk)
        assert list(Application.objects.order_by("pk").values_list("assigned_to", flat=True)) == [staff(Role.PREPARER).pk, None]

    def test_when_a_post_ends_its_cases_wait_again(self, cases, staff, days, moment):
        rows = cases(2)
        leaver = staff(Role.PREPARER, 2)
        actions.assign([row.pk for row in rows], leaver, by=staff(Role.PREPARER), at=days.reviewed)
        assert actions.take_back(date(2024, 7, 2), at=days.reviewed) == 0
        Post.objects.filter(user=leaver).update(until_on=date(2024, 7, 2))
        assert actions.take_back(date(2024, 7, 3), at=moment(7, 3)) == 2
        assert actions.take_back(date(2024, 7, 3), at=moment(7, 3)) == 0
        assert not Application.objects.filter(assigned_to__isnull=False).exists()
        assert Event.objects.filter(why__contains="岗位已结束").count() == 2


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_two_clerks_review_the_same_cases_each_goes_once(self, cases, staff, days, at_once):  # noqa: F811
        ids = [row.pk for row in cases(4)]

        def review(number: int):
            bulk = ask_bulk("refund", "review", "初审通过", ids, {}, by=staff(Role.PREPARER, number), at=days.reviewed)
            work_bulk(bulk, BULK_DEEDS["review"], at=days.reviewed)
            return bulk.moved, bulk.refused

        for number in (1, 2):
            staff(Role.PREPARER, number)
        done = at_once(lambda: review(1), lambda: review(2))
        assert sum(moved for moved, _ in done) == 4
        assert sum(refused for _, refused in done) == 4
        assert set(states()) == {State.REVIEWED}

    def test_two_share_out_at_once_each_case_has_one_clerk(self, cases, staff, days, at_once):  # noqa: F811
        cases(6)
        clerks = [staff(Role.PREPARER), staff(Role.PREPARER, 2)]

        def share():
            return sum(actions.share_out(Application.objects.all(), clerks, by=clerks[0], at=days.reviewed).values())

        assert sum(at_once(share, share)) == 6
        assert Event.objects.filter(why__startswith="分派给").count() == 6


def test_a_case_is_held_by_hand_from_its_page_for_a_reason_and_once(clerk, at_desk, cases):
    [case] = cases(1)
    page = reverse("admin:refunds_application_hold", args=[case.pk])
    assert "必填" in clerk.post(page, {"reason": " "}).content.decode()
    assert at_desk(Role.AUDITOR).post(page, {"reason": "x"}).status_code == 403
    clerk.post(page, {"reason": "核对工资表"})
    assert "已有人工暂缓" in clerk.post(page, {"reason": "再来"}).content.decode()
    assert "0 天" in clerk.get(reverse("admin:agency_hold_changelist")).content.decode()
    hold = Hold.objects.get()
    leads = f'href="{reverse("admin:agency_hold_change", args=[hold.pk])}"'
    shown = reverse("admin:refunds_application_change", args=[case.pk])
    assert leads in clerk.get(shown).content.decode()
    clerk.post(reverse("admin:agency_hold_lift", args=[hold.pk]), {"why": "已核对"})
    assert leads not in clerk.get(shown).content.decode()
    hold.refresh_from_db()
    assert hold.lifted_why == "已核对"
