"""The spreadsheets of this app, declared: where the workers of dispatch units work, what came of a call."""

from datetime import datetime

from agency import intake
from agency.intake import Cell, Check, Reference, Staging
from agency.models import User
from enterprises.models import Enterprise
from enterprises.resources import sharing
from sheets import values
from subsidies.refunds.actions import book_calls
from subsidies.refunds.models import Application, CallOutcome, Host


@intake.declare
class HostResource(intake.SheetResource):
    """劳务派遣用工单位明细."""

    unit_uscc = Cell("派遣单位统一社会信用代码", values.uscc, filled=True)
    host_uscc = Cell("用工单位统一社会信用代码", values.uscc, filled=True)
    host_name = Cell("用工单位名称", values.text, filled=True)
    host_kind = Cell("用工单位类型", values.choice(Enterprise.Kind.values), filled=True)
    year = Cell("年度", values.year, filled=True)
    workers = Cell("派遣人数", values.whole)
    paid = Cell("上年度实缴失业保险费", values.money)
    account_name = Cell("户名", values.text)
    bank = Cell("开户行", values.text)
    account = Cell("账号", values.account)

    class Meta:
        model = Host
        name = "劳务派遣用工单位明细"

    kind = "hosts"
    title = "劳务派遣用工单位明细"
    key = ("unit_uscc", "host_uscc", "year")
    second_person_cells = ("account_name", "bank", "account")
    references = (
        Reference(
            "unit",
            Enterprise,
            "unit_uscc",
            "uscc",
            missing="名册中没有统一社会信用代码为 {} 的派遣单位（或已作废），请先导入参保单位名册",
        ),
    )
    regions = ("unit.region_id",)
    region_cell = "unit_uscc"
    own_cell = "unit_uscc"
    checks = (
        Check("unit_uscc", "NOT unit.dispatch", "该单位在名册中不是劳务派遣单位，请核对", warning=True),
        Check("host_uscc", "s.host_uscc = s.unit_uscc", "用工单位不能是派遣单位自己，请核对"),
        Check(
            "account",
            "TRUE",
            "与用工单位 {} 的账号相同，请核对",
            ("CASE WHEN s.host_uscc = shared.first THEN shared.last ELSE shared.first END",),
            warning=True,
            join=sharing("account_index", "host_uscc", Host),
        ),
        Check("year", "s.year > extract(year FROM %(today)s::date)", "年度晚于今年，请核对"),
    )


@intake.declare
class CallOutcomeResource(intake.SheetResource):
    """通话结果: the call list with its last columns filled in; the others of its columns are passed over."""

    uscc = Cell("统一社会信用代码", values.uscc, filled=True)
    called_at = Cell("通话时间", values.moment, filled=True)
    result = Cell("结果", values.choice(CallOutcome.Result.values), filled=True)
    note = Cell("备注", values.text_up_to(200), note="不要填写手机号、证件号和账号")

    class Meta:
        model = CallOutcome
        name = "通话结果"

    kind = "call-outcomes"
    title = "通话结果"
    key = ("uscc", "called_at")
    references = (
        Reference(
            "enterprise", Enterprise, "uscc", "uscc", missing="名册中没有统一社会信用代码为 {} 的单位（或已作废），请核对"
        ),
        Reference(
            "case_", Application, "uscc", on="case_.enterprise_id = enterprise.id AND case_.year = left(s.called_at, 4)::int"
        ),
    )  # fmt: skip
    regions = ("enterprise.region_id",)
    region_cell = "uscc"
    checks = (
        Check("called_at", "left(s.called_at, 10)::date > %(today)s", "通话时间晚于今天，请核对"),
        Check("note", "s.note ~ '[0-9]{{11}}'", "备注中不要填写手机号、证件号和账号，请删去后重新导入"),
        Check("uscc", "enterprise.id IS NOT NULL AND case_.id IS NULL", "该单位该年度没有返还事项，只留存通话", warning=True),
        Check(
            "result",
            "t.booked <> '' AND (t.result <> s.result OR s.voided)",
            "该次通话的答复已处理（{}），不能再改；单位改变主意的，请另记一次通话",
            ("t.booked",),
        ),
    )

    @staticmethod
    def _book(staging: Staging, *, by: User, at: datetime) -> None:
        book_calls(staging.imp, by=by, at=at)

    after = (_book,)
