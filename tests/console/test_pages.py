"""What a page of the console shows beside its own fields."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from agency.models import FundMonth, Role
from enterprises.models import MonthlyContribution
from subsidies.refunds.actions import apply_for
from subsidies.refunds.models import Host

pytestmark = pytest.mark.django_db


def page_of(client: Client, name: str, pk: int) -> str:
    answer = client.get(reverse(f"admin:{name}_change", args=[pk]))
    assert answer.status_code == 200
    return answer.content.decode()


class TestProgramme:
    def test_shows_what_is_left_of_the_pilot(self, at_desk, make_programme, regions):
        programme = make_programme("shandong/2024")
        spent = {"training": Decimal(100), "evaluation": Decimal(0), "posts": Decimal(0), "insurance": Decimal(0)}
        FundMonth.objects.create(region=regions["1403"], month=date(2023, 12, 1), balance=Decimal(1000))
        FundMonth.objects.create(region=regions["1403"], month=date(2024, 1, 1), **spent)
        page = page_of(at_desk(Role.POLICY), "agency_programme", programme.pk)
        for words in ("扩大失业保险基金支出范围试点", "2024-01", "100.00", "50.00", "鲁人社发〔2024〕8号 六"):
            assert words in page

    def test_shows_no_pilot_where_the_notice_rules_none(self, at_desk, programme):
        assert "扩大失业保险基金支出范围试点" not in page_of(at_desk(Role.POLICY), "agency_programme", programme.pk)

    def test_cannot_be_prepared_while_a_notice_of_the_agency_is_malformed(self, at_desk, settings, tmp_path):
        (tmp_path / "city-2024.toml").write_text('[notice]\nid = "city/2024"\nmotto = "x"\n', "utf-8")
        settings.NOTICE_FOLDERS = [tmp_path]
        answer = at_desk(Role.POLICY).get(reverse("admin:agency_programme_prepare"))
        assert answer.status_code == 200
        assert f"{tmp_path}/city-2024.toml：notice.motto：不认识的内容" in answer.content.decode()


class TestApplication:
    def test_warns_of_a_month_whose_split_is_not_the_notices(self, clerk, make_enterprise, screen):
        enterprise, sound = make_enterprise(), make_enterprise()  # ten people, 700 and 300 due
        MonthlyContribution.objects.filter(enterprise=enterprise, month=date(2023, 5, 1)).update(
            employer_due=500, employee_due=500
        )
        screen()
        page = page_of(clerk, "refunds_application", enterprise.applications.get().pk)
        assert "费率核对提示" in page
        assert "2023年5月单位应缴500.00元、个人应缴500.00元，按费率为700.00元、300.00元。" in page
        assert "2023-06" not in page
        assert "费率核对提示" not in page_of(clerk, "refunds_application", sound.applications.get().pk)

    def test_shares_a_dispatch_units_refund_among_its_hosts(
        self, clerk, make_enterprise, programme, credit_list, acts_for, days, allocation
    ):
        unit = make_enterprise(dispatch=True)  # 12,000.00 paid
        for code, kind, paid in (("甲", "企业", "1000.01"), ("乙", "机关事业单位", "2000.00")):
            Host.objects.create(
                unit_uscc=unit.uscc, host_uscc=code, host_name=f"{code}单位", host_kind=kind, year=2023, paid=Decimal(paid)
            )
        application = apply_for(unit, programme, allocation(unit, days.answered), by=acts_for(unit), at=days.answered)
        page = page_of(clerk, "refunds_application", application.pk)
        for words in ("派遣资金分配", "甲单位", "600.01", "单位自有部分", "5,399.99", "乙单位", "不返还"):
            assert words in page
        Host.objects.filter(host_uscc="甲").update(paid=None)
        page = page_of(clerk, "refunds_application", application.pk)
        assert "用工单位甲的派遣人员上年度缴费不明，不能分配。" in page

    def test_warns_no_more_than_the_agency_tolerates(self, clerk, make_enterprise, make_programme, screen):
        programme = make_programme(choices={"premium_tolerance": "20"}, region="140302")  # a person and part: 200 a part
        enterprise = make_enterprise()
        MonthlyContribution.objects.filter(month=date(2023, 5, 1)).update(employer_due=500, employee_due=500)
        MonthlyContribution.objects.filter(month=date(2023, 6, 1)).update(employer_due=499, employee_due=501)
        screen(of=programme)
        page = page_of(clerk, "refunds_application", enterprise.applications.get().pk)
        assert "2023年6月单位应缴499.00元" in page
        assert "2023年5月单位应缴" not in page
