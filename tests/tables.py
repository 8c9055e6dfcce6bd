"""Honest tables of three kinds in three formats, and what other readers than ours find in a file: openpyxl, xlrd, the csv
module."""

import csv
import datetime as dt
import io
import random
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import xlrd
import xlsxwriter
import xlwt

from tests.office import citizen, uscc

Cells = list[list[Any]]
Random = random.Random


# ---- honest tables ---------------------------------------------------------------------------------------------


def enterprises(rng: Random) -> Cells:
    header = [
        "统一社会信用代码",
        "单位编号",
        "单位名称",
        "单位类型",
        "参保地",
        "从业人员",
        "营业收入(万元)",
        "手机号",
        "户名",
        "账号",
    ]
    rows = [
        [
            uscc(number),
            f"{number:06d}",
            f"甲市第{number}号公司",
            "企业",
            "140302",
            rng.randrange(1, 900),
            rng.randrange(10**7) / 100,
            f"138{rng.randrange(10**8):08d}",
            f"甲市第{number}号公司",
            f"62{rng.randrange(10**14):014d}",
        ]
        for number in rng.sample(range(900), 12)
    ]
    return [header, *rows]


def contributions(rng: Random) -> Cells:
    header = [
        "统一社会信用代码",
        "费款所属期",
        "缴费人数",
        "单位应缴",
        "个人应缴",
        "单位实缴",
        "个人实缴",
        "到账日期",
        "明细号",
        "缓缴",
    ]
    rows = []
    for number in range(14):
        paid = rng.randrange(10**7) / 100
        on = dt.date(2023, number % 12 + 1, rng.randrange(1, 28))
        rows.append(
            [
                uscc(number % 5),
                f"2023{number % 12 + 1:02d}",
                rng.randrange(900),
                paid,
                3.25,
                paid,
                3.25,
                on,
                f"{number:04d}",
                "否",
            ]
        )
    return [header, *rows]


def persons(rng: Random) -> Cells:
    header = ["证件号码", "姓名", "手机号", "参保状态", "首次参保年月", "累计缴费月数", "截至年月", "社保卡银行", "社保卡账号"]
    rows = [
        [
            citizen(number),
            rng.choice(["张三", "欧阳\u3000静", "李小明", "𠮷野家"]),
            f"139{rng.randrange(10**8):08d}",
            "在职",
            "201501",
            rng.randrange(400),
            "202312",
            "建设银行",
            f"62{rng.randrange(10**17):017d}",
        ]
        for number in rng.sample(range(900), 12)
    ]
    return [header, *rows]


TABLES: dict[str, Callable[[Random], Cells]] = {
    "enterprises": enterprises,
    "contributions": contributions,
    "persons": persons,
}


def as_xlsx(cells: Cells, rng: Random) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"constant_memory": rng.random() < 0.5}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        if rng.random() < 0.3:
            book.add_worksheet("说明").write_string(0, 0, "请按模板填写")
        sheet = book.add_worksheet("明细")
        for at, row in enumerate([["甲市经办机构"], *cells] if rng.random() < 0.3 else cells):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(at, place, cell)
                elif isinstance(cell, dt.date):
                    sheet.write_datetime(at, place, cell, day)
                else:
                    sheet.write_number(at, place, cell)
    return buffer.getvalue()


def as_xls(cells: Cells, rng: Random) -> bytes:
    book, buffer = xlwt.Workbook(), io.BytesIO()
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    if rng.random() < 0.3:
        book.add_sheet("说明").write(0, 0, "请按模板填写")
    sheet = book.add_sheet("明细")
    for at, row in enumerate(cells):
        for place, cell in enumerate(row):
            sheet.write(at, place, cell, day) if isinstance(cell, dt.date) else sheet.write(at, place, cell)
    book.save(buffer)
    return buffer.getvalue()


def as_csv(cells: Cells, rng: Random) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=rng.choice(["\n", "\r\n"]), quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])).writerows(
        cells
    )
    return text.getvalue().encode(rng.choice(["utf-8", "utf-8-sig", "gb18030"]))


FORMS: dict[str, Callable[[Cells, Random], bytes]] = {"xlsx": as_xlsx, "xls": as_xls, "csv": as_csv}


# ---- what others read ------------------------------------------------------------------------------------------


def independent(content: bytes, form: str, encoding: str) -> dict[str, Sequence[Sequence[Any]]]:
    """The rows of every sheet from row 1 on, by another reader; nothing where that gives up."""
    try:
        if form == "csv":
            text = content.decode(encoding)
            return {"CSV": list(csv.reader(io.StringIO(text, newline="")))}
        if form == "xls":
            return _by_xlrd(content)
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        return {sheet.title: list(sheet.iter_rows(min_row=1, min_col=1, values_only=True)) for sheet in book.worksheets}
    except Exception:  # noqa: BLE001 - readers give up in many ways
        return {}


def _by_xlrd(content: bytes) -> dict[str, Sequence[Sequence[Any]]]:
    with io.StringIO() as log:
        book = xlrd.open_workbook(file_contents=content, logfile=log)
        return {
            sheet.name: [[_xls_cell(cell, book.datemode) for cell in row] for row in sheet.get_rows()] for sheet in book.sheets()
        }


def _xls_cell(cell: Any, mode: int) -> Any:
    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(cell.value, mode)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    return "#N/A" if cell.ctype == xlrd.XL_CELL_ERROR else cell.value
