"""What an .xls file holds, measured record by record before a library reads it: extents, and formulas that failed."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from sheets.guard import DAMAGED, LOCKED, TOO_LARGE, Limits, SheetRefused
from sheets.measure import Measure, refuse_absurd
from sheets.ole import BrokenContainer, Container

STREAMS = ("Workbook", "Book")  # since Excel 97; Excel 95
_BOF, _EOF, _LOCKED, _SHEET = (0x0009, 0x0209, 0x0409, 0x0809), 0x000A, 0x002F, 0x0085
_STRINGS, _SHARED = 0x00FC, 0x00FD
_CELLS = frozenset({0x0203, 0x0204, 0x027E, 0x00D6, _SHARED})  # one number or text
_FAMILIES = frozenset({0x00, 0x01, 0x02, 0x04, 0x08, 0x10})  # the upper bytes that kinds of record have
_LAST_COLUMN = 256
_FORMULA, _ERROR, _NUMBERS, _EXTENT = frozenset({0x0006, 0x0206, 0x0406}), 0x0205, 0x00BD, 0x0200
_WORDS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip


def measure_sheets(file: BinaryIO, limits: Limits) -> dict[str, Measure]:
    """The measure of every sheet by its name. Raises SheetRefused for absurd sizes and damaged files."""
    try:
        container = Container(file)
        content = container.stream(next(name for name in STREAMS if name in container.names))
        strings = _count_of_strings(content)
        return {name: _measure(content, place, name, strings, limits) for place, name in _sheet_places(content)}
    except (BrokenContainer, struct.error, StopIteration) as error:
        raise SheetRefused(DAMAGED) from error


def _records(content: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """(kind, where its content begins, its length) of every record up to the end of the substream."""
    header = struct.Struct("<HH").unpack_from
    kind, length = header(content, place)
    if kind not in _BOF:
        raise SheetRefused(DAMAGED)
    while kind != _EOF:
        place += 4 + length
        kind, length = header(content, place)
        if place + 4 + length > len(content):
            raise SheetRefused(DAMAGED)
        if kind < 6 or kind >> 8 not in _FAMILIES:
            raise SheetRefused(DAMAGED)
        yield kind, place + 4, length


def _count_of_strings(content: bytes) -> int:
    return sum(struct.unpack_from("<I", content, at + 4)[0] for kind, at, _ in _records(content, 0) if kind == _STRINGS)


def _sheet_places(content: bytes) -> Iterator[tuple[int, str]]:
    """Where each sheet begins, and its name as far as it can be told here."""
    modern = struct.unpack_from("<H", content, 4)[0] == 0x0600
    for kind, at, length in _records(content, 0):
        if kind == _LOCKED:
            raise SheetRefused(LOCKED)
        if kind == _SHEET:
            (place,) = struct.unpack_from("<I", content, at)
            name = content[at + 8 : at + length] if modern else content[at + 7 : at + length]
            wide = modern and content[at + 7] & 1
            yield place, name.decode("utf-16-le" if wide else "latin-1" if modern else "gb18030", "replace")


def _measure(content: bytes, place: int, sheet: str, strings: int, limits: Limits) -> Measure:
    measure = Measure()
    pair = struct.Struct("<HH").unpack_from
    for kind, at, length in _records(content, place):
        if kind in _CELLS:
            row, column = pair(content, at)
            measure.add(row + 1, column + 1)
            if kind == _SHARED and struct.unpack_from("<I", content, at + 6)[0] >= strings:
                raise SheetRefused(DAMAGED)
        elif kind in _FORMULA:
            row, column = pair(content, at)
            measure.add(row + 1, column + 1)
            if content[at + 12 : at + 14] == b"\xff\xff" and content[at + 6] == 2:
                measure.fault(sheet, row + 1, column + 1, _WORDS.get(content[at + 8], "#VALUE!"))
        elif kind == _ERROR:
            row, column = pair(content, at)
            measure.add(row + 1, column + 1)
            if content[at + 7]:
                measure.fault(sheet, row + 1, column + 1, _WORDS.get(content[at + 6], "#VALUE!"))
        elif kind == _NUMBERS:
            row, column = pair(content, at)
            measure.add(row + 1, column + 1)
            measure.add(row + 1, struct.unpack_from("<H", content, at + length - 2)[0] + 1, (length - 6) // 6 - 1)
        elif kind == _EXTENT and length >= 12:
            _refuse_false_extent(content, at, length, limits)
    if measure.last > _LAST_COLUMN:
        raise SheetRefused(DAMAGED)
    refuse_absurd(measure, sheet, limits)
    return measure


def _refuse_false_extent(content: bytes, at: int, length: int, limits: Limits) -> None:
    """The sheet's own word for its extent: a library makes room for it."""
    first, last, left, right = struct.unpack_from("<IIHH" if length >= 14 else "<HHHH", content, at)
    if first > last or left > right:
        raise SheetRefused(DAMAGED)
    if (last - first) * (right - left) > limits.cells:
        raise SheetRefused(TOO_LARGE)
