"""Nothing that is sealed in the database, and no code or ID, is on any public page or in any public file."""

import io
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import docx
import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from agency.models import CaseKind, Job, Role
from agency.sealed import Sealed, SealedField, masked_name
from enterprises.models import Enterprise, InsuredPerson
from subsidies.payout import actions as payout
from subsidies.payout.models import Award, Objection, PublicityRound
from tests.office import citizen

ENTERPRISES, PERSONS = 600, 120
LEAST = 5  # characters: what is shorter stands on a page by chance


@pytest.fixture
def rounds(programme, regions, staff, files, moment, phones, make_files, desk_at) -> list[PublicityRound]:
    """Two lists, of enterprises and of persons, each with its files; one line struck, one objected to."""
    owners = [
        Enterprise(
            uscc=f"9114{number:014}", name=f"甲市第{number:04}号机械有限公司", kind="企业", region=regions["140302"],
            registration="存续", phone=f"138{number:08}", legal_phone=f"139{number:08}", account=f"62220000{number:08}",
            tax_account=f"62330000{number:08}",
        )
        for number in range(1, ENTERPRISES + 1)
    ]  # fmt: skip
    persons = [
        InsuredPerson(
            id_number=citizen(number), name=f"赵小{chr(0x4E00 + number)}", phone=f"137{number:08}",
            card_account=f"62170000{number:08}", region=regions["140302"],
        )
        for number in range(1, PERSONS + 1)
    ]  # fmt: skip
    common = {"programme": programme, "region": regions["140302"], "created_at": programme.created_at, "bank": "某银行"}
    awards = [
        Award(
            case_kind=CaseKind.REFUND, case_id=place, uscc=each.uscc, name=each.name, amount=Decimal(f"{place}.05"),
            account_source="corporate", account_name=each.name, account=each.account, columns={"layoff_rate": "0.01"}, **common,
        )
        for place, each in enumerate(Enterprise.objects.bulk_create(owners), 1)
    ]  # fmt: skip
    awards += [
        Award(
            case_kind=CaseKind.CLAIM, case_id=place, name=masked_name(each.name), amount=Decimal(1500), account_source="card",
            account_name=each.name, account=each.card_account,
            columns={"certificate": "电工", "grade": "三级"}, **common,
        )
        for place, each in enumerate(InsuredPerson.objects.bulk_create(persons), 1)
    ]  # fmt: skip
    payout.create_awards(awards, by=None, at=moment(7, 8))
    made = []
    for kind in (CaseKind.REFUND, CaseKind.CLAIM):
        round_ = payout.prepare_round(programme, kind, by=staff(Role.PREPARER), at=moment(7, 8))
        payout.publish_round(round_, date(2024, 7, 8), by=staff(Role.REVIEWER), at=moment(7, 8))
        made.append(make_files(round_))
    told = ("欧阳反映人", "0353-8899001", "已停产", "web")
    objections = [
        payout.file_objection(made[0].lines.get(position=position), *told, by=None, at=moment(7, 9)) for position in (2, 60)
    ]
    payout.uphold(objections[0], "属实", "已停产", by=staff(Role.REVIEWER), at=moment(7, 10))
    desk_at(7, 10)
    return made


def secrets() -> set[str]:
    """Every value of every sealed field of every row, and every code."""
    found = set(Enterprise.objects.values_list("uscc", flat=True))
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, SealedField):
                values = model._default_manager.values_list(field.name, flat=True)
                found |= {value.reveal() if isinstance(value, Sealed) else value for value in values.iterator()}
    return {value for value in found if len(value) >= LEAST}


def public_pages(client: Client, rounds: list[PublicityRound]) -> Iterator[str]:
    """Every page that a visitor can turn to or search for."""
    for address in ("home", "rounds", "objection_answer", "sign_in", "unconfirmed_lists"):
        yield client.get(reverse(f"portal:{address}")).content.decode()
    for round_ in rounds:
        address = reverse("portal:round", args=[round_.pk])
        for search in ({}, {"name": "有限公司"}, {"name": "赵*"}):
            for page in range(1, -(-round_.count // 50) + 1):
                yield client.get(address, {"page": page, **search}).content.decode()
        for position in (1, 2, 60, round_.count):
            yield client.get(reverse("portal:object_to", args=[round_.pk, position])).content.decode()


def public_files(client: Client, rounds: list[PublicityRound]) -> Iterator[str]:
    """The words of every file that a visitor can download."""
    for round_ in rounds:
        sheet, pdf, word = (
            io.BytesIO(b"".join(client.get(reverse("portal:round_file", args=[round_.pk, name])).streaming_content))
            for name in ("list", "pdf", "announcement")
        )
        yield str(CalamineWorkbook.from_filelike(sheet).get_sheet_by_index(0).to_python())
        yield "\n".join(page.extract_text() for page in PdfReader(pdf).pages)
        yield "\n".join(line.text for line in docx.Document(word).paragraphs)


def test_no_secret_is_public(client, rounds):
    hidden = secrets()
    assert len(hidden) > 5 * ENTERPRISES + 3 * PERSONS
    assert Objection.objects.first().contact.reveal() in hidden
    assert Job.objects.filter(kind=Job.Kind.PUBLICITY, state="DONE").count() == 2
    shown = [*public_pages(client, rounds), *public_files(client, rounds)]
    text = "\n".join([*shown, *(re.sub(r"[\s-]", "", each) for each in shown)])  # and however it may be parted
    assert "甲市第0600号机械有限公司" in text
    assert [value for value in hidden if value in text] == []
