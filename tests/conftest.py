"""What tests share: a throw-away machine with real PostgreSQL, Redis and processes, each started by the first test that
asks for it, and ended with the run. A DATABASE_URL that is given is used (its test database, not its own). Where several
processes share the tests (-n) each has a machine of its own; with a REDIS_URL that is given run one (PROCESSES=1)."""

import contextlib
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import django
import hypothesis
import pytest

from config import machine
from tests.forge import Forge

if TYPE_CHECKING:
    from redis import Redis

MACHINE = machine.throwaway()
SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings"}
SET_HERE = {name for name in MACHINE.environment() if name not in os.environ} | set(SETTINGS)
os.environ |= MACHINE.environment() | SETTINGS  # read before the settings are

ROUNDS = int(os.environ.get("ROUNDS") or 1)
SEED = int(os.environ.get("SEED") or (random.SystemRandom().randrange(10**6) if ROUNDS > 1 else 1))
ON_CI = os.environ.get("CI", "").lower() in {"1", "true"}

# Before any further conftest is read: they import models. The pure rooms, run alone, do not wait for it.
WITHOUT_DJANGO = ("tests/policy", "tests/sheets", "tests/samples")
_named = [argument for argument in sys.argv[1:] if argument.startswith("tests")]
if not _named or not all(argument.startswith(WITHOUT_DJANGO) for argument in _named):
    django.setup()

hypothesis.settings.register_profile("tests", deadline=None, derandomize=True, max_examples=100)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=100 * ROUNDS, print_blob=True)
hypothesis.settings.load_profile("soak" if ROUNDS > 1 else "tests")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput"):
        for name in SET_HERE:  # the processes that this one hands the tests to make machines of their own
            os.environ.pop(name, None)
    if ROUNDS > 1 and hasattr(config.option, "hypothesisseed"):
        config.option.hypothesisseed = str(SEED)


def pytest_report_header() -> str:
    return f"rounds x {ROUNDS}, seed {SEED} (ROUNDS={ROUNDS} SEED={SEED} repeats this run)"


def pytest_unconfigure() -> None:
    machine.remove(MACHINE)


# ---- on CI a test that cannot run is a failure -----------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    return not_skipped(report) if ON_CI and not hasattr(report, "wasxfail") else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    report = yield
    return not_skipped(report) if ON_CI else report


def not_skipped(report):
    """The report, failed where it would have been a skip."""
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"skipped where CI=true: {reason}"
    return report


# ---- how much, from which seed ---------------------------------------------------------------------------------


@pytest.fixture
def rounds() -> Callable[[int], int]:
    """How often to repeat: the usual number, times ROUNDS under `make soak`."""
    return lambda usual: usual * ROUNDS


@pytest.fixture
def seeded() -> random.Random:
    """A generator from the run's seed, which is printed in the header."""
    return random.Random(SEED)


# ---- servers ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def the_machine() -> machine.Machine:
    """The throw-away machine of this run."""
    return MACHINE


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """PostgreSQL starts with the first test that wants a database."""
    machine.start_postgres(MACHINE)


@pytest.fixture(scope="session")
def broker() -> None:
    machine.start_redis(MACHINE)


@pytest.fixture(scope="session")
def process_environment(django_db_setup) -> dict[str, str]:
    """What a process of ours needs to work on the test database."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    return {"DATABASE_URL": re.sub(r"/[^/?]*(\?|$)", rf"/{name}\1", os.environ["DATABASE_URL"], count=1)}


def _process(name: str) -> Callable[..., Iterator[None]]:
    @pytest.fixture(scope="session", name=f"{name}_process")
    def process(broker, process_environment) -> Iterator[None]:
        machine.start(MACHINE, name, process_environment)
        yield
        machine.stop(MACHINE, name)

    return process


worker_process, web_process, sms_process, platform_process = map(_process, ("worker", "web", "sms", "platform"))


@pytest.fixture(scope="session")
def forge(process_environment) -> Iterator[Forge]:
    """Processes that work one sweep on the test database, to be killed (tests/forge.py)."""
    made = Forge(process_environment, MACHINE.logs / "forge.log")
    yield made
    made.close()


@pytest.fixture
def worker(worker_process, transactional_db) -> Iterator[Callable[[], None]]:
    """A real Celery worker on the test database. Call it to wait until all that was sent is done."""
    yield wait_for_worker
    wait_for_worker()


def wait_for_worker(seconds: float = 120) -> None:
    """Until no task is queued and none is being worked; raises TimeoutError with the worker's log."""
    from redis import Redis

    with Redis.from_url(os.environ["REDIS_URL"], decode_responses=True) as queue:
        until = time.monotonic() + seconds
        while not _is_idle(queue):
            if time.monotonic() > until:
                raise TimeoutError(
                    f"the worker is not done after {seconds} s:\n{(MACHINE.logs / 'worker.log').read_text()[-4000:]}"
                )
            time.sleep(0.05)


def _is_idle(queue: "Redis") -> bool:
    """Whether no task is queued, none is noted as unacked, and the worker waits for the next one, all at one moment. What the
    worker has taken it has noted by the time it asks for more: between the two a task is in neither list, for as long as a busy
    machine keeps the worker from going on."""
    with queue.pipeline(transaction=True) as at_once:
        queued, unacked, clients = at_once.llen("celery").hlen("unacked").client_list().execute()
    return not queued and not unacked and any(client["cmd"] == "brpop" and "b" in client["flags"] for client in clients)


@pytest.fixture
def outbox(sms_process) -> Callable[[str], list[dict[str, str]]]:
    """What the fake gateway delivered to a phone, newest first (docs/gateways.md)."""
    import json
    import urllib.request

    def read(phone: str) -> list[dict[str, str]]:
        with urllib.request.urlopen(f"{os.environ['SMS_GATEWAY_URL']}/outbox?phone={phone}&format=json", timeout=10) as answer:
            return list(json.load(answer)["messages"])

    return read


@pytest.fixture
def listings(platform_process) -> Iterator[Callable[[str], None]]:
    """Give the fake credit platform its records, as csv text under its header (docs/gateways.md)."""

    def give(rows: str) -> None:
        MACHINE.platform_records.write_text(f"统一社会信用代码,名单类型,列入日期,移出日期,应答\n{rows}", encoding="utf-8")

    give("")
    yield give
    MACHINE.platform_records.unlink(missing_ok=True)


@contextlib.contextmanager
def fakes(folder: Path) -> Iterator[Callable[..., str]]:
    """Start fakes of samples/ on free ports, with mishaps of their own: begin("sms_gateway", "--cut", "0.5") -> its URL."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(module: str, *options: str) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        paths = {"sms_gateway": ["--keep", str(folder / "outbox.jsonl")]}.get(module, [])
        command = [sys.executable, "-m", f"samples.{module}", "--port", str(port), *paths, *options]
        started.append(subprocess.Popen(command, cwd=Path(__file__).parent.parent))
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return f"http://127.0.0.1:{port}"
            time.sleep(0.05)
        raise TimeoutError(f"{module} did not start")

    yield begin
    for process in started:
        process.terminate()
        process.wait(10)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """fake(module, *options) -> URL of a fake that this test alone talks to."""
    with fakes(tmp_path) as begin:
        yield begin


@pytest.fixture(scope="module")
def shared_fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """The same for the tests of one file together."""
    with fakes(tmp_path_factory.mktemp("fake")) as begin:
        yield begin


# ---- time ------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk_clock(db) -> Callable[[datetime], None]:
    """Set the desk's clock, in this and every process of ours (the row commits only in a transactional test)."""
    from agency.actions.clock import set_desk_clock

    return lambda moment: set_desk_clock(moment, real_now=datetime.now(moment.tzinfo))
