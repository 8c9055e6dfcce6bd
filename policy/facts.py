"""The facts a refund is decided from, as one frozen row. Empty is unknown, never zero."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal, Self

from policy.keys import KINDS, LIST_TYPES, SIZE_WORDS
from sheets import values
from sheets.values import BadValue, Cell

Kind = Literal[
    "企业", "分支机构", "社会团体", "基金会", "社会服务机构", "律师事务所", "会计师事务所", "个体工商户", "机关事业单位"
]
SizeWord = Literal["大型", "中型", "小型", "微型", "中小微"]
Channel = Literal["免申即享", "自主申请"]

NOT_CHECKED = "?"


class FactError(ValueError):
    """A cell of a fact row that cannot be read; the message names column and value, in Chinese."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(f"{column} 列的值“{value}”：{reason}")
        self.column, self.value, self.reason = column, value, reason


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """One enterprise's facts for a refund; the columns of `assess refund` by the same names.

    None is UNKNOWN, except in the sizes (`statistics_size` ... `committed_size`), where it is `none on record`.
    Yuan are exact decimals; `last year` is the year before the programme's.
    """

    kind: Kind | None = None  # 单位类型
    dispatch: bool = False  # 劳务派遣单位
    on: date | None = None  # day of application or confirmation; before either, of screening
    paid_months: int | None = None  # cumulative months paid in full up to `on`
    months_paid_last_year: int | None = None  # of last year's 12
    mean_insured: Decimal | None = None  # head-counts of last year / months from the first insured one to December
    start_insured: int | None = None  # 年初人数
    end_insured: int | None = None  # 年末人数
    dismissals: int | None = None  # 裁员人数
    claimants: int | None = None  # 领取失业金人数
    retired: int | None = None
    died: int | None = None
    paid_normal: Decimal | None = None  # for last year's months, arrived within last year, both parts, yuan
    paid_arrears: Decimal | None = None  # for earlier years' months, arrived last year
    paid_late_fees: Decimal = Decimal(0)  # 滞纳金; never in the base
    paid_after_year: Decimal | None = None  # for last year's months, arrived later
    refunded: Decimal | None = None  # premiums of last year given back (a positive sum)
    paid_for_public_hosts: Decimal | None = None  # inside paid_normal, of a dispatch unit only
    deferred_unpaid: bool | None = None  # 缓缴 not yet paid up
    statistics_size: SizeWord | None = None  # named by the statistics bureau's list
    statistics_covers: bool = False  # the list covers the enterprises that it does not name
    size_2020: SizeWord | None = None  # 2020 phased relief
    recorded_size: SizeWord | None = None  # as the social-insurance system records it
    industry: str | None = None  # GB/T 4754-2017, 2 to 4 digits
    employees: int | None = None  # 从业人员 of last year
    revenue: Decimal | None = None  # 营业收入, 万元
    assets: Decimal | None = None  # 资产总额, 万元
    parent_size: SizeWord | None = None  # size of a branch's legal entity
    committed_size: SizeWord | None = None  # 书面承诺
    credit_flags: tuple[str, ...] = (NOT_CHECKED,)  # list types found; () = checked, none; "?" = not (all) checked
    channel: Channel | None = None
    account: bool | None = None  # has a corporate account
    tax_account: bool | None = None  # the tax office supplied the account it pays social insurance from
    dispatch_banned: bool = False  # lost this year's eligibility by misuse

    @classmethod
    def from_row(cls, row: Mapping[str, Cell]) -> Self:
        """Facts of one spreadsheet row by column name. Raises FactError.

        An absent column is empty, but for `credit_flags`: a row without it was not checked.
        """
        return cls.from_cells([row.get(column, _ABSENT.get(column)) for column in COLUMNS])

    @classmethod
    def from_cells(cls, cells: Sequence[Cell]) -> Self:
        """Facts of one spreadsheet row, a cell for each of COLUMNS in that order. Raises FactError."""
        try:
            return cls(*[read(cell) for read, cell in zip(_READERS, cells, strict=True)])
        except BadValue:
            for column, read, cell in zip(COLUMNS, _READERS, cells, strict=True):
                try:
                    read(cell)
                except BadValue as error:
                    raise FactError(column, values.shown(cell), str(error)) from None
            raise

    @classmethod
    def from_columns(cls, columns: Sequence[Iterable[Cell]]) -> Iterator[Self]:
        """Facts of many rows at once, a column of cells for each of COLUMNS in that order.

        Raises BadValue; `from_cells` then tells which cell of which row.
        """
        return map(cls, *[map(read, column) for read, column in zip(_READERS, columns, strict=True)])

    def to_json(self) -> str:
        """The facts as compact JSON (below 1 kB), as a decision keeps them; what is at its default is left out."""
        kept = {
            name: value if type(value) in _PLAIN else list(value) if type(value) is tuple else str(value)
            for name, value, usual in zip(COLUMNS, _VALUES(self), _USUAL, strict=True)
            if value != usual
        }
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The facts that `to_json` wrote."""
        return cls(**{name: _RESTORE.get(name, _as_is)(value) for name, value in json.loads(text).items()})


_PLAIN = (bool, int, str)
_ABSENT = {"credit_flags": NOT_CHECKED}


def _cached(read: Callable[[Cell], Any]) -> Callable[[Cell], Any]:
    """The same few thousand texts stand in a million cells."""
    return lru_cache(maxsize=1 << 14, typed=True)(read)


def _word(words: Sequence[str]) -> Callable[[Cell], Any]:
    return _cached(values.choice(words))


def _is_true(cell: Cell) -> bool:
    return bool(values.yes_no(cell))


def _number(plain: str, kind: values.Kind) -> Callable[[Cell], Any]:
    """A number of this kind; what is written plainly, as nearly all are, the short way."""
    is_plain = re.compile(plain).fullmatch

    def read(cell: Cell) -> Any:
        if cell == "":
            return None
        return Decimal(cell) if isinstance(cell, str) and is_plain(cell) else kind(cell)

    return read


# A sum of yuan may be negative where what was given back is booked as a receipt below 0.
_money = _number(r"[0-9]{1,12}(?:\.[0-9]{1,2})?", values.decimal(2, signed=True))
_decimal = _number(r"[0-9]{1,12}(?:\.[0-9]{1,28})?", values.decimal(28))


def _money_or_none_paid(cell: Cell) -> Decimal:
    return _money(cell) or Decimal(0)


def _flags(cell: Cell) -> tuple[str, ...]:
    written: str = values.text(cell) or ""
    flags = dict.fromkeys(part.strip() for part in written.replace("；", ";").replace("？", "?").split(";"))
    flags.pop("", None)
    for flag in flags:
        if flag != NOT_CHECKED and flag not in LIST_TYPES:
            raise BadValue(f"不认识“{flag}”，应为以下几种，用 ; 分隔：{'、'.join(LIST_TYPES)}；没有核查的填 ?")
    return tuple(flags)


_yes_no = _cached(values.yes_no)
_defaults_to_no = _cached(_is_true)
_count = _cached(values.whole)
_size = _word(SIZE_WORDS)

_READ: Mapping[str, Callable[[Cell], Any]] = {
    "kind": _word(KINDS),
    "dispatch": _defaults_to_no,
    "on": _cached(values.day),
    "paid_months": _count,
    "months_paid_last_year": _cached(values.whole_between(0, 12)),
    "mean_insured": _decimal,
    "start_insured": _count,
    "end_insured": _count,
    "dismissals": _count,
    "claimants": _count,
    "retired": _count,
    "died": _count,
    "paid_normal": _money,
    "paid_arrears": _money,
    "paid_late_fees": _money_or_none_paid,
    "paid_after_year": _money,
    "refunded": _money,
    "paid_for_public_hosts": _money,
    "deferred_unpaid": _yes_no,
    "statistics_size": _size,
    "statistics_covers": _defaults_to_no,
    "size_2020": _size,
    "recorded_size": _size,
    "industry": _cached(values.industry),
    "employees": _count,
    "revenue": _decimal,
    "assets": _decimal,
    "parent_size": _size,
    "committed_size": _size,
    "credit_flags": _cached(_flags),
    "channel": _word(("免申即享", "自主申请")),
    "account": _yes_no,
    "tax_account": _yes_no,
    "dispatch_banned": _defaults_to_no,
}

COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(RefundFacts))
_READERS = tuple(_READ[column] for column in COLUMNS)
_USUAL = tuple(field.default for field in fields(RefundFacts))
_VALUES = attrgetter(*COLUMNS)


def _as_is(value: Any) -> Any:
    return value


_RESTORE: Mapping[str, Callable[[Any], Any]] = {
    "on": date.fromisoformat,
    "credit_flags": tuple,
    **{field.name: Decimal for field in fields(RefundFacts) if "Decimal" in str(field.type)},
}
