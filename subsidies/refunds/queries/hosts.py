"""用工单位: the hosts of dispatch units as the law takes them, and how a refund is split among them."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from agency.models import Edition
from agency.queries import terms_of
from enterprises.queries import Asked, parent_sizes
from policy import dispatch
from policy.facts import RefundFacts
from policy.notice import Terms
from policy.refund import DISPATCH_KEYS, sized_by_host
from policy.verdict import Answer
from subsidies.refunds.models import Decision, Host


class HostLine(NamedTuple):
    """One host of a dispatch unit: its name, how many worked there, and what the law asks of it."""

    name: str
    workers: int | None
    host: dispatch.Host


def hosts_of(terms: Terms, usccs: Collection[str], asked: Asked) -> dict[str, list[HostLine]]:
    """{dispatch unit: its hosts}, their sizes looked up only where the terms go by host; a unit whose hosts are not on
    record at all is left out.

    年度 of a line is the year worked in, so last year; where a unit has only lines of the programme's own year, theirs is
    上年度实缴失业保险费 too."""
    if not usccs:
        return {}
    found = Host.objects.filter(unit_uscc__in=usccs, year__in=(asked.year - 1, asked.year), voided=False)
    rows = list(found.values_list("unit_uscc", "year", "host_uscc", "host_name", "host_kind", "workers", "paid"))
    days = terms.days_that_may_count(DISPATCH_KEYS, "refund")
    by_host = any(sized_by_host(terms, day) for day in days)
    sizes = parent_sizes(terms, {row[2] for row in rows}, asked) if by_host else {}
    lines: dict[str, dict[int, list[HostLine]]] = defaultdict(lambda: defaultdict(list))
    for unit, year, uscc, name, kind, workers, paid in rows:
        lines[unit][year].append(HostLine(name, workers, dispatch.Host(uscc, kind, paid, sizes.get(uscc))))
    return {unit: by_year[min(by_year)] for unit, by_year in lines.items()}


class SplitShown(NamedTuple):
    """A dispatch unit's refund in parts, and its hosts by code."""

    split: dispatch.Split
    lines: dict[str, HostLine]

    def name(self, code: str) -> str:
        """Whose a part is."""
        return self.lines[code].name if code else "单位自有部分"

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Every part as plain values: the hosts', the unit's own, those of public bodies, which are not paid."""
        split = self.split
        found = [*(("host", part) for part in split.hosts), *([("own", split.own)] if split.own else [])]
        found += [("public", part) for part in split.not_paid]
        return [
            {
                "whose": whose, "code": part.code, "name": self.name(part.code),
                "workers": self.lines[part.code].workers if part.code else None, "paid": str(part.paid),
                "rate": str(part.rate), "amount": str(part.amount),
            }
            for whose, part in found
        ]  # fmt: skip

    @property
    def sha256(self) -> str:
        """What an acceptance is of: refund and parts; empty where there is nothing to accept."""
        if self.split.finding.answer != Answer.PASS:
            return ""
        told = {"refund": str(self.split.refund), "parts": self.parts}
        return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def split_of(decision: Decision) -> SplitShown | None:
    """The refund of a decision split among the unit's hosts as they stand on record; None for any other enterprise."""
    application = decision.application
    return split_on(
        decision.edition, application.year, application.enterprise.uscc, RefundFacts.from_json(decision.facts), decision.on
    )


def split_on(edition: Edition, year: int, uscc: str, facts: RefundFacts, on: date) -> SplitShown | None:
    """The refund that follows from facts on a day, split among the unit's hosts on record; None for any other enterprise."""
    if not facts.dispatch:
        return None
    terms = terms_of(edition)
    lines = hosts_of(terms, [uscc], Asked.under(terms, year, on)).get(uscc, [])
    return SplitShown(dispatch.split(terms, facts, [line.host for line in lines]), {line.host.code: line for line in lines})
