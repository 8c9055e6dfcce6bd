"""Files that are not what they say, or that would take the machine with them."""

import io
import struct
import time
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from sheets.guard import Limits, SheetRefused
from sheets.read import STANDARD, read

HEADER = ["统一社会信用代码", "单位名称"]
GOOD = "91140000000000001X"
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def refusal(tmp_path, read_all):
    """The reason for which bytes, or a file, are refused."""

    def reason(content, limits=STANDARD) -> str:
        if isinstance(content, bytes):
            (tmp_path / "upload").write_bytes(content)
            content = tmp_path / "upload"
        with pytest.raises(SheetRefused) as refused:
            read_all(content, limits)
        return str(refused.value)

    return reason


@pytest.fixture
def honest(workbook):
    return workbook({"明细": [HEADER, [GOOD, "甲"]]})


def packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def ole2(*streams: str) -> bytes:
    """A container of empty streams: header, one sector of its table, one of its directory."""
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 68 + b"\xff" * 436)
    struct.pack_into("<HH", header, 30, 9, 6)
    struct.pack_into("<IIIIIIII", header, 44, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<I", header, 76, 0)
    entries = b""
    for name, kind in [("Root Entry", 5), *((stream, 2) for stream in streams)]:
        coded = f"{name}\0".encode("utf-16-le")
        entries += (
            coded.ljust(64, b"\0") + struct.pack("<HB", len(coded), kind) + b"\0" * 49 + struct.pack("<III", 0xFFFFFFFE, 0, 0)
        )
    return bytes(header) + struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE).ljust(512, b"\xff") + entries.ljust(512, b"\0")


class TestFilesOfAnotherKind:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "文件是空的"),
            (b"   \n\n", "没有找到表头行"),
            (b"%PDF-1.7 ...", "这是PDF 文件，不是表格"),
            (b"\x89PNG\r\n\x1a\n\0\0", "这是图片"),
            (b"Rar!\x1a\x07", "这是压缩包"),
            (b"\x1f\x8b\x08\0", "这是压缩包"),
            (b"\0\1\2\3" * 100, "文件不是表格"),
            ("<html><table><tr><td>统一社会信用代码".encode(), "这是网页或 XML 文件"),
            ('\ufeff <?xml version="1.0"?><Workbook>'.encode(), "这是网页或 XML 文件"),
            (ole2("Workbook"), "文件已损坏"),
            (ole2("WordDocument"), "这是旧版 Word 文档或其他文件，不是表格"),
            (ole2("EncryptedPackage", "EncryptionInfo"), "文件已加密，请去掉打开密码"),
            (ole2("Workbook")[:600], "文件已损坏"),
            (packed({"word/document.xml": b"<w/>"}), "不是 .xlsx 表格"),
            (packed({"xl/workbook.bin": b""}), "这是 .xlsb 文件"),
            (packed({"xl/workbook.xml": b"<workbook/>"}), "文件已损坏"),
            (packed({}), "不是 .xlsx 表格"),
            (b"PK\x03\x04garbage", "文件已损坏"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_are_refused_with_what_to_do(self, refusal, content, reason):
        assert reason in refusal(content)

    def test_are_told_by_content_whatever_their_name(self, honest, tmp_path, read_all):
        renamed = tmp_path / "名册.csv"
        renamed.write_bytes(honest.read_bytes())
        reading, rows = read_all(renamed)
        assert (reading.kind, len(rows)) == ("xlsx", 1)

    def test_too_large_are_refused_unread(self, refusal):
        assert "超过上限 0 MB" in refusal(b"a" * 2000, Limits(file_bytes=1000))


class TestDamagedWorkbooks:
    @pytest.mark.parametrize("share", [0.3, 0.6, 0.95, 0.999])
    def test_cut_off_are_refused(self, honest, refusal, share):
        content = honest.read_bytes()
        assert refusal(content[: int(len(content) * share)]) == "文件已损坏或不完整，请在表格软件中重新保存后再上传"

    def test_with_flipped_bytes_are_refused_or_read_but_never_break_us(self, honest, tmp_path, read_all, seeded):
        content = honest.read_bytes()
        outcomes = set()
        for _ in range(15):
            broken = bytearray(content)
            for _ in range(3):
                broken[seeded.randrange(len(broken))] ^= 1 << seeded.randrange(8)
            (tmp_path / "broken.xlsx").write_bytes(broken)
            try:
                read_all(tmp_path / "broken.xlsx")
                outcomes.add("read")
            except SheetRefused:
                outcomes.add("refused")
        assert "refused" in outcomes

    def test_with_a_member_twice_are_refused(self, honest, refusal):
        with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(honest, "a") as archive:
            archive.writestr("xl/workbook.xml", b"<workbook/>")
        assert "文件已损坏" in refusal(honest)

    def test_with_a_nameless_sheet_are_refused(self, honest, repack, refusal):
        assert "文件已损坏" in refusal(repack(honest, {"xl/workbook.xml": ('name="明细"'.encode(), b'name=""')}))

    @pytest.mark.parametrize(
        "cell",
        [
            b"<c%s><v> 7 </v></c>",
            b'<c%s t="n"><v>7 </v></c>',
            b"<c%s><v>abc</v></c>",
            b"<c%s><v>NaN</v></c>",
            b"<c%s><f>B1</f><v>\n7</v></c>",
            b"<c%s><v>1</v><v>2</v></c>",
            b"<c%s><v>1</v><!-- --><v/></c>",
        ],
    )
    def test_with_a_cell_that_readers_take_differently_are_refused(self, cell, workbook, repack, refusal):
        path = workbook({"明细": [HEADER, [GOOD, 7]]})
        assert "文件已损坏" in refusal(repack(path, {SHEET: (b'<c r="B2"><v>7</v></c>', cell.replace(b"%s", b' r="B2"'))}))

    @pytest.mark.parametrize("cell", [b'<c r="B2" t="str"><v> 7 </v></c>', b'<c r="B2"><!-- --><v>7.0E0</v></c>'])
    def test_with_an_odd_but_clear_cell_are_read(self, cell, workbook, repack, read_all):
        path = workbook({"明细": [HEADER, [GOOD, 7]]})
        _, rows = read_all(repack(path, {SHEET: (b'<c r="B2"><v>7</v></c>', cell)}))
        assert [row.values["name"] for row in rows] == ["7"]

    def test_with_a_locked_member_are_refused(self, honest, refusal):
        content = bytearray(honest.read_bytes())
        at = content.index(b"PK\x01\x02")
        content[at + 8] |= 1
        assert "文件已加密" in refusal(bytes(content))

    def test_with_entities_are_refused(self, honest, repack, refusal):
        bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><workbook'
        declaration = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        assert "文件已损坏" in refusal(repack(honest, {"xl/workbook.xml": (declaration + b"<workbook", bomb)}))
        bomb = bomb.replace(b"<workbook", b"<worksheet")
        assert "文件已损坏" in refusal(repack(honest, {SHEET: (declaration + b"<worksheet", bomb)}))


class TestWorkbooksThatWouldEatTheMachine:
    def test_a_cell_in_the_last_row_and_column_is_refused_at_once(self, tmp_path, refusal):
        path = tmp_path / "far.xlsx"
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("明细")
            sheet.write_row(0, 0, HEADER)
            sheet.write_row(1, 0, [GOOD, "甲"])
            sheet.write_string(1_048_575, 16_383, "x")
        began = time.monotonic()
        reason = refusal(path)
        assert "一直延伸到 XFD 列、第 1048576 行" in reason
        assert "请删除远处多余的单元格" in reason
        assert time.monotonic() - began < 5

    def test_a_far_cell_that_hides_from_the_measure_ends_only_the_child(self, tmp_path, repack, refusal):
        path = tmp_path / "far.xlsx"
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("明细")
            sheet.write_row(0, 0, HEADER)
            sheet.write_string(1_048_575, 16_383, "x")
        hidden = repack(path, {SHEET: (b'<c r="XFD1048576"', b"<c r='XFD1048576'")})
        assert "表格过大" in refusal(hidden)

    def test_far_cells_that_only_have_a_colour_do_no_harm(self, tmp_path, read_all):
        path = tmp_path / "coloured.xlsx"
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("明细")
            sheet.write_row(0, 0, HEADER)
            sheet.write_row(1, 0, [GOOD, "甲"])
            sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bg_color": "red"}))
        assert len(read_all(path)[1]) == 1

    def test_a_zip_bomb_is_refused_by_its_ratio(self, honest, refusal):
        with zipfile.ZipFile(honest, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/media/bomb.xml", b" " * (30 << 20))
        assert "可能是恶意文件" in refusal(honest)

    def test_a_zip_bomb_is_refused_by_its_size(self, honest, refusal):
        assert "表格过大" in refusal(honest, Limits(unpacked_bytes=5_000))

    def test_a_member_that_lies_about_its_size_is_refused(self, honest, repack, refusal):
        content = bytearray(repack(honest, {SHEET: (b"<sheetData>", b"<sheetData>" + b" " * 100_000)}).read_bytes())
        at = content.rindex(SHEET.encode()) - 46
        assert content[at : at + 4] == b"PK\x01\x02"
        struct.pack_into("<I", content, at + 24, 100)
        assert "文件已损坏" in refusal(bytes(content))

    def test_more_cells_than_allowed_are_refused(self, workbook, refusal):
        path = workbook({"明细": [HEADER, *[[GOOD, "甲"]] * 600]})
        assert "另存为 CSV" in refusal(path, Limits(cells=1_000))

    def test_too_little_memory_is_a_refusal_and_not_a_crash(self, honest, repack, refusal):
        rows = "".join(f'<row r="{at}"><c r="A{at}"><v>1</v></c><c r="L{at}"><v>1</v></c></row>' for at in range(3, 300_000))
        path = repack(honest, {SHEET: (b"</sheetData>", f"{rows}</sheetData>".encode())})
        assert "表格过大" in refusal(path, Limits(memory_bytes=64 << 20))

    def test_too_much_time_is_a_refusal(self, csv_file, refusal):
        path = csv_file(f"{','.join(HEADER)}\n" + f"{GOOD}x,甲\n" * 250_000)
        assert "表格过大" in refusal(path, Limits(cpu_seconds=1))


class TestTheChild:
    def test_sees_no_secret_of_ours(self, csv_file, columns, monkeypatch):
        monkeypatch.setenv("WENGANG_SECRET", "x")
        with read(csv_file(",".join(HEADER) + f"\n{GOOD},甲" * 200_000), columns) as reading:
            environment = Path(f"/proc/{reading._child._process.pid}/environ").read_bytes()
        assert b"WENGANG" not in environment
        assert b"LANG=C.UTF-8" in environment
