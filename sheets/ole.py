"""The container of old Office files (OLE2, a small file system in a file): its streams, every length and chain checked."""

import os
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST = 0xFFFFFFFA  # this and above: no sector, but the end of a chain or a mark
_HEADER = struct.Struct("<HH14xI4xII4xI")  # from byte 30: shifts of both sectors; directory, cut-off, mini table, more table
_STREAM, _ROOT = 2, 5


class BrokenContainer(ValueError):
    """A chain of sectors leaves the file, goes in a circle or ends too early."""


class _Entry(NamedTuple):
    name: str
    kind: int
    start: int
    size: int


class Container:
    """The streams of an OLE2 file; raises BrokenContainer, on opening as on reading."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)
        header = file.read(512)
        if len(header) < 512 or not header.startswith(MAGIC):
            raise BrokenContainer
        shift, mini_shift, directory, self._cutoff, mini, more = _HEADER.unpack_from(header, 30)
        if shift not in (9, 12) or not 4 <= mini_shift < shift:
            raise BrokenContainer
        self._sector, self._mini_sector = 1 << shift, 1 << mini_shift
        self._sectors = os.fstat(file.fileno()).st_size // self._sector
        self._table = self._allocation(header, more)
        self._entries = list(_entries(self._read(self._chain(directory))))
        self._mini_table = _numbers(self._read(self._chain(mini)))

    @property
    def names(self) -> set[str]:
        """Names of the streams."""
        return {entry.name for entry in self._entries if entry.kind == _STREAM}

    def stream(self, name: str) -> bytes:
        """A stream's bytes."""
        entry = next((entry for entry in self._entries if entry.kind == _STREAM and entry.name == name), None)
        if entry is None:
            raise BrokenContainer
        content = self._read(self._chain(entry.start)) if entry.size >= self._cutoff else self._mini_stream(entry)
        if len(content) < entry.size:
            raise BrokenContainer
        return content[: entry.size]

    def _mini_stream(self, entry: _Entry) -> bytes:
        root = next((entry for entry in self._entries if entry.kind == _ROOT), None)
        if root is None:
            raise BrokenContainer
        whole, step = self._read(self._chain(root.start)), self._mini_sector
        chain = _chain(self._mini_table, entry.start)
        return b"".join(whole[at * step : (at + 1) * step] for at in chain)

    def _allocation(self, header: bytes, more: int) -> Sequence[int]:
        """The table that names the next sector of each: its own sectors stand in the header, and in a chain behind it."""
        places = list(_numbers(header[76:]))
        seen = 0
        while more < _LAST:
            seen += 1
            if seen > self._sectors:
                raise BrokenContainer
            *further, more = _numbers(self._read([more]))
            places += further
        return _numbers(self._read([place for place in places if place < _LAST]))

    def _chain(self, start: int) -> list[int]:
        return _chain(self._table, start)

    def _read(self, sectors: Sequence[int]) -> bytes:
        if len(sectors) > self._sectors:
            raise BrokenContainer
        parts = []
        for sector in sectors:
            self._file.seek((sector + 1) * self._sector)
            parts.append(self._file.read(self._sector))
            if not parts[-1]:
                raise BrokenContainer
        return b"".join(parts)


def _numbers(content: bytes) -> Sequence[int]:
    numbers = array("I", content[: len(content) // 4 * 4])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _chain(table: Sequence[int], start: int) -> list[int]:
    chain: list[int] = []
    while start < _LAST:
        if start >= len(table) or len(chain) > len(table):
            raise BrokenContainer
        chain.append(start)
        start = table[start]
    return chain


def _entries(directory: bytes) -> Iterator[_Entry]:
    for at in range(0, len(directory) - 127, 128):
        length, kind = struct.unpack_from("<HB", directory, at + 64)
        start, size = struct.unpack_from("<II", directory, at + 116)
        name = directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        yield _Entry(name, kind, start, size)
