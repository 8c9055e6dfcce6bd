"""Who may open which page: every post, every list, every page of another region."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from agency.admin import DeskAdmin
from agency.models import POSTS, Role, User
from enterprises.models import Enterprise
from subsidies.refunds.models import Application

PAGES: dict[str, DeskAdmin] = {
    f"{model._meta.app_label}_{model._meta.model_name}": page for model, page in admin.site._registry.items()
}
ACCOUNTS = {"agency_user", "agency_post"}


class TestPosts:
    def test_no_account_may_do_everything(self, staff):
        assert not any(staff(role).is_superuser for role in POSTS)
        assert all(set(page.readers) < set(POSTS) for page in PAGES.values())

    @pytest.mark.parametrize("role", POSTS)
    def test_a_list_opens_for_its_readers_and_is_refused_to_all_others(self, at_desk, role):
        client = at_desk(role)
        opened = {name: client.get(reverse(f"admin:{name}_changelist")).status_code for name in PAGES}
        assert opened == {name: 200 if role in page.readers else 403 for name, page in PAGES.items()}

    @pytest.mark.parametrize("role", POSTS)
    def test_a_button_is_refused_to_whoever_has_not_its_post(self, at_desk, role):
        client = at_desk(role)
        for name, page in PAGES.items():
            for deed in page.deeds:
                if deed.above:
                    expected = 200 if role in deed.roles else 403
                    assert client.get(reverse(f"admin:{name}_{deed.name}")).status_code == expected, f"{name} {deed.name}"

    def test_the_keeper_of_accounts_sees_no_business(self, at_desk):
        client = at_desk(Role.SYSTEM_ADMIN)
        opened = {name for name in PAGES if client.get(reverse(f"admin:{name}_changelist")).status_code == 200}
        assert opened == ACCOUNTS

    def test_another_regions_case_is_as_absent(self, at_desk, make_enterprise, screen):
        make_enterprise(region="140302")
        make_enterprise(region="140303")
        screen()
        client = at_desk(Role.PREPARER, "140302")
        here, there = (Application.objects.get(region_id=code) for code in ("140302", "140303"))
        for row, status in ((here, 200), (there, 404)):
            assert client.get(reverse("admin:refunds_application_change", args=[row.pk])).status_code == status
            assert client.get(reverse("admin:enterprises_enterprise_change", args=[row.enterprise_id])).status_code == status
        listed = client.get(reverse("admin:refunds_application_changelist")).content.decode()
        assert here.enterprise.uscc in listed
        assert there.enterprise.uscc not in listed

    def test_another_regions_case_cannot_be_moved_by_its_address(self, at_desk, make_enterprise, screen):
        make_enterprise(region="140303")
        screen()
        row = Application.objects.get()
        for deed in ("offer", "review", "reject", "credit-by-hand"):
            address = reverse(f"admin:refunds_application_{deed}", args=[row.pk])
            assert at_desk(Role.PREPARER, "140302").post(address).status_code == 404
        row.refresh_from_db()
        assert row.state == "ELIGIBLE"

    def test_an_enterprise_never_enters_the_console(self, make_enterprise):
        enterprise: Enterprise = make_enterprise()
        user = User.objects.create(username=enterprise.uscc, name=enterprise.name, kind=User.Kind.ENTERPRISE)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(reverse("admin:index")).status_code == 302
        assert client.get(reverse("admin:refunds_application_changelist")).status_code == 302

    def test_a_post_that_has_ended_opens_nothing(self, at_desk, staff):
        person = staff(Role.PREPARER)
        person.posts.update(from_on="2023-01-01", until_on="2023-12-31")
        assert at_desk(Role.PREPARER).get(reverse("admin:index")).status_code == 302
