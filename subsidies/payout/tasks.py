"""What payout does by itself: sweeps without arguments, safe late, twice or at once."""

import contextlib
import logging
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from celery import shared_task
from django.conf import settings

from agency import clock
from agency.actions import book_answers, sole_sweep
from agency.actions.jobs import Progress, work_next
from agency.documents import Document, Paragraph, Signature, Text, day_in_words, docx_of, list_pdf
from agency.models import CreditCheck, Job
from agency.tasks import credit_platform
from policy.explain import percent
from subsidies.payout.actions import close_rounds, drop_stopped, forfeit, forget_attempts, keep_files
from subsidies.payout.actions.papers import write_public_list
from subsidies.payout.models import Award, PublicityRound
from subsidies.payout.queries import COLUMNS, barring_flags, list_rows, programmes_to_look_up, terms_in_force, to_look_up

LOOKED_UP_AT_ONCE = 2_000
TOLD_EVERY = 500  # rows
# Shares of a page's width by the key of a column.
_WIDTHS = {
    "position": 1.0, "name": 6.0, "amount": 2.0, "columns__layoff_rate": 1.4, "columns__certificate": 4.0, "columns__grade": 1.6,
}  # fmt: skip
_FIGURES = frozenset({"position", "amount", "columns__layoff_rate"})
_log = logging.getLogger(__name__)


@shared_task(name="payout.look_up_credit")
def look_up_credit() -> None:
    """Ask once a day about every cleared award not yet paid; a hit takes its own line out of an unreleased batch."""
    with sole_sweep("payout") as alone:
        if alone:
            _look_up_all(clock.today())
    if dropped := drop_stopped(at=clock.now()):
        _log.warning("%d payments left their batches: held since they were made", dropped)


def _look_up_all(today: date) -> None:
    platform = credit_platform()
    for programme in programmes_to_look_up(today):
        barring = barring_flags(terms_in_force(programme, today), today)
        after = 0
        while awards := list(to_look_up(today).filter(programme=programme, pk__gt=after)[:LOOKED_UP_AT_ONCE]):
            after = awards[-1].pk
            answers = platform.look_up([award.uscc for award in awards], today, at=clock.now())
            rows = [(award.pk, award.uscc, award.region_id, answers[award.uscc]) for award in awards if award.uscc in answers]
            booked = book_answers(Award.CASE, CreditCheck.Moment.PAYMENT, today, rows, barring, at=clock.now())
            _log.info("credit before payment, programme %s: %s of %d asked", programme.pk, booked, len(awards))


@shared_task(name="payout.day_turns")
def day_turns() -> None:
    """Publicity that is over clears; a returned payment that nobody mended in time is forfeited."""
    today = clock.today()
    cleared = close_rounds(today, at=clock.now())
    forfeited = forfeit(today, at=clock.now())
    forget_attempts(at=clock.now())
    _log.info("%d awards cleared, %d forfeited", len(cleared.moved), len(forfeited.moved))


@shared_task(name="payout.work_lists")
def work_lists() -> None:
    """Make the files of every round that was published."""
    while job := work_next(Job.Kind.PUBLICITY, make_files, now=clock.now):
        _log.info("publicity files, job %s: %s", job.pk, job.state)


def make_files(job: Job, *, at: datetime, progress: Progress) -> None:
    """Spreadsheet, PDF and announcement of a round; a round that has them keeps them. Killed it leaves nothing."""
    round_ = PublicityRound.objects.get(pk=job.subject_id)
    if round_.file_id is None:
        with written(round_, progress) as files:
            keep_files(round_, files, job, at=at)


@contextlib.contextmanager
def written(round_: PublicityRound, progress: Progress) -> Iterator[dict[str, tuple[str, bytes | BinaryIO]]]:
    """Everything of a round, by its field there: (file name, content); temporary files without a name, gone when left.

    The lines are frozen, so that they may be read twice; the same round gives the same bytes."""

    def told(step: str) -> Iterator[tuple[Any, ...]]:
        for done, row in enumerate(list_rows(round_)):
            if done % TOLD_EVERY == 0:
                progress(done, round_.count, step)
            yield row

    with contextlib.ExitStack() as stack:
        sheet, pdf = (stack.enter_context(tempfile.TemporaryFile(dir=settings.FILES_ROOT)) for _ in range(2))
        write_public_list(sheet, round_, told("写入表格"))
        _write_pdf(pdf, round_, told("写入 PDF"))
        progress(round_.count, round_.count, "封存文件")
        for file in (sheet, pdf):
            file.seek(0)
        yield {
            "file": (f"{round_.title}.xlsx", sheet),
            "pdf": (f"{round_.title}.pdf", pdf),
            "announcement": (f"{round_.title}.docx", docx_of(announcement_of(round_))),
        }


def announcement_of(round_: PublicityRound) -> Document:
    """The announcement as it was published: its title, its paragraphs, office and day at the end."""
    lines = [line.strip() for line in round_.body.removeprefix(round_.title).splitlines() if line.strip()]
    end: list[Signature] = []
    if round_.starts_on and lines[-2:] == [round_.office_name, day_in_words(round_.starts_on)]:
        lines, end = lines[:-2], [Signature(round_.office_name, round_.starts_on)]
    return Document(round_.title, [*(Paragraph(line) for line in lines), *end])


def _write_pdf(into: BinaryIO, round_: PublicityRound, rows: Iterator[tuple[Any, ...]]) -> None:
    columns = COLUMNS[round_.columns]
    keys = [key for _, key in columns]
    header = [f"{header}（元）" if key == "amount" else header for header, key in columns]
    announced = announcement_of(round_)
    head = Document(announced.title, [*announced.blocks, Text(f"名单散列（SHA-256）：{round_.sha256}")])
    right = [place for place, key in enumerate(keys) if key in _FIGURES]
    printed = ([_cell(key, cell) for key, cell in zip(keys, row, strict=True)] for row in rows)
    list_pdf(into, head, header, printed, widths=[_WIDTHS[key] for key in keys], right=right)


def _cell(key: str, value: Any) -> str:
    """A cell as the public page shows it."""
    if value is None:
        return ""
    if key == "amount":
        return f"{value:,.2f}"
    return percent(Decimal(str(value))) if key == "columns__layoff_rate" else str(value)
