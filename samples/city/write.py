"""Writes the spreadsheets of the city into a folder, a unit at a time, so that a million units need little memory."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from samples.city import names, places
from samples.city.bad import MISTAKES, OF_WORKERS, TWICE, Mistake, bad_row, bad_worker_row, plan, spoiled, stranger, worker_plan
from samples.city.cases import CASES, PARENTS, ROWS_REFUSED
from samples.city.claims import CLAIM_CASES
from samples.city.files import LONG, Spreadsheet
from samples.city.ordinary import ordinary_unit, plain_unit
from samples.city.standing import WITH_PUBLIC_HOSTS
from samples.city.unit import COLUMNS, MONTHS_2023, MONTHS_2024, Expected, Row, Unit, line, refund_amount, refund_base
from samples.city.worker import (
    AMOUNTS,
    CERTIFICATE_COLUMNS,
    CLAIM_COLUMNS,
    PERSON_COLUMNS,
    TRAINING_COLUMNS,
    Worker,
    ordinary_worker,
    plain_worker,
)

HEADERS: dict[str, Row] = {
    "regions": places.REGION_COLUMNS,
    "workdays": places.WORKDAY_COLUMNS,
    "fund": places.FUND_COLUMNS,
    "enterprises": (
        "统一社会信用代码", "单位编号", "单位名称", "单位类型", "所属法人统一社会信用代码", "劳务派遣", "行业代码", "参保地",
        "登记状态", "从业人员", "营业收入(万元)", "资产总额(万元)", "系统划型", "联系人", "手机号", "法定代表人", "法人手机号",
        "户名", "开户行", "账号", "缴费账户户名", "缴费账户开户行", "缴费账户账号",
    ),
    "contributions": COLUMNS,
    "workforce": ("统一社会信用代码", "年度", "年初人数", "年末人数", "裁员人数", "领取失业金人数", "退休人数", "死亡人数"),
    "size-list": ("统一社会信用代码", "单位名称", "划型", "年度", "来源"),
    "size-2020": ("统一社会信用代码", "划型"),
    "credit-list": ("统一社会信用代码", "单位名称", "名单类型", "来源", "列入日期", "移出日期", "依据"),
    "hosts": (
        "派遣单位统一社会信用代码", "用工单位统一社会信用代码", "用工单位名称", "用工单位类型", "年度", "派遣人数",
        "上年度实缴失业保险费", "户名", "开户行", "账号",
    ),
    "platform": ("统一社会信用代码", "名单类型", "列入日期", "移出日期", "应答"),
    "answers": ("统一社会信用代码", "答复", "银行"),
    "cases": ("统一社会信用代码", "情形", "结论", "原因代码", "申请后结论", "划型", "返还基数", "返还金额", "后续", "说明"),
    "bad_rows": ("表格", "行号", "列", "值", "情形"),
    "persons": PERSON_COLUMNS,
    "certificates": CERTIFICATE_COLUMNS,
    "training-subsidies": TRAINING_COLUMNS,
    "skill-claims": CLAIM_COLUMNS,
    "replies": ("手机号", "内容", "接收时间", "网关消息号"),
    "skill_cases": ("证件号码", "证书编号", "情形", "结论", "原因代码", "须核对", "补贴金额", "后续", "说明"),
}  # fmt: skip
HEADERS["enterprises-2"] = HEADERS["enterprises"]
HEADERS["certificates-2"] = HEADERS["certificates"]
_AS_CSV = ("platform", "answers", "cases", "bad_rows", "skill_cases")  # read by programs
_UNITS_A_REPLY = 40  # that are told and answer by SMS; a word in six is none that accepts or declines
_REPLIES = ("Y", "同意", " ｙ。", "“接受”", "N", "请问何时到账")
_UNITS_A_WORKER = 20  # ordinary ones that one ordinary claimant comes from
_A_UNIT_EACH = ("enterprises", "workforce", "size-list", "size-2020")


def write_city(folder: Path, *, size: int = 2000, seed: int = 2024) -> None:
    """All spreadsheets of a city of `size` units. The same size and seed give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in HEADERS:
        for ending in ("xlsx", "csv"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)
    city = _City(folder, size, Random(seed + 1))
    city.add_places()
    workers = _Workers(size, Random(seed + 2))
    for unit in _units(size, Random(seed)):
        city.add(unit)
        city.add_bad_rows(unit)
        if not unit.case:
            for worker in workers.of(unit):
                city.add_worker(worker)
            city.add_bad_worker_rows(unit)
    city.add_elsewhere()
    for sheet in city.sheets.values():
        sheet.close()


def _units(size: int, rng: Random) -> Iterator[Unit]:
    """The legal entities of the branches, the cases at even distances, plain units between them."""
    long = size <= LONG
    each = max(1, min(40, size // 500))
    special = itertools.chain(
        (_parent(word, rng) for word in ("本市大型", "本市小型", "他市大型")),
        (_special(place, number, rng) for number, place in enumerate(list(range(len(CASES))) * each, 1)),
    )
    count = 3 + len(CASES) * each
    if size < count:
        raise ValueError(f"户数至少为 {count}，才能包含每一种情形；请用更大的 --size。")
    for place in range(size):
        if place * count // size != (place + 1) * count // size:
            yield next(special)
        else:
            yield ordinary_unit(100_000 + place, rng, long=long)


def _special(place: int, number: int, rng: Random) -> Unit:
    case = CASES[place]
    unit = plain_unit(number, rng)
    unit.statistics = unit.recorded = "小型"
    unit.pay_months(MONTHS_2023 + MONTHS_2024, 40)
    unit.leave(0, 40, 40)
    unit.case, unit.about, unit.expected = case.word, case.about, case.expected
    case.build(unit, rng)
    return unit


def _parent(word: str, rng: Random) -> Unit:
    """A legal entity that branches belong to."""
    unit = plain_unit(PARENTS[word], rng)
    unit.statistics = "小型" if word == "本市小型" else "大型"
    unit.pay_months(MONTHS_2023 + MONTHS_2024, 30 if word == "本市小型" else 500)
    unit.leave(0, 30, 30)
    unit.case, unit.about = f"法人单位（{word}）", "分支机构的法人"
    unit.expected = Expected(size="中小微" if word == "本市小型" else "大型")
    if word == "他市大型":
        unit.region, unit.uscc = "149201", names.uscc(PARENTS[word], region=names.NEIGHBOUR)
        unit.lines = [(unit.uscc, *row[1:]) for row in unit.lines]
        unit.expected = Expected("不在范围", "", "")
    return unit


class _Workers:
    """Who claims: the cases at even distances among the ordinary units, plain claimants between them."""

    def __init__(self, size: int, rng: Random) -> None:
        self._rng, self._units = rng, 0
        each = max(1, min(40, size // 500))
        ordinary = size - 3 - len(CASES) * each
        self._cases = list(range(len(CLAIM_CASES))) * each
        self._gap = max(1, ordinary // len(self._cases))

    def of(self, unit: Unit) -> Iterator[Worker]:
        """The claimants of one ordinary unit, if it has any."""
        self._units += 1
        if self._units % self._gap == 0 and self._cases:
            yield self._special(self._cases.pop(0), unit)
        if self._units % _UNITS_A_WORKER == 0:
            yield ordinary_worker(100_000 + self._units, unit, self._rng)

    def _special(self, place: int, unit: Unit) -> Worker:
        case = CLAIM_CASES[place]
        worker = plain_worker(self._units, unit, self._rng)
        worker.case, worker.about = case.word, case.about
        case.build(worker, self._rng)
        return worker


class _City:
    """The spreadsheets being written."""

    def __init__(self, folder: Path, size: int, rng: Random) -> None:
        long = {name: size > LONG and name in _A_UNIT_EACH for name in HEADERS}
        long |= dict.fromkeys(_AS_CSV, True) | {"contributions": size * 17 > LONG}
        long |= dict.fromkeys(OF_WORKERS, size // _UNITS_A_WORKER > LONG // 2)
        long |= {"replies": size // _UNITS_A_REPLY > LONG // 2}
        self.sheets = {name: Spreadsheet(folder, name, header, long=long[name]) for name, header in HEADERS.items()}
        self._rng = rng
        self._plan = plan(max(1, min(20, size // 500)))
        self._gap = max(1, size // (len(self._plan) + 1))
        self._units = self._replies = 0
        self._worker_plan = worker_plan(max(1, min(20, size // 500)))

    def add_places(self) -> None:
        """The tables that name no unit, each with a bad row."""
        for name, rows in (("regions", places.regions()), ("workdays", places.workdays()), ("fund", places.fund())):
            row: Row = ()
            for row in rows:
                self._add(name, row)
            self._add_bad(name, MISTAKES[name][0], spoiled(row, HEADERS[name], MISTAKES[name][0]))

    def add_elsewhere(self) -> None:
        """A legal entity that only the statistics list names, and one that a later file brings, with its figures."""
        listed = names.uscc(PARENTS["名单中型"])
        self._add("size-list", (listed, names.unit_name(PARENTS["名单中型"], "控股"), "中型", "2023", "示例统计局"))
        self._reply("14300000000", "Y")  # nobody's registered phone
        short = ("1430000000", "Y", "2024-06-25 10:00:00", "MO99999999")
        self._add_bad("replies", MISTAKES["replies"][0], short)
        later = plain_unit(PARENTS["后续大型"], self._rng)
        later.region, later.industry, later.employees, later.revenue = "149201", "6510", "860", "52000.00"
        self._add("enterprises-2", later.registry_row())

    def add_bad_rows(self, unit: Unit) -> None:
        """The next bad row of the plan, after every so many units that are no case; and those that belong to a case."""
        if unit.case == ROWS_REFUSED:
            for arrived in ("2023-09-20", "2023-09-20"):
                self._add_bad("contributions", TWICE, line(unit.uscc, "202309", 40, unit.wage, 到账日期=arrived))
        if unit.case == WITH_PUBLIC_HOSTS:
            other = (*unit.hosts[-1][:1], names.uscc(9_700_000 + unit.number), *unit.hosts[-1][2:])
            self._add_bad("hosts", MISTAKES["hosts"][0], spoiled(other, HEADERS["hosts"], MISTAKES["hosts"][0]))
        self._units += 1
        if unit.case or not self._plan or self._units < self._gap:
            return
        self._units = 0
        table, mistake = self._plan.pop()
        nobody = stranger(9_500_000 + len(self._plan), self._rng)
        row = bad_row(table, HEADERS[table], mistake, unit, nobody)
        for _ in range(2 if mistake is TWICE else 1):
            self._add_bad(table, mistake, row)

    def add_worker(self, worker: Worker) -> None:
        """Everything that is said of one worker, and what is to come out for each claim."""
        rows = {
            "persons": [worker.person_row()] if worker.known else [], "certificates": worker.certificates,
            "certificates-2": worker.later, "training-subsidies": worker.trainings, "skill-claims": worker.claims,
        }  # fmt: skip
        for table, theirs in rows.items():
            for row in theirs:
                self._add(table, row)
        for (id_number, _, number, *_), grade, answer in worker.expected if worker.case else ():
            amount = f"{AMOUNTS[grade]}.00" if answer.outcome == "合格" else ""
            cells = (worker.case, answer.outcome, answer.codes, answer.flags, amount, answer.then, worker.about)
            self._add("skill_cases", (id_number, number, *cells))

    def add_bad_worker_rows(self, unit: Unit) -> None:
        """The next bad row of the workers' plan."""
        if not self._worker_plan:
            return
        table, mistake = self._worker_plan.pop()
        nobody = plain_worker(9_000_000 + len(self._worker_plan), unit, self._rng)
        row = bad_worker_row(table, HEADERS[table], mistake, nobody)
        for _ in range(2 if mistake is TWICE else 1):
            self._add_bad(table, mistake, row)

    def _add_bad(self, table: str, mistake: Mistake, row: Row) -> None:
        value = row[HEADERS[table].index(mistake.column)] if mistake.column else ""
        number = self._add(table, row)
        self._add("bad_rows", (table, str(number), mistake.column, value, mistake.what))

    def add(self, unit: Unit) -> None:
        """Everything that is said of one unit."""
        code, add = unit.uscc, self._add
        add("enterprises", unit.registry_row())
        for row in unit.lines:
            add("contributions", (code, *row[1:]))
        if unit.workforce:
            add("workforce", (code, "2023", *unit.workforce))
        if unit.statistics:
            add("size-list", (code, unit.name, unit.statistics, "2023", "示例统计局"))
        if unit.size_2020:
            add("size-2020", (code, unit.size_2020))
        for kind, origin, listed, removed, basis in unit.credit:
            add("credit-list", (code, unit.name, kind, origin, listed, removed, basis))
        for host in unit.hosts:
            add("hosts", (code, *host[1:]))
        for kind, listed, removed in unit.platform:
            add("platform", (code, kind, listed, removed, "正常"))
        if unit.silent:
            add("platform", (code, "", "", "", "无应答"))
        add("answers", (code, unit.answer, unit.bank_answer))
        if not unit.case and unit.number % _UNITS_A_REPLY == 0:
            self._reply(unit.phone, _REPLIES[unit.number // _UNITS_A_REPLY % len(_REPLIES)])
        if unit.case:
            self._expect(unit)

    def _reply(self, phone: str, text: str) -> None:
        """What a phone answers to the offers of the made-up year, at one of the moments after them."""
        self._replies += 1
        minute = self._replies % 60
        self._add("replies", (phone, text, f"2024-06-25 09:{minute:02}:00", f"MO{self._replies:08}"))

    def _add(self, name: str, row: Sequence[str]) -> int:
        return self.sheets[name].add(row)

    def _expect(self, unit: Unit) -> None:
        """Its line of cases.csv."""
        expected = unit.expected
        base = refund_base(unit)
        eligible = "合格" in (expected.outcome, expected.applied)
        amount = refund_amount(unit) if eligible else None
        figures = ("" if base is None else f"{base:.2f}", "" if amount is None else f"{amount:.2f}")
        self._add(
            "cases",
            (unit.uscc, unit.case, expected.outcome, expected.codes, expected.applied, expected.size, *figures, expected.then,
             unit.about),
        )  # fmt: skip
