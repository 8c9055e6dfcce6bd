"""Spreadsheets alone, without a database.

reading  SIZE rows of contributions as .xlsx, read to canonical texts, beside reading the same file with calamine alone
export   SIZE rows of a screening result written as .xlsx, beside xlsxwriter's constant_memory writing the same rows
"""

import os
import pickle
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.measure import told, watched

SIZE = int(os.environ.get("SIZE") or 1_000_000)
SEED = 20_240_101
SCREENING = (
    "统一社会信用代码", "单位名称", "参保地", "划型", "划型依据", "平均参保人数", "足额缴费月数", "裁员率", "裁员率口径",
    "返还基数", "返还比例", "返还金额", "结论", "原因", "原因说明",
)  # fmt: skip
CONTRIBUTIONS = (
    "统一社会信用代码", "费款所属期", "缴费人数", "缴费基数", "单位应缴", "个人应缴", "单位实缴", "个人实缴", "滞纳金",
    "缴费类型", "到账日期", "明细号", "缓缴",
)  # fmt: skip


def reading() -> None:
    """Read a long .xlsx."""
    folder = Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR")))
    path = contributions_xlsx(folder / "contributions.xlsx", SIZE)
    from agency.intake import kind_of

    path.with_suffix(".columns").write_bytes(pickle.dumps(kind_of("contributions").columns))
    alone = _apart("calamine alone", _CALAMINE, path)
    _apart("sheets.read", _READ, path, {"calamine alone": alone})
    path.unlink()


def export() -> None:
    """Write a long list; the two in turns, each in a process of its own."""
    folder = Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR")))
    path = folder / "list.xlsx"
    slow = _apart("xlsxwriter constant_memory", _XLSXWRITER, path)
    path.unlink()
    _apart("sheets.write.write_rows", _WRITE, path, {"xlsxwriter": slow})
    path.unlink()


def contributions_xlsx(path: Path, rows: int) -> Path:
    """Write made-up contributions, twelve months an enterprise; the same rows each time."""
    from sheets.write import write_rows

    write_rows(path, CONTRIBUTIONS, _contributions(rows), sheet="缴费明细")
    return path


def _contributions(count: int) -> Iterator[Sequence[Any]]:
    from sheets.values import uscc_check

    chance = random.Random(SEED)
    code = ""
    for number in range(count):
        enterprise, month = divmod(number, 12)
        if not month:
            body = f"91140302{enterprise:09d}"
            code = body + uscc_check(body)
        heads = chance.randrange(1, 300)
        base = Decimal(chance.randrange(400_000, 2_500_000)) / 100 * heads
        employer, employee = (base * 7 / 1000).quantize(Decimal("0.01")), (base * 3 / 1000).quantize(Decimal("0.01"))
        paid_on = f"2023-{month + 1:02d}-{chance.randrange(1, 29):02d}"
        yield (
            code, f"2023{month + 1:02d}", heads, base, employer, employee, employer, employee, Decimal(0), "正常", paid_on,
            f"{number:08d}", "否",
        )  # fmt: skip


def screening_rows(count: int) -> Iterator[Sequence[Any]]:
    """Made-up lines of a screening result; the same each time."""
    chance = random.Random(SEED)
    for number in range(count):
        base = Decimal(chance.randrange(10**8)) / 100
        passes = number % 5 != 0
        yield (
            f"91140302{number:010d}", f"甲市第{number}号公司", "140302", "中小微", "statistics_list",
            Decimal(chance.randrange(100, 90_000)) / 100, 12, Decimal(chance.randrange(1000)) / 10_000, "领金人数", base,
            Decimal("0.6"), (base * 6 / 10).quantize(Decimal("0.01")), "合格" if passes else "不合格",
            "" if passes else "layoff_rate", "" if passes else "裁员率超过上限：领取失业保险金人数与平均参保人数之比高于 5.5%",
        )  # fmt: skip


_CALAMINE = """
from python_calamine import load_workbook
book = load_workbook(path)
print(sum(len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names) - 1)
"""
_READ = """
import pathlib, pickle
from sheets.read import read
columns = pickle.loads(pathlib.Path(path).with_suffix(".columns").read_bytes())
with read(path, columns, lines=True) as reading:
    print(sum(lines.rows - len(lines.errors) for lines in reading.lines()))
"""
_WRITE = """
from bench.spreadsheets import SCREENING, SIZE, screening_rows
from sheets.write import write_rows
print(write_rows(path, SCREENING, screening_rows(SIZE)))
"""
_XLSXWRITER = """
import xlsxwriter
from bench.spreadsheets import SCREENING, SIZE, screening_rows
with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, SCREENING)
    for at, row in enumerate(screening_rows(SIZE), 1):
        sheet.write_row(at, 0, row)
print(SIZE)
"""


def _apart(what: str, program: str, path: Path, beside: dict[str, float] | None = None) -> float:
    """Seconds of a program in a process of its own, told; it has to say SIZE."""
    with watched(own=False) as one:
        command = [sys.executable, "-c", f"import sys\npath = sys.argv[1]\n{program}", str(path)]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(said.stdout) == SIZE, said.stdout
    told(what, SIZE, one, beside)
    return one.seconds
