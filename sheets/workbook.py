"""Raw rows of an .xlsx file, after its sheets were measured as a stream.

calamine keeps the whole used area of a sheet in memory, and aborts the process on a stray cell in the last row and
column; it also reads a formula error as an empty cell. Both are seen here first, in the sheet's XML.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from sheets.cells import UNCOMPUTED, Cell
from sheets.guard import DAMAGED, TOO_LARGE, Limits, SheetRefused, pieces

_CELL = rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]{1,3}[0-9]{1,7})"'
_FILLED = re.compile(_CELL + rb"(?:[^>]*[^/>])?>")
_WHOLE_CELL = re.compile(rb"<(?:\w+:)?c(?:\s([^>]*[^/>])?)?>(.*?)</(?:\w+:)?c>", re.DOTALL)
_REFERENCE = re.compile(rb'(?:^|\s)r="([A-Z]{1,3})([0-9]{1,7})"')
_RESULT = re.compile(rb"<(?:\w+:)?v\s*/?>([^<]*)")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_LONGEST_ROW = 64 << 20
_MOST_FAULTS = 10_000


@dataclass
class _Measure:
    """The used area of a sheet and the cells whose formula failed, by (row, column) from 1."""

    rows: int = 0
    cells: int = 0
    letters: set[bytes] = field(default_factory=set)
    faults: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass
class Sheet:
    """One sheet: `rows()` yields its rows from row 1 and column 1 on, as lists of equal length."""

    name: str
    hidden: bool
    table: CalamineSheet
    faults: dict[tuple[int, int], str]

    def rows(self) -> Iterator[Sequence[Cell]]:
        """Every row, blank ones included; an empty cell is the empty string."""
        start = self.table.start
        indent: list[Cell] = [""] * (start[1] if start else 0)
        faults: dict[int, list[tuple[int, str]]] = {}
        for (place, column), word in self.faults.items():
            faults.setdefault(place, []).append((column, word))
        number = 0
        for number, cells in enumerate(self.table.iter_rows(), 1):
            row: list[Cell] = [*indent, *cells]
            yield _with_faults(row, faults.pop(number)) if number in faults else row
        for later in range(number + 1, max(faults, default=0) + 1):
            yield _with_faults([], faults.get(later, []))


def _with_faults(row: list[Cell], words: list[tuple[int, str]]) -> list[Cell]:
    for column, word in words:
        row.extend([""] * (column - len(row)))
        row[column - 1] = word
    return row


def open_workbook(file: BinaryIO, limits: Limits) -> Iterator[Sheet]:
    """The sheets that hold cells, in order. Raises SheetRefused for absurd sizes and damaged files."""
    with zipfile.ZipFile(file) as archive:
        parts = _sheet_parts(archive, limits)
        measures = {name: _measure(archive, name, part, limits) for name, part in parts.items()}
    if sum(_area(measure) for measure in measures.values()) > limits.cells:
        raise SheetRefused(TOO_LARGE)
    file.seek(0)
    try:
        book = CalamineWorkbook.from_filelike(file)
        for about in book.sheets_metadata:
            if about.typ is SheetTypeEnum.WorkSheet:
                table = book.get_sheet_by_name(about.name)
                faults = measures[about.name].faults if about.name in measures else {}
                hidden = about.visible is not SheetVisibleEnum.Visible
                if table.height or faults:
                    yield Sheet(about.name, hidden, table, faults)
    except PasswordError as error:
        raise SheetRefused("文件已加密，请去掉打开密码后再上传") from error
    except (CalamineError, ValueError, OSError) as error:
        raise SheetRefused(DAMAGED) from error


def _area(measure: _Measure) -> int:
    if not measure.letters:
        return 0
    numbers = [column_number(letters) for letters in measure.letters]
    return measure.rows * (max(numbers) - min(numbers) + 1)


def column_number(letters: bytes) -> int:
    """A is 1, XFD is 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _sheet_parts(archive: zipfile.ZipFile, limits: Limits) -> dict[str, str]:
    """Sheet name -> member of the archive, from the workbook and its relations."""
    targets = {
        attributes.get("Id", ""): attributes.get("Target", "")
        for tag, attributes in _elements(archive, "xl/_rels/workbook.xml.rels", limits)
        if tag == "Relationship"
    }
    names = set(archive.namelist())
    parts: dict[str, str] = {}
    for tag, attributes in _elements(archive, "xl/workbook.xml", limits):
        if tag == "sheet":
            relation = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id"), "")
            target = targets.get(relation, "")
            part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            if part in names:
                parts[attributes.get("name", "")] = part
    return parts


def _elements(archive: zipfile.ZipFile, part: str, limits: Limits) -> list[tuple[str, dict[str, str]]]:
    """Tag (without prefix) and attributes of every element of a small member; no entities are expanded."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()

    def forbid(*_: object) -> None:
        raise SheetRefused(DAMAGED)

    parser.StartDoctypeDeclHandler = forbid
    parser.StartElementHandler = lambda tag, attributes: found.append((tag.rpartition(":")[2], attributes))
    try:
        for piece in pieces(archive, part, min(limits.unpacked_bytes, 16 << 20)):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise SheetRefused(DAMAGED) from error
    return found


def _measure(archive: zipfile.ZipFile, sheet: str, part: str, limits: Limits) -> _Measure:
    """Streams a sheet's XML, whole rows at a time."""
    measure = _Measure()
    rest = b""
    for piece in pieces(archive, part, limits.unpacked_bytes):
        rest += piece
        end = rest.rfind(b"row>") + 4
        if end >= 4:
            _measure_rows(measure, sheet, rest[:end])
            rest = rest[end:]
        elif len(rest) > _LONGEST_ROW:
            raise SheetRefused(TOO_LARGE)
    _measure_rows(measure, sheet, rest)
    _refuse_absurd(measure, sheet, limits)
    return measure


def _measure_rows(measure: _Measure, sheet: str, xml: bytes) -> None:
    if b"<!DOCTYPE" in xml:
        raise SheetRefused(DAMAGED)
    references: list[bytes] = _FILLED.findall(xml)
    if references:
        letters = {reference.rstrip(b"0123456789") for reference in references}
        last = int(references[-1][-7:].lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        measure.cells += len(references)
        measure.letters |= letters
        measure.rows = max(measure.rows, last)
    if b'"e"' in xml or _FORMULA.search(xml):
        _note_faults(measure, sheet, xml)


def _note_faults(measure: _Measure, sheet: str, xml: bytes) -> None:
    for match in _WHOLE_CELL.finditer(xml):
        attributes, inside = match[1] or b"", match[2]
        result = _RESULT.search(inside)
        if b't="e"' in attributes:
            word = result[1].decode("ascii", "replace") if result else UNCOMPUTED
        elif result is None and _FORMULA.search(inside):
            word = UNCOMPUTED
        else:
            continue
        place = _REFERENCE.search(attributes)
        if place is None or len(measure.faults) >= _MOST_FAULTS:
            raise SheetRefused(f"工作表“{sheet}”有公式错误 {word}，请改正公式或粘贴为数值后再上传")
        measure.faults[int(place[2]), column_number(place[1])] = word


def _refuse_absurd(measure: _Measure, sheet: str, limits: Limits) -> None:
    area = _area(measure)
    if not area:
        return
    last = max(measure.letters, key=column_number).decode()
    if area > 1_000_000 and area > 20 * measure.cells:
        raise SheetRefused(
            f"工作表“{sheet}”的内容一直延伸到 {last} 列、第 {measure.rows} 行，中间大多是空白；请删除远处多余的单元格后重新保存"
        )
    if area > limits.cells:
        raise SheetRefused(TOO_LARGE)
