"""Spreadsheets that came to harm: honest tables, each then spoilt in one of many ways by a seed. `spoilt(random)` makes one."""

import csv
import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.tables import FORMS, TABLES, Random


@dataclass(frozen=True)
class Spoilt:
    """One file: which kind of spreadsheet, its format, what befell it, its bytes and the bytes before."""

    kind: str
    form: str
    harm: str
    content: bytes
    honest: bytes


# ---- harm to any file ------------------------------------------------------------------------------------------


def flipped(content: bytes, rng: Random) -> bytes:
    spoilt = bytearray(content)
    for _ in range(rng.choice([1, 3, 30])):
        spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def cut(content: bytes, rng: Random) -> bytes:
    return content[: rng.randrange(len(content))]


def overwritten(content: bytes, rng: Random) -> bytes:
    at, length = rng.randrange(len(content)), rng.randrange(1, 600)
    filling = rng.choice([b"\0", b"\xff", b" ", b"9", None])
    return content[:at] + (filling * length if filling else rng.randbytes(length)) + content[at + length :]


def gone(content: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + content[at + rng.randrange(1, 600) :]


def repeated(content: bytes, rng: Random) -> bytes:
    at, length = rng.randrange(len(content)), rng.randrange(1, 2000)
    return content[: at + length] + content[at:]


def with_a_tail(content: bytes, rng: Random) -> bytes:
    return content + rng.choice([rng.randbytes(500), b"\0" * 1000, content[:700], b"PK\x05\x06"])


ANY = (flipped, cut, overwritten, gone, repeated, with_a_tail)


# ---- harm to a csv file ----------------------------------------------------------------------------------------


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def recoded(content: bytes, rng: Random) -> bytes:
    return _text(content).encode(
        rng.choice(["utf-16", "utf-16-le", "utf-16-be", "big5", "latin-1", "utf-7", "utf-32"]), "replace"
    )


def of_two_encodings(content: bytes, rng: Random) -> bytes:
    lines = _text(content).splitlines(keepends=True)
    pair = rng.sample(["utf-8", "gb18030", "big5"], 2)
    at = rng.randrange(len(lines))
    return "".join(lines[:at]).encode(pair[0], "replace") + "".join(lines[at:]).encode(pair[1], "replace")


def misread(content: bytes, _: Random) -> bytes:
    """Text that a program took for another encoding and saved so: 乱码."""
    return _text(content).encode().decode("gb18030", "replace").encode()


CELLS = (
    "911403020000000007",
    "9.11403E+17",
    "1.1E+17",
    "=1+1",
    "=cmd|' /C calc'!A0",
    "#DIV/0!",
    "#N/A",
    "#REF!",
    "44931.0",
    "5.5%",
    "12.0",
    "TRUE",
    "-1",
    "1,234.50",
    "1,23",
    "NaN",
    "1e999",
    "Infinity",
    "２０２３",
    "\u3000",
    "\ufffd\ufffd",
    "\u202e",
    "x" * 40_000,
    "9" * 400,
    "\0",
    "\x1b[2J",
    '"',
    '""',
    "a\tb",
    "\\N",
    "\\.",
    "{}",
    "%s",
    "';--",
    "<b>",
    "&amp;",
    "2023-02-30",
    "0000-00-00",
    "20231301",
    "是 ",
)


def cell_changed(content: bytes, rng: Random) -> bytes:
    rows = list(csv.reader(io.StringIO(_text(content), newline="")))
    row = rng.choice(rows)
    row[rng.randrange(len(row))] = rng.choice(CELLS)
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def without_header(content: bytes, _: Random) -> bytes:
    return _text(content).partition("\n")[2].encode()


def separated_otherwise(content: bytes, rng: Random) -> bytes:
    return _text(content).replace(",", rng.choice(["\t", ";", "，", ",,", "|"])).encode()


def lines_broken(content: bytes, rng: Random) -> bytes:
    return (
        _text(content)
        .replace("\r\n", "\n")
        .replace("\n", rng.choice(["\r", "\n\n", "\r\r\n", "\u2028", "\n,,,\n", "\x0b"]))
        .encode()
    )


def quote_put_in(content: bytes, rng: Random) -> bytes:
    text = _text(content)
    at = rng.randrange(len(text))
    return (text[:at] + rng.choice(['"', '""', "\0", "\ufeff", "\n", ",", "\x1a", "\r"]) + text[at:]).encode()


CSV = (
    recoded,
    of_two_encodings,
    misread,
    cell_changed,
    cell_changed,
    without_header,
    separated_otherwise,
    lines_broken,
    quote_put_in,
)


# ---- harm to an .xlsx file -------------------------------------------------------------------------------------


def repacked(content: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """The same workbook with changed members; every checksum is right."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return buffer.getvalue()


def _sheet(members: dict[str, bytes]) -> str:
    return max(name for name in members if name.startswith("xl/worksheets/"))


def member_flipped(content: bytes, rng: Random) -> bytes:
    def change(members: dict[str, bytes]) -> None:
        name = rng.choice([name for name in members if members[name]])
        members[name] = rng.choice([flipped, cut, overwritten, gone, repeated])(members[name], rng)

    return repacked(content, change)


def member_gone(content: bytes, rng: Random) -> bytes:
    return repacked(content, lambda members: members.pop(rng.choice(list(members))))


def members_swapped(content: bytes, rng: Random) -> bytes:
    def change(members: dict[str, bytes]) -> None:
        one, other = rng.sample(list(members), 2)
        members[one], members[other] = members[other], members[one]

    return repacked(content, change)


def member_twice(content: bytes, rng: Random) -> bytes:
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as archive:
        name = rng.choice(archive.namelist())
        archive.filelist = []  # so that nobody warns of the second
        archive.NameToInfo = {}
        archive.writestr(name, b"<worksheet/>")
    return buffer.getvalue()


def types_wrong(content: bytes, rng: Random) -> bytes:
    def change(members: dict[str, bytes]) -> None:
        types = members["[Content_Types].xml"]
        members["[Content_Types].xml"] = rng.choice(
            [b"", b"<Types/>", types.replace(b"sheet", b"image"), types.replace(b"/xl/", b"/yl/")]
        )

    return repacked(content, change)


def bombed(content: bytes, rng: Random) -> bytes:
    def change(members: dict[str, bytes]) -> None:
        name = rng.choice(["xl/media/a.bin", "xl/sharedStrings.xml", _sheet(members)])
        members[name] = members.get(name, b"").replace(b"</sheetData>", b" " * (12 << 20) + b"</sheetData>") or b" " * (12 << 20)

    return repacked(content, change)


def nested(content: bytes, rng: Random) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(rng.choice(["名册.xlsx", "xl/workbook.xml", "xl/worksheets/sheet1.xml"]), content)
    return buffer.getvalue()


CELL_XML = (
    b'<c r="%s"><v>911403020000000007</v></c>',
    b'<c r="%s" t="e"><v>#DIV/0!</v></c>',
    b'<c r="%s"><f>1/0</f></c>',
    b'<c r="%s" t="str"><f>A1</f><v>x</v></c>',
    b'<c r="%s" t="b"><v>1</v></c>',
    b'<c r="%s" t="s"><v>99999</v></c>',
    b'<c r="%s" t="s"><v>-1</v></c>',
    b'<c r="%s"><v>NaN</v></c>',
    b'<c r="%s"><v>1e999</v></c>',
    b'<c r="%s"><v>12.0</v></c>',
    b'<c r="%s"><v>0.055</v></c>',
    b'<c r="%s"><v>44931</v></c>',
    b'<c r="%s" t="d"><v>2023-05-01</v></c>',
    b'<c r="%s" t="zzz"><v>1</v></c>',
    b'<c r="%s" t="inlineStr"><is><r><t>a</t></r><r><t xml:space="preserve"> b</t></r></is></c>',
    b'<c r="%s"/>',
    b"<c><v>7</v></c>",
    b'<c r="%s" t="inlineStr"><is><t><![CDATA[x]]></t></is></c>',
    b'<c r="%s" t="str"><v>&#65;&lt;&bad;</v></c>',
    b'<c r="%s" s="999"><v>5</v></c>',
    b'<c r="%s" t="inlineStr"><is><t>_x0041__x000D_</t></is></c>',
    b'<c r="%s" t="str"><v>\0</v></c>',
    b'<c r="XFD1048576"><v>1</v></c>',
    b'<c r="A0"><v>1</v></c>',
    b'<c r="%s"><!-- --><v>3</v></c>',
    b"<c r='%s'><v>3</v></c>",
    b'<x:c r="%s"><x:v>3</x:v></x:c>',
    b'<c r="%s" t="inlineStr"><is><t>' + b"x" * 40_000 + b"</t></is></c>",
    b'<c r="%s"><v> 7 </v></c>',
    b'<c r="%s"><v></v></c>',
    b'<c t="str" r="%s"><v>9</v></c>',
    b'<c r="%s"><v>1</v><v>2</v></c>',
    b'<c r="%s" t="str"><v>\xff\xfe</v></c>',
    b'<c r="a1"><v>1</v></c>',
)
_CELL = re.compile(rb'<c r="([A-Z]+\d+)".*?(?:/>|</c>)', re.DOTALL)


def cell_replaced(content: bytes, rng: Random) -> bytes:
    def change(members: dict[str, bytes]) -> None:
        sheet = members[_sheet(members)]
        found = rng.choice([*_CELL.finditer(sheet)])
        members[_sheet(members)] = sheet[: found.start()] + rng.choice(CELL_XML).replace(b"%s", found[1]) + sheet[found.end() :]

    return repacked(content, change)


def xml_edited(content: bytes, rng: Random) -> bytes:
    """One of the things that no spreadsheet program writes, or only an odd one."""
    doctype = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    row = rng.randrange(2, 9)
    edits = [
        (rb"<worksheet", doctype + b"<worksheet"),
        (rb"<dimension[^>]*>", b'<dimension ref="C5:A1"/>'),
        (rb"<dimension[^>]*>", b'<dimension ref="A1:XFD1048576"/>'),
        (rb"<dimension[^>]*>", b'<dimension ref="A-1:B-2"/>'),
        (rb'<row r="%d"' % row, b'<row r="%d"' % rng.choice([0, 1, 3, 7, 1_048_577, 2**40])),
        (rb'<row r="%d"' % row, b"<row"),
        (rb"</row>", b""),
        (rb'encoding="UTF-8"', b'encoding="GBK"'),
        (rb"<sheetData>", b"<sheetData/>"),
        (rb"</sheetData>.*", b""),
        (rb'<row r="%d".*?</row>' % row, b""),
        (rb'(<row r="%d".*?</row>)' % row, rb"\1\1"),
        (rb"<c ", b"<x:c "),
        (rb'<row r="1" .*?</row>', b""),
        (rb'r="[A-Z]+\d+"', b""),
        (rb"<sheetData>", b"<sheetData><!-- -->"),
        (rb"<v>", b"<v>\0"),
    ]

    def change(members: dict[str, bytes]) -> None:
        name = _sheet(members)
        pattern, text = rng.choice(edits)
        members[name] = re.sub(pattern, text, members[name], count=rng.choice([0, 1]), flags=re.DOTALL)

    return repacked(content, change)


def strings_edited(content: bytes, rng: Random) -> bytes:
    edits = [
        (rb'count="\d+" uniqueCount="\d+"', b'count="4000000000" uniqueCount="4000000000"'),
        (rb"<si>.*?</si>", b""),
        (rb"<si>", b"<si><rPh><t>x</t></rPh>"),
        (rb"<t>", b"<t>\0"),
        (rb"</sst>.*", b""),
        (rb"<sst", b"<!DOCTYPE x><sst"),
        (rb"<si><t>", b"<si><t>" + b"x" * 50_000),
        (rb"</t>", b"</r></t>"),
    ]

    def change(members: dict[str, bytes]) -> None:
        pattern, text = rng.choice(edits)
        name = "xl/sharedStrings.xml"
        members[name] = re.sub(pattern, text, members.get(name, b"<sst/>"), count=rng.choice([0, 1]), flags=re.DOTALL)

    return repacked(content, change)


def book_edited(content: bytes, rng: Random) -> bytes:
    edits = [
        (rb"<sheets>.*</sheets>", b"<sheets/>"),
        (rb'r:id="rId1"', b'r:id="rId99"'),
        (rb'name="[^"]*"', b'name=""'),
        (rb"<workbookPr", b'<workbookPr date1904="1"'),
        (rb"<sheet ", b'<sheet state="hidden" '),
        (rb"<sheets>(.*)</sheets>", rb"<sheets>\1\1</sheets>"),
        (rb"<workbook", b"<!DOCTYPE a><workbook"),
    ]

    def change(members: dict[str, bytes]) -> None:
        pattern, text = rng.choice(edits)
        members["xl/workbook.xml"] = re.sub(pattern, text, members["xl/workbook.xml"], flags=re.DOTALL)
        if rng.random() < 0.2:
            members["xl/styles.xml"] = rng.choice([b"", b"<styleSheet/>", flipped(members["xl/styles.xml"], rng)])

    return repacked(content, change)


XLSX = (
    member_flipped,
    member_flipped,
    member_gone,
    members_swapped,
    member_twice,
    types_wrong,
    bombed,
    nested,
    cell_replaced,
    cell_replaced,
    cell_replaced,
    xml_edited,
    xml_edited,
    strings_edited,
    book_edited,
)


# ---- harm to an .xls file --------------------------------------------------------------------------------------


def _records(content: bytes) -> Iterator[tuple[int, int, int]]:
    """(where, kind, length) of the records of the workbook stream, which xlwt writes in one piece behind the header."""
    at = 512
    while at + 4 <= len(content):
        kind, length = struct.unpack_from("<HH", content, at)
        if not kind:
            return
        yield at, kind, length
        at += 4 + length


def record_changed(content: bytes, rng: Random) -> bytes:
    spoilt = bytearray(content)
    at, _, length = rng.choice([*_records(content)])
    where = rng.choice([at, at + 2, *([at + 4 + rng.randrange(length)] * 4 if length else [])])
    spoilt[where] = rng.choice([0, 1, 255, rng.randrange(256)])
    return bytes(spoilt)


def container_changed(content: bytes, rng: Random) -> bytes:
    spoilt = bytearray(content)
    struct.pack_into(
        "<I",
        spoilt,
        rng.choice([30, 44, 48, 56, 60, 64, 68, 72, 76, 80]),
        rng.choice([0, 1, 2**31, 2**32 - 1, rng.randrange(2**32)]),
    )
    return bytes(spoilt)


def extent_changed(content: bytes, rng: Random) -> bytes:
    spoilt = bytearray(content)
    for at, kind, _ in _records(content):
        if kind == 0x0200:
            struct.pack_into(
                "<IIHH", spoilt, at + 4, *rng.choice([(0, 2**32 - 1, 0, 65_535), (9, 1, 7, 2), (0, 0, 0, 0), (0, 65_536, 0, 256)])
            )
        elif kind in (0x00FD, 0x0203) and rng.random() < 0.05:
            struct.pack_into("<HH", spoilt, at + 4, rng.randrange(65_536), rng.randrange(65_536))
    return bytes(spoilt)


XLS = (record_changed, record_changed, record_changed, container_changed, extent_changed)
HARMS = {"csv": CSV, "xlsx": XLSX, "xls": XLS}


def spoilt(rng: Random) -> Spoilt:
    """One file by a generator: each kind, format and harm as likely as its neighbour."""
    kind, form = rng.choice([*TABLES]), rng.choice([*FORMS])
    honest = FORMS[form](TABLES[kind](rng), rng)
    harm = rng.choice([*ANY, *HARMS[form], *HARMS[form]])
    return Spoilt(kind, form, harm.__name__, harm(honest, rng), honest)
