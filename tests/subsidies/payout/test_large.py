"""Set-based: what is done to thousands needs as few queries as what is done to three."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agency.models import Role
from subsidies.payout import actions


@pytest.fixture
def whole_way(programme, make_awards, look_up, bank_answers, staff, files, moment):
    """Everything from the list to the booking, each step with the number of its queries."""

    def go(number: int) -> dict[str, int]:
        asked: dict[str, int] = {}

        def step(name, deed, *given, **named):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                result = deed(*given, **named)
            asked[name] = len(queries)
            return result

        awards = make_awards(number)
        round_ = step("prepare", actions.prepare_round, programme, by=staff(Role.PREPARER), at=moment(6, 3))
        step("publish", actions.publish_round, round_, date(2024, 6, 3), by=staff(Role.REVIEWER), at=moment(6, 3))
        step("close", actions.close_rounds, date(2024, 6, 11), at=moment(6, 11))
        look_up(awards, moment(6, 12, 8))
        batch = step("make", actions.make_batch, programme, by=staff(Role.FINANCE), at=moment(6, 12))
        step("submit", actions.submit_batch, batch, by=staff(Role.FINANCE), at=moment(6, 12))
        step("check", actions.check_batch, batch, by=staff(Role.FINANCE, 2), at=moment(6, 12))
        step("release", actions.release_batch, batch, by=staff(Role.FINANCE, 3), at=moment(6, 12))
        bank_answers(batch, returned={1: "账号不存在"})
        step("book", actions.book_results, batch, by=staff(Role.FINANCE), at=moment(6, 14))
        return asked

    return go


class TestLarge:
    def test_no_step_asks_more_for_two_thousand_than_for_three(self, whole_way, rounds):
        few = whole_way(3)
        many = whole_way(rounds(2_000))
        assert many == few
