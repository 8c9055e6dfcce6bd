"""What every benchmark measures with: seconds, processor seconds, memory; and how it says them."""

import os
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress

import psutil


class Watched:
    """Seconds, and those that processors worked for this process and its children (never those of the database's server);
    the most memory (PSS, bytes) that these processes held meanwhile."""

    seconds = 0.0
    worked = 0.0
    most = 0


def children() -> dict[int, psutil.Process]:
    """Those of this process that run, and theirs, by their ids."""
    return {process.pid: process for process in psutil.Process().children(recursive=True)}


@contextmanager
def watched(*, own: bool = True, but: Collection[int] = ()) -> Iterator[Watched]:
    """Watches this process and its children; `own` false: the children alone; `but`: ids of children that are left out."""
    found, over = Watched(), threading.Event()
    watching = 0.0

    def others() -> list[psutil.Process]:
        return [process for pid, process in children().items() if pid not in but]

    def watch() -> None:
        nonlocal watching
        this = psutil.Process()
        while not over.wait(0.2):
            held = 0
            for process in [*([this] if own else []), *others()]:
                try:
                    held += process.memory_full_info().pss
                except psutil.NoSuchProcess:
                    continue
            found.most = max(found.most, held)
        watching = time.thread_time()

    def worked() -> float:
        """Of this process and of its children, those that have ended and those that have not."""
        times, living = os.times(), 0.0
        for process in others():
            with suppress(psutil.NoSuchProcess):
                living += sum(process.cpu_times()[:4])
        return sum(times[:4] if own else times[2:4]) + living

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    begun, worked_before = time.perf_counter(), worked()
    yield found
    found.seconds = time.perf_counter() - begun
    over.set()
    watcher.join()
    found.worked = worked() - worked_before - (watching if own else 0)


def told(what: str, rows: int, one: Watched, beside: float | Mapping[str, float] | None = None) -> None:
    """Print what was measured, and how many times the seconds of each baseline it took (a mere number is a `bare` one)."""
    named = {"bare": beside} if isinstance(beside, int | float) else beside or {}
    ratios = "".join(f"  {one.seconds / seconds:5.2f} x {name} ({seconds:.1f} s)" for name, seconds in named.items() if seconds)
    pace = f"{one.seconds:>8.1f} s {one.worked:>8.1f} CPU s {rows / one.seconds:>10,.0f} rows/s {one.most / 2**20:>7.0f} MB"
    print(f"{what:<28}{rows:>10,} rows {pace}{ratios}", flush=True)
