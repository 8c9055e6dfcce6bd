"""参保单位名册, and how the other kinds refer to it."""

from django.db.models import Model

from agency import intake
from agency.intake import Cell, Check, Reference
from agency.models import Region
from enterprises.models import Enterprise
from sheets import values

CLASSES = ("大型", "中型", "小型", "微型")
_UNKNOWN_ENTERPRISE = "名册中没有统一社会信用代码为 {} 的单位（或已作废），请先导入参保单位名册"
OF_REGISTRY = Reference("enterprise", Enterprise, "uscc", "uscc", missing=_UNKNOWN_ENTERPRISE, fills="enterprise_id")

_SHARED = (
    "JOIN (SELECT INDEX, min(KEY) AS first, max(KEY) AS last FROM ("
    "SELECT INDEX, KEY FROM {rows} WHERE INDEX <> '' UNION ALL "
    "SELECT INDEX, KEY FROM TABLE WHERE INDEX <> '' AND NOT voided"
    ") every GROUP BY INDEX HAVING min(KEY) <> max(KEY)) shared ON shared.INDEX = s.INDEX"
)


def sharing(index: str, key: str, model: type[Model]) -> str:
    """A JOIN of the staged rows whose sealed value another row, staged or stored, has too."""
    return _SHARED.replace("INDEX", index).replace("KEY", key).replace("TABLE", model._meta.db_table)


def uscc_cell(attribute: str = "uscc") -> Cell:
    return Cell("统一社会信用代码", values.uscc, aliases=("社会信用代码", "信用代码"), filled=True, attribute=attribute)


# The rows of the file that are the parent of another.
_HEADS = """
SELECT row, number, uscc, enterprise_kind FROM {rows}
WHERE NOT voided AND uscc IN (SELECT parent_uscc FROM {rows} WHERE parent_uscc <> '')
"""

# The staged legal entities that have a parent, each with every one above it, as the file and what is stored say together.
# A ring with a branch in it is found without them: whoever stands below the branch has a branch for its parent.
_ABOVE = """
WITH RECURSIVE stored AS MATERIALIZED (
    SELECT uscc, parent_uscc FROM enterprises_enterprise WHERE parent_uscc <> '' AND kind <> '分支机构' AND NOT voided
), tree AS MATERIALIZED (
    SELECT uscc, parent_uscc FROM {rows} WHERE parent_uscc NOT IN ('', uscc) AND enterprise_kind <> '分支机构' AND NOT voided
    UNION ALL
    SELECT uscc, parent_uscc FROM stored
    WHERE uscc NOT IN (SELECT staged.uscc FROM stored JOIN {rows} staged ON staged.uscc = stored.uscc)
), above (uscc, code) AS (
    SELECT uscc, parent_uscc FROM tree
    UNION
    SELECT above.uscc, tree.parent_uscc FROM above JOIN tree ON tree.uscc = above.code
)
SELECT uscc, code FROM above
"""

# The stored enterprises below one that the file makes a branch, but for those that this file takes away from it.
_BELOW = """
JOIN (
    SELECT child.parent_uscc AS uscc, count(*) AS number, min(child.uscc) AS first
    FROM {rows} turned JOIN enterprises_enterprise child ON child.parent_uscc = turned.uscc AND NOT child.voided
    WHERE turned.enterprise_kind = '分支机构' AND child.uscc <> turned.uscc AND NOT EXISTS (
        SELECT FROM {rows} anew WHERE anew.uscc = child.uscc
        AND (anew.voided OR (anew.parent_uscc <> child.parent_uscc AND 'parent_uscc' <> ALL(%(absent)s::text[])))
        AND NOT EXISTS (SELECT FROM {issues} bad WHERE bad.row = anew.row AND bad.level = 'E'))
    GROUP BY child.parent_uscc
) below ON below.uscc = s.uscc
"""


def _shared(cell: str, what: str) -> Check:
    """Two enterprises with one phone or one account: to be looked at."""
    return Check(
        cell,
        "TRUE",
        f"与单位 {{}} 的{what}相同，请核对",
        ("CASE WHEN s.uscc = shared.first THEN shared.last ELSE shared.first END",),
        warning=True,
        join=sharing(f"{cell}_index", "uscc", Enterprise),
    )


@intake.declare
class EnterpriseResource(intake.SheetResource):
    """参保单位名册."""

    uscc = uscc_cell()
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
    prepared = {"heads": _HEADS, "above": _ABOVE}
    checks = (
        Check(
            "parent_uscc",
            "s.enterprise_kind = '分支机构' AND s.parent_uscc = '' "
            "AND NOT ('parent_uscc' = ANY(%(absent)s::text[]) AND coalesce(t.parent_uscc, '') <> '')",
            "分支机构须填写所属法人统一社会信用代码",
        ),
        Check("parent_uscc", "s.parent_uscc = s.uscc", "所属法人不能是本单位自己，请核对"),
        Check(
            "parent_uscc",
            "s.enterprise_kind <> '分支机构' AND s.parent_uscc NOT IN ('', s.uscc)",
            "单位类型为 {}，没有所属法人；是分支机构的请改单位类型，不是的请清空此列",
            ("s.enterprise_kind",),
            warning=True,
        ),
        Check(
            "parent_uscc",
            "s.parent_uscc NOT IN ('', s.uscc) AND NOT s.voided AND (above.enterprise_kind = '分支机构' "
            "OR (above.row IS NULL AND parent.kind = '分支机构'))",
            "所属法人 {} 本身是分支机构，请填写其法人的代码",
            ("s.parent_uscc",),
            join="LEFT JOIN {heads} above ON above.uscc = s.parent_uscc",
        ),
        Check(
            "parent_uscc",
            "NOT s.voided",
            "所属法人 {} 的上级绕回了本单位，请核对",
            ("s.parent_uscc",),
            join="JOIN {above} above ON above.uscc = s.uscc AND above.code = s.uscc",
        ),
        Check(
            "parent_uscc",
            "NOT s.voided AND parent.kind = '分支机构'",
            "所属法人 {} 在名册中是分支机构，本表中改它的第 {} 行有错误，请先改正",
            ("s.parent_uscc", "above.number"),
            join="JOIN {heads} above ON above.uscc = s.parent_uscc AND above.enterprise_kind <> '分支机构' "
            "JOIN {issues} bad ON bad.row = above.row AND bad.level = 'E'",
        ),
        Check(
            "enterprise_kind",
            "NOT s.voided",
            "名册中有 {} 个单位（如 {}）以本单位为所属法人，不能改为分支机构；请先更正这些单位",
            ("below.number", "below.first"),
            join=_BELOW,
        ),
        _shared("phone", "手机号"),
        _shared("account", "账号"),
        _shared("tax_account", "缴费账户账号"),
    )
