"""More cases: dispatch units, lists and registration, the platform's answers, accounts, phones, places."""

from random import Random

from samples.city import names
from samples.city.cases import Build, case, insured, unlisted
from samples.city.unit import Unit, yuan

# 劳务派遣单位：须自主申请

_HOSTS = (("企业", "云帆机械有限公司"), ("社会团体", "云帆商会"), ("机关事业单位", "云帆事务服务中心"))


def dispatch_unit(unit: Unit, hosts: tuple[tuple[str, int], ...], workers: int = 60) -> None:
    """A dispatch unit with so many own employees, and hosts of a kind with so many workers each."""
    unit.dispatch, unit.industry, unit.answer = "是", "7263", "自主申请"
    unit.name = names.unit_name(unit.number, "人力资源")
    unit.account = (unit.name, *unit.account[1:])
    insured(unit, workers + sum(count for _, count in hosts))
    for place, (kind, count) in enumerate(hosts):
        paid = 12 * count * unit.wage
        number = 8_000_000 + unit.number * 7 + place
        name = f"岚泊市第{unit.number % 10_000}号{dict(_HOSTS)[kind]}"
        registry = {"企业": "91", "社会团体": "51", "机关事业单位": "12"}[kind]
        account = (name, names.bank(unit.region), names.account(number, "14993"))
        unit.hosts.append((unit.uscc, names.uscc(number, registry), name, kind, "2023", str(count), yuan(paid), *account))
        if kind == "机关事业单位":
            unit.public_paid += paid


_BEFORE = ("不合格", "dispatch_applies_itself")


@case("劳务派遣，用工单位都是企业", "应由单位自主申请；各用工单位的部分全额拨付", *_BEFORE, applied="合格")
def _hosts(unit: Unit, rng: Random) -> None:
    dispatch_unit(unit, (("企业", 40), ("企业", 25), ("社会团体", 5)))


WITH_PUBLIC_HOSTS = "劳务派遣，含机关事业单位用工"


@case(WITH_PUBLIC_HOSTS, "派往机关事业单位的部分不返还", *_BEFORE, applied="合格")
def _public_hosts(unit: Unit, rng: Random) -> None:
    dispatch_unit(unit, (("企业", 40), ("机关事业单位", 30)))


@case("劳务派遣，机关事业单位部分缴费不详", "申请后基数仍不详", *_BEFORE, applied="信息不全")
def _public_unknown(unit: Unit, rng: Random) -> None:
    dispatch_unit(unit, (("企业", 40), ("机关事业单位", 30)))
    unit.hosts = [(*row[:6], "", *row[7:]) if row[3] == "机关事业单位" else row for row in unit.hosts]
    unit.public_paid = 0


@case("劳务派遣，未报用工明细", "不知有无派往机关事业单位，基数不详；填报以前门户不收申请", *_BEFORE, applied="信息不全")
def _hosts_unknown(unit: Unit, rng: Random) -> None:
    dispatch_unit(unit, ())
    unit.answer = "不答"


@case("劳务派遣，不申请", "告知后不申请，期满视为放弃", *_BEFORE, applied="合格")
def _no_application(unit: Unit, rng: Random) -> None:
    dispatch_unit(unit, (("企业", 40),))
    unit.answer = "不答"


# 登记状态与信用名单


def _registered(word: str) -> Build:
    return lambda unit, rng: setattr(unit, "registration", word)


for _word in ("注销", "吊销", "经营异常", "破产清算"):
    case(f"登记状态：{_word}", "名册所载登记状态", "不合格", "registration")(_registered(_word))

_LISTS = (
    ("严重失信", "不合格", "credit", "2023-09-14", ""), ("严重失信", "合格", "", "2022-03-01", "2024-03-01"),
    ("失信被执行人", "合格", "", "2023-11-02", ""), ("拖欠农民工工资", "合格", "", "2024-01-20", ""),
    ("经营异常", "不合格", "registration", "2023-07-06", ""), ("经营异常", "合格", "", "2023-07-06", "2023-12-29"),
    ("吊销", "不合格", "registration", "2024-02-19", ""), ("拟注销", "合格", "", "2024-04-30", ""),
)  # fmt: skip


def _listed(word: str, listed: str, removed: str) -> Build:
    return lambda unit, rng: unit.credit.append((word, "示例信用平台", listed, removed, f"示列〔{listed[:4]}〕{unit.number}号"))


for _word, _outcome, _codes, _from, _until in _LISTS:
    _about = "已移出，不再影响" if _until else "山西不以此为限，仅提示" if _outcome == "合格" else "列入期间不予返还"
    case(f"信用名单：{_word}{'已移出' if _until else ''}", _about, _outcome, _codes)(_listed(_word, _from, _until))


# 共享平台的应答


def _on_platform(*records: tuple[str, str, str]) -> Build:
    return lambda unit, rng: unit.platform.extend(records)


_PLATFORM = (
    ("平台：筛查时已列入", "筛查后核验命中，暂缓，不发通知", ("严重失信", "2024-02-20", ""), "暂缓，不通知"),
    ("平台：筛查时列入、六月移出", "六月十四日移出，再核验后可通知", ("严重失信", "2024-03-01", "2024-06-14"), "移出后可通知"),
    ("平台：通知之后列入", "七月二日列入，审核当日命中，只暂缓本户", ("严重失信", "2024-07-02", ""), "暂缓于审核"),
    ("平台：公示期间列入", "七月十二日列入，拨付前命中，只暂缓本户", ("严重失信", "2024-07-12", ""), "暂缓于拨付"),
    ("平台：审核时列入、拨付前移出", "六月二十日列入，七月十日移出", ("严重失信", "2024-06-20", "2024-07-10"), "暂缓后解除"),
    ("平台：列入不限返还的名单", "失信被执行人在山西不影响", ("失信被执行人", "2024-01-05", ""), ""),
    ("平台：经营异常", "七月三日列入经营异常名录", ("经营异常", "2024-07-03", ""), "暂缓于审核"),
)  # fmt: skip
for _word, _about, _record, _then in _PLATFORM:
    case(_word, _about, then=_then)(_on_platform(_record))


@case("平台不应答", "平台没有应答不等于没有列入：由人工核验", then="暂缓，人工核验")
def _silent(unit: Unit, rng: Random) -> None:
    unit.silent = True


# 账户与电话


@case("小型无对公账户有缴费账户", "拨付至缴费账户", then="缴费账户")
def _tax_account(unit: Unit, rng: Random) -> None:
    unit.account = ("", "", "")


@case("微型无对公账户有缴费账户", "按办法从业 4 人为微型，拨付至缴费账户", then="缴费账户")
def _tax_account_micro(unit: Unit, rng: Random) -> None:
    unlisted(unit, "5112", "4", "300.00")
    insured(unit, 4)
    unit.account = ("", "", "")


@case("中型无对公账户", "中型不能拨付至缴费账户，暂缓", then="账户暂缓")
def _medium(unit: Unit, rng: Random) -> None:
    unit.statistics, unit.account = "中型", ("", "", "")


@case("规模不详无对公账户", "只知是中小微，不知是否小微，由人核定", then="账户暂缓")
def _class_unknown(unit: Unit, rng: Random) -> None:
    unlisted(unit)
    unit.account = ("", "", "")


@case("没有任何账户", "对公账户与缴费账户都没有", then="账户暂缓")
def _no_account(unit: Unit, rng: Random) -> None:
    unit.account = unit.tax_account = ("", "", "")


@case("只有法人手机号", "通知发至法定代表人")
def _legal_phone(unit: Unit, rng: Random) -> None:
    unit.phone = ""


@case("没有手机号", "符合条件但无法通知", then="不通知")
def _no_phone(unit: Unit, rng: Random) -> None:
    unit.phone = unit.legal_phone = ""


@case("与另一单位共用手机号", "导入时提醒核对，不影响返还")
def _shared_phone(unit: Unit, rng: Random) -> None:
    unit.phone = names.phone(99_000_000 + unit.number % 2)


@case("放弃", "单位放弃，本年度内仍可申领", then="放弃")
def _declines(unit: Unit, rng: Random) -> None:
    unit.answer = "放弃"


@case("不答复", "逾期未确认，期满视为放弃", then="逾期")
def _overdue(unit: Unit, rng: Random) -> None:
    unit.answer = "不答"


@case("更正账户", "单位请求核对账户", then="更正后确认")
def _corrects(unit: Unit, rng: Random) -> None:
    unit.answer = "更正账户"


@case("退票", "银行退票，更正账户后再付", then="退票")
def _returned(unit: Unit, rng: Random) -> None:
    unit.bank_answer = "退票"


@case("未通知而自主申请", "筛查不合格的单位自主申请，仍不合格", "不合格", "layoff_rate")
def _applies_in_vain(unit: Unit, rng: Random) -> None:
    insured(unit, 50, 9)
    unit.answer = "自主申请"


@case("他市参保", "在沁皋市参保，不在本项目范围", "不在范围", "", "")
def _neighbour(unit: Unit, rng: Random) -> None:
    unit.region = "149201"
    unit.uscc = names.uscc(unit.number, region=names.NEIGHBOUR)
