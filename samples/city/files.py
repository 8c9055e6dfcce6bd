"""One spreadsheet being written: .xlsx while it is short, .csv when it is long; rows are counted for the lists of bad rows."""

import csv
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from sheets.write import write_rows

LONG = 20_000  # rows
_NUMBERS = {
    "从业人员", "营业收入(万元)", "资产总额(万元)", "缴费人数", "缴费基数", "单位应缴", "个人应缴", "单位实缴", "个人实缴",
    "滞纳金", "年度", "年初人数", "年末人数", "裁员人数", "领取失业金人数", "退休人数", "死亡人数", "派遣人数",
    "上年度实缴失业保险费", "滚存结余", "当月支出", "失业保险金", "代缴医保", "价格临时补贴", "稳岗返还", "技能提升补贴",
    "职业培训补贴",
    "职业技能评价补贴", "岗位补贴", "社会保险补贴", "累计缴费月数", "金额",
}  # fmt: skip


class Spreadsheet:
    """Rows of text under a header; as .xlsx the columns of numbers become numbers. `add` returns the row's number."""

    def __init__(self, folder: Path, name: str, header: Sequence[str], *, long: bool) -> None:
        self.path = folder / f"{name}.{'csv' if long else 'xlsx'}"
        self.header = tuple(header)
        self.count = 0
        self._rows: list[Sequence[str]] = []
        self._file = self.path.open("w", encoding="utf-8-sig", newline="") if long else None
        self._write = csv.writer(self._file, lineterminator="\r\n").writerow if self._file else self._rows.append
        if self._file:
            self._write(self.header)

    def add(self, row: Sequence[str]) -> int:
        """One more row; its number as a spreadsheet shows it."""
        self.count += 1
        self._write(row)
        return self.count + 1

    def close(self) -> None:
        """Ends the file; a short one is written now."""
        if self._file:
            self._file.close()
            return
        numbers = [title in _NUMBERS for title in self.header]
        rows = (list(map(_cell, row, numbers)) for row in self._rows)
        write_rows(self.path, self.header, rows, sheet=self.path.stem)


def _cell(cell: str, is_number: bool) -> Decimal | int | str | None:
    if not cell or not is_number:
        return cell or None
    if cell.isdigit() and not cell.startswith("0"):
        return int(cell)
    return Decimal(cell) if cell.replace(".", "", 1).isdigit() else cell
