"""Sealed fields: personal identifiers, phones and accounts are encrypted at rest, found by a blind index, masked when shown.

At rest: `<key version>$<base64 of nonce (12) + ciphertext + tag (16)>`, SM4-GCM (GM/T 0002) with a random nonce.
Blind index: HMAC-SM3 (GM/T 0004) of the plain value, base64, 44 characters; equal values have equal indexes.
Keys come from SEAL_KEYS, newest first; a value is opened by the version that sealed it. The index uses the oldest
key, so that it stays comparable when a newer key seals.
"""

import base64
import os
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from hmac import digest
from itertools import chain, count, islice
from typing import Any, BinaryIO, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.models.lookups import Exact


class SealBroken(Exception):
    """A sealed value that no key at hand opens: the key is missing or the value was changed."""


class Keys(NamedTuple):
    """Made ready once: making a cipher's or a hash's key anew for each value would cost half of the sealing."""

    newest: str
    seal: dict[str, algorithms.SM4]  # by version
    index: hmac.HMAC  # to be copied


def _derive(master: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=b"wengang " + purpose).derive(master)


@lru_cache(maxsize=4)
def keys(given: str) -> Keys:
    """The keys named by a SEAL_KEYS value, `version:base64 of 32 bytes, ...`, newest first."""
    masters: dict[str, bytes] = {}
    for part in filter(None, (piece.strip() for piece in given.split(","))):
        version, _, text = part.partition(":")
        try:
            master = base64.b64decode(text, validate=True)
        except ValueError:
            master = b""
        if not version.isalnum() or len(master) != 32 or version in masters:
            raise ImproperlyConfigured("WENGANG_SEAL_KEYS 应为“版本:32字节密钥的base64”，多个用逗号分隔，最新的在前。")
        masters[version] = master
    if not masters:
        raise ImproperlyConfigured("未设置 WENGANG_SEAL_KEYS：没有密钥就不能保存个人信息。演示环境由 make demo 自动生成。")
    oldest = masters[list(masters)[-1]]
    seals = {version: algorithms.SM4(_derive(master, b"seal", 16)) for version, master in masters.items()}
    return Keys(next(iter(masters)), seals, hmac.HMAC(_derive(oldest, b"index", 32), hashes.SM3()))


def seal(plain: str) -> str:
    """Encrypt one value for storage."""
    held = keys(settings.SEAL_KEYS)
    nonce = os.urandom(12)
    encryptor = Cipher(held.seal[held.newest], modes.GCM(nonce)).encryptor()
    body = encryptor.update(plain.encode()) + encryptor.finalize()
    return f"{held.newest}${base64.b64encode(nonce + body + encryptor.tag).decode()}"


def unseal(stored: str) -> str:
    """Open one stored value. Raises SealBroken."""
    version, _, text = stored.partition("$")
    key = keys(settings.SEAL_KEYS).seal.get(version)
    if key is None:
        raise SealBroken(f"没有版本为 {version} 的密钥，无法解开已加密的数据；请检查 WENGANG_SEAL_KEYS。")
    try:
        raw = base64.b64decode(text, validate=True)
        decryptor = Cipher(key, modes.GCM(raw[:12], raw[-16:])).decryptor()
        return (decryptor.update(raw[12:-16]) + decryptor.finalize()).decode()
    except (InvalidTag, ValueError) as broken:  # ValueError: not base64, or too short
        raise SealBroken("已加密的数据与密钥不符，可能被改动过；请核对密钥并联系系统管理。") from broken


def blind_index(plain: str) -> str:
    """What a sealed value is found by: HMAC-SM3, base64."""
    mac = keys(settings.SEAL_KEYS).index.copy()
    mac.update(plain.encode())
    return base64.b64encode(mac.finalize()).decode()


def call_signature(secret: str, stamp: str, body: bytes) -> str:
    """What signs a call to the outside, and one from there: hex HMAC-SHA256 of stamp, a dot and the body."""
    return digest(secret.encode(), stamp.encode() + b"." + body, "sha256").hex()


def masked(plain: str) -> str:
    """A value as it may be shown: 138****5678, 1401**********123X, ****6789."""
    if len(plain) == 11 and plain.isdigit():
        return f"{plain[:3]}****{plain[-4:]}"
    if len(plain) == 18 and plain[:17].isdigit():
        return f"{plain[:4]}**********{plain[-4:]}"
    return f"****{plain[-4:]}" if len(plain) > 8 else "*" * len(plain)


def masked_name(name: str) -> str:
    """A person's name as a public list shows it, its first and last character kept: 赵*子; of two characters the first: 赵*."""
    if len(name) < 3:
        return name[:1] + "*" if len(name) == 2 else "*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"


class Sealed:
    """A sealed value in hand. Printed it is masked; `reveal()` opens it, and whoever calls that records an Event."""

    __slots__ = ("stored",)

    def __init__(self, stored: str) -> None:
        self.stored = stored

    def reveal(self) -> str:
        return unseal(self.stored) if self.stored else ""

    def __str__(self) -> str:
        return masked(self.reveal())

    def __repr__(self) -> str:
        return "<Sealed>"

    def __bool__(self) -> bool:
        return bool(self.stored)

    def __len__(self) -> int:
        return len(self.stored)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Sealed):
            return self.reveal() == other.reveal()
        return isinstance(other, str) and self.reveal() == other

    def __hash__(self) -> int:
        return hash(blind_index(self.reveal()))


class SealedField(models.TextField):
    """A text column that holds a sealed value: takes a plain str or a Sealed, gives a Sealed; empty stays empty.

    A save, bulk_create or COPY writes its blind index with it. `update()` and `bulk_update()` would leave the index
    behind: they take only `sealed_with_index(...)`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", "")
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        """Serialised as stored, never in the open."""
        return str(self.get_prep_value(self.value_from_object(obj)))

    def pre_save(self, instance: models.Model, add: bool) -> Any:
        """Seal what was given in the open, so that the row in hand prints it masked from now on."""
        value = getattr(instance, self.attname)
        if isinstance(value, str) and value:
            value = Sealed(seal(value))
            setattr(instance, self.attname, value)
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if isinstance(value, str) and value and self._indexed():
            raise FieldError(f"{self.name} has a blind index: update it with **sealed_with_index({self.name!r}, ...)")
        return super().get_db_prep_save(value, connection)

    def _indexed(self) -> bool:
        return any(isinstance(field, BlindIndexField) and field.of == self.name for field in self.model._meta.concrete_fields)

    def get_prep_value(self, value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, Sealed):
            return value.stored
        return seal(str(value)) if value else ""

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull` and whether it is empty can be asked: equal values are sealed differently."""
        return {"isnull": super().get_lookup("isnull"), "exact": IsEmpty}.get(lookup_name)


class IsEmpty(Exact):
    """`= ''` on a sealed column; any other value is refused rather than never found."""

    def get_prep_lookup(self) -> Any:
        if self.rhs != "":
            raise FieldError("a sealed value is found by its blind index: filter(..._index=blind_index(plain))")
        return ""


def sealed_with_index(name: str, plain: str) -> dict[str, Any]:
    """Both columns of a sealed field for `update()` or a move: {"phone": ..., "phone_index": ...}."""
    if not plain:
        return {name: Sealed(""), f"{name}_index": ""}
    return {name: Sealed(seal(plain)), f"{name}_index": blind_index(plain)}


class BlindIndexField(models.CharField):
    """The blind index of the SealedField named `of`, written with it by every save and bulk_create."""

    def __init__(self, *args: Any, of: str = "", **kwargs: Any) -> None:
        self.of = of
        kwargs |= {"max_length": 44, "editable": False, "default": "", "blank": True}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("max_length", "editable", "default", "blank"):
            kwargs.pop(fixed, None)
        return name, path, args, kwargs | {"of": self.of}

    def pre_save(self, instance: models.Model, add: bool) -> str:
        value = getattr(instance, self.of)
        plain = value.reveal() if isinstance(value, Sealed) else (value or "")
        index = blind_index(plain) if plain else ""
        setattr(instance, self.attname, index)
        return index


# --- files: the same keys, in pieces, so that a file of any size needs little memory ------------------------------

_PIECE = 1 << 20
_PLAIN, _DEFLATED = b"WGF1", b"WGF2"  # magic of a file as it is, and of one that is made smaller first
_WORTH = 0.75  # of its size that a first piece must shrink to: what is packed already, as .xlsx is, is not packed again


def seal_file(source: BinaryIO, target: BinaryIO) -> None:
    """Write the sealed form of `source`: magic, key version, 8 random bytes, then pieces of 1 MiB, each SM4-GCM with
    its number as the rest of the nonce, and the last one marked, so that nothing can be cut off or reordered.

    Where it shrinks, each piece is deflated first and stands after its length (4 bytes): a table of text takes a tenth
    of the room and half the time."""
    held = keys(settings.SEAL_KEYS)
    version, start = held.newest.encode(), os.urandom(8)
    key = algorithms.SM4(_derive(held.seal[held.newest].key, b"file", 16))
    pieces = _pieces(partial(source.read, _PIECE))
    first = next(pieces)
    deflates = len(zlib.compress(first[0], 1)) < _WORTH * len(first[0])

    def sealed(piece: bytes, number: int, mark: bytes) -> bytes:
        encryptor = Cipher(key, modes.GCM(start + number.to_bytes(4))).encryptor()
        encryptor.authenticate_additional_data(_DEFLATED + mark if deflates else mark)
        body = encryptor.update(zlib.compress(piece, 1) if deflates else piece) + encryptor.finalize() + encryptor.tag
        return len(body).to_bytes(4) + body if deflates else body

    target.write((_DEFLATED if deflates else _PLAIN) + bytes([len(version)]) + version + start)
    for piece in _side_by_side(sealed, chain([first], pieces)):
        target.write(piece)


def unseal_file(source: BinaryIO) -> Iterator[bytes]:
    """The plain pieces of a sealed file. Raises SealBroken."""
    head = source.read(5)
    magic = head[:4] if len(head) == 5 else b""
    version = source.read(head[4]).decode() if magic in (_PLAIN, _DEFLATED) else ""
    seal_key = keys(settings.SEAL_KEYS).seal.get(version)
    if seal_key is None:
        raise SealBroken("文件没有可用的密钥或已损坏；请检查 WENGANG_SEAL_KEYS 并联系系统管理。")
    key, start = algorithms.SM4(_derive(seal_key.key, b"file", 16)), source.read(8)
    deflated = magic == _DEFLATED

    def plain(piece: bytes, number: int, mark: bytes) -> bytes:
        try:
            decryptor = Cipher(key, modes.GCM(start + number.to_bytes(4), piece[-16:])).decryptor()
            decryptor.authenticate_additional_data(_DEFLATED + mark if deflated else mark)
            body = decryptor.update(piece[:-16]) + decryptor.finalize()
        except (InvalidTag, ValueError) as broken:
            raise SealBroken("文件已损坏或被改动过，无法解开；请联系系统管理。") from broken
        return zlib.decompress(body) if deflated else body

    yield from _side_by_side(plain, _pieces(partial(_framed, source) if deflated else partial(source.read, _PIECE + 16)))


def _framed(source: BinaryIO) -> bytes:
    """What stands after its length; no more of it than a piece can take."""
    return source.read(min(int.from_bytes(source.read(4)), 2 * _PIECE))


def _pieces(read: Callable[[], bytes]) -> Iterator[tuple[bytes, int, bytes]]:
    """(piece, its number, its mark) of a file; an empty file is one empty piece."""
    piece = read()
    for number in count():
        following = read()
        yield piece, number, b"" if following else b"last"
        if not following:
            return
        piece = following


def _side_by_side(work: Callable[[bytes, int, bytes], bytes], given: Iterator[tuple[bytes, int, bytes]]) -> Iterator[bytes]:
    """What `work` makes of each, in order, by two threads (a cipher works without the interpreter's lock)."""
    with ThreadPoolExecutor(2) as pool:
        begun = deque(pool.submit(work, *each) for each in islice(given, 3))
        while begun:
            yield begun.popleft().result()
            begun.extend(pool.submit(work, *each) for each in islice(given, 1))
