"""Who plays in every story: made-up enterprises, each for one line of what a year brings, and their spreadsheets."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.office import uscc

DISTRICT = "140302"


class Unit(NamedTuple):
    """An enterprise: its place in the cast, its people, how many of them drew unemployment benefit last year."""

    number: int
    name: str
    people: int
    claimants: int = 0
    size: str = "小型"
    dispatch: str = "否"
    kind: str = "企业"

    @property
    def uscc(self) -> str:
        return uscc(self.number, DISTRICT)

    @property
    def phone(self) -> str:
        return f"1380353{self.number:04}"

    @property
    def legal_phone(self) -> str:
        return f"1390353{self.number:04}"

    @property
    def account(self) -> str:
        return f"6222020353{self.number:06}"


CAST = [
    Unit(1, "晨光", 10),  # confirms by the link of the SMS
    Unit(2, "百川", 400, size="大型"),  # confirms at the portal
    Unit(3, "长河", 20),  # confirms by SMS; paid arrears of 2022 last year
    Unit(4, "大雁", 25),  # confirms on paper; the bank returns its money once
    Unit(5, "东篱", 30),  # lets the deadline pass, confirms when called
    Unit(6, "飞鸿", 11),  # declines, and leaves it at that
    Unit(7, "孤山", 31),  # says nothing all year
    Unit(8, "寒江", 32),  # lets the deadline pass, applies itself in December
    Unit(9, "金石", 14),  # on the credit list on the day of review, off it later
    Unit(10, "空谷", 15),  # an objection to it is upheld; it appeals in vain
    Unit(11, "兰亭", 16),  # an objection to it is dismissed
    Unit(12, "明湖", 17, claimants=9),  # ineligible by a wrong figure: its appeal is upheld
    Unit(13, "南山", 18, claimants=9),  # ineligible by a right one: its appeal is dismissed
    Unit(14, "派远", 40, dispatch="是"),  # a dispatch unit: told, applies, is asked to complete over the holidays
    Unit(15, "启程", 41, dispatch="是"),  # a dispatch unit: told, does not apply
]


def registry(cast: Iterable[Unit]) -> Iterator[dict[str, object]]:
    for unit in cast:
        yield {
            "统一社会信用代码": unit.uscc, "单位名称": f"甲市{unit.name}有限公司", "单位类型": unit.kind,
            "劳务派遣": unit.dispatch, "行业代码": "5210", "参保地": DISTRICT, "登记状态": "存续", "系统划型": unit.size,
            "联系人": "王某", "手机号": unit.phone, "法人手机号": unit.legal_phone, "户名": f"甲市{unit.name}有限公司",
            "开户行": "某银行甲市支行", "账号": unit.account,
        }  # fmt: skip


def contributions(cast: Iterable[Unit], employer: int, employee: int) -> Iterator[dict[str, object]]:
    """Twelve months of 2023 at a wage of 10,000 yuan a head, paid in the month: 100 yuan a head and month, split as given."""
    for unit in cast:
        for month in range(1, 13):
            yield _paid(unit, f"2023{month:02}", f"2023-{month:02}-15", unit.people, employer, employee)


def arrears(unit: Unit, employer: int, employee: int) -> Iterator[dict[str, object]]:
    """December 2022, paid in May 2023 for ten people, 1,000 yuan and a late fee of 36."""
    yield _paid(unit, "202212", "2023-05-20", 10, employer, employee) | {"缴费类型": "补缴", "滞纳金": "36.00"}


def _paid(unit: Unit, month: str, arrived: str, people: int, employer: int, employee: int) -> dict[str, object]:
    return {
        "统一社会信用代码": unit.uscc, "费款所属期": month, "缴费人数": people, "缴费基数": people * 10_000,
        "单位应缴": people * employer, "个人应缴": people * employee, "单位实缴": people * employer,
        "个人实缴": people * employee, "滞纳金": "", "缴费类型": "正常", "到账日期": arrived,
    }  # fmt: skip


def workforce(cast: Iterable[Unit], claimants: int | None = None) -> Iterator[dict[str, object]]:
    """Nobody left but those who drew benefit; `claimants` corrects the figure."""
    for unit in cast:
        gone = unit.claimants if claimants is None else claimants
        yield {
            "统一社会信用代码": unit.uscc, "年度": 2023, "年初人数": unit.people, "年末人数": unit.people - gone,
            "裁员人数": gone, "领取失业金人数": gone, "退休人数": 0, "死亡人数": 0,
        }  # fmt: skip


def hosts(unit: Unit) -> Iterator[dict[str, object]]:
    """Twenty of its forty people work at a factory, five at a public institution, fifteen are its own: 1,200 yuan each."""
    for number, name, kind, workers in ((501, "乙机械厂", "企业", 20), (502, "丙事务中心", "机关事业单位", 5)):
        yield {
            "派遣单位统一社会信用代码": unit.uscc, "用工单位统一社会信用代码": uscc(number), "用工单位名称": name,
            "用工单位类型": kind, "年度": 2023, "派遣人数": workers, "上年度实缴失业保险费": workers * 1200,
            "户名": name, "开户行": "某银行", "账号": f"6222020353{number:06}",
        }  # fmt: skip


def fund() -> Iterator[dict[str, object]]:
    """The year before: a balance of 20 months' spending."""
    for month in range(1, 13):
        yield {"行政区划": "140300", "年月": f"2023{month:02}", "滚存结余": 20_000_000, "当月支出": 1_000_000}


def places() -> Iterator[dict[str, object]]:
    for code, name, above in (("140300", "甲市", ""), (DISTRICT, "城区", "140300")):
        yield {
            "代码": code, "名称": name, "上级代码": above, "经办机构名称": "甲市失业保险中心", "咨询电话": "0353-1234567",
            "监督电话": "0353-7654321",
        }  # fmt: skip


def credit_list(origin: str) -> Iterator[dict[str, object]]:
    """The list as the agency was given it: somebody who left it long ago."""
    yield {
        "统一社会信用代码": uscc(600), "名单类型": "严重失信", "来源": origin, "列入日期": "2021-01-01",
        "移出日期": "2021-12-01",
    }  # fmt: skip


def size_list(cast: Iterable[Unit], header: str = "size-list") -> Iterator[dict[str, object]]:
    """The large ones, as the statistics bureau named them for 2023, or as sized in 2020."""
    for unit in cast:
        if unit.size == "大型":
            row: dict[str, object] = {"统一社会信用代码": unit.uscc, "划型": "大型"}
            yield row if header == "size-2020" else row | {"年度": 2023}
