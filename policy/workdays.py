"""Working days with 调休: the override table first, then the State Council's holidays as chinesecalendar has them."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

import chinese_calendar

Unit = Literal["working", "calendar"]

_ONE_DAY = timedelta(days=1)


class UnknownYear(Exception):
    """Neither the built-in calendar nor the override table knows this year's holidays."""

    def __init__(self, year: int) -> None:
        super().__init__(f"没有 {year} 年的放假安排，请先导入该年度工作日历（至少包含 {year}-01-01）")
        self.year = year


class Calendar:
    """Working days of one agency.

    `overrides`: day -> is it worked, as staff loaded them from the State Council notice; they win over the
    built-in calendar. A year that chinesecalendar does not have counts as known once its 1 January is among
    them (every notice lists it); its days that are not listed are then Monday to Friday. A day of any other
    year raises UnknownYear unless it is itself listed.
    """

    def __init__(self, overrides: Mapping[date, bool]) -> None:
        self._overrides = dict(overrides)
        self._known_years = {day.year for day in self._overrides if (day.month, day.day) == (1, 1)}

    def is_workday(self, day: date) -> bool:
        """Whether this day is worked. Raises UnknownYear."""
        listed = self._overrides.get(day)
        if listed is not None:
            return listed
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            if day.year in self._known_years:
                return day.weekday() < 5
            raise UnknownYear(day.year) from None

    def nth_after(self, day: date, n: int) -> date:
        """The n-th working day after `day`, which itself does not count; n = 0 is `day`. Raises UnknownYear, ValueError for
        n below 0."""
        if n < 0:
            raise ValueError(f"工作日天数不能为负：{n}")
        while n:
            day += _ONE_DAY
            n -= self.is_workday(day)
        return day

    def add(self, day: date, n: int, unit: Unit = "working") -> date:
        """The last day of a limit of n days that runs from the day after `day`. Raises UnknownYear."""
        if unit == "calendar":
            return day + timedelta(days=n)
        return self.nth_after(day, n)

    def last_day(self, first: date, n: int, unit: Unit) -> date:
        """The last day of a period of n days of which `first` is the first, as 公示期 counts. Raises UnknownYear.

        In working days a `first` that is not worked is not counted. ValueError for n below 1.
        """
        if n < 1:
            raise ValueError(f"期限至少一天：{n}")
        return self.add(first - _ONE_DAY, n, unit)
