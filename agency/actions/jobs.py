"""作业: long work in the background. Who works a job holds a PostgreSQL advisory lock on it, on a connection of its own,
so that RUNNING without the lock means that its worker died: the next sweep queues it again."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Protocol

from django.db import InterfaceError, OperationalError, connection

from agency.models import Job, User
from agency.moves import MoveRefused, move, open_all
from agency.queries import stuck_jobs

LOCK = 0x6A6F62  # first half of the advisory lock's key; the job's id is the second
WORKER = 0x776B72  # of a lock beside it, whose second half says which process of PostgreSQL the work itself is done by
MOST_INTERRUPTIONS = 3  # then the job is not queued again by itself: it may be what kills its worker
_TOLD_EVERY = 0.5  # seconds between two writes of progress
_OURS = {"agency", "enterprises", "subsidies", "policy", "sheets"}  # whose exceptions say in Chinese what to do
_OUR_FAULT = "程序内部出错，已记入日志；请联系系统管理，处理后重试。"
_FILES_AWAY = "服务器上的文件不能读写（磁盘已满、没有权限或设备故障），没有留下写了一半的数据；请联系系统管理，处理后重试。"
_log = logging.getLogger(__name__)


class JobCancelled(Exception):
    """The job was cancelled while it ran; raised by `progress` so that the work's transaction rolls back."""


class Progress(Protocol):
    """What a handler calls now and then, also inside its transaction: how many are done, of how many (None: not known
    yet), in which step, and of what (行, 户, 项)."""

    def __call__(self, done: int, total: int | None, step: str, unit: str = "行") -> None: ...


Handler = Callable[..., Any]  # handler(job, *, at, progress)


def untold(done: int, total: int | None, step: str, unit: str = "行") -> None:
    """Progress that nobody watches."""


def queue_job(kind: str, subject_id: int, region_id: str | None, *, by: User | None, at: datetime) -> Job:
    """Queue work on a subject; the job that already waits or runs for it, if there is one."""
    live = Job.objects.filter(kind=kind, subject_id=subject_id, state__in=[Job.State.QUEUED, Job.State.RUNNING]).first()
    if live:
        return live
    job = Job(kind=kind, subject_id=subject_id, region_id=region_id, requested_by=by, requested_at=at)
    return open_all([job], by=by, at=at)[0]


def cancel_job(job: Job, *, by: User, at: datetime) -> None:
    """Cancel a job that waits or runs; running work stops at its next progress and leaves nothing. Raises MoveRefused.

    Work without a sign of life is stopped in PostgreSQL itself, so that what it holds locked holds up nobody any more."""
    stuck = stuck_jobs(at).filter(pk=job.pk, state=Job.State.RUNNING).exists()
    move(job, Job.State.CANCELLED, by=by, at=at, ended_at=at)
    if stuck and _ask(connection, _STOP, [WORKER, LOCK, job.pk]):
        _log.warning("job %s (%s) showed no sign of life: its connection was ended", job.pk, job.kind)


_STOP = """
    SELECT pg_terminate_backend(worker.objid::int) FROM pg_locks job JOIN pg_locks worker USING (pid, locktype, database)
    WHERE locktype = 'advisory' AND worker.classid = %s AND job.classid = %s AND job.objid = %s
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def retry_job(job: Job, *, by: User, at: datetime) -> None:
    """Queue a failed job again. Raises MoveRefused."""
    fresh = {"problem": "", "interrupted": 0, "started_at": None, "ended_at": None, **_NOTHING_DONE, "told_at": at}
    move(job, Job.State.QUEUED, by=by, at=at, **fresh)


def end_job(job: Job, *, at: datetime) -> None:
    """Make a running job DONE, last in the transaction of its work: so it is either cancelled or done, and is not worked
    again where its worker dies after the commit. Raises JobCancelled."""
    try:
        move(job, Job.State.DONE, by=None, at=at, ended_at=at)
    except MoveRefused as refused:
        raise JobCancelled(f"作业 {job.pk} 已被取消。") from refused


_NOTHING_DONE: dict[str, Any] = {"done": 0, "total": None, "step": "", "rate": None, "told_at": None}


def work_next(kind: str, handler: Handler, *, now: Callable[[], datetime]) -> Job | None:
    """Work the oldest queued job of a kind that nobody else works; None if there is none.

    Calls handler(job, at=, progress=). An exception of ours makes the job FAILED with its message; any other makes it
    FAILED too and is raised on. Safe in any number of processes at once."""
    with _side() as side:
        _queue_orphans(side, kind, now())
        for job in Job.objects.filter(kind=kind, state=Job.State.QUEUED).order_by("requested_at", "pk"):
            if _work(job, handler, side, now):
                return job
    return None


def work(job: Job, handler: Handler, *, now: Callable[[], datetime]) -> bool:
    """Work this one job here and now; False if somebody else works it or it no longer waits."""
    with _side() as side:
        _queue_orphans(side, job.kind, now())
        job.refresh_from_db()
        return _work(job, handler, side, now)


def _work(job: Job, handler: Handler, side: Any, now: Callable[[], datetime]) -> bool:
    if not _ask(side, "SELECT pg_try_advisory_lock(%s, %s)", [LOCK, job.pk]):
        return False
    try:
        try:
            began = {"started_at": now(), "ended_at": None, "problem": "", **_NOTHING_DONE}
            move(job, Job.State.RUNNING, by=None, at=now(), **began)
        except MoveRefused:
            return False
        _carry_out(job, handler, side, now)
    finally:
        _ask(side, "SELECT pg_advisory_unlock(%s, %s)", [LOCK, job.pk])
    return True


def _carry_out(job: Job, handler: Handler, side: Any, now: Callable[[], datetime]) -> None:
    try:
        handler(job, at=now(), progress=_teller(job, side, now))
    except JobCancelled:
        job.refresh_from_db()
        return
    except (OperationalError, InterfaceError):
        _ask(side, "SELECT 1", [])  # raises where the lock is lost with its connection: the job may be another's by now
        connection.close_if_unusable_or_obsolete()
        job.refresh_from_db()
        with contextlib.suppress(MoveRefused):  # cancelled meanwhile
            _interrupted(job, now())
        raise
    except Exception as error:
        job.refresh_from_db()  # what was rolled back is still in hand
        if job.state == Job.State.CANCELLED:
            return
        ours = type(error).__module__.partition(".")[0] in _OURS
        problem = str(error)[:500] if ours else _FILES_AWAY if isinstance(error, OSError) else _OUR_FAULT
        with contextlib.suppress(MoveRefused):  # cancelled just now
            move(job, Job.State.FAILED, by=None, at=now(), ended_at=now(), problem=problem)
        if not ours:
            raise
        _log.warning("job %s (%s) failed: %s", job.pk, job.kind, type(error).__name__)
        return
    job.refresh_from_db()
    if job.state == Job.State.DONE:  # by `end_job`, as of when it began
        Job.objects.filter(pk=job.pk).update(ended_at=now())
        return
    with contextlib.suppress(MoveRefused):
        end_job(job, at=now())


def _teller(job: Job, side: Any, now: Callable[[], datetime]) -> Progress:
    """Progress written on the side connection, so that others see it before the work commits. The rate is counted anew where
    other things are counted, or more of them; by this process's own clock."""
    told_at = begun_at = 0.0
    told_step, counted, begun_with = "", ("", None), 0
    update = (
        f"UPDATE {Job._meta.db_table} SET done = %s, total = %s, unit = %s, rate = %s, step = %s, told_at = %s "  # noqa: S608
        "WHERE id = %s RETURNING state"
    )

    def progress(done: int, total: int | None, step: str, unit: str = "行") -> None:
        nonlocal told_at, told_step, counted, begun_at, begun_with
        moment = time.monotonic()
        if step == told_step and moment - told_at < _TOLD_EVERY and done != total:
            return
        if (unit, total) != counted:
            counted, begun_at, begun_with = (unit, total), moment, done
        told_at, told_step = moment, step
        rate = (done - begun_with) / (moment - begun_at) if done > begun_with and moment > begun_at else None
        if _ask(side, update, [done, total, unit, rate, step[:60], now(), job.pk]) != Job.State.RUNNING:
            raise JobCancelled(f"作业 {job.pk} 已被取消。")

    return progress


def _queue_orphans(side: Any, kind: str, at: datetime) -> None:
    """Jobs that run without the lock lost their worker: they wait again, or have failed if that happens too often."""
    for job in Job.objects.filter(kind=kind, state=Job.State.RUNNING):
        if _ask(side, "SELECT pg_try_advisory_lock(%s, %s)", [LOCK, job.pk]):
            try:
                with contextlib.suppress(MoveRefused):  # it ended between the two questions
                    _interrupted(job, at)
            finally:
                _ask(side, "SELECT pg_advisory_unlock(%s, %s)", [LOCK, job.pk])


def _interrupted(job: Job, at: datetime) -> None:
    times = job.interrupted + 1
    _log.warning("the worker of job %s (%s) died, %d times by now", job.pk, job.kind, times)
    if times < MOST_INTERRUPTIONS:
        move(job, Job.State.QUEUED, by=None, at=at, why="处理进程中断，重新排队", interrupted=times, told_at=at)
        return
    problem = f"处理进程连续中断 {times} 次（服务器重启、内存不足等），没有留下写了一半的数据；请系统管理查看日志后重试。"
    move(job, Job.State.FAILED, by=None, at=at, ended_at=at, problem=problem, interrupted=times)


@contextlib.contextmanager
def _side() -> Iterator[Any]:
    """A second autocommit connection to the same database; its end frees its locks. It says for which one it stands."""
    connection.ensure_connection()
    side = connection.copy()
    try:
        _ask(side, "SELECT pg_advisory_lock_shared(%s, %s)", [WORKER, connection.connection.info.backend_pid])
        yield side
    finally:
        side.close()


def _ask(side: Any, statement: str, values: list[Any]) -> Any:
    with side.cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchone()
    return found[0] if found else None
