"""The outside: SMS gateway and credit platform over signed HTTP (docs/gateways.md). Called by tasks alone, never inside
a transaction. A site whose gateway speaks otherwise puts an adapter before it, or a further class here."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
from django.db import connection

from agency.actions import Answer, Outgoing, Receipt, SendResult, reported_as, sent_as
from agency.models import CreditCheck
from agency.sealed import call_signature

BATCH = 500  # messages or codes a request
AT_ONCE = 8  # requests at a time
DEAD_ROUNDS = 3  # of look-ups, the failed ones in halves each time
LONGEST_FLAG = 16  # characters
ANSWER_LIMIT = 4 * 1024 * 1024
_log = logging.getLogger(__name__)


class GatewayMisused(Exception):
    """A gateway was called with a transaction open, or without its address or secret."""


class NoAnswer(Exception):
    """The other side did not answer, or not as agreed: nothing is known of what it did. Says what, never about whom."""


class _Busy(NoAnswer):
    """The other side says that it cannot take this now."""


class _Refused(Exception):
    """The other side refused the whole request as wrong."""


class _Line:
    """One side of the wire: signs what is sent, bounds what is read, and never waits without end."""

    def __init__(self, url: str, secret: str, timeout: float, name: str) -> None:
        if not url or not secret:
            raise GatewayMisused(f"未设置{name}的地址或 WENGANG_GATEWAY_SECRET，无法连接。")
        self.url, self.secret, self.timeout = url.rstrip("/"), secret, timeout

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        timeout = aiohttp.ClientTimeout(total=self.timeout, connect=self.timeout / 2)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
            yield session

    async def post(self, session: aiohttp.ClientSession, path: str, body: Any) -> dict[str, Any]:
        sent = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **self._signed(sent)}
        return await self._read(session.post(self.url + path, data=sent, headers=headers, allow_redirects=False))

    async def get(self, session: aiohttp.ClientSession, path: str, query: Sequence[tuple[str, str]]) -> dict[str, Any]:
        words = urlencode(query)
        address = f"{self.url}{path}?{words}"
        return await self._read(session.get(address, headers=self._signed(words.encode()), allow_redirects=False))

    def _signed(self, body: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))  # real time: the other side refuses what is 300 s off, whatever a demo's desk shows
        return {"X-Wengang-Timestamp": stamp, "X-Wengang-Signature": call_signature(self.secret, stamp, body)}

    async def _read(self, request: Any) -> dict[str, Any]:
        try:
            async with request as answer:
                body = await answer.content.read(ANSWER_LIMIT + 1)
                while len(body) <= ANSWER_LIMIT and (more := await answer.content.read(ANSWER_LIMIT + 1 - len(body))):
                    body += more
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as broken:
            raise NoAnswer(type(broken).__name__) from None
        if status in (400, 409, 413):
            raise _Refused(f"HTTP {status}")
        if status in (429, 503):
            raise _Busy(f"HTTP {status}")
        if status != 200 or len(body) > ANSWER_LIMIT:
            raise NoAnswer(f"HTTP {status}" if status != 200 else "answer too long")
        try:
            read = json.loads(body)
        except ValueError:
            raise NoAnswer("not JSON") from None
        if not isinstance(read, dict):
            raise NoAnswer("not an object")
        return read


def _outside_transaction() -> None:
    if connection.in_atomic_block:
        raise GatewayMisused("不能在数据库事务中连接外部系统。")


def _parts(all_: Sequence[Any]) -> list[Sequence[Any]]:
    return [all_[start : start + BATCH] for start in range(0, len(all_), BATCH)]


def _halves(part: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    return part[: len(part) // 2], part[len(part) // 2 :]


def _listed(reply: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list in a reply; what is not as agreed counts as not said."""
    rows = reply.get(name)
    return [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []


class SmsGateway:
    """Send messages, and ask what became of them. `templates`: the gateway's ids of texts that belong to no programme."""

    def __init__(self, url: str, secret: str, timeout: float, templates: Mapping[str, str] | None = None) -> None:
        self.line = _Line(url, secret, timeout, "短信网关")
        self.templates = templates or {}

    def send(self, messages: Sequence[Outgoing]) -> list[SendResult]:
        """One result a message, in any order. The message's key makes a repetition harmless."""
        _outside_transaction()
        return asyncio.run(self._send(messages))

    def receipts(self, keys: Sequence[str]) -> list[Receipt]:
        """What the gateway knows of these messages by now; those it does not answer for are absent."""
        _outside_transaction()
        return asyncio.run(self._receipts(keys))

    async def _send(self, messages: Sequence[Outgoing]) -> list[SendResult]:
        async with self.line.session() as session:
            done = await asyncio.gather(*(self._send_part(session, part) for part in _parts(messages)))
        return [result for part in done for result in part]

    async def _send_part(self, session: aiohttp.ClientSession, part: Sequence[Outgoing]) -> list[SendResult]:
        body = {"messages": [self._wire(message) for message in part]}
        try:
            results = _listed(await self.line.post(session, "/send-batch", body), "results")
        except NoAnswer as nothing:
            return [_unknown(message, f"网关无应答（{nothing}）") for message in part]
        except _Refused as refused:
            if len(part) == 1:
                return [SendResult(part[0].key, False, failure=f"网关拒收（{refused}）")]
            # one bad message must not stop the rest
            return [result for half in _halves(part) for result in await self._send_part(session, half)]
        told = {str(each.get("id")): each for each in results}
        return [
            sent_as(message.key, str(said.get("code")), str(said.get("gateway_id", "")))
            for message, said in ((message, told.get(message.key, {})) for message in part)
        ]

    async def _receipts(self, keys: Sequence[str]) -> list[Receipt]:
        found: list[Receipt] = []
        async with self.line.session() as session:
            for part in _parts(keys):
                try:
                    reply = await self.line.get(session, "/status", [("id", key) for key in part])
                except (NoAnswer, _Refused) as nothing:
                    _log.warning("SMS gateway: no receipts: %s", nothing)
                    continue
                found += [
                    reported_as(
                        each["id"], str(each.get("code")), str(each.get("problem", "")), gateway_id=str(each["gateway_id"])
                    )
                    for each in ({"gateway_id": ""} | said for said in _listed(reply, "statuses"))
                    if each.get("id") in part
                ]
        return found

    def _wire(self, message: Outgoing) -> dict[str, str]:
        template = self.templates.get(message.template, message.template)
        wire = {"id": message.key, "phone": message.phone, "text": message.text}
        return wire | {"sign": message.sign, "template": template}


def _unknown(message: Outgoing, failure: str) -> SendResult:
    return SendResult(message.key, False, failure=failure, retry=True)


class CreditPlatform:
    """Look enterprises up at the credit-sharing platform. `pace`, called with a number of requests before they are made,
    waits until so many may be."""

    def __init__(self, url: str, secret: str, timeout: float, pace: Callable[[int], None] = lambda requests: None) -> None:
        self.line, self.pace = _Line(url, secret, timeout, "信用平台"), pace

    def look_up(self, usccs: Sequence[str], on: date, *, at: datetime) -> dict[str, Answer]:
        """What the platform says of each code on a day. A code that it could not be asked about (busy, cut off) is
        absent: ask again later. That it has no answer for an enterprise is an answer, NO_ANSWER; so is it where asking about
        that enterprise alone fails while the others are answered for.

        A request that fails, other than for want of capacity, is made again in halves, so that one code that spoils it does
        not keep the rest from being asked; where nothing was answered for DEAD_ROUNDS rounds the platform is away, and all
        that is left is absent."""
        _outside_transaction()
        waiting, found, dead = _parts(list(dict.fromkeys(usccs))), {}, 0
        while waiting and dead < DEAD_ROUNDS:
            answered, failed = self._round(waiting, on, at)
            dead = 0 if answered else dead + 1
            found |= answered
            waiting = [half for part in failed if len(part) > 1 for half in _halves(part)]
            if found:
                found |= {part[0]: _spoilt(part[0], why, at) for part, why in failed.items() if len(part) == 1}
        return found

    def _round(
        self, parts: Sequence[Sequence[str]], on: date, at: datetime
    ) -> tuple[dict[str, Answer], dict[tuple[str, ...], str]]:
        """Ask about each part, AT_ONCE at a time; the answers, and the parts that failed with what befell them."""
        answered: dict[str, Answer] = {}
        failed: dict[tuple[str, ...], str] = {}
        for start in range(0, len(parts), AT_ONCE):
            asking = [tuple(part) for part in parts[start : start + AT_ONCE]]
            self.pace(len(asking))
            for part, said in zip(asking, asyncio.run(self._ask(asking, on, at)), strict=True):
                if isinstance(said, str):
                    failed |= {part: said} if said else {}
                    continue
                answered |= said
                if left_out := tuple(code for code in part if code not in said):
                    failed[left_out] = "left out of the answer"
        return answered, failed

    async def _ask(self, parts: Sequence[Sequence[str]], on: date, at: datetime) -> list[dict[str, Answer] | str]:
        async with self.line.session() as session:
            return await asyncio.gather(*(self._ask_part(session, part, on, at) for part in parts))

    async def _ask_part(
        self, session: aiohttp.ClientSession, part: Sequence[str], on: date, at: datetime
    ) -> dict[str, Answer] | str:
        try:
            reply = await self.line.post(session, "/lookup", {"uscc": list(part), "on": on.isoformat()})
        except (NoAnswer, _Refused) as nothing:
            _log.warning("credit platform: %d codes unanswered: %s", len(part), nothing)
            return "" if isinstance(nothing, _Busy) else str(nothing)
        asked, reference = set(part), str(reply.get("reference", ""))
        found = {}
        for each in _listed(reply, "results"):
            if each.get("uscc") in asked and reply.get("on") == on.isoformat():
                found[each["uscc"]] = _answer(each, _raw({"on": reply["on"], "reference": reference, "result": each}), at)
        return found or "nothing of what was asked"


def _raw(said: dict[str, Any]) -> str:
    """A reply as it is archived; half characters, which no database takes, as their codes."""
    return json.dumps(said, ensure_ascii=False).encode(errors="backslashreplace").decode()


def _spoilt(uscc: str, why: str, at: datetime) -> Answer:
    """What is archived of a code that the platform cannot be asked about, though it answers for others."""
    return Answer(CreditCheck.Outcome.NO_ANSWER, (), _raw({"uscc": uscc, "failed": why}), "信用信息共享平台", at)


def _answer(each: dict[str, Any], raw: str, at: datetime) -> Answer:
    """What the platform says of one code; flags that cannot be the names of lists are no answer, for a person to look at."""
    flags = each.get("flags")
    if each.get("code") != "OK" or not isinstance(flags, list) or not all(map(_names_a_list, flags)):
        return Answer(CreditCheck.Outcome.NO_ANSWER, (), raw, "信用信息共享平台", at)
    outcome = CreditCheck.Outcome.HIT if flags else CreditCheck.Outcome.CLEAR
    return Answer(outcome, tuple(flags), raw, "信用信息共享平台", at)


def _names_a_list(flag: object) -> bool:
    return isinstance(flag, str) and 0 < len(flag) <= LONGEST_FLAG and flag.isprintable()
