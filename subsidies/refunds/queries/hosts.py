"""用工单位: the hosts of dispatch units as the law takes them, and how a refund is split among them."""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from agency.queries import terms_of
from enterprises.queries import Asked, parent_sizes
from policy import dispatch
from policy.facts import RefundFacts
from policy.notice import Terms
from policy.refund import DISPATCH_KEYS, sized_by_host
from subsidies.refunds.models import Decision, Host


class HostLine(NamedTuple):
    """One host of a dispatch unit: its name, and what the law asks of it."""

    name: str
    host: dispatch.Host


def hosts_of(terms: Terms, usccs: Collection[str], asked: Asked) -> dict[str, list[HostLine]]:
    """{dispatch unit: its hosts}, their sizes looked up only where the terms go by host; a unit whose hosts are not on
    record at all is left out.

    年度 of a line is the year worked in, so last year; where a unit has only lines of the programme's own year, theirs is
    上年度实缴失业保险费 too."""
    if not usccs:
        return {}
    found = Host.objects.filter(unit_uscc__in=usccs, year__in=(asked.year - 1, asked.year), voided=False)
    rows = list(found.values_list("unit_uscc", "year", "host_uscc", "host_name", "host_kind", "paid"))
    days = terms.days_that_may_count(DISPATCH_KEYS, "refund")
    by_host = any(sized_by_host(terms, day) for day in days)
    sizes = parent_sizes(terms, {row[2] for row in rows}, asked) if by_host else {}
    lines: dict[str, dict[int, list[HostLine]]] = defaultdict(lambda: defaultdict(list))
    for unit, year, uscc, name, kind, paid in rows:
        lines[unit][year].append(HostLine(name, dispatch.Host(uscc, kind, paid, sizes.get(uscc))))
    return {unit: by_year[min(by_year)] for unit, by_year in lines.items()}


class SplitShown(NamedTuple):
    """A dispatch unit's refund in parts, and the names of its hosts by code."""

    split: dispatch.Split
    names: dict[str, str]


def split_of(decision: Decision) -> SplitShown | None:
    """The refund of a decision split among the unit's hosts as they stand on record; None for any other enterprise."""
    facts = RefundFacts.from_json(decision.facts)
    if not facts.dispatch:
        return None
    terms, unit = terms_of(decision.edition), decision.application.enterprise.uscc
    asked = Asked.under(terms, decision.application.year, decision.on)
    lines = hosts_of(terms, [unit], asked).get(unit, [])
    found = dispatch.split(terms, facts, [line.host for line in lines])
    return SplitShown(found, {line.host.code: line.name for line in lines})
