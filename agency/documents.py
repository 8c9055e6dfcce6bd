"""公文: letters and announcements as PDF and Word, long lists as PDF. Pure: no database, no clock.

    letter = Document(
        "不予返还通知书",
        [
            Text("某某有限公司："),                      # flush left: whom it is to
            Paragraph("经审核，……"),                     # indented by two characters
            Table(["项目", "金额"], [["应返还", "1,234.50"]], widths=[3, 1], right=[1]),
            Signature("某某市失业保险经办机构", date(2024, 9, 30)),
        ],
        number="某失保〔2024〕12号",
    )
    pdf_of(letter), docx_of(letter)                      # bytes; the same document gives the same bytes

A PDF carries the Chinese font with it, so that it looks the same on every machine; a character that the font lacks is
printed as 〓, with a note at the end. Word documents name the system's 宋体 and stay editable.
"""

import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib.resources import as_file, files
from io import BytesIO
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from reportlab.lib import colors, enums
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, SimpleDocTemplate, Spacer
from reportlab.platypus import Paragraph as PdfParagraph
from reportlab.platypus import Table as PdfTable

FONT = "WenQuanYiMicroHei"
WORD_FONT = "宋体"
MISSING = "〓"  # the printers' mark for a character that is not at hand
_LACKING = f"注：{MISSING} 为本文件所用字体未收录的字，以网页和表格所载为准。"
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a constant, so that the same document gives the same bytes
_MARGIN, _LINE, _SIZE = 20 * mm, 18, 9  # of a list: points a line, size of the letters


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, its first line indented by two characters."""

    text: str


@dataclass(frozen=True)
class Text:
    """A line flush left: whom a letter is to, a telephone, a heading in bold."""

    text: str
    bold: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of text under a header; `widths` are shares of the page's width, `right` the columns set flush right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float] = ()
    right: Sequence[int] = ()


@dataclass(frozen=True)
class Signature:
    """落款: the office and the day, at the right."""

    office: str
    on: date


Block = Paragraph | Text | Table | Signature


@dataclass(frozen=True)
class Document:
    """A title, an optional 文号 under it, and what follows in order."""

    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    number: str = ""


def day_in_words(on: date) -> str:
    """2024年9月3日."""
    return f"{on.year}年{on.month}月{on.day}日"


def pdf_of(document: Document) -> bytes:
    """The document as PDF, A4."""
    into, style = BytesIO(), _styles()
    story: list[Flowable] = [PdfParagraph(_printed(document.title), style["title"])]
    if document.number:
        story.append(PdfParagraph(_printed(document.number), style["number"]))
    story.append(Spacer(0, 4 * mm))
    for block in document.blocks:
        pieces = _flowables(block, style)
        story += [KeepTogether(pieces)] if isinstance(block, Signature) else pieces
    if any(_lacks(text) for text in _texts(document)):
        story.append(PdfParagraph(_LACKING, style["note"]))
    office = next((block.office for block in document.blocks if isinstance(block, Signature)), "")
    template = SimpleDocTemplate(
        into, pagesize=A4, leftMargin=25 * mm, rightMargin=25 * mm, topMargin=25 * mm, bottomMargin=22 * mm, title=document.title,
        author=office, lang="zh-CN", invariant=1, pageCompression=1,
    )  # fmt: skip
    template.build(story, onFirstPage=_page_number, onLaterPages=_page_number)
    return into.getvalue()


def docx_of(document: Document) -> bytes:
    """The document as Word .docx, A4, to be edited or put on a website."""
    made = docx.Document()
    page = made.sections[0]
    page.page_width, page.page_height, page.left_margin, page.right_margin = Mm(210), Mm(297), Mm(25), Mm(25)
    made.styles["Normal"].font.size = Pt(14)
    made.styles["Normal"].font.name = WORD_FONT
    made.styles["Normal"].element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), WORD_FONT)
    called = _without_controls(document.title)[:200]
    made.core_properties.title, made.core_properties.language, made.core_properties.author = called, "zh-CN", ""
    made.core_properties.created = made.core_properties.modified = _CREATED
    made.core_properties.comments = ""
    _word_line(made, document.title, middle=True, bold=True, size=20)
    if document.number:
        _word_line(made, document.number, middle=True)
    for block in document.blocks:
        _word_block(made, block)
    into = BytesIO()
    made.save(into)
    return _undated(into)


def list_pdf(
    into: BinaryIO,
    document: Document,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    widths: Sequence[float],
    right: Sequence[int] = (),
    told: Callable[[int], None] = lambda rows: None,
) -> int:
    """A list of any length as PDF: the document's title and paragraphs, then the rows, each page under the header again.
    Returns how many rows; `told` is called with their number after each page. Memory: a compressed page each.

    Of the document only title, Text, Paragraph and Signature are set. Long cells run on to a second line."""
    with _Sheet(into, document, header, widths, right) as sheet:
        for row in rows:
            if sheet.add(row):
                told(sheet.count)
    return sheet.count


# ---- PDF -------------------------------------------------------------------------------------------------------------


@cache
def _font() -> TTFont:
    """文泉驿微米黑, registered once a process. It comes with the installation, not with the machine."""
    with as_file(files("paperang_p2_fonts_cjk") / "fonts" / "wqy-microhei.ttc") as path:
        font = TTFont(FONT, str(path), subfontIndex=0)
    pdfmetrics.registerFont(font)
    pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=FONT, italic=FONT, boldItalic=FONT)
    return font


def _lacks(text: str) -> bool:
    known = _font().face.charToGlyph
    return any(ord(letter) not in known for letter in _without_controls(text))


def _known(text: str) -> str:
    """The text with MISSING for what the font lacks, and no control characters."""
    known = _font().face.charToGlyph
    return "".join(letter if ord(letter) in known else MISSING for letter in _without_controls(text))


def _printed(text: str) -> str:
    return "<br/>".join(escape(_known(line)) for line in text.splitlines())


def _texts(document: Document) -> Iterator[str]:
    yield from (document.title, document.number)
    for block in document.blocks:
        match block:
            case Table():
                yield from block.header
                yield from (cell for row in block.rows for cell in row)
            case Signature():
                yield block.office
            case _:
                yield block.text


@cache
def _styles() -> dict[str, ParagraphStyle]:
    _font()
    plain = ParagraphStyle("plain", fontName=FONT, fontSize=12, leading=21, wordWrap="CJK", spaceAfter=3)
    return {
        "plain": plain,
        "bold": ParagraphStyle("bold", plain, fontSize=13, spaceBefore=6),
        "indented": ParagraphStyle("indented", plain, firstLineIndent=24),
        "title": ParagraphStyle("title", plain, fontSize=19, leading=28, alignment=enums.TA_CENTER),
        "number": ParagraphStyle("number", plain, alignment=enums.TA_CENTER),
        "signed": ParagraphStyle("signed", plain, alignment=enums.TA_RIGHT, rightIndent=12),
        "cell": ParagraphStyle("cell", plain, fontSize=10.5, leading=15, spaceAfter=0),
        "figure": ParagraphStyle("figure", plain, fontSize=10.5, leading=15, spaceAfter=0, alignment=enums.TA_RIGHT),
        "note": ParagraphStyle("note", plain, fontSize=9, leading=14, spaceBefore=10),
    }


def _flowables(block: Block, style: dict[str, ParagraphStyle]) -> list[Flowable]:
    match block:
        case Paragraph(text):
            return [PdfParagraph(_printed(text), style["indented"])]
        case Text(text, bold):
            return [PdfParagraph(_printed(text), style["bold" if bold else "plain"])]
        case Signature(office, on):
            lines = [PdfParagraph(_printed(line), style["signed"]) for line in (office, day_in_words(on))]
            return [Spacer(0, 8 * mm), *lines]
    widths = _shares(block.widths or [1] * len(block.header), A4[0] - 50 * mm)
    kinds = [style["figure" if place in block.right else "cell"] for place in range(len(block.header))]
    cells = [
        [PdfParagraph(_printed(cell), kind) for cell, kind in zip(row, kinds, strict=True)] for row in (block.header, *block.rows)
    ]
    looks = [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
    return [Spacer(0, 2 * mm), PdfTable(cells, widths, repeatRows=1, style=looks), Spacer(0, 3 * mm)]


def _shares(widths: Sequence[float], whole: float) -> list[float]:
    return [whole * width / sum(widths) for width in widths]


def _page_number(canvas: Canvas, page: Any) -> None:
    canvas.setFont(FONT, 9)
    canvas.drawCentredString(A4[0] / 2, 12 * mm, f"第 {canvas.getPageNumber()} 页")


class _Sheet:
    """A long list being set, line by line from the top of the page to its foot."""

    def __init__(
        self, into: BinaryIO, document: Document, header: Sequence[str], widths: Sequence[float], right: Sequence[int]
    ) -> None:
        _font()
        self.count, self._lacking, self._document, self._header = 0, False, document, header
        self._widths, self._right = _shares(widths, A4[0] - 2 * _MARGIN), frozenset(right)
        self._lefts = [_MARGIN + sum(self._widths[:place]) for place in range(len(self._widths))]
        self._canvas = Canvas(into, pagesize=A4, invariant=1, pageCompression=1, lang="zh-CN")
        self._canvas.setTitle(document.title)
        self._y = A4[1] - _MARGIN

    def __enter__(self) -> "_Sheet":
        style = _styles()
        blocks = [block for block in self._document.blocks if not isinstance(block, Table)]
        story: list[Flowable] = [PdfParagraph(_printed(self._document.title), style["title"])]
        self._lacking = any(_lacks(text) for text in _texts(self._document))
        for block in blocks:
            story += _flowables(block, style)
        for piece in story:
            self._place(piece)
        self._y -= _LINE
        self._head()
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        if kind is None:
            if self._lacking:
                self._y -= _LINE
                self._place(PdfParagraph(_LACKING, _styles()["note"]))
            _page_number(self._canvas, None)
            self._canvas.save()

    def _place(self, piece: Flowable) -> None:
        """Set a paragraph at the present height, over as many pages as it takes."""
        width = A4[0] - 2 * _MARGIN
        waiting = [piece]
        while waiting:
            _, height = waiting[0].wrapOn(self._canvas, width, self._y - _MARGIN)
            if height > self._y - _MARGIN:
                waiting = waiting[0].splitOn(self._canvas, width, self._y - _MARGIN) or waiting
                if len(waiting) == 1:
                    self._turn()
                    continue
            now = waiting.pop(0)
            _, height = now.wrapOn(self._canvas, width, self._y - _MARGIN)
            now.drawOn(self._canvas, _MARGIN, self._y - height)
            self._y -= height + now.getSpaceAfter()

    def add(self, row: Sequence[str]) -> bool:
        """Set a row; says whether it began a new page."""
        cells = [self._lines(str(cell), width - 6) for cell, width in zip(row, self._widths, strict=True)]
        height = _LINE + (max(len(lines) for lines in cells) - 1) * (_SIZE + 3)
        turned = self._y - height < _MARGIN
        if turned:
            self._turn()
            self._head()
        self._cells(cells, height)
        self.count += 1
        return turned

    def _turn(self) -> None:
        _page_number(self._canvas, None)
        self._canvas.showPage()
        self._y = A4[1] - _MARGIN

    def _head(self) -> None:
        if self._y - 3 * _LINE < _MARGIN:
            self._turn()
        self._canvas.setFillColor(colors.whitesmoke)
        self._canvas.rect(_MARGIN, self._y - _LINE, sum(self._widths), _LINE, stroke=0, fill=1)
        self._canvas.setFillColor(colors.black)
        self._canvas.setLineWidth(0.4)
        self._canvas.setStrokeColor(colors.grey)
        self._cells([[_known(title)] for title in self._header], _LINE)

    def _cells(self, cells: Sequence[Sequence[str]], height: float) -> None:
        self._canvas.setFont(FONT, _SIZE)
        for place, (lines, left, width) in enumerate(zip(cells, self._lefts, self._widths, strict=True)):
            for number, line in enumerate(lines):
                y = self._y - 12.5 - number * (_SIZE + 3)
                if place in self._right:
                    self._canvas.drawRightString(left + width - 3, y, line)
                else:
                    self._canvas.drawString(left + 3, y, line)
        self._y -= height
        self._canvas.line(_MARGIN, self._y, _MARGIN + sum(self._widths), self._y)

    def _lines(self, text: str, width: float) -> list[str]:
        """The text in lines that fit the width."""
        printed = _known(text)
        self._lacking = self._lacking or MISSING in printed
        font = _font()
        if len(printed) * _SIZE <= width or font.stringWidth(printed, _SIZE) <= width:
            return [printed]
        lines, taken = [""], 0.0
        for letter in printed:
            wide = font.stringWidth(letter, _SIZE)
            if taken + wide > width and lines[-1]:
                lines.append("")
                taken = 0.0
            lines[-1] += letter
            taken += wide
        return lines


# ---- Word ------------------------------------------------------------------------------------------------------------


def _word_block(made: Any, block: Block) -> None:
    match block:
        case Paragraph(text):
            for line in text.splitlines():
                _word_line(made, line).paragraph_format.first_line_indent = Pt(28)
        case Text(text, bold):
            for line in text.splitlines():
                _word_line(made, line, bold=bold)
        case Signature(office, on):
            made.add_paragraph()
            for line in (office, day_in_words(on)):
                _word_line(made, line).alignment = WD_ALIGN_PARAGRAPH.RIGHT
        case Table():
            _word_table(made, block)


def _word_line(made: Any, text: str, *, middle: bool = False, bold: bool = False, size: int = 14) -> Any:
    line = made.add_paragraph()
    run = line.add_run(_without_controls(text))
    run.bold, run.font.size = bold, Pt(size)
    line.paragraph_format.space_after = Pt(4)
    if middle:
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return line


def _word_table(made: Any, block: Table) -> None:
    table = made.add_table(rows=0, cols=len(block.header), style="Table Grid")
    widths = _shares(block.widths or [1] * len(block.header), 160)
    for number, row in enumerate((block.header, *block.rows)):
        for place, (cell, text) in enumerate(zip(table.add_row().cells, row, strict=True)):
            cell.width = Mm(widths[place])
            line = cell.paragraphs[0]
            run = line.add_run(_without_controls(text))
            run.bold, run.font.size = number == 0, Pt(11)
            if place in block.right:
                line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    made.add_paragraph()


def _without_controls(text: str) -> str:
    """Neither XML nor a printed line holds control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _undated(made: BytesIO) -> bytes:
    """The same archive without the moment of writing."""
    into = BytesIO()
    with zipfile.ZipFile(made) as parts, zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as plain:
        for name in parts.namelist():
            plain.writestr(zipfile.ZipInfo(name, _CREATED.timetuple()[:6]), parts.read(name), zipfile.ZIP_DEFLATED)
    return into.getvalue()
