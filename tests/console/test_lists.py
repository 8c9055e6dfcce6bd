"""Lists and the front page: the same number of queries however many rows there are; numbers masked."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agency.models import Event
from subsidies.refunds.models import Application


class TestLists:
    @pytest.mark.parametrize(
        "listing", ["refunds_application", "enterprises_enterprise", "enterprises_sizedecision", "agency_hold", "payout_award"]
    )
    def test_takes_as_many_queries_for_thirty_rows_as_for_two(
        self,
        clerk,
        make_enterprise,
        screen,
        listing,
        django_assert_num_queries,
    ):
        for _ in range(2):
            make_enterprise()
        screen()
        address = reverse(f"admin:{listing}_changelist")
        clerk.get(address)
        with CaptureQueriesContext(connection) as few:
            clerk.get(address)
        for _ in range(28):
            make_enterprise()
        screen()
        with django_assert_num_queries(len(few)):
            clerk.get(address)

    def test_the_front_page_too(self, clerk, make_enterprise, screen, django_assert_num_queries):
        make_enterprise()
        screen()
        clerk.get(reverse("admin:index"))
        with CaptureQueriesContext(connection) as few:
            shown = clerk.get(reverse("admin:index")).content.decode()
        assert "符合条件，待发确认通知" in shown
        for _ in range(20):
            make_enterprise()
        screen()
        with django_assert_num_queries(len(few)):
            clerk.get(reverse("admin:index"))

    def test_filters_and_searches_find_what_a_clerk_looks_for(self, clerk, make_enterprise, screen):
        good, bad = make_enterprise(name="甲市晨曦商店"), make_enterprise(claimants=9)
        screen()
        address = reverse("admin:refunds_application_changelist")
        for query, found in (
            ("q=晨曦", [good]), (f"q={bad.uscc[:18]}", [bad]), ("state__exact=INELIGIBLE", [bad]), ("failed=layoff_rate", [bad]),
            ("unknown=base_known", []), ("region=1403/140302/", [good, bad]),
        ):  # fmt: skip
            rows = clerk.get(f"{address}?{query}").context["cl"].queryset
            assert set(rows) == set(Application.objects.filter(enterprise__in=found)), query


class TestAnApplicationsPage:
    def test_says_every_finding_with_figures_and_clause(self, clerk, make_enterprise, screen):
        make_enterprise(people=40, claimants=9)
        screen()
        page = clerk.get(reverse("admin:refunds_application_change", args=[Application.objects.get().pk])).content.decode()
        for words in ("不符合", "裁员率", "22.5000%", "5.5%", "人社部发〔2024〕40号", "下一步", "留痕", "金额如何得出"):
            assert words in page, words

    def test_never_shows_a_whole_phone_or_account(self, clerk, make_enterprise, screen):
        enterprise = make_enterprise(phone="13812345678", account="6222000012345678901")
        screen()
        for page in (
            reverse("admin:refunds_application_change", args=[Application.objects.get().pk]),
            reverse("admin:enterprises_enterprise_change", args=[enterprise.pk]),
            reverse("admin:enterprises_enterprise_changelist"),
        ):
            shown = clerk.get(page).content.decode()
            assert "13812345678" not in shown
            assert "6222000012345678901" not in shown

    def test_shows_the_whole_number_only_on_asking_and_records_it(self, clerk, make_enterprise):
        enterprise = make_enterprise(phone="13812345678")
        address = reverse("admin:enterprises_enterprise_reveal", args=[enterprise.pk])
        assert "13812345678" in clerk.post(address).content.decode()
        event = Event.objects.get(kind=Event.Kind.READ, case_kind="enterprise", case_id=enterprise.pk)
        assert "13812345678" not in str(event.detail) + event.why
