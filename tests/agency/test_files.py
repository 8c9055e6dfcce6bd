"""Files are sealed on disk, whole or not at all, and read through one gate."""

import hashlib
import io
import os
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from agency.actions.files import FileMissing, drop_strays, opened, read_file, store_file
from agency.models import Event, File, Role
from agency.sealed import SealBroken, seal_file, unseal_file

PIECE = 1 << 20


def sealed(plain: bytes) -> bytes:
    target = io.BytesIO()
    seal_file(io.BytesIO(plain), target)
    return target.getvalue()


def pieces_of(whole: bytes, *, deflated: bool) -> tuple[bytes, list[bytes]]:
    """The head of a sealed file and its pieces, the length before each with it."""
    begin = 5 + whole[4] + 8
    head, pieces = whole[:begin], []
    while begin < len(whole):
        end = begin + (4 + int.from_bytes(whole[begin : begin + 4]) if deflated else PIECE + 16)
        pieces.append(whole[begin:end])
        begin = end
    return head, pieces


class TestSealedFile:
    @pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
    @pytest.mark.parametrize("made", [os.urandom, lambda size: b"3," * (size // 2) + b"3" * (size % 2)])
    def test_opens_to_what_was_sealed(self, size, made):
        plain = made(size)
        assert b"".join(unseal_file(io.BytesIO(sealed(plain)))) == plain

    def test_takes_little_room_where_it_is_text_and_no_more_than_it_must_where_it_is_packed(self):
        rows = b"".join(b"91149100X%08d,202301,6,39660.00\n" % number for number in range(100_000))
        assert len(sealed(rows)) < len(rows) / 4
        packed = os.urandom(3 * PIECE)
        assert len(sealed(packed)) < len(packed) + 100

    def test_of_text_and_of_random_bytes_may_follow_each_other(self):
        """The first piece decides; a later one that does not shrink opens all the same."""
        plain = b"a" * PIECE + os.urandom(PIECE) + b"b"
        assert b"".join(unseal_file(io.BytesIO(sealed(plain)))) == plain

    @pytest.mark.parametrize("deflated", [False, True])
    @pytest.mark.parametrize(
        "spoil",
        ["cut at a piece", "cut", "swapped", "one bit", "longer", "empty", "no head", "the other magic", "cut in a length"],
    )
    def test_that_was_touched_does_not_open(self, spoil, deflated):
        parts = [b"a" * PIECE, b"b" * PIECE, b"c"] if deflated else [os.urandom(PIECE), os.urandom(PIECE), b"c"]
        whole = sealed(b"".join(parts))
        head, (first, second, last) = pieces_of(whole, deflated=deflated)
        bit = bytearray(first)
        bit[5] ^= 1
        other = {b"WGF1": b"WGF2", b"WGF2": b"WGF1"}[whole[:4]]
        touched = {
            "cut at a piece": head + first,
            "cut": whole[:-3],
            "swapped": head + second + first + last,
            "one bit": head + bytes(bit) + second + last,
            "longer": whole + last,
            "empty": b"",
            "no head": first + second + last,
            "the other magic": other + whole[4:],
            "cut in a length": head + first + second + last[:2],
        }[spoil]
        with pytest.raises(SealBroken):
            list(unseal_file(io.BytesIO(touched)))

    def test_of_any_size_takes_the_memory_of_a_few_pieces(self, tmp_path):
        path, big = tmp_path / "sealed", tmp_path / "plain"
        with big.open("wb") as file:
            file.truncate(64 * PIECE)
        tracemalloc.start()
        with big.open("rb") as source, path.open("wb") as target:
            seal_file(source, target)
        with path.open("rb") as source:
            assert sum(len(piece) for piece in unseal_file(source)) == 64 * PIECE
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 16 * PIECE


@pytest.mark.django_db
class TestStoredFile:
    def test_stands_on_disk_sealed_and_private(self, staff, at):
        file = store_file(
            File.Kind.UPLOAD, "名册.xlsx", b"secret 13912345678", owner=staff(Role.PREPARER), region_id="1403", at=at
        )
        place = settings.FILES_ROOT / f"{file.pk // 1000:06}" / str(file.pk)
        assert b"secret" not in place.read_bytes()
        assert place.stat().st_mode & 0o077 == 0
        assert (file.size, file.sha256) == (18, hashlib.sha256(b"secret 13912345678").hexdigest())
        with opened(file) as plain:
            assert plain.read() == b"secret 13912345678"

    def test_read_by_a_person_leaves_an_event(self, staff, at):
        person = staff(Role.PREPARER)
        file = store_file(File.Kind.ERRORS, "错误.xlsx", b"x", owner=person, region_id="1403", at=at)
        with read_file(file, by=person, at=at, why="下载错误清单") as plain:
            assert plain.read() == b"x"
        event = Event.objects.get(case_kind="file", case_id=file.pk)
        assert (event.kind, event.by, event.why) == (Event.Kind.EXPORT, person, "下载错误清单")

    def test_leaves_no_plain_copy_behind(self, staff, at):
        file = store_file(File.Kind.UPLOAD, "a", b"plain words", owner=staff(Role.PREPARER), region_id=None, at=at)
        with opened(file):
            found = [path for path in settings.FILES_ROOT.rglob("*") if path.is_file() and b"plain words" in path.read_bytes()]
        assert found == []

    def test_that_is_gone_from_disk_says_so(self, staff, at):
        file = store_file(File.Kind.UPLOAD, "a.csv", b"x", owner=staff(Role.PREPARER), region_id=None, at=at)
        (settings.FILES_ROOT / f"{file.pk // 1000:06}" / str(file.pk)).unlink()
        with pytest.raises(FileMissing, match=r"a\.csv"), opened(file):
            pass


class TestStrays:
    @pytest.fixture
    def place(self, regions, settings, tmp_path, at):
        """Store a file; returns where it lies."""
        settings.FILES_ROOT = tmp_path

        def stored(name: str):
            file = store_file(File.Kind.UPLOAD, name, b"x", owner=None, region_id=None, at=at)
            return tmp_path / f"{file.pk // 1000:06}" / str(file.pk)

        return stored

    def test_are_what_no_row_names_once_they_are_old(self, place, tmp_path):
        rolled_back, kept, newest = place("rolled back"), place("kept"), place("newest")
        half, beyond = newest.with_suffix(".part"), newest.with_name(str(int(newest.name) + 1))
        half.touch()
        beyond.touch()
        File.objects.filter(pk=int(rolled_back.name)).delete()
        assert drop_strays(written_before=datetime.now(UTC) - timedelta(minutes=1)) == 0
        assert drop_strays(written_before=datetime.now(UTC) + timedelta(minutes=1)) == 2
        assert {path for path in tmp_path.rglob("*") if path.is_file()} == {kept, newest, beyond}

    def test_are_none_to_an_empty_database(self, place):
        """One that was set back, or is not the one of these files."""
        lies = place("of another database")
        File.objects.all().delete()
        assert drop_strays(written_before=datetime.now(UTC) + timedelta(minutes=1)) == 0
        assert lies.exists()
