"""Cells of an .xlsx sheet, streamed from its XML: what spreadsheet programs write, and nothing else.

A piece of some thousand rows is cut by the pattern of its rows if they are alike, else by that of a cell; that every tag
belongs to what was found says that nothing was passed by. Anything unusual raises NotPlain, and the sheet is read by a
library instead. Memory stays flat but for the table of shared strings.
"""

import itertools
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sheets.cells import FORMULA_ERRORS, Cell, Numbers
from sheets.guard import DAMAGED, Limits, SheetRefused, pieces
from sheets.measure import Measure, column_number, refuse_absurd
from sheets.shape import CELL, Shape, shape_of

_FIRST, _PIECE = 1 << 17, 3 << 20  # bytes of XML
_ROW = re.compile(r'<row r="([1-9][0-9]{0,6})"[^<>]*>')
_PROLOGUE = re.compile(
    rb"""(?:\xef\xbb\xbf)?(<\?xml version=["']1.0["'](?: encoding=["'](?i:utf-8)["'])?(?: standalone=["']\w+["'])?\s*\?>)?"""
    rb"\s*<worksheet\s.*",
    re.DOTALL,
)
_NUMERIC = frozenset("0123456789.eE+-")
_CONTROLS = bytes(range(9)) + b"\x0b\x0c" + bytes(range(14, 32))
_NO_TEXT = ("\uffff".encode(), "\ufffe".encode())  # what XML may not hold either
_EPOCH = date(1899, 12, 30)
_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_LAST_ROW = 1_048_576

Columns = list[Sequence[Cell]]
Run = tuple[Sequence[int], Columns]


class NotPlain(Exception):
    """The XML holds what this reader does not know; `row` is the last row that it handed out."""

    def __init__(self, row: int = 0) -> None:
        super().__init__(row)
        self.row = row


@dataclass(frozen=True)
class Styles:
    """Which cell formats, by their index as text, show a number as a number, and which as a day; others are in neither."""

    numbers: frozenset[str]
    days: frozenset[str]


@dataclass
class PlainSheet:
    """One sheet: `blocks()` streams (number of the first row, its cells by column, from column A on), as often as called.

    Raises NotPlain, and SheetRefused for damaged files and absurd sizes. Rows between two blocks are empty."""

    archive: zipfile.ZipFile
    name: str
    part: str
    strings: Sequence[str]
    styles: Styles
    limits: Limits
    days: dict[str, Cell] = field(default_factory=dict)
    shape: Shape | None = None

    def blocks(self) -> Iterator[tuple[int, Columns]]:
        """From row 1 to the end."""
        measure, row = Measure(), 0
        for text in self._texts():
            try:
                for numbers, columns in self._cut(text, measure):
                    row = _after(row, numbers)
                    yield numbers[0], columns
            except NotPlain as strange:
                raise NotPlain(row) from strange

    def _texts(self) -> Iterator[str]:
        """The XML between <sheetData> and its end, whole rows at a time; reads on to where the checksum is compared."""
        parts: list[bytes] = []
        wanted, held, begun, over = _FIRST, 0, False, False
        for piece in itertools.chain(pieces(self.archive, self.part, self.limits.unpacked_bytes, _FIRST), [b""]):
            if over:
                continue
            parts.append(piece)
            held += len(piece)
            if held < wanted and piece:
                continue
            xml = b"".join(parts)
            if not begun:
                begin = xml.find(b"<sheetData>") + 11
                if begin < 11 or not _is_plain_prologue(xml[:begin]):
                    raise NotPlain
                xml, begun, wanted = xml[begin:], True, _PIECE
            end = xml.find(b"</sheetData>")
            over = end >= 0
            end = end if over else xml.rfind(b"</row>") + 6
            if end < 6 and not over:
                raise NotPlain
            parts, held = [xml[end:]], len(xml) - end
            yield decoded(xml[:end])
        if not over:
            raise NotPlain

    def _cut(self, text: str, measure: Measure) -> Iterator[Run]:
        """The numbers of the rows in a text and its cells by column, in runs of rows that follow each other."""
        if self.shape is None or not (run := self._alike(self.shape, text, measure)):
            self.shape = shape_of(text, self.styles.numbers, self.styles.days)
            run = self._alike(self.shape, text, measure) if self.shape else None
        if run:
            yield run
        else:
            yield from self._mixed(text, measure)

    def _alike(self, shape: Shape, text: str, measure: Measure) -> Run | None:
        """All rows of a text at once, where they follow each other and every one is of that shape; else None."""
        rows = shape.pattern.findall(text)
        if not rows:
            return None
        marks, *found = zip(*rows, strict=True)
        numbers = list(map(int, marks))
        hollow = [0 if all(values) else values.count("") for values in found]
        filled = len(rows) * len(found) - sum(hollow)
        cells = text.count("<c ") if any(hollow) else filled
        tags = sum(each * (len(rows) - empty) for each, empty in zip(shape.tags, hollow, strict=True))
        if text.count("<") != 2 * len(rows) + tags + cells - filled or numbers != list(range(numbers[0], numbers[0] + len(rows))):
            return None
        self._take_in(measure, numbers[-1], shape.places, filled)
        columns: Columns = [[""] * len(rows)] * shape.places[-1]
        entities = "&" in text
        for place, kind, style, values in zip(shape.places, shape.kinds, shape.styles, found, strict=True):
            columns[place - 1] = self._column(kind, style, values, entities=entities)
        return numbers, columns

    def _column(self, kind: str, style: str, values: Sequence[str], *, entities: bool) -> Sequence[Cell]:
        """The cells of one kind; an empty value is an empty cell."""
        if kind == "inlineStr":
            return list(map(unescaped, values)) if entities else values
        if all(values):
            if kind == "s":
                return self._shared(values)
            return numbers_of(values) if style in self.styles.numbers else [self._number(style, value) for value in values]
        filled = iter(self._column(kind, style, [value for value in values if value], entities=False))
        return [next(filled) if value else "" for value in values]

    def _take_in(self, measure: Measure, row: int, places: Sequence[int], filled: int) -> None:
        if row > _LAST_ROW:
            raise NotPlain
        measure.add(row, min(places), filled)
        measure.add(row, max(places), 0)
        refuse_absurd(measure, self.name, self.limits)

    def _mixed(self, text: str, measure: Measure) -> Iterator[Run]:
        """The same cell by cell."""
        cells, marks = CELL.findall(text), _ROW.findall(text)
        _refuse_other_tags(text, len(cells), len(marks))
        cells = [cell for cell in cells if cell[5] or cell[6]]  # a far cell may hold a colour only
        if not cells:
            return
        letters, digits, *rest = zip(*cells, strict=True)
        if not set(digits) <= set(marks):
            raise NotPlain
        places = [column_number(word.encode()) for word in set(letters)]
        self._take_in(measure, max(map(int, set(digits))), places, len(cells))
        flat = [self._cell(*cell) for cell in zip(*rest, strict=True)]
        yield from _placed(letters, digits, flat, max(places))

    def _cell(self, style: str, kind: str, formula: str, value: str, inline: str) -> Cell:
        if (inline and kind != "inlineStr") or (value and kind == "inlineStr"):
            raise NotPlain
        if kind == "inlineStr":
            return unescaped(inline)
        if kind == "str":
            return unescaped(value)
        if not value:
            if formula or kind not in ("", "n"):
                raise NotPlain
            return ""
        if kind in ("", "n"):
            return self._number(style, value)
        if kind == "s":
            return self._shared([value])[0]
        if kind == "b" and value in ("0", "1"):
            return value == "1"
        if kind == "e" and value in FORMULA_ERRORS:
            return value
        raise NotPlain

    def _shared(self, values: Sequence[str]) -> list[Cell]:
        joined = "".join(values)
        if not (joined.isascii() and joined.isdecimal()):
            raise NotPlain
        try:
            return list(map(self.strings.__getitem__, map(int, values)))
        except IndexError as error:
            raise SheetRefused(DAMAGED) from error

    def _number(self, style: str, value: str) -> Cell:
        if style in self.styles.numbers:
            return numbers_of([value])[0]
        if style not in self.styles.days:
            raise NotPlain
        if value not in self.days:
            if not (value.isascii() and value.isdecimal() and 60 < int(value) < 2_958_466):
                raise NotPlain
            self.days[value] = _EPOCH + timedelta(days=int(value))
        return self.days[value]


def _after(row: int, numbers: Sequence[int]) -> int:
    if numbers[0] <= row:
        raise NotPlain
    return numbers[-1]


def decoded(xml: bytes) -> str:
    """The text of XML in UTF-8, as a parser would hand it on. Raises NotPlain."""
    if len(xml.translate(None, _CONTROLS)) < len(xml) or (b"\xef\xbf" in xml and any(word in xml for word in _NO_TEXT)):
        raise NotPlain
    if b"\r" in xml:
        xml = xml.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        text = xml.decode()
    except UnicodeDecodeError as error:
        raise NotPlain from error
    if b"&" in xml and text.count("&") != len(_ENTITY.findall(text)):
        raise NotPlain
    return text


def _is_plain_prologue(xml: bytes) -> bool:
    known = _PROLOGUE.fullmatch(xml)
    return known is not None and b"<!" not in xml and b'xmlns="http' in xml


def _refuse_other_tags(text: str, cells: int, rows: int) -> None:
    """Raises NotPlain where a tag is not of the cells and rows that were found."""
    count = text.count
    values, inlines, closed, hollow = count("<v>"), count("<is>"), count("</c>"), count('"></c>')
    formulas, closed_formulas = count("<f"), count("</f>")
    tags = 2 * values + 4 * inlines + cells + closed + formulas + closed_formulas + rows + count("</row>")
    if (
        count("<c ") != cells
        or count("<row") != rows
        or closed != values + inlines + hollow
        or (count("</v>"), count("</is>"), count("</t>"), count("<t")) != (values, inlines, inlines, inlines)
        or (count("<"), count(">")) != (tags, tags)  # a tag that lost its first sign is told by its last
    ):
        raise NotPlain


def numbers_of(values: Sequence[str]) -> Numbers:
    if not _NUMERIC.issuperset("".join(values)):
        raise NotPlain
    try:
        return Numbers(values)
    except ValueError as error:
        raise NotPlain from error


def unescaped(text: str) -> str:
    return _ENTITY.sub(_entity, text) if "&" in text else text


def _entity(match: re.Match[str]) -> str:
    if match[1]:
        return _NAMED[match[1]]
    number = int(match[2]) if match[2] else int(match[3], 16)
    if (
        (number < 32 and number not in (9, 10, 13))
        or 0xD800 <= number < 0xE000
        or number in (0xFFFE, 0xFFFF)
        or number > 0x10FFFF
    ):
        raise NotPlain
    return chr(number)


def _placed(letters: Sequence[str], digits: Sequence[str], cells: Sequence[Cell], width: int) -> Iterator[Run]:
    """Cells of rows that lack some, put into columns; cells out of their order raise NotPlain."""
    number_of = {word: column_number(word.encode()) - 1 for word in set(letters)}
    columns: list[list[Cell]] = []
    first = last = at = -1
    for letter, digit, cell in zip(letters, digits, cells, strict=True):
        row, place = int(digit), number_of[letter]
        if row != last:
            if row < last:
                raise NotPlain
            if not columns or row - last > 50:
                if columns:
                    yield range(first, last + 1), list(columns)
                columns, first, last = [[] for _ in range(width)], row, row - 1
            for column in columns:
                column.extend([""] * (row - last))
            last, at = row, -1
        if place <= at:
            raise NotPlain
        at = place
        columns[place][-1] = cell
    if columns:
        yield range(first, last + 1), list(columns)
