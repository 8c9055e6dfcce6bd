"""One made-up unit with all that the spreadsheets say of it, and what is to come out for it."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

Row = tuple[str, ...]

MONTHS_2023 = tuple(f"2023{month:02d}" for month in range(1, 13))
MONTHS_2024 = tuple(f"2024{month:02d}" for month in range(1, 6))


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals."""
    return f"{fen // 100}.{fen % 100:02d}"


@dataclass(slots=True)
class Expected:
    """What screening on 2024-06-03 is to say, and what follows.

    `codes`: rules failed or unknown; `size`: 大型, 中小微 or empty; `applied`: the outcome once it applied itself, where
    that differs; `then`: what stops or changes it later.
    """

    outcome: str = "合格"
    codes: str = ""
    size: str = "中小微"
    applied: str = ""
    then: str = ""


@dataclass(slots=True)
class Unit:
    """One unit. Empty is unknown. `lines` are rows of 缴费明细 in the order of its columns."""

    number: int
    uscc: str
    name: str
    region: str
    kind: str = "企业"
    parent: str = ""
    dispatch: str = ""
    industry: str = ""
    registration: str = "存续"
    employees: str = ""
    revenue: str = ""
    assets: str = ""
    recorded: str = ""
    contact: str = ""
    phone: str = ""
    legal: str = ""
    legal_phone: str = ""
    account: Row = ("", "", "")  # 户名, 开户行, 账号
    tax_account: Row = ("", "", "")
    wage: int = 5000  # yuan a person and month, a multiple of ten
    lines: list[Row] = field(default_factory=list)
    workforce: Row | None = None  # 年初, 年末, 裁员, 领金, 退休, 死亡
    statistics: str = ""
    size_2020: str = ""
    credit: list[Row] = field(default_factory=list)  # 名单类型, 来源, 列入, 移出, 依据
    hosts: list[Row] = field(default_factory=list)
    platform: list[Row] = field(default_factory=list)  # 名单类型, 列入, 移出
    silent: bool = False
    answer: str = "确认"
    bank_answer: str = "成功"
    case: str = ""
    about: str = ""
    expected: Expected = field(default_factory=Expected)
    public_paid: int = 0  # fen, of a dispatch unit's workers at public bodies

    def registry_row(self) -> Row:
        """Its row of 参保单位名册."""
        return (
            self.uscc, f"U{self.number:08d}", self.name, self.kind, self.parent, self.dispatch, self.industry, self.region,
            self.registration, self.employees, self.revenue, self.assets, self.recorded, self.contact, self.phone, self.legal,
            self.legal_phone, *self.account, *self.tax_account,
        )  # fmt: skip

    def pay(self, month: str, insured: int, **other: str) -> None:
        """One line: due by the rate, paid in full in its month unless `other` columns say otherwise."""
        self.lines.append(line(self.uscc, month, insured, self.wage, **other))

    def pay_months(self, months: tuple[str, ...], insured: int, **other: str) -> None:
        """One line a month."""
        if other:
            self.lines += [line(self.uscc, month, insured, self.wage, **other) for month in months]
        elif months:
            uscc, _, *figures, arrived, number, deferred = line(self.uscc, months[0], insured, self.wage)
            day = arrived[8:]
            self.lines += [(uscc, month, *figures, f"{month[:4]}-{month[4:]}-{day}", number, deferred) for month in months]

    def leave(self, claimants: int, start: int, end: int, *, retired: int = 0) -> None:
        """Its 用工变动年报 of 2023; those who draw benefit were dismissed."""
        self.workforce = (str(start), str(end), str(claimants), str(claimants), str(retired), "0")


COLUMNS = (
    "统一社会信用代码", "费款所属期", "缴费人数", "缴费基数", "单位应缴", "个人应缴", "单位实缴", "个人实缴", "滞纳金",
    "缴费类型", "到账日期", "明细号", "缓缴",
)  # fmt: skip
_PLACES = {name: place for place, name in enumerate(COLUMNS)}


def line(uscc: str, month: str, insured: int, wage: int, **other: str) -> Row:
    """One row of 缴费明细: 0.7% and 0.3% of the wages, arrived in its own month. `other` replaces columns by name."""
    base = insured * wage
    employer, employee = yuan(base * 7 // 10), yuan(base * 3 // 10)
    arrived = f"{month[:4]}-{month[4:]}-{8 + insured % 18:02d}"
    row = [
        uscc, month, str(insured), f"{base}.00", employer, employee, employer, employee, "0.00", "正常", arrived, "", "否",
    ]  # fmt: skip
    for name, value in other.items():
        row[_PLACES[name]] = value
    return tuple(row)


def refund_base(unit: Unit) -> Decimal | None:
    """返还基数 of 2024 as 山西 has it, computed here from the lines alone: what arrived in 2023 for 2023 and for earlier
    years, less what was given back of 2023, less what was paid for workers at public bodies. None: a day is missing."""
    total = Decimal(0)
    for row in unit.lines:
        month, paid, kind, arrived = row[1], Decimal(row[6]) + Decimal(row[7]), row[9], row[10]
        if month > "202312":
            continue
        if not arrived and paid:
            return None
        if kind == "退费":
            total -= paid
        elif arrived.startswith("2023"):
            total += paid
    return max(total - Decimal(unit.public_paid) / 100, Decimal(0))


def refund_amount(unit: Unit) -> Decimal | None:
    """返还金额 of an eligible unit: 30% for 大型, 60% for 中小微, half a fen rounded up."""
    base = refund_base(unit)
    if base is None or not unit.expected.size:
        return None
    rate = Decimal("0.3") if unit.expected.size == "大型" else Decimal("0.6")
    return (base * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
