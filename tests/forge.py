"""A worker that tests kill. As Celery does it forks a process a sweep, but from a parent that has imported everything:
so forty deaths cost seconds. The parent (this module, run as a program) reads one order a line and answers with one."""

import json
import os
import pkgutil
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent
KILLED = -signal.SIGKILL


class Forge:
    """Start a sweep in a process group of its own, kill the group, wait for it."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        with log.open("a") as file:
            self._parent = subprocess.Popen(
                [sys.executable, "-m", "tests.forge"], cwd=ROOT, env=os.environ | environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file,
            )  # fmt: skip
        self._ask(ready=True)

    def start(self, sweep: str, **settings: Any) -> int:
        """Carry out a task of ours, by its name, once; `settings` as "module.NAME" or "module.object.NAME" -> value. Returns
        the process group."""
        return self._ask(start=sweep, settings=settings)

    def kill(self, group: int) -> None:
        """SIGKILL to a process and its children; it may have ended by itself, and waits to be asked about."""
        os.killpg(group, signal.SIGKILL)

    def runs(self, group: int) -> bool:
        """Whether it has not ended yet."""
        return psutil.Process(group).status() != psutil.STATUS_ZOMBIE

    def wait(self, group: int) -> int:
        """Wait for its end: 0, 1 where an exception left the sweep, or KILLED."""
        return self._ask(wait=group)

    def sweep(self, sweep: str, **settings: Any) -> int:
        return self.wait(self.start(sweep, **settings))

    def close(self) -> None:
        self._parent.stdin.close()
        self._parent.wait(20)

    def _ask(self, **order: Any) -> int:
        self._parent.stdin.write(json.dumps(order) + "\n")
        self._parent.stdin.flush()
        answer = self._parent.stdout.readline()
        assert answer, "the forge has ended; its log says why"
        return int(answer)


def _serve() -> None:
    import django

    django.setup()
    from celery import current_app

    current_app.loader.import_default_modules()
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            answer = os.fork() or _work(order)
        elif "wait" in order:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
        else:
            answer = 0
        print(answer, flush=True)


def _work(order: dict[str, Any]) -> int:
    from celery import current_app

    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)  # what it prints is no answer
    status = 1
    try:
        for name, value in order["settings"].items():
            module, _, attribute = name.rpartition(".")
            owner = pkgutil.resolve_name(module)
            getattr(owner, attribute)  # it has to be there
            setattr(owner, attribute, value)
        current_app.tasks[order["start"]]()
        status = 0
    except Exception:  # noqa: BLE001 - told by the status
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    _serve()
