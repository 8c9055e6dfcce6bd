"""The spreadsheets of this app, declared: certificates, training subsidies, claims."""

from agency import intake
from agency.intake import Cell, Check, Reference
from enterprises.models import InsuredPerson
from enterprises.resources import sharing
from policy.keys import GRADES
from sheets import values
from subsidies.skills.actions import open_claims
from subsidies.skills.models import Certificate, Submission, TrainingSubsidy
from subsidies.skills.queries import LOOKUP_WORDS

_PERSON = Reference("person", InsuredPerson, "id_number", "id_number_index")
_REGION = {"region_id": "coalesce(person.region_id, t.region_id, %(region)s)"}
_REGIONS = ("person.region_id", "t.region_id")
_OTHER_NAME = Check("name", "s.name <> person.name", "与参保人员登记的姓名不一致，请核对", warning=True)


def _id_number() -> Cell:
    return Cell("证件号码", values.citizen_id, aliases=("身份证号", "aac002"), filled=True)


def _name() -> Cell:
    return Cell("姓名", values.text_up_to(64), aliases=("aac003",), filled=True)


@intake.declare
class CertificateResource(intake.SheetResource):
    """技能证书."""

    id_number = _id_number()
    name = _name()
    certificate_number = Cell("证书编号", values.code, filled=True, attribute="number")
    type = Cell(
        "证书类型", values.text_up_to(40), options=("职业资格证书", "职业技能等级证书"), note="其他类型可以导入，但不能享受补贴"
    )
    occupation_code = Cell("职业(工种)代码", values.code)
    occupation_name = Cell("职业(工种)名称", values.text_up_to(100))
    grade = Cell("等级", values.choice(GRADES))
    issued_on = Cell("发证日期", values.day)
    body = Cell("评价机构", values.text)
    status = Cell("状态", values.choice(Certificate.Status.values))
    lookup = Cell("联网查询结果", values.text_up_to(100), options=tuple(LOOKUP_WORDS), note="其他文字视为待核实")
    looked_up_on = Cell("查询日期", values.day)

    class Meta:
        model = Certificate
        name = "技能证书"

    kind = "certificates"
    title = "技能证书"
    key = ("certificate_number",)
    references = (_PERSON,)
    computed = _REGION
    regions = _REGIONS
    region_cell = "id_number"
    checks = (
        Check("issued_on", "s.issued_on > %(today)s", "发证日期晚于今天，请核对"),
        Check("looked_up_on", "s.looked_up_on > %(today)s", "查询日期晚于今天，请核对"),
        Check(
            "id_number",
            "t.id_number_index <> s.id_number_index",
            "此证书编号原登记在另一证件号码名下，请核对",
            warning=True,
        ),
        Check(
            "lookup",
            "s.lookup <> '' AND s.lookup <> ALL(%(lookup_words)s)",
            "联网查询结果“{}”不在可识别的文字之中，判定时视为待核实",
            ("s.lookup",),
            warning=True,
        ),
        _OTHER_NAME,
    )

    def parameters(self, at: object) -> dict[str, object]:
        return {"lookup_words": list(LOOKUP_WORDS)}


@intake.declare
class TrainingSubsidyResource(intake.SheetResource):
    """职业培训补贴发放. What is empty may be the very subsidy that bars a claim: the row is taken, the claim looked at."""

    id_number = _id_number()
    name = Cell("姓名", values.text_up_to(64), aliases=("aac003",))
    occupation_code = Cell("职业(工种)代码", values.code)
    occupation_name = Cell("职业(工种)名称", values.text_up_to(100))
    grade = Cell("等级", values.choice(GRADES))
    paid_on = Cell("发放日期", values.day)
    amount = Cell("金额", values.money)
    payee = Cell("受款方", values.choice(TrainingSubsidy.Payee.values))
    payee_uscc = Cell("受款单位统一社会信用代码", values.uscc)

    class Meta:
        model = TrainingSubsidy
        name = "职业培训补贴发放"

    kind = "training-subsidies"
    title = "职业培训补贴发放"
    key = ("id_number", "occupation_code", "grade", "paid_on")
    references = (_PERSON,)
    computed = _REGION
    regions = _REGIONS
    region_cell = "id_number"
    checks = (
        Check("paid_on", "s.paid_on > %(today)s", "发放日期晚于今天，请核对"),
        Check(
            "occupation_code",
            "s.occupation_code IS NULL OR s.grade IS NULL OR s.paid_on IS NULL",
            "职业（工种）代码、等级、发放日期不全，涉及此人的申请将转人工核实",
            warning=True,
        ),
        _OTHER_NAME,
    )


@intake.declare
class ClaimResource(intake.SheetResource):
    """技能提升补贴申请. Each new row is a case from its landing on."""

    id_number = _id_number()
    name = _name()
    certificate_number = Cell("证书编号", values.code, filled=True)
    claimed_on = Cell("申请日期", values.day, filled=True)
    phone = Cell("手机号", values.phone)
    agent_uscc = Cell("代办单位统一社会信用代码", values.uscc)

    class Meta:
        model = Submission
        name = "技能提升补贴申请"

    kind = "skill-claims"
    title = "技能提升补贴申请"
    key = ("id_number", "certificate_number")
    references = (_PERSON,)
    computed = _REGION
    regions = _REGIONS
    region_cell = "id_number"
    checks = (
        Check("claimed_on", "s.claimed_on > %(today)s", "申请日期晚于今天，请核对"),
        Check(
            "certificate_number",
            "decided.state IN ('APPROVED', 'REJECTED') AND "
            "((t.name, t.claimed_on) IS DISTINCT FROM (s.name, s.claimed_on) OR (s.voided AND NOT t.voided))",
            "该申请已有结论，不能再改或作废；审核通过的，可在应发补贴中不予发放",
            join="LEFT JOIN skills_claim decided ON decided.submission_id = t.id",
        ),
        Check(
            "certificate_number",
            "TRUE",
            "此证书编号另有一人申请，请核对证书属于谁",
            warning=True,
            join=sharing("certificate_number", "id_number_index", Submission),
        ),
        Check("id_number", "person.id IS NULL", "参保人员中没有此人，申请将转人工核实", warning=True),
        _OTHER_NAME,
    )
    after = (open_claims,)
