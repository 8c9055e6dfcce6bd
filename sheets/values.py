"""What one cell may hold: a `Kind` turns a raw cell into its canonical text and that into a typed value.

A raw cell is what a spreadsheet or csv reader yields: str, int, float, bool, date, datetime or None. Empty
(None, blanks of any width) is None: unknown, never zero. A cell that cannot be read raises `BadValue`, whose
message says in Chinese what to do. Nothing is guessed: a code typed as a number lost digits and is refused.

Equal values have one canonical text, which Python's constructors and PostgreSQL's input functions read alike:
`2024-06-03`, `1234.50`, `12`, `true`, `140100`.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from operator import mul
from typing import Any

Cell = str | int | float | bool | date | datetime | timedelta | time | None

SET_AS_TEXT = "请将该列设为文本"
FORMULA_ERRORS = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA", "#SPILL!", "#CALC!"}
)
UNCOMPUTED = "#未计算"  # stands in for a formula that was saved without its result

_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD])
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if chr(wide - 0xFEE0).isalnum()}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+)?[Ee]\+?\d+")
_FLOAT_TAIL = re.compile(r"\d+\.0+")


class BadValue(ValueError):
    """A cell that cannot be read; the message says, in Chinese, what is wrong and what to do."""


@dataclass(frozen=True)
class Kind:
    """One kind of cell. Calling it gives the typed value, or None for an empty cell.

    `clean` gives the canonical text or None; `typed` makes the value of a canonical text. `plain` is a pattern of
    text that is canonical already: a shortcut past `clean` for columns that hardly repeat. `as_text` tells writers
    to format the column as text; `note` and `options` go into the template.
    """

    name: str
    clean: Callable[[Cell], str | None]
    typed: Callable[[str], Any] = str
    as_text: bool = True
    note: str = ""
    options: tuple[str, ...] = ()
    plain: str = ""

    def __call__(self, cell: Cell) -> Any:
        canonical = self.clean(cell)
        return None if canonical is None else self.typed(canonical)


# text


def _refuse_formula_error(cell: str) -> None:
    if cell in FORMULA_ERRORS:
        raise BadValue(f"单元格是公式错误 {cell}，请改正公式或直接填写数值")
    if cell == UNCOMPUTED:
        raise BadValue("公式没有计算结果，请用表格软件打开并保存后再上传，或粘贴为数值")


def _tight(cell: str) -> str:
    """Without any white space or invisible character, full-width characters made narrow."""
    if not cell.isascii():
        cell = unicodedata.normalize("NFKC", cell).translate(_INVISIBLE)
    if cell.isalnum():
        return cell
    cell = "".join(cell.split())
    if cell.startswith("#"):
        _refuse_formula_error(cell)
    return cell


def clean_text(cell: Cell, longest: int = 200) -> str | None:
    """Free text: one line, single blanks, full-width letters and digits made narrow, punctuation as it is."""
    if cell is None:
        return None
    if not isinstance(cell, str):
        cell = _shown(cell)
    if not cell.isascii():
        cell = cell.translate(_INVISIBLE).translate(_WIDE)
    cell = " ".join(cell.split())
    if not cell:
        return None
    if cell.startswith("#"):
        _refuse_formula_error(cell)
    if _CONTROL.search(cell):
        raise BadValue("含有不可见的控制字符，请重新输入")
    if len(cell) > longest:
        raise BadValue(f"最多 {longest} 个字，现有 {len(cell)} 个字，请缩短")
    return cell


def _shown(cell: Cell) -> str:
    """A cell that is not text, as a spreadsheet shows it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return format(cell, ".15g")
    if isinstance(cell, datetime) and cell.time() == time():
        cell = cell.date()
    return str(cell)


def shown(cell: Cell) -> str:
    """Any raw cell as text for a report of errors; empty for None."""
    return "" if cell is None else cell if isinstance(cell, str) else _shown(cell)


def clean_code(cell: Cell) -> str | None:
    """A code that is text: at most 64 characters without blanks; what was ever a number is refused."""
    if cell is None:
        return None
    if not isinstance(cell, str):
        raise BadValue(f"单元格是数字或日期，位数可能已丢失，{SET_AS_TEXT}后重新填写")
    if not (cell.isalnum() and cell.isascii()):
        cell = _tight(cell).removeprefix("'")
        if not cell:
            return None
    if not cell.isdigit():
        if _SCIENTIFIC.fullmatch(cell) or _FLOAT_TAIL.fullmatch(cell):
            raise BadValue(f"已变成数字格式，位数可能已丢失，{SET_AS_TEXT}后重新填写")
        if _CONTROL.search(cell):
            raise BadValue("含有不可见的控制字符，请重新输入")
    if len(cell) > 64:
        raise BadValue(f"最多 64 位，现有 {len(cell)} 位")
    return cell


_USCC_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WORTH = {sign: worth for worth, sign in enumerate(_USCC_SIGNS)}
_USCC_WEIGHTS = (*(pow(3, place, 31) for place in range(17)), 1)
_USCC_SHAPE = re.compile(f"[{_USCC_SIGNS}]{{18}}")


def _uscc_sum(signs: str) -> int:
    return sum(map(mul, map(_USCC_WORTH.__getitem__, signs), _USCC_WEIGHTS))


def uscc_check(body: str) -> str:
    """The check character of the first 17 characters of a 统一社会信用代码. Source: GB 32100-2015."""
    return _USCC_SIGNS[-_uscc_sum(body) % 31]


def clean_uscc(cell: Cell) -> str | None:
    """统一社会信用代码 with its check character. Source: GB 32100-2015."""
    code_ = clean_code(cell)
    if code_ is None:
        return None
    if not _USCC_SHAPE.fullmatch(code_):
        code_ = code_.upper()
        if len(code_) != 18:
            raise BadValue(f"统一社会信用代码应为 18 位，现为 {len(code_)} 位，请核对")
        strange = set(code_) - _USCC_WORTH.keys()
        if strange:
            raise BadValue(f"统一社会信用代码不含字符 {'、'.join(sorted(strange))}（不用 I、O、S、V、Z），请核对")
    if _uscc_sum(code_) % 31:
        raise BadValue("统一社会信用代码校验码不符，请逐位核对")
    return code_


_CITIZEN_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))


def citizen_check(body: str) -> str:
    """The check character of the first 17 digits of a 居民身份证 number. Source: GB 11643-1999."""
    total = sum([int(digit) * weight for digit, weight in zip(body, _CITIZEN_WEIGHTS, strict=False)])
    return "10X98765432"[total % 11]


def clean_citizen_id(cell: Cell) -> str | None:
    """居民身份证 number: a day of birth that exists, the check character. Source: GB 11643-1999."""
    number = clean_code(cell)
    if number is None:
        return None
    number = number.upper()
    if len(number) != 18:
        hint = "，15 位旧号请换成 18 位" if len(number) == 15 else "，请核对"
        raise BadValue(f"身份证号应为 18 位，现为 {len(number)} 位{hint}")
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", number):
        raise BadValue("身份证号应为 17 位数字加 1 位数字或 X，请核对")
    born = _date_of(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    if born is None or born.year < 1900:
        raise BadValue("身份证号中的出生日期不存在，请核对")
    if citizen_check(number) != number[17]:
        raise BadValue("身份证号校验码不符，请逐位核对")
    return number


def clean_phone(cell: Cell) -> str | None:
    """A mainland mobile number: 11 digits from 1; +86 and hyphens are dropped."""
    number = clean_code(cell)
    if number is None:
        return None
    number = number.replace("-", "")
    number = number.removeprefix("+").removeprefix("86") if len(number) > 11 else number
    if not re.fullmatch(r"1[3-9][0-9]{9}", number):
        raise BadValue("手机号应为 11 位数字、以 1 开头，请核对")
    return number


def clean_telephone(cell: Cell) -> str | None:
    """Any telephone number: 3 to 20 digits, with hyphens."""
    number = clean_code(cell)
    if number is not None and not re.fullmatch(r"[0-9][0-9-]{1,18}[0-9]", number):
        raise BadValue("电话应为数字和短横线，如 0350-12333，请核对")
    return number


def clean_account(cell: Cell) -> str | None:
    """A bank account: 6 to 34 digits, hyphens kept, blanks dropped."""
    number = clean_code(cell)
    if number is not None and not re.fullmatch(r"[0-9][0-9-]{4,32}[0-9]", number):
        raise BadValue("账号应为 6 至 34 位数字，请核对")
    return number


def clean_region(cell: Cell) -> str | None:
    """A region code: 6, 9 or 12 digits (GB/T 2260), or an agency's own with a letter in it."""
    number = clean_code(cell)
    if number is None:
        return None
    number = number.upper()
    if not re.fullmatch(r"[0-9]{6}([0-9]{3}){0,2}|(?=.*[A-Z])[0-9A-Z]{2,12}", number):
        raise BadValue("行政区划代码应为 6 位数字，如 140100，请核对")
    return number


# Divisions by section letter. Source: GB/T 4754-2017.
_SECTIONS = {
    "A": (1, 5), "B": (6, 12), "C": (13, 43), "D": (44, 46), "E": (47, 50), "F": (51, 52), "G": (53, 60),
    "H": (61, 62), "I": (63, 65), "J": (66, 69), "K": (70, 70), "L": (71, 72), "M": (73, 75), "N": (76, 79),
    "O": (80, 82), "P": (83, 83), "Q": (84, 85), "R": (86, 90), "S": (91, 96), "T": (97, 97),
}  # fmt: skip


def clean_industry(cell: Cell) -> str | None:
    """GB/T 4754-2017, 2 to 4 digits with or without the section letter; the canonical text is the digits."""
    written = clean_code(cell)
    if written is None:
        return None
    match = re.fullmatch(r"([A-T]?)([0-9]{2,4})", written.upper())
    if match is None or not 1 <= int(match[2][:2]) <= 97:
        raise BadValue("行业代码应为 2 至 4 位数字，可带门类字母，如 C3311 或 51，请核对")
    first, last = _SECTIONS[match[1]] if match[1] else (1, 97)
    if not first <= int(match[2][:2]) <= last:
        raise BadValue(f"行业门类字母 {match[1]} 与代码 {match[2]} 不符，请核对")
    return match[2]


# numbers

_NUMBER = re.compile(r"([+-]?)([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]*))?")
_PLAIN_MONEY = r"(?:0|[1-9][0-9]{0,11})\.[0-9]{2}"


def _number(cell: Cell, example: str) -> str | None:
    """A number as plain digits, sign and point, thousands separators gone; None for empty."""
    if cell is None:
        return None
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise BadValue(f"应为数字，如 {example}；请将单元格格式改为数值")
    written = _tight(cell) if isinstance(cell, str) else _shown(cell)
    if not written:
        return None
    match = _NUMBER.fullmatch(written)
    if match is None:
        if written.endswith("%"):
            raise BadValue(f"不接受百分数，请填写数字，如 {example}")
        if _SCIENTIFIC.fullmatch(written):
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


# days

_DAY = re.compile(r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)")
_DAY_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})|年([0-9]{1,2})月|([0-9]{2}))")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?")


def _date_of(year_: int, month_: int, day_: int) -> date | None:
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
    written = cell.strip() if isinstance(cell, str) else _shown(cell)
    if not isinstance(cell, str) and re.fullmatch(r"[1-9][0-9]{4}(\.[0-9]+)?", written):
        meant = date(1899, 12, 30) + timedelta(days=int(cell))
        raise BadValue(f"是没有日期格式的数字（可能是 {meant}），请将该列设为日期格式，核对后重新保存")
    written, _, clock = written.partition(" ") if " " in written else written.partition("T")
    if clock and not _TIME.fullmatch(clock.strip()):
        written += clock
    written = _tight(written)
    if not written:
        return None
    match = _DAY.fullmatch(written) or _DAY_DIGITS.fullmatch(written)
    if match is None:
        return written
    year_, month_, day_ = [int(part) for part in match.groups() if part and part.isdigit()]
    found = _date_of(year_, month_, day_)
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
        found = _date_of(digits[0], digits[1], 1) if digits else None
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


# words

_TRUE = frozenset({"是", "Y", "YES", "1", "TRUE", "T"})
_FALSE = frozenset({"否", "N", "NO", "0", "FALSE", "F"})


def clean_yes_no(cell: Cell) -> str | None:
    """是/否, Y/N, 1/0 or a spreadsheet's TRUE/FALSE."""
    word = None if cell is None else _tight(shown(cell)).upper()
    if not word:
        return None
    if word in _TRUE:
        return "true"
    if word in _FALSE:
        return "false"
    raise BadValue("应填 是 或 否")


@dataclass(frozen=True)
class _Choice:
    stored: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, cell: Cell) -> str | None:
        word = None if cell is None else _tight(shown(cell))
        if not word:
            return None
        if word not in self.stored:
            raise BadValue(f"应为以下之一：{'、'.join(self.stored)}")
        return self.stored[word]


@dataclass(frozen=True)
class _Longest:
    longest: int

    def __call__(self, cell: Cell) -> str | None:
        return clean_text(cell, self.longest)


@dataclass(frozen=True)
class _Decimals:
    places: int
    signed: bool

    def __call__(self, cell: Cell) -> str | None:
        return clean_decimal(cell, self.places, signed=self.signed)


@dataclass(frozen=True)
class _Whole:
    least: int
    most: int

    def __call__(self, cell: Cell) -> str | None:
        return clean_whole(cell, self.least, self.most)


def _is_true(canonical: str) -> bool:
    return canonical == "true"


def choice(options: Sequence[str] | Mapping[str, str]) -> Kind:
    """One of a few words; with a mapping, the word that is stored for the word that is written."""
    stored = dict(options) if isinstance(options, Mapping) else {word: word for word in options}
    return Kind("选项", _Choice(stored), note=f"填 {'、'.join(stored)} 之一", options=tuple(stored))


def text_up_to(longest: int) -> Kind:
    """Free text of at most `longest` characters."""
    return Kind("文本", _Longest(longest))


def decimal(places: int, *, signed: bool = False) -> Kind:
    """A number of at most `places` decimals, negative only where `signed`."""
    return Kind("数字", _Decimals(places, signed), Decimal, as_text=False, note=f"数字，最多 {places} 位小数")


def whole_between(least: int, most: int) -> Kind:
    """A whole number from `least` to `most`."""
    return Kind("整数", _Whole(least, most), int, as_text=False, note=f"{least} 至 {most} 的整数")


text = Kind("文本", clean_text)
code = Kind("编码", clean_code, note=f"文本；{SET_AS_TEXT}")
uscc = Kind("统一社会信用代码", clean_uscc, note=f"18 位；{SET_AS_TEXT}")
citizen_id = Kind("身份证号", clean_citizen_id, note=f"18 位；{SET_AS_TEXT}")
phone = Kind("手机号", clean_phone, note=f"11 位；{SET_AS_TEXT}")
telephone = Kind("电话", clean_telephone, note="如 0350-12333")
account = Kind("账号", clean_account, note=f"6 至 34 位数字；{SET_AS_TEXT}")
region = Kind("行政区划代码", clean_region, note=f"6 位；{SET_AS_TEXT}")
industry = Kind("行业代码", clean_industry, note=f"GB/T 4754-2017，2 至 4 位，可带门类字母；{SET_AS_TEXT}")
money = Kind(
    "金额",
    clean_money,
    Decimal,
    as_text=False,
    note="元，最多两位小数；未知请留空，0 表示零",
    plain=_PLAIN_MONEY,
)
whole = Kind("整数", clean_whole, int, as_text=False, note="整数；未知请留空，0 表示零")
year = Kind("年度", clean_year, int, as_text=False, note="如 2023")
day = Kind("日期", clean_day, date.fromisoformat, note="如 2024-06-03")
month = Kind("年月", clean_month, date.fromisoformat, note="如 202401")
moment = Kind("时间", clean_moment, datetime.fromisoformat, note="如 2024-06-03 09:30:00")
yes_no = Kind("是否", clean_yes_no, _is_true, note="填 是 或 否", options=("是", "否"))
