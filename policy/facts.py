"""The facts a refund is decided from, as one frozen row. Empty is unknown, never zero."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Self

Kind = Literal[
    "企业", "分支机构", "社会团体", "基金会", "社会服务机构", "律师事务所", "会计师事务所", "个体工商户", "机关事业单位"
]
SizeWord = Literal["大型", "中型", "小型", "微型", "中小微"]
Channel = Literal["免申即享", "自主申请"]

NOT_CHECKED = "?"


class FactError(ValueError):
    """A cell of a fact row that cannot be read; the message names column and value, in Chinese."""


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
    paid_late_fees: Decimal | None = Decimal(0)  # 滞纳金; never in the base
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
    def from_row(cls, row: Mapping[str, str]) -> Self:
        """Facts of one spreadsheet row by column name; absent columns are empty. Raises FactError."""
        raise NotImplementedError

    def to_json(self) -> str:
        """The facts as compact JSON (below 1 kB), as a decision keeps them."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The facts that `to_json` wrote."""
        raise NotImplementedError
