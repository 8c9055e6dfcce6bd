"""Who may do what where: every page of the console and every button, by post and region; every page of the portal, by visitor."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from agency.admin import DeskAdmin
from agency.models import POSTS, Role, User
from enterprises.models import Enterprise, Member
from portal.urls import urlpatterns
from subsidies.refunds.models import Application
from tests.maker import Maker

PAGES: dict[str, DeskAdmin] = {
    f"{model._meta.app_label}_{model._meta.model_name}": page for model, page in admin.site._registry.items()
}
LETTERS = {
    "P": Role.PREPARER, "R": Role.REVIEWER, "F": Role.FINANCE, "A": Role.AUDITOR, "O": Role.POLICY, "S": Role.SYSTEM_ADMIN,
}  # fmt: skip
# page, who reads it | button: who may press it. A page or button that is not here fails the first test.
TABLE = """
agency_appeal PRFAO | accept:PR refuse:R evidence:PR uphold:R dismiss:R
agency_bulk PRFAO | download:PRFAO
agency_creditcheck PRFA
agency_dispute PRFAO | uphold:PR dismiss:PR
agency_edition PRFAO | approve:O refuse:O
agency_event A
agency_file PRFAO | download:PRFAO
agency_fundmonth PRFAO
agency_hold PRFAO | lift:PR
agency_import PRFAO | upload:PFO pick:PFO template:PFO confirm:PRFO acknowledge:PRFO errors:PRFAO recheck:PFO
    cancel:PFO
agency_job PRFAO | retry:PRFO cancel:PRFO
agency_message PRFAO | resend:P
agency_post AS | end:S
agency_programme PRFAO | prepare:O open:O messages:O propose:O final:O check-final:O close:O
agency_region PRFAO
agency_reply PRA | settle:P reveal:PA
agency_user AS | new-staff:S give-post:S
agency_workday PRFAO
enterprises_creditlisting PRFA | correct:P
enterprises_enterprise PRFAO | reveal:PF correct:P
enterprises_insuredperson PRFA | find:PRFA reveal:PF
enterprises_monthlycontribution PRFAO | correct:P
enterprises_size2020 PRFA | correct:P
enterprises_sizecover PRFAO
enterprises_sizedecision PRFA
enterprises_sizelisting PRFA | correct:P
enterprises_workforceyear PRFAO | correct:P
payout_award PRFAO | mend:P accept:R credit-by-hand:P hold:PR strike:R
payout_difference PRFAO | settle:RF
payout_objection PRFAO | objector:RA uphold:R dismiss:R
payout_payment RFA | drop:F
payout_paymentbatch RFA | make:F submit:F check:RF release:F bank-file:FA book:F send-back:RF cancel:F
payout_publicityround PRFAO | prepare:P publish:R objection:PR list:PRA pdf:PRA announcement:PRA cancel:PR
refunds_application PRFAO | screen:P offer-all:P offer:P review:P approve:R return:P extend:P reject:PR
    credit-by-hand:P hold:PR review-all:P approve-all:R return-all:P reject-all:PR hold-all:PR assign-all:PR
    share-out:PR record-answer:P guide-dispatch:P call-list:P confirm-for:P confirm-for-all:P letter:PRFA
    write:PR read:PR note:PRF appeal:PR commit:PR anew:R export:PRA
refunds_commitment PRFAO | holds:R false:R
refunds_correction PRFAO | settle:P
refunds_host PRFAO | correct:P
refunds_listexport PRFAO | export:PRA
refunds_screeningrun PRFAO | export:PRA
refunds_whatif PRFAO | start:PRO
skills_certificate PRFA | reveal:PR
skills_claim PRFA | decide:P approve:R post:PR reject:PR hold:PR approve-all:R
skills_trainingsubsidy PRFA | reveal:PR
"""
COVERS = {"1403": True, "14": True, "140302": False, "1404": False}  # own, parent, child, sibling of a row of the city
NOT_BY_REGION = {"agency_bulk", "agency_file", "refunds_host"}  # seen by a rule of their own, narrower than region and role
# Addresses of the portal that anybody may open; every other one is for the enterprise whose it is, and a new one has to be.
OPEN = {
    "link", "home", "sign_in", "sign_in_code", "link_code", "sign_out", "unconfirmed_lists", "unconfirmed", "rounds", "round",
    "objection_filed", "objection_answer", "object_to", "round_file",
}  # fmt: skip


def table() -> dict[str, tuple[set[str], dict[str, set[str]]]]:
    found = {}
    for line in TABLE.replace("\n    ", " ").strip().splitlines():
        page, _, deeds = line.partition(" | ")
        name, readers = page.split()
        pressed = dict(each.split(":") for each in deeds.split())
        found[name] = (roles(readers), {deed: roles(letters) for deed, letters in pressed.items()})
    return found


def roles(letters: str) -> set[str]:
    return {LETTERS[letter] for letter in letters}


@pytest.fixture
def wide(regions, staff):
    """The province above the city too."""
    from agency.models import Region

    regions["14"] = Region.objects.create(code="14", name="某省", path="14/")
    for region in Region.objects.filter(path__startswith="1403/") | Region.objects.filter(path="1404/"):
        Region.objects.filter(pk=region.pk).update(path=f"14/{region.path}")
    return staff


def asks(user: User) -> Any:
    request = RequestFactory().get("/admin/")
    request.user = user
    return request


def test_names_every_page_and_button():
    assert table() == {
        name: (set(page.readers), {deed.name: set(deed.roles) for deed in page.deeds}) for name, page in PAGES.items()
    }


@pytest.mark.parametrize("role", POSTS)
def test_each_row_and_button_is_for_its_posts_over_its_region(role, wide, regions, moment):
    regions["1403"].refresh_from_db()
    make = Maker(regions["1403"], moment(6, 26))
    rows = {name: make.region if name == "agency_region" else make(page.model) for name, page in PAGES.items()}
    wrong = []
    for region, covers in COVERS.items():
        user = wide(role, region=region)
        for name, (readers, deeds) in table().items():
            page, row, request = PAGES[name], rows[name], asks(user)
            reached = covers or page.region_path is None
            seen = page.has_view_permission(request) and page.get_queryset(request).filter(pk=row.pk).exists()
            if seen != (role in readers and reached) and not (name in NOT_BY_REGION and not seen):
                wrong.append((name, "", region, seen))
            for deed in page.deeds:
                if deed.above or deed.many:
                    continue
                if deed.states is not None:
                    row.state = next(iter(deed.states))
                may = page.may(request, deed, row)
                expected = role in deeds[deed.name] and reached
                own_rule = type(page).may is not DeskAdmin.may
                if may != expected and not (own_rule and not may):
                    wrong.append((name, deed.name, region, may))
    assert not wrong


@pytest.mark.parametrize("role", POSTS)
def test_each_list_and_button_above_it_is_for_its_posts(role, wide):
    request = asks(wide(role))
    for name, (readers, deeds) in table().items():
        page = PAGES[name]
        assert page.has_view_permission(request) == (role in readers), name
        for deed in page.deeds:
            if deed.above or deed.many:
                assert page.may(request, deed) == (role in deeds[deed.name]), f"{name} {deed.name}"
        assert [page.has_add_permission(request), page.has_change_permission(request), page.has_delete_permission(request)] == [
            False
        ] * 3, name


class TestPortal:
    @pytest.fixture
    def case(self, make_enterprise, screen, acts_for) -> SimpleNamespace:
        enterprise = make_enterprise(dispatch=True)
        screen()
        return SimpleNamespace(application=Application.objects.get(enterprise=enterprise), owner=acts_for(enterprise))

    def visitors(self, staff, acts_for, make_enterprise) -> dict[str, tuple[User | None, int]]:
        worker = User.objects.create(username="w", name="某", kind=User.Kind.WORKER)
        return {
            "nobody": (None, 302), "a worker": (worker, 403), "another enterprise": (acts_for(make_enterprise()), 404),
            **{f"staff {role}": (staff(role), 403) for role in POSTS},
        }  # fmt: skip

    def test_every_page_of_ones_own_is_refused_to_everybody_else(self, case, staff, acts_for, make_enterprise):
        known = [each for each in urlpatterns if each.name not in OPEN]
        assert {each.name for each in urlpatterns} >= OPEN
        for who, (user, status) in self.visitors(staff, acts_for, make_enterprise).items():
            client = Client()
            if user is not None:
                client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            for each in known:
                wanted = each.pattern.converters
                given = {name: "offer" if name == "kind" else case.application.pk for name in wanted}
                answer = client.get(reverse(f"portal:{each.name}", kwargs=given))
                if answer.status_code == 405 or (who == "another enterprise" and not wanted):
                    continue  # answers only to a form; or shows whoever asks its own
                assert answer.status_code == status, f"{each.name} to {who}"
                if who == "nobody":
                    assert answer["Location"] == reverse("portal:sign_in")

    def test_the_owner_opens_its_case(self, case):
        client = Client()
        client.force_login(case.owner, backend="django.contrib.auth.backends.ModelBackend")
        assert Member.objects.get(user=case.owner).enterprise == Enterprise.objects.get()
        for name in ("refund", "apply", "hosts"):
            assert client.get(reverse(f"portal:{name}", args=[case.application.pk])).status_code == 200
