"""The claims worth showing, each with what is to come out. Notice 山西, decided on 2024-07-09 under its default choices.

A builder changes a plain worker: employed, insured for years, everything known, no training subsidy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from samples.city import names
from samples.city.worker import Answer, Build, Worker


@dataclass(frozen=True)
class ClaimCase:
    """One case: its word, what it shows, how a plain worker becomes one."""

    word: str
    about: str
    build: Build


CLAIM_CASES: list[ClaimCase] = []


def case(word: str, about: str) -> Callable[[Build], Build]:
    """Registers the builder below it."""

    def register(build: Build) -> Build:
        CLAIM_CASES.append(ClaimCase(word, about, build))
        return build

    return register


def refused(codes: str) -> Answer:
    return Answer("不合格", codes)


def unknown(codes: str, flags: str = "", then: str = "") -> Answer:
    return Answer("信息不全", codes, flags, then)


def _one(answer: Answer | None = None, grade: str = "四级", on: str = "2024-06-05", **paper: str) -> Build:
    """One claim for one certificate."""
    return lambda worker, rng: worker.claim(worker.certify(grade, **paper), on, answer)


# 对象与参保


def _insured(status: str = "在职", months: str = "50", until: str = "202406", unit: bool = True) -> Callable[[Worker], None]:
    def change(worker: Worker) -> None:
        worker.status, worker.months, worker.until, worker.first = status, months, until, "202001"
        worker.unit = worker.unit if unit else ""

    return change


_STANDINGS: tuple[tuple[str, str, Callable[[Worker], None], str, Answer | None], ...] = (
    ("领取失业保险金", "缴费不足十二个月也可申领", _insured("领取失业保险金", "8"), "2024-06-05", None),
    ("领取失业保险金，无单位", "没有单位的，随导入地区", _insured("领取失业保险金", "20", unit=False), "2024-06-05", None),
    ("停保", "既不在职，也不领取失业保险金", _insured("停保"), "2024-06-05", refused("status_covered")),
    ("参保状态不详", "缴费已满十二个月，状态不明", _insured(""), "2024-06-05", unknown("status_covered")),
    ("累计缴费12个月", "正好十二个月", _insured(months="12"), "2024-06-05", None),
    ("累计缴费11个月", "差一个月", _insured(months="11"), "2024-06-05", refused("insured_long_enough")),
    ("缴费记录早两个月，10个月", "其后两个月是否缴费不明", _insured(months="10", until="202404"), "2024-06-05",
     unknown("insured_long_enough")),
    ("缴费记录早两个月，9个月", "其后两个月都缴也不足", _insured(months="9", until="202404"), "2024-06-05",
     refused("insured_long_enough")),
    ("缴费记录晚一个月，13个月", "申请当月至少十二个月", _insured(months="13"), "2024-05-20", None),
    ("缴费记录晚一个月，12个月", "申请当月十一或十二个月", _insured(months="12"), "2024-05-20", unknown("insured_long_enough")),
    ("累计缴费月数不详", "空不是零", _insured(months="", until=""), "2024-06-05", unknown("insured_long_enough")),
)  # fmt: skip


def _standing(change: Callable[[Worker], None], on: str, answer: Answer | None) -> Build:
    def build(worker: Worker, rng: Random) -> None:
        change(worker)
        worker.claim(worker.certify("四级"), on, answer)

    return build


for _word, _about, _change, _on, _answer in _STANDINGS:
    case(_word, _about)(_standing(_change, _on, _answer))


@case("参保人员中没有", "不在册的人，一概不推定")
def _stranger(worker: Worker, rng: Random) -> None:
    worker.known = False
    worker.claim(worker.certify("四级"), answer=unknown("status_covered;insured_long_enough"))


# 证书

_PAPERS = (
    ("五级证书", "一千元", _one(grade="五级")), ("三级证书", "两千元", _one(grade="三级")),
    ("二级证书", "没有补贴标准", _one(refused("grade_covered"), "二级")),
    ("一级证书", "没有补贴标准", _one(refused("grade_covered"), "一级")),
    ("证书注销", "已注销", _one(refused("certificate_valid"), 状态="注销")),
    ("联网查询不一致", "查询结果与证书不一致", _one(refused("certificate_valid"), 联网查询结果="不一致")),
    ("专项职业能力证书", "不是两种证书之一", _one(refused("certificate_valid"), 证书类型="专项职业能力证书")),
    ("证书状态不详", "状态、查询结果都没有", _one(unknown("certificate_valid"), 状态="", 联网查询结果="", 查询日期="")),
    ("未查询而状态有效", "山西不要求联网查询", _one(联网查询结果="", 查询日期="")),
    ("发证超过十二个月", "山西没有申领期限", _one(issued="2022-09-01")),
)  # fmt: skip
for _word, _about, _build in _PAPERS:
    case(_word, _about)(_build)


@case("等级后来补全", "等级不详，后续文件补上后由复审人员核实通过")
def _grade_later(worker: Worker, rng: Random) -> None:
    worker.later.append(worker.certificate("四级"))
    worker.claim(worker.certify(""), answer=unknown("grade_covered", then="补全后合格"))


@case("证书不在册", "证书库中没有这个编号")
def _no_paper(worker: Worker, rng: Random) -> None:
    worker.claim(f"X1491{worker.number:07d}99", answer=unknown("certificate_valid;grade_covered"))


@case("证书在他人名下", "编号对应另一证件号码，不得冒领")
def _of_another(worker: Worker, rng: Random) -> None:
    other = names.citizen("149101", 7_000_000 + worker.number)
    number = worker.certify("四级", 证件号码=other, 姓名="周庚寅")
    worker.claim(number, answer=unknown("certificate_valid;grade_covered", "OTHER_HOLDER"))


@case("姓名不一致", "申请与参保登记的姓名不同，须人核对")
def _other_name(worker: Worker, rng: Random) -> None:
    worker.name = "吴戊辰"
    number = worker.certify("四级")
    worker.claim(number, answer=Answer(flags="NAME_DIFFERS", then="人工核实"), 姓名="吴戍辰")


# 期限


@case("期前一日", "2023 年 12 月 31 日申请")
def _before(worker: Worker, rng: Random) -> None:
    worker.claim(worker.certify("四级", issued="2023-11-20"), "2023-12-31", refused("within_period"))


@case("期首日", "2024 年 1 月 1 日申请")
def _first_day(worker: Worker, rng: Random) -> None:
    worker.months = "50"
    worker.claim(worker.certify("四级", issued="2023-11-20"), "2024-01-01")


# 次数与等级


@case("一年第四次", "一年最多三次，按申请日期先后")
def _fourth(worker: Worker, rng: Random) -> None:
    for trade in range(4):
        answer = refused("yearly_limit") if trade == 3 else None
        worker.claim(worker.certify("五级", trade), f"2024-0{trade + 3}-11", answer)


@case("申请先后与行次不同", "后列的行先申请")
def _rows_backwards(worker: Worker, rng: Random) -> None:
    worker.claim(worker.certify("四级"), "2024-06-11", refused("once_per_grade"))
    worker.claim(worker.certify("四级"), "2024-05-11")


@case("同一职业同一等级两次", "只享受一次")
def _twice(worker: Worker, rng: Random) -> None:
    worker.claim(worker.certify("四级"), "2024-05-11")
    worker.claim(worker.certify("四级"), "2024-06-11", refused("once_per_grade"))


@case("先高级后低级", "享受高级后不再享受低级")
def _downwards(worker: Worker, rng: Random) -> None:
    worker.claim(worker.certify("三级"), "2024-05-11")
    worker.claim(worker.certify("四级"), "2024-06-11", refused("not_below_received"))


@case("先低级后高级", "两次都享受")
def _upwards(worker: Worker, rng: Random) -> None:
    worker.claim(worker.certify("四级"), "2024-05-11")
    worker.claim(worker.certify("三级"), "2024-06-11")


@case("更早的申请待核实", "前一件待核实，后一件随之由人核对")
def _behind(worker: Worker, rng: Random) -> None:
    worker.claim(worker.certify(""), "2024-05-11", unknown("grade_covered"))
    worker.claim(worker.certify("四级", 1), "2024-06-11", Answer(flags="EARLIER_OPEN"))


# 职业培训补贴


@case("培训补贴同一等级", "同一职业（工种）同一等级不得重复")
def _trained(worker: Worker, rng: Random) -> None:
    worker.train("四级")
    worker.claim(worker.certify("四级"), answer=refused("not_with_training_subsidy"))


@case("培训补贴另一等级", "等级不同，不算重复")
def _trained_lower(worker: Worker, rng: Random) -> None:
    worker.train("五级")
    worker.claim(worker.certify("四级"))


@case("培训补贴申请之后", "申请在先，培训补贴在后，由后享受的退回")
def _trained_later(worker: Worker, rng: Random) -> None:
    worker.train("四级", paid="2024-06-20")
    worker.claim(worker.certify("四级"))


@case("培训补贴等级不详", "可能重复，须人核实")
def _trained_unknown(worker: Worker, rng: Random) -> None:
    worker.train("")
    worker.claim(worker.certify("四级"), answer=unknown("not_with_training_subsidy"))


# 姓名、社保卡与拨付


@case("两字姓名", "公示时只留姓")
def _short_name(worker: Worker, rng: Random) -> None:
    worker.name = "郑寅"
    worker.claim(worker.certify("四级"))


@case("同名同姓", "公示名单上各占一行")
def _same_name(worker: Worker, rng: Random) -> None:
    worker.name = "王丙午"
    worker.claim(worker.certify("四级"))


@case("没有社保卡", "公示不受影响，拨付前须补账户")
def _no_card(worker: Worker, rng: Random) -> None:
    worker.bank = worker.card = ""
    worker.claim(worker.certify("四级"), answer=Answer(then="账户暂缓"))


@case("社保卡退票", "银行退票，更正后再付")
def _returned(worker: Worker, rng: Random) -> None:
    worker.claim(worker.certify("四级"), answer=Answer(then="退票"))


@case("单位代办", "由单位代为申请")
def _agent(worker: Worker, rng: Random) -> None:
    worker.claim(worker.certify("四级"), 代办单位统一社会信用代码=worker.unit)


@case("劳务派遣用工", "用工形式不影响")
def _dispatched(worker: Worker, rng: Random) -> None:
    worker.employment = "派遣"
    worker.claim(worker.certify("四级"))
