"""缴费明细 and 用工变动年报: what an enterprise paid month by month, how its staff changed in a year."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from agency import intake
from agency.intake import Cell, Check
from enterprises.models import MonthlyContribution, WorkforceYear
from enterprises.resources.registry import OF_REGISTRY, uscc_cell
from policy import notice
from sheets import values

PREMIUM_NOTICE = "national/2024"  # the rate is one for the whole country; this notice states it, with its months

# The rate of a row's month, by its place among those of `premium_rates`; NULL where none is stated.
_PREMIUM_RATE = (
    "(%(premium_rates)s::numeric[])["
    "12 * (extract(year FROM s.month)::int - %(premium_since)s) + extract(month FROM s.month)::int]"
)


@intake.declare
class ContributionResource(intake.SheetResource):
    """缴费明细."""

    uscc = uscc_cell("enterprise__uscc")
    month = Cell("费款所属期", values.month, aliases=("aae003",), filled=True)
    headcount = Cell("缴费人数", values.whole, filled=True)
    wage_base = Cell("缴费基数", values.money)
    employer_due = Cell("单位应缴", values.money)
    employee_due = Cell("个人应缴", values.money)
    employer_paid = Cell("单位实缴", values.money, filled=True)
    employee_paid = Cell("个人实缴", values.money, filled=True)
    late_fee = Cell("滞纳金", values.money)
    type = Cell("缴费类型", values.choice(MonthlyContribution.Type.values), note="默认 正常")
    arrived_on = Cell("到账日期", values.day)
    line = Cell("明细号", values.code)
    deferred = Cell("缓缴", values.yes_no)

    class Meta:
        model = MonthlyContribution
        name = "缴费明细"

    kind = "contributions"
    title = "缴费明细"
    key = ("uscc", "month", "type", "arrived_on", "line")
    references = (OF_REGISTRY,)
    regions = ("enterprise.region_id",)
    region_cell = "uscc"
    checks = (
        Check("arrived_on", "s.arrived_on > %(today)s", "到账日期晚于今天，请核对"),
        Check("month", "s.month > %(today)s", "费款所属期晚于本月，请核对", warning=True),
        Check(
            "headcount",
            "s.headcount = 0 AND s.type <> '退费' AND s.employer_paid + s.employee_paid > 0",
            "有实缴金额而缴费人数为 0，请核对",
            warning=True,
        ),
        # Only the sum, and by the national notice's tolerance: which notice prints a split for the row's region, and what
        # its agency tolerates, is said by a programme, often adopted after the load; premium_warnings then asks its terms.
        Check(
            "wage_base",
            "s.type = '正常' AND abs(s.employer_due + s.employee_due - round(s.wage_base * RATE, 2)) "
            "> 2 * %(premium_tolerance)s::numeric * greatest(s.headcount, 1)".replace("RATE", _PREMIUM_RATE),
            "应缴合计 {} 元与缴费基数乘以费率（{} 元）相差较大，请核对",
            ("s.employer_due + s.employee_due", f"round(s.wage_base * {_PREMIUM_RATE}, 2)"),
            warning=True,
        ),
    )

    def parameters(self, at: datetime) -> dict[str, Any]:
        rates = premium_rates(at.year)
        return {
            "premium_since": min(rates).year,
            "premium_rates": [None if rate is None else str(rate) for rate in rates.values()],
            "premium_tolerance": str(_premium_terms().number_of("premium_tolerance")),
        }


@lru_cache(maxsize=1)
def _premium_terms() -> notice.Terms:
    return notice.load(PREMIUM_NOTICE).terms()


@lru_cache(maxsize=4)
def premium_rates(until_year: int) -> dict[date, Decimal | None]:
    """Month -> rate of the premium, employer and employee together, of eleven years; None where the notice states none."""
    terms = _premium_terms()
    months = [date(year, month, 1) for year in range(until_year - 10, until_year + 1) for month in range(1, 13)]
    return {month: terms.number_of("premium_rate", month) if terms.states("premium_rate", month) else None for month in months}


@intake.declare
class WorkforceResource(intake.SheetResource):
    """用工变动年报."""

    uscc = uscc_cell("enterprise__uscc")
    year = Cell("年度", values.year, filled=True)
    start_count = Cell("年初人数", values.whole)
    end_count = Cell("年末人数", values.whole)
    dismissals = Cell("裁员人数", values.whole)
    claimants = Cell("领取失业金人数", values.whole)
    retired = Cell("退休人数", values.whole)
    died = Cell("死亡人数", values.whole)

    class Meta:
        model = WorkforceYear
        name = "用工变动年报"

    kind = "workforce"
    title = "用工变动年报"
    key = ("uscc", "year")
    references = (OF_REGISTRY,)
    regions = ("enterprise.region_id",)
    region_cell = "uscc"
    checks = (Check("year", "s.year > extract(year FROM %(today)s::date)", "年度晚于今年，请核对"),)
