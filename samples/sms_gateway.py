"""A made-up SMS gateway on this machine, for the demo and the tests: docs/gateways.md is its contract."""

import argparse
import asyncio
import datetime as dt
import html
import json
import os
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

from aiohttp import web

from samples.signed import BODY_LIMIT, arguments, happens, only_signed, refusal, secret_from_environment, serve

BATCH_LIMIT = 1000
SHOWN = 200
KEPT = 200_000  # messages in memory; older ones are forgotten, as a gateway does
FIELDS = ("id", "phone", "text", "sign", "template")
MISHAPS = {
    "reject": "refused for good",
    "busy": "not taken at the first try",
    "lose": "accepted, never delivered",
    "cut": "accepted, the first answer never arrives",
    "twice": "delivered twice",
}


class Gateway:
    """The messages it took, by id, and what its mishaps do to them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.taken: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self.tried: set[str] = set()
        self.keep: Path = options.keep
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
        answer = {"id": key, "code": code, "gateway_id": kept["gateway_id"]}
        return answer | ({"cut": True} if code == "ACCEPTED" and self.befalls("cut", key) else {})

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
        f"<table><tr><th>时间<th>手机号<th>内容{rows}</table>"
    )
    return web.Response(text=page, content_type="text/html")


async def healthz(request: web.Request) -> web.Response:
    return web.json_response({"messages": len(request.app[GATEWAY].taken)})


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


def main() -> None:
    parser = arguments("A made-up SMS gateway on 127.0.0.1.", MISHAPS)
    parser.add_argument("--keep", type=Path, required=True, help="file that messages are appended to and read back from")
    options = parser.parse_args()
    unsigned = {"/outbox", "/healthz"}
    app = web.Application(middlewares=[only_signed(secret_from_environment(), unsigned)], client_max_size=BODY_LIMIT)
    app[GATEWAY] = Gateway(options)
    app.add_routes([web.post("/send", send), web.post("/send-batch", send_batch), web.get("/status", status)])
    app.add_routes([web.get("/outbox", outbox), web.get("/healthz", healthz)])
    serve(app, options.port)


if __name__ == "__main__":
    main()
