"""What payout does by itself: sweeps without arguments, safe late, twice or at once."""

import logging

from celery import shared_task
from django.conf import settings

from agency import clock
from agency.actions import book_answers
from agency.gateways import CreditPlatform
from agency.models import CreditCheck
from subsidies.payout.actions import close_rounds, drop_stopped, forfeit
from subsidies.payout.models import Award
from subsidies.payout.queries import barring_flags, programmes_to_look_up, terms_in_force, to_look_up

LOOKED_UP_AT_ONCE = 2_000
_log = logging.getLogger(__name__)


@shared_task(name="payout.look_up_credit")
def look_up_credit() -> None:
    """Ask once a day about every cleared award not yet paid; a hit takes its own line out of an unreleased batch."""
    platform = CreditPlatform(settings.CREDIT_PLATFORM_URL, settings.GATEWAY_SECRET, settings.GATEWAY_TIMEOUT_SECONDS)
    today = clock.today()
    for programme in programmes_to_look_up(today):
        barring = barring_flags(terms_in_force(programme, today), today)
        after = 0
        while awards := list(to_look_up(today).filter(programme=programme, pk__gt=after)[:LOOKED_UP_AT_ONCE]):
            after = awards[-1].pk
            answers = platform.look_up([award.uscc for award in awards], today, at=clock.now())
            rows = [(award.pk, award.uscc, award.region_id, answers[award.uscc]) for award in awards if award.uscc in answers]
            booked = book_answers(Award.CASE, CreditCheck.Moment.PAYMENT, today, rows, barring, at=clock.now())
            _log.info("credit before payment, programme %s: %s of %d asked", programme.pk, booked, len(awards))
    if dropped := drop_stopped(at=clock.now()):
        _log.warning("%d payments left their batches: held since they were made", dropped)


@shared_task(name="payout.day_turns")
def day_turns() -> None:
    """Publicity that is over clears; a returned payment that nobody mended in time is forfeited."""
    today = clock.today()
    cleared = close_rounds(today, at=clock.now())
    forfeited = forfeit(today, at=clock.now())
    _log.info("%d awards cleared, %d forfeited", len(cleared.moved), len(forfeited.moved))
