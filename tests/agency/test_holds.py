"""Holds: opened and lifted with their events; one of a kind at a time."""

import pytest

from agency.actions import HoldRefused, NewHold, lift_hold, lift_holds, open_hold, open_holds
from agency.models import Event, Hold, Role
from agency.moves import MoveRefused, is_held

pytestmark = pytest.mark.django_db


def told(case_id: int) -> list[str]:
    return list(Event.objects.filter(case_kind="refund", case_id=case_id).order_by("pk").values_list("why", flat=True))


class TestOpenHold:
    def test_stops_the_case_and_tells_why(self, regions, staff, at):
        clerk = staff(Role.PREPARER)
        hold = open_hold("refund", 7, Hold.Kind.CLERK, "电话核实", "1403", by=clerk, at=at)
        assert (hold.kind, hold.reason, hold.opened_by, hold.opened_at, hold.region_id) == (
            "CLERK",
            "电话核实",
            clerk,
            at,
            "1403",
        )
        assert is_held("refund", 7)
        event = Event.objects.get(case_kind="refund", case_id=7)
        assert (event.kind, event.why, event.by, event.region_id) == ("WRITE", "暂缓：电话核实", clerk, "1403")
        assert event.detail == {"hold": hold.pk, "kind": "CLERK"}

    def test_a_second_of_the_kind_is_not_opened_and_not_told(self, regions, at):
        open_hold("refund", 7, Hold.Kind.CREDIT, "甲", "1403", by=None, at=at)
        assert open_hold("refund", 7, Hold.Kind.CREDIT, "乙", "1403", by=None, at=at) is None
        assert told(7) == ["暂缓：甲"]

    def test_another_kind_is_opened_beside_it(self, regions, at):
        open_hold("refund", 7, Hold.Kind.CREDIT, "甲", "1403", by=None, at=at)
        assert open_hold("refund", 7, Hold.Kind.CLERK, "乙", "1403", by=None, at=at)

    def test_a_lifted_kind_may_be_opened_again(self, regions, at):
        lift_hold(open_hold("refund", 7, Hold.Kind.CREDIT, "甲", "1403", by=None, at=at), "移出", by=None, at=at)
        assert open_hold("refund", 7, Hold.Kind.CREDIT, "乙", "1403", by=None, at=at)
        assert told(7) == ["暂缓：甲", "解除暂缓：移出", "暂缓：乙"]

    def test_without_a_reason_it_is_refused(self, at, db):
        with pytest.raises(HoldRefused, match="原因"):
            open_hold("refund", 7, Hold.Kind.CLERK, " ", None, by=None, at=at)


class TestMany:
    def test_opens_what_is_not_yet_open_in_one_statement(self, regions, at, django_assert_num_queries):
        open_hold("refund", 3, Hold.Kind.CREDIT, "早先", "1403", by=None, at=at)
        new = [NewHold("refund", case, Hold.Kind.CREDIT, f"第{case}件", "1403") for case in range(1, 6)]
        with django_assert_num_queries(3):  # a savepoint, the statement, its release
            opened = open_holds(new, by=None, at=at)
        assert len(opened) == 4
        assert told(3) == ["暂缓：早先"]
        assert told(4) == ["暂缓：第4件"]

    def test_the_same_hold_named_twice_is_opened_once(self, regions, at):
        assert (
            len(
                open_holds(
                    [NewHold("refund", 1, "CREDIT", "甲", None), NewHold("refund", 1, "CREDIT", "乙", None)], by=None, at=at
                )
            )
            == 1
        )

    def test_lifts_the_named_kinds_alone(self, regions, staff, at):
        for kind in (Hold.Kind.CREDIT, Hold.Kind.CLERK):
            open_holds([NewHold("refund", case, kind, "甲", "1403") for case in (1, 2)], by=None, at=at)
        assert lift_holds("refund", [1, 2, 3], [Hold.Kind.CREDIT], "移出", by=None, at=at) == 2
        assert is_held("refund", 1)
        assert list(Hold.objects.filter(lifted_at__isnull=True).values_list("kind", flat=True)) == ["CLERK", "CLERK"]
        assert told(1)[-1] == "解除暂缓：移出"

    def test_what_a_person_opened_is_not_lifted_by_the_system(self, regions, staff, at):
        open_hold("refund", 1, Hold.Kind.CREDIT, "甲", "1403", by=staff(Role.PREPARER), at=at)
        assert lift_holds("refund", [1], [Hold.Kind.CREDIT], "移出", by=None, at=at, system_only=True) == 0
        assert is_held("refund", 1)

    def test_of_nothing_is_nothing(self, at, db):
        assert open_holds([], by=None, at=at) == []
        assert lift_holds("refund", [], [Hold.Kind.CREDIT], "移出", by=None, at=at) == 0


class TestLiftHold:
    def test_tells_who_and_why(self, regions, staff, at):
        hold = open_hold("refund", 7, Hold.Kind.CLERK, "电话核实", "1403", by=staff(Role.PREPARER), at=at)
        lift_hold(hold, "已核实", by=staff(Role.REVIEWER), at=at)
        hold.refresh_from_db()
        assert (hold.lifted_by, hold.lifted_at, hold.lifted_why) == (staff(Role.REVIEWER), at, "已核实")
        assert not is_held("refund", 7)

    def test_twice_is_refused(self, regions, staff, at):
        hold = open_hold("refund", 7, Hold.Kind.CLERK, "电话核实", "1403", by=None, at=at)
        again = Hold.objects.get(pk=hold.pk)
        lift_hold(hold, "已核实", by=staff(Role.PREPARER), at=at)
        with pytest.raises(HoldRefused, match="他人解除"):
            lift_hold(again, "又核实", by=staff(Role.PREPARER), at=at)

    def test_without_a_reason_it_is_refused(self, regions, staff, at):
        hold = open_hold("refund", 7, Hold.Kind.CLERK, "电话核实", "1403", by=None, at=at)
        with pytest.raises(HoldRefused, match="理由"):
            lift_hold(hold, "", by=staff(Role.PREPARER), at=at)

    @pytest.mark.parametrize(("role", "region"), [(Role.AUDITOR, "1403"), (Role.POLICY, "14"), (Role.PREPARER, "1404")])
    def test_another_post_or_region_is_refused(self, role, region, regions, staff, at):
        hold = open_hold("refund", 7, Hold.Kind.CLERK, "电话核实", "1403", by=None, at=at)
        with pytest.raises(MoveRefused, match="需要：经办、复审、财务"):
            lift_hold(hold, "已核实", by=staff(role, region), at=at)
