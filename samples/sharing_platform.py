"""A made-up credit-sharing platform on this machine, for the demo and the tests: docs/gateways.md is its contract."""

import argparse
import asyncio
import csv
import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from samples.signed import BODY_LIMIT, arguments, happens, only_signed, refusal, secret_from_environment, serve

LOOKUP_LIMIT = 1000
HANGS_SECONDS = 60
MISHAPS = {"busy": "not answered at the first try of a request"}


class Entry(NamedTuple):
    """One listing: its type, the day it begins, the day it no longer counts (None: still listed)."""

    type: str
    listed_on: dt.date
    removed_on: dt.date | None

    def in_force(self, on: dt.date) -> bool:
        return self.listed_on <= on and (self.removed_on is None or on < self.removed_on)


class Records:
    """The platform's records, read from a csv and again whenever it changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read_at: int | None = None
        self.entries: dict[str, list[Entry]] = {}
        self.spoiling: dict[str, str] = {}

    def refresh(self) -> bool:
        """Bring the records up to date; False where there is no file."""
        if not self.path.exists():
            return False
        changed_at = self.path.stat().st_mtime_ns
        if changed_at == self.read_at:
            return True
        self.entries, self.spoiling = {}, {}
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                uscc = row["统一社会信用代码"].strip()
                if (how := (row.get("应答") or "").strip()) not in ("", "正常"):
                    self.spoiling[uscc] = how
                if row["名单类型"].strip():
                    removed = row["移出日期"].strip()
                    entry = Entry(
                        row["名单类型"].strip(),
                        dt.date.fromisoformat(row["列入日期"].strip()),
                        dt.date.fromisoformat(removed) if removed else None,
                    )
                    self.entries.setdefault(uscc, []).append(entry)
        self.read_at = changed_at
        return True

    def answer(self, uscc: str, on: dt.date) -> dict[str, Any]:
        """What the platform says of one enterprise on one day."""
        if self.spoiling.get(uscc) == "无应答":
            return {"uscc": uscc, "code": "NO_ANSWER"}
        found = [entry for entry in self.entries.get(uscc, []) if entry.in_force(on)]
        records = [
            {
                "type": each.type,
                "listed_on": each.listed_on.isoformat(),
                "removed_on": each.removed_on and each.removed_on.isoformat(),
            }
            for each in found
        ]
        return {"uscc": uscc, "code": "OK", "flags": sorted({each.type for each in found}), "records": records}


RECORDS = web.AppKey("records", Records)
OPTIONS = web.AppKey("options", argparse.Namespace)
TRIED = web.AppKey("tried", set[str])
NUMBERS: web.AppKey[Iterator[int]] = web.AppKey("numbers")


async def lookup(request: web.Request) -> web.Response:
    try:
        body = await request.json()
        codes, on = body["uscc"], dt.date.fromisoformat(body["on"])
    except (ValueError, KeyError, TypeError):
        codes = None
    if not isinstance(codes, list) or len(codes) > LOOKUP_LIMIT or not all(isinstance(code, str) for code in codes):
        return refusal(400, "INVALID", f"uscc: a list of at most {LOOKUP_LIMIT} texts; on: a day, YYYY-MM-DD")
    options = request.app[OPTIONS]
    await asyncio.sleep(options.delay_ms / 1000)
    key = f"{on}/{','.join(codes)}"
    if happens(options.busy, options.seed, "busy", key) and key not in request.app[TRIED]:
        request.app[TRIED].add(key)
        return refusal(503, "BUSY")
    records = request.app[RECORDS]
    if not records.refresh():
        return refusal(503, "BUSY", f"{records.path.name} is not there yet")
    spoilt = {records.spoiling.get(code) for code in codes}
    if "挂起" in spoilt:
        await asyncio.sleep(HANGS_SECONDS)
    if "乱码" in spoilt:
        return web.Response(text="<html>系统维护</html>", content_type="text/html")
    if "出错" in spoilt:
        return refusal(500, "BROKEN")
    reference = f"PT-{on:%Y%m%d}-{next(request.app[NUMBERS]):06}"
    return web.json_response(
        {"on": on.isoformat(), "reference": reference, "results": [records.answer(code, on) for code in codes]}
    )


async def healthz(request: web.Request) -> web.Response:
    return web.json_response({"records": request.app[RECORDS].refresh()})


def main() -> None:
    parser = arguments("A made-up credit-sharing platform on 127.0.0.1.", MISHAPS)
    parser.add_argument("--records", type=Path, required=True, help="csv of listings")
    options = parser.parse_args()
    app = web.Application(middlewares=[only_signed(secret_from_environment(), {"/healthz"})], client_max_size=BODY_LIMIT)
    app[RECORDS], app[OPTIONS], app[TRIED], app[NUMBERS] = Records(options.records), options, set(), itertools.count(1)
    app.add_routes([web.post("/lookup", lookup), web.get("/healthz", healthz)])
    serve(app, options.port)


if __name__ == "__main__":
    main()
