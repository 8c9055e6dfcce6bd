"""The public list of SIZE lines: its publication, its files, and what a visitor waits for in Chromium.

Each page is opened ROUNDS times in a browser that keeps nothing, until its load event has ended; the slowest page by
its median counts. CHROMIUM names the browser."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from statistics import median
from typing import Any

from bench.imports import city
from bench.measure import told, watched

SIZE = int(os.environ.get("SIZE") or 34_101)
ROUNDS = 5
BAR = 1.0  # seconds

_AWARDS = """
    INSERT INTO payout_award (state, programme_id, region_id, case_kind, case_id, uscc, name, amount, columns,
        account_source, account_name, bank, account, account_index, created_at)
    SELECT 'PENDING', %s, %s, 'refund', n, '9114' || lpad(n::text, 14, '0'),
        '龙城市' || chr(20000 + n %% 5000) || chr(21000 + n * 7 %% 6000) || chr(22000 + n * 13 %% 7000)
            || (ARRAY['商贸', '机械制造', '餐饮管理', '建筑劳务', '信息技术'])[1 + n %% 5] || '有限公司',
        1000 + n / 100.0, '{"layoff_rate": "0.012346"}', 'corporate', '户名', '某银行', '', '', now()
    FROM generate_series(1, %s) n
"""


def publicity() -> None:
    """Publish, make the files, then open pages."""
    from django.db import connection

    from agency import clock
    from agency.models import Programme, User
    from samples.year import story
    from subsidies.payout import actions, tasks
    from subsidies.payout.models import PublicityRound

    year = city()
    year.load("workdays")
    year.load("fund")
    story.adopt(year)
    programme = Programme.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(_AWARDS, [programme.pk, programme.region_id, SIZE])
        cursor.execute("ANALYZE payout_award")
    by = {name: User.objects.get(username=name) for name in ("jingban1", "fushen1")}
    with watched() as one:
        round_ = actions.prepare_round(programme, by=by["jingban1"], at=clock.now())
    told("prepare", SIZE, one)
    with watched() as one:
        actions.publish_round(round_, clock.today(), by=by["fushen1"], at=clock.now())
    told("publish", SIZE, one)
    with watched() as one:
        tasks.work_lists()
    told("spreadsheet, PDF, Word", SIZE, one)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE payout_publishedline")
    round_ = PublicityRound.objects.select_related("file", "pdf", "announcement").get(pk=round_.pk)
    with _Served() as site:
        _pages(site, round_)
        _downloads(site, round_)


def _pages(site: str, round_: Any) -> None:
    from playwright.sync_api import sync_playwright

    name = round_.lines.get(position=SIZE // 2).name
    last = -(-SIZE // 50)
    pages = {
        "first page": "", "a page in the middle": f"page={last // 2}", "last page": f"page={last}",
        "a whole name": f"name={name}", "two characters": f"name={name[3:5]}", "all lines match": "name=有限公司",
        "all match, last page": f"name=有限公司&page={last}", "nothing matches": "name=饕餮",
    }  # fmt: skip
    slowest = 0.0
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=_chromium(), args=_quiet())
        for what, query in pages.items():
            taken = []
            for _ in range(ROUNDS):
                context = browser.new_context(locale="zh-CN")
                page = context.new_page()
                begun = time.perf_counter()
                answer = page.goto(f"{site}/gongshi/{round_.pk}/?{query}", wait_until="load")
                taken.append(time.perf_counter() - begun)
                if answer is None or answer.status != 200:
                    raise SystemExit(f"{query} was not answered")
                context.close()
            slowest = max(slowest, median(taken))
            best, middle, worst = (1000 * seconds for seconds in (min(taken), median(taken), max(taken)))
            print(f"{what:<28}{middle:8.0f} ms ({best:.0f} to {worst:.0f})", flush=True)
        browser.close()
    print(f"slowest page {slowest:.2f} s, bar {BAR:.0f} s: {'kept' if slowest < BAR else 'MISSED'}")


def _downloads(site: str, round_: Any) -> None:
    for word, file in (("list", round_.file), ("pdf", round_.pdf), ("announcement", round_.announcement)):
        begun = time.perf_counter()
        with urllib.request.urlopen(f"{site}/gongshi/{round_.pk}/{word}/", timeout=60) as answer:
            content = answer.read()
        same = hashlib.sha256(content).hexdigest() == file.sha256
        print(f"download {word:<19}{1000 * (time.perf_counter() - begun):8.0f} ms {len(content):>12,} bytes, hash {same}")


class _Served:
    """The site on a port of its own, over the bench's database."""

    def __enter__(self) -> str:
        self.port = int(os.environ.get("PORT") or 8973)
        command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--workers", "2", "--bind", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        site = f"http://127.0.0.1:{self.port}"
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{site}/gongshi/", timeout=5).close()
            except OSError:
                time.sleep(0.1)
            else:
                return site
        raise SystemExit("the site did not start")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)


def _chromium() -> str:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if not found:
        raise SystemExit("no Chromium: run make browser, or set CHROMIUM")
    return found


def _quiet() -> list[str]:
    root = ["--no-sandbox"] if os.getuid() == 0 else []
    return ["--disable-gpu", "--disable-background-networking", "--no-first-run", *root]
