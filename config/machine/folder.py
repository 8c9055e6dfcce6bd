"""The folder of a machine: keys, sockets, ports, pid files, logs; and whether what a pid file names still runs."""

import base64
import contextlib
import fcntl
import getpass
import hashlib
import json
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
VAR = Path("/var/tmp")  # noqa: S108 - survives a restart; our folder in it is private and its owner is checked
DATABASE = "wengang"


class MachineError(Exception):
    """Something on this machine is missing or in the way; the message says what to do."""


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

    @property
    def servers(self) -> dict[str, str]:
        """Where our own PostgreSQL and Redis listen."""
        return {
            "DATABASE_URL": f"postgres:///{DATABASE}?host={self.postgres}&user={DATABASE}",
            "REDIS_URL": f"unix://{self.folder}/redis.sock",
        }

    def is_given(self, name: str) -> bool:
        """Whether DATABASE_URL or REDIS_URL names somebody else's server: that one is used and left alone."""
        return (os.environ.get(name) or self.servers[name]) != self.servers[name]

    def environment(self) -> dict[str, str]:
        """What the children of this machine get. A value given from outside (and not empty) wins; on a throw-away
        machine only a given server does, so that nothing of a demo is touched."""
        ports = self.ports()
        ours = {
            **self.servers,
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
        wins = ("DATABASE_URL", "REDIS_URL") if self.throwaway else tuple(ours)
        return ours | {name: os.environ[name] for name in wins if os.environ.get(name)}

    def _secret(self, name: str, size: int) -> str:
        """A key of this machine, base64, made once and readable by its owner alone."""
        path = self.folder / f"{name}.key"
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(base64.b64encode(secrets.token_bytes(size)).decode())
        return path.read_text()

    def ports(self) -> dict[str, int]:
        """Known ports for a person's browser; free ones, kept, for a throw-away machine."""
        if not self.throwaway:
            return {
                "web": int(os.environ.get("PORT") or 8000),
                "sms": int(os.environ.get("SMS_PORT") or 8001),
                "platform": int(os.environ.get("PLATFORM_PORT") or 8002),
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
    return Machine(private(VAR / name))


def private(folder: Path) -> Path:
    mode = 0o711 if os.getuid() == 0 else 0o700  # root's servers run as another user, who must get through
    folder.mkdir(mode=mode, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.is_symlink():
        raise MachineError(f"{folder} belongs to somebody else; remove it first")
    folder.chmod(mode)
    for name in ("log", "run", "files"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    return folder


def note(path: Path, pid: int) -> None:
    path.write_text(json.dumps({"pid": pid, "since": psutil.Process(pid).create_time()}))


def alive(path: Path) -> psutil.Process | None:
    """The process that a pid file names, if that very process still runs."""
    with contextlib.suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
        noted = json.loads(path.read_text())
        process = psutil.Process(noted["pid"])
        if process.create_time() == noted["since"] and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def answers(address: int | Path) -> bool:
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(address) if isinstance(address, Path) else ("127.0.0.1", address))
        except OSError:
            return False
    return True


def tail(path: Path, lines: int = 25) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else "(no log)"
