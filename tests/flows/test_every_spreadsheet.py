"""Each kind of spreadsheet: its template filled in loads, a second time changes nothing, a changed row keeps its past."""

import re
import zipfile
from datetime import date, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from django.apps import apps
from django.db import models
from django.utils.timezone import localtime
from python_calamine import CalamineWorkbook

from agency import intake
from agency.models import File, Programme, Region
from enterprises.models import Enterprise
from sheets.values import BadValue
from sheets.write import write_template
from subsidies.payout.models import PaymentBatch
from tests.office import citizen, uscc


def told(text: str) -> dict[str, str]:
    """A row written as `column=value column=value`."""
    return dict(pair.split("=") for pair in text.split())


# One row a kind, every column filled in; and a column to change, with its field and the values before, between, after.
FILLED = {
    "replies": (
        {"手机号": "13900000001", "内容": "同意", "接收时间": "2024-06-25 09:30:00", "网关消息号": "MO0017"},
        ("接收时间", "received_at", ["2024-06-25 09:30:00", "2024-06-25 09:31:00", "2024-06-25 09:32:00"]),
    ),
    "regions": (
        told("代码=140304 名称=郊区 上级代码=140300 经办机构名称=郊区中心 咨询电话=0353-12 监督电话=0353-13"),
        ("名称", "name", ["郊区", "郊县", "新区"]),
    ),
    "workdays": (
        told("日期=2024-02-04 是否上班=是 名称=春节 依据=国务院办公厅通知"),
        ("名称", "name", ["春节", "春节调休", "调休"]),
    ),
    "fund": (
        told(
            "行政区划=140300 年月=202312 滚存结余=1,234,567.80 当月支出=100 失业保险金=1 代缴医保=2 价格临时补贴=3 稳岗返还=4 "
            "技能提升补贴=5 职业培训补贴=6 职业技能评价补贴=7 岗位补贴=8 社会保险补贴=9"
        ),
        ("当月支出", "spent", ["100", "200", "300.50"]),
    ),
    "enterprises": (
        told(
            f"统一社会信用代码={uscc(901)} 单位编号=00012 单位名称=某公司 单位类型=分支机构 "
            f"所属法人统一社会信用代码={uscc(902, '140400')} 劳务派遣=否 行业代码=C3311 参保地=140302 登记状态=存续 从业人员=12 "
            "营业收入(万元)=30.5 资产总额(万元)=0 系统划型=小型 联系人=甲 手机号=13900000001 法定代表人=乙 "
            "法人手机号=13900000002 户名=某公司 开户行=某银行 账号=0622200001 缴费账户户名=某公司 "
            "缴费账户开户行=某银行 缴费账户账号=0622200002"
        ),
        ("账号", "account", ["0622200001", "0622200003", "0622200004"]),
    ),
    "contributions": (
        told(
            f"统一社会信用代码={uscc(1)} 费款所属期=202301 缴费人数=2 缴费基数=10000 单位应缴=70 个人应缴=30 单位实缴=70 "
            "个人实缴=30 滞纳金=0.01 缴费类型=补缴 到账日期=2023/2/1 明细号=007 缓缴=否"
        ),
        ("单位实缴", "employer_paid", ["70", "71", "72"]),
    ),
    "workforce": (
        told(f"统一社会信用代码={uscc(1)} 年度=2023 年初人数=10 年末人数=9 裁员人数=1 领取失业金人数=0 退休人数=0 死亡人数=0"),
        ("裁员人数", "dismissals", ["1", "2", "0"]),
    ),
    "size-list": (
        told(f"统一社会信用代码={uscc(1)} 单位名称=某公司 划型=中小微 年度=2023 来源=统计局"),
        ("划型", "size", ["中小微", "大型", "小型"]),
    ),
    "size-2020": (told(f"统一社会信用代码={uscc(1)} 划型=微型"), ("划型", "size", ["微型", "大型", "小型"])),
    "credit-list": (
        told(
            f"统一社会信用代码={uscc(1)} 单位名称=某公司 名单类型=严重失信 来源=信用平台 列入日期=2023-05-01 移出日期=2023-06-01 "
            "依据=某号"
        ),
        ("移出日期", "delisted_on", ["2023-06-01", "2023-07-01", ""]),
    ),
    "hosts": (
        told(
            f"派遣单位统一社会信用代码={uscc(1)} 用工单位统一社会信用代码={uscc(2)} 用工单位名称=用工公司 "
            "用工单位类型=机关事业单位 年度=2023 派遣人数=3 上年度实缴失业保险费=500 户名=用工公司 开户行=某银行 账号=0622200009"
        ),
        ("派遣人数", "workers", ["3", "4", "5"]),
    ),
    "call-outcomes": (
        {"统一社会信用代码": uscc(1), "通话时间": "2024-06-25 09:30:00", "结果": "已通知", "备注": "会计说本周办"},
        ("备注", "note", ["会计说本周办", "会计说下周办", "再打"]),
    ),
    "persons": (
        told(
            f"证件号码={citizen(1)} 姓名=赵甲子 手机号=14200000001 单位统一社会信用代码={uscc(1)} 参保状态=在职 用工形式=派遣 "
            f"实际用工单位统一社会信用代码={uscc(2)} 首次参保年月=202001 累计缴费月数=40 截至年月=202405 社保卡银行=某银行 "
            "社保卡账号=0622200021"
        ),
        ("社保卡账号", "card_account", ["0622200021", "0622200022", "0622200023"]),
    ),
    "certificates": (
        told(
            f"证件号码={citizen(1)} 姓名=赵甲子 证书编号=S00014001 证书类型=职业技能等级证书 职业(工种)代码=6-31-01-03 "
            "职业(工种)名称=电工 等级=四级 发证日期=2024-03-01 评价机构=某中心 状态=有效 联网查询结果=一致 查询日期=2024-03-05"
        ),
        ("等级", "grade", ["四级", "三级", "五级"]),
    ),
    "training-subsidies": (
        told(
            f"证件号码={citizen(1)} 姓名=赵甲子 职业(工种)代码=6-31-01-03 职业(工种)名称=电工 等级=四级 发放日期=2024-03-01 "
            f"金额=500 受款方=单位 受款单位统一社会信用代码={uscc(1)}"
        ),
        ("金额", "amount", ["500", "600.50", ""]),
    ),
    "skill-claims": (
        told(
            f"证件号码={citizen(1)} 姓名=赵甲子 证书编号=S00014001 申请日期=2024-06-03 手机号=14200000001 "
            f"代办单位统一社会信用代码={uscc(1)}"
        ),
        ("申请日期", "claimed_on", ["2024-06-03", "2024-06-04", "2024-06-05"]),
    ),
    "bank-results": (
        told(
            "批次号=2024-001 明细号=1 户名=某公司 账号=0622200001 金额=100 结果=失败 失败原因=户名不符 交易日期=2024-06-20 "
            "银行流水号=0001"
        ),
        ("失败原因", "failure", ["户名不符", "账号不存在", "账户冻结"]),
    ),
}


@pytest.fixture
def city(office, at):
    """The office with the enterprises and the payment batch that the rows above refer to."""
    Enterprise.objects.bulk_create(
        Enterprise(uscc=uscc(number), name=f"第{number}号", kind="企业", dispatch=True, region_id="140302") for number in range(3)
    )
    region = Region.objects.get(code="140300")
    programme = Programme.objects.create(
        state="OPEN", notice="shanxi/2024", region=region, year=2024, title="甲市2024", prepared_by=office.people["zhengce"],
        created_at=at,
    )  # fmt: skip
    PaymentBatch.objects.create(
        state="RELEASED", programme=programme, region=region, number="2024-001", maker=office.people["caiwu"], made_at=at,
        checker=office.people["fushen"], checked_at=at, releaser=office.people["caiwu2"], released_at=at,
        file=File.objects.create(kind="BANK", name="x", sha256="0" * 64, size=1, created_at=at), sha256="0" * 64,
    )  # fmt: skip
    return office


def filled_in(kind: str, row: dict[str, str], path: Path) -> Path:
    """The template of a kind, with one row typed into its first sheet as text."""
    resource = intake.kind_of(kind)
    empty = path.with_suffix(".empty.xlsx")
    write_template(empty, resource.columns, resource.title)
    header = CalamineWorkbook.from_path(str(empty)).get_sheet_by_index(0).to_python()[0]
    assert set(row) | {"作废"} == set(header)
    cells = "".join(f'<c t="inlineStr"><is><t>{escape(row.get(title, ""))}</t></is></c>' for title in header)
    with zipfile.ZipFile(empty) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = re.sub(rb"</row>\s*</sheetData>", f'</row><row r="2">{cells}</row></sheetData>'.encode(), data)
            target.writestr(name, data)
    return path


def past_of(model) -> list[object]:
    """The old versions of a model's rows, oldest first."""
    return list(apps.get_model(model._meta.app_label, f"{model.__name__}Event").objects.order_by("pgh_id"))


@pytest.mark.parametrize("kind", FILLED)
class TestEveryKind:
    def test_loads_its_template_filled_in(self, city, kind, tmp_path):
        imp = city.load(kind, filled_in(kind, FILLED[kind][0], tmp_path / "filled.xlsx"))
        assert (imp.state, imp.new, imp.refused, imp.report["errors"]) == ("CONFIRMED", 1, 0, [])
        assert imp.report["unknown"] == []
        stored = intake.kind_of(kind).model.objects.get(source=imp)
        assert stored.source_row == 2
        empty = [
            cell.name
            for cell in intake.kind_of(kind).cells.values()
            if cell.name != "voided" and cell.get_value(stored) in ("", None)
        ]
        assert empty == []

    def test_counts_the_same_rows_as_unchanged_and_writes_nothing(self, city, kind):
        model = intake.kind_of(kind).model
        city.load(kind, [FILLED[kind][0]])
        rows, past = list(model.objects.order_by("pk").values()), past_of(model)
        again = city.load(kind, [FILLED[kind][0]])
        assert (again.new, again.changed, again.unchanged) == (0, 0, 1)
        assert list(model.objects.order_by("pk").values()) == rows
        assert past_of(model) == past

    def test_keeps_every_earlier_version_of_a_changed_row(self, city, kind):
        row, (header, field, values) = FILLED[kind]
        model = intake.kind_of(kind).model
        before = len(past_of(model))
        loaded = [city.load(kind, [row | {header: value}]) for value in values]
        assert [(imp.new, imp.changed) for imp in loaded] == [(1, 0), (0, 1), (0, 1)]
        current = model.objects.get(source=loaded[-1])
        versions = [*past_of(model)[before:], current]
        typed = (
            intake.kind_of(kind).cells[next(n for n, c in intake.kind_of(kind).cells.items() if c.column_name == header)].value
        )
        shown = [getattr(version, field) for version in versions]
        shown = [value.reveal() if hasattr(value, "reveal") else value for value in shown]
        shown = [localtime(value).replace(tzinfo=None) if isinstance(value, datetime) else value for value in shown]
        assert shown == [typed(value) for value in values]
        assert [version.source_id for version in versions] == [imp.pk for imp in loaded]


@pytest.mark.parametrize("kind", ["regions", "enterprises", "contributions", "persons", "training-subsidies"])
class TestVoidedRow:
    def test_stays_readable_and_comes_back_only_when_asked(self, city, kind):
        row = FILLED[kind][0]
        model = intake.kind_of(kind).model
        city.load(kind, [row])
        voided = city.load(kind, [row | {"作废": "是"}])
        assert voided.changed == 1
        assert model.objects.get(source=voided).voided
        silent = city.check(kind, [row], settings={"again": "yes"})
        assert (silent.unchanged, silent.warned) == (1, 1)
        assert "此前已作废" in silent.report["warnings"][0][4]
        back = city.load(kind, [row | {"作废": "否"}])
        assert not model.objects.get(source=back).voided


class TestKinds:
    def test_are_all_filled_in_above(self):
        assert set(intake.kinds()) == set(FILLED)

    def test_have_room_for_every_amount_that_their_cells_take(self):
        cells = [cell for resource in intake.kinds().values() for cell in resource.cells.values()]
        amounts = [cell for cell in cells if isinstance(cell.model_field, models.DecimalField)]
        assert {cell.value.clean("999999999999.99") for cell in amounts} == {"999999999999.99"}
        for cell in amounts:
            with pytest.raises(BadValue):
                cell.value.clean(f"1{'0' * (cell.model_field.max_digits - cell.model_field.decimal_places)}")
            with pytest.raises(BadValue):
                cell.value.clean(f"0.{'0' * cell.model_field.decimal_places}1")

    def test_stored_day_is_the_day_written(self, city):
        city.load("contributions", [FILLED["contributions"][0]])
        stored = intake.kind_of("contributions").model.objects.get()
        assert (stored.month, stored.arrived_on, stored.line) == (date(2023, 1, 1), date(2023, 2, 1), "007")
