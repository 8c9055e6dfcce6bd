"""Every table of moves, walked: each move that it names is made by exactly those whom it names, every other pair by nobody."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import count, product
from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import models

from agency.models import POSTS, Event, File, Hold, Role, User
from agency.moves import MoveRefused, move, move_all
from agency.sealed import BlindIndexField
from config.management.commands.states import PATH, moving_models, written

pytestmark = pytest.mark.django_db

OWN, BELOW, BESIDE, ABOVE = "1403", "140302", "1404", "14"
COVERS = {OWN: True, ABOVE: True, BELOW: False, BESIDE: False}  # whether a post there covers a row of the city
# What a row's constraints ask of it in one state or another: there in all of them, so that only the table decides.
NEEDED: dict[str, Callable[["Maker"], dict[str, Any]]] = {
    "Edition": lambda make: {"approved_by": make(User)},
    "PublicityRound": lambda make: {
        "published_by": make(User), "starts_on": date(2024, 7, 1), "ends_on": date(2024, 7, 5), "sha256": "0" * 64,
    },
    "PaymentBatch": lambda make: {
        "checker": make(User), "checked_at": make.at, "releaser": make(User), "released_at": make.at, "file": make(File),
        "sha256": "0" * 64,
    },
}  # fmt: skip


class Maker:
    """Makes a row of any model in the city: what must be there, from the fields themselves."""

    def __init__(self, regions, at) -> None:
        self.region, self.at, self._number = regions[OWN], at, count(1)

    def __call__(self, model: Any, **given: Any) -> Any:
        values = {
            field.name: self._value(field)
            for field in model._meta.concrete_fields
            if not (field.primary_key or field.null or field.has_default() or isinstance(field, BlindIndexField))
        }
        if any(field.name == "region" for field in model._meta.fields):
            values["region"] = self.region
        return model.objects.create(**values | NEEDED.get(model.__name__, lambda make: {})(self) | given)

    def _value(self, field: Any) -> Any:
        number = next(self._number)
        if field.is_relation:
            return self.region if field.related_model is type(self.region) else self(field.related_model)
        if field.choices:
            return field.choices[0][0]
        plain: dict[type, Any] = {
            models.DateTimeField: self.at, models.DateField: date(2024, 7, 1), models.DecimalField: number,
            models.FloatField: number, models.IntegerField: number, models.BooleanField: False, ArrayField: [],
            models.UUIDField: None,
        }  # fmt: skip
        for kind, value in plain.items():
            if isinstance(field, kind):
                return value
        return "" if field.blank else str(number)


@pytest.fixture
def make(regions, at) -> Maker:
    return Maker(regions, at)


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
