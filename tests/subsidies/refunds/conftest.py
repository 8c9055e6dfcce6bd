"""A city with two districts, an open programme, and enterprises with a year of contributions."""

import io
import threading
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from PIL import Image

from agency.actions import Answer, book_answers
from agency.actions.jobs import untold
from agency.models import CreditCheck, Edition, File, Import, Job, Post, Programme, Region, Role, User
from agency.moves import move
from agency.queries import edition_in_force
from enterprises.models import Enterprise, Member, MonthlyContribution, WorkforceYear
from policy.notice import load
from subsidies.payout.queries import barring_flags, terms_in_force
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Host, ScreeningRun
from subsidies.refunds.queries import Case, assess_all, split_on

ZONE = ZoneInfo("Asia/Shanghai")


def _moment(month: int, day: int, hour: int = 10, year: int = 2024) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZONE)


SCREENED, OFFERED, ANSWERED = _moment(6, 20), _moment(6, 24), _moment(6, 26)
REVIEWED, APPROVED = _moment(7, 2), _moment(7, 3)


@pytest.fixture
def moment() -> Callable[..., datetime]:
    """moment(6, 12) is ten in the morning of 2024-06-12 at the desk."""
    return _moment


@pytest.fixture
def days() -> SimpleNamespace:
    """The days on which a case's steps happen."""
    return SimpleNamespace(screened=SCREENED, offered=OFFERED, answered=ANSWERED, reviewed=REVIEWED, approved=APPROVED)


@pytest.fixture
def files(settings, tmp_path) -> None:
    """Sealed files land in the test's own folder."""
    settings.FILES_ROOT = tmp_path / "files"
    settings.FILES_ROOT.mkdir()


@pytest.fixture
def scan(files) -> Callable[..., tuple[str, io.BytesIO]]:
    """A proof as `attach` takes it: a picture under a name."""

    def make(name: str = "证明.png") -> tuple[str, io.BytesIO]:
        made = io.BytesIO()
        Image.new("L", (30, 20)).save(made, "PNG")
        made.seek(0)
        made.name = name  # as an upload has it
        return name, made

    return make


@pytest.fixture
def regions(db) -> dict[str, Region]:
    found: dict[str, Region] = {}
    for code, name, parent in [
        ("1403", "甲市", None),
        ("140302", "城区", "1403"),
        ("140303", "矿区", "1403"),
        ("1404", "乙市", None),
    ]:
        above = found.get(parent)
        found[code] = Region.objects.create(
            code=code, name=name, parent=above, path=f"{above.path if above else ''}{code}/", phone="0353-1234567",
            office_name="甲市失业保险中心",
        )  # fmt: skip
    return found


@pytest.fixture
def staff(regions) -> Callable[..., User]:
    """The person who holds a role over a region: staff(Role.PREPARER), staff(Role.PREPARER, 2, region="140302")."""

    def person(role: str, number: int = 1, region: str = "1403") -> User:
        name = f"{Role(role).label}{number}-{region}"
        user, made = User.objects.get_or_create(username=f"{role}-{number}-{region}".lower(), defaults={"name": name})
        if made:
            Post.objects.create(user=user, role=role, region=regions[region], from_on=date(2024, 1, 1))
        return user

    return person


@pytest.fixture
def make_programme(regions, staff) -> Callable[..., Programme]:
    """An open programme with an approved edition: make_programme("hebei/2024", {"layoff_method": "..."})."""

    def make(notice: str = "shanxi/2024", choices: dict[str, str] | None = None, region: str = "1403") -> Programme:
        terms = load(notice).terms(choices or {})
        preparer, approver = staff(Role.POLICY), staff(Role.POLICY, 2)
        programme = Programme.objects.create(
            state=Programme.State.OPEN, notice=notice, region=regions[region], year=2024, title="2024年度稳岗返还",
            confirm_by=date(2024, 7, 15), prepared_by=preparer, created_at=_moment(1, 2), opened_at=_moment(1, 3),
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
def credit_list(regions, staff) -> Import:
    """A credit list that was loaded for the whole city, with nobody on it."""
    clerk = staff(Role.PREPARER)
    file = File.objects.create(kind="UPLOAD", name="信用名单.csv", owner=clerk, sha256="0" * 64, size=1, created_at=_moment(6, 1))
    return Import.objects.create(
        state=Import.State.CONFIRMED,
        kind="credit-list",
        region=regions["1403"],
        file=file,
        checked_by=clerk,
        checked_at=_moment(6, 1),
    )


@pytest.fixture
def make_enterprise(regions) -> Callable[..., Enterprise]:
    """An enterprise that is eligible under shanxi/2024 but for what is told otherwise: ten people, 12 months of 2023 paid
    in full at 70 + 30 yuan a head, nobody laid off. make_enterprise(kind="社会团体", people=31, claimants=2)."""
    made = 0

    def make(
        *, region: str = "140302", people: int = 10, claimants: int | None = 0, months: range = range(1, 13),
        workforce: dict[str, Any] | None = None, **fields: Any,
    ) -> Enterprise:  # fmt: skip
        nonlocal made
        made += 1
        values = {
            "uscc": f"9114{made:014}", "name": f"甲市第{made:04}号公司", "kind": "企业", "region": regions[region],
            "registration": "存续", "industry": "5210", "employees": people, "revenue": Decimal("900.00"),
            "phone": f"138{made:08}", "account_name": f"甲市第{made:04}号公司", "bank": "某银行甲市支行",
            "account": f"62220000{made:08}",
        }  # fmt: skip
        enterprise = Enterprise.objects.create(**(values | fields))
        MonthlyContribution.objects.bulk_create(month_paid(enterprise, month, people) for month in months)
        counts = {"start_count": people, "end_count": people, "dismissals": 0, "retired": 0, "died": 0} | (workforce or {})
        WorkforceYear.objects.create(enterprise=enterprise, year=2023, claimants=claimants, **counts)
        return enterprise

    return make


def month_paid(enterprise: Enterprise, month: int, people: int, year: int = 2023, **fields: Any) -> MonthlyContribution:
    values = {
        "enterprise": enterprise, "month": date(year, month, 1), "arrived_on": date(year, month, 15), "headcount": people,
        "wage_base": Decimal(people * 10_000), "employer_due": Decimal(people * 70), "employee_due": Decimal(people * 30),
        "employer_paid": Decimal(people * 70), "employee_paid": Decimal(people * 30),
    }  # fmt: skip
    return MonthlyContribution(**(values | fields))


@pytest.fixture
def screen(programme, staff, credit_list) -> Callable[..., ScreeningRun]:
    """Screen a programme on a day. The job itself is worked in test_screening_job.py, for it needs what is committed."""

    def do(at: datetime = SCREENED, of: Programme = programme) -> ScreeningRun:
        run = actions.start_screening(of, at.date(), by=staff(Role.PREPARER, region=of.region_id), at=at)
        job = Job.objects.get(kind=Job.Kind.SCREENING, subject_id=run.pk)
        move(job, Job.State.RUNNING, by=None, at=at)
        actions.screen(run, at=at, progress=untold)
        move(job, Job.State.DONE, by=None, at=at)
        run.refresh_from_db()
        return run

    return do


@pytest.fixture
def look_up() -> Callable[..., None]:
    """The platform's answer about one enterprise's case; `flags` None: no answer."""

    def do(application: Application, moment: str, at: datetime, flags: tuple[str, ...] | None = ()) -> None:
        found = CreditCheck.Outcome
        outcome = found.NO_ANSWER if flags is None else found.HIT if flags else found.CLEAR
        answer = Answer(outcome, flags or (), "{}", "共享平台", at)
        row = (application.pk, application.enterprise.uscc, application.region_id, answer)
        barring = barring_flags(terms_in_force(application.programme, at.date()), at.date())
        book_answers("refund", moment, at.date(), [row], barring, at=at)

    return do


@pytest.fixture
def offered(make_enterprise, screen, look_up, programme, staff) -> Callable[..., Application]:
    """The case of one new enterprise, screened, looked up and offered."""

    def do(**fields: Any) -> Application:
        enterprise = make_enterprise(**fields)
        screen()
        application = enterprise.applications.get()
        look_up(application, CreditCheck.Moment.SCREENING, SCREENED)
        actions.offer(application, by=staff(Role.PREPARER), at=OFFERED)
        return application

    return do


@pytest.fixture
def acts_for() -> Callable[[Enterprise], User]:
    """The user of an enterprise."""

    def user(enterprise: Enterprise) -> User:
        found, _ = User.objects.get_or_create(username=enterprise.uscc, defaults={"name": enterprise.name, "kind": "ENTERPRISE"})
        Member.objects.get_or_create(user=found, enterprise=enterprise, defaults={"since": SCREENED})
        return found

    return user


@pytest.fixture
def confirmed(offered, acts_for, look_up) -> Callable[..., Application]:
    """A case that was confirmed by its enterprise and looked up on the day of review."""

    def do(**fields: Any) -> Application:
        application = offered(**fields)
        actions.confirm(application, by=acts_for(application.enterprise), at=ANSWERED)
        look_up(application, CreditCheck.Moment.REVIEW, REVIEWED)
        return application

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


@pytest.fixture
def pay() -> Callable[..., MonthlyContribution]:
    """One more contribution row: pay(enterprise, 12, 10, type="补缴")."""

    def row(enterprise: Enterprise, month: int, people: int, **fields: Any) -> MonthlyContribution:
        made = month_paid(enterprise, month, people, **fields)
        made.save()
        return made

    return row


@pytest.fixture
def make_unit(make_enterprise) -> Callable[..., Enterprise]:
    """A dispatch unit whose hosts are on record, so that it is eligible if it applies."""

    def make(**fields: Any) -> Enterprise:
        unit = make_enterprise(dispatch=True, **fields)
        Host.objects.create(
            unit_uscc=unit.uscc,
            host_uscc="9114HOST",
            host_name="乙公司",
            host_kind="企业",
            year=2023,
            workers=5,
            paid=Decimal(100),
        )
        return unit

    return make


@pytest.fixture
def allocation(programme) -> Callable[..., str]:
    """What a dispatch unit accepts when it applies on a day: the SHA-256 of the allocation that it is shown."""

    def of(unit: Enterprise, at: datetime) -> str:
        application = unit.applications.first()
        case = Case(unit.pk, application and application.pk, "自主申请", at.date())
        edition = edition_in_force(programme, at.date())
        facts = assess_all(edition, programme.year, [case], at.date())[unit.pk].facts
        return split_on(edition, programme.year, unit.uscc, facts, at.date()).sha256

    return of
