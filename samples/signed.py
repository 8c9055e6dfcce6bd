"""What both fakes share: signed JSON over HTTP on this machine, bounded, with mishaps that repeat (docs/gateways.md)."""

import argparse
import hashlib
import hmac
import os
import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

BODY_LIMIT = 2 * 1024 * 1024
CLOCK_TOLERANCE = 300  # seconds
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over timestamp, a dot and the body."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def refusal(status: int, code: str, problem: str = "") -> web.Response:
    """An error answer: its code, and where it helps what is wrong."""
    return web.json_response({"code": code} | ({"problem": problem} if problem else {}), status=status)


def only_signed(secret: str, unsigned: set[str]) -> Middleware:
    """Middleware: a request whose signature or time is wrong gets 401, whatever its path, but for `unsigned` pages."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in unsigned:
            timestamp = request.headers.get("X-Wengang-Timestamp", "")
            body = await request.read() if request.method == "POST" else request.rel_url.raw_query_string.encode()
            wanted = signature(secret, timestamp, body)
            timely = timestamp.isdigit() and abs(time.time() - int(timestamp)) <= CLOCK_TOLERANCE
            if not timely or not hmac.compare_digest(wanted, request.headers.get("X-Wengang-Signature", "")):
                return refusal(401, "UNSIGNED")
        return await handler(request)

    return check


def happens(share: float, seed: int, mishap: str, key: str) -> bool:
    """Whether a mishap befalls this key: the same at every run with the same seed, in any order of requests."""
    drawn = int.from_bytes(hashlib.sha256(f"{seed}/{mishap}/{key}".encode()).digest()[:8], "big")
    return drawn < share * 2**64


def secret_from_environment() -> str:
    """WENGANG_GATEWAY_SECRET; without it no fake starts, so that an unsigned caller is never served."""
    secret = os.environ.get("WENGANG_GATEWAY_SECRET", "")
    if not secret:
        raise SystemExit("WENGANG_GATEWAY_SECRET is not set")
    return secret


def arguments(description: str, mishaps: dict[str, str]) -> argparse.ArgumentParser:
    """The options that both fakes have, and one share (0 to 1) for each mishap."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay-ms", type=int, default=0, help="wait before each answer")
    parser.add_argument("--seed", type=int, default=1)
    for name, text in mishaps.items():
        parser.add_argument(f"--{name}", type=_share, default=0.0, metavar="SHARE", help=text)
    return parser


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("a share lies between 0 and 1")
    return value


def serve(app: web.Application, port: int) -> None:
    """Serve on 127.0.0.1 alone until ended."""
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, shutdown_timeout=1)
