"""What an .xls file holds, measured record by record before a library reads it: extents, and formulas that failed."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from sheets.guard import DAMAGED, LOCKED, TOO_LARGE, Limits, SheetRefused
from sheets.measure import Measure, refuse_absurd
from sheets.ole import BrokenContainer, Container

STREAMS = ("Workbook", "Book")  # since Excel 97; Excel 95
_BOF, _EOF, _LOCKED, _SHEET = (0x0009, 0x0209, 0x0409, 0x0809), 0x000A, 0x002F, 0x0085
_STRINGS, _SHARED, _FORMAT = 0x00FC, 0x00FD, 0x00E0
_FAMILIES = frozenset({0x00, 0x01, 0x02, 0x04, 0x08, 0x10})  # the upper bytes that kinds of record have
_LAST_COLUMN = 256
_FORMULA, _ERROR, _NUMBERS, _EXTENT = frozenset({0x0006, 0x0206, 0x0406}), 0x0205, 0x00BD, 0x0200
_LABEL, _BLANKS = 0x0204, 0x00BE
_CELLS = frozenset({0x0203, 0x027E, 0x00D6, _LABEL, _SHARED, _ERROR, _NUMBERS}) | _FORMULA
# Bytes of the records that have no other length: a wrong one takes the cells that follow for its own.
_LENGTHS = {0x0201: 6, 0x0203: 14, 0x0205: 8, 0x0208: 16, 0x027E: 10, _SHARED: 10}
# What may stand among the cells besides them: rows and their directory, what belongs to formulas, what is continued.
_AMONG = frozenset({0x0208, 0x00D7, 0x020B, 0x0201, _BLANKS, 0x0007, 0x0207, 0x0021, 0x0221, 0x0036, 0x0236, 0x04BC, 0x003C})
_AMONG |= frozenset({0x005E, 0x0091, 0x01C2})
# What stands after them and may begin like one: merged cells, notes, panes, objects, filters of what is shown or typed, links.
_AFTER = frozenset(
    {0x00E5, 0x001C, 0x001D, 0x0041, 0x005D, 0x00EC, 0x00EF, 0x01B0, 0x01B1, 0x01B2, 0x01B6, 0x01B8, 0x01BE, 0x023E}
)
_WORDS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip


def measure_sheets(file: BinaryIO, limits: Limits) -> dict[str, Measure]:
    """The measure of every sheet by its name. Raises SheetRefused for absurd sizes and damaged files."""
    try:
        container = Container(file)
        content = container.stream(next(name for name in STREAMS if name in container.names))
        known = _count_of_strings(content), _count_of_formats(content)
        return {name: _measure(content, place, name, known, limits) for place, name in _sheet_places(content)}
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


def _count_of_formats(content: bytes) -> int:
    return sum(kind == _FORMAT for kind, _, _ in _records(content, 0))


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


def _measure(content: bytes, place: int, sheet: str, known: tuple[int, int], limits: Limits) -> Measure:
    """`known`: how many strings and cell formats there are."""
    measure, before = Measure(), -1
    for kind, at, length in _records(content, place):
        _refuse_false_length(content, kind, at, length)
        if kind in _CELLS:
            before = at
            _take_in(measure, sheet, content, kind, at, length)
            _refuse_unknown(content, kind, at, length, *known)
        elif kind == _EXTENT and length >= 12:
            _refuse_false_extent(content, at, length, limits)
        elif before >= 0 and kind < 0x0800 and kind not in _AMONG | _AFTER and _follows(content, before, at, length):
            raise SheetRefused(DAMAGED)
    if measure.last > _LAST_COLUMN:
        raise SheetRefused(DAMAGED)
    refuse_absurd(measure, sheet, limits)
    return measure


def _follows(content: bytes, before: int, at: int, length: int) -> bool:
    """Whether a record is as long as a cell and names the place after another's, as one does that has lost its kind."""
    if length not in _LENGTHS.values():
        return False
    (row, column), (its_row, its_column) = struct.unpack_from("<HH", content, before), struct.unpack_from("<HH", content, at)
    return bool((its_row == row and column < its_column < _LAST_COLUMN) or (its_row, its_column) == (row + 1, 0))


def _take_in(measure: Measure, sheet: str, content: bytes, kind: int, at: int, length: int) -> None:
    """One record of cells: its place, and what a formula failed with."""
    row, column = (number + 1 for number in struct.unpack_from("<HH", content, at))
    measure.add(row, column)
    if kind == _NUMBERS:
        measure.add(row, struct.unpack_from("<H", content, at + length - 2)[0] + 1, (length - 6) // 6 - 1)
    elif kind == _ERROR and content[at + 7]:
        measure.fault(sheet, row, column, _WORDS.get(content[at + 6], "#VALUE!"))
    elif kind in _FORMULA and content[at + 12 : at + 14] == b"\xff\xff" and content[at + 6] == 2:
        measure.fault(sheet, row, column, _WORDS.get(content[at + 8], "#VALUE!"))


def _refuse_unknown(content: bytes, kind: int, at: int, length: int, strings: int, formats: int) -> None:
    """A cell whose text or format does not exist."""
    if kind == _SHARED and struct.unpack_from("<I", content, at + 6)[0] >= strings:
        raise SheetRefused(DAMAGED)
    places = range(at + 4, at + length - 2, 6) if kind == _NUMBERS else [at + 4]
    if any(struct.unpack_from("<H", content, place)[0] >= formats for place in places):
        raise SheetRefused(DAMAGED)


def _refuse_false_length(content: bytes, kind: int, at: int, length: int) -> None:
    if length != _LENGTHS.get(kind, length):
        raise SheetRefused(DAMAGED)
    if kind == _LABEL:
        (characters,) = struct.unpack_from("<H", content, at + 6)
        if length not in (8 + characters, 9 + characters, 9 + 2 * characters):
            raise SheetRefused(DAMAGED)
    elif kind in (_NUMBERS, _BLANKS):
        (first,), (last,) = struct.unpack_from("<H", content, at + 2), struct.unpack_from("<H", content, at + length - 2)
        if length != 6 + (6 if kind == _NUMBERS else 2) * (last - first + 1):
            raise SheetRefused(DAMAGED)


def _refuse_false_extent(content: bytes, at: int, length: int, limits: Limits) -> None:
    """The sheet's own word for its extent: a library makes room for it."""
    first, last, left, right = struct.unpack_from("<IIHH" if length >= 14 else "<HHHH", content, at)
    if first > last or left > right:
        raise SheetRefused(DAMAGED)
    if (last - first) * (right - left) > limits.cells:
        raise SheetRefused(TOO_LARGE)
