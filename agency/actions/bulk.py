"""批量办理: one deed over many chosen rows, a piece at a time, with a result a row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from django.db import transaction

from agency.actions.jobs import Progress, queue_job, untold
from agency.models import Bulk, BulkLine, Event, Job, User
from agency.moves import MoveRefused, insert_all, record
from sheets.write import write_rows

PIECE = 2_000  # rows, one transaction
AT_ONCE = 2_000  # more are worked by a job


class Outcome(NamedTuple):
    """The ids that it was done to, and why not to each of the others; who is in neither was not in a state for it."""

    moved: Sequence[int]
    refused: Mapping[int, str]


class BulkDeed(NamedTuple):
    """What is done to a piece of ids (`ids, *, by, at, **asked`), what it may raise against all of them, their names."""

    act: Callable[..., Outcome]
    names: Callable[[Sequence[int]], Mapping[int, str]]
    refusals: tuple[type[Exception], ...] = ()


def ask_bulk(
    case_kind: str, deed: str, label: str, ids: Iterable[int], asked: Mapping[str, Any], *, by: User, at: datetime
) -> Bulk:
    """Write down a choice of rows and what is to be done to them; what is asked must be plain JSON."""
    chosen = sorted(set(ids))
    with transaction.atomic():
        bulk = Bulk.objects.create(
            case_kind=case_kind, deed=deed, label=label, asked=dict(asked), ids=chosen, requested_by=by, requested_at=at
        )
        record(
            Event.Kind.WRITE, case=Bulk.CASE, case_id=bulk.pk, by=by, at=at, why=f"批量办理：{label}",
            detail={"deed": deed, "rows": len(chosen)},
        )  # fmt: skip
        if len(chosen) > AT_ONCE:
            queue_job(Job.Kind.BULK, bulk.pk, None, by=by, at=at)
    return bulk


def work_bulk(bulk: Bulk, deed: BulkDeed, *, at: datetime, progress: Progress = untold) -> None:
    """Do it, a piece in one transaction with its results, so that what was done before a kill is done once and is known."""
    while bulk.done < len(bulk.ids):
        piece = bulk.ids[bulk.done : bulk.done + PIECE]
        with transaction.atomic():
            locked = Bulk.objects.select_for_update().get(pk=bulk.pk)
            if locked.done == bulk.done:
                _work_piece(locked, deed, piece, at=at)
            bulk.done, bulk.moved, bulk.refused = locked.done, locked.moved, locked.refused
            progress(bulk.done, len(bulk.ids), bulk.label, "件")
    Bulk.objects.filter(pk=bulk.pk, finished_at=None).update(finished_at=at)
    bulk.refresh_from_db()


def _work_piece(bulk: Bulk, deed: BulkDeed, piece: Sequence[int], *, at: datetime) -> None:
    try:
        with transaction.atomic():
            done = deed.act(piece, by=bulk.requested_by, at=at, **bulk.asked)
    except (MoveRefused, *deed.refusals) as refused:
        done = Outcome([], dict.fromkeys(piece, str(refused)))
    moved, names = set(done.moved), deed.names(piece)
    insert_all([
        BulkLine(
            bulk=bulk, case_id=pk, name=names.get(pk, str(pk))[:220], moved=pk in moved,
            reason="" if pk in moved else done.refused.get(pk, "当前状态不能这样办理，或不在您的岗位范围内。")[:500],
        )
        for pk in piece
    ])  # fmt: skip
    bulk.done += len(piece)
    bulk.moved += len(moved)
    bulk.refused += len(piece) - len(moved)
    bulk.save(update_fields=["done", "moved", "refused"])


def write_results(bulk: Bulk, to: BinaryIO, *, by: User, at: datetime) -> int:
    """Write a line for each chosen row; the export is an Event. Returns how many."""
    lines = bulk.lines.order_by("moved", "case_id").values_list("case_id", "name", "moved", "reason")
    rows = ((pk, name, "已办理" if moved else "未办理", reason) for pk, name, moved, reason in lines.iterator(chunk_size=2_000))
    with transaction.atomic():
        record(Event.Kind.EXPORT, case=Bulk.CASE, case_id=bulk.pk, by=by, at=at, why="导出批量办理结果")
        return write_rows(to, ("编号", "事项", "结果", "原因"), rows, "批量办理结果")
