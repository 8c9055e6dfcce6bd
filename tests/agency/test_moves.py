"""Moves: by the table, guarded, one Event each; two people at once give one move and one clear refusal."""

import threading
import time
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from agency.models import Event, Hold, Message, Programme, Role, User
from agency.moves import MoveRefused, insert_all, is_held, move, move_all, open_all, record
from enterprises.models import Enterprise
from subsidies.refunds.models import Application

State = Application.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def programme(regions, staff, at) -> Programme:
    return Programme.objects.create(
        notice="shanxi/2024", region=regions["14"], year=2024, title="某项目", prepared_by=staff(Role.POLICY, "14"), created_at=at
    )


@pytest.fixture
def application(programme, regions):
    """application(State.ELIGIBLE, "1403"): one more case in that state and region."""

    def make(state: str = State.ELIGIBLE, region: str = "1403", count: int = 1):
        first = Enterprise.objects.count()
        enterprises = [
            Enterprise(uscc=f"{first + n:018}", name=f"单位{first + n}", kind="企业", region=regions[region])
            for n in range(count)
        ]
        insert_all(enterprises)
        made = [
            Application(state=state, programme=programme, enterprise=each, region=regions[region], year=2024)
            for each in enterprises
        ]
        insert_all(made)
        return made if count > 1 else made[0]

    return make


@pytest.fixture
def enterprise_user(db) -> User:
    return User.objects.create(username="91140300000000000X", name="某单位", kind=User.Kind.ENTERPRISE)


def hold(case, at, **also) -> Hold:
    return Hold.objects.create(case_kind="refund", case_id=case.pk, kind=Hold.Kind.CLERK, reason="核实", opened_at=at, **also)


def moves_of(case) -> list[tuple[str, str]]:
    return list(Event.objects.filter(case_kind="refund", case_id=case.pk).order_by("pk").values_list("from_state", "to_state"))


class TestMove:
    def test_moves_the_row_and_tells_it_once(self, application, staff, at):
        case, clerk = application(), staff(Role.PREPARER)
        move(
            case, State.OFFERED, by=clerk, at=at, why="批量发送", detail={"batch": 1}, offered_at=at, confirm_by=date(2024, 8, 31)
        )
        case.refresh_from_db()
        assert (case.state, case.offered_at, case.confirm_by) == (State.OFFERED, at, date(2024, 8, 31))
        [told] = Event.objects.filter(case_kind="refund", case_id=case.pk)
        assert (told.kind, told.from_state, told.to_state, told.by, told.at) == ("MOVE", "ELIGIBLE", "OFFERED", clerk, at)
        assert (told.region_id, told.why, told.detail) == ("1403", "批量发送", {"batch": 1})

    def test_keeps_the_row_in_hand_up_to_date(self, application, staff, at):
        case = application()
        move(case, State.OFFERED, by=staff(Role.PREPARER), at=at, offered_at=at)
        assert (case.state, case.offered_at) == (State.OFFERED, at)

    def test_refuses_what_is_not_in_the_table(self, application, staff, at):
        case = application(State.INELIGIBLE)
        with pytest.raises(MoveRefused, match="当前状态为“不符合”，不能变为“待确认”"):
            move(case, State.OFFERED, by=staff(Role.PREPARER), at=at)
        assert moves_of(case) == []

    def test_refuses_another_post(self, application, staff, at):
        with pytest.raises(MoveRefused, match="需要：经办"):
            move(application(), State.OFFERED, by=staff(Role.REVIEWER), at=at)

    def test_refuses_a_post_over_another_region(self, application, staff, at):
        with pytest.raises(MoveRefused, match="该地区"):
            move(application(region="1404"), State.OFFERED, by=staff(Role.PREPARER, "1403"), at=at)

    def test_a_post_covers_the_regions_below_it(self, application, staff, at):
        case = application(region="140302")
        move(case, State.OFFERED, by=staff(Role.PREPARER, "1403"), at=at)
        assert moves_of(case) == [("ELIGIBLE", "OFFERED")]

    def test_a_post_does_not_cover_the_region_above_it(self, application, staff, at):
        with pytest.raises(MoveRefused, match="该地区"):
            move(application(region="1403"), State.OFFERED, by=staff(Role.PREPARER, "140302"), at=at)

    def test_a_post_counts_from_its_first_to_its_last_day(self, application, staff, at):
        clerk = staff(Role.PREPARER)
        clerk.posts.update(from_on=at.date(), until_on=at.date())
        for day in (-1, 1):
            with pytest.raises(MoveRefused, match="没有办理这一步的岗位"):
                move(application(), State.OFFERED, by=clerk, at=at + timedelta(days=day))
        move(application(), State.OFFERED, by=clerk, at=at)

    def test_the_day_is_that_of_the_desk_whatever_the_zone_of_the_moment(self, application, staff, at):
        clerk = staff(Role.PREPARER)
        clerk.posts.update(from_on=at.date())
        early = at.replace(hour=1).astimezone(ZoneInfo("UTC"))  # still the day before there
        move(application(), State.OFFERED, by=clerk, at=early)

    def test_a_dismissed_person_moves_nothing(self, application, staff, at):
        clerk = staff(Role.PREPARER)
        clerk.is_active = False
        with pytest.raises(MoveRefused):
            move(application(), State.OFFERED, by=clerk, at=at)

    def test_the_enterprise_makes_its_own_moves_alone(self, application, enterprise_user, at):
        move(application(State.OFFERED), State.CONFIRMED, by=enterprise_user, at=at)
        with pytest.raises(MoveRefused, match="须由经办机构工作人员办理"):
            move(application(State.CONFIRMED), State.REVIEWED, by=enterprise_user, at=at)

    def test_the_system_makes_its_own_moves_alone(self, application, at):
        move(application(State.OFFERED), State.OVERDUE, by=None, at=at)
        with pytest.raises(MoveRefused):
            move(application(State.CONFIRMED), State.REVIEWED, by=None, at=at)

    def test_nothing_moves_forward_past_an_open_hold(self, application, staff, at):
        case = application()
        hold(case, at)
        with pytest.raises(MoveRefused, match="暂缓"):
            move(case, State.OFFERED, by=staff(Role.PREPARER), at=at)
        assert is_held("refund", case.pk)
        assert moves_of(case) == []

    def test_a_lifted_hold_or_that_of_another_case_stops_nothing(self, application, staff, at):
        case, other = application(), application()
        hold(case, at, lifted_at=at)
        hold(other, at)
        Hold.objects.create(case_kind="award", case_id=case.pk, kind="CLERK", reason="另一事项", opened_at=at)
        move(case, State.OFFERED, by=staff(Role.PREPARER), at=at)
        assert case.state == State.OFFERED

    def test_a_hold_does_not_keep_an_enterprise_from_answering(self, application, enterprise_user, at):
        case = application(State.OFFERED)
        hold(case, at)
        move(case, State.DECLINED, by=enterprise_user, at=at)
        assert case.state == State.DECLINED

    def test_a_row_read_before_somebody_else_moved_it_is_refused(self, application, staff, enterprise_user, at):
        case = application(State.OFFERED)
        stale = Application.objects.get(pk=case.pk)
        move(case, State.CONFIRMED, by=enterprise_user, at=at)
        with pytest.raises(MoveRefused, match="刚刚已由他人"):
            move(stale, State.DECLINED, by=enterprise_user, at=at)
        assert moves_of(case) == [("OFFERED", "CONFIRMED")]

    def test_an_event_is_never_changed_or_removed(self, application, staff, at):
        case = application()
        move(case, State.OFFERED, by=staff(Role.PREPARER), at=at)
        for wrong in (lambda: Event.objects.update(why="改写"), lambda: Event.objects.all().delete()):
            with pytest.raises(Exception, match="append_only"), transaction.atomic():
                wrong()
        assert moves_of(case) == [("ELIGIBLE", "OFFERED")]


class TestMoveAll:
    def test_moves_what_may_move_and_names_the_rest(self, application, staff, at):
        free, far, elsewhere, held = application(), application(region="1404"), application(State.OFFERED), application()
        hold(held, at)
        told = move_all(
            Application.objects.all(), State.OFFERED, by=staff(Role.PREPARER), at=at, why="批量", also={"offered_at": at}
        )
        assert told.moved == [free.pk]
        assert sorted(told.refused) == sorted([far.pk, elsewhere.pk, held.pk])
        free.refresh_from_db()
        assert (free.state, free.offered_at, moves_of(free)) == (State.OFFERED, at, [("ELIGIBLE", "OFFERED")])
        assert moves_of(far) == moves_of(elsewhere) == moves_of(held) == []

    def test_tells_who_when_where_and_why(self, application, staff, at):
        case, clerk = application(region="140302"), staff(Role.PREPARER)
        move_all(Application.objects.all(), State.OFFERED, by=clerk, at=at, why="批量")
        told = Event.objects.get(case_kind="refund", case_id=case.pk)
        assert (told.kind, told.by, told.at, told.region_id, told.why, told.detail) == ("MOVE", clerk, at, "140302", "批量", {})

    def test_leaves_from_several_states_at_once(self, application, at):
        cases = [application(state) for state in (State.OFFERED, State.DECLINED, State.OVERDUE)]
        told = move_all(Application.objects.all(), State.WAIVED, by=None, at=at)
        assert told.moved == sorted(case.pk for case in cases)
        assert [moves_of(case) for case in cases] == [[(was, "WAIVED")] for was in ("OFFERED", "DECLINED", "OVERDUE")]

    def test_sets_people_and_sealed_values_too(self, application, staff, at):
        application(State.CONFIRMED)
        clerk = staff(Role.PREPARER)
        move_all(Application.objects.all(), State.REVIEWED, by=clerk, at=at, also={"reviewed_by": clerk, "reviewed_at": at})
        assert Application.objects.get().reviewed_by == clerk

    def test_of_nothing_is_nothing(self, staff, at):
        assert move_all(Application.objects.all(), State.OFFERED, by=staff(Role.PREPARER), at=at) == ([], [])

    def test_somebody_without_a_post_moves_nothing(self, application, staff, at):
        case = application()
        assert move_all(Application.objects.all(), State.OFFERED, by=staff(Role.FINANCE), at=at) == ([], [case.pk])

    def test_a_row_that_a_join_names_twice_moves_once(self, application, staff, at):
        case = application()
        for kind in (Hold.Kind.CLERK, Hold.Kind.CREDIT):
            Hold.objects.create(case_kind="refund", case_id=case.pk, kind=kind, reason="已解除", opened_at=at, lifted_at=at)
        twice = Application.objects.filter(enterprise__applications__in=[case.pk]).extra(
            tables=["agency_hold"], where=["agency_hold.case_id = refunds_application.id"]
        )
        assert twice.count() == 2
        assert move_all(twice, State.OFFERED, by=staff(Role.PREPARER), at=at) == ([case.pk], [])

    def test_a_row_of_no_region_moves_as_it_does_alone(self, at):
        message = Message.objects.create(kind="offer", phone="13800000001", text="甲", created_at=at, next_try_at=at)
        assert move_all(Message.objects.all(), Message.State.SENDING, by=None, at=at) == ([message.pk], [])

    def test_goes_by_chunks_of_a_fixed_number_of_statements(self, application, staff, at, monkeypatch, django_assert_num_queries):
        monkeypatch.setattr("agency.moves.CHUNK", 10)
        application(count=30)
        clerk = staff(Role.PREPARER)
        # one for the ids, and for each of three chunks: posts, savepoint, lock, holds, move, events, release
        with django_assert_num_queries(1 + 3 * 7):
            assert len(move_all(Application.objects.all(), State.OFFERED, by=clerk, at=at).moved) == 30


class TestOpenAll:
    def test_rows_are_born_with_their_events_and_ids(self, staff, at):
        born = open_all(
            [Message(kind="offer", phone="13800000001", text=f"第{n}条", created_at=at, next_try_at=at) for n in range(3)],
            by=staff(Role.PREPARER), at=at, why="通知",
        )  # fmt: skip
        assert [message.text.reveal() for message in Message.objects.order_by("pk")] == ["第0条", "第1条", "第2条"]
        told = Event.objects.filter(case_kind="message").order_by("case_id")
        assert [(each.case_id, each.from_state, each.to_state, each.why) for each in told] == [
            (message.pk, "", "QUEUED", "通知") for message in born
        ]

    def test_a_row_born_may_be_used_as_any_saved_one(self, at):
        [message] = open_all(
            [Message(kind="offer", phone="13800000001", text="甲", created_at=at, next_try_at=at)], by=None, at=at
        )
        message.tries = 3
        message.save()
        assert list(Message.objects.values_list("tries", flat=True)) == [3]

    def test_a_constraint_refuses_as_in_any_insert(self, programme, at):
        again = Programme(
            notice="x", region=programme.region, year=2024, title="重复", prepared_by=programme.prepared_by, created_at=at
        )
        with pytest.raises(IntegrityError, match="programme_once_a_year"), transaction.atomic():
            open_all([again], by=None, at=at)
        assert not Event.objects.filter(case_kind="programme").exists()

    def test_of_nothing_is_nothing(self, at):
        assert open_all([], by=None, at=at) == []


class TestRecord:
    def test_writes_what_is_not_a_move(self, staff, at):
        record(
            Event.Kind.EXPORT,
            case="award",
            case_id=7,
            by=staff(Role.AUDITOR),
            at=at,
            why="导出",
            region_id="1403",
            detail={"rows": 3},
        )
        told = Event.objects.get(kind=Event.Kind.EXPORT)
        assert (told.case_kind, told.case_id, told.region_id, told.why, told.detail) == ("award", 7, "1403", "导出", {"rows": 3})


def together(*deeds) -> list[object]:
    """Run deeds at the same moment, each on a connection of its own; what each returned or raised."""
    barrier, results = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(number, deed):
        try:
            connection.ensure_connection()
            barrier.wait(20)
            results[number] = deed()
        except Exception as raised:  # noqa: BLE001 what was raised is what the test looks at
            results[number] = raised
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_one_moves_and_one_is_refused(self, application, enterprise_user, at, rounds):
        cases = application(State.OFFERED, count=rounds(200))
        for case in cases:
            confirm = Application.objects.select_related("region").get(pk=case.pk)
            decline = Application.objects.select_related("region").get(pk=case.pk)
            results = together(
                lambda it=confirm: move(it, State.CONFIRMED, by=enterprise_user, at=at),
                lambda it=decline: move(it, State.DECLINED, by=enterprise_user, at=at),
            )
            assert sorted(type(result) for result in results if result) == [MoveRefused]
            case.refresh_from_db()
            assert moves_of(case) == [("OFFERED", case.state)]

    def test_two_bulk_moves_share_the_rows_and_never_wait_for_each_other_in_a_ring(
        self, application, enterprise_user, at, rounds
    ):
        for _ in range(rounds(5)):
            ids = {case.pk for case in application(State.OFFERED, count=300)}
            rows = Application.objects.filter(pk__in=ids)
            confirmed, declined = together(
                lambda rows=rows: move_all(rows, State.CONFIRMED, by=enterprise_user, at=at),
                lambda rows=rows: move_all(rows, State.DECLINED, by=enterprise_user, at=at),
            )
            # what one declined the other may confirm after it, by the table; what was confirmed is declined no more
            assert set(confirmed.moved) == ids
            assert Event.objects.filter(case_kind="refund", case_id__in=ids).count() == len(ids) + len(declined.moved)

    def test_a_bulk_move_sees_a_hold_that_was_opened_while_it_waited(self, application, staff, at):
        case, clerk = application(), staff(Role.PREPARER)
        waiting = threading.Event()

        def hold_it():
            with transaction.atomic():
                Application.objects.select_for_update().get(pk=case.pk)
                waiting.set()
                time.sleep(0.5)
                hold(case, at)

        def move_it():
            waiting.wait(10)
            return move_all(Application.objects.all(), State.OFFERED, by=clerk, at=at)

        assert together(hold_it, move_it)[1] == ([], [case.pk])


def multiply(row, count: int, **differing: str) -> None:
    """That many more rows like this one, but for the columns given as SQL over a running number n."""
    columns = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    values = [differing.get(column, f'"{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {row._meta.db_table} ({names}) SELECT {', '.join(values)} "
            f"FROM {row._meta.db_table}, generate_series(1, {count}) n WHERE id = {row.pk}"
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
class TestAtSize:
    def test_a_hundred_thousand_moves_take_seconds(self, application, staff, at):
        case = application()
        code = "'A' || lpad(n::text, 17, '0')"
        multiply(case.enterprise, 99_999, uscc=code)
        multiply(case, 99_999, enterprise_id=f"(SELECT id FROM enterprises_enterprise WHERE uscc = {code})")
        clerk = staff(Role.PREPARER)
        begun = time.monotonic()
        told = move_all(Application.objects.all(), State.OFFERED, by=clerk, at=at, also={"offered_at": at})
        took = time.monotonic() - begun
        assert (len(told.moved), told.refused) == (100_000, [])
        assert Event.objects.filter(case_kind="refund", to_state="OFFERED").count() == 100_000
        assert took < 60
        print(f"100,000 moves with their events: {took:.1f} s")
