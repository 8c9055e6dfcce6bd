"""A signed caller, written from docs/gateways.md and sharing nothing with the fakes."""

import hashlib
import hmac
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def call() -> Call:
    """call(url, body=None, *, secret=..., seconds_off=0) -> (HTTP status, parsed JSON); GET where body is None."""

    def send(url: str, body: object = None, *, secret: str = "", seconds_off: int = 0) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        timestamp = str(int(time.time()) + seconds_off)
        signed = timestamp.encode() + b"." + (url.partition("?")[2].encode() if data is None else data)
        key = (secret or os.environ["WENGANG_GATEWAY_SECRET"]).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Wengang-Timestamp": timestamp,
            "X-Wengang-Signature": hmac.new(key, signed, hashlib.sha256).hexdigest(),
        }
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers), timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    return send
