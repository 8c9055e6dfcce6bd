"""The cases worth showing, each with what is to come out for it. Programme year 2024, notice 山西, last year = 2023.

A builder changes a plain unit of 40 insured, 小型 on the statistics list, paid in full for all months, nobody laid off.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from samples.city import names
from samples.city.unit import MONTHS_2023, MONTHS_2024, Expected, Unit, yuan

Build = Callable[[Unit, Random], None]
ALL_MONTHS = MONTHS_2023 + MONTHS_2024
NO_ACCOUNT = ("", "", "")


@dataclass(frozen=True)
class Case:
    """One case: its word, what it shows, how a plain unit becomes one, what comes out."""

    word: str
    about: str
    build: Build
    expected: Expected


CASES: list[Case] = []


def case(
    word: str, about: str, outcome: str = "合格", codes: str = "", size: str = "中小微", *, applied: str = "", then: str = ""
) -> Callable[[Build], Build]:
    """Registers the builder below it."""

    def register(build: Build) -> Build:
        CASES.append(Case(word, about, build, Expected(outcome, codes, size, applied, then)))
        return build

    return register


def insured(unit: Unit, count: int, claimants: int = 0, months: tuple[str, ...] = ALL_MONTHS) -> None:
    """The same head-count every month, and so many of them drew benefit."""
    unit.lines.clear()
    unit.pay_months(months, count)
    unit.leave(claimants, count, count - claimants)


def unlisted(unit: Unit, industry: str = "8311", employees: str = "", revenue: str = "", assets: str = "") -> None:
    """Not on the statistics list; figures for the standard as given (8311 幼儿园: the standard has no row for it)."""
    unit.statistics = unit.recorded = ""
    unit.industry, unit.employees, unit.revenue, unit.assets = industry, employees, revenue, assets


# 单位类型

_SOCIAL = (
    ("社会团体", "51", "行业协会"), ("基金会", "53", "公益基金会"), ("社会服务机构", "52", "养老服务中心"),
    ("律师事务所", "31", "律师事务所"), ("会计师事务所", "91", "会计师事务所"), ("个体工商户", "92", "商店"),
)  # fmt: skip


def _social(kind: str, registry: str, ending: str) -> Build:
    def build(unit: Unit, rng: Random) -> None:
        unit.kind = kind
        unit.uscc = names.uscc(unit.number, registry)
        unit.name = names.unit_name(unit.number, "", ending)
        unit.account = (unit.name, *unit.account[1:])
        unlisted(unit, industry="")
        insured(unit, rng.randint(5, 60))

    return build


for _kind, _registry, _ending in _SOCIAL:
    case(_kind, f"{_kind}以单位形式参保，按上年月均缴费人数划型")(_social(_kind, _registry, _ending))


@case("机关事业单位", "不属于返还范围", "不合格", "kind_covered")
def _public_body(unit: Unit, rng: Random) -> None:
    unit.kind, unit.uscc = "机关事业单位", names.uscc(unit.number, "12")
    unit.name = names.unit_name(unit.number, "", "事务服务中心")


# 分支机构：只看所属法人的划型


def branch(unit: Unit, parent: str) -> None:
    unit.kind, unit.parent = "分支机构", parent
    unit.name += "分公司"
    unit.account = (unit.name, *unit.account[1:])
    unlisted(unit)


@case("分支机构，法人在本市且为大型", "划型随法人：大型", size="大型")
def _branch_of_large(unit: Unit, rng: Random) -> None:
    branch(unit, names.uscc(PARENTS["本市大型"]))


@case("分支机构，法人在本市且为中小微", "人数虽过三百，划型随法人：中小微")
def _branch_of_small(unit: Unit, rng: Random) -> None:
    branch(unit, names.uscc(PARENTS["本市小型"]))
    insured(unit, 320)


@case("分支机构，法人在省内他市", "法人在沁皋市参保，名册中有", size="大型")
def _branch_of_neighbour(unit: Unit, rng: Random) -> None:
    branch(unit, names.uscc(PARENTS["他市大型"], region=names.NEIGHBOUR))


@case("分支机构，法人只在统计名单中", "法人不在名册，统计名单列为中型")
def _branch_of_listed(unit: Unit, rng: Random) -> None:
    branch(unit, names.uscc(PARENTS["名单中型"]))


@case("分支机构，法人在后续文件", "导入 enterprises-2 后为大型", "信息不全", "size_known", "", then="后续文件导入后合格")
def _branch_of_later(unit: Unit, rng: Random) -> None:
    branch(unit, names.uscc(PARENTS["后续大型"]))


@case("分支机构，法人不详", "名册与名单中都没有其法人", "信息不全", "size_known", "")
def _branch_of_nobody(unit: Unit, rng: Random) -> None:
    branch(unit, names.uscc(PARENTS["不详"]))


PARENTS = {
    word: 9_100_000 + place for place, word in enumerate(("本市大型", "本市小型", "他市大型", "名单中型", "后续大型", "不详"))
}

# 划型


@case("统计名单为大型", "名单在先，系统划型不同也以名单为准", size="大型")
def _listed_large(unit: Unit, rng: Random) -> None:
    unit.statistics, unit.recorded = "大型", "中型"
    insured(unit, rng.randint(400, 900))


@case("统计名单只写中小微", "不分中型、小型")
def _listed_sme(unit: Unit, rng: Random) -> None:
    unit.statistics = "中小微"


_EDGES = (
    ("软件业从业300、营业收入10000万元", "6510", "300", "10000.00", "", "大型"),
    ("软件业从业299", "6510", "299", "10000.00", "", "中小微"),
    ("零售业营业收入20000万元", "5211", "300", "20000.00", "", "大型"),
    ("零售业营业收入19999.99万元", "5211", "300", "19999.99", "", "中小微"),
    ("建筑业两项均80000万元", "4710", "", "80000.00", "80000.00", "大型"),
    ("建筑业资产79999.99万元", "4710", "", "80000.00", "79999.99", "中小微"),
    ("工业从业1000、营业收入40000万元", "3311", "1000", "40000.00", "", "大型"),
    ("工业从业999、营业收入不详", "3311", "999", "", "", "中小微"),
    ("房地产开发资产10000万元", "7010", "", "200000.00", "10000.00", "大型"),
)


def _edge(industry: str, employees: str, revenue: str, assets: str) -> Build:
    return lambda unit, rng: unlisted(unit, industry, employees, revenue, assets)


for _word, _industry, _employees, _revenue, _assets, _size in _EDGES:
    case(f"划型临界：{_word}", f"统计名单未覆盖，按 2017 年划型办法为{_size}", size=_size)(
        _edge(_industry, _employees, _revenue, _assets)
    )


@case("划型指标不全", "从业人员已过大型线、营业收入不详：办法不能判断，按月均 40 人为中小微")
def _half_known(unit: Unit, rng: Random) -> None:
    unlisted(unit, "6510", "300")


@case("月均299.5人", "逐月 299 与 300 相间，不足三百", size="中小微")
def _mean_below(unit: Unit, rng: Random) -> None:
    unlisted(unit)
    unit.lines.clear()
    for place, month in enumerate(ALL_MONTHS):
        unit.pay(month, 299 + place % 2)
    unit.leave(0, 299, 300)


@case("月均300人", "正好三百，为大型", size="大型")
def _mean_at(unit: Unit, rng: Random) -> None:
    unlisted(unit)
    insured(unit, 300)


@case("年中参保，月均从首月起算", "2023 年 5 月起每月 300 人，月均 300", size="大型")
def _mean_from_first(unit: Unit, rng: Random) -> None:
    unlisted(unit)
    insured(unit, 300, months=ALL_MONTHS[4:])


@case("缺一个月的记录", "月均人数不详，其他也不能判断划型", "信息不全", "size_known", "")
def _month_missing(unit: Unit, rng: Random) -> None:
    unlisted(unit)
    insured(unit, rng.randint(20, 200), months=ALL_MONTHS[:6] + ALL_MONTHS[7:])


# 裁员率

_RATES = (
    ("30人裁6人", 30, 6, "正好 20%，不高于限额"), ("30人裁7人", 30, 7, "23.3%，高于 20%"),
    ("30人裁2人", 30, 2, "6.7%，三十人（含）以下限额 20%"), ("31人裁2人", 31, 2, "6.5%，三十人以上限额 5.5%"),
    ("31人裁1人", 31, 1, "3.2%"), ("200人裁11人", 200, 11, "正好 5.5%"), ("200人裁12人", 200, 12, "6%"),
    ("1000人裁55人", 1000, 55, "正好 5.5%"), ("1000人裁56人", 1000, 56, "5.6%"),
)  # fmt: skip


def _rate(count: int, claimants: int) -> Build:
    return lambda unit, rng: insured(unit, count, claimants)


for _word, _count, _claimants, _about in _RATES:
    _over = _claimants > _count * (0.2 if _count <= 30 else 0.055)
    _outcome = ("不合格", "layoff_rate") if _over else ("合格", "")
    case(f"裁员率临界：{_word}", _about, *_outcome)(_rate(_count, _claimants))


@case("裁员率临界：月均30.08人裁2人", "一个月 31 人，月均过三十：限额 5.5%", "不合格", "layoff_rate")
def _just_over_thirty(unit: Unit, rng: Random) -> None:
    insured(unit, 30, 2)
    unit.lines.clear()
    for month in ALL_MONTHS:
        unit.pay(month, 31 if month == "202306" else 30)


@case("增员", "年末多于年初，无人裁减")
def _growth(unit: Unit, rng: Random) -> None:
    unit.lines.clear()
    for place, month in enumerate(ALL_MONTHS):
        unit.pay(month, 40 + 3 * place)
    unit.leave(0, 40, 73)


@case("无用工变动年报", "裁员率无从计算", "信息不全", "layoff_rate")
def _no_report(unit: Unit, rng: Random) -> None:
    unit.workforce = None


@case("年报中领金人数为空", "空不是零", "信息不全", "layoff_rate")
def _claimants_unknown(unit: Unit, rng: Random) -> None:
    unit.workforce = ("40", "40", "", "", "0", "0")


# 足额缴费月数


@case("累计缴费12个月", "2023 年 6 月起参保，至 2024 年 5 月满十二个月")
def _twelve(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=ALL_MONTHS[5:])


@case("累计缴费11个月", "2023 年 7 月起参保，差一个月", "不合格", "paid_in_full")
def _eleven(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=ALL_MONTHS[6:])


@case("一个月未缴", "2023 年 3 月应缴未缴，2024 年未再参保，只有十一个月", "不合格", "paid_in_full")
def _one_unpaid(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=MONTHS_2023[:2] + MONTHS_2023[3:])
    unit.pay("202303", 40, 单位实缴="0.00", 个人实缴="0.00")


@case("一个月少缴一分钱", "2023 年 3 月少一分，2024 年未再参保", "不合格", "paid_in_full")
def _one_fen_short(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=MONTHS_2023[:2] + MONTHS_2023[3:])
    unit.pay("202303", 40, 个人实缴=yuan(40 * unit.wage * 3 // 10 - 1))


@case("应缴为空", "不知应缴多少，不能认定足额", "信息不全", "paid_in_full")
def _due_unknown(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=())
    unit.pay_months(MONTHS_2023, 40, 单位应缴="", 个人应缴="")


@case("缓缴未补", "两个月缓缴尚未补缴；山西不以此为限，其余十五个月足额")
def _deferred(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=ALL_MONTHS[2:])
    unit.pay_months(ALL_MONTHS[:2], 40, 单位实缴="0.00", 个人实缴="0.00", 缓缴="是", 到账日期="")


@case("缓缴已补", "两个月缓缴，当年十一月补缴到账")
def _deferred_paid(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=ALL_MONTHS[2:])
    for month in ALL_MONTHS[:2]:
        unit.pay(month, 40, 单位实缴="0.00", 个人实缴="0.00", 缓缴="是")
        unit.pay(month, 40, 单位应缴="", 个人应缴="", 缴费类型="补缴", 到账日期="2023-11-20", 明细号="B1")


# 返还基数


@case("补缴往年欠费", "2022 年两个月的欠费 2023 年到账，计入山西的基数")
def _arrears(unit: Unit, rng: Random) -> None:
    for month in ("202211", "202212"):
        unit.pay(month, 40, 缴费类型="补缴", 到账日期="2023-04-18", 滞纳金="36.50", 明细号="B1")


@case("滞纳金", "滞纳金不计入基数")
def _late_fees(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=ALL_MONTHS[1:])
    unit.pay("202301", 40, 到账日期="2023-03-28", 滞纳金="123.45")


@case("部分退费", "2023 年多缴的一个月退回，从基数中减去")
def _refunded(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=ALL_MONTHS[:4] + ALL_MONTHS[5:])
    unit.pay("202305", 40, 单位实缴=yuan(43 * unit.wage * 7 // 10), 个人实缴=yuan(43 * unit.wage * 3 // 10))
    unit.pay("202305", 3, 缴费类型="退费", 到账日期="2023-12-05", 明细号="T1")


@case("全额退费", "2023 年缴费 2024 年全部退回，只剩 2024 年五个月", "不合格", "paid_in_full")
def _all_refunded(unit: Unit, rng: Random) -> None:
    for month in MONTHS_2023:
        unit.pay(month, 40, 缴费类型="退费", 到账日期="2024-02-05", 明细号="T1")


@case("十二月保费次年到账", "2024 年 1 月到账的部分默认不计入基数")
def _december_late(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=MONTHS_2023[:11] + MONTHS_2024)
    unit.pay("202312", 40, 到账日期="2024-01-12")


@case("到账日期为空", "不知是否在 2023 年内到账", "信息不全", "base_known")
def _arrival_unknown(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=ALL_MONTHS[:8] + ALL_MONTHS[9:])
    unit.pay("202309", 40, 到账日期="")


ROWS_REFUSED = "缴费行被退回"


@case(ROWS_REFUSED, "九月的两行关键字相同，都退回；基数按其余计算，人数不详而名单已列")
def _rows_refused(unit: Unit, rng: Random) -> None:
    insured(unit, 40, months=ALL_MONTHS[:8] + ALL_MONTHS[9:])
