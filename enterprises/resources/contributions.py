"""缴费明细 and 用工变动年报: what an enterprise paid month by month, how its staff changed in a year."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from agency import intake
from agency.intake import WITHIN, Cell, Check
from enterprises.models import MonthlyContribution, WorkforceYear
from enterprises.resources.registry import OF_REGISTRY, uscc_cell
from policy import notice
from sheets import values

JUMP = 3  # times that head-count or base a head may differ from the month before
JUMP_FROM = 10  # insured in either of the two months, below which a head-count may differ as it likes
_YEARS = 4  # before this one, whose months are held against each other; so that a bigint has a bit for each

# The enterprises whose months have to be looked at one by one: their own rows of the file, or the stored month before the
# first of these, give a reason to; within the loader's posts. One aggregate of the file, with a bit for each month
# (four years are 48 months and 1461 days).
_SUSPECT = """
WITH staged AS (
    SELECT uscc, min(month) AS first, min(headcount) AS fewest, max(headcount) AS most, min(wage_base) AS lowest,
        max(wage_base) AS highest, count(*) AS lines, bool_or(voided) AS voided,
        bit_or(1::bigint << ((month - %(series_from)s::date + 15) * 48 / 1461)) AS months
    FROM {rows} WHERE type <> '退费' AND month BETWEEN %(series_from)s AND %(today)s GROUP BY uscc
), known AS (
    SELECT enterprise.id, staged.*, EXISTS (
        SELECT FROM enterprises_monthlycontribution stored
        WHERE stored.enterprise_id = enterprise.id AND stored.month < first AND stored.month >= %(series_from)s) AS follows
    FROM staged JOIN enterprises_enterprise enterprise ON enterprise.uscc = staged.uscc AND NOT enterprise.voided
    WHERE enterprise.region_id IN (WITHIN)
), before AS (
    SELECT known.id, count(*) AS lines, min(headcount) AS headcount, min(wage_base) AS wage_base
    FROM known JOIN enterprises_monthlycontribution stored
        ON stored.enterprise_id = known.id AND stored.month = (known.first - interval '1 month')::date
    WHERE known.follows AND stored.type <> '退费' AND NOT stored.voided GROUP BY known.id
)
SELECT known.uscc, known.id FROM known LEFT JOIN before ON before.id = known.id
WHERE known.voided OR known.lines > bit_count(months::bit(64)) OR before.lines > 1
    OR months & (months + (months & -months)) <> 0
    OR greatest(most, before.headcount) > %(jump)s * least(fewest, before.headcount)
    OR greatest(highest, before.wage_base) * greatest(most, before.headcount)
        > %(jump)s * least(lowest, before.wage_base) * least(fewest, before.headcount)
    OR (follows AND before.id IS NULL)
""".replace("WITHIN", WITHIN)

# Their months, staged and stored, that follow a missing one, or whose head-count or base a head is far from the month
# before. A month's figures are those of its 正常 lines, where it has none of its 补缴 lines.
_BROKEN = """
WITH line AS (
    SELECT staged.uscc, staged.month, staged.type = '正常' AS normal, staged.headcount, staged.wage_base
    FROM {suspect} suspect JOIN {rows} staged ON staged.uscc = suspect.uscc WHERE staged.type <> '退费' AND NOT staged.voided
    UNION ALL
    SELECT suspect.uscc, stored.month, stored.type = '正常', stored.headcount, stored.wage_base
    FROM {suspect} suspect JOIN enterprises_monthlycontribution stored ON stored.enterprise_id = suspect.id
    WHERE stored.type <> '退费' AND NOT stored.voided AND NOT EXISTS (
        SELECT FROM {rows} anew WHERE anew.uscc = suspect.uscc AND anew.month = stored.month AND anew.type = stored.type
        AND anew.arrived_on IS NOT DISTINCT FROM stored.arrived_on AND anew.line = stored.line)
), month AS (
    SELECT DISTINCT ON (uscc, month) uscc, month, sum(headcount) AS insured,
        CASE WHEN count(wage_base) = count(*) THEN sum(wage_base) / nullif(sum(headcount), 0) END AS a_head
    FROM line WHERE month BETWEEN %(series_from)s AND %(today)s GROUP BY uscc, month, normal ORDER BY uscc, month, normal DESC
), series AS (
    SELECT *, lag(month) OVER earlier AS month_before, lag(insured) OVER earlier AS insured_before,
        lag(a_head) OVER earlier AS a_head_before
    FROM month WINDOW earlier AS (PARTITION BY uscc ORDER BY month)
), judged AS (
    SELECT *, month_before < (month - interval '1 month')::date AS follows_gap,
        greatest(insured, insured_before) >= %(jump_from)s
            AND greatest(insured, insured_before) > %(jump)s * least(insured, insured_before) AS insured_jumps,
        greatest(a_head, a_head_before) > %(jump)s * least(a_head, a_head_before) AS base_jumps
    FROM series WHERE month_before IS NOT NULL
)
SELECT * FROM judged WHERE follows_gap OR insured_jumps OR base_jumps
"""


def _broken(cell: str, what: str, reason: str, *figures: str) -> Check:
    """Something in the order of an enterprise's months, told on the lines of the month where it shows."""
    where = f"broken.{what} AND s.type <> '退费' AND NOT s.voided"
    join = "JOIN {broken} broken ON broken.uscc = s.uscc AND broken.month = s.month"
    return Check(cell, where, reason, figures, warning=True, join=join)


PREMIUM_NOTICE = "national/2024"  # the rate is one for the whole country; this notice states it, with its months

# Months since January 1904, exact to the end of 2099: 48 are 1461 days. A third of the time of asking for year and month.
MONTHS_SINCE_1904 = "(s.month - '1904-01-01'::date + 15) * 48 / 1461"
# The rate of a row's month, by its place among those of `premium_rates`; NULL where none is stated.
_PREMIUM_RATE = f"(%(premium_rates)s::numeric[])[1 + {MONTHS_SINCE_1904} - 12 * (%(premium_since)s - 1904)]"


@intake.declare
class ContributionResource(intake.SheetResource):
    """缴费明细."""

    uscc = uscc_cell("enterprise__uscc")
    month = Cell("费款所属期", values.month, aliases=("aae003",), filled=True)
    headcount = Cell("缴费人数", values.whole, filled=True)
    wage_base = Cell("缴费基数", values.money)
    employer_due = Cell("单位应缴", values.money)
    employee_due = Cell("个人应缴", values.money)
    employer_paid = Cell("单位实缴", values.money, filled=True, note="不填负数；退费另列一行，缴费类型填 退费")
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
    prepared = {"suspect": _SUSPECT, "broken": _BROKEN}
    checks = (
        Check("arrived_on", "s.arrived_on > %(today)s", "到账日期晚于今天，请核对"),
        Check("month", "s.month > %(today)s", "费款所属期晚于本月，请核对", warning=True),
        Check(
            "arrived_on",
            "s.arrived_on < s.month AND s.month <= %(today)s",
            "到账日期早于费款所属期（{}），请核对；确为预缴的可忽略",
            ("to_char(s.month, 'YYYY-MM')",),
            warning=True,
        ),
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
        _broken(
            "month",
            "follows_gap",
            "此前缺 {} 的缴费明细，请核对是中断缴费还是漏报；漏报的请补充导入",
            "CASE WHEN broken.month_before = (broken.month - interval '2 months')::date THEN '' "
            "ELSE to_char(broken.month_before + interval '1 month', 'YYYY-MM 至 ') END "
            "|| to_char(broken.month - interval '1 month', 'YYYY-MM')",
        ),
        _broken(
            "headcount",
            "insured_jumps",
            f"本月缴费人数 {{}} 人，{{}} 为 {{}} 人，相差 {JUMP} 倍以上，请核对",
            "broken.insured",
            "to_char(broken.month_before, 'YYYY-MM')",
            "broken.insured_before",
        ),
        _broken(
            "wage_base",
            "base_jumps",
            f"本月人均缴费基数 {{}} 元，{{}} 为 {{}} 元，相差 {JUMP} 倍以上，请核对",
            "round(broken.a_head, 2)",
            "to_char(broken.month_before, 'YYYY-MM')",
            "round(broken.a_head_before, 2)",
        ),
    )

    def parameters(self, at: datetime) -> dict[str, Any]:
        rates = premium_rates(at.year)
        return {
            "series_from": date(at.year - _YEARS, 1, 1),
            "jump": JUMP,
            "jump_from": JUMP_FROM,
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
    checks = (
        Check("year", "s.year > extract(year FROM %(today)s::date)", "年度晚于今年，请核对"),
        Check(
            "end_count",
            f"greatest(s.start_count, s.end_count) >= {JUMP_FROM} "
            f"AND greatest(s.start_count, s.end_count) > {JUMP} * least(s.start_count, s.end_count)",
            f"年末人数 {{}} 人与年初人数 {{}} 人相差 {JUMP} 倍以上，请核对",
            ("s.end_count", "s.start_count"),
            warning=True,
        ),
    )
