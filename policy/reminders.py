"""催促: which rung of the reminder ladder is due for an offer that nobody has answered.

Rungs count from 1: as many SMS as the terms say, then the list of those to call, then the public list of those not yet
confirmed. Nothing here reads a clock."""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from policy.notice import Terms
from policy.workdays import Calendar


class Kind(StrEnum):
    SMS = "SMS"
    CALL = "CALL"
    PUBLIC = "PUBLIC"


class Rung(NamedTuple):
    """One rung: its number from 1, what it is, and the day from which it is due."""

    number: int
    kind: Kind
    due_on: date


_THEN = {"nothing": (), "call_list": (Kind.CALL,), "public_list": (Kind.CALL, Kind.PUBLIC)}


def ladder(terms: Terms, offered_on: date, calendar: Calendar) -> list[Rung]:
    """Every rung of an offer of that day that falls due within the period, in order. Raises UnknownYear where working
    days are counted and the year is not known."""
    every, last_day = terms.count_of("reminder_every_days"), terms.refund_period[1]
    kinds = (*[Kind.SMS] * terms.count_of("reminder_count"), *_THEN[terms.word_of("reminder_then")])
    rungs = []
    for number, kind in enumerate(kinds, 1):
        due_on = offered_on + timedelta(days=every * number)
        if terms.word_of("reminder_on") == "next_workday":
            due_on = calendar.nth_after(due_on - timedelta(days=1), 1)
        if due_on <= last_day:
            rungs.append(Rung(number, kind, due_on))
    return rungs


def due(terms: Terms, offered_on: date, confirm_by: date, on: date, calendar: Calendar) -> Rung | None:
    """The newest rung that is due on a day; those below it that were missed are passed over. None before the first, after
    the period, and for an SMS that would say what the notice of the missed deadline says the same day."""
    if on > terms.refund_period[1]:
        return None
    newest = max((rung for rung in ladder(terms, offered_on, calendar) if rung.due_on <= on), default=None)
    told_anyway = newest is not None and newest.kind == Kind.SMS and on > confirm_by >= newest.due_on - timedelta(days=1)
    return None if told_anyway else newest


def publishes(terms: Terms) -> bool:
    """Whether the names of those not yet confirmed are published in the end."""
    return terms.word_of("reminder_then") == "public_list"
