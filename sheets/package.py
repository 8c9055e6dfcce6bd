"""The inside of an .xlsx file: which member is which sheet, its styles and shared strings, and the sheets measured as streams."""

import itertools
import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from xml.parsers import expat

from sheets.cells import UNCOMPUTED
from sheets.guard import DAMAGED, TOO_LARGE, Limits, SheetRefused, pieces
from sheets.measure import Measure, column_number, refuse_absurd
from sheets.plain import NotPlain, PlainSheet, Styles, decoded, unescaped

_CELL = rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]{1,3}[0-9]{1,7})"'
_FILLED = re.compile(_CELL + rb"(?:[^>]*[^/>])?>")
_WHOLE_CELL = re.compile(rb"<(?:\w+:)?c(?:\s([^>]*[^/>])?)?>(.*?)</(?:\w+:)?c>", re.DOTALL)
_REFERENCE = re.compile(rb'(?:^|\s)r="([A-Z]{1,3})([0-9]{1,7})"')
_RESULT = re.compile(rb"<(?:\w+:)?v\s*/?>([^<]*)")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_SHARED = re.compile(rb'<(?:\w+:)?c\s(?:[^>]*?\s)?t="s"(?:[^>]*[^/])?>\s*<(?:\w+:)?v\s*>\s*([^<]*?)\s*<')
_STYLE = re.compile(rb'<(?:\w+:)?c\s(?:[^>]*?\s)?s="([^">]*)"')
# A cell with two values, and a number that no reader takes for one: one reader's 7 is another's text.
_TWO_VALUES = re.compile(rb"</(?:\w+:)?v\s*>(?:(?!</(?:\w+:)?c\s*>).)*?<(?:\w+:)?v[\s/>]", re.DOTALL)
_NO_NUMBER = re.compile(
    rb"""<(?:\w+:)?c(?![^>]*\st=["'](?!n["']))(?:\s[^>]*)?>\s*(?:<(?:\w+:)?f[^<]*</(?:\w+:)?f\s*>\s*)?<(?:\w+:)?v\s*>"""
    rb"(?![+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?<)[^<]",
    re.IGNORECASE,
)
_LONGEST_ROW = 64 << 20
_SMALL = 16 << 20  # bytes of a member that lists parts or formats

_STRING = re.compile(r'<si><t(?:/>|(?: xml:space="preserve")?>([^<]*)</t>)(?:<phoneticPr[^<>]*/>)?</si>')

# Built-in formats, and shapes of an agency's own, that are surely a number or surely a day.
_NUMBER_FORMATS = {"0", "1", "2", "3", "4", "9", "10", "11", "37", "38", "39", "40", "48", "49"}
_DAY_FORMATS = {"14", "15", "16", "17", "22"}
_NUMBER_SHAPE = re.compile(r"General|@|[#0?.,%\s()_;\\+\-\"¥￥$*]*[#0][#0?.,%\s()_;\\+\-\"¥￥$*]*|0\.0+E\+0+")
_DAY_SHAPE = re.compile(r"y{2,4}[\s\"\\/\-.年]*m{1,2}[\s\"\\/\-.月]*d{1,2}[\s\"\\/\-.日]*(?:;@)?")


@dataclass(frozen=True)
class Part:
    """One sheet as the workbook lists it: its name, member of the archive, and whether it is hidden."""

    name: str
    member: str
    hidden: bool


class Package:
    """An opened .xlsx file. Raises SheetRefused where what lists its parts is damaged."""

    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._archive, self._limits = archive, limits
        self._plain = True
        self.sheets = list(self._listed())

    def plain(self, part: Part) -> PlainSheet | None:
        """The sheet for the fast reader, or None where the workbook is not plain enough for it."""
        if not self._plain:
            return None
        try:
            return PlainSheet(self._archive, part.name, part.member, self._strings, self._styles, self._limits)
        except NotPlain:
            self._plain = False
            return None

    def measures(self) -> dict[str, Measure]:
        """The measure of every sheet by its name; the XML is checked too. Raises SheetRefused also for absurd sizes."""
        known = self._count("xl/sharedStrings.xml", "si"), len(self._formats[0])
        return {part.name: _measure(self._archive, part, known, self._limits) for part in self.sheets}

    def _count(self, member: str, element: str) -> int:
        """How many such elements a member has, 0 if it is not there; malformed XML is refused."""
        if member not in self._archive.namelist():
            return 0
        count, parser = itertools.count(), _parser(namespaces=True)
        parser.StartElementHandler = lambda tag, _: next(count) if tag.rpartition(" ")[2] == element else None
        _parse(parser, pieces(self._archive, member, self._limits.unpacked_bytes))
        return next(count)

    def _listed(self) -> Iterator[Part]:
        targets = {
            attributes.get("Id", ""): attributes.get("Target", "")
            for tag, attributes in self._elements("xl/_rels/workbook.xml.rels")
            if tag == "Relationship" and attributes.get("Type", "").endswith("/worksheet")
        }
        names = set(self._archive.namelist())
        seen: set[str] = set()
        for tag, attributes in self._elements("xl/workbook.xml"):
            if tag == "workbookPr" and attributes.get("date1904", "0") not in ("0", "false"):
                self._plain = False
            if tag != "sheet":
                continue
            relation = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id"), "")
            target, name = targets.get(relation, ""), attributes.get("name", "")
            member = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            if member in names:
                if not name or name in seen:
                    raise SheetRefused(DAMAGED)
                seen.add(name)
                yield Part(name, member, attributes.get("state", "visible") != "visible")

    def _elements(self, part: str) -> list[tuple[str, dict[str, str]]]:
        return _elements(self._archive, part, self._limits)

    @cached_property
    def _formats(self) -> tuple[list[str], dict[str, str]]:
        """The number format of every cell format, by its id; and the codes of ids that are no built-in ones."""
        codes: dict[str, str] = {}
        formats: list[str] = []
        listing = False
        there = "xl/styles.xml" in self._archive.namelist()
        for tag, attributes in self._elements("xl/styles.xml") if there else ():
            if tag == "numFmt":
                codes.setdefault(attributes.get("numFmtId", ""), attributes.get("formatCode", ""))
            elif tag in ("cellXfs", "cellStyles", "dxfs", "cellStyleXfs"):
                listing = tag == "cellXfs"
            elif tag == "xf" and listing:
                formats.append(attributes.get("numFmtId", "0"))
        return formats, codes

    @cached_property
    def _styles(self) -> Styles:
        formats, codes = self._formats
        numbers = {str(at) for at, format_ in enumerate(formats) if _is_number(format_, codes)}
        days = {str(at) for at, format_ in enumerate(formats) if _is_day(format_, codes)}
        if "0" in numbers or not formats:
            numbers.add("")
        return Styles(frozenset(numbers), frozenset(days))

    @cached_property
    def _strings(self) -> Sequence[str]:
        name = "xl/sharedStrings.xml"
        if name not in self._archive.namelist():
            return []
        strings: list[str] = []
        rest = b""
        for piece in pieces(self._archive, name, self._limits.unpacked_bytes):
            rest += piece
            end = rest.rfind(b"</si>") + 5
            if end >= 5:
                strings += _strings_in(decoded(rest[:end]), first=not strings)
                rest = rest[end:]
        if rest.strip() != b"</sst>":
            raise NotPlain
        return strings


def _strings_in(text: str, *, first: bool) -> list[str]:
    """The strings of a text made of whole items; the first text begins with the table's head."""
    if first:
        head = re.match(r"\ufeff?(?:<\?xml[^<>]*\?>)?\s*<sst\s[^<>]*>", text)
        if head is None:
            raise NotPlain
        text = text[head.end() :]
    found = _STRING.findall(text)
    if text.count("<") != 4 * len(found) + text.count("<phoneticPr") - text.count("<t/>"):
        raise NotPlain
    return list(map(unescaped, found)) if "&" in text else found


def _is_number(format_: str, codes: dict[str, str]) -> bool:
    return bool(_NUMBER_SHAPE.fullmatch(codes[format_])) if format_ in codes else format_ in _NUMBER_FORMATS


def _is_day(format_: str, codes: dict[str, str]) -> bool:
    return bool(_DAY_SHAPE.fullmatch(codes[format_].lower())) if format_ in codes else format_ in _DAY_FORMATS


def _elements(archive: zipfile.ZipFile, part: str, limits: Limits) -> list[tuple[str, dict[str, str]]]:
    """Tag (without prefix) and attributes of every element of a small member; no entities are expanded."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = _parser()
    parser.StartElementHandler = lambda tag, attributes: found.append((tag.rpartition(":")[2], attributes))
    _parse(parser, pieces(archive, part, min(limits.unpacked_bytes, _SMALL)))
    return found


def _parser(*, namespaces: bool = False) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ") if namespaces else expat.ParserCreate()

    def forbid(*_: object) -> None:
        raise SheetRefused(DAMAGED)

    parser.StartDoctypeDeclHandler = forbid
    return parser


def _parse(parser: expat.XMLParserType, xml: Iterator[bytes]) -> None:
    try:
        for piece in xml:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise SheetRefused(DAMAGED) from error


def _measure(archive: zipfile.ZipFile, part: Part, known: tuple[int, int], limits: Limits) -> Measure:
    """Streams a sheet's XML, whole rows at a time. `known`: how many shared strings and cell formats there are."""
    measure = Measure()
    parser = _parser(namespaces=True)

    def parsed() -> Iterator[bytes]:
        rest = b""
        for piece in pieces(archive, part.member, limits.unpacked_bytes):
            yield piece
            rest += piece
            end = rest.rfind(b"row>") + 4
            if end >= 4:
                _refuse_ambiguous(rest[:end])
                _refuse_unknown(rest[:end], *known)
                _measure_rows(measure, part.name, rest[:end])
                rest = rest[end:]
            elif len(rest) > _LONGEST_ROW:
                raise SheetRefused(TOO_LARGE)
        _refuse_ambiguous(rest)
        _refuse_unknown(rest, *known)
        _measure_rows(measure, part.name, rest)

    _parse(parser, parsed())
    refuse_absurd(measure, part.name, limits)
    return measure


def _refuse_ambiguous(xml: bytes) -> None:
    """Raises SheetRefused for cells that readers take differently; no spreadsheet program writes them."""
    if _TWO_VALUES.search(xml) or _NO_NUMBER.search(xml):
        raise SheetRefused(DAMAGED)


def _refuse_unknown(xml: bytes, strings: int, formats: int) -> None:
    """Raises SheetRefused for a cell whose shared string or format does not exist: the library would pass it by."""
    for pattern, count in ((_SHARED, strings), (_STYLE, formats or 1)):
        named = set(pattern.findall(xml))
        if not all(name.isdigit() and len(name) < 10 and int(name) < count for name in named):
            raise SheetRefused(DAMAGED)


def _measure_rows(measure: Measure, sheet: str, xml: bytes) -> None:
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
