"""筛查: every enterprise of a programme assessed, by a job, in chunks of ids that are one transaction each."""

import gc
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.utils.timezone import localdate

from agency.actions.holds import NewHold, lift_holds
from agency.actions.jobs import Progress, queue_job
from agency.models import Chunk, Event, Hold, Job, Programme, Role, User
from agency.moves import check_mover, move_ids, record
from policy.refund import RefundVerdict
from policy.verdict import Outcome
from subsidies.payout.actions import Owed, note_differences
from subsidies.payout.models import Award
from subsidies.payout.queries import NoTerms, open_differences, terms_in_force
from subsidies.refunds.actions.changes import hold_changes
from subsidies.refunds.actions.decisions import Birth, Deciding, bear, write_decisions, write_sizes
from subsidies.refunds.actions.refusals import RefundRefused, edition_on
from subsidies.refunds.models import Application, ScreeningRun, State
from subsidies.refunds.queries.assessments import (
    ANSWERS,
    Assessed,
    InForce,
    assess_all,
    change,
    counted_on,
    holding_case,
    is_news,
    news,
)
from subsidies.refunds.queries.facts import Case
from subsidies.refunds.queries.sizes import resized_later, size_lists, unread_size_lists

CHUNK = 5_000
_log = logging.getLogger(__name__)

STATE_OF = {"eligible": State.ELIGIBLE, "ineligible": State.INELIGIBLE, "incomplete": State.INCOMPLETE}
SCREENED = frozenset(STATE_OF.values())
ENDED = frozenset({State.WITHDRAWN, State.REJECTED, State.WAIVED})


class Known(NamedTuple):
    """An application that the screening finds."""

    id: int
    programme_id: int
    state: str
    channel: str
    answered_at: datetime | None
    submitted_at: datetime | None
    award_id: int | None
    award_state: str | None
    decided: InForce | None


class Seen(NamedTuple):
    """One enterprise of the chunk with its application, as read before its facts."""

    enterprise_id: int
    region_id: str
    dispatch: bool
    known: Known | None


def start_screening(programme: Programme, on: date, *, by: User | None, at: datetime, why: str = "") -> ScreeningRun:
    """Order a screening of the whole programme as of a day, under the edition in force on it; `by` None is the system, which
    says why. Raises RefundRefused: the programme is not open, the day is to come or no edition counts on it, or a screening
    of it still runs."""
    check_mover(programme, {Role.PREPARER, Role.REVIEWER, Role.SYSTEM}, by, at)
    if on > localdate(at):
        raise RefundRefused(f"筛查日 {on} 晚于今天，请核对日期。")
    with transaction.atomic():
        locked = Programme.objects.select_for_update().get(pk=programme.pk)
        if locked.state != Programme.State.OPEN:
            raise RefundRefused("项目尚未开办或已结束，不能筛查。")
        edition = edition_on(locked, on)
        live = Job.objects.filter(kind=Job.Kind.SCREENING, state__in=[Job.State.QUEUED, Job.State.RUNNING])
        if ScreeningRun.objects.filter(programme=locked, pk__in=live.values("subject_id")).exists():
            raise RefundRefused("本项目已有筛查在进行，请等它完成或取消后再开始。")
        run = ScreeningRun.objects.create(
            programme=locked, edition=edition, on=on, requested_by=by, requested_at=at, size_lists=size_lists(locked.pk)
        )
        record(
            Event.Kind.WRITE, case="screening", case_id=run.pk, by=by, at=at, region_id=locked.region_id,
            why=f"开始筛查：{locked}，筛查日 {on}" + (f"；{why}" if why else ""),
        )  # fmt: skip
        queue_job(Job.Kind.SCREENING, run.pk, locked.region_id, by=by, at=at)
    return run


def screen_new_sizes(*, at: datetime) -> int:
    """Order a screening of each open programme whose notice has formal lists of sizes count when they come late, once for
    the lists that its newest screening did not find; none before its first, and none while one waits or runs. As of today,
    or of the last day of the period. What is refused is logged, and the others go on. Safe in any number of processes at once.
    Returns how many were ordered."""
    ordered = 0
    for programme in Programme.objects.filter(pk__in=unread_size_lists()).order_by("pk"):
        try:
            terms = terms_in_force(programme, localdate(at))
            on = min(localdate(at), terms.refund_period[1])
            if resized_later(terms, on):
                ordered += _screen_unread(programme, on, terms.clause("size_settled_later", on), at=at)
        except (NoTerms, RefundRefused) as refused:
            _log.warning("programme %s was not screened for new lists of sizes: %s", programme.pk, refused)
    return ordered


def _screen_unread(programme: Programme, on: date, clause: str, *, at: datetime) -> bool:
    with transaction.atomic():
        Programme.objects.select_for_update().get(pk=programme.pk)
        unread = unread_size_lists().get(programme.pk, [])  # as it is now that nobody else orders one
        if unread:
            which = "、".join(map(str, unread[:10])) + (" 等" if len(unread) > 10 else "")
            why = f"上次筛查之后导入了正式划型名单（第 {which} 号导入），按最新划型重新判定 {clause}"
            start_screening(programme, on, by=None, at=at, why=why)
    return bool(unread)


def screen(run: ScreeningRun, *, at: datetime, progress: Progress) -> None:
    """Work a screening: its chunks, each one transaction, but those that another process works. Started again after a
    kill it goes on where it was; cancelled it keeps the chunks that are done."""
    chunks = cut(run)
    total = chunks.aggregate(rows=Sum("rows"))["rows"] or 0
    while True:
        done = chunks.filter(done_at__isnull=False).aggregate(rows=Sum("rows"))["rows"] or 0
        progress(done, total, "筛查", "户")
        with _uncollected(), transaction.atomic():
            chunk = chunks.select_for_update(skip_locked=True).filter(done_at__isnull=True).order_by("first_id").first()
            if chunk is None:
                break
            counts = screen_chunk(run, chunk.first_id, chunk.last_id, at=at)
            chunks.filter(pk=chunk.pk).update(done_at=at)
            _count(run, counts)
    if not chunks.filter(done_at__isnull=True).exists():
        ScreeningRun.objects.filter(pk=run.pk, finished_at__isnull=True).update(finished_at=at)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for rings of objects meanwhile: a chunk makes a hundred thousand rows and no ring, and the search among them
    took a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def cut(run: ScreeningRun) -> "QuerySet[Chunk]":
    """The chunks of a screening: the programme's enterprises in ranges of ids, cut once."""
    job = Job.objects.filter(kind=Job.Kind.SCREENING, subject_id=run.pk).latest("pk")
    with transaction.atomic(), connection.cursor() as cursor:
        if Job.objects.select_for_update().get(pk=job.pk).chunks.exists():
            return job.chunks.all()
        cursor.execute(
            """
            INSERT INTO agency_chunk (job_id, first_id, last_id, rows)
            SELECT %s, min(id), max(id), count(*) FROM (
                SELECT e.id, (row_number() OVER (ORDER BY e.id) - 1) / %s AS part
                FROM enterprises_enterprise e JOIN agency_region region ON region.code = e.region_id
                WHERE starts_with(region.path, %s) AND NOT e.voided
            ) numbered GROUP BY part
            """,
            [job.pk, CHUNK, run.programme.region.path],
        )
    return job.chunks.all()


def screen_chunk(run: ScreeningRun, first_id: int, last_id: int, *, at: datetime) -> Counter[str]:
    """Assess the enterprises of a range of ids and write what is new of them, in one transaction. Returns counts."""
    with transaction.atomic():
        seen = _seen(run, first_id, last_id)
        cases = [_case(each, run.on) for each in seen]
        found = assess_all(run.edition, run.programme.year, cases, run.on)
        counts = _outcomes(found)
        sorted_out: dict[str, list[tuple[Seen, Assessed]]] = defaultdict(list)
        for each in seen:
            sorted_out[_fate(each, run)].append((each, found[each.enterprise_id]))
        counts["elsewhere"] = len(sorted_out["elsewhere"])
        counts["ended"] = len(sorted_out["ended"])
        counts["born"] = _give_birth(run, sorted_out["born"], at=at)
        counts.update(_screen_again(run, sorted_out["screened"], at=at))
        counts.update(_hold_changed(sorted_out["further"], at=at))
        counts["sizes"] = write_sizes(found, run.edition, run.programme.year, by=None, at=at)
    return counts


def _seen(run: ScreeningRun, first_id: int, last_id: int) -> list[Seen]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.id, e.region_id, e.dispatch
            FROM enterprises_enterprise e JOIN agency_region region ON region.code = e.region_id
            WHERE e.id BETWEEN %s AND %s AND starts_with(region.path, %s) AND NOT e.voided ORDER BY e.id
            """,
            [first_id, last_id, run.programme.region.path],
        )
        rows = cursor.fetchall()
    known = _known(run.programme.year, first_id, last_id)
    return [Seen(*row, known.get(row[0])) for row in rows]


def _known(year: int, first_id: int, last_id: int) -> dict[int, Known]:
    """{enterprise id: its application of the year}."""
    columns = ("pk", "programme_id", "state", "channel", "answered_at", "submitted_at", "award_id", "award__state")
    decision = [f"decision__{name}" for name in ("pk", "edition_id", "on", "facts", *ANSWERS)]
    rows = Application.objects.filter(year=year, enterprise__gte=first_id, enterprise__lte=last_id)
    found = {}
    for enterprise_id, *row in rows.values_list("enterprise_id", *columns, *decision):
        its = row[len(columns) :]
        decided = None if its[0] is None else InForce(*its[:4], tuple(its[4:]))
        found[enterprise_id] = Known(*row[: len(columns)], decided)
    return found


def _case(each: Seen, on: date) -> Case:
    known = each.known
    if known is None:
        channel = Application.Channel.OWN_APPLICATION if each.dispatch else Application.Channel.NO_APPLICATION
        return Case(each.enterprise_id, None, channel.value, on)
    day = counted_on(known.state, known.channel, known.answered_at, known.submitted_at, on)
    return Case(each.enterprise_id, known.id, known.channel, day)


def _fate(each: Seen, run: ScreeningRun) -> str:
    known = each.known
    if known is None:
        return "born"
    if known.programme_id != run.programme_id:
        return "elsewhere"
    if known.state in ENDED:
        return "ended"
    waits = known.state in {State.SUBMITTED, State.RETURNED} and not (known.decided and known.decided.eligible)
    return "screened" if known.state in SCREENED or waits else "further"


def _why(run: ScreeningRun) -> str:
    return f"{run.on} 筛查（第{run.pk}次）"


def _give_birth(run: ScreeningRun, born: list[tuple[Seen, Assessed]], *, at: datetime) -> int:
    births = [
        Birth(STATE_OF[new.verdict.outcome].value, each.enterprise_id, each.region_id, new.facts.channel, None, new)
        for each, new in born
    ]
    return len(bear(births, run.programme, run.edition, _why(run), by=None, at=at, run=run))


def _screen_again(run: ScreeningRun, screened: list[tuple[Seen, Assessed]], *, at: datetime) -> Counter[str]:
    """Decide anew where anything changed, and move those whose outcome did; what waits for a review stays where it is."""
    deciding = [
        Deciding(known.id, known.state, was and was.id, new, news(was, run.edition_id, new) if was else "")
        for each, new in screened
        if (known := each.known) and is_news(was := known.decided, run.edition_id, new)
    ]
    written = write_decisions(deciding, run.edition, by=None, at=at, run=run)
    moving: dict[str, list[int]] = defaultdict(list)
    for each in written:
        to = STATE_OF[each.assessed.verdict.outcome]
        if each.state in SCREENED and to != each.state:
            moving[to].append(each.application_id)
    unchanged, overtaken = len(screened) - len(deciding), len(deciding) - len(written)
    counts = Counter(decided=len(written), moved=0, unchanged=unchanged, overtaken=overtaken)
    before = {each.known.id: each.known for each, _ in screened if each.known}
    verdicts = {each.application_id: each.assessed.verdict for each in written}
    for to, ids in moving.items():
        for pk in move_ids(Application, sorted(ids), to, by=None, at=at, why=_why(run)).moved:
            counts.update(_turn(before[pk], to, verdicts[pk]))
    return counts


def _turn(known: Known, to: str, verdict: RefundVerdict) -> Iterator[str]:
    """What is counted of a case that moved: that it did, from where to where, and each rule that came (+) or went (-)."""
    turn = f"{known.state}>{to}"
    before = set(known.decided.against) if known.decided else set()
    after = {*verdict.failed, *verdict.unknown}
    yield from ("moved", f"turned {turn}")
    yield from (f"because {turn} +{rule}" for rule in after - before)
    yield from (f"because {turn} -{rule}" for rule in before - after)


def _hold_changed(further: list[tuple[Seen, Assessed]], *, at: datetime) -> Counter[str]:
    """Stop each case further on whose answers changed, saying what; let go those that are again as they were decided. Of one
    that is paid and only its size is another by now (a formal list came later) the difference is noted instead.

    A change that a person has settled since the decision is not opened again."""
    held: list[NewHold] = []
    owed: list[Owed] = []
    same: dict[str, list[int]] = defaultdict(list)
    noted = open_differences([each.known.award_id for each, _ in further if each.known and each.known.award_id])
    for each, new in further:
        known = each.known
        if known is None or known.decided is None:
            continue
        case_kind, case_id = holding_case(known.id, known.award_id, known.award_state)
        reason, amount = change(known.decided, new.verdict), new.verdict.amount
        is_paid = known.award_id is not None and known.award_state == Award.State.PAID
        if is_paid and amount and (known.award_id in noted or _resized(known.decided, new.verdict)):
            owed.append(Owed(known.award_id, amount, reason or "数据又有变化"))
        elif reason:
            held.append(NewHold(case_kind, case_id, Hold.Kind.FACTS_CHANGED, reason, each.region_id))
        else:
            same[case_kind].append(case_id)
    lifted = 0
    for case_kind, ids in same.items():
        lifted += lift_holds(case_kind, ids, [Hold.Kind.FACTS_CHANGED], "数据与决定重又一致", by=None, at=at, system_only=True)
    differences = note_differences(owed, by=None, at=at)
    return Counter(held=len(hold_changes(held, at=at)), let_go=lifted, differences=differences)


def _resized(was: InForce, verdict: RefundVerdict) -> bool:
    """Whether it is still eligible, by another size."""
    size = was.answers[ANSWERS.index("size")]
    return was.eligible and verdict.outcome == Outcome.ELIGIBLE and bool(size) and size != verdict.size


def _outcomes(found: dict[int, Assessed]) -> Counter[str]:
    """Counts under flat names: outcome eligible, failed layoff_rate ...; the amount in fen."""
    counts: Counter[str] = Counter()
    for new in found.values():
        verdict = new.verdict
        counts[f"outcome {verdict.outcome}"] += 1
        counts["fen"] += int((verdict.amount or Decimal(0)) * 100)
        for rule in verdict.failed:
            counts[f"failed {rule}"] += 1
        for rule in verdict.unknown:
            counts[f"unknown {rule}"] += 1
    return counts


def _count(run: ScreeningRun, counts: Counter[str]) -> None:
    """Add a chunk's counts to the run: {outcomes, failed, unknown, turned, because: {word: count}, amount, born, moved ...}."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # checked now, not while others wait for the lock below
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    locked = ScreeningRun.objects.select_for_update(no_key=True).get(pk=run.pk)  # decisions point to it
    told: dict[str, Any] = locked.counts or {"outcomes": {}, "failed": {}, "unknown": {}, "amount": "0.00"}
    for name, count in counts.items():
        group, _, word = name.partition(" ")
        if name == "fen":
            told["amount"] = str(Decimal(told["amount"]) + Decimal(count) / 100)
        elif word:
            part = told.setdefault({"outcome": "outcomes"}.get(group, group), {})
            part[word] = part.get(word, 0) + count
        else:
            told[name] = told.get(name, 0) + count
    ScreeningRun.objects.filter(pk=run.pk).update(counts=told)
