"""The inside of an .xlsx file: which member is which sheet, and each sheet's XML measured as a stream."""

import posixpath
import re
import zipfile
from typing import BinaryIO
from xml.parsers import expat

from sheets.cells import UNCOMPUTED
from sheets.guard import DAMAGED, TOO_LARGE, Limits, SheetRefused, pieces
from sheets.measure import Measure, refuse_absurd

_CELL = rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]{1,3}[0-9]{1,7})"'
_FILLED = re.compile(_CELL + rb"(?:[^>]*[^/>])?>")
_WHOLE_CELL = re.compile(rb"<(?:\w+:)?c(?:\s([^>]*[^/>])?)?>(.*?)</(?:\w+:)?c>", re.DOTALL)
_REFERENCE = re.compile(rb'(?:^|\s)r="([A-Z]{1,3})([0-9]{1,7})"')
_RESULT = re.compile(rb"<(?:\w+:)?v\s*/?>([^<]*)")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_LONGEST_ROW = 64 << 20


def measure_sheets(file: BinaryIO, limits: Limits) -> dict[str, Measure]:
    """The measure of every sheet by its name. Raises SheetRefused for absurd sizes and damaged files."""
    with zipfile.ZipFile(file) as archive:
        return {name: _measure(archive, name, part, limits) for name, part in _sheet_parts(archive, limits).items()}


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


def _measure(archive: zipfile.ZipFile, sheet: str, part: str, limits: Limits) -> Measure:
    """Streams a sheet's XML, whole rows at a time."""
    measure = Measure()
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
    refuse_absurd(measure, sheet, limits)
    return measure


def _measure_rows(measure: Measure, sheet: str, xml: bytes) -> None:
    if b"<!DOCTYPE" in xml:
        raise SheetRefused(DAMAGED)
    references: list[bytes] = _FILLED.findall(xml)
    if references:
        columns = [column_number(letters) for letters in {reference.rstrip(b"0123456789") for reference in references}]
        last = int(references[-1][-7:].lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        measure.add(last, min(columns), len(references))
        measure.add(last, max(columns), 0)
    if b'"e"' in xml or _FORMULA.search(xml):
        _note_faults(measure, sheet, xml)


def _note_faults(measure: Measure, sheet: str, xml: bytes) -> None:
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
        if place is None:
            raise SheetRefused(f"工作表“{sheet}”有公式错误 {word}，请改正公式或粘贴为数值后再上传")
        measure.fault(sheet, int(place[2]), column_number(place[1]), word)
