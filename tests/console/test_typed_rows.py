"""One row typed at the console: new, or one that is stored and corrected; checked and confirmed as a file is."""

import re
from datetime import date, datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from agency.actions import imports
from agency.intake import kinds
from agency.models import Import, Post, Role
from agency.queries import open_warnings
from enterprises.models import Enterprise, InsuredPerson, MonthlyContribution
from tests.office import citizen
from tests.office import uscc as code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files", "regions")]
AT = datetime(2024, 6, 3, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
BRANCH = {
    "uscc": code(1), "name": "甲分公司", "enterprise_kind": "分支机构", "parent_uscc": code(9), "region": "140302",
    "employees": "12", "revenue": "30.50", "contact": "赵甲", "phone": "13900000001", "account": "622200001234", "dispatch": "否",
}  # fmt: skip
REQUIRED = {name: BRANCH[name] for name in ("uscc", "name", "enterprise_kind", "region")}


def address(kind: str = "enterprises") -> str:
    return reverse("admin:agency_import_row", args=[kind])


@pytest.fixture
def typed(clerk, staff):
    """Types a row and checks it; `confirm`: a colleague confirms it too."""

    def type_in(row: dict[str, str], kind: str = "enterprises", *, confirm: bool = False) -> Import:
        answer = clerk.post(address(kind), row)
        assert answer.status_code == 302, answer.context["form"].errors
        imp = Import.objects.latest("pk")
        assert answer.url == reverse("admin:agency_import_change", args=[imp.pk])
        imports.check_import(imp, at=AT)
        if confirm:
            second = staff(Role.REVIEWER)
            if warnings := open_warnings(imp):
                imports.acknowledge_warnings(imp, [warning["name"] for warning in warnings], by=second, at=AT)
            imports.confirm_import(imp, by=second, at=AT)
        return imp

    return type_in


@pytest.fixture
def branch(typed) -> Enterprise:
    typed(BRANCH, confirm=True)
    return Enterprise.objects.get()


def find(client, kind: str = "enterprises", **key: str):
    """The form once the stored row of a key was asked for."""
    return client.post(address(kind), key | {"find": "1"}).context["form"]


def shown(form) -> dict[str, str]:
    """What a browser would send back."""
    return {field.name: value for field in form if (value := field.value()) and isinstance(value, str)}


class TestNewRow:
    def test_is_asked_for_by_its_kind(self, clerk):
        pick = reverse("admin:agency_import_pick")
        assert pick in clerk.get(reverse("admin:agency_import_changelist")).content.decode()
        assert clerk.post(pick, {"kind": "enterprises"}).url == address()

    def test_lands_as_a_file_of_one_row(self, branch):
        imp = Import.objects.get()
        assert (imp.new, imp.refused, imp.file.name, imp.region_id) == (1, 0, "手工录入-参保单位名册.xlsx", "1403")
        assert (branch.name, branch.employees, str(branch.revenue), branch.source) == ("甲分公司", 12, "30.50", imp)
        assert (branch.phone.reveal(), branch.dispatch, branch.recorded_size) == ("13900000001", False, "")

    def test_goes_through_the_checks_of_its_kind(self, typed, branch):
        imp = typed(BRANCH | {"uscc": code(2), "parent_uscc": code(1)})
        assert [reason for *_, reason, _ in imp.report["errors"]] == [f"所属法人 {code(1)} 本身是分支机构，请填写其法人的代码"]
        assert len(imp.report["warnings"]) == 2  # phone and account are those of the first

    def test_says_at_once_what_cannot_be_read(self, clerk):
        page = clerk.post(address(), BRANCH | {"uscc": "9114", "name": "", "employees": "12.5", "enterprise_kind": "公司"})
        errors = page.context["form"].errors
        assert set(errors) == {"uscc", "name", "employees", "enterprise_kind"}
        assert errors["employees"] == ["应为整数，请核对"]
        assert not Import.objects.exists()

    def test_of_another_region_is_an_error_of_its_report(self, typed):
        assert typed(BRANCH | {"region": "140400"}).refused == typed(BRANCH | {"desk": "140303"}).refused == 1

    @pytest.mark.parametrize("kind", sorted(kinds()))
    def test_has_a_field_for_each_column_of_each_kind(self, at_desk, kind):
        loader = at_desk(next(role for role in (Role.PREPARER, Role.POLICY, Role.FINANCE) if role in kinds()[kind].roles))
        page = loader.get(address(kind))
        assert page.status_code == 200
        assert set(page.context["form"].fields) - {"loaded", "blanked", "desk"} == set(kinds()[kind].cells)
        key = dict.fromkeys(kinds()[kind].key, "")
        assert "请先填写" in loader.post(address(kind), key | {"find": "1"}).content.decode()
        unknown = loader.post(address(kind), dict.fromkeys(key, "1e5 %") | {"find": "1"}).content.decode()
        assert re.search("不能识别|没有这一行", unknown)


class TestStoredRow:
    def test_is_shown_by_its_key_with_what_is_sealed_masked(self, clerk, branch):
        for form in (find(clerk, uscc=f" {code(1)} "), clerk.get(f"{address()}?uscc={code(1)}").context["form"]):
            assert {name: form[name].value() for name in BRANCH if name not in ("phone", "account")} == {
                name: text for name, text in BRANCH.items() if name not in ("phone", "account")
            }
            assert (form["phone"].value(), form["account"].value(), form["voided"].value()) == (None, None, "否")
            assert "现为 139****0001" in form["phone"].help_text
        page = clerk.post(address(), {"uscc": code(1), "find": "1"}).content.decode()
        assert "13900000001" not in page
        assert "622200001234" not in page

    def test_is_one_step_from_its_page(self, clerk, at_desk, typed, branch):
        month = {"uscc": code(1), "month": "202301", "headcount": "2", "employer_paid": "70.00", "employee_paid": "30.00"}
        typed(month, "contributions", confirm=True)
        for row, cell in ((branch, "name"), (MonthlyContribution.objects.get(), "employer_paid")):
            place = reverse(f"admin:enterprises_{row._meta.model_name}_change", args=[row.pk])
            (link,) = re.findall(r'<a href="([^"]*)"[^>]*>更正</a>', clerk.get(place).content.decode())
            assert clerk.get(unescape(link)).context["form"][cell].value() == str(getattr(row, cell))
            assert "更正</a>" not in at_desk(Role.REVIEWER).get(place).content.decode()

    def test_that_nobody_has_or_of_another_region_is_not_shown(self, clerk, at_desk, branch):
        elsewhere = at_desk(Role.PREPARER, "140303")
        for client, uscc in ((clerk, code(5)), (elsewhere, code(1))):
            page = client.post(address(), {"uscc": uscc, "find": "1"})
            assert page.context["form"]["name"].value() == ""
            assert "没有这一行" in page.content.decode()

    def test_keeps_what_is_not_changed_and_blanks_what_is_taken_out(self, clerk, typed, branch):
        row = shown(find(clerk, uscc=code(1))) | {"name": "乙分公司"}
        del row["contact"]
        imp = typed(row, confirm=True)
        assert (imp.changed, imp.report["for_another"]) == (1, 0)
        branch.refresh_from_db()
        assert (branch.name, branch.contact, branch.employees, branch.parent_uscc) == ("乙分公司", "", 12, code(9))
        assert (branch.phone.reveal(), branch.account.reveal()) == ("13900000001", "622200001234")

    def test_of_which_nothing_was_shown_keeps_what_is_left_empty(self, typed, branch):
        typed(REQUIRED | {"name": "乙分公司"}, confirm=True)
        branch.refresh_from_db()
        assert (branch.name, branch.contact, branch.parent_uscc, branch.phone.reveal()) == (
            "乙分公司", "赵甲", code(9), "13900000001"
        )  # fmt: skip

    def test_may_have_a_sealed_cell_blanked_or_changed_by_another_person(self, clerk, typed, branch):
        row = shown(find(clerk, uscc=code(1)))
        assert "现为 139****0001" in clerk.post(address(), row | {"phone": "139"}).context["form"]["phone"].help_text
        both = clerk.post(address(), row | {"account": "622200009", "blanked": ["account"]}).context["form"]
        assert both.errors["account"] == ["既填写了新值又勾选了清空，请只选其一。"]
        imp = typed(row | {"blanked": ["account"], "phone": "13900000002"})
        assert imp.report["for_another"] == 1
        with pytest.raises(imports.ImportRefused, match="另一人"):
            imports.confirm_import(imp, by=imp.checked_by, at=AT)
        typed(row | {"blanked": ["account"], "phone": "13900000002"}, confirm=True)
        branch.refresh_from_db()
        assert (branch.account.reveal(), branch.phone.reveal()) == ("", "13900000002")

    def test_can_be_changed_back_to_what_an_earlier_row_said(self, typed, branch):
        typed(BRANCH | {"name": "乙分公司"}, confirm=True)
        typed(BRANCH, confirm=True)
        branch.refresh_from_db()
        assert branch.name == "甲分公司"

    def test_is_not_written_over_another_whose_key_was_typed_since(self, clerk, branch):
        row = shown(find(clerk, uscc=code(1))) | {"uscc": code(2)}
        form = clerk.post(address(), row).context["form"]
        assert form.non_field_errors() == ["关键列已经改动，请重新“调出已有行”再改。"]

    def test_can_be_voided(self, clerk, typed, branch):
        typed(shown(find(clerk, uscc=code(1))) | {"voided": "是"}, confirm=True)
        branch.refresh_from_db()
        assert branch.voided

    def test_of_a_key_with_empty_parts_and_of_a_sealed_one(self, clerk, typed, branch):
        month = {"uscc": code(1), "month": "202301", "headcount": "2", "employer_paid": "70.00", "employee_paid": "30.00"}
        typed(month | {"type": "补缴"}, "contributions", confirm=True)
        typed(month, "contributions", confirm=True)
        form = find(clerk, "contributions", uscc=code(1), month="2023-01", type="", arrived_on="", line="")
        assert (form["employer_paid"].value(), form["late_fee"].value(), form["deferred"].value()) == ("70.00", "", "否")
        typed(shown(form) | {"employer_paid": "71"}, "contributions", confirm=True)
        paid = MonthlyContribution.objects.order_by("type").values_list("type", "employer_paid")
        assert {kind: str(amount) for kind, amount in paid} == {"正常": "71.00", "补缴": "70.00"}
        person = {"id_number": citizen(1), "name": "赵甲子", "uscc": code(1), "first_insured": "202001", "status": "在职"}
        typed(person, "persons", confirm=True)
        form = find(clerk, "persons", id_number=citizen(1))
        assert (form["uscc"].value(), form["first_insured"].value()) == (code(1), "2020-01")
        typed(shown(form) | {"name": "赵乙子"}, "persons", confirm=True)
        assert InsuredPerson.objects.get().name == "赵乙子"

    def test_is_never_looked_for_by_a_sealed_key_in_an_address(self, clerk, typed, branch):
        typed({"id_number": citizen(1), "name": "赵甲子", "uscc": code(1)}, "persons", confirm=True)
        assert clerk.get(f"{address('persons')}?id_number={citizen(1)}").context["form"]["name"].value() is None


class TestWhoMay:
    def test_only_loaders_of_the_kind(self, at_desk, clerk):
        assert at_desk(Role.PREPARER).get(address("fund")).status_code == 403
        assert at_desk(Role.AUDITOR).get(address()).status_code == 403
        assert clerk.get(address("nothing")).status_code == 404

    def test_who_has_two_desks_chooses_one(self, clerk, staff):
        Post.objects.create(user=staff(Role.PREPARER), role=Role.PREPARER, region_id="1404", from_on=date(2024, 1, 1))
        assert clerk.post(address(), BRANCH).context["form"].errors == {"desk": ["这个字段是必填项。"]}
        assert clerk.post(address(), BRANCH | {"desk": "1403"}).status_code == 302
