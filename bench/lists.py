"""The console's list of SIZE applications, page by page, each beside the page of a list that has only that one."""

import os
import time
from statistics import median
from typing import Any

from bench.imports import city
from bench.screening import fill, statement

SIZE = int(os.environ.get("SIZE") or 1_000_000)
ROUNDS = 9
ONE_PAGE = 50  # rows


def lists() -> None:
    """Seconds and queries of a page; the pages that a clerk opens, searches or filters."""
    from django.db import connection
    from django.test import Client

    from agency.models import User
    from samples.year import story

    year = city()
    for kind in ("workdays", "fund", "credit-list"):
        year.load(kind)
    story.adopt(year)
    client = Client()
    client.force_login(User.objects.get(username="jingban1"), backend="django.contrib.auth.backends.ModelBackend")
    _fill(ONE_PAGE)
    alone, queries = _page(client, "")
    print(f"{'the one page of a short list':<32}{1000 * alone:8.1f} ms                           {queries} queries", flush=True)
    _fill(SIZE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT uscc, substr(name, 4, 2) FROM enterprises_enterprise ORDER BY id OFFSET %s LIMIT 1", [SIZE // 2])
        code, pair = cursor.fetchone()
    region = "region=140000/149100/149121/"
    pages = {
        "first page": "", "last page that is counted": "p=200", "a code": f"q={code}", "two characters of a name": f"q={pair}",
        "two characters of every name": "q=公司", "two characters of no name": "q=饕餮",
        "filter by state": "state__exact=INCOMPLETE", "filter by region": region,
        "state and region": f"state__exact=INELIGIBLE&{region}",
        "state, region and name": f"state__exact=ELIGIBLE&{region}&q={pair}",
    }  # fmt: skip
    for what, query in pages.items():
        seconds, queries = _page(client, query)
        print(f"{what:<32}{1000 * seconds:8.1f} ms  {seconds / alone:5.2f} x the short list  {queries} queries", flush=True)


def _fill(size: int) -> None:
    from django.db import connection

    fill(size)
    statement()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE refunds_application, refunds_decision, enterprises_enterprise")


def _page(client: Any, query: str) -> tuple[float, int]:
    """Median seconds of a page, and its queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    address, taken = f"/admin/refunds/application/?{query}", []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        answer = client.get(address)
        taken.append(time.perf_counter() - begun)
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}")
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return median(taken), len(asked)
