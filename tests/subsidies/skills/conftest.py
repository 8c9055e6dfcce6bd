"""An office with a programme, and people who claim: their rows come in by spreadsheet, as at the desk."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import pytest

from agency.models import Edition, Post, Programme, Region, Role, User
from policy.notice import load
from subsidies.skills import actions
from subsidies.skills.models import Claim
from tests.office import Office, at, citizen, committed_office, office, uscc
from tests.subsidies.payout.conftest import (
    at_once,
    bank_answers,
    files,
    make_files,  # noqa: F401
    moment,
)

__all__ = ["at", "at_once", "bank_answers", "committed_office", "files", "moment", "office"]

Rows = list[dict[str, object]]


def person(number: int, **also: object) -> dict[str, object]:
    """A row of 参保人员: employed, forty months paid, with a card."""
    row = {
        "证件号码": citizen(number), "姓名": f"赵子{number:03d}", "手机号": f"142{number:08d}", "单位统一社会信用代码": uscc(0),
        "参保状态": "在职", "累计缴费月数": "40", "截至年月": "202406", "社保卡银行": "某银行",
        "社保卡账号": f"14994{number:012d}",
    }  # fmt: skip
    return row | also


def certificate(number: int, of: int | None = None, **also: object) -> dict[str, object]:
    """A row of 技能证书: a valid 四级 电工, found by the lookup. `of`: whose it is (default: the person of this number)."""
    holder = number if of is None else of
    row = {
        "证件号码": citizen(holder), "姓名": f"赵子{holder:03d}", "证书编号": f"S{number:06d}", "证书类型": "职业技能等级证书",
        "职业(工种)代码": "6-31-01-03", "职业(工种)名称": "电工", "等级": "四级", "发证日期": "2024-03-01", "状态": "有效",
        "联网查询结果": "一致",
    }  # fmt: skip
    return row | also


def training(of: int, **also: object) -> dict[str, object]:
    """A row of 职业培训补贴发放, of another occupation."""
    row = {
        "证件号码": citizen(of), "姓名": f"赵子{of:03d}", "职业(工种)代码": "4-03-02-01", "职业(工种)名称": "中式烹调师",
        "等级": "五级", "发放日期": "2024-02-01", "金额": "600", "受款方": "个人",
    }  # fmt: skip
    return row | also


def claim(number: int, of: int | None = None, **also: object) -> dict[str, object]:
    """A row of 技能提升补贴申请 for a certificate."""
    holder = number if of is None else of
    row = {"证件号码": citizen(holder), "姓名": f"赵子{holder:03d}", "证书编号": f"S{number:06d}", "申请日期": "2024-06-03"}
    return row | also


class Town:
    """The office, with one enterprise and a list of training subsidies that names somebody else."""

    def __init__(self, office: Office) -> None:
        self.office = office
        office.enterprises(3)
        office.load("training-subsidies", [training(999)])

    def load(self, kind: str, *rows: dict[str, object], by: str = "") -> Any:
        return self.office.load(kind, list(rows), by=by)

    def people(self, *numbers: int, **also: object) -> None:
        """Persons, each with a certificate of their own."""
        self.load("persons", *(person(number, **also) for number in numbers))
        self.load("certificates", *(certificate(number) for number in numbers))

    def claim(self, *rows: dict[str, object], by: str = "jingban2") -> list[Claim]:
        """Load claims; the cases that they are, in the order of the rows."""
        self.load("skill-claims", *rows, by=by)
        found = {(each.submission.id_number.reveal(), each.submission.certificate_number): each for each in cases()}
        return [found[str(row["证件号码"]), str(row["证书编号"])] for row in rows]

    def staff(self, username: str) -> User:
        return self.office.people[username]


def cases() -> list[Claim]:
    return list(Claim.objects.select_related("submission", "region", "award").order_by("pk"))


@pytest.fixture
def town(office: Office, files: None) -> Town:
    return Town(office)


@pytest.fixture
def make_programme(office: Office, at: datetime) -> Callable[..., Programme]:
    """An open programme over the city: make_programme("hebei/2024", {"training_bar_scope": "any"}, year=2024)."""

    def make(notice: str = "shanxi/2024", choices: Mapping[str, str] | None = None, year: int = 2024) -> Programme:
        return a_programme(office, at, notice, choices or {}, year)

    return make


def a_programme(office: Office, at: datetime, notice: str, choices: Mapping[str, str], year: int) -> Programme:
    terms = load(notice).terms(dict(choices))
    Region.objects.filter(code="140300").update(office_name="甲市中心", phone="0353-1", complaints_phone="0353-2")
    caiwu3, made = User.objects.get_or_create(username="caiwu3", defaults={"name": "caiwu3"})
    if made:
        Post.objects.create(user=caiwu3, role=Role.FINANCE, region_id="140300", from_on=date(2024, 1, 1))
        office.people["caiwu3"] = caiwu3
    preparer, approver = office.people["zhengce"], office.people["zhengce2"]
    programme = Programme.objects.create(
        state=Programme.State.OPEN, notice=notice, region=Region.objects.get(code="140300"), year=year,
        title=f"甲市{year}年度稳岗返还", prepared_by=preparer, created_at=at, opened_at=at,
    )  # fmt: skip
    Edition.objects.create(
        state=Edition.State.APPROVED, programme=programme, region=programme.region, number=1, choices=dict(choices),
        terms=terms.canonical(), terms_sha256=terms.sha256, counts_from=date(2024, 1, 1), prepared_by=preparer,
        prepared_at=at, approved_by=approver, approved_at=at,
    )  # fmt: skip
    return programme


@pytest.fixture
def programme(make_programme) -> Programme:
    return make_programme()


@pytest.fixture
def decide(town: Town, at: datetime, request) -> Callable[..., actions.Decided]:
    """Decide what waits: decide() of the plain programme, decide(another)."""

    def do(of: Programme | None = None, by: str = "jingban") -> actions.Decided:
        return actions.decide_all(of or request.getfixturevalue("programme"), by=town.staff(by), at=at)

    return do


@pytest.fixture
def stands() -> Callable[[Claim], tuple[str, str]]:
    """(state, codes and flags) of a claim as it stands now."""

    def of(claim: Claim) -> tuple[str, str]:
        claim.refresh_from_db()
        return claim.state, ";".join([*claim.failed, *claim.unknown, *claim.flags])

    return of
