"""文件: kept sealed on disk under their id, read through one gate."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from agency.models import Event, File, User
from agency.moves import record
from agency.sealed import seal_file, unseal_file
from sheets.write import Value, write_parts

_PIECE = 1 << 20


class FileMissing(Exception):
    """A file whose sealed bytes are not on disk; says in Chinese what to do."""


def store_file(
    kind: str,
    name: str,
    source: Path | bytes | BinaryIO,
    *,
    owner: User | None,
    region_id: str | None,
    at: datetime,
    expires_at: datetime | None = None,
) -> File:
    """Seal `source` (a path, bytes, or an open file at its start) on disk and book it; `sha256` and `size` are of the
    plain bytes.

    In a transaction that is rolled back the sealed bytes stay behind without a row, never read, until `drop_strays`."""
    with _opened_source(source) as plain, transaction.atomic():
        sha256, size = sha256_of(plain)
        file = File.objects.create(
            kind=kind, name=Path(name).name[-200:], owner=owner, region_id=region_id, sha256=sha256, size=size, created_at=at,
            expires_at=expires_at,
        )  # fmt: skip
        place = _place(file)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = place.with_suffix(".part")
        with open(part, "wb", opener=_private) as target:
            seal_file(plain, target)
        part.replace(place)
    return file


def drop_strays(*, written_before: datetime) -> int:
    """Remove what work that was rolled back or killed left on disk, written before a moment of the real clock. Returns how many.

    A file beyond the newest row's id is kept: then it is the database that is older, set back or another one."""
    newest = File.objects.aggregate(newest=Max("pk"))["newest"] or 0
    dropped = 0
    for folder in sorted(Path(settings.FILES_ROOT).glob("[0-9]" * 6)):
        old = {path.name: path for path in folder.iterdir() if path.stat().st_mtime < written_before.timestamp()}
        ids = {int(name) for name in old if name.isdecimal()}
        kept = set(File.objects.filter(pk__in=ids).values_list("pk", flat=True))
        strays = [old[str(pk)] for pk in sorted(ids - kept) if pk < newest]
        for path in [*strays, *(path for name, path in old.items() if name.endswith(".part"))]:
            path.unlink(missing_ok=True)
            dropped += 1
    return dropped


@contextlib.contextmanager
def written_parts(header: Sequence[str], rows: Iterable[Sequence[Value]], sheet: str) -> Iterator[list[tuple[BinaryIO, int]]]:
    """A list of any length as .xlsx files without a name, each with its rows; gone when left or killed."""
    with contextlib.ExitStack() as stack:
        yield write_parts(
            lambda: stack.enter_context(tempfile.TemporaryFile(dir=settings.FILES_ROOT)),  # type: ignore[arg-type]
            header,
            rows,
            sheet,
        )


def store_parts(
    name: str, parts: Sequence[tuple[BinaryIO, int]], *, owner: User, region_id: str, at: datetime, expires_at: datetime
) -> list[File]:
    """Store what `written_parts` wrote: NAME.xlsx, or NAME-1.xlsx ... where there are several."""
    files = []
    for number, (part, _) in enumerate(parts, 1):
        called = f"{name}-{number}.xlsx" if len(parts) > 1 else f"{name}.xlsx"
        file = store_file(File.Kind.EXPORT, called, part, owner=owner, region_id=region_id, at=at, expires_at=expires_at)
        files.append(file)
    return files


def sha256_of(plain: BinaryIO) -> tuple[str, int]:
    """SHA-256 and size of an open file, which is then back at its start."""
    digest = hashlib.sha256()
    while piece := plain.read(_PIECE):
        digest.update(piece)
    size = plain.tell()
    plain.seek(0)
    return digest.hexdigest(), size


@contextlib.contextmanager
def opened(file: File) -> Iterator[BinaryIO]:
    """The plain bytes as a real open file without a name, gone when closed or killed. For the system's own work; a
    person reads through `read_file`. Raises FileMissing, SealBroken."""
    with _plain(file) as plain:
        yield plain


def read_file(file: File, *, by: User, at: datetime, why: str) -> BinaryIO:
    """An open file of the plain bytes for a person to download; the caller closes it. Writes an Event.

    Whether the person may read it is the window's question. Raises FileMissing, SealBroken."""
    plain = _plain(file)
    kind = Event.Kind.EXPORT if file.kind != File.Kind.PROOF else Event.Kind.READ
    record(kind, case="file", case_id=file.pk, by=by, at=at, why=why, region_id=file.region_id, detail={"kind": file.kind})
    return plain


def read_public(file: File) -> BinaryIO:
    """An open file of the plain bytes of what is published, for anybody to download; the caller closes it.

    Raises FileMissing (also for what is not published), SealBroken."""
    if file.kind != File.Kind.PUBLICITY:
        raise FileMissing("这不是公开的文件。")
    return _plain(file)


def _plain(file: File) -> BinaryIO:
    place = _place(file)
    if not place.exists():
        raise FileMissing(f"文件“{file.name}”的内容不在存储中；请联系系统管理从备份恢复。")
    plain = tempfile.TemporaryFile(dir=settings.FILES_ROOT)  # noqa: SIM115 - handed on open
    try:
        with place.open("rb") as sealed:
            for piece in unseal_file(sealed):
                plain.write(piece)
    except BaseException:
        plain.close()
        raise
    plain.seek(0)
    return plain


def _place(file: File) -> Path:
    return Path(settings.FILES_ROOT) / f"{file.pk // 1000:06}" / str(file.pk)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextlib.contextmanager
def _opened_source(source: Path | bytes | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as plain:
            yield plain
    else:
        yield BytesIO(source) if isinstance(source, bytes) else source
