"""The spreadsheets of this app, declared: registry, contributions, workforce, size lists, credit list, insured persons."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db.models import Model

from agency import intake
from agency.intake import Cell, Check, Reference, Staging
from agency.models import Region, User
from enterprises.actions import record_covers
from enterprises.models import (
    CreditListing,
    Enterprise,
    InsuredPerson,
    MonthlyContribution,
    Size2020,
    SizeListing,
    WorkforceYear,
)
from policy import notice
from sheets import values

CLASSES = ("大型", "中型", "小型", "微型")
LIST_SIZES = (*CLASSES, "中小微")
PREMIUM_NOTICE = "national/2024"  # the rate is one for the whole country; this notice states it, with its months
_UNKNOWN_ENTERPRISE = "名册中没有统一社会信用代码为 {} 的单位（或已作废），请先导入参保单位名册"
_OF_REGISTRY = Reference("enterprise", Enterprise, "uscc", "uscc", missing=_UNKNOWN_ENTERPRISE, fills="enterprise_id")

_SHARED = (
    "JOIN (SELECT INDEX, min(KEY) AS first, max(KEY) AS last FROM ("
    "SELECT INDEX, KEY FROM {rows} WHERE INDEX <> '' UNION ALL "
    "SELECT INDEX, KEY FROM TABLE WHERE INDEX <> '' AND NOT voided"
    ") every GROUP BY INDEX HAVING min(KEY) <> max(KEY)) shared ON shared.INDEX = s.INDEX"
)


def _sharing(index: str, key: str, model: type[Model]) -> str:
    """A JOIN of the staged rows whose sealed value another row, staged or stored, has too."""
    return _SHARED.replace("INDEX", index).replace("KEY", key).replace("TABLE", model._meta.db_table)


_IF_KNOWN = Reference("enterprise", Enterprise, "uscc", "uscc")  # a list may name a code that the registry does not know
_NOT_YET = "年度晚于今年，请核对"


def _uscc(attribute: str = "uscc") -> Cell:
    return Cell("统一社会信用代码", values.uscc, aliases=("社会信用代码", "信用代码"), filled=True, attribute=attribute)


def _shared(cell: str, what: str) -> Check:
    """Two enterprises with one phone or one account: to be looked at."""
    return Check(
        cell,
        "TRUE",
        f"与单位 {{}} 的{what}相同，请核对",
        ("CASE WHEN s.uscc = shared.first THEN shared.last ELSE shared.first END",),
        warning=True,
        join=_sharing(f"{cell}_index", "uscc", Enterprise),
    )


@intake.declare
class EnterpriseResource(intake.SheetResource):
    """参保单位名册."""

    uscc = _uscc()
    unit_number = Cell("单位编号", values.code, aliases=("单位社会保险编号", "aab001"))
    name = Cell("单位名称", values.text, aliases=("企业名称", "aab004"), filled=True)
    enterprise_kind = Cell("单位类型", values.choice(Enterprise.Kind.values), filled=True, attribute="kind")
    parent_uscc = Cell("所属法人统一社会信用代码", values.uscc, note="分支机构必填；法人可在其他地区")
    dispatch = Cell("劳务派遣", values.yes_no)
    industry = Cell("行业代码", values.industry)
    region = Cell("参保地", values.region, aliases=("行政区划",), filled=True, attribute="region_id")
    registration = Cell("登记状态", values.choice(Enterprise.Registration.values))
    employees = Cell("从业人员", values.whole, note="上年度")
    revenue = Cell("营业收入(万元)", values.money, aliases=("营业收入",), note="万元，上年度")
    assets = Cell("资产总额(万元)", values.money, aliases=("资产总额",), note="万元，上年度")
    recorded_size = Cell("系统划型", values.choice(CLASSES))
    contact = Cell("联系人", values.text)
    phone = Cell("手机号", values.phone)
    legal_person = Cell("法定代表人", values.text)
    legal_phone = Cell("法人手机号", values.phone)
    account_name = Cell("户名", values.text)
    bank = Cell("开户行", values.text)
    account = Cell("账号", values.account)
    tax_account_name = Cell("缴费账户户名", values.text)
    tax_bank = Cell("缴费账户开户行", values.text)
    tax_account = Cell("缴费账户账号", values.account)

    class Meta:
        model = Enterprise
        name = "参保单位名册"

    kind = "enterprises"
    title = "参保单位名册"
    key = ("uscc",)
    second_person_cells = (
        *("phone", "legal_phone", "account_name", "bank", "account"),
        *("tax_account_name", "tax_bank", "tax_account"),
    )
    references = (
        Reference("place", Region, "region", "code", missing="没有代码为 {} 的行政区划（或已作废），请先导入行政区划"),
        Reference("parent", Enterprise, "parent_uscc", "uscc"),
    )
    regions = ("place.code", "t.region_id")
    region_cell = "region"
    checks = (
        Check("parent_uscc", "s.enterprise_kind = '分支机构' AND s.parent_uscc = ''", "分支机构须填写所属法人统一社会信用代码"),
        Check("parent_uscc", "s.parent_uscc = s.uscc", "所属法人不能是本单位自己，请核对"),
        Check(
            "parent_uscc",
            "s.enterprise_kind = '分支机构' AND s.parent_uscc <> s.uscc AND (above.enterprise_kind = '分支机构' "
            "OR (above.row IS NULL AND parent.kind = '分支机构'))",
            "所属法人 {} 本身是分支机构，请填写其法人的代码",
            ("s.parent_uscc",),
            join="LEFT JOIN {rows} above ON above.uscc = s.parent_uscc",
        ),
        _shared("phone", "手机号"),
        _shared("account", "账号"),
    )


# The rate of a row's month, by its place among those of `premium_rates`; NULL where none is stated.
_PREMIUM_RATE = (
    "(%(premium_rates)s::numeric[])["
    "12 * (extract(year FROM s.month)::int - %(premium_since)s) + extract(month FROM s.month)::int]"
)


@intake.declare
class ContributionResource(intake.SheetResource):
    """缴费明细."""

    uscc = _uscc("enterprise__uscc")
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
    references = (_OF_REGISTRY,)
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

    uscc = _uscc("enterprise__uscc")
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
    references = (_OF_REGISTRY,)
    regions = ("enterprise.region_id",)
    region_cell = "uscc"
    checks = (Check("year", "s.year > extract(year FROM %(today)s::date)", _NOT_YET),)


@intake.declare
class SizeListResource(intake.SheetResource):
    """统计部门划型名单."""

    uscc = _uscc()
    name = Cell("单位名称", values.text, aliases=("企业名称",))
    size = Cell("划型", values.choice(LIST_SIZES), filled=True)
    year = Cell("年度", values.year, filled=True)
    origin = Cell("来源", values.text_up_to(100))

    class Meta:
        model = SizeListing
        name = "统计部门划型名单"

    kind = "size-list"
    title = "统计部门划型名单"
    key = ("uscc", "year")
    references = (_IF_KNOWN,)
    regions = ("enterprise.region_id",)
    region_cell = "uscc"
    second_person = True
    settings = {"covers": ("all", "listed")}
    checks = (Check("year", "s.year > extract(year FROM %(today)s::date)", _NOT_YET),)

    @staticmethod
    def _cover(staging: Staging, *, by: User, at: datetime) -> None:
        record_covers(staging.imp, staging.values_of("year"))

    after = (_cover,)


@intake.declare
class Size2020Resource(intake.SheetResource):
    """2020年度阶段性减免社保费划型."""

    uscc = _uscc()
    size = Cell("划型", values.choice(LIST_SIZES), filled=True)

    class Meta:
        model = Size2020
        name = "2020年度阶段性减免社保费划型"

    kind = "size-2020"
    title = "2020年度阶段性减免社保费划型"
    key = ("uscc",)
    references = (_IF_KNOWN,)
    regions = ("enterprise.region_id",)
    region_cell = "uscc"


@intake.declare
class CreditListResource(intake.SheetResource):
    """信用名单."""

    uscc = _uscc()
    name = Cell("单位名称", values.text, aliases=("企业名称",))
    type = Cell("名单类型", values.choice(CreditListing.Type.values), filled=True)
    origin = Cell("来源", values.text_up_to(100))
    listed_on = Cell("列入日期", values.day)
    delisted_on = Cell("移出日期", values.day)
    basis = Cell("依据", values.text_up_to(300))

    class Meta:
        model = CreditListing
        name = "信用名单"

    kind = "credit-list"
    title = "信用名单"
    key = ("uscc", "type", "origin", "listed_on")
    references = (_IF_KNOWN,)
    regions = ("enterprise.region_id",)
    region_cell = "uscc"
    second_person = True
    checks = (
        Check("delisted_on", "s.delisted_on < s.listed_on", "移出日期早于列入日期，请核对"),
        Check("listed_on", "s.listed_on > %(today)s", "列入日期晚于今天，请核对"),
    )


_MONTHS_SINCE_FIRST = (
    "12 * (extract(year FROM s.paid_until) - extract(year FROM s.first_insured)) "
    "+ extract(month FROM s.paid_until) - extract(month FROM s.first_insured) + 1"
)


@intake.declare
class PersonResource(intake.SheetResource):
    """参保人员."""

    id_number = Cell("证件号码", values.citizen_id, aliases=("身份证号", "aac002"), filled=True)
    name = Cell("姓名", values.text_up_to(64), aliases=("aac003",), filled=True)
    phone = Cell("手机号", values.phone)
    uscc = Cell("单位统一社会信用代码", values.uscc, attribute="enterprise__uscc")
    status = Cell("参保状态", values.choice(InsuredPerson.Status.values))
    employment = Cell("用工形式", values.choice(InsuredPerson.Employment.values))
    host_uscc = Cell("实际用工单位统一社会信用代码", values.uscc)
    first_insured = Cell("首次参保年月", values.month)
    paid_months = Cell("累计缴费月数", values.whole)
    paid_until = Cell("截至年月", values.month, note="累计缴费月数算到哪个月（含当月）")
    card_bank = Cell("社保卡银行", values.text)
    card_account = Cell("社保卡账号", values.account)

    class Meta:
        model = InsuredPerson
        name = "参保人员"

    kind = "persons"
    title = "参保人员"
    key = ("id_number",)
    references = (_OF_REGISTRY,)
    computed = {"region_id": "coalesce(enterprise.region_id, t.region_id, %(region)s)"}
    regions = ("enterprise.region_id", "t.region_id")
    region_cell = "uscc"
    checks = (
        Check("paid_until", "s.paid_until > %(today)s", "截至年月晚于本月，请核对"),
        Check("first_insured", "s.first_insured > s.paid_until", "首次参保年月晚于截至年月，请核对"),
        Check(
            "paid_months",
            f"s.paid_months > {_MONTHS_SINCE_FIRST}",
            "累计缴费月数超过首次参保以来的 {} 个月，请核对",
            (f"greatest({_MONTHS_SINCE_FIRST}, 0)",),
            warning=True,
        ),
        Check(
            "paid_until",
            "s.paid_months IS NOT NULL AND s.paid_until IS NULL",
            "没有截至年月，累计缴费月数不能用于判定",
            warning=True,
        ),
        Check("uscc", "s.status = '在职' AND s.uscc IS NULL", "在职人员没有单位，请核对", warning=True),
        Check(
            "card_account",
            "TRUE",
            "与另一人员的社保卡账号相同，请核对",
            warning=True,
            join=_sharing("card_account_index", "id_number_index", InsuredPerson),
        ),
    )
