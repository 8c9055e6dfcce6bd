"""A made-up SMS gateway on this machine, for the demo and the tests: docs/gateways.md is its contract."""

import argparse
import asyncio
import datetime as dt
import heapq
import html
import json
import os
import re
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from samples.signed import BODY_LIMIT, arguments, happens, only_signed, refusal, secret_from_environment, serve, signature

BATCH_LIMIT = 1000
SHOWN = 200
KEPT = 200_000  # messages in memory; older ones are forgotten, as a gateway does
PUSHED_EVERY, PUSHED_AGAIN = 0.05, 1.0  # seconds; again: where a call was not taken
PUSHED_AT_ONCE = 500
FIELDS = ("id", "phone", "text", "sign", "template")
MISHAPS = {
    "reject": "refused for good",
    "busy": "not taken at the first try",
    "fail": "accepted, not delivered",
    "lose": "accepted, never delivered and never reported",
    "mute": "delivered, known when asked, never reported",
    "cut": "accepted, the first answer never arrives",
    "twice": "delivered twice",
    "duplicate": "reported twice",
    "reorder": "reported before it is answered",
    "contradict": "reported once more, as the opposite",
}


class Gateway:
    """The messages it took, by id, and what its mishaps do to them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.taken: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self.tried: set[str] = set()
        self.keep: Path = options.keep
        self.reports = Reports(options.webhook, options.secret) if options.webhook else None
        if self.keep.exists():
            for line in self.keep.read_text(encoding="utf-8").splitlines():
                self._remember(json.loads(line))

    def befalls(self, mishap: str, key: str) -> bool:
        return happens(getattr(self.options, mishap), self.options.seed, mishap, key)

    def take(self, message: dict[str, str]) -> dict[str, Any]:
        """Take one message once; what is answered. `cut` in the answer: the connection is to be cut instead."""
        key = message["id"]
        if known := self.taken.get(key):
            if any(known[name] != message[name] for name in ("phone", "text")):
                return {"id": key, "code": "CONFLICT"}
            return {"id": key, "code": known["code"], "gateway_id": known["gateway_id"]}
        if self.befalls("busy", key) and key not in self.tried:
            self.tried.add(key)
            return {"id": key, "code": "BUSY"}
        code = "ACCEPTED"
        if not re.fullmatch(r"1\d{10}", message["phone"]):
            code = "INVALID_PHONE"
        elif self.befalls("reject", key):
            code = "REJECTED"
        at = dt.datetime.now(dt.UTC).astimezone().isoformat(timespec="seconds")
        kept = message | {"code": code, "gateway_id": f"SMS-{key:>08}", "at": at}
        self._remember(kept)
        with os.fdopen(os.open(self.keep, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
            file.write(json.dumps(kept, ensure_ascii=False) + "\n")
        if self.reports:
            self._report(key, self.reports)
        answer = {"id": key, "code": code, "gateway_id": kept["gateway_id"]}
        return answer | ({"cut": True} if code == "ACCEPTED" and self.befalls("cut", key) else {})

    def _report(self, key: str, reports: "Reports") -> None:
        """Have it reported after a while, or as its mishaps want it."""
        receipt = self.status(key)
        if receipt["code"] not in ("DELIVERED", "UNDELIVERED") or self.befalls("mute", key):
            return
        report = receipt | {"number": f"R-{key}"}
        wait = 0 if self.befalls("reorder", key) else self.options.report_ms / 1000
        reports.push("reports", report, wait)
        if self.befalls("duplicate", key):
            reports.push("reports", report, 2 * wait + 0.2)
        if self.befalls("contradict", key):
            opposite = {"DELIVERED": "UNDELIVERED", "UNDELIVERED": "DELIVERED"}[receipt["code"]]
            reports.push("reports", report | {"number": f"R-{key}-2", "code": opposite}, 2 * wait + 0.3)

    def _remember(self, kept: dict[str, Any]) -> None:
        self.taken[kept["id"]] = kept
        while len(self.taken) > KEPT:
            self.taken.popitem(last=False)

    def status(self, key: str) -> dict[str, Any]:
        """The receipt of one message."""
        kept = self.taken.get(key)
        if kept is None:
            return {"id": key, "code": "UNKNOWN"}
        known = {"id": key, "gateway_id": kept["gateway_id"]}
        if kept["code"] != "ACCEPTED":
            return known | {"code": "UNDELIVERED", "problem": kept["code"], "at": kept["at"]}
        if self.befalls("lose", key):
            return known | {"code": "PENDING"}
        if self.befalls("fail", key):
            return known | {"code": "UNDELIVERED", "problem": "NO_SERVICE", "at": kept["at"]}
        return known | {"code": "DELIVERED", "at": kept["at"]}

    def on_screen(self, phone: str) -> list[dict[str, Any]]:
        """What arrived at the phones, newest first."""
        shown: list[dict[str, Any]] = []
        for kept in reversed(self.taken.values()):
            if (not phone or kept["phone"] == phone) and self.status(kept["id"])["code"] == "DELIVERED":
                shown += [{name: kept[name] for name in (*FIELDS, "at")}] * (2 if self.befalls("twice", kept["id"]) else 1)
            if len(shown) >= SHOWN:
                break
        return shown[:SHOWN]


class Reports:
    """What is to be told to the other side's webhook: each after its time, many in a call, again until it is taken."""

    def __init__(self, url: str, secret: str) -> None:
        self.url, self.secret = url, secret
        self.due: list[tuple[float, int, str, dict[str, Any]]] = []
        self.pushed = 0

    def push(self, kind: str, what: dict[str, Any], wait: float) -> None:
        self.pushed += 1
        heapq.heappush(self.due, (time.monotonic() + wait, self.pushed, kind, what))

    async def run(self) -> None:
        async with ClientSession(timeout=ClientTimeout(total=30)) as session:
            pause = PUSHED_EVERY
            while True:
                await asyncio.sleep(pause)
                pause = PUSHED_EVERY
                call: list[tuple[float, int, str, dict[str, Any]]] = []
                while self.due and self.due[0][0] <= time.monotonic() and len(call) < PUSHED_AT_ONCE:
                    call.append(heapq.heappop(self.due))
                if call and not await self._call(session, call):
                    for each in call:
                        heapq.heappush(self.due, each)
                    pause = PUSHED_AGAIN

    async def _call(self, session: ClientSession, call: list[tuple[float, int, str, dict[str, Any]]]) -> bool:
        """Whether it was taken, or can never be."""
        body = json.dumps({name: [what for *_, kind, what in call if kind == name] for name in ("reports", "replies")}).encode()
        stamp = str(int(time.time()))
        headers = {"X-Wengang-Timestamp": stamp, "X-Wengang-Signature": signature(self.secret, stamp, body)}
        try:
            async with session.post(self.url, data=body, headers=headers | {"Content-Type": "application/json"}) as answer:
                return answer.status in (200, 400, 409)
        except (ClientError, TimeoutError, OSError):
            return False


GATEWAY = web.AppKey("gateway", Gateway)


def problem_of(message: object) -> str:
    """What is wrong with a message's shape; empty if nothing."""
    if not isinstance(message, dict) or any(not isinstance(message.get(name), str) for name in FIELDS):
        return f"a message is an object of texts: {', '.join(FIELDS)}"
    if not message["id"] or not message["text"] or len(message["text"]) > 1000:
        return "id and text must not be empty, and a text has at most 1,000 characters"
    return ""


async def send(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    message = await _json(request)
    if problem := problem_of(message):
        return refusal(400, "INVALID", problem)
    await asyncio.sleep(gateway.options.delay_ms / 1000)
    answer = gateway.take({name: message[name] for name in FIELDS})
    if answer.pop("cut", False):
        return _cut(request)
    return web.json_response(answer, status={"BUSY": 503, "CONFLICT": 409}.get(answer["code"], 200))


async def send_batch(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    body = await _json(request)
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or len(messages) > BATCH_LIMIT:
        return refusal(400, "INVALID", f"messages: a list of at most {BATCH_LIMIT}")
    if problem := next(filter(None, map(problem_of, messages)), ""):
        return refusal(400, "INVALID", problem)
    await asyncio.sleep(gateway.options.delay_ms / 1000)
    results = [gateway.take({name: message[name] for name in FIELDS}) for message in messages]
    cut = [result.pop("cut", False) for result in results]
    if any(cut):
        return _cut(request)
    return web.json_response({"results": results})


async def status(request: web.Request) -> web.Response:
    ids = request.query.getall("id", [])
    if not ids or len(ids) > BATCH_LIMIT:
        return refusal(400, "INVALID", f"between 1 and {BATCH_LIMIT} ids")
    return web.json_response({"statuses": [request.app[GATEWAY].status(key) for key in ids]})


async def outbox(request: web.Request) -> web.Response:
    messages = request.app[GATEWAY].on_screen(request.query.get("phone", ""))
    if request.query.get("format") == "json" or "application/json" in request.headers.get("Accept", ""):
        return web.json_response({"messages": messages})
    rows = "".join(
        f"<tr><td>{html.escape(each['at'])}<td>{html.escape(each['phone'])}<td>【{html.escape(each['sign'])}】{html.escape(each['text'])}"
        for each in messages
    )
    page = (
        "<!doctype html><html lang=zh-CN><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        "<title>演示短信网关</title><style>body{font:16px sans-serif;margin:1em}td,th{padding:.4em;border-bottom:1px solid #ccc;"
        "text-align:left;vertical-align:top}</style><h1>演示短信网关：手机上会看到的短信</h1>"
        f"<form>手机号 <input name=phone value='{html.escape(request.query.get('phone', ''))}'> <button>查看</button></form>"
        "<form method=post action=/reply>以此手机号回复 "
        f"<input name=phone required placeholder=手机号 value='{html.escape(request.query.get('phone', ''))}'> "
        "<input name=text required placeholder='如 Y 或 N'> <button>发送</button></form>"
        f"<table><tr><th>时间<th>手机号<th>内容{rows}</table>"
    )
    return web.Response(text=page, content_type="text/html")


async def reply(request: web.Request) -> web.Response:
    """A message from a phone, as typed into the outbox page or posted as JSON; pushed to the webhook."""
    gateway = request.app[GATEWAY]
    given: Any = await _json(request) if request.content_type == "application/json" else await request.post()
    phone, text = (str((given or {}).get(name, "")).strip() for name in ("phone", "text"))
    if gateway.reports is None or not re.fullmatch(r"\d{3,15}", phone) or not text or len(text) > 500:
        return refusal(400, "INVALID", "--webhook, and a phone and a text of at most 500 characters")
    at = dt.datetime.now(dt.UTC).astimezone().isoformat(timespec="seconds")
    number = str((given or {}).get("number") or f"MO-{uuid.uuid4().hex[:16]}")
    gateway.reports.push("replies", {"number": number, "phone": phone, "text": text, "at": at}, 0)
    if request.content_type == "application/json":
        return web.json_response({"number": number})
    raise web.HTTPSeeOther(f"/outbox?phone={phone}")


async def healthz(request: web.Request) -> web.Response:
    gateway = request.app[GATEWAY]
    return web.json_response({"messages": len(gateway.taken), "to_report": len(gateway.reports.due) if gateway.reports else 0})


async def _json(request: web.Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        return None


def _cut(request: web.Request) -> web.Response:
    """Close the connection without an answer, as a broken line does."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _pushing(app: web.Application) -> AsyncIterator[None]:
    """Push while the server runs."""
    reports = app[GATEWAY].reports
    task = asyncio.create_task(reports.run()) if reports else None
    yield
    if task:
        task.cancel()


def main() -> None:
    parser = arguments("A made-up SMS gateway on 127.0.0.1.", MISHAPS)
    parser.add_argument("--keep", type=Path, required=True, help="file that messages are appended to and read back from")
    parser.add_argument("--webhook", default="", metavar="URL", help="where reports and replies are pushed to")
    parser.add_argument("--report-ms", type=int, default=500, help="wait before a message is reported")
    options = parser.parse_args()
    options.secret = secret_from_environment()
    unsigned = {"/outbox", "/healthz", "/reply"}
    app = web.Application(middlewares=[only_signed(options.secret, unsigned)], client_max_size=BODY_LIMIT)
    gateway = app[GATEWAY] = Gateway(options)
    if gateway.reports:
        app.cleanup_ctx.append(_pushing)
    app.add_routes([web.post("/send", send), web.post("/send-batch", send_batch), web.get("/status", status)])
    app.add_routes([web.get("/outbox", outbox), web.post("/reply", reply), web.get("/healthz", healthz)])
    serve(app, options.port)


if __name__ == "__main__":
    main()
