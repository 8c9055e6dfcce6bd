"""Published amounts computed again from the spreadsheets alone. Imports nothing of this project: run with `python -I`.

    python -I samples/recompute.py FOLDER < {"refunds": {"统一社会信用代码": "金额", ...}, "claims": {"证书编号": "金额", ...}}

Written from 晋人社厅发〔2024〕28号 二, 人社部发〔2024〕40号 二 and 三, and the 2017 size standard (大型 limits only). Exit 1 and
a line for each amount that differs, or claim beyond its limit.
"""

import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from python_calamine import CalamineWorkbook

CODE = "统一社会信用代码"
KEYS = {CODE, "证书编号"}  # one of them stands in every header row
# Divisions of GB/T 4754-2017 and what makes 大型: 从业人员, 营业收入 (万元), 资产总额 (万元); None = not asked.
LARGE = {
    **dict.fromkeys(range(1, 6), (None, 20000, None)),
    **dict.fromkeys(range(6, 47), (1000, 40000, None)),
    **dict.fromkeys(range(47, 51), (None, 80000, 80000)),
    51: (200, 40000, None), 52: (300, 20000, None), 60: (1000, 30000, None), 61: (300, 10000, None), 62: (300, 10000, None),
    **dict.fromkeys((54, 55, 56, 57, 58), (1000, 30000, None)),
    **dict.fromkeys((63, 64), (2000, 100000, None)), 65: (300, 10000, None),
    **dict.fromkeys((71, 72), (300, None, 120000)),
    **dict.fromkeys((73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 85, 86, 87, 88, 89, 90), (300, None, None)),
}  # fmt: skip
BY_GROUP = {
    "591": (1000, 30000, None), **{f"59{group}": (200, 30000, None) for group in range(2, 10)},
    "701": (None, 200000, 10000), "702": (1000, 5000, None), "703": (300, None, None), "709": (300, None, None),
}  # fmt: skip


def rows(folder: Path, kind: str) -> Iterator[dict[str, str]]:
    """The rows of a kind's files, the later ones last, as texts by header."""
    for path in [*folder.glob(f"{kind}.*"), *sorted(folder.glob(f"{kind}-[0-9].*"))]:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                yield from csv.DictReader(file)
            continue
        for sheet in (book := CalamineWorkbook.from_path(str(path))).sheet_names:
            lines = book.get_sheet_by_name(sheet).to_python()
            head = next((at for at, line in enumerate(lines) if KEYS & {str(cell).strip() for cell in line}), None)
            if head is not None:
                for line in lines[head + 1 :]:
                    yield {str(title).strip(): _text(cell) for title, cell in zip(lines[head], line, strict=True)}


def _text(cell: object) -> str:
    """A cell as its reader would write it: 12, not 12.0."""
    return str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip()


def money(text: str) -> Decimal | None:
    """Yuan; None for what is empty. Raises ValueError for what is no amount."""
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation as wrong:
        raise ValueError(text) from wrong
    if value < 0 or value != value.quantize(Decimal("0.01")):
        raise ValueError(text)
    return value


class City:
    """What the spreadsheets say of the units asked about, and of their legal entities."""

    def __init__(self, folder: Path) -> None:
        self.units = {row[CODE]: row for row in rows(folder, "enterprises") if row["单位名称"]}
        self.listed = {row[CODE]: row["划型"] for row in rows(folder, "size-list")}
        self.lines: dict[str, list[dict[str, str]]] = defaultdict(list)
        keys: Counter[tuple[str, ...]] = Counter()
        good = [row for row in rows(folder, "contributions") if self._is_good(row)]
        for row in good:
            keys[self._key(row)] += 1
        for row in good:
            if keys[self._key(row)] == 1:  # two rows of one key are both refused
                self.lines[row[CODE]].append(row)
        self.public: dict[str, Decimal] = defaultdict(Decimal)
        for host in (row for file in sorted(folder.glob("hosts.*")) for row in self._hosts(file)):
            if host["用工单位类型"] == "机关事业单位" and host["年度"].startswith("2023"):
                self.public[host["派遣单位统一社会信用代码"]] += Decimal(host["上年度实缴失业保险费"] or "0")

    @staticmethod
    def _hosts(path: Path) -> Iterator[dict[str, str]]:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                yield from csv.DictReader(file)
            return
        book = CalamineWorkbook.from_path(str(path))
        for sheet in book.sheet_names:
            lines = [[str(cell).strip() for cell in line] for line in book.get_sheet_by_name(sheet).to_python()]
            head = next((at for at, line in enumerate(lines) if "用工单位类型" in line), None)
            if head is not None:
                yield from (dict(zip(lines[head], line, strict=True)) for line in lines[head + 1 :])

    @staticmethod
    def _key(row: dict[str, str]) -> tuple[str, ...]:
        return (row[CODE], row["费款所属期"], row["缴费类型"] or "正常", row["到账日期"], row["明细号"])

    @staticmethod
    def _is_good(row: dict[str, str]) -> bool:
        """Whether a contribution row can be read at all; what cannot was refused when it was loaded."""
        try:
            month = row["费款所属期"].replace("-", "")
            int(row["缴费人数"])
            paid = [money(row[name]) for name in ("单位实缴", "个人实缴")]
            money(row["滞纳金"])
            if row["到账日期"] and date.fromisoformat(row["到账日期"]) > date(2024, 12, 31):
                return False
            return 1 <= int(month[4:6]) <= 12 and None not in paid and row["缴费类型"] in ("", "正常", "补缴", "退费")
        except ValueError:
            return False

    def base(self, uscc: str) -> Decimal:
        """上年度实际缴纳: arrived in 2023 for 2023 or before, less what was given back of 2023 and the public bodies' part."""
        total = Decimal(0)
        for row in self.lines[uscc]:
            paid, month = Decimal(row["单位实缴"]) + Decimal(row["个人实缴"]), row["费款所属期"].replace("-", "")
            if row["缴费类型"] == "退费":
                total -= paid if month.startswith("2023") else 0
            elif row["到账日期"].startswith("2023") and month <= "202312":
                total += paid
        return max(total - self.public[uscc], Decimal(0))

    def mean(self, uscc: str) -> Decimal:
        """Mean monthly payers of 2023, from the first insured month on."""
        by_month: dict[str, int] = {}
        for row in self.lines[uscc]:
            month = row["费款所属期"].replace("-", "")
            if month.startswith("2023") and (row["缴费类型"] or "正常") == "正常":
                by_month[month] = by_month.get(month, 0) + int(row["缴费人数"])
        return Decimal(sum(by_month.values())) / (13 - int(min(by_month)[4:6]))

    def is_large(self, uscc: str) -> bool:
        """Branch: its legal entity. Else the statistics list, else the standard, else 300 monthly payers."""
        unit = self.units.get(uscc, {})
        if unit.get("单位类型") == "分支机构":
            return self.is_large(unit["所属法人统一社会信用代码"])
        if uscc in self.listed:
            return self.listed[uscc] == "大型"
        code = unit["行业代码"].lstrip("ABCDEFGHIJKLMNOPQRST")
        limits = BY_GROUP.get(code[:3]) or (LARGE.get(int(code[:2])) if len(code) >= 2 else None)
        if limits:
            asked = [(limit, unit[name]) for limit, name in zip(limits, INDICATORS, strict=True) if limit is not None]
            if any(known and Decimal(known) < limit for limit, known in asked):
                return False
            if all(known for _, known in asked):
                return True
        return self.mean(uscc) >= 300


INDICATORS = ("从业人员", "营业收入(万元)", "资产总额(万元)")


AMOUNTS = {"五级": "1000", "四级": "1500", "三级": "2000"}  # 人社部发〔2024〕40号 三, taken over by 晋人社厅发〔2024〕28号


class Workers:
    """What the spreadsheets say of certificates and claims; the last row of a certificate counts."""

    def __init__(self, folder: Path) -> None:
        self.papers = {row["证书编号"]: row for row in rows(folder, "certificates") if row["证书编号"]}
        self.claims = {row["证书编号"]: row for row in rows(folder, "skill-claims") if row["证书编号"]}

    def amount(self, number: str) -> Decimal | None:
        """By the grade of a valid certificate of the claimant's own; None where there is none."""
        paper, claim = self.papers.get(number, {}), self.claims.get(number, {})
        own = paper.get("证件号码") == claim.get("证件号码", "-") and paper.get("状态") == "有效"
        return Decimal(AMOUNTS[paper["等级"]]) if own and paper["等级"] in AMOUNTS else None

    def limits(self, numbers: list[str]) -> list[str]:
        """Who was granted more than three a year, or one grade of one occupation twice."""
        years: Counter[tuple[str, ...]] = Counter()
        grades: Counter[tuple[str, ...]] = Counter()
        for number in numbers:
            paper, claim = self.papers[number], self.claims[number]
            years[claim["证件号码"], claim["申请日期"][:4]] += 1
            grades[claim["证件号码"], paper["职业(工种)代码"], paper["等级"]] += 1
        return [f"{number[:6]}…：一年 {count} 次" for (number, _), count in years.items() if count > 3] + [
            f"{number[:6]}…：{grade}{count} 次" for (number, _, grade), count in grades.items() if count > 1
        ]


def refunds_wrong(folder: Path, asked: dict[str, str]) -> list[str]:
    city, wrong = City(folder), []
    for uscc, amount in asked.items():
        rate = Decimal("0.3") if city.is_large(uscc) else Decimal("0.6")
        here = (city.base(uscc) * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if here != Decimal(amount):
            wrong.append(f"{uscc}：公示 {amount}，复算 {here}")
    return wrong


def claims_wrong(folder: Path, asked: dict[str, str]) -> list[str]:
    workers, wrong = Workers(folder), []
    for number, amount in asked.items():
        here = workers.amount(number)
        if here is None or here != Decimal(amount):
            wrong.append(f"{number}：公示 {amount}，复算 {here}")
    return wrong or workers.limits(list(asked))


def main() -> int:
    asked, folder, failed = json.load(sys.stdin), Path(sys.argv[1]), False
    for title, unit, wrong in (
        ("稳岗返还", "户", refunds_wrong(folder, asked["refunds"])),
        ("技能提升补贴", "人次", claims_wrong(folder, asked["claims"])),
    ):
        count = len(asked["refunds" if unit == "户" else "claims"])
        print(*wrong, f"独立复算：{title}公示 {count} {unit}，不符 {len(wrong)} {unit}。", sep="\n")
        failed = failed or bool(wrong) or not count
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
