"""The made-up city's claims, through its spreadsheets and the database: what its cases say comes out."""

import csv
from datetime import date, datetime
from pathlib import Path

import pytest

from agency.actions import imports
from agency.models import CaseKind, Edition, Post, Programme, Region, Role, User
from agency.queries import open_warnings
from policy.notice import load
from samples.city import names, write_city
from subsidies.payout.models import Award
from subsidies.skills import actions
from subsidies.skills.models import Claim
from tests.office import at

__all__ = ["at"]
OUTCOMES = {"eligible": "合格", "ineligible": "不合格", "incomplete": "信息不全"}


def person(username: str, role: str) -> User:
    user = User.objects.create(username=username, name=username, password="!")
    Post.objects.create(user=user, role=role, region_id=names.CITY, from_on=date(2024, 1, 1))
    return user


@pytest.fixture
def programme(db, at: datetime) -> Programme:
    for code, name in names.REGIONS.items():
        above = "" if code == names.PROVINCE else f"{names.PROVINCE}/" + ("" if code.endswith("00") else f"{code[:4]}00/")
        Region.objects.create(code=code, name=name, path=f"{above}{code}/")
    first, second = person("zhengce1", Role.POLICY), person("zhengce2", Role.POLICY)
    terms = load("shanxi/2024").terms()
    made = Programme.objects.create(
        state="OPEN", notice="shanxi/2024", region_id=names.CITY, year=2024, title="岚泊市2024", prepared_by=first, created_at=at
    )
    Edition.objects.create(
        state="APPROVED", programme=made, region_id=names.CITY, number=1, terms=terms.canonical(), terms_sha256=terms.sha256,
        counts_from=date(2024, 1, 1), prepared_by=first, prepared_at=at, approved_by=second, approved_at=at,
    )  # fmt: skip
    return made


def bring(kind: str, path: Path, clerk: User, at: datetime) -> None:
    imp = imports.start_import(kind, path, path.name, {}, by=clerk, at=at)
    imports.check_import(imp, at=at)
    if warnings := open_warnings(imp):
        imports.acknowledge_warnings(imp, [warning["name"] for warning in warnings], by=clerk, at=at)
    imports.confirm_import(imp, by=clerk, at=at)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class TestTheCity:
    def test_comes_out_as_its_cases_say(self, programme, at, settings, tmp_path):
        settings.FILES_ROOT = tmp_path / "files"
        settings.FILES_ROOT.mkdir()
        write_city(tmp_path, size=800)
        clerk, at = person("jingban", Role.PREPARER), at.replace(day=9)
        for kind in ("enterprises", "persons", "certificates", "training-subsidies", "skill-claims"):
            bring(kind, next(tmp_path.glob(f"{kind}.*")), clerk, at)
        decided = actions.decide_all(programme, by=clerk, at=at)
        found = {
            (claim.submission.id_number.reveal(), claim.submission.certificate_number): claim
            for claim in Claim.objects.select_related("submission", "decision", "award")
        }
        assert sum(decided[:3]) == len(found) > 80
        wrong = []
        for row in rows_of(tmp_path / "skill_cases.csv"):
            claim = found.pop((row["证件号码"], row["证书编号"]))
            codes = ";".join(claim.failed or claim.unknown)
            amount = "" if claim.amount is None else f"{claim.amount:.2f}"
            said = (OUTCOMES[claim.decision.outcome], codes, ";".join(claim.flags), amount)
            if said != (row["结论"], row["原因代码"], row["须核对"], row["补贴金额"]):
                wrong.append((row["情形"], said))
            assert (claim.state == "APPROVED") == (row["结论"] == "合格" and not row["须核对"]), row["情形"]
        assert wrong == []
        assert {claim.state for claim in found.values()} == {"APPROVED"}
        assert Award.objects.filter(case_kind=CaseKind.CLAIM).count() == decided.approved
