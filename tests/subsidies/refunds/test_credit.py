"""Look-ups at the platform: a process of its own, asked outside any transaction, once a day each."""

import time

import pytest

from agency.actions import book_answers
from agency.models import CreditCheck, Hold, Programme, Role
from subsidies.refunds import actions, tasks
from subsidies.refunds.models import Application
from subsidies.refunds.tasks import look_up_credit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(settings, desk_clock):
    """Set the desk to a moment, for the tasks too."""
    settings.DEMO = True
    return desk_clock


@pytest.fixture
def codes() -> list[str]:
    """Codes that the platform takes."""
    return ["91140300MA0000001A", "91140300MA0000002B", "91140300MA0000003C"]


class TestLookUpCredit:
    def test_asks_once_a_day_about_those_to_be_offered(self, make_enterprise, screen, listings, desk, days, codes, moment):
        enterprises = [make_enterprise(uscc=code) for code in codes]
        make_enterprise(claimants=9)
        screen()
        listings(f"{codes[1]},严重失信,2024-01-01,,正常\n{codes[2]},,,,无应答\n")
        desk(days.screened)
        look_up_credit()
        look_up_credit()
        checks = CreditCheck.objects.order_by("pk")
        assert [(check.uscc, check.moment, check.outcome) for check in checks] == [
            (codes[0], "SCREENING", "CLEAR"), (codes[1], "SCREENING", "HIT"), (codes[2], "SCREENING", "NO_ANSWER"),
        ]  # fmt: skip
        assert all(check.raw and check.raw_sha256 for check in checks)
        held = dict(Hold.objects.values_list("case_id", "kind"))
        cases = {each.uscc: each.applications.get().pk for each in enterprises}
        assert held == {cases[codes[1]]: "CREDIT", cases[codes[2]]: "CREDIT_UNANSWERED"}
        listings("")
        desk(moment(6, 21))
        look_up_credit()
        assert CreditCheck.objects.count() == 5  # the clear one is not asked about again
        assert not Hold.objects.filter(lifted_at=None).exists()

    def test_asks_on_the_day_of_review(self, offered, acts_for, listings, desk, days, staff, codes):
        application = offered(uscc=codes[0])
        actions.confirm(application, by=acts_for(application.enterprise), at=days.answered)
        listings(f"{codes[0]},严重失信,2024-07-01,,正常\n")
        desk(days.reviewed)
        look_up_credit()
        assert CreditCheck.objects.latest("pk").moment == "REVIEW"
        with pytest.raises(actions.RefundRefused, match="严重失信"):
            actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)

    def test_asks_where_only_credit_is_not_known(
        self, make_enterprise, programme, screen, credit_list, listings, desk, days, codes, moment
    ):
        """No list was loaded: the platform's answer makes it eligible at the next screening."""
        credit_list.delete()
        enterprise = make_enterprise(uscc=codes[0])
        screen()
        assert enterprise.applications.get().unknown == ["credit", "registration"]
        listings("")
        desk(days.screened)
        look_up_credit()
        screen(moment(6, 21))
        assert Application.objects.get().state == "ELIGIBLE"

    def test_goes_on_for_reviews_once_the_programme_is_closed(self, offered, acts_for, listings, desk, moment, codes):
        application = offered(uscc=codes[0])
        actions.confirm(application, by=acts_for(application.enterprise), at=moment(12, 31))
        Programme.objects.update(state="CLOSED")
        listings("")
        desk(moment(1, 6, year=2025))
        look_up_credit()
        assert CreditCheck.objects.latest("pk").on == moment(1, 6, year=2025).date()


class TestASweep:
    """Killed, twice at once, slow or spoilt: each case once a day, and none forgotten."""

    @pytest.fixture
    def many(self, make_enterprise, screen, desk, days, codes):
        for number in range(6):
            make_enterprise(uscc=f"91140300MA{number:07}X")
        screen()
        desk(days.screened)
        return Application.objects.order_by("pk")

    def test_killed_between_two_pieces_goes_on_where_it_was(self, many, listings, monkeypatch):
        monkeypatch.setattr(tasks, "LOOKED_UP_AT_ONCE", 2)
        booked = []

        class Killed(BaseException):
            pass

        def book_once(*given, **named):
            if booked:
                raise Killed
            booked.append(book_answers(*given, **named))
            return booked[-1]

        with monkeypatch.context() as patch:
            patch.setattr(tasks, "book_answers", book_once)
            with pytest.raises(Killed):
                look_up_credit()
        assert CreditCheck.objects.count() == 2
        look_up_credit()
        assert sorted(CreditCheck.objects.values_list("case_id", flat=True)) == list(many.values_list("pk", flat=True))

    def test_two_at_once_ask_each_once(self, many, listings, at_once):
        assert at_once(look_up_credit, look_up_credit) == [None, None]
        assert sorted(CreditCheck.objects.values_list("case_id", flat=True)) == list(many.values_list("pk", flat=True))

    def test_one_that_answers_nonsense_waits_for_a_person_and_the_rest_go_on(self, many, listings):
        spoilt = many[3]
        listings(f"{spoilt.enterprise.uscc},,,,乱码\n")
        look_up_credit()
        look_up_credit()
        assert CreditCheck.objects.count() == 6
        assert list(Hold.objects.values_list("case_id", "kind")) == [(spoilt.pk, "CREDIT_UNANSWERED")]

    def test_a_platform_that_is_away_forgets_nobody(self, many, listings, settings):
        there = settings.CREDIT_PLATFORM_URL
        settings.CREDIT_PLATFORM_URL = "http://127.0.0.1:9"
        look_up_credit()
        assert not CreditCheck.objects.exists()
        settings.CREDIT_PLATFORM_URL = there
        look_up_credit()
        assert CreditCheck.objects.count() == 6

    def test_keeps_the_pace_of_the_setting(self, many, listings, settings, monkeypatch):
        monkeypatch.setattr(tasks, "LOOKED_UP_AT_ONCE", 1)
        settings.CREDIT_PER_SECOND = 10
        began = time.monotonic()
        look_up_credit()
        assert time.monotonic() - began >= 0.5  # six requests, the first at once
