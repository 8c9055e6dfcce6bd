"""公示批次: prepared by one person, published by another, closed by the sweep the day after its last day."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

from django.db import connection, transaction
from django.db.models import Count, QuerySet, Sum
from django.template.loader import render_to_string
from django.utils.timezone import localdate

from agency.actions.files import store_file
from agency.actions.jobs import end_job, queue_job
from agency.models import CaseKind, Event, File, Job, Programme, Role, User
from agency.moves import Moved, check_mover, move, move_all, move_ids, open_all, record
from agency.queries import calendar, draft_problem
from policy.notice import Terms
from policy.workdays import UnknownYear
from subsidies.payout.models import Award, PublicityRound, PublishedLine
from subsidies.payout.queries import canonical_text, legal_basis, publishable, publisher_of, terms_in_force

State = PublicityRound.State
Written = tuple[str, bytes | BinaryIO]
_WRITE_LINES = """
    INSERT INTO payout_publishedline (round_id, award_id, position, name, amount, columns, struck_why)
    SELECT %s, id, row_number() OVER (ORDER BY region_id, name, id), name, amount, columns, ''
    FROM payout_award WHERE id IN ({listed})
"""


class RoundRefused(Exception):
    """This list cannot be prepared, published or cancelled; says in Chinese why and what to do next."""


def prepare_round(programme: Programme, case_kind: str = CaseKind.REFUND, *, by: User, at: datetime) -> PublicityRound:
    """Draft the next list of a subsidy: every award that waits for publicity and is not held. One draft a programme and
    subsidy at a time.

    Raises RoundRefused (a 征求意见稿, no phones, a draft at hand, nobody to publish) and MoveRefused (no such post)."""
    check_mover(programme, {Role.PREPARER, Role.REVIEWER}, by, at)
    terms = terms_in_force(programme, localdate(at))
    _refuse_draft_notice(programme)
    office = publisher_of(programme.region)
    if not all(office):
        raise RoundRefused("公示须写明公示单位、咨询电话和监督电话；请先在行政区划中补齐。")
    with transaction.atomic():
        Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
        rounds = PublicityRound.objects.filter(programme=programme, case_kind=case_kind)
        if rounds.filter(state=State.DRAFT).exists():
            raise RoundRefused("已有一份拟公示名单；请先由另一人发布，或撤销后重新拟定。")
        number = rounds.exclude(state=State.CANCELLED).count() + 1
        columns = "skill" if case_kind == CaseKind.CLAIM else terms.word_of("publicity_columns", localdate(at))
        draft = PublicityRound(
            programme=programme, region=programme.region, case_kind=case_kind, number=number,
            title=f"{_title(programme, case_kind)}公示（{_ordinal(number)}）", basis=legal_basis(programme, terms),
            columns=columns, office_name=office.name, phone=office.phone, complaints_phone=office.complaints_phone,
            prepared_by=by, prepared_at=at,
        )  # fmt: skip
        [round_] = open_all([draft], by=by, at=at)
        _write_lines(round_, publishable(programme, case_kind))
        if not round_.count:
            raise RoundRefused("没有待公示的件：复审通过且未暂缓的件才列入公示名单。")
    return round_


def publish_round(round_: PublicityRound, starts_on: date, *, by: User, at: datetime) -> None:
    """Publish the draft from a day on, by a second person: the list, its dates and its hash stand from now on; its files are
    made by a job.

    A line whose award was held, withdrawn or struck since is left out. `starts_on` is today or later; the period's
    first day counts. Raises RoundRefused and MoveRefused; then nothing is published."""
    if starts_on < localdate(at):
        raise RoundRefused("公示开始日不能早于今天。")
    with transaction.atomic():
        now = PublicityRound.objects.select_for_update(of=("self",)).select_related("programme", "region").get(pk=round_.pk)
        _refuse_publisher(now, by)
        terms = terms_in_force(now.programme, localdate(at))
        _refuse_draft_notice(now.programme)
        _leave_out_the_stopped(now)
        _date_and_word(now, terms, starts_on)
        _publicise_awards(now, by=by, at=at)
        digest = hashlib.sha256()
        for piece in canonical_text(now):
            digest.update(piece.encode())
        sha256 = digest.hexdigest()
        move(
            now, State.PUBLISHED, by=by, at=at, detail={"count": now.count, "total": str(now.total), "sha256": sha256},
            starts_on=now.starts_on, ends_on=now.ends_on, body=now.body, sha256=sha256, published_by=by, published_at=at,
        )  # fmt: skip
        queue_job(Job.Kind.PUBLICITY, now.pk, now.region_id, by=by, at=at)
    round_.refresh_from_db()


def keep_files(round_: PublicityRound, written: Mapping[str, Written], job: Job, *, at: datetime) -> None:
    """Keep what was written of a published round, once and for good: {field of the round: (name, content)}; ends the job."""
    with transaction.atomic():
        stored = {
            field: store_file(File.Kind.PUBLICITY, name, content, owner=None, region_id=round_.region_id, at=at)
            for field, (name, content) in written.items()
        }
        PublicityRound.objects.filter(pk=round_.pk, file__isnull=True).update(**stored)
        record(
            Event.Kind.WRITE, case=PublicityRound.CASE, case_id=round_.pk, by=None, at=at, region_id=round_.region_id,
            why="生成公示名单表格、PDF 和公告", detail={field: file.sha256 for field, file in stored.items()},
        )  # fmt: skip
        end_job(job, at=at)


def cancel_round(round_: PublicityRound, *, by: User, at: datetime) -> None:
    """Drop a draft; its awards wait for the next list. Raises MoveRefused (published already, no such post)."""
    move(round_, State.CANCELLED, by=by, at=at)


def close_rounds(on: date, *, at: datetime) -> Moved:
    """The day turns: rounds whose last day is before `on` are over, and their awards without an open objection are
    clear; so are those whose objection was dismissed after the end. Returns the awards moved."""
    over = PublicityRound.objects.filter(state=State.PUBLISHED, ends_on__lt=on)
    move_all(over, State.CLOSED, by=None, at=at, why="公示期满")
    clear = PublishedLine.objects.filter(round__state=State.CLOSED, award__state=Award.State.PUBLICISED)
    ids = list(clear.values_list("award", flat=True))
    return move_ids(Award, ids, Award.State.CLEARED, by=None, at=at, why="公示期满无异议")


def _title(programme: Programme, case_kind: str) -> str:
    """What a list is of: a programme is called after its refunds, so claims are named here."""
    if case_kind == CaseKind.REFUND:
        return programme.title
    return f"{programme.region.name}{programme.year}年度{CaseKind(case_kind).label}"


def _ordinal(number: int) -> str:
    return "第一批" if number == 1 else "追加批" if number == 2 else f"追加第{number - 1}批"


def _refuse_draft_notice(programme: Programme) -> None:
    if problem := draft_problem(programme):
        raise RoundRefused(f"{problem}，不能公示。")


def _refuse_publisher(round_: PublicityRound, by: User) -> None:
    if round_.state != State.DRAFT:
        raise RoundRefused(f"该名单当前为“{round_.get_state_display()}”，不能发布；请刷新页面。")
    if round_.prepared_by_id == by.pk:
        raise RoundRefused("拟稿人不能发布自己拟定的公示名单，请由另一人发布。")


def _write_lines(round_: PublicityRound, awards: "QuerySet[Award]") -> None:
    """Write the draft's lines anew, numbered from 1 by region and name, and add them up."""
    listed, values = awards.values("pk").query.sql_with_params()
    PublishedLine.objects.filter(round=round_).delete()
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_LINES.format(listed=listed), [round_.pk, *values])
    sums = round_.lines.aggregate(count=Count("pk"), total=Sum("amount"))
    round_.count, round_.total = sums["count"], sums["total"] or Decimal(0)
    round_.save(update_fields=["count", "total"])


def _leave_out_the_stopped(round_: PublicityRound) -> None:
    """Take out lines whose award may no longer be published, and number the rest anew. Nobody is added."""
    waiting = publishable(round_.programme, round_.case_kind)
    still = list(waiting.filter(lines__round=round_).values_list("pk", flat=True))
    if len(still) == round_.count:
        return
    if not still:
        raise RoundRefused("名单中的件都已暂缓、撤回或不予发放，没有可公示的；请撤销这份名单。")
    _write_lines(round_, waiting.filter(pk__in=still))


def _date_and_word(round_: PublicityRound, terms: Terms, starts_on: date) -> None:
    """Set the period by the programme's days, and the announcement's text."""
    days, unit = int(str(terms.value("publicity_days", starts_on))), str(terms.value("publicity_unit", starts_on))
    try:
        round_.starts_on, round_.ends_on = starts_on, calendar().last_day(starts_on, days, unit)  # type: ignore[arg-type]
    except UnknownYear as unknown:
        raise RoundRefused(str(unknown)) from unknown
    round_.body = render_to_string(
        "publicity/announcement.txt",
        {
            "round": round_, "days": days, "unit": "个工作日" if unit == "working" else "日",
            "year": round_.programme.year,
        },
    )  # fmt: skip


def _publicise_awards(round_: PublicityRound, *, by: User, at: datetime) -> None:
    """Move the awards of the list; all of them or none."""
    awards = list(round_.lines.values_list("award", flat=True))
    moved = move_ids(Award, awards, Award.State.PUBLICISED, by=by, at=at, why=round_.title)
    if moved.refused:
        raise RoundRefused(f"名单中有 {len(moved.refused)} 件您没有办理岗位或刚刚被他人处理，名单未发布；请刷新后再试。")
