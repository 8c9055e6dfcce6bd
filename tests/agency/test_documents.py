"""Letters and announcements: what is written can be read back, on paper of either kind."""

import itertools
import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO

import docx
import pytest
from docx.oxml.ns import qn
from pypdf import PdfReader

from agency.documents import Document, Paragraph, Signature, Table, Text, docx_of, list_pdf, pdf_of

LETTER = Document(
    "不予返还通知书",
    [
        Text("龙城市永和机械有限公司："),
        Paragraph("经审核，你单位裁员率 6.25% 高于控制目标 <5.5%> & 其他。\n请于收到之日起提出。"),
        Table(["项目", "金额（元）"], [["应返还", "1,234.50"], ["实返还", "0.00"]], widths=[3, 1], right=[1]),
        Signature("龙城市失业保险管理中心", date(2024, 9, 3)),
    ],
    number="龙失保〔2024〕12号",
)
WORDS = ["不予返还通知书", "龙失保〔2024〕12号", "<5.5%> & 其他", "1,234.50", "龙城市失业保险管理中心", "2024年9月3日"]


def text_of(pdf: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@pytest.mark.parametrize("word", WORDS)
def test_what_a_letter_says_is_in_its_pdf(word: str) -> None:
    assert "".join(word.split()) in text_of(pdf_of(LETTER))


def test_a_pdf_carries_its_font() -> None:
    fonts = PdfReader(BytesIO(pdf_of(LETTER))).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    chinese = [font.get_object() for font in fonts.values() if "MicroHei" in str(font.get_object()["/BaseFont"])]
    assert chinese
    assert all("/FontFile2" in font["/FontDescriptor"].get_object() for font in chinese)


def test_a_character_without_a_glyph_is_marked_and_the_reader_told() -> None:
    rare = text_of(pdf_of(Document("名单", [Paragraph("𠅤某某")])))
    assert "〓某某" in rare
    assert "字体未收录" in rare
    assert "字体未收录" not in text_of(pdf_of(LETTER))


def test_a_word_letter_can_be_edited_and_names_a_chinese_font() -> None:
    made = docx.Document(BytesIO(docx_of(LETTER)))
    lines = [line.text for line in made.paragraphs]
    assert lines[:3] == ["不予返还通知书", "龙失保〔2024〕12号", "龙城市永和机械有限公司："]
    assert "请于收到之日起提出。" in lines
    assert lines[-2:] == ["龙城市失业保险管理中心", "2024年9月3日"]
    assert [[cell.text for cell in row.cells] for row in made.tables[0].rows] == [
        ["项目", "金额（元）"], ["应返还", "1,234.50"], ["实返还", "0.00"],
    ]  # fmt: skip
    assert made.styles["Normal"].element.rPr.rFonts.get(qn("w:eastAsia")) == "宋体"


@pytest.mark.parametrize("write", [pdf_of, docx_of])
def test_the_same_letter_gives_the_same_bytes(write: object) -> None:
    assert write(LETTER) == write(LETTER)  # type: ignore[operator]


def test_control_characters_break_no_document() -> None:
    odd = Document("甲\x00乙", [Paragraph("丙\x0b丁"), Table(["头\x01"], [["格\x02"]])])
    assert "甲乙" in text_of(pdf_of(odd))
    assert docx.Document(BytesIO(docx_of(odd))).paragraphs[0].text == "甲 乙"


def test_a_long_list_runs_over_its_pages_under_the_same_header() -> None:
    head = Document("公示（第一批）", [Paragraph("现予公示。" * 900), Signature("龙城市失业保险管理中心", date(2024, 9, 3))])
    names = {number: f"第{number}有限公司" for number in range(1, 201)}
    names[77] = "名称很长" * 30 + "有限公司"

    def rows() -> Iterator[tuple[str, str, str]]:
        return ((str(number), name, f"{number}.00") for number, name in names.items())

    into, told = BytesIO(), list[int]()
    assert list_pdf(into, head, ["序号", "单位", "金额"], rows(), widths=[1, 5, 2], right=[0, 2], told=told.append) == 200
    pages = ["".join(page.extract_text().split()) for page in PdfReader(into).pages]
    assert len(pages) >= 6
    first = next(place for place, page in enumerate(pages) if "序号单位金额" in page)
    assert first > 0, "the announcement alone is longer than a page"
    assert all("序号单位金额" in page for page in pages[first:])
    text = "".join(re.sub(r"第\d+页$", "", page) for page in pages)
    assert all(name in text for name in names.values())
    assert text.count("现予公示。") == 900
    assert told == sorted(told)
    assert len(told) == len(pages) - first - 1
    assert all(before < after for before, after in itertools.pairwise(told))
