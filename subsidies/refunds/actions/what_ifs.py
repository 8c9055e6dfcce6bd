"""试算: a programme under another notice or other choices, beside its own edition; touches no case."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import localdate

from agency.actions.files import store_parts, written_parts
from agency.actions.jobs import Progress, end_job, queue_job
from agency.actions.programmes import resolved
from agency.models import Edition, Event, Job, Programme, Role, User
from agency.moves import check_mover, record
from agency.queries import terms_of
from policy.notice import Terms
from subsidies.refunds.actions.exports import KEPT
from subsidies.refunds.actions.refusals import RefundRefused
from subsidies.refunds.models import WhatIf
from subsidies.refunds.queries.what_ifs import COLUMNS, Compared, Tally, compare_all, counted, edition_beside

TRIERS = frozenset({Role.POLICY, Role.PREPARER, Role.REVIEWER})
SHOWN = 50  # of those that differ, on the page


def start_what_if(
    programme: Programme, notice: str, choices: Mapping[str, str], on: date, *, by: User, at: datetime,
    folders: Iterable[Path] = (),
) -> WhatIf:  # fmt: skip
    """Order a what-if: the programme's enterprises on a day under a notice with these choices, beside the edition that
    counts on the day (before the first is approved: the latest proposed). Raises RefundRefused: the day is to come or
    outside the period of either, the notice is another year's, the terms are the same; ProgrammeRefused: no such notice or
    choice; MoveRefused without a post."""
    check_mover(programme, TRIERS, by, at)
    edition = edition_beside(programme, on)
    if edition is None:
        raise RefundRefused("项目还没有版本，没有可以对照的条款；请先拟定版本。")
    terms = resolved(notice, choices, folders)
    _check(programme, edition, terms, on, localdate(at))
    with transaction.atomic():
        what_if = WhatIf.objects.create(
            programme=programme, edition=edition, notice=notice, choices=dict(terms.chosen), terms=terms.canonical(),
            terms_sha256=terms.sha256, on=on, requested_by=by, requested_at=at,
        )  # fmt: skip
        record(
            Event.Kind.WRITE, case="what-if", case_id=what_if.pk, by=by, at=at, region_id=programme.region_id,
            why=f"开始试算：{programme}，{notice}，试算日 {on}",
        )  # fmt: skip
        queue_job(Job.Kind.WHAT_IF, what_if.pk, programme.region_id, by=by, at=at)
    return what_if


def _check(programme: Programme, edition: Edition, terms: Terms, on: date, today: date) -> None:
    if on > today:
        raise RefundRefused(f"试算日 {on} 晚于今天，那一天的数据还没有，请选今天或以前的日期。")
    if terms.refund_period[0].year != programme.year:
        raise RefundRefused(f"“{terms.title}”是 {terms.refund_period[0].year} 年度的政策，不能用于 {programme.year} 年度的项目。")
    own = terms_of(edition)
    for title, (first, last) in ((str(edition), own.refund_period), (f"“{terms.title}”", terms.refund_period)):
        if not first <= on <= last:
            raise RefundRefused(f"试算日 {on} 不在{title}的政策期内（{first} 至 {last}），请改选日期。")
    if terms.sha256 == own.sha256:
        raise RefundRefused("所选政策文件和经办选择与对照版本的条款完全相同，没有可比较的；请改选文件或选项。")


def try_out(what_if: WhatIf, job: Job, *, at: datetime, progress: Progress) -> None:
    """Work a what-if: read and compared in one transaction that may only read and sees one moment of the data, then result
    and spreadsheet written in another. Killed or cancelled it leaves nothing, and is worked anew."""
    if what_if.finished_at:
        return
    tally, shown = Tally(), []  # type: ignore[var-annotated]
    with ExitStack() as stack:
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            differing = _differing(what_if, tally, progress)
            parts = stack.enter_context(written_parts(COLUMNS, _rows(differing, shown), "变化的单位"))
        with transaction.atomic():
            name = f"试算-{what_if.pk}-{what_if.on:%Y%m%d}"
            by, region = what_if.requested_by, what_if.programme.region_id
            files = store_parts(name, parts, owner=by, region_id=region, at=at, expires_at=at + KEPT)
            what_if.files.set(files)
            WhatIf.objects.filter(pk=what_if.pk).update(finished_at=at, counts=tally.as_json(), shown=shown)
            record(
                Event.Kind.EXPORT, case="what-if", case_id=what_if.pk, by=by, at=at, region_id=region,
                why=f"试算完成，生成{name}", detail={"files": [file.pk for file in files], "rows": tally.differing},
            )  # fmt: skip
            end_job(job, at=at)


def _differing(what_if: WhatIf, tally: Tally, progress: Progress) -> Iterator[Compared]:
    """Those whose outcome or amount differs; all are counted."""
    total = counted(what_if.programme)
    progress(0, total, "试算", "户")
    for chunk in compare_all(what_if.programme, terms_of(what_if.edition), Terms.parse(what_if.terms), what_if.on):
        for one in chunk:
            tally.add(one)
            if one.differs:
                yield one
        progress(tally.enterprises, total, "试算", "户")


def _rows(differing: Iterator[Compared], shown: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """The rows of the spreadsheet; the first SHOWN are kept for the page as well."""
    for one in differing:
        if len(shown) < SHOWN:
            amounts = [side.verdict.amount and str(side.verdict.amount) for side in (one.before, one.after)]
            shown.append({"enterprise": one.unit.id, "turn": one.turn, "amounts": amounts, "codes": one.codes()})
        yield one.row()
