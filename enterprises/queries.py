"""What is asked of the enterprises' rows: the figures that a year's decisions rest on, and the sizes of legal entities.

One statement for any number of enterprises. A voided row does not count; empty is unknown."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_CEILING, Context, Decimal
from typing import NamedTuple, Self

from django.db import connection
from django.db.models import Q, QuerySet

from enterprises.models import Enterprise, MonthlyContribution, NamePairs, Size2020, SizeListing
from policy.facts import RefundFacts
from policy.notice import Terms
from policy.rates import check_premium
from policy.size import size_of
from policy.verdict import Answer, Finding

# A mean that does not end is rounded up in its 28th digit, so that a rate of exactly the limit stays at the limit.
_EXACT_ENOUGH = Context(prec=28, rounding=ROUND_CEILING)


class Asked(NamedTuple):
    """What the figures are asked for. Last year = `year` - 1."""

    year: int  # of the programme
    looked_on: date  # the day on which lists are in force and money has come back
    any_payment: bool  # a month with no 应缴 on record counts as paid in full once anything was paid for it
    credit_origin: str  # what the origin of a credit listing must name to count; empty = every origin counts

    @classmethod
    def under(cls, terms: Terms, year: int, looked_on: date) -> Self:
        """What the terms ask of the figures of a programme year on a day."""
        any_payment = terms.word_of("due_unknown_month") == "any_payment"
        return cls(year, looked_on, any_payment, terms.word_of("credit_origin"))


class Figures(NamedTuple):
    """One enterprise's figures; names as in policy.facts.RefundFacts where they are the same. Yuan, persons, months."""

    id: int
    uscc: str
    kind: str
    dispatch: bool
    registration: str
    industry: str
    employees: int | None
    revenue: Decimal | None
    assets: Decimal | None
    recorded_size: str
    parent_uscc: str
    account: bool
    tax_account: bool
    start_insured: int | None
    end_insured: int | None
    dismissals: int | None
    claimants: int | None
    retired: int | None
    died: int | None
    statistics_size: str | None
    statistics_covers: bool
    size_2020: str | None
    listed: list[str] | None  # credit lists it is on
    list_loaded: bool  # a credit list that counts was loaded for its region
    months: int | None  # months with a record up to the day; None: no record at all
    full_months: int | None  # of these, paid in full
    unknown_months: int | None  # of these, not known whether
    full_last_year: int | None
    unknown_last_year: int | None
    deferred_unpaid: bool | None
    insured_sum: int | None  # head-counts of last year's months added up
    insured_months: int | None  # bit n: anybody, or an unknown number, was insured in the n-th month of last year
    counted_months: int | None  # bit n: the head-count of the n-th month is on record
    paid_normal: Decimal | None
    paid_arrears: Decimal | None
    paid_late_fees: Decimal | None
    paid_after_year: Decimal | None
    refunded: Decimal | None

    @property
    def mean_insured(self) -> Decimal | None:
        """月均参保人数, from the first insured month of last year to December; None where one of these has no head-count.
        Not rounded but for the 28th digit."""
        if not self.insured_months or self.insured_sum is None or self.counted_months is None:
            return None
        first = self.insured_months & -self.insured_months
        wanted = (1 << 13) - first
        if self.counted_months & wanted != wanted:
            return None
        return _EXACT_ENOUGH.divide(Decimal(self.insured_sum), Decimal(wanted.bit_count()))

    def paid_months(self, least: int) -> int | None:
        """Months paid in full up to the day. Known also where the unknown months cannot decide whether they are `least`."""
        return _settled(self.full_months, self.unknown_months, least)

    @property
    def months_paid_last_year(self) -> int | None:
        """Of last year's 12; known also where the unknown months cannot make them 12."""
        return _settled(self.full_last_year, self.unknown_last_year, 12)


def _settled(full: int | None, unknown: int | None, least: int) -> int | None:
    if full is None or unknown is None:
        return None
    return full if full >= least or full + unknown < least else None


# Which lines count for what (人社部发〔2024〕40号 二):
# - how much was due for a month, and for how many, is said by its 正常 lines, and where there is none by its 补缴 lines;
# - what arrived for a month = 正常 and 补缴 less 退费, up to the day; it is paid in full once that covers what was due;
# - a line whose day of arrival is empty has arrived, but whether within last year is not known.
_FIGURES = """
WITH scope AS MATERIALIZED (
    SELECT * FROM unnest(%(ids)s::bigint[], %(days)s::date[]) AS given (id, day)
), line AS (
    SELECT c.enterprise_id, c.month, scope.day, c.arrived_on, c.headcount, c.late_fee, c.deferred,
        c.type = '正常' AS normal, c.type = '补缴' AS back, c.type = '退费' AS refund,
        c.employer_due + c.employee_due AS due, c.employer_paid + c.employee_paid AS paid,
        c.arrived_on >= %(begins)s AND c.arrived_on < %(ends)s AS within
    FROM scope JOIN enterprises_monthlycontribution c ON c.enterprise_id = scope.id
    WHERE NOT c.voided AND c.enterprise_id BETWEEN %(first)s AND %(last)s
), month AS (
    SELECT enterprise_id, month, min(day) AS day, bool_or(NOT refund) AS stated,
        CASE WHEN bool_or(normal)
            THEN CASE WHEN bool_and(due IS NOT NULL) FILTER (WHERE normal) THEN sum(due) FILTER (WHERE normal) END
            WHEN bool_and(due IS NOT NULL) FILTER (WHERE back) THEN sum(due) FILTER (WHERE back) END AS due,
        CASE WHEN bool_or(normal)
            THEN CASE WHEN bool_and(headcount IS NOT NULL) FILTER (WHERE normal) THEN sum(headcount) FILTER (WHERE normal) END
            WHEN bool_and(headcount IS NOT NULL) FILTER (WHERE back) THEN sum(headcount) FILTER (WHERE back) END AS insured,
        CASE WHEN bool_and(paid IS NOT NULL) THEN coalesce(sum(CASE WHEN refund THEN -abs(paid) ELSE paid END)
            FILTER (WHERE arrived_on IS NULL OR arrived_on <= day), 0) END AS arrived,
        bool_or(deferred) AS deferred,
        bool_or(NOT refund AND (paid IS NULL OR (arrived_on IS NULL AND paid <> 0))) AS arrival_unknown,
        bool_or(refund AND paid IS NULL) AS refund_unknown,
        sum(paid) FILTER (WHERE within AND NOT refund) AS within_year,
        sum(paid) FILTER (WHERE arrived_on >= %(ends)s AND arrived_on <= %(looked_on)s AND NOT refund) AS after_year,
        sum(late_fee) FILTER (WHERE within) AS late_fees,
        sum(abs(paid)) FILTER (WHERE refund AND (arrived_on IS NULL OR arrived_on <= %(looked_on)s)) AS given_back
    FROM line GROUP BY enterprise_id, month
), judged AS (
    SELECT *, month >= %(begins)s AND month < %(ends)s AS last_year, month <= day AS by_day,
        1 << extract(month FROM month)::int AS bit,
        CASE WHEN arrived <= 0 THEN FALSE WHEN due IS NOT NULL THEN arrived >= due
            WHEN %(any_payment)s AND arrived > 0 THEN TRUE END AS in_full
    FROM month
), paid AS (
    SELECT enterprise_id AS id,
        count(*) FILTER (WHERE by_day) AS months,
        count(*) FILTER (WHERE by_day AND in_full) AS full_months,
        count(*) FILTER (WHERE by_day AND in_full IS NULL) AS unknown_months,
        count(*) FILTER (WHERE last_year) AS months_last_year,
        count(*) FILTER (WHERE last_year AND in_full) AS full_last_year,
        count(*) FILTER (WHERE last_year AND in_full IS NULL) AS unknown_last_year,
        CASE WHEN bool_or(deferred AND NOT in_full) FILTER (WHERE by_day) THEN TRUE
            WHEN bool_or(deferred AND in_full IS NULL) FILTER (WHERE by_day) THEN NULL ELSE FALSE END AS deferred_unpaid,
        sum(insured) FILTER (WHERE last_year) AS insured_sum,
        bit_or(bit) FILTER (WHERE last_year AND stated AND insured IS DISTINCT FROM 0) AS insured_months,
        bit_or(bit) FILTER (WHERE last_year AND insured IS NOT NULL) AS counted_months,
        CASE WHEN NOT bool_or(arrival_unknown) FILTER (WHERE last_year)
            THEN coalesce(sum(within_year) FILTER (WHERE last_year), 0) END AS paid_normal,
        CASE WHEN NOT coalesce(bool_or(arrival_unknown) FILTER (WHERE month < %(begins)s), FALSE)
            THEN coalesce(sum(within_year) FILTER (WHERE month < %(begins)s), 0) END AS paid_arrears,
        coalesce(sum(late_fees), 0) AS paid_late_fees,
        CASE WHEN NOT bool_or(arrival_unknown) FILTER (WHERE last_year)
            THEN coalesce(sum(after_year) FILTER (WHERE last_year), 0) END AS paid_after_year,
        CASE WHEN NOT bool_or(refund_unknown) FILTER (WHERE last_year)
            THEN coalesce(sum(given_back) FILTER (WHERE last_year), 0) END AS refunded
    FROM judged GROUP BY enterprise_id
), place AS MATERIALIZED (
    SELECT region.code,
        coalesce((
            SELECT cover.covers_all FROM enterprises_sizecover cover JOIN agency_region over ON over.code = cover.region_id
            WHERE starts_with(region.path, over.path) AND cover.year BETWEEN %(year)s - 1 AND %(year)s
            ORDER BY cover.year DESC, over.path DESC LIMIT 1), FALSE) AS covers,
        EXISTS (
            SELECT FROM agency_import load LEFT JOIN agency_region over ON over.code = load.region_id
            WHERE load.kind = 'credit-list' AND load.state = 'CONFIRMED'
                AND (load.region_id IS NULL OR starts_with(region.path, over.path))
                AND (%(origin)s = '' OR load.id IN (
                    SELECT l.source_id FROM enterprises_creditlisting l WHERE strpos(l.origin, %(origin)s) > 0))) AS list_loaded
    FROM agency_region region
    WHERE region.code IN (SELECT region_id FROM enterprises_enterprise WHERE id BETWEEN %(first)s AND %(last)s)
)
SELECT e.id, e.uscc, e.kind, e.dispatch, e.registration, e.industry, e.employees, e.revenue, e.assets, e.recorded_size,
    e.parent_uscc, e.account <> '', e.tax_account <> '',
    work.start_count, work.end_count, work.dismissals, work.claimants, work.retired, work.died,
    (
        SELECT l.size FROM enterprises_sizelisting l
        WHERE l.uscc = e.uscc AND NOT l.voided AND l.year BETWEEN %(year)s - 1 AND %(year)s ORDER BY l.year DESC LIMIT 1
    ) AS statistics_size,
    place.covers, in_2020.size AS size_2020,
    (
        SELECT array_agg(DISTINCT l.type ORDER BY l.type) FROM enterprises_creditlisting l
        WHERE l.uscc = e.uscc AND NOT l.voided AND (%(origin)s = '' OR strpos(l.origin, %(origin)s) > 0)
            AND (l.listed_on IS NULL OR l.listed_on <= %(looked_on)s)
            AND (l.delisted_on IS NULL OR l.delisted_on > %(looked_on)s)
    ) AS listed,
    place.list_loaded,
    paid.months, paid.full_months, paid.unknown_months,
    CASE WHEN paid.months_last_year > 0 THEN paid.full_last_year END,
    CASE WHEN paid.months_last_year > 0 THEN paid.unknown_last_year END,
    paid.deferred_unpaid,
    paid.insured_sum::bigint, paid.insured_months, paid.counted_months,
    CASE WHEN paid.months_last_year > 0 THEN paid.paid_normal END,
    CASE WHEN paid.months_last_year > 0 THEN paid.paid_arrears END,
    CASE WHEN paid.months_last_year > 0 THEN paid.paid_late_fees END,
    CASE WHEN paid.months_last_year > 0 THEN paid.paid_after_year END,
    CASE WHEN paid.months_last_year > 0 THEN paid.refunded END
FROM scope JOIN enterprises_enterprise e ON e.id = scope.id AND e.id BETWEEN %(first)s AND %(last)s
JOIN place ON place.code = e.region_id
LEFT JOIN enterprises_workforceyear work ON work.enterprise_id = e.id AND work.year = %(year)s - 1 AND NOT work.voided
    AND work.enterprise_id BETWEEN %(first)s AND %(last)s
LEFT JOIN enterprises_size2020 in_2020 ON in_2020.uscc = e.uscc AND NOT in_2020.voided
LEFT JOIN paid ON paid.id = e.id
"""


def figures(ids: Sequence[int], days: Sequence[date], asked: Asked) -> dict[int, Figures]:
    """{enterprise id: its figures}; months are counted up to the enterprise's own day (`days`, in the order of `ids`)."""
    if not ids:
        return {}
    values = {
        "ids": list(ids), "days": list(days), "first": min(ids), "last": max(ids), "year": asked.year,
        "begins": date(asked.year - 1, 1, 1), "ends": date(asked.year, 1, 1), "looked_on": asked.looked_on,
        "any_payment": asked.any_payment, "origin": asked.credit_origin,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, values)
        return {row[0]: Figures._make(row) for row in cursor.fetchall()}


def found_by(word: str) -> "QuerySet[Enterprise]":
    """The enterprises whose code starts with a word, or whose name contains it.

    Two characters that a name must hold side by side are looked up in an index of all such pairs; one character alone is
    sought in every name."""
    named = Q(name__contains=word)
    if len(word) > 1:
        named &= Q(pairs__contains=sorted({word[place : place + 2] for place in range(len(word) - 1)}))
    if word.isascii() and word.isalnum():
        named |= Q(uscc__startswith=word.upper())
    return Enterprise.objects.alias(pairs=NamePairs("name")).filter(named)


def premium_warnings(terms: Terms, enterprise: Enterprise, year: int) -> list[Finding]:
    """The months of last year whose 应缴 differs from base x rate, sum or split, by more than the terms tolerate. One
    query."""
    rows = MonthlyContribution.objects.filter(
        enterprise=enterprise, month__year=year - 1, type=MonthlyContribution.Type.NORMAL, voided=False
    ).order_by("month", "pk")
    found = [
        check_premium(terms, row.month, row.wage_base, row.employer_due, row.employee_due, row.headcount or 0) for row in rows
    ]
    return [finding for finding in found if finding.answer is Answer.FAIL]


def parent_sizes(terms: Terms, usccs: Iterable[str], asked: Asked) -> dict[str, str]:
    """{code of a legal entity: its own size}, by the ladder of the terms where the registry has it, else by the shared
    lists. One that neither knows, and one whose size is unknown, is left out. Three queries."""
    wanted = {uscc for uscc in usccs if uscc}
    if not wanted:
        return {}
    ids = list(Enterprise.objects.filter(uscc__in=wanted, voided=False).values_list("pk", flat=True))
    known = figures(ids, [asked.looked_on] * len(ids), asked)
    sizes = {row.uscc: _own_size(terms, size_facts(row)) for row in known.values()}
    strangers = wanted - sizes.keys()
    in_2020 = dict(Size2020.objects.filter(uscc__in=strangers, voided=False).values_list("uscc", "size"))
    listings = SizeListing.objects.filter(uscc__in=strangers, voided=False, year__range=(asked.year - 1, asked.year))
    named = dict(listings.order_by("year").values_list("uscc", "size"))
    for uscc in strangers:
        facts = RefundFacts(kind="企业", statistics_size=named.get(uscc), size_2020=in_2020.get(uscc))
        sizes[uscc] = _own_size(terms, facts) or named.get(uscc, "")
    return {uscc: size for uscc, size in sizes.items() if size}


def _own_size(terms: Terms, facts: RefundFacts) -> str:
    found = size_of(terms, facts)
    return found.size_class or found.size or ""


def size_facts(row: Figures) -> RefundFacts:
    """What an enterprise's own size is decided from."""
    return RefundFacts(
        kind=row.kind, mean_insured=row.mean_insured, statistics_size=row.statistics_size or None,
        statistics_covers=row.statistics_covers, size_2020=row.size_2020 or None, recorded_size=row.recorded_size or None,
        industry=row.industry or None, employees=row.employees, revenue=row.revenue, assets=row.assets,
    )  # fmt: skip
