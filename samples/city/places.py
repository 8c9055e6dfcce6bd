"""The small tables of the city: its regions, the working calendar of 2024, the fund's monthly reports."""

import datetime as dt
from collections.abc import Iterator

import chinese_calendar

from samples.city import names
from samples.city.unit import MONTHS_2023, MONTHS_2024, Row, yuan

REGION_COLUMNS = ("代码", "名称", "上级代码", "经办机构名称", "咨询电话", "监督电话")
WORKDAY_COLUMNS = ("日期", "是否上班", "名称", "依据")
FUND_COLUMNS = (
    "行政区划", "年月", "滚存结余", "当月支出", "失业保险金", "代缴医保", "价格临时补贴", "稳岗返还", "技能提升补贴",
    "职业培训补贴", "职业技能评价补贴", "岗位补贴", "社会保险补贴",
)  # fmt: skip
_BASIS = "国务院办公厅关于2024年部分节假日安排的通知"
_NAMES = {
    "New Year's Day": "元旦", "Spring Festival": "春节", "Tomb-sweeping Day": "清明节", "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节", "National Day": "国庆节", "Mid-autumn Festival": "中秋节",
}  # fmt: skip


def regions() -> Iterator[Row]:
    """The province, the city with its districts, the neighbour with one."""
    for place, (code, name) in enumerate(names.REGIONS.items()):
        parent = "" if code == names.PROVINCE else names.PROVINCE if code.endswith("00") else f"{code[:4]}00"
        yield code, name, parent, f"{name}失业保险示例中心", f"0300-1230{place}", f"0300-1240{place}"


def workdays() -> Iterator[Row]:
    """The days of 2024 on which the week does not say whether one works, as the State Council's notice has them."""
    for number in range(366):
        day = dt.date(2024, 1, 1) + dt.timedelta(days=number)
        works = chinese_calendar.is_workday(day)
        if works != (day.weekday() < 5):
            _, holiday = chinese_calendar.get_holiday_detail(day)
            yield (
                day.isoformat(),
                "是" if works else "否",
                _NAMES.get(holiday or "", ""),
                _BASIS,
            )


def fund() -> Iterator[Row]:
    """Province and city from January 2023: the reserve lasts some 33 months, so the gate is open."""
    for region, size in ((names.PROVINCE, 40), (names.CITY, 1)):
        balance = 300_000_000_00 * size
        for place, month in enumerate(MONTHS_2023 + MONTHS_2024):
            benefit, medical, skills = (fen * size * (100 + place % 5) // 100 for fen in (4_800_000_00, 1_100_000_00, 65_000_00))
            refunds = 9_000_000_00 * size if place in (6, 7, 8, 9) else 0
            spent = benefit + medical + skills + refunds
            balance += 9_050_000_00 * size - spent
            figures = (balance, spent, benefit, medical, 0, refunds, skills, 0, 0, 0, 0)
            yield region, month, *(yuan(fen) for fen in figures)
