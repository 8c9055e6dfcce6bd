"""The diary of one agency's year: its days with their sweeps, the windows that its people act at, and what was kept.

Everything is done as people do it: spreadsheets by the `load` command, staff at the console, enterprises at the portal
with codes from the gateway, replies by its webhook, sweeps by a real worker on the desk's clock."""

import csv
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from agency.models import Event, Hold, Message, Post, Programme, Region, Reply, Role, User
from agency.tasks import wake
from samples.year.windows import Clerk, Owner, picture, words_of
from subsidies.payout.models import Award, Payment, PaymentBatch, PublicityRound, PublishedLine
from subsidies.refunds.models import Application, Reminder, State
from tests.stories.cast import Unit

ZONE = ZoneInfo("Asia/Shanghai")
BACKEND = "django.contrib.auth.backends.ModelBackend"
CITY, DISTRICT = "140300", "140302"
STAFF = {
    "政策甲": Role.POLICY, "政策乙": Role.POLICY, "经办甲": Role.PREPARER, "经办乙": Role.PREPARER, "复审甲": Role.REVIEWER,
    "复审乙": Role.REVIEWER, "财务甲": Role.FINANCE, "财务乙": Role.FINANCE, "财务丙": Role.FINANCE,
}  # fmt: skip
NIGHT = ("refunds.day_turns", "payout.day_turns", "agency.evidence_overdue", "agency.end_expired_links")
MORNING = ("refunds.remind", "refunds.tell_completions", "refunds.look_up_credit", "payout.look_up_credit")
# who loads a kind of spreadsheet, and who confirms it
LOADERS = {"regions": "政策甲", "workdays": "政策甲", "fund": "政策甲", "bank-results": "财务甲"}
SECOND = {"fund": "政策乙", "bank-results": "财务乙", "size-list": "复审甲", "credit-list": "复审甲", "size-2020": "复审甲"}


class Staff(Clerk):
    """A member of staff who has signed in at the console."""

    def __init__(self, user: User, settle: Callable[[], None]) -> None:
        super().__init__(user.username, user.name, "")
        self._client = Client()
        self._client.force_login(user, backend=BACKEND)
        self._settle = settle

    def press(self, model: str, deed: str, pk: int | str | None = None, **form: Any) -> str:
        said = super().press(model, deed, pk, **form)
        self._settle()
        return said

    def is_told(self, model: str, deed: str, pk: int | None = None, **form: Any) -> str:
        """What the console answers to a deed that it refuses; asserts that it does."""
        answer = self.client.post(reverse(f"admin:{model}_{deed}", args=[] if pk is None else [pk]), form)
        assert answer.status_code == 200, f"{deed} was not refused"
        return re.sub(r"<[^>]+>", " ", answer.content.decode())


class Diary:
    """The year: `on` turns to a day, the verbs act at the windows, `kept` reads what was kept of an enterprise."""

    def __init__(self, settle: Callable[[], None], listings: Callable[[str], None], turn: Callable[[datetime], None],
                 folder: Path) -> None:  # fmt: skip
        self.settle, self.listings, self._turn, self.folder = settle, listings, turn, folder
        self.units: dict[str, Unit] = {}
        self.today = date(2024, 8, 20)
        self._files = 0
        self._turn(self._moment(9))
        Region.objects.create(code=CITY, name="甲市", path=f"{CITY}/")
        self.people = {name: self._appoint(name, role) for name, role in STAFF.items()}

    def _appoint(self, name: str, role: str) -> Staff:
        user = User.objects.create(username=name, name=name, password="!", created_at=self._moment(9))
        Post.objects.create(user=user, role=role, region_id=CITY, from_on=date(2024, 1, 1))
        return Staff(user, self.settle)

    def _moment(self, hour: int) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, hour, tzinfo=ZONE)

    # ---- days ----
    def on(self, month: int, day: int, year: int = 2024) -> None:
        """Turn to a day: the night's sweeps and the morning's have run, it is ten in the morning."""
        self.today = date(year, month, day)
        for hour, sweeps in ((1, NIGHT), (9, MORNING)):
            self._turn(self._moment(hour))
            for name in sweeps:  # none waits for another
                wake(name)
            self.settle()
        self._turn(self._moment(10))
        self.sweep("agency.send_messages")

    def sweep(self, *names: str) -> None:
        """Have the worker work sweeps now, one after the other."""
        for name in names:
            wake(name)
            self.settle()

    # ---- the agency ----
    def __getitem__(self, name: str) -> Staff:
        return self.people[name]

    @property
    def programme(self) -> Programme:
        return Programme.objects.get()

    def load(self, kind: str, rows: Iterable[Mapping[str, object]], **chosen: str) -> None:
        """Load a spreadsheet: checked and confirmed, the critical ones by a second person; no row is refused."""
        self._files += 1
        rows, path = list(rows), self.folder / f"{kind}-{self._files}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        by = LOADERS.get(kind, "经办甲")
        words = [kind, str(path), "--by", by, "--confirm", "--confirmed-by", SECOND.get(kind, by)]
        for name, value in chosen.items():
            words += ["--set", f"{name}={value}"]
        call_command("load", *words)
        self.settle()

    def adopt(self, notice: str, confirm_by: str, **choices: str) -> None:
        """One prepares the programme, another opens it through the fund gate."""
        chosen = "\n".join(f"{name}={option}" for name, option in choices.items())
        self["政策甲"].press(
            "agency_programme", "prepare", notice=notice, region=CITY, year=2024, title="甲市2024年稳岗返还",
            counts_from="2024-01-01", confirm_by=confirm_by, choices=chosen,
        )  # fmt: skip
        self["政策乙"].press("agency_programme", "open", self.programme.pk)

    def case(self, name: str) -> Application:
        return Application.objects.select_related("award", "decision").get(enterprise__uscc=self.units[name].uscc)

    def review(self, *names: str) -> None:
        """First and second review, by two people; each must go through."""
        for deed, who in (("review", "经办甲"), ("approve", "复审甲")):
            for name in names:
                self[who].press("refunds_application", deed, self.case(name).pk)

    def publish(self, starts_on: str) -> PublicityRound:
        """Draft what waits for publicity, and have a second person publish it."""
        self["经办甲"].press("payout_publicityround", "prepare", programme=self.programme.pk, case_kind="refund")
        round_ = PublicityRound.objects.latest("pk")
        self["复审甲"].press("payout_publicityround", "publish", round_.pk, starts_on=starts_on)
        round_.refresh_from_db()
        return round_

    def release(self) -> PaymentBatch:
        """One makes the batch of what may be paid today, one checks it, one releases it."""
        self["财务甲"].press("payout_paymentbatch", "make", programme=self.programme.pk)
        batch = PaymentBatch.objects.latest("pk")
        for who, deed in (("财务甲", "submit"), ("财务乙", "check"), ("财务丙", "release")):
            self[who].press("payout_paymentbatch", deed, batch.pk)
        return batch

    def bank(self, batch: PaymentBatch, returned: str = "") -> None:
        """The bank's answer of the day: every line succeeded but that of one enterprise."""
        rows = [
            {
                "批次号": batch.number, "明细号": each.line, "户名": each.account_name, "账号": each.account.reveal(),
                "金额": each.amount, "结果": "失败" if (bad := self.name_of(each.award.uscc) == returned) else "成功",
                "失败原因": "户名不符" if bad else "", "交易日期": self.today, "银行流水号": f"B{each.pk:09}",
            }
            for each in batch.payments.select_related("award")
        ]  # fmt: skip
        self.load("bank-results", rows)
        self["财务甲"].press("payout_paymentbatch", "book", batch.pk)
        self.sweep("refunds.tell_paid", "agency.send_messages")

    # ---- the enterprises ----
    def name_of(self, uscc: str) -> str:
        return next(name for name, unit in self.units.items() if unit.uscc == uscc)

    def delivered(self, name: str, template: str) -> list[str]:
        """The texts of a kind that the gateway delivered to the enterprise's contact this year, newest first."""
        address = f"{settings.SMS_GATEWAY_URL}/outbox?phone={self.units[name].phone}&format=json"
        with urllib.request.urlopen(address, timeout=60) as answer:
            shown = [each for each in json.load(answer)["messages"] if each["template"] == template]
        ours = set(Message.objects.filter(kind=template).values_list("pk", flat=True))  # it remembers other years too
        return [each["text"] for each in shown if int(each["id"]) in ours]

    def signed_in(self, name: str) -> Owner:
        """The enterprise at the portal, signed in with the code that the gateway delivered."""
        unit = self.units[name]
        owner = Owner(unit.uscc, unit.phone, f"10.0.0.{unit.number}")
        owner.ask_code()
        self.settle()
        owner.enter()
        return owner

    def at_portal(self, name: str, page: str, **form: Any) -> None:
        """Sign in, and send one page of the case."""
        self.signed_in(name).send(page, **form)
        self.settle()

    def by_link(self, name: str, template: str = "offer") -> None:
        """Open the link of the offer's SMS, ask for the code, give it, confirm."""
        unit = self.units[name]
        link = re.search(r"/l/[\w-]{22}", self.delivered(name, template)[0]).group()
        owner = Owner(unit.uscc, unit.phone, f"10.0.0.{unit.number}")
        owner.client.post(link)
        self.settle()
        code = re.search(r"\d{6}", self.delivered(name, "sign_in_code")[0]).group()
        answer = owner.client.post(reverse("portal:link_code"), {"code": code})
        assert answer.status_code == 302, words_of(answer)
        owner.case = answer["Location"]
        owner.send("confirm")

    def texts(self, name: str, text: str) -> None:
        """The enterprise replies to the SMS: the gateway pushes the reply to our webhook."""
        said = json.dumps({"phone": self.units[name].phone, "text": text}).encode()
        asked = urllib.request.Request(f"{settings.SMS_GATEWAY_URL}/reply", said, {"Content-Type": "application/json"})
        before = Reply.objects.count()
        urllib.request.urlopen(asked, timeout=60).close()
        _until(lambda: Reply.objects.count() > before, "the reply")
        self.sweep("refunds.take_replies", "agency.send_messages")

    def all_reported(self) -> None:
        """Wait until the gateway has told our webhook what became of every message that it took."""
        under_way = Message.objects.exclude(state__in=[Message.State.DELIVERED, Message.State.FAILED])
        _until(lambda: not under_way.exists(), "a report on every message")

    def on_paper(self, name: str, answer: str = "CONFIRMED") -> None:
        """A clerk books the letter that came, with its scan."""
        self["经办甲"].press(
            "refunds_application", "record-answer", self.case(name).pk, answer=answer, through="PAPER", said_by="王经理",
            said_at=f"{self.today}T09:30", note="", proofs=picture("确认函.png"),
        )  # fmt: skip

    def objects(self, name: str, text: str) -> Any:
        """Somebody objects to the enterprise's published line on the public page; returns the objection."""
        line = self.line(name)
        form = {"name": "李向阳", "contact": "03531234567", "text": text}
        answer = Client().post(reverse("portal:object_to", args=[line.round_id, line.position]), form)
        assert answer.status_code == 302, words_of(answer)
        return line.objections.latest("pk")

    def line(self, name: str) -> PublishedLine:
        return PublishedLine.objects.filter(award__uscc=self.units[name].uscc).latest("pk")

    # ---- what was kept ----
    def kept(self, name: str) -> str:
        """Every move, hold and lifting of the case and its awards, in order: "08-26 待确认", a line each."""
        case = self.case(name)
        awards = Award.objects.filter(case_kind="refund", case_id=case.pk).values_list("pk", flat=True)
        rows = Event.objects.filter(case_kind="refund", case_id=case.pk) | Event.objects.filter(
            case_kind="award", case_id__in=list(awards)
        )
        return "\n".join(filter(None, map(self._told, rows.order_by("pk"))))

    def _told(self, event: Event) -> str:
        day = f"{event.at.astimezone(ZONE):%m-%d}"
        if event.kind == Event.Kind.MOVE:
            labels = State if event.case_kind == "refund" else Award.State
            return f"{day} {labels(event.to_state).label}"
        if "hold" in event.detail:
            verb = "解除" if event.why.startswith("解除暂缓") else "暂缓"
            return f"{day} {verb}：{Hold.Kind(event.detail['kind']).label}"
        return ""

    def stands(self, name: str) -> tuple[str, str, str, str]:
        """State, channel of the answer, amount, and every payment of it."""
        case = self.case(name)
        award = f"，{case.award.get_state_display()}" if case.award else ""
        payments = Payment.objects.filter(award__case_kind="refund", award__case_id=case.pk).order_by("pk")
        paid = "；".join(f"{each.amount} {each.get_state_display()} {each.paid_on or ''}".strip() for each in payments)
        return f"{case.get_state_display()}{award}", case.get_answer_channel_display(), str(case.amount or ""), paid

    def reminded(self, name: str) -> list[tuple[str, str]]:
        """(day, kind) of every rung that the case was given."""
        rows = Reminder.objects.filter(application=self.case(name)).order_by("rung")
        return [(f"{each.at.astimezone(ZONE):%m-%d}", each.kind) for each in rows]


def _until(done: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)
