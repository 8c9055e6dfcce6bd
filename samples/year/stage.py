"""What every step stands on: the people, the folder, the desk clock, the printed page, and questions to the tables."""

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db.models import Count, Sum

from agency import clock
from agency.actions import set_desk_clock
from agency.models import Import, Programme, Region
from policy.tables import table
from samples.city import names
from samples.year.people import ADMINISTRATOR, STAFF, Staff
from samples.year.windows import Clerk, Owner, Stuck
from subsidies.payout.queries import terms_in_force
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries.offers import OBSTACLES, eligible

KINDS = (
    "regions", "workdays", "fund", "enterprises", "contributions", "workforce", "size-list", "size-2020", "credit-list", "hosts",
)  # fmt: skip
CLAIM_KINDS = ("persons", "certificates", "training-subsidies", "skill-claims")
CRITICAL = frozenset({"fund", "size-list", "credit-list", "bank-results"})  # confirmed by a second person


def loader_of(kind: str) -> tuple[str, str]:
    """Who loads a kind, and who confirms it."""
    if kind in ("regions", "workdays"):
        return "zhengce1", "zhengce1"
    if kind == "fund":
        return "zhengce1", "zhengce2"
    if kind == "bank-results":
        return "caiwu1", "caiwu2"
    if kind in CLAIM_KINDS:
        return "jingban2", "jingban2"
    return "jingban1", "fushen2" if kind in CRITICAL else "jingban1"


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class Year:
    """The made-up year as it is acted."""

    def __init__(self, folder: Path, write: Callable[[str], None]) -> None:
        self.folder, self.write = folder, write
        self.clerks = {staff.username: Clerk(staff.username, staff.name, staff.role.label) for staff in [ADMINISTRATOR, *STAFF]}
        self.wishes = {row["统一社会信用代码"]: row for row in read_csv(folder / "answers.csv")}

    def by(self, username: str) -> Clerk:
        return self.clerks[username]

    # ---- time ----
    def on(self, day: dt.date, hour: int = 9) -> None:
        """Turn the desk clock, for all processes at once."""
        set_desk_clock(dt.datetime.combine(day, dt.time(hour), tzinfo=clock.ZONE), real_now=dt.datetime.now(dt.UTC))
        self.write(f"\n══ {day:%Y年%m月%d日} " + "═" * 60)

    @property
    def today(self) -> dt.date:
        return clock.today()

    # ---- places ----
    @property
    def root(self) -> dict[str, str]:
        return {"代码": names.PROVINCE, "名称": names.REGIONS[names.PROVINCE]}

    @property
    def city(self) -> Region:
        return Region.objects.get(code=names.CITY)

    def region_of(self, staff: Staff) -> Region:
        if staff.where == "province":
            return Region.objects.get(code=self.root["代码"])
        return self.city if staff.where == "city" else Region.objects.filter(parent=self.city).order_by("code")[0]

    @property
    def programme(self) -> Programme:
        return Programme.objects.get()

    # ---- the page ----
    def show(self, title: str, heads: list[str], rows: Iterable[Any], where: str) -> None:
        self.write(table(title, heads, list(rows)))
        self.write(f"  看这里：{where}")

    # ---- spreadsheets ----
    def load(self, kind: str, path: Path | None = None) -> Import:
        """Check and confirm one spreadsheet by the `load` command, as a clerk would at a terminal."""
        path = path or next(self.folder.glob(f"{kind}.*"))
        by, second = loader_of(kind)
        words = [kind, str(path), "--by", by, "--confirm"] + (["--confirmed-by", second] if second != by else [])
        if kind == "size-list":
            words += ["--set", "covers=listed"]
        said = io.StringIO()
        try:
            call_command("load", *words, stdout=said, stderr=said)
        except SystemExit as ended:
            if ended.code not in (0, 1):
                raise Stuck(f"导入 {kind} 未成功：{said.getvalue()}") from ended
        return Import.objects.filter(kind=kind).latest("pk")

    def refused_rows(self, kinds: Collection[str] = KINDS) -> list[tuple[str, str, int]]:
        """(kind, reason, rows) of what the checks refused."""
        counted: Counter[tuple[str, str]] = Counter()
        for done in Import.objects.filter(refused__gt=0, kind__in=kinds).order_by("pk"):
            for item in done.report["kinds"]:
                if item["level"] == "E":
                    counted[(done.kind, f"{item['header']}：{item['reason']}")] += item["rows"]
        return [(kind, reason, rows) for (kind, reason), rows in counted.items()]

    # ---- questions to the tables ----
    def not_offered(self) -> list[tuple[str, int, Decimal]]:
        """The eligible that are not offered, by what stands against it."""
        programme, today = self.programme, self.today
        found: dict[str, list[Decimal]] = {}
        for word, amount in eligible(programme, terms_in_force(programme, today), today).values_list("obstacle", "amount"):
            found.setdefault(OBSTACLES.get(word, "可以通知，尚未通知"), []).append(amount or Decimal(0))
        return [(word, len(amounts), sum(amounts, Decimal(0))) for word, amounts in sorted(found.items())]

    def owners(self, wishes: Collection[str], states: Collection[str]) -> list[tuple[Owner, str]]:
        """The enterprises in one of the states whose wish is one of these, each with its registered phone."""
        cases = Application.objects.filter(state__in=states).select_related("enterprise").order_by("enterprise__uscc")
        return [
            (Owner(case.enterprise.uscc, (case.enterprise.phone or case.enterprise.legal_phone).reveal(), address), wish)
            for number, case in enumerate(cases)
            if (wish := self.wishes.get(case.enterprise.uscc, {}).get("答复", "")) in wishes
            for address in [f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"]
            if case.enterprise.phone or case.enterprise.legal_phone
        ]

    def by_state(self, label: Callable[[str], str] = lambda state: State(state).label) -> list[tuple[str, int, Decimal | None]]:
        """(state label, count, yuan) of the cases."""
        found = Application.objects.order_by("state").values_list("state").annotate(Count("pk"), Sum("amount"))
        return [(label(state), count, total) for state, count, total in found]
