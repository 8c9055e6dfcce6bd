"""What is asked of the agency's rows: who may do what where, which terms hold, what waits."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from agency.models import Attachment, Edition, FundMonth, Import, Job, Post, Programme, Region, Role, User, Workday
from policy import fund
from policy.notice import Terms
from policy.verdict import Finding
from policy.workdays import Calendar

BUSINESS_READERS = frozenset({Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.AUDITOR, Role.POLICY})
STUCK_AFTER = timedelta(minutes=10)


class TermsBroken(Exception):
    """The stored terms of an edition are not those that were approved."""


class Office(NamedTuple):
    """Whose name and phone stand under a letter or a message."""

    name: str
    phone: str


def posts_on(user: User, on: date) -> "QuerySet[Post]":
    """The posts that the user holds on a day (both ends in)."""
    return Post.objects.filter(user=user, from_on__lte=on).filter(Q(until_on__isnull=True) | Q(until_on__gte=on))


def paths_by_role(user: User, on: date) -> dict[str, list[str]]:
    """{role: region paths} of the user on a day; a path covers every region whose own path starts with it."""
    if not user.is_active:
        return {}
    found: dict[str, list[str]] = defaultdict(list)
    for role, path in posts_on(user, on).values_list("role", "region__path"):
        found[role].append(path)
    return dict(found)


def may(user: User, roles: set[str] | frozenset[str], path: str, on: date) -> bool:
    """Whether the user holds one of the roles over the region with this path on the day."""
    return any(
        role in roles and any(path.startswith(prefix) for prefix in prefixes)
        for role, prefixes in paths_by_role(user, on).items()
    )


def within(user: User, roles: set[str] | frozenset[str], on: date, path_field: str = "region__path") -> Q:
    """A filter for the rows whose region the user covers by one of the roles; matches nothing where there is none."""
    scope = Q(pk__in=[])
    for role, prefixes in paths_by_role(user, on).items():
        if role in roles:
            for prefix in prefixes:
                scope |= Q(**{f"{path_field}__startswith": prefix})
    return scope


def codes_under(prefixes: Iterable[str]) -> list[str]:
    """The codes of the regions whose path starts with one of these, from above down."""
    scope = Q(pk__in=[])
    for prefix in prefixes:
        scope |= Q(path__startswith=prefix)
    return list(Region.objects.filter(scope).order_by("path").values_list("code", flat=True))


def open_warnings(imp: Import) -> list[dict[str, Any]]:
    """The kinds of warning in an import's report that nobody has acknowledged: {name, reason (an example), rows ...}."""
    looked_at = set(imp.acknowledgements.values_list("warning", flat=True))
    return [kind for kind in imp.report.get("kinds", []) if kind["level"] == "W" and kind["name"] not in looked_at]


def attachments_of(case_kind: str, case_id: int) -> "QuerySet[Attachment]":
    """The proofs beside a case, oldest first."""
    return Attachment.objects.filter(case_kind=case_kind, case_id=case_id).select_related("file", "by").order_by("pk")


def stuck_jobs(at: datetime) -> "QuerySet[Job]":
    """Jobs that nobody seems to work: running without a sign of life, or waiting while none of their kind runs."""
    since = at - STUCK_AFTER
    running = Job.objects.filter(state=Job.State.RUNNING, kind=OuterRef("kind"))
    return Job.objects.annotate(alive_at=Coalesce("told_at", "started_at", "requested_at")).filter(
        Q(state=Job.State.RUNNING, alive_at__lt=since)
        | Q(~Exists(running), state=Job.State.QUEUED, requested_at__lt=since, alive_at__lt=since)
    )


def edition_in_force(programme: Programme, on: date) -> Edition | None:
    """The latest approved edition that counts on the day, None before the first."""
    return (
        programme.editions.filter(state=Edition.State.APPROVED, counts_from__lte=on).order_by("-counts_from", "-number").first()
    )


def terms_of(edition: Edition) -> Terms:
    """The terms of an edition, parsed once for each text. Raises TermsBroken where they do not bear its SHA-256."""
    return _terms(edition.terms_sha256, edition.terms)


@lru_cache(maxsize=64)
def _terms(sha256: str, text: str) -> Terms:
    terms = Terms.parse(text)
    if terms.sha256 != sha256:
        raise TermsBroken("版本所存条款与其散列不符，可能被改动过；请停止办理并联系系统管理。")
    return terms


def draft_problem(programme: Programme) -> str:
    """What bars publicity and payment under a draft notice, in Chinese: the final number and day are not recorded, or not
    yet checked by a second person. Empty where nothing does. One query."""
    edition = programme.editions.exclude(state=Edition.State.REFUSED).order_by("number").first()
    if edition is None:
        return f"“{programme.title}”还没有版本"
    terms = terms_of(edition)
    if not terms.draft or programme.final_checked_by_id:
        return ""
    if not programme.final_recorded_by_id:
        return f"“{programme.title}”所依据的《{terms.title}》是征求意见稿，尚未补录正式文号和印发日期"
    return (
        f"“{programme.title}”所依据的《{terms.title}》已补录文号“{programme.final_number}”（{programme.final_on}），"
        "尚未由另一位政策管理人员复核"
    )


def may_publish(programme: Programme) -> bool:
    """Whether lists may be published and money paid."""
    return not draft_problem(programme)


def calendar() -> Calendar:
    """The working calendar with the agency's overrides. One query."""
    return Calendar(dict(Workday.objects.filter(voided=False).values_list("day", "works")))


def fund_finding(region: Region, year: int, terms: Terms) -> Finding:
    """Whether the fund carries a programme of `year`: the gate over last year's reports of the topmost region above
    (or at) this one that has any; UNKNOWN where a month is missing. Two queries."""
    reports = FundMonth.objects.filter(month__year=year - 1, voided=False)
    above = region.path.strip("/").split("/")
    pool = reports.filter(region__in=above).order_by("region__path").values_list("region", flat=True).first()
    months = {report.month.month: report for report in reports.filter(region=pool)}
    spending = {month: months[month].spent if month in months else None for month in range(1, 13)}
    return fund.gate(terms, months[12].balance if 12 in months else None, spending)


class PilotStanding(NamedTuple):
    """How an extended-use pilot stands, by the reports of this region."""

    region: Region
    pilot: fund.Pilot


def pilot_standing(region: Region, terms: Terms) -> PilotStanding | None:
    """How the pilot of these terms stands up to the last month reported, by the reports of the nearest region at or above
    this one that has any; by its own, all unknown, where none has. None where the terms rule no pilot. Two queries."""
    if not terms.states("pilot_rate"):
        return None
    sealed = terms.day_of("pilot_balance_on").replace(day=1)
    above = Region.objects.filter(code__in=region.path.strip("/").split("/"))
    reported = FundMonth.objects.filter(voided=False, month__range=(sealed, terms.day_of("pilot_until")))
    pool = above.filter(pk__in=reported.values("region")).order_by("-path").first() or region
    reports = {report.month: report for report in reported.filter(region=pool)}
    spent = {
        month: {purpose: getattr(report, column) for purpose, column in FundMonth.PURPOSES.items()}
        for month, report in reports.items()
    }
    balance = reports[sealed].balance if sealed in reports else None
    found = fund.pilot(terms, balance, spent, max(reports, default=sealed))
    return PilotStanding(pool, found) if found else None


def programmes_over(region: Region) -> "QuerySet[Programme]":
    """The programmes, opened or closed, that cover a part of this region."""
    above = region.path.strip("/").split("/")
    covers = Q(region__in=above) | Q(region__path__startswith=region.path)
    return Programme.objects.exclude(state=Programme.State.PREPARED).filter(covers)


def offices() -> dict[str | None, Office]:
    """{region code: its office's name and phone}, each taken from the nearest region above where its own is empty;
    None: where no region is known. One query."""
    found: dict[str | None, Office] = {None: Office("失业保险经办机构", "12333")}
    for code, parent, name, phone in Region.objects.order_by("path").values_list("code", "parent", "office_name", "phone"):
        above = found.get(parent, found[None])
        found[code] = Office(name or above.name, phone or above.phone)
    return found
