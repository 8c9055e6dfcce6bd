"""SIZE offers through the made-up SMS gateway, which takes 50 ms an answer, beside a bare asynchronous loop that makes the same
requests over as many connections. 5% fail, 2% are reported twice, 1% are never reported; reports come by the signed counter of
a web process. Afterwards every message has to be in the one state that its draw wants, and every phone to have heard once.

They are sent as docs/operations.md has it: by a worker of two processes, which is woken once when they are queued and then as
often as by the beat. KILLS=20: before that workers of one process are killed that many times; what comes of it all is checked the
same way."""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bench.measure import children, told, watched

SIZE = int(os.environ.get("SIZE") or 100_000)
KILLS = int(os.environ.get("KILLS") or 0)
SEED, DELAY_MS, REPORT_MS = 2024, 50, 5_000
SHARES = {"reject": 0.02, "fail": 0.03, "duplicate": 0.02, "lose": 0.01, "reorder": 0.01, "mute": 0.01}
PROCESSES = 2  # of the worker
SINGLES = 2_000  # most messages that are sent one a request
QUIET = 120  # seconds in which the reports of all have to come
ROOT = Path(__file__).parent.parent


def messages() -> None:
    """Both, then the reports, then the states."""
    from agency.gateways import AT_ONCE, BATCH

    rows = [(str(number), phone_of(number)) for number in range(SIZE)]
    with tempfile.TemporaryDirectory() as folder:
        bare = _bare(rows, BATCH, AT_ONCE * PROCESSES, Path(folder)) if not KILLS else {}
        with _web() as webhook, _fake(Path(folder) / "ours", webhook) as url:
            _ours(url, Path(folder) / "ours", bare)


def phone_of(number: int) -> str:
    return f"142{number:08}"


def text_of(number: int) -> str:
    return f"某公司{number}：经数据比对，贵单位符合“某市2024年度稳岗返还”条件，请登录稳岗返还网上服务，在“我的返还”中确认。"


def _bare(rows: list[tuple[str, str]], batch: int, connections: int, folder: Path) -> dict[str, float]:
    """Seconds of the loop with the same requests, and of one that sends a message a request."""
    with _fake(folder / "bare") as url:
        begun = time.perf_counter()
        asyncio.run(_loop(url, "/send-batch", [{"messages": part} for part in _cut(rows, batch)], connections))
        taken = time.perf_counter() - begun
    with _fake(folder / "singles") as url:
        few = [one for part in _cut(rows[:SINGLES], 1) for one in part]
        begun = time.perf_counter()
        asyncio.run(_loop(url, "/send", few, connections))
        alone = (time.perf_counter() - begun) / len(few)
    print(
        f"a bare loop over {connections} connections: {len(rows) / taken:,.0f} messages/s, {batch} a request; "
        f"{1 / alone:,.0f} messages/s, one a request",
        flush=True,
    )
    return {"bare": taken, "one a request": alone * len(rows)}


def _cut(rows: list[tuple[str, str]], batch: int) -> Iterator[list[dict[str, str]]]:
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        yield [{"id": key, "phone": phone, "text": text_of(int(key)), "sign": "甲市", "template": "offer"} for key, phone in part]


async def _loop(url: str, path: str, bodies: list[object], connections: int) -> None:
    from samples.signed import signature

    waiting = iter(bodies)
    secret = os.environ["WENGANG_GATEWAY_SECRET"]

    async def send(session: aiohttp.ClientSession) -> None:
        for body in waiting:
            sent, stamp = json.dumps(body, ensure_ascii=False).encode(), str(int(time.time()))
            headers = {"X-Wengang-Timestamp": stamp, "X-Wengang-Signature": signature(secret, stamp, sent)}
            async with session.post(url + path, data=sent, headers=headers | {"Content-Type": "application/json"}) as answer:
                await answer.json()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:
        await asyncio.gather(*(send(session) for _ in range(connections)))


def _ours(url: str, kept: Path, bare: dict[str, float]) -> None:
    from django.conf import settings

    from agency import clock

    settings.SMS_GATEWAY_URL, settings.SMS_REPORTS = url, "pushed"
    outside = children()  # the gateway, and the web process that it reports to
    with watched(but=outside) as queueing:
        _queue()
    told("queued", SIZE, queueing)
    _kill_again_and_again(url)
    left = _unsent().count()
    with _worker(url, PROCESSES), watched(but=outside) as sending:
        _send()
    told(f"sent by {PROCESSES} processes", left, sending, bare)
    if bare:
        same, single = (seconds / sending.seconds for seconds in bare.values())
        print(
            f"{SIZE / sending.seconds:,.0f} messages/s: {same:.2f} x the bare loop of the same requests (0.50 wanted), "
            f"{single:.1f} x that of one message a request",
            flush=True,
        )
    begun = time.perf_counter()
    while json.load(urllib.request.urlopen(f"{url}/healthz", timeout=10))["to_report"]:
        if time.perf_counter() - begun > QUIET:
            sys.exit("the reports did not all come")
        time.sleep(0.1)
    print(f"the last report came {time.perf_counter() - begun:.1f} s after the last sending", flush=True)
    _give_up(clock.now() + timedelta(hours=73))
    _check(kept)


def _unsent() -> Any:
    from agency.models import Message

    return Message.objects.filter(state__in=["QUEUED", "SENDING"])


def _send() -> None:
    """Until everything is sent: woken once, as by whoever queued the messages, then as often as by the beat."""
    from agency.tasks import wake
    from config.celery import SWEEPS

    beats = SWEEPS["send queued messages"]["schedule"]
    woken = 0.0
    while _unsent().exists():
        if time.monotonic() - woken > beats:
            wake("agency.send_messages")
            woken = time.monotonic()
        time.sleep(0.1)


def _start_worker(url: str, processes: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-q", "-A", "config", "worker", "--concurrency", str(processes)]
    given = os.environ | {"SMS_GATEWAY_URL": url, "SMS_REPORTS": "pushed"}
    return subprocess.Popen([*command, "--loglevel", "ERROR"], cwd=ROOT, env=given, start_new_session=True)


@contextlib.contextmanager
def _worker(url: str, processes: int) -> Iterator[None]:
    """A worker that is ready for its first task."""
    from celery import current_app

    worker = _start_worker(url, processes)
    try:
        until = time.monotonic() + 60
        while not current_app.control.ping(timeout=1):
            if time.monotonic() > until:
                sys.exit("the worker did not start")
        yield
    finally:
        worker.terminate()
        worker.wait(60)


def _kill_again_and_again(url: str) -> None:
    """KILLS times: start a worker, let it send, and kill it and all that it started at a random moment. What it had in hand is
    due again ten minutes later, which the desk's clock is moved by."""
    from agency import clock
    from agency.actions import set_desk_clock
    from agency.models import Message
    from agency.tasks import wake

    moments = random.Random(SEED)
    for _ in range(KILLS):
        before = Message.objects.filter(state="QUEUED").count()
        if not before:
            sys.exit("sent before it was killed often enough: take a larger SIZE")
        worker = _start_worker(url, 1)
        wake("agency.send_messages")
        while Message.objects.filter(state="QUEUED").count() == before:  # until it has some in hand
            time.sleep(0.05)
        time.sleep(moments.uniform(0.0, 0.8))
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        stuck = Message.objects.filter(state="SENDING").count()
        print(f"killed with {stuck:,} in hand, {Message.objects.filter(state='QUEUED').count():,} still queued", flush=True)
        set_desk_clock(clock.now() + timedelta(minutes=11), real_now=clock.now() - clock.offset())


def _queue() -> None:
    from agency import clock
    from agency.actions import found_region, queue_messages
    from agency.models import Region

    if not Region.objects.exists():
        found_region("149100", "岚泊市", at=clock.now())
    params = {"title": "岚泊市2024年度稳岗返还", "amount": "1,815.08", "deadline": "2024年7月31日"}
    params["link"] = "https://wengang.example/l/0123456789abcdef012345"
    rows = (("refund", n, None, phone_of(n), params | {"name": f"某公司{n}"}) for n in range(SIZE))
    queue_messages("offer", rows, at=clock.now())


def _give_up(later: object) -> None:
    """Past the hours in which a report is waited for: those without one are asked for, then have no answer."""
    from agency import clock
    from agency.actions import set_desk_clock
    from agency.tasks import read_receipts

    set_desk_clock(later, real_now=clock.now() - clock.offset())
    with watched() as asking:
        read_receipts()
    told("late ones asked for", SIZE, asking)


def wanted_state(key: str) -> str:
    """In what a message has to end, by the draw of the gateway's mishaps."""
    from samples.signed import happens

    def befalls(mishap: str) -> bool:
        return happens(SHARES[mishap], SEED, mishap, key)

    if befalls("reject"):
        return "FAILED"
    return "NO_ANSWER" if befalls("lose") else "FAILED" if befalls("fail") else "DELIVERED"


def _check(kept: Path) -> None:
    """Ends the benchmark where a message is in another state than its own, or a phone heard twice or never."""
    from agency.models import Event, Message

    wrong = Counter((state, wanted) for key, state in Message.objects.values_list("pk", "state")
                    if (wanted := wanted_state(str(key))) != state)  # fmt: skip
    heard = Counter(json.loads(line)["phone"] for line in kept.read_text(encoding="utf-8").splitlines())
    ends = Event.objects.filter(case_kind="message", to_state__in=["DELIVERED", "FAILED", "NO_ANSWER"]).count()
    states = Counter(Message.objects.values_list("state", flat=True))
    print("; ".join(f"{state} {count:,}" for state, count in sorted(states.items())), flush=True)
    if wrong or set(heard.values()) != {1} or len(heard) != SIZE or ends != SIZE:
        sys.exit(f"not as drawn: {wrong}; {len(heard):,} phones, {sum(heard.values()):,} sendings, {ends:,} ends")


@contextlib.contextmanager
def _fake(kept: Path, webhook: str = "") -> Iterator[str]:
    shares = [word for name, share in SHARES.items() for word in (f"--{name}", str(share))]
    port = _free_port()
    options = ["--port", str(port), "--keep", str(kept), "--delay-ms", str(DELAY_MS), "--seed", str(SEED), *shares]
    pushes = ["--webhook", webhook, "--report-ms", str(REPORT_MS)] if webhook else []
    with _process([sys.executable, "-m", "samples.sms_gateway", *options, *pushes], port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def _web() -> Iterator[str]:
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--workers", "1", "--bind", f"127.0.0.1:{port}"]
    with _process([*command, "--log-level", "warning"], port):
        yield f"http://127.0.0.1:{port}/gateway/sms/"


@contextlib.contextmanager
def _process(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT)
    until = time.monotonic() + 60
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None or time.monotonic() > until:
                sys.exit(f"{command[2]} did not start")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
