"""What is let in: the real type of a file by its content, its size, and what a zip would unpack to."""

import codecs
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sheets import ole


class SheetRefused(Exception):
    """A file that cannot be read at all; the message says why, in Chinese, and what to do."""


@dataclass(frozen=True)
class Limits:
    """What one file may cost: bytes, cells of a workbook's used area, the reader's memory and processor time."""

    file_bytes: int = 1 << 30
    unpacked_bytes: int = 2 << 30
    cells: int = 24_000_000
    memory_bytes: int = 3 << 30
    cpu_seconds: int = 600


DAMAGED = "文件已损坏或不完整，请在表格软件中重新保存后再上传"
TOO_LARGE = "表格过大，无法读取；请另存为 CSV（UTF-8）后再上传，或分成几个文件"
SAVE_AS = "请在表格软件中另存为 .xlsx 或 .csv 后再上传"
LOCKED = "文件已加密，请去掉打开密码后再上传"

_PIECE = 1 << 20
_UTF8_WORDS = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf]{2}){3}")
_WORST_RATIO = 250  # a sheet of one repeated row packs to about 1:150
_BINARY_STARTS = {
    b"%PDF": "PDF 文件",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
    b"Rar!": "压缩包",
    b"7z\xbc\xaf": "压缩包",
    b"\x1f\x8b": "压缩包",
}


def kind_of(file: BinaryIO, limits: Limits) -> str:
    """`xlsx`, `xls` or `csv`, told by content and never by name; anything else raises SheetRefused."""
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise SheetRefused("文件是空的，请核对后重新上传")
    if size > limits.file_bytes:
        raise SheetRefused(f"文件有 {size >> 20} MB，超过上限 {limits.file_bytes >> 20} MB，请分成几个文件")
    file.seek(0)
    start = file.read(4096)
    if start.startswith(ole.MAGIC):
        _check_ole(file)
        return "xls"
    if start.startswith(b"PK"):
        _check_zip(file, limits)
        return "xlsx"
    for magic, name in _BINARY_STARTS.items():
        if start.startswith(magic):
            raise SheetRefused(f"这是{name}，不是表格，{SAVE_AS}")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SheetRefused("文本编码是 UTF-16（Unicode 文本），请另存为 CSV（UTF-8）后再上传")
    if b"\0" in start:
        raise SheetRefused(f"文件不是表格，{SAVE_AS}")
    if start.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<"):
        raise SheetRefused(f"这是网页或 XML 文件，不是真正的表格，{SAVE_AS}")
    return "csv"


def _check_ole(file: BinaryIO) -> None:
    try:
        names = ole.Container(file).names
    except ole.BrokenContainer as error:
        raise SheetRefused(DAMAGED) from error
    if "EncryptedPackage" in names:
        raise SheetRefused(LOCKED)
    if not names & {"Workbook", "Book"}:
        raise SheetRefused(f"这是旧版 Word 文档或其他文件，不是表格，{SAVE_AS}")


def _check_zip(file: BinaryIO, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise SheetRefused(DAMAGED) from error
    names = {entry.filename.lower() for entry in entries}
    if "xl/workbook.bin" in names:
        raise SheetRefused(f"这是 .xlsb 文件，{SAVE_AS}")
    if "xl/workbook.xml" not in names:
        raise SheetRefused(f"这是压缩包或其他文档，不是 .xlsx 表格，{SAVE_AS}")
    if len(names) != len(entries):
        raise SheetRefused(DAMAGED)
    if any(entry.flag_bits & 1 for entry in entries):
        raise SheetRefused(LOCKED)
    if sum(entry.file_size for entry in entries) > limits.unpacked_bytes:
        raise SheetRefused(TOO_LARGE)
    for entry in entries:
        if entry.file_size > 10 * _PIECE and entry.file_size > _WORST_RATIO * max(entry.compress_size, 1):
            raise SheetRefused("文件的压缩方式异常，可能是恶意文件，已拒绝；请用表格软件重新保存")


def pieces(archive: zipfile.ZipFile, name: str, limit: int, size: int = _PIECE) -> Iterator[bytes]:
    """One member, piece by piece; never more than it declares, nor more than `limit` bytes."""
    unpacked = 0
    try:
        with archive.open(name) as member:
            while piece := member.read(size):
                unpacked += len(piece)
                if unpacked > limit:
                    raise SheetRefused(TOO_LARGE)
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, KeyError) as error:
        raise SheetRefused(DAMAGED) from error


def encoding_of(file: BinaryIO) -> str:
    """The encoding of a csv file: UTF-8 with or without BOM, else GB18030; anything else raises SheetRefused."""
    file.seek(0)
    marked = file.read(3) == codecs.BOM_UTF8
    for encoding in ("utf-8-sig",) if marked else ("utf-8", "gb18030"):
        if _decodes(file, encoding):
            if encoding == "gb18030":
                _refuse_two_encodings(file)
            return encoding
    raise SheetRefused("文本编码无法识别或文件不完整，请另存为 CSV（UTF-8）后再上传")


def _refuse_two_encodings(file: BinaryIO) -> None:
    """A line of UTF-8 in a GB18030 file decodes too, to nonsense: three Chinese characters on end tell it."""
    file.seek(0)
    for number, line in enumerate(file, 1):
        if not line.isascii() and _UTF8_WORDS.search(line) and _is_utf8(line):
            raise SheetRefused(f"文件中混有两种文字编码（第 {number} 行与其他行不同），请另存为 CSV（UTF-8）后再上传")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := file.read(_PIECE):
            if b"\0" in piece:
                raise SheetRefused(f"文件不是表格，{SAVE_AS}")
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
