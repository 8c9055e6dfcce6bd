"""附件: proofs beside a case. What comes in is a PDF, JPEG or PNG by its content, not by its name; it is kept sealed."""

import re
import warnings
from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.db import transaction
from PIL import Image
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from agency.actions.files import read_file, store_file
from agency.models import Attachment, Event, File, User
from agency.moves import record

AT_MOST = 20  # of one case and use
LARGEST = 10 << 20  # bytes of one file
PIXELS = 100_000_000
_WRONG = "“{}”不是 PDF、JPG 或 PNG 文件，或已损坏；请上传扫描件或照片。"


class AttachmentRefused(Exception):
    """This file cannot be taken as a proof; says in Chinese why and what to do."""


def attach(
    case_kind: str,
    case_id: int,
    about: str,
    files: Sequence[tuple[str, BinaryIO]],
    region_id: str | None,
    *,
    by: User,
    at: datetime,
) -> list[Attachment]:
    """Take (name, open file) proofs in beside a case: all of them or none. Whether `by` may is the caller's question.

    Raises AttachmentRefused: too large, too many, not what it should be."""
    endings = [_ending(name, source) for name, source in files]
    with transaction.atomic():
        held = Attachment.objects.filter(case_kind=case_kind, case_id=case_id, about=about).count()
        if held + len(files) > AT_MOST:
            raise AttachmentRefused(f"同一用途的附件最多 {AT_MOST} 个，已有 {held} 个；请合并为一个 PDF 后再上传。")
        made = []
        for (name, source), ending in zip(files, endings, strict=True):
            shown = _clean_name(name, ending)
            file = store_file(File.Kind.PROOF, shown, source, owner=by, region_id=region_id, at=at)
            made.append(
                Attachment.objects.create(
                    case_kind=case_kind, case_id=case_id, region_id=region_id, about=about, file=file, by=by, at=at
                )
            )
        if made:
            why = f"提交附件：{Attachment.About(about).label} {len(made)} 个"
            record(
                Event.Kind.WRITE, case=case_kind, case_id=case_id, by=by, at=at, region_id=region_id, why=why,
                detail={"attachments": [each.pk for each in made]},
            )  # fmt: skip
    return made


def read_attachment(attachment: Attachment, *, by: User, at: datetime) -> BinaryIO:
    """An open file of its plain bytes, which the caller closes. Writes an Event. Whether the person may read it is the
    window's question. Raises FileMissing, SealBroken."""
    return read_file(attachment.file, by=by, at=at, why=f"查看附件：{attachment.get_about_display()}")


def _ending(name: str, source: BinaryIO) -> str:
    """The ending that the content deserves; the file is at its start again."""
    source.seek(0, 2)
    size = source.tell()
    source.seek(0)
    if size > LARGEST:
        raise AttachmentRefused(f"“{name}”超过 {LARGEST >> 20} MB；请压缩，或分成几个文件上传。")
    if not size:
        raise AttachmentRefused(f"“{name}”是空文件，请重新选择。")
    start = source.read(8)
    source.seek(0)
    ending = _read_pdf(name, source) if start.startswith(b"%PDF-") else _read_image(name, source)
    source.seek(0)
    return ending


def _read_pdf(name: str, source: BinaryIO) -> str:
    try:
        pages = PdfReader(source).get_num_pages()
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as broken:
        raise AttachmentRefused(_WRONG.format(name)) from broken
    if not pages:
        raise AttachmentRefused(_WRONG.format(name))
    return "pdf"


def _read_image(name: str, source: BinaryIO) -> str:
    """Every pixel is decoded, so that what is kept can be shown."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(source, formats=("JPEG", "PNG")) as image:
            if image.width * image.height > PIXELS:
                raise AttachmentRefused(f"“{name}”的像素过多；请缩小后再上传。")
            image.load()
            return "jpg" if image.format == "JPEG" else "png"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as broken:
        raise AttachmentRefused(_WRONG.format(name)) from broken


def _clean_name(name: str, ending: str) -> str:
    """The name without folders, control and direction characters, ended as the content deserves."""
    stem = re.split(r"[/\\]", name)[-1].rsplit(".", 1)[0]
    stem = "".join(letter for letter in stem if letter.isprintable()).strip(" .") or "附件"
    return f"{stem[:100]}.{ending}"
