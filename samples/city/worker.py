"""One made-up worker with what the spreadsheets say: insurance, certificates, training subsidies, claims, and what is to
come out for each claim."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from samples.city import names
from samples.city.unit import Row, Unit

AMOUNTS = {"五级": 1000, "四级": 1500, "三级": 2000}
# Occupations: code and name as the certificates have them.
TRADES = (
    ("6-31-01-03", "电工"), ("6-18-02-04", "焊工"), ("4-03-02-01", "中式烹调师"), ("4-10-01-05", "养老护理员"),
    ("6-18-01-01", "车工"), ("4-04-05-01", "计算机程序设计员"), ("4-14-01-02", "健康管理师"), ("4-10-01-02", "育婴员"),
)  # fmt: skip

PERSON_COLUMNS = (
    "证件号码", "姓名", "手机号", "单位统一社会信用代码", "参保状态", "用工形式", "实际用工单位统一社会信用代码", "首次参保年月",
    "累计缴费月数", "截至年月", "社保卡银行", "社保卡账号",
)  # fmt: skip
CERTIFICATE_COLUMNS = (
    "证件号码", "姓名", "证书编号", "证书类型", "职业(工种)代码", "职业(工种)名称", "等级", "发证日期", "评价机构", "状态",
    "联网查询结果", "查询日期",
)  # fmt: skip
TRAINING_COLUMNS = (
    "证件号码", "姓名", "职业(工种)代码", "职业(工种)名称", "等级", "发放日期", "金额", "受款方", "受款单位统一社会信用代码",
)  # fmt: skip
CLAIM_COLUMNS = ("证件号码", "姓名", "证书编号", "申请日期", "手机号", "代办单位统一社会信用代码")


@dataclass(slots=True)
class Answer:
    """What deciding is to say of one claim: 结论, rules failed or unknown, flags; `then`: what follows."""

    outcome: str = "合格"
    codes: str = ""
    flags: str = ""
    then: str = ""


@dataclass(slots=True)
class Worker:
    """One worker. Empty is unknown; `known` = stands in 参保人员 at all."""

    number: int
    id_number: str
    name: str
    phone: str
    unit: str
    status: str = "在职"
    employment: str = "自有"
    first: str = "202001"
    months: str = "50"
    until: str = "202406"
    bank: str = ""
    card: str = ""
    known: bool = True
    case: str = ""
    about: str = ""
    certificates: list[Row] = field(default_factory=list)
    later: list[Row] = field(default_factory=list)  # certificates of a later file
    trainings: list[Row] = field(default_factory=list)
    claims: list[Row] = field(default_factory=list)
    expected: list[tuple[Row, str, Answer]] = field(default_factory=list)  # claim, grade granted, answer

    def person_row(self) -> Row:
        """Its row of 参保人员."""
        return (
            self.id_number, self.name, self.phone, self.unit, self.status, self.employment, "", self.first, self.months,
            self.until, self.bank, self.card,
        )  # fmt: skip

    def certify(self, grade: str, trade: int = 0, issued: str = "2024-03-15", **other: str) -> str:
        """One more certificate; its number. `other` replaces columns by name."""
        row = self.certificate(grade, trade, issued, **other)
        self.certificates.append(row)
        return row[2]

    def certificate(self, grade: str, trade: int = 0, issued: str = "2024-03-15", **other: str) -> Row:
        """A certificate of the worker: valid, found by the lookup, unless `other` columns say otherwise."""
        code, name = TRADES[(self.number + trade) % len(TRADES)]
        number = f"X1491{self.number:07d}{len(self.certificates):02d}"
        row = dict(zip(CERTIFICATE_COLUMNS, (
            self.id_number, self.name, number, "职业技能等级证书", code, name, grade, issued, "示例技能评价中心", "有效", "一致",
            "2024-07-01",
        ), strict=True))  # fmt: skip
        return tuple((row | other).values())

    def train(self, grade: str, trade: int = 0, paid: str = "2024-02-20", **other: str) -> None:
        """One more training subsidy."""
        code, name = TRADES[(self.number + trade) % len(TRADES)]
        cells = (self.id_number, self.name, code, name, grade, paid, "800.00", "个人", "")
        self.trainings.append(tuple((dict(zip(TRAINING_COLUMNS, cells, strict=True)) | other).values()))

    def claim(self, certificate: str, on: str = "2024-06-05", answer: Answer | None = None, **other: str) -> None:
        """One more claim with what is to come out: granted the amount of its certificate's grade where 合格."""
        cells = (self.id_number, self.name, certificate, on, self.phone, "")
        row = tuple((dict(zip(CLAIM_COLUMNS, cells, strict=True)) | other).values())
        grade = next((paper[6] for paper in self.certificates if paper[2] == certificate), "")
        self.claims.append(row)
        self.expected.append((row, grade, answer or Answer()))


Build = Callable[[Worker, Random], None]


def plain_worker(number: int, unit: Unit, rng: Random) -> Worker:
    """A worker of a unit, insured for years, with a card."""
    return Worker(
        number=number,
        id_number=names.citizen(unit.region, number),
        name=names.person(rng.randrange(1_200)),
        phone=names.phone(50_000_000 + number, "143"),
        unit=unit.uscc,
        months=str(rng.randint(24, 50)),
        bank=names.bank(unit.region),
        card=names.account(number, "14994"),
    )


def ordinary_worker(number: int, unit: Unit, rng: Random) -> Worker:
    """One who claims once or twice for what was earned, and is granted it."""
    worker = plain_worker(number, unit, rng)
    low, high = rng.choice((("五级", "四级"), ("四级", "三级"), ("五级", "三级")))
    worker.claim(worker.certify(low, issued="2024-01-20"), f"2024-0{rng.randint(2, 3)}-{rng.randint(1, 28):02d}")
    if rng.random() < 0.3:
        worker.claim(worker.certify(high), f"2024-0{rng.randint(4, 6)}-{rng.randint(1, 28):02d}")
    if rng.random() < 0.1:
        worker.train("五级", 3)
    return worker
