"""The facts a refund is decided from, as one frozen row. Empty is unknown, never zero."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal

from policy.fact_rows import NOT_CHECKED, FactError, FactRow, From, Read, cached, count, day, word, yes_no
from policy.keys import KINDS, LIST_TYPES, SIZE_WORDS
from sheets import values
from sheets.values import BadValue, Cell

__all__ = ["COLUMNS", "NOT_CHECKED", "SELDOM_READ", "FactError", "RefundFacts"]

Kind = Literal[
    "企业", "分支机构", "社会团体", "基金会", "社会服务机构", "律师事务所", "会计师事务所", "个体工商户", "机关事业单位"
]
SizeWord = Literal["大型", "中型", "小型", "微型", "中小微"]
Channel = Literal["免申即享", "自主申请"]


def _is_true(cell: Cell) -> bool:
    return bool(values.yes_no(cell))


def _number(plain: str, kind: values.Kind) -> Read:
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


_defaults_to_no = cached(_is_true)
_size = word(SIZE_WORDS)


@dataclass(frozen=True, slots=True)
class RefundFacts(FactRow):
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
    paid_for_large_hosts: Decimal | None = None  # likewise; with the next, read only where its notice goes by host
    paid_for_sme_hosts: Decimal | None = None
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
    FROM: ClassVar[Mapping[str, From]] = {
        "kind": From(word(KINDS)),
        "dispatch": From(_defaults_to_no),
        "on": From(day),
        "paid_months": From(count),
        "months_paid_last_year": From(cached(values.whole_between(0, 12))),
        "mean_insured": From(_decimal),
        "start_insured": From(count),
        "end_insured": From(count),
        "dismissals": From(count),
        "claimants": From(count),
        "retired": From(count),
        "died": From(count),
        "paid_normal": From(_money),
        "paid_arrears": From(_money),
        "paid_late_fees": From(_money_or_none_paid),
        "paid_after_year": From(_money),
        "refunded": From(_money),
        "paid_for_public_hosts": From(_money),
        "paid_for_large_hosts": From(_money),
        "paid_for_sme_hosts": From(_money),
        "deferred_unpaid": From(yes_no),
        "statistics_size": From(_size),
        "statistics_covers": From(_defaults_to_no),
        "size_2020": From(_size),
        "recorded_size": From(_size),
        "industry": From(cached(values.industry)),
        "employees": From(count),
        "revenue": From(_decimal),
        "assets": From(_decimal),
        "parent_size": From(_size),
        "committed_size": From(_size),
        "credit_flags": From(cached(_flags), NOT_CHECKED),
        "channel": From(word(("免申即享", "自主申请"))),
        "account": From(yes_no),
        "tax_account": From(yes_no),
        "dispatch_banned": From(_defaults_to_no),
    }
    RESTORE: ClassVar[Mapping[str, Callable[[Any], Any]]] = {
        "on": date.fromisoformat,
        "credit_flags": tuple,
        **dict.fromkeys(
            (
                "mean_insured",
                "paid_normal",
                "paid_arrears",
                "paid_late_fees",
                "paid_after_year",
                "refunded",
                "paid_for_public_hosts",
                "paid_for_large_hosts",
                "paid_for_sme_hosts",
                "revenue",
                "assets",
            ),
            Decimal,
        ),
    }


COLUMNS = RefundFacts.columns()
SELDOM_READ = ("paid_for_large_hosts", "paid_for_sme_hosts")
