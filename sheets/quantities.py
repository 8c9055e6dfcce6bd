"""Numbers and days: the canonical text of a cell that counts or dates something."""

import re
from datetime import date, datetime, time, timedelta

from sheets.cells import SCIENTIFIC, BadValue, Cell, as_shown, tight

_NUMBER = re.compile(r"([+-]?)([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]*))?")
PLAIN_MONEY = r"(?:0|[1-9][0-9]{0,11})\.[0-9]{2}"


def _number(cell: Cell, example: str) -> str | None:
    """A number as plain digits, sign and point, thousands separators gone; None for empty."""
    if cell is None:
        return None
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise BadValue(f"应为数字，如 {example}；请将单元格格式改为数值")
    written = tight(cell) if isinstance(cell, str) else as_shown(cell)
    if not written:
        return None
    match = _NUMBER.fullmatch(written)
    if match is None:
        if written.endswith("%"):
            raise BadValue(f"不接受百分数，请填写数字，如 {example}")
        if SCIENTIFIC.fullmatch(written):
            raise BadValue(f"是科学计数法，位数可能已丢失，请填写完整数字，如 {example}")
        raise BadValue(f"应为数字，如 {example}；请只填数字，没有数据的请留空")
    sign, digits, decimals = match.groups()
    digits = digits.replace(",", "").lstrip("0") or "0"
    decimals = (decimals or "").rstrip("0")
    if len(digits) > 12:
        raise BadValue("数字过大，请核对")
    canonical = f"{digits}.{decimals}" if decimals else digits
    return f"-{canonical}" if sign == "-" and canonical != "0" else canonical


def clean_decimal(cell: Cell, places: int, *, signed: bool = False) -> str | None:
    """A number of at most `places` decimals, below 10^12; negative only where `signed`."""
    canonical = _number(cell, "1234.5")
    if canonical is None:
        return None
    if len(canonical.partition(".")[2]) > places:
        raise BadValue(f"最多 {places} 位小数，请四舍五入后填写")
    if canonical.startswith("-") and not signed:
        raise BadValue("不能为负数，请核对")
    return canonical


def clean_money(cell: Cell) -> str | None:
    """Yuan, at most two decimals, not negative; the canonical text always has two."""
    canonical = clean_decimal(cell, 2)
    if canonical is None:
        return None
    yuan, _, fen = canonical.partition(".")
    return f"{yuan}.{fen:0<2}"


def clean_whole(cell: Cell, least: int = 0, most: int = 999_999_999) -> str | None:
    """A whole number from `least` to `most`; 12.0 is 12."""
    canonical = _number(cell, "12")
    if canonical is None:
        return None
    if "." in canonical:
        raise BadValue("应为整数，请核对")
    if not least <= int(canonical) <= most:
        raise BadValue(f"应在 {least} 至 {most} 之间，请核对")
    return canonical


def clean_year(cell: Cell) -> str | None:
    """A year from 1990 to 2099; 2024年 is 2024."""
    return clean_whole(cell.strip().removesuffix("年") if isinstance(cell, str) else cell, 1990, 2099)


_DAY = re.compile(r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)")
_DAY_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})|年([0-9]{1,2})月|([0-9]{2}))")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?")


def date_of(year_: int, month_: int, day_: int) -> date | None:
    try:
        return date(year_, month_, day_)
    except ValueError:
        return None


def _checked_year(day_: date) -> date:
    if not 1900 <= day_.year < 2100:
        raise BadValue(f"年份 {day_.year} 不合理，请核对")
    return day_


def _day_of(cell: Cell, example: str) -> date | str | None:
    """The day of a cell, or the text that is no day, or None for empty."""
    if cell is None:
        return None
    if isinstance(cell, datetime):
        return _checked_year(cell.date())
    if isinstance(cell, date):
        return _checked_year(cell)
    if isinstance(cell, bool | time | timedelta):
        raise BadValue(f"应为日期，如 {example}")
    written = cell.strip() if isinstance(cell, str) else as_shown(cell)
    if not isinstance(cell, str) and re.fullmatch(r"[1-9][0-9]{4}(\.[0-9]+)?", written):
        meant = date(1899, 12, 30) + timedelta(days=int(cell))
        raise BadValue(f"是没有日期格式的数字（可能是 {meant}），请将该列设为日期格式，核对后重新保存")
    written, _, clock = written.partition(" ") if " " in written else written.partition("T")
    if clock and not _TIME.fullmatch(clock.strip()):
        written += clock
    written = tight(written)
    if not written:
        return None
    match = _DAY.fullmatch(written) or _DAY_DIGITS.fullmatch(written)
    if match is None:
        return written
    year_, month_, day_ = [int(part) for part in match.groups() if part and part.isdigit()]
    found = date_of(year_, month_, day_)
    if found is None:
        raise BadValue(f"没有这一天，请核对，日期如 {example}")
    return _checked_year(found)


def clean_day(cell: Cell) -> str | None:
    """A day: 2024-06-03, 2024/6/3, 20240603 or a spreadsheet date; a time of day is dropped."""
    found = _day_of(cell, "2024-06-03")
    if isinstance(found, str):
        raise BadValue("应为日期，如 2024-06-03，请核对")
    return None if found is None else found.isoformat()


def clean_month(cell: Cell) -> str | None:
    """A month: 202401, 2024-01 or a date in that month; its first day."""
    found = _day_of(cell, "202401")
    if isinstance(found, str):
        match = _MONTH.fullmatch(found)
        digits = [int(part) for part in match.groups() if part] if match else []
        found = date_of(digits[0], digits[1], 1) if digits else None
        if found is None:
            raise BadValue("应为年月，如 202401，请核对")
        _checked_year(found)
    return None if found is None else found.replace(day=1).isoformat()


def clean_moment(cell: Cell) -> str | None:
    """A day with its time: 2024-06-03 09:30:00; a day alone is its midnight."""
    day_ = clean_day(cell)
    if day_ is None:
        return None
    clock = time()
    if isinstance(cell, datetime):
        clock = cell.time().replace(microsecond=0)
    elif isinstance(cell, str) and (match := _TIME.search(cell)):
        try:
            clock = time(int(match[1]), int(match[2]), int(match[3] or 0))
        except ValueError as error:
            raise BadValue("没有这个时刻，请核对，时间如 2024-06-03 09:30:00") from error
    return f"{day_} {clock.isoformat()}"
