"""What one cell may hold: a `Kind` turns a raw cell into its canonical text and that into a typed value.

A raw cell is what a spreadsheet or csv reader yields: str, int, float, bool, date, datetime or None. Empty
(None, blanks of any width) is None: unknown, never zero. A cell that cannot be read raises `BadValue`, whose
message says in Chinese what to do. Nothing is guessed: a code typed as a number lost digits and is refused.

Equal values have one canonical text, which Python's constructors and PostgreSQL's input functions read alike:
`2024-06-03`, `1234.50`, `12`, `true`, `140100`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sheets.cells import SET_AS_TEXT, BadValue, Cell, clean_code, clean_text, shown, tight
from sheets.identifiers import (
    are_usccs,
    citizen_check,
    clean_account,
    clean_citizen_id,
    clean_industry,
    clean_phone,
    clean_region,
    clean_telephone,
    clean_uscc,
    uscc_check,
)
from sheets.quantities import (
    PLAIN_MONEY,
    clean_day,
    clean_decimal,
    clean_moment,
    clean_money,
    clean_month,
    clean_whole,
    clean_year,
)

__all__ = [
    "BadValue", "Cell", "Kind", "account", "choice", "citizen_check", "citizen_id", "code", "day", "decimal",
    "industry", "moment", "money", "month", "phone", "region", "shown", "telephone", "text", "text_up_to", "uscc",
    "uscc_check", "whole", "whole_between", "year", "yes_no",
]  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """One kind of cell. Calling it gives the typed value, or None for an empty cell.

    `clean` gives the canonical text or None; `typed` makes the value of a canonical text. `plain` is a pattern of
    text that is canonical already: a shortcut past `clean` for columns that hardly repeat. Others: `are_canonical`,
    whether all lines of a text are that, and `printed`, how a number prints canonically where it is written as the
    pattern `exact` says. `as_text` tells writers to format the
    column as text; `note` and `options` go into the template.
    """

    name: str
    clean: Callable[[Cell], str | None]
    typed: Callable[[str], Any] = str
    as_text: bool = True
    note: str = ""
    options: tuple[str, ...] = ()
    plain: str = ""
    are_canonical: Callable[[str], bool] | None = None
    printed: str = ""
    exact: str = ""

    def __call__(self, cell: Cell) -> Any:
        canonical = self.clean(cell)
        return None if canonical is None else self.typed(canonical)


_TRUE = frozenset({"是", "Y", "YES", "1", "TRUE", "T"})
_FALSE = frozenset({"否", "N", "NO", "0", "FALSE", "F"})


def clean_yes_no(cell: Cell) -> str | None:
    """是/否, Y/N, 1/0 or a spreadsheet's TRUE/FALSE."""
    word = None if cell is None else tight(shown(cell)).upper()
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
        word = None if cell is None else tight(shown(cell))
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


_PLAIN_TEXT = r"[0-9A-Za-z\u4e00-\u9fff（）]{1,200}"
_PLAIN_CODE = r"(?![0-9]+[Ee][0-9]+(?:\n|\Z))[0-9A-Za-z]{1,64}"

text = Kind("文本", clean_text, plain=_PLAIN_TEXT)
code = Kind("编码", clean_code, note=f"文本；{SET_AS_TEXT}", plain=_PLAIN_CODE)
uscc = Kind("统一社会信用代码", clean_uscc, note=f"18 位；{SET_AS_TEXT}", are_canonical=are_usccs)
citizen_id = Kind("身份证号", clean_citizen_id, note=f"18 位；{SET_AS_TEXT}")
phone = Kind("手机号", clean_phone, note=f"11 位；{SET_AS_TEXT}", plain=r"1[3-9][0-9]{9}")
telephone = Kind("电话", clean_telephone, note="如 0350-12333")
account = Kind("账号", clean_account, note=f"6 至 34 位数字；{SET_AS_TEXT}", plain=r"[0-9]{6,34}")
region = Kind("行政区划代码", clean_region, note=f"6 位；{SET_AS_TEXT}")
industry = Kind("行业代码", clean_industry, note=f"GB/T 4754-2017，2 至 4 位，可带门类字母；{SET_AS_TEXT}")
money = Kind(
    "金额",
    clean_money,
    Decimal,
    as_text=False,
    note="元，最多两位小数；未知请留空，0 表示零",
    plain=PLAIN_MONEY,
    printed="%.2f",
    exact=r"[0-9]{1,12}(?:\.[0-9]{1,2})?",
)
whole = Kind(
    "整数", clean_whole, int, as_text=False, note="整数；未知请留空，0 表示零", printed="%.0f", exact=r"[0-9]{1,9}(?:\.0)?"
)
year = Kind("年度", clean_year, int, as_text=False, note="如 2023")
day = Kind("日期", clean_day, date.fromisoformat, note="如 2024-06-03")
month = Kind("年月", clean_month, date.fromisoformat, note="如 202401")
moment = Kind("时间", clean_moment, datetime.fromisoformat, note="如 2024-06-03 09:30:00")
yes_no = Kind("是否", clean_yes_no, _is_true, note="填 是 或 否", options=("是", "否"))
