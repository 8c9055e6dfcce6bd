"""The lists of other departments: sizes, and who is barred."""

from datetime import datetime

from agency import intake
from agency.intake import Cell, Check, Reference, Staging
from agency.models import User
from enterprises.actions import record_covers
from enterprises.models import CreditListing, Enterprise, Size2020, SizeListing
from enterprises.resources.registry import CLASSES, uscc_cell
from sheets import values

LIST_SIZES = (*CLASSES, "中小微")
IF_KNOWN = Reference("enterprise", Enterprise, "uscc", "uscc")  # a list may name a code that the registry does not know


@intake.declare
class SizeListResource(intake.SheetResource):
    """统计部门划型名单."""

    uscc = uscc_cell()
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
    references = (IF_KNOWN,)
    regions = ("enterprise.region_id",)
    region_cell = "uscc"
    second_person = True
    settings = {"covers": ("all", "listed")}
    checks = (Check("year", "s.year > extract(year FROM %(today)s::date)", "年度晚于今年，请核对"),)

    @staticmethod
    def _cover(staging: Staging, *, by: User, at: datetime) -> None:
        record_covers(staging.imp, staging.values_of("year"))

    after = (_cover,)


@intake.declare
class Size2020Resource(intake.SheetResource):
    """2020年度阶段性减免社保费划型."""

    uscc = uscc_cell()
    size = Cell("划型", values.choice(LIST_SIZES), filled=True)

    class Meta:
        model = Size2020
        name = "2020年度阶段性减免社保费划型"

    kind = "size-2020"
    title = "2020年度阶段性减免社保费划型"
    key = ("uscc",)
    references = (IF_KNOWN,)
    regions = ("enterprise.region_id",)
    region_cell = "uscc"


@intake.declare
class CreditListResource(intake.SheetResource):
    """信用名单."""

    uscc = uscc_cell()
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
    references = (IF_KNOWN,)
    regions = ("enterprise.region_id",)
    region_cell = "uscc"
    second_person = True
    checks = (
        Check("delisted_on", "s.delisted_on < s.listed_on", "移出日期早于列入日期，请核对"),
        Check("listed_on", "s.listed_on > %(today)s", "列入日期晚于今天，请核对"),
        Check("delisted_on", "s.delisted_on > %(today)s", "移出日期晚于今天，到该日前仍按在列处理，请核对", warning=True),
    )
