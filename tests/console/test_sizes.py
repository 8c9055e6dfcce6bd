"""划型 at the console: a commitment from a paper, what another person finds of it, and a case decided anew."""

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from agency.models import Role
from enterprises.models import CreditListing, Size2020
from subsidies.refunds.models import Commitment, State
from tests.subsidies.refunds.conftest import scan  # noqa: F401 - the same city


@pytest.fixture
def programme(make_programme):
    return make_programme("hebei/2024")


@pytest.fixture
def case(programme, credit_list, make_enterprise, screen, desk_clock, moment):
    CreditListing.objects.create(uscc="9" * 18, type="严重失信", origin="河北省信用信息共享平台", source=credit_list)
    enterprise = make_enterprise()
    Size2020.objects.create(uscc=enterprise.uscc, size="大型")
    screen()
    desk_clock(moment(7, 5))
    return enterprise.applications.get()


def said(answer) -> str:
    return unescape(answer.content.decode())


def address(case, name: str) -> str:
    return reverse(f"admin:refunds_application_{name}", args=[case.pk])


class TestCommitment:
    def test_from_a_paper_is_verified_by_another_reviewer(self, at_desk, staff, case, scan):  # noqa: F811
        reviewer, another = at_desk(Role.REVIEWER), Client()
        another.force_login(staff(Role.REVIEWER, 2), backend="django.contrib.auth.backends.ModelBackend")
        reviewer.post(address(case, "commit"), {"size": "小型"})
        assert not Commitment.objects.exists()
        page = said(reviewer.post(address(case, "commit"), {"size": "小型", "files": scan("承诺书.png")[1]}, follow=True))
        assert "承诺书.png" in page
        case.refresh_from_db()
        assert str(case.amount) == "7200.00"
        found = reverse("admin:refunds_commitment_false", args=[Commitment.objects.get().pk])
        assert "请由另一人核实" in said(reviewer.post(found, {"finding": "从业人员 1,200 人"}))
        listed = said(reviewer.get(reverse("admin:refunds_commitment_changelist") + "?verified_at__isempty=1"))
        assert case.enterprise.name in listed
        page = said(another.post(found, {"finding": "从业人员 1,200 人"}, follow=True))
        assert "从业人员 1,200 人" in page
        case.refresh_from_db()
        assert str(case.amount) == "3600.00"

    def test_is_absent_in_another_region_and_once_it_counts(self, at_desk, case, scan):  # noqa: F811
        asked = {"size": "小型", "files": scan()[1]}
        assert at_desk(Role.PREPARER, region="140303").post(address(case, "commit"), asked).status_code == 404
        assert not Commitment.objects.exists()
        clerk = at_desk(Role.PREPARER)
        assert "登记划型承诺" in said(clerk.get(reverse("admin:refunds_application_change", args=[case.pk])))
        clerk.post(address(case, "commit"), {"size": "小型", "files": scan()[1]})
        assert Commitment.objects.count() == 1
        assert "登记划型承诺" not in said(clerk.get(reverse("admin:refunds_application_change", args=[case.pk])))


class TestAnew:
    def test_is_a_reviewers_and_says_what_stands_against_it(self, at_desk, case):
        type(case).objects.update(state=State.REVIEWED)
        reviewer, asked = at_desk(Role.REVIEWER), {"why": "划型名单"}
        assert at_desk(Role.PREPARER).post(address(case, "anew"), asked).status_code == 403
        assert "没有变化" in said(reviewer.post(address(case, "anew"), asked))
        Size2020.objects.update(size="小型")
        reviewer.post(address(case, "anew"), asked)
        case.refresh_from_db()
        assert (case.state, str(case.amount)) == (State.SUBMITTED, "7200.00")
