"""A raw cell, and what every kind of cell starts from: text without what people vary, codes that are text."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

Cell = str | int | float | bool | date | datetime | timedelta | time | None


class Numbers(list[Cell]):
    """A column of numbers, with their `texts`: how they are written in the file."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(map(float, texts))
        self.texts = texts


SET_AS_TEXT = "请将该列设为文本"
FORMULA_ERRORS = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA", "#SPILL!", "#CALC!"}
)
UNCOMPUTED = "#未计算"  # stands in for a formula that was saved without its result

_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD])
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if chr(wide - 0xFEE0).isalnum()}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+)?[Ee]\+?\d+")
_MADE_SAFE = ("'=", "'+", "'-", "'@")  # an apostrophe that keeps csv text from being a formula
_EXACT = 1e15  # from where on a spreadsheet does not keep every digit of a number
_FLOAT_TAIL = re.compile(r"\d+\.0+")


class BadValue(ValueError):
    """A cell that cannot be read; the message says, in Chinese, what is wrong and what to do."""


def _refuse_formula_error(cell: str) -> None:
    if cell in FORMULA_ERRORS:
        raise BadValue(f"单元格是公式错误 {cell}，请改正公式或直接填写数值")
    if cell == UNCOMPUTED:
        raise BadValue("公式没有计算结果，请用表格软件打开并保存后再上传，或粘贴为数值")


def _refuse_unreadable(cell: str) -> None:
    if _CONTROL.search(cell):
        raise BadValue("含有不可见的控制字符，请重新输入")
    if "\ufffd" in cell:
        raise BadValue("含有乱码（\ufffd），原来的文字已丢失，请重新输入")


def tight(cell: str) -> str:
    """Without any white space or invisible character, full-width characters made narrow."""
    if not cell.isascii():
        cell = unicodedata.normalize("NFKC", cell).translate(_INVISIBLE)
    if cell.isalnum():
        return cell
    cell = "".join(cell.split())
    if cell.startswith("#"):
        _refuse_formula_error(cell)
    return cell


def clean_text(cell: Cell, longest: int = 200) -> str | None:
    """Free text: one line, single blanks, full-width letters and digits made narrow, punctuation as it is."""
    if cell is None:
        return None
    if not isinstance(cell, str):
        if isinstance(cell, float) and not abs(cell) < _EXACT:  # nor is what is no number
            raise BadValue(f"单元格是过长的数字，位数可能已丢失，{SET_AS_TEXT}后重新填写")
        cell = as_shown(cell)
    if not cell.isascii():
        cell = cell.translate(_INVISIBLE).translate(_WIDE)
    if "_x000D_" in cell:  # how .xlsx writes a carriage return
        cell = cell.replace("_x000D_", " ")
    cell = " ".join(cell.split())
    if not cell:
        return None
    if cell.startswith("#"):
        _refuse_formula_error(cell)
    if cell.startswith(_MADE_SAFE):
        cell = cell[1:]
    _refuse_unreadable(cell)
    if len(cell) > longest:
        raise BadValue(f"最多 {longest} 个字，现有 {len(cell)} 个字，请缩短")
    return cell


def as_shown(cell: Cell) -> str:
    """A cell that is not text, as a spreadsheet shows it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return format(cell, ".15g")
    if isinstance(cell, datetime) and cell.time() == time():
        cell = cell.date()
    return str(cell)


def shown(cell: Cell) -> str:
    """Any raw cell as text for a report of errors; empty for None."""
    return "" if cell is None else cell if isinstance(cell, str) else as_shown(cell)


def clean_code(cell: Cell) -> str | None:
    """A code that is text: at most 64 characters without blanks; what was ever a number is refused."""
    if cell is None:
        return None
    if not isinstance(cell, str):
        raise BadValue(f"单元格是数字或日期，位数可能已丢失，{SET_AS_TEXT}后重新填写")
    if not (cell.isalnum() and cell.isascii()):
        cell = tight(cell).removeprefix("'")
        if not cell:
            return None
    if not cell.isdigit():
        if SCIENTIFIC.fullmatch(cell) or _FLOAT_TAIL.fullmatch(cell):
            raise BadValue(f"已变成数字格式，位数可能已丢失，{SET_AS_TEXT}后重新填写")
        _refuse_unreadable(cell)
    if len(cell) > 64:
        raise BadValue(f"最多 64 位，现有 {len(cell)} 位")
    return cell
