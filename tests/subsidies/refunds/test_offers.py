"""Offers: to whom they go, to whom not and why, and what the SMS says."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings

from agency.actions import open_hold
from agency.models import CreditCheck, Message, Programme, Role
from agency.moves import MoveRefused
from subsidies.refunds import actions
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries import OBSTACLES, not_offered

SCREENING = CreditCheck.Moment.SCREENING


class TestOfferAll:
    def test_offers_what_nothing_stands_against_and_says_of_the_others_why(
        self, make_enterprise, screen, look_up, programme, staff, days
    ):
        names = ["fine", "legal", "dispatch", "no_amount", "held", "credit_unchecked", "credit_listed", "no_phone", "silent"]
        made = {name: make_enterprise() for name in names if name not in ("dispatch", "no_amount")}
        made["no_amount"] = make_enterprise(people=0)
        made["legal"].phone, made["legal"].legal_phone = "", "13900000000"
        made["no_phone"].phone = ""
        for each in made.values():
            each.save()
        screen()
        Application.objects.filter(enterprise=made["no_amount"]).update(state=State.ELIGIBLE, amount=Decimal(0))
        cases = {name: each.applications.get() for name, each in made.items()}
        for name in ("fine", "legal", "no_amount", "held", "no_phone"):
            look_up(cases[name], SCREENING, days.screened)
        look_up(cases["credit_listed"], SCREENING, days.screened, ("严重失信",))
        look_up(cases["silent"], SCREENING, days.screened, None)
        open_hold("refund", cases["held"].pk, "CLERK", "待核", "140302", by=staff(Role.PREPARER), at=days.screened)
        done = actions.offer_all(programme, by=staff(Role.PREPARER), at=days.offered)
        assert done.offered == 2
        assert set(Application.objects.filter(state="OFFERED")) == {cases["fine"], cases["legal"]}
        assert {word: len(ids) for word, ids in done.not_offered.items()} == {
            "no_amount": 1, "held": 3, "credit_unchecked": 1, "no_phone": 1,
        }  # fmt: skip
        assert set(done.not_offered) <= set(OBSTACLES)
        assert sum(not_offered(programme, days.offered.date()).values()) == 6

    def test_tells_deadline_menu_and_short_link_but_no_amount(self, offered, days):
        application = offered()
        message = Message.objects.get(kind="offer")
        text = message.text.reveal()
        for words in ("2024年度稳岗返还", "2024年7月15日", "“我的返还”", "0353-1234567"):
            assert words in text
        assert "元" not in text
        [link] = re.findall(r"https?://\S+", text)
        assert re.fullmatch(rf"{settings.PUBLIC_URL}/l/[\w-]{{22}}", link)
        assert message.phone == application.enterprise.phone
        assert (application.offered_at, application.confirm_by) == (days.offered, date(2024, 7, 15))

    def test_counts_a_deadline_of_its_own_where_the_programme_has_none(
        self, make_enterprise, screen, look_up, programme, staff, days
    ):
        Programme.objects.update(confirm_by=None)
        programme.refresh_from_db()
        make_enterprise()
        screen()
        application = Application.objects.get()
        look_up(application, SCREENING, days.screened)
        actions.offer(application, by=staff(Role.PREPARER), at=days.offered)
        assert application.confirm_by == date(2024, 7, 15)  # 21 days after the offer, the default

    def test_stays_in_the_regions_of_the_clerk(self, make_enterprise, screen, look_up, programme, staff, days):
        for region in ("140302", "140303"):
            make_enterprise(region=region)
        screen()
        for application in Application.objects.all():
            look_up(application, SCREENING, days.screened)
        with pytest.raises(MoveRefused):
            actions.offer_all(programme, by=staff(Role.PREPARER, region="140302"), at=days.offered)
        application = Application.objects.get(region="140303")
        with pytest.raises(MoveRefused):
            actions.offer(application, by=staff(Role.PREPARER, region="140302"), at=days.offered)

    def test_needs_a_look_up_that_is_not_older_than_the_screening(
        self, make_enterprise, screen, look_up, programme, staff, days, moment
    ):
        make_enterprise()
        screen()
        application = Application.objects.get()
        look_up(application, SCREENING, days.screened)
        screen(moment(6, 22))
        with pytest.raises(actions.RefundRefused, match="尚未核验信用"):
            actions.offer(application, by=staff(Role.PREPARER), at=days.offered)

    def test_is_refused_after_the_period(self, offered, programme, staff, moment):
        with pytest.raises(actions.RefundRefused, match="不在期内"):
            actions.offer_all(programme, by=staff(Role.PREPARER), at=moment(1, 1, 0, year=2025))

    def test_offers_nobody_twice(self, offered, programme, staff, days):
        application = offered()
        assert actions.offer_all(programme, by=staff(Role.PREPARER), at=days.offered).offered == 0
        with pytest.raises(actions.RefundRefused, match="只有“符合”"):
            actions.offer(application, by=staff(Role.PREPARER), at=days.offered)
        assert Message.objects.filter(kind="offer").count() == 1


class TestGuideDispatch:
    def test_tells_each_eligible_unit_once(self, make_unit, make_enterprise, screen, programme, staff, days):
        make_unit()
        make_enterprise()
        screen()
        assert actions.guide_dispatch(programme, by=staff(Role.PREPARER), at=days.offered) == 1
        assert actions.guide_dispatch(programme, by=staff(Role.PREPARER), at=days.offered) == 0
        assert "申请" in Message.objects.get(kind="dispatch").text.reveal()
