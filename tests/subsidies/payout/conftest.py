"""A city with two districts and a programme of shanxi/2024; awards as an approval leaves them."""

import threading
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from python_calamine import CalamineWorkbook

from agency.actions import Answer, book_answers
from agency.actions.jobs import untold
from agency.models import CaseKind, CreditCheck, Edition, Job, Post, Programme, Region, Role, User
from agency.moves import move
from policy.notice import load
from subsidies.payout import actions, tasks
from subsidies.payout.models import Award, BankLine, Payment, PaymentBatch, PublicityRound

ZONE = ZoneInfo("Asia/Shanghai")


def _moment(month: int, day: int, hour: int = 10, year: int = 2024) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZONE)


MONDAY = _moment(6, 3)  # publicity begins; its fifth working day is Friday the 7th
WEDNESDAY = _moment(6, 12)  # payment; Monday the 10th was 端午节


@pytest.fixture
def moment() -> Callable[..., datetime]:
    """moment(6, 12) is ten in the morning of 2024-06-12 at the desk."""
    return _moment


@pytest.fixture
def rows_in() -> Callable[[bytes], list[list[str]]]:
    """The cells of a written spreadsheet as text, whole numbers without their point."""

    def read(content: bytes) -> list[list[str]]:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        rows = book.get_sheet_by_index(0).to_python()
        return [[_shown(cell) for cell in row] for row in rows]

    return read


def _shown(cell: Any) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell == int(cell) else f"{cell:.2f}"
    return str(cell)


@pytest.fixture
def files(settings, tmp_path) -> None:
    """Sealed files land in the test's own folder."""
    settings.FILES_ROOT = tmp_path / "files"
    settings.FILES_ROOT.mkdir()


@pytest.fixture
def regions(db) -> dict[str, Region]:
    found: dict[str, Region] = {}
    for code, name, parent, phone in [
        ("1403", "甲市", None, "0353-1234567"),
        ("140302", "城区", "1403", ""),
        ("140303", "矿区", "1403", ""),
    ]:
        above = found.get(parent)
        found[code] = Region.objects.create(
            code=code, name=name, parent=above, path=f"{above.path if above else ''}{code}/", phone=phone,
            complaints_phone=phone and "0353-7654321", office_name=phone and "甲市失业保险中心",
        )  # fmt: skip
    return found


@pytest.fixture
def staff(regions) -> Callable[..., User]:
    """The person who holds a role over a region: staff(Role.FINANCE), staff(Role.FINANCE, 2, region="140302")."""

    def person(role: str, number: int = 1, region: str = "1403") -> User:
        name = f"{Role(role).label}{number}-{region}"
        user, made = User.objects.get_or_create(username=f"{role}-{number}-{region}".lower(), defaults={"name": name})
        if made:
            Post.objects.create(user=user, role=role, region=regions[region], from_on=date(2024, 1, 1))
        return user

    return person


@pytest.fixture
def make_programme(regions, staff) -> Callable[..., Programme]:
    """An open programme with an approved edition: make_programme("xpcc/2024", {"publicity_days": "7"})."""

    def make(notice: str = "shanxi/2024", choices: dict[str, str] | None = None, year: int = 2024, **fields: Any) -> Programme:
        terms = load(notice).terms(choices or {})
        preparer, approver = staff(Role.POLICY), staff(Role.POLICY, 2)
        programme = Programme.objects.create(
            state=Programme.State.OPEN, notice=notice, region=regions["1403"], year=year, title=f"甲市{year}年度稳岗返还",
            prepared_by=preparer, created_at=_moment(1, 2), opened_at=_moment(1, 3), **fields,
        )  # fmt: skip
        Edition.objects.create(
            state=Edition.State.APPROVED, programme=programme, region=programme.region, number=1, choices=choices or {},
            terms=terms.canonical(), terms_sha256=terms.sha256, counts_from=date(2024, 1, 1), prepared_by=preparer,
            prepared_at=_moment(1, 2), approved_by=approver, approved_at=_moment(1, 3),
        )  # fmt: skip
        return programme

    return make


@pytest.fixture
def programme(make_programme) -> Programme:
    return make_programme()


@pytest.fixture
def make_awards(programme) -> Callable[..., list[Award]]:
    """Approved cases: make_awards(3), of 1000.01, 2000.01, ... yuan, each with an account of its own."""
    made = 0

    def make(number: int, of: Programme = programme, region: str = "140302", **fields: Any) -> list[Award]:
        nonlocal made
        rows = []
        for _ in range(number):
            made += 1
            values = {
                "programme": of, "region_id": region, "case_kind": CaseKind.REFUND, "case_id": made, "uscc": f"9114{made:014}",
                "name": f"甲市第{made:04}号公司", "amount": Decimal(f"{made}000.01"), "columns": {"layoff_rate": "0.012346"},
                "account_source": "corporate", "account_name": f"甲市第{made:04}号公司", "bank": "某银行甲市支行",
                "account": f"62220000{made:08}", "created_at": _moment(6, 1),
            }  # fmt: skip
            rows.append(Award(**(values | fields)))
        return actions.create_awards(rows, by=None, at=_moment(6, 1))

    return make


@pytest.fixture
def publish(programme, staff, files) -> Callable[..., PublicityRound]:
    """Prepare and publish the next list of a programme on a day of 2024, by two people."""

    def do(at: datetime = MONDAY, of: Programme = programme) -> PublicityRound:
        round_ = actions.prepare_round(of, by=staff(Role.PREPARER), at=at)
        actions.publish_round(round_, at.date(), by=staff(Role.REVIEWER), at=at)
        return round_

    return do


@pytest.fixture
def make_files() -> Callable[[PublicityRound], PublicityRound]:
    """Make the files of a published round at once, as its job makes them."""

    def made(round_: PublicityRound) -> PublicityRound:
        job = Job.objects.get(kind=Job.Kind.PUBLICITY, subject_id=round_.pk)
        move(job, Job.State.RUNNING, by=None, at=round_.published_at)
        tasks.make_files(job, at=round_.published_at, progress=untold)
        round_.refresh_from_db()
        return round_

    return made


@pytest.fixture
def look_up() -> Callable[..., None]:
    """Credit looked up before payment for these awards on a day; `flags` of all of them, None: no answer."""

    def do(awards: list[Award], at: datetime, flags: tuple[str, ...] | None = ()) -> None:
        found = CreditCheck.Outcome
        outcome = found.NO_ANSWER if flags is None else found.HIT if flags else found.CLEAR
        answer = Answer(outcome, flags or (), "{}", "共享平台", at)
        rows = [(award.pk, award.uscc, award.region_id, answer) for award in awards]
        book_answers("award", CreditCheck.Moment.PAYMENT, at.date(), rows, {"严重失信", "注销"}, at=at)

    return do


@pytest.fixture
def cleared(make_awards, publish, look_up) -> Callable[..., list[Award]]:
    """Awards whose publicity is over, with their credit looked up on 2024-06-12: cleared(3)."""

    def do(number: int = 3, **fields: Any) -> list[Award]:
        awards = make_awards(number, **fields)
        publish()
        actions.close_rounds(date(2024, 6, 11), at=_moment(6, 11, 1))
        look_up(awards, _moment(6, 12, 8))
        for award in awards:
            award.refresh_from_db()
        return awards

    return do


@pytest.fixture
def approved_batch(programme, staff) -> Callable[..., PaymentBatch]:
    """The cleared awards in a batch that was made, submitted and checked by two people on 2024-06-12."""

    def do(at: datetime = WEDNESDAY) -> PaymentBatch:
        batch = actions.make_batch(programme, by=staff(Role.FINANCE), at=at)
        actions.submit_batch(batch, by=staff(Role.FINANCE), at=at)
        actions.check_batch(batch, by=staff(Role.FINANCE, 2), at=at)
        return batch

    return do


@pytest.fixture
def released_batch(approved_batch, staff) -> Callable[..., PaymentBatch]:
    def do(at: datetime = WEDNESDAY) -> PaymentBatch:
        batch = approved_batch(at)
        actions.release_batch(batch, by=staff(Role.FINANCE, 3), at=at)
        return batch

    return do


@pytest.fixture
def bank_answers() -> Callable[..., list[BankLine]]:
    """The bank's lines for a batch as an import leaves them: all paid on a day, but for the lines told otherwise.

    bank_answers(batch, returned={2: "账号不存在"}, change={3: {"amount": Decimal("1.00")}})"""

    def do(
        batch: PaymentBatch, on: date = date(2024, 6, 13), returned: dict[int, str] | None = None,
        change: dict[int, dict[str, Any]] | None = None,
    ) -> list[BankLine]:  # fmt: skip
        lines = []
        for payment in Payment.objects.filter(batch=batch, state="PENDING").order_by("line"):
            why = (returned or {}).get(payment.line, "")
            values = {
                "batch_number": batch.number, "line": str(payment.line), "account_name": payment.account_name,
                "account": payment.account.reveal(), "amount": payment.amount, "succeeded": not why, "failure": why,
                "traded_on": on, "bank_serial": f"BK{payment.line:06}",
            }  # fmt: skip
            lines.append(BankLine(**(values | (change or {}).get(payment.line, {}))))
        return BankLine.objects.bulk_create(lines)

    return do


@pytest.fixture
def at_once(transactional_db) -> Callable[..., list[Any]]:
    """Run functions in threads that start together, each on its own connection; gives results or exceptions."""

    def run(*deeds: Callable[[], Any]) -> list[Any]:
        results: list[Any] = [None] * len(deeds)
        start = threading.Barrier(len(deeds))

        def work(place: int, deed: Callable[[], Any]) -> None:
            try:
                start.wait(10)
                results[place] = deed()
            except Exception as error:  # noqa: BLE001 - handed to the test
                results[place] = error
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(place, deed)) for place, deed in enumerate(deeds)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return results

    return run
