"""Every table of moves, walked: each move that it names is made by exactly those whom it names, every other pair by nobody."""

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import pytest

from agency.models import POSTS, Event, Hold, Role, User
from agency.moves import MoveRefused, move, move_all
from config.management.commands.states import PATH, moving_models, written
from tests.maker import Maker

pytestmark = pytest.mark.django_db

OWN, BELOW, BESIDE, ABOVE = "1403", "140302", "1404", "14"
COVERS = {OWN: True, ABOVE: True, BELOW: False, BESIDE: False}  # whether a post there covers a row of the city


@pytest.fixture
def make(regions, at) -> Maker:
    return Maker(regions[OWN], at)


@pytest.fixture
def movers(staff) -> list[tuple[User | None, str, str]]:
    """Everybody: (who, in which role, over which region), the enterprise and the system over none."""
    enterprise = User.objects.create(username="enterprise", name="某单位", kind=User.Kind.ENTERPRISE)
    posts = [(staff(role, region), role, region) for role, region in product(POSTS, COVERS)]
    return [*posts, (enterprise, Role.ENTERPRISE, ""), (None, Role.SYSTEM, "")]


def may(model: Any, was: str, now: str, role: str, region: str, *, of_region: bool) -> bool:
    """Whether the table lets this person make this move."""
    return role in model.MOVES.get((was, now), ()) and (not of_region or COVERS.get(region, True))


def pairs(model: Any) -> Iterator[tuple[str, str]]:
    return product(model.State.values, repeat=2)


def put(row: Any, state: str) -> None:
    """The row as it would be found in a state."""
    type(row).objects.filter(pk=row.pk).update(state=state)
    row.state = state


every_table = pytest.mark.parametrize("model", [pytest.param(model, id=model.__name__) for model in moving_models()])


@every_table
def test_each_pair_of_states_is_moved_by_those_whom_the_table_names_and_nobody_else(model, make, movers, at):
    row = make(model)
    of_region = getattr(row, "region_id", None) is not None
    told, wrong = 0, []
    for was, now in pairs(model):
        put(row, was)
        for by, role, region in movers:
            try:
                move(row, now, by=by, at=at)
            except MoveRefused:
                made = False
            else:
                made, told = True, told + 1
                put(row, was)
            if made != may(model, was, now, role, region, of_region=of_region):
                wrong.append((was, now, role, region, made))
    assert not wrong
    assert told >= len(model.MOVES)
    assert Event.objects.filter(kind=Event.Kind.MOVE, case_kind=model.CASE, case_id=row.pk).count() == told


@every_table
def test_a_bulk_move_takes_the_same_rows_as_one_at_a_time(model, make, movers, at):
    rows = {state: make(model, state=state) for state in model.State.values}
    of_region = getattr(next(iter(rows.values())), "region_id", None) is not None
    for (by, role, region), now in product(movers, model.State.values):
        moved = move_all(model.objects.filter(pk__in=[row.pk for row in rows.values()]), now, by=by, at=at).moved
        expected = {rows[was].pk for was in rows if may(model, was, now, role, region, of_region=of_region)}
        assert set(moved) == expected, (role, region, now)
        for was, row in rows.items():
            if row.pk in expected:
                put(row, was)


@every_table
def test_an_open_hold_stops_the_moves_marked_so_and_no_other(model, make, movers, at):
    row = make(model)
    Hold.objects.create(case_kind=model.CASE, case_id=row.pk, kind=Hold.Kind.CLERK, reason="核实", opened_at=at)
    assert set(model.HELD_MOVES) <= set(model.MOVES)
    for was, now in model.MOVES:
        put(row, was)
        by = next(by for by, role, region in movers if may(model, was, now, role, region, of_region=True))
        deed = partial(move, row, now, by=by, at=at)
        if (was, now) in model.HELD_MOVES:
            with pytest.raises(MoveRefused, match="暂缓"):
                deed()
        else:
            deed()


@every_table
def test_every_state_is_named_for_staff_and_says_what_happens_next(model):
    states = set(model.State.values)
    assert all(model.State(state).label for state in states)
    assert set(model.NEXT_STEPS) == states
    assert all(model.NEXT_STEPS.values())
    assert set(getattr(model, "PUBLIC_LABELS", states)) == states
    assert {state for pair in model.MOVES for state in pair} <= states
    assert all(model.MOVES.values())


def test_the_page_of_the_tables_is_current():
    assert PATH.read_text("utf-8") == written(), "run: python manage.py states"
