"""The spreadsheets of this app, declared: regions, the working calendar, the fund's monthly report."""

from datetime import datetime
from typing import Any

from django.utils.timezone import get_default_timezone_name

from agency import intake
from agency.actions.places import lay_paths
from agency.actions.replies import tell_loaded
from agency.intake import Cell, Check, Reference, Staging
from agency.models import FundMonth, Region, Reply, Role, User, Workday
from sheets import values

# Each staged region with every region above it, as the file and what is stored say together.
_ABOVE = """(
    WITH RECURSIVE tree AS (
        SELECT code, parent FROM {rows} WHERE parent IS NOT NULL
        UNION ALL
        SELECT code, parent_id FROM agency_region
        WHERE parent_id IS NOT NULL AND NOT EXISTS (SELECT FROM {rows} staged WHERE staged.code = agency_region.code)
    ), above (row, code) AS (
        SELECT row, parent FROM {rows} WHERE parent IS NOT NULL
        UNION
        SELECT above.row, tree.parent FROM above JOIN tree ON tree.code = above.code
    )
    SELECT row, code FROM above
)"""
_OURS = "EXISTS (SELECT FROM unnest(%(scope)s::text[]) prefix WHERE starts_with(PLACE.path, prefix))"


def _joining(text: str) -> str:
    """SQL with the names ABOVE and OURS written out."""
    return text.replace("OURS", _OURS.replace("PLACE", "place")).replace("ABOVE", _ABOVE)


_DEEPEST = 8  # regions above one; the path of their codes has room for no more


@intake.declare
class RegionResource(intake.SheetResource):
    """行政区划."""

    code = Cell("代码", values.region, filled=True)
    name = Cell("名称", values.text, filled=True)
    parent = Cell("上级代码", values.region, attribute="parent_id")
    office_name = Cell("经办机构名称", values.text)
    phone = Cell("咨询电话", values.telephone)
    complaints_phone = Cell("监督电话", values.telephone)

    class Meta:
        model = Region
        name = "行政区划"

    kind = "regions"
    title = "行政区划"
    key = ("code",)
    references = (Reference("upper", Region, "parent", "code"),)
    roles = frozenset({Role.POLICY})
    checks = (
        Check(
            "parent",
            "s.parent IS NOT NULL AND upper.code IS NULL AND NOT EXISTS (SELECT FROM {rows} staged WHERE staged.code = s.parent)",
            "没有代码为 {} 的上级行政区划，请把它加入本表",
            ("s.parent",),
        ),
        Check(
            "parent", "above.code = s.code", "上级关系绕回了自己，请核对", join=_joining("JOIN ABOVE above ON above.row = s.row")
        ),
        Check(
            "parent",
            f"above.depth > {_DEEPEST}",
            f"上级层数超过 {_DEEPEST} 层，请核对",
            join=_joining("JOIN (SELECT row, count(*) AS depth FROM ABOVE every GROUP BY row) above ON above.row = s.row"),
        ),
        Check(
            "code",
            "(t.code IS NOT NULL AND NOT " + _OURS.replace("PLACE", "t") + ") OR (ours.row IS NULL "
            "AND (t.code IS NULL OR t.parent_id IS DISTINCT FROM s.parent))",
            "不在您的岗位地区之内，请由上级地区的人员导入",
            join=_joining(
                "LEFT JOIN (SELECT DISTINCT above.row FROM ABOVE above "
                "JOIN agency_region place ON place.code = above.code AND OURS) ours ON ours.row = s.row"
            ),
        ),
        Check(
            "parent",
            "TRUE",
            "上级 {} 在本表中有错误，请先改正",
            ("bad.code",),
            join=_joining(
                "JOIN (SELECT above.row, min(above.code) AS code FROM ABOVE above "
                "JOIN {rows} staged ON staged.code = above.code "
                "JOIN {issues} issue ON issue.row = staged.row AND issue.level = 'E' "
                "WHERE NOT EXISTS (SELECT FROM agency_region place WHERE place.code = above.code "
                "AND place.parent_id IS NOT DISTINCT FROM staged.parent) "
                "GROUP BY above.row) bad ON bad.row = s.row"
            ),
        ),
    )
    after = (lambda staging, *, by, at: lay_paths(),)


@intake.declare
class WorkdayResource(intake.SheetResource):
    """工作日历: overrides of the built-in calendar."""

    day = Cell("日期", values.day, filled=True)
    works = Cell("是否上班", values.yes_no, filled=True)
    name = Cell("名称", values.text)
    basis = Cell("依据", values.text)

    class Meta:
        model = Workday
        name = "工作日历"

    kind = "workdays"
    title = "工作日历"
    key = ("day",)
    roles = frozenset({Role.POLICY})


@intake.declare
class FundResource(intake.SheetResource):
    """失业保险基金月报."""

    region = Cell("行政区划", values.region, filled=True, attribute="region_id")
    month = Cell("年月", values.month, filled=True)
    balance = Cell("滚存结余", values.money)
    spent = Cell("当月支出", values.money)
    benefit = Cell("失业保险金", values.money)
    medical = Cell("代缴医保", values.money)
    price_subsidy = Cell("价格临时补贴", values.money)
    refunds = Cell("稳岗返还", values.money)
    skills = Cell("技能提升补贴", values.money)
    training = Cell("职业培训补贴", values.money)
    evaluation = Cell("职业技能评价补贴", values.money)
    posts = Cell("岗位补贴", values.money)
    insurance = Cell("社会保险补贴", values.money)

    class Meta:
        model = FundMonth
        name = "基金月报"

    kind = "fund"
    title = "失业保险基金月报"
    key = ("region", "month")
    references = (Reference("place", Region, "region", "code", missing="没有代码为 {} 的行政区划（或已作废），请先导入行政区划"),)
    regions = ("place.code",)
    region_cell = "region"
    roles = frozenset({Role.POLICY, Role.FINANCE})
    second_person = True
    checks = (Check("month", "s.month > %(today)s", "年月晚于本月，请核对"),)


@intake.declare
class ReplyResource(intake.SheetResource):
    """短信上行: what phones answered, from a gateway that does not call us. A reply is what it is: a file does not change one."""

    phone = Cell("手机号", values.phone, filled=True)
    text = Cell("内容", values.text_up_to(500), filled=True)
    received_at = Cell("接收时间", values.moment, filled=True)
    gateway_number = Cell("网关消息号", values.code, filled=True, attribute="number")

    class Meta:
        model = Reply
        name = "短信上行"

    kind = "replies"
    title = "短信上行"
    key = ("gateway_number",)
    checks = (
        Check(
            "gateway_number",
            "t.id IS NOT NULL AND (t.phone_index <> s.phone_index OR t.text_index <> s.text_index)",
            "此网关消息号已登记过，号码或内容不同；上行短信不能更改，请核对",
        ),
        Check(
            "gateway_number",
            "t.state <> 'NEW' AND s.voided AND NOT t.voided",
            "此短信已识别，不能作废；请在短信回复中登记处理结果",
        ),
        Check("received_at", "(s.received_at AT TIME ZONE %(zone)s)::date > %(today)s", "接收时间晚于今天，请核对"),
    )

    def parameters(self, at: datetime) -> dict[str, Any]:
        return {"zone": get_default_timezone_name()}

    @staticmethod
    def _tell(staging: Staging, *, by: User, at: datetime) -> None:
        tell_loaded(staging.imp, by=by, at=at)

    after = (_tell,)
