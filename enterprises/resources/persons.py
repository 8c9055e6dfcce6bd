"""参保人员."""

from agency import intake
from agency.intake import WITHIN, Cell, Check
from enterprises.models import InsuredPerson
from enterprises.resources.registry import OF_REGISTRY, sharing
from sheets import values

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
    references = (OF_REGISTRY,)
    computed = {"region_id": "coalesce(enterprise.region_id, t.region_id, %(region)s)"}
    regions = ("enterprise.region_id", "t.region_id")
    region_cell = "uscc"
    checks = (
        Check("paid_until", "s.paid_until > %(today)s", "截至年月晚于本月，请核对"),
        Check("first_insured", "s.first_insured > %(today)s", "首次参保年月晚于本月，请核对"),
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
        Check(
            "uscc",
            "(s.status = '在职' OR 'status' = ANY(%(absent)s::text[])) AND t.status = '在职' "
            "AND NOT t.voided AND NOT s.voided AND enterprise.id <> t.enterprise_id "
            f"AND t.region_id IN ({WITHIN})",
            "此人原在 {} 在职参保，现改为 {}，请核对是否已转移",
            ("SELECT uscc FROM enterprises_enterprise WHERE id = t.enterprise_id", "s.uscc"),
            warning=True,
        ),
        Check(
            "uscc",
            "s.status = '在职' AND s.uscc IS NULL AND 'uscc' <> ALL(%(absent)s::text[])",
            "在职人员没有单位，请核对",
            warning=True,
        ),
        Check(
            "card_account",
            "TRUE",
            "与另一人员的社保卡账号相同，请核对",
            warning=True,
            join=sharing("card_account_index", "id_number_index", InsuredPerson),
        ),
    )
