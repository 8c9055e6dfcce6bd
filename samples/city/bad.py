"""Rows with mistakes, as people make them; each is refused for the reason that stands beside it in bad_rows.csv.

They stand among the good rows and change nothing for any good unit: a bad row of 参保单位名册 is a unit that does not
exist otherwise, a bad line of 缴费明细 is one too many.
"""

from dataclasses import dataclass
from random import Random

from samples.city import names
from samples.city.ordinary import plain_unit
from samples.city.unit import Row, Unit, line
from samples.city.worker import Worker


@dataclass(frozen=True)
class Mistake:
    """Cells of a row that are replaced, by header; `column`: where the error has to be shown; `what` is wrong."""

    what: str
    column: str
    cells: dict[str, str]


MISTAKES: dict[str, tuple[Mistake, ...]] = {}
MISTAKES["enterprises"] = (
    Mistake("校验码不符", "统一社会信用代码", {"统一社会信用代码": "+"}),
    Mistake("少一位", "统一社会信用代码", {"统一社会信用代码": "-"}),
    Mistake("没有名称", "单位名称", {"单位名称": ""}),
    Mistake("类型不在选项中", "单位类型", {"单位类型": "有限公司"}),
    Mistake("分支机构没有法人", "所属法人统一社会信用代码", {"单位类型": "分支机构"}),
    Mistake("没有这个行政区划", "参保地", {"参保地": "149999"}),
    Mistake("行政区划少一位", "参保地", {"参保地": "14910"}),
    Mistake("手机号少一位", "手机号", {"手机号": "1420000000"}),
    Mistake("账号成了科学计数", "账号", {"账号": "1.49911E+18"}),
    Mistake("从业人员不是数字", "从业人员", {"从业人员": "约300人"}),
    Mistake("营业收入为负", "营业收入(万元)", {"营业收入(万元)": "-12.50"}),
    Mistake("行业门类与代码不符", "行业代码", {"行业代码": "C5112"}),
    Mistake("登记状态不在选项中", "登记状态", {"登记状态": "在营"}),
    Mistake("是否填错", "劳务派遣", {"劳务派遣": "有"}),
)
MISTAKES["contributions"] = (
    Mistake("名册中没有", "统一社会信用代码", {"统一社会信用代码": names.uscc(9_999_999)}),
    Mistake("没有这个月", "费款所属期", {"费款所属期": "202313"}),
    Mistake("没有人数", "缴费人数", {"缴费人数": ""}),
    Mistake("人数有小数", "缴费人数", {"缴费人数": "40.5"}),
    Mistake("三位小数", "单位实缴", {"单位实缴": "1400.005"}),
    Mistake("金额为负", "个人实缴", {"个人实缴": "-600.00"}),
    Mistake("没有实缴", "单位实缴", {"单位实缴": ""}),
    Mistake("类型不在选项中", "缴费类型", {"缴费类型": "预缴"}),
    Mistake("没有这一天", "到账日期", {"到账日期": "2023-02-30"}),
    Mistake("到账在将来", "到账日期", {"到账日期": "2025-01-08"}),
    Mistake("百分数", "滞纳金", {"滞纳金": "5%"}),
)
MISTAKES["workforce"] = (
    Mistake("人数不是数字", "裁员人数", {"裁员人数": "无"}),
    Mistake("年度不合理", "年度", {"年度": "23"}),
    Mistake("名册中没有", "统一社会信用代码", {"统一社会信用代码": names.uscc(9_999_998)}),
)
MISTAKES["size-list"] = (
    Mistake("划型不在选项中", "划型", {"划型": "超大型"}),
    Mistake("校验码不符", "统一社会信用代码", {"统一社会信用代码": "+"}),
)
MISTAKES["credit-list"] = (
    Mistake("名单类型不在选项中", "名单类型", {"名单类型": "黑名单"}),
    Mistake("没有这一天", "列入日期", {"列入日期": "2023-11-31"}),
)
MISTAKES["size-2020"] = (Mistake("划型不在选项中", "划型", {"划型": "小规模"}),)
MISTAKES["hosts"] = (Mistake("类型不在选项中", "用工单位类型", {"用工单位类型": "外企"}),)
MISTAKES["regions"] = (Mistake("代码少一位", "代码", {"代码": "14910"}),)
MISTAKES["workdays"] = (Mistake("没有这一天", "日期", {"日期": "2024-02-30"}),)
MISTAKES["fund"] = (Mistake("没有这个月", "年月", {"年月": "202313"}),)
MISTAKES["persons"] = (
    Mistake("校验码不符", "证件号码", {"证件号码": "+"}),
    Mistake("少一位", "证件号码", {"证件号码": "-"}),
    Mistake("没有姓名", "姓名", {"姓名": ""}),
    Mistake("名册中没有", "单位统一社会信用代码", {"单位统一社会信用代码": names.uscc(9_999_997)}),
    Mistake("状态不在选项中", "参保状态", {"参保状态": "正常参保"}),
    Mistake("月数有小数", "累计缴费月数", {"累计缴费月数": "12.5"}),
    Mistake("截至在将来", "截至年月", {"截至年月": "202412"}),
    Mistake("账号成了科学计数", "社保卡账号", {"社保卡账号": "1.49941E+18"}),
)
MISTAKES["certificates"] = (
    Mistake("没有编号", "证书编号", {"证书编号": ""}),
    Mistake("等级不在选项中", "等级", {"等级": "高级工"}),
    Mistake("发证在将来", "发证日期", {"发证日期": "2025-01-08"}),
)
MISTAKES["training-subsidies"] = (
    Mistake("校验码不符", "证件号码", {"证件号码": "+"}),
    Mistake("金额为负", "金额", {"金额": "-800.00"}),
    Mistake("没有这一天", "发放日期", {"发放日期": "2024-02-30"}),
)
MISTAKES["skill-claims"] = (
    Mistake("没有申请日期", "申请日期", {"申请日期": ""}),
    Mistake("申请在将来", "申请日期", {"申请日期": "2025-01-08"}),
    Mistake("校验码不符", "证件号码", {"证件号码": "+"}),
    Mistake("手机号少一位", "手机号", {"手机号": "1435000000"}),
)
MISTAKES["replies"] = (Mistake("手机号少一位", "手机号", {"手机号": "1430000000"}),)
TWICE = Mistake("同一关键字两行", "", {})
OF_WORKERS = ("persons", "certificates", "training-subsidies", "skill-claims")

_HEADCOUNTS = ("40", "40", "0", "0", "0", "0")


def spoiled(row: Row, header: tuple[str, ...], mistake: Mistake) -> Row:
    """A row with the mistake; "+" and "-" stand for a code with a wrong check character, or a character too few."""
    cells = list(row)
    for title, cell in mistake.cells.items():
        place = header.index(title)
        code = cells[place]
        wrong = code[:17] + ("0" if code[17:] != "0" else "1")
        cells[place] = {"+": wrong, "-": code[:-1]}.get(cell, cell)
    return tuple(cells)


def bad_row(table: str, header: Row, mistake: Mistake, unit: Unit, stranger: Unit) -> Row:
    """One more row of a table, spoiled: of a `unit` that is on record, or of a `stranger` that no other row names."""
    rows: dict[str, Row] = {
        "enterprises": stranger.registry_row(),
        "contributions": line(unit.uscc, "202312", 40, 5000, 缴费类型="补缴", 到账日期="2023-12-28", 明细号="ERR"),
        "workforce": (unit.uscc, "2022", *_HEADCOUNTS),
        "size-list": (stranger.uscc, stranger.name, "小型", "2023", "示例统计局"),
        "size-2020": (stranger.uscc, "小型"),
        "credit-list": (unit.uscc, unit.name, "严重失信", "示例信用平台", "2023-10-10", "", "示列〔2023〕错行"),
    }
    return spoiled(rows[table], header, mistake)


def stranger(number: int, rng: Random) -> Unit:
    """A unit that stands in one bad row and nowhere else."""
    unit = plain_unit(number, rng)
    unit.employees, unit.revenue = "12", "80.50"
    return unit


def plan(each: int) -> list[tuple[str, Mistake]]:
    """(table, mistake) of the bad rows that stand among the units' rows, `each` of every kind."""
    tables = ("enterprises", "contributions", "workforce", "size-list", "size-2020", "credit-list")
    once = [(table, mistake) for table in tables for mistake in MISTAKES[table]]
    return [*once, ("enterprises", TWICE)] * each


def worker_plan(each: int) -> list[tuple[str, Mistake]]:
    """The same for the rows of workers."""
    once = [(table, mistake) for table in OF_WORKERS for mistake in MISTAKES[table]]
    return [*once, ("persons", TWICE), ("skill-claims", TWICE)] * each


def bad_worker_row(table: str, header: Row, mistake: Mistake, worker: Worker) -> Row:
    """One more row of a table, spoiled, of a worker that no other row names."""
    number = worker.certify("四级")
    worker.train("五级", 2)
    worker.claim(number)
    rows = (worker.person_row(), worker.certificates[0], worker.trainings[0], worker.claims[0])
    return spoiled(dict(zip(OF_WORKERS, rows, strict=True))[table], header, mistake)
