"""The portal as an enterprise or the public opens it, over the city of the refunds' tests."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.test import Client

from agency.actions import Answer, book_answers
from agency.models import CreditCheck, Region, Role
from enterprises.models import Enterprise
from subsidies.payout import actions as payout
from subsidies.payout.models import Award, BankLine, Payment, PublicityRound
from subsidies.refunds import actions
from subsidies.refunds.models import Application
from tests.subsidies.payout.conftest import make_files  # noqa: F401
from tests.subsidies.refunds.conftest import (  # noqa: F401 - the same city
    acts_for,
    allocation,
    confirmed,
    credit_list,
    days,
    files,
    look_up,
    make_enterprise,
    make_programme,
    moment,
    offered,
    programme,
    regions,
    scan,
    screen,
    staff,
)

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def signed_in(acts_for) -> Callable[[Enterprise], Client]:  # noqa: F811
    """A browser in which this enterprise has signed in."""

    def browser(enterprise: Enterprise) -> Client:
        client = Client()
        client.force_login(acts_for(enterprise), backend=BACKEND)
        return client

    return browser


@pytest.fixture
def desk_at(desk_clock, moment) -> Callable[..., datetime]:  # noqa: F811
    """desk_at(6, 26): it is ten in the morning of 2024-06-26 at the desk."""

    def to(month: int, day: int, hour: int = 10) -> datetime:
        at = moment(month, day, hour)
        desk_clock(at)
        return at

    return to


@pytest.fixture
def approved(confirmed, staff, days) -> Callable[..., Application]:  # noqa: F811
    """A case that both reviewers passed; its award waits for publicity."""

    def do(**fields: object) -> Application:
        application = confirmed(**fields)
        actions.review(application, by=staff(Role.PREPARER), at=days.reviewed)
        actions.approve(application, by=staff(Role.REVIEWER), at=days.approved)
        application.refresh_from_db()
        return application

    return do


@pytest.fixture
def phones(regions) -> None:  # noqa: F811
    """The city has both telephones that an announcement must print."""
    Region.objects.filter(code="1403").update(complaints_phone="0353-7654321")


@pytest.fixture
def publish(programme, staff, files, moment, phones) -> Callable[[], PublicityRound]:  # noqa: F811
    """Publish what waits, from 2024-07-08 to 2024-07-12."""

    def do() -> PublicityRound:
        at = moment(7, 8)
        round_ = payout.prepare_round(programme, by=staff(Role.PREPARER), at=at)
        payout.publish_round(round_, date(2024, 7, 8), by=staff(Role.REVIEWER), at=at)
        round_.refresh_from_db()
        return round_

    return do


@pytest.fixture
def paid(approved, publish, programme, staff, moment) -> Callable[..., Application]:  # noqa: F811
    """A case that was paid on 2024-07-16, or sent back by the bank for a reason."""

    def do(bank_says: str = "", **fields: object) -> Application:
        application = approved(**fields)
        publish()
        payout.close_rounds(date(2024, 7, 13), at=moment(7, 13, 1))
        award = Award.objects.get(pk=application.award_id)
        answer = Answer(CreditCheck.Outcome.CLEAR, (), "{}", "共享平台", moment(7, 15, 8))
        row = (award.pk, award.uscc, award.region_id, answer)
        book_answers("award", CreditCheck.Moment.PAYMENT, date(2024, 7, 15), [row], {"严重失信"}, at=moment(7, 15, 8))
        batch = payout.make_batch(programme, by=staff(Role.FINANCE), at=moment(7, 15))
        payout.submit_batch(batch, by=staff(Role.FINANCE), at=moment(7, 15))
        payout.check_batch(batch, by=staff(Role.FINANCE, 2), at=moment(7, 15))
        payout.release_batch(batch, by=staff(Role.FINANCE, 3), at=moment(7, 15))
        payment = Payment.objects.get(award=award)
        BankLine.objects.create(
            batch_number=batch.number, line=str(payment.line), account_name=payment.account_name,
            account=payment.account.reveal(), amount=payment.amount, succeeded=not bank_says, failure=bank_says,
            traded_on=date(2024, 7, 16),
        )  # fmt: skip
        payout.book_results(batch, by=staff(Role.FINANCE, 3), at=moment(7, 16))
        return Application.objects.select_related("award").get(pk=application.pk)

    return do
