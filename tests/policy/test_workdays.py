from datetime import date

import pytest

from policy.workdays import Calendar, UnknownYear


class TestCalendar:
    def test_knows_holidays_and_the_days_worked_for_them(self) -> None:
        calendar = Calendar({})
        assert calendar.is_workday(date(2024, 9, 29))  # a Sunday worked for National Day
        assert not calendar.is_workday(date(2024, 10, 7))
        assert not calendar.is_workday(date(2024, 9, 28))

    def test_counts_the_first_day_of_publicity(self) -> None:
        calendar = Calendar({})
        assert calendar.last_day(date(2024, 6, 3), 5, "working") == date(2024, 6, 7)
        assert calendar.last_day(date(2024, 6, 3), 7, "calendar") == date(2024, 6, 9)

    def test_stretches_publicity_over_a_holiday(self) -> None:
        assert Calendar({}).last_day(date(2024, 9, 27), 5, "working") == date(2024, 10, 9)

    def test_starts_counting_with_the_first_day_worked(self) -> None:
        assert Calendar({}).last_day(date(2024, 6, 1), 1, "working") == date(2024, 6, 3)

    def test_runs_a_limit_from_the_day_after(self) -> None:
        calendar = Calendar({})
        assert calendar.nth_after(date(2024, 6, 6), 2) == date(2024, 6, 11)  # Friday, then over the dragon boat day
        assert calendar.nth_after(date(2024, 6, 8), 0) == date(2024, 6, 8)
        assert calendar.add(date(2024, 6, 6), 10) == date(2024, 6, 21)
        assert calendar.add(date(2024, 12, 2), 30, "calendar") == date(2025, 1, 1)

    def test_lets_the_override_table_win(self) -> None:
        calendar = Calendar({date(2024, 6, 4): False, date(2024, 6, 8): True})
        assert not calendar.is_workday(date(2024, 6, 4))
        assert calendar.is_workday(date(2024, 6, 8))

    def test_refuses_a_year_that_nobody_knows(self) -> None:
        with pytest.raises(UnknownYear, match="没有 2031 年的放假安排"):
            Calendar({}).is_workday(date(2031, 3, 3))

    def test_does_not_guess_a_year_from_one_listed_day(self) -> None:
        calendar = Calendar({date(2031, 5, 1): False})
        assert not calendar.is_workday(date(2031, 5, 1))
        with pytest.raises(UnknownYear):
            calendar.is_workday(date(2031, 5, 2))

    def test_knows_a_year_whose_first_of_january_is_listed(self) -> None:
        calendar = Calendar({date(2031, 1, 1): False, date(2031, 1, 4): True})
        assert calendar.is_workday(date(2031, 1, 4))  # a Saturday
        assert calendar.is_workday(date(2031, 1, 6))
        assert not calendar.is_workday(date(2031, 1, 5))

    def test_refuses_a_period_without_days(self) -> None:
        with pytest.raises(ValueError, match="期限至少一天"):
            Calendar({}).last_day(date(2024, 6, 3), 0, "working")
