"""附件: what is taken as a proof, by its content; who reads it again."""

import io

import pytest
from PIL import Image
from pypdf import PdfWriter

from agency.actions import AttachmentRefused, attach, read_attachment
from agency.actions.attachments import LARGEST
from agency.models import Attachment, Event, File, Role
from agency.queries import attachments_of

pytestmark = pytest.mark.django_db


def picture(kind: str = "PNG", size: tuple[int, int] = (30, 20), mode: str = "L") -> io.BytesIO:
    made = io.BytesIO()
    Image.new(mode, size).save(made, kind)
    made.seek(0)
    return made


def document() -> io.BytesIO:
    writer, made = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.write(made)
    made.seek(0)
    return made


@pytest.fixture
def put(staff, at):
    def give(*files: tuple[str, io.BytesIO]) -> list[Attachment]:
        return attach("refund", 7, "answer", files, "1403", by=staff(Role.PREPARER), at=at)

    return give


class TestTaken:
    @pytest.mark.parametrize(
        ("name", "content", "kept"),
        [
            ("回执.pdf", document(), "回执.pdf"),
            ("照片.jpeg", picture("JPEG"), "照片.jpg"),
            ("截图.png", picture(), "截图.png"),
            ("截图.exe", picture(), "截图.png"),
            ("../../etc/pass\u202ewd.png", picture(), "passwd.png"),
            (".pdf", document(), "附件.pdf"),
        ],
    )
    def test_by_its_content_under_a_clean_name(self, put, name, content, kept):
        content.seek(0)
        [made] = put((name, content))
        assert made.file.name == kept
        assert made.file.kind == File.Kind.PROOF

    def test_is_read_again_as_it_was_and_told(self, put, staff, at):
        given = picture()
        [made] = put(("a.png", given))
        with read_attachment(made, by=staff(Role.PREPARER), at=at) as content:
            assert content.read() == given.getvalue()
        assert Event.objects.filter(kind=Event.Kind.READ, case_id=made.file_id).exists()

    def test_several_at_once_stand_in_order(self, put):
        made = put(("a.png", picture()), ("b.pdf", document()))
        assert list(attachments_of("refund", 7)) == made


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "空文件"),
            (b"MZ" + b"\0" * 500, "不是 PDF"),
            (b"%PDF-1.7\nnothing that follows", "不是 PDF"),
            (picture().getvalue()[:50], "不是 PDF"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "不是 PDF"),
            (b"GIF89a" + b"\0" * 100, "不是 PDF"),
        ],
        ids=["empty", "program", "no pdf", "cut picture", "svg", "gif"],
    )
    def test_for_what_it_is(self, put, content, reason):
        with pytest.raises(AttachmentRefused, match=reason):
            put(("证明.pdf", io.BytesIO(content)))
        assert not File.objects.filter(kind=File.Kind.PROOF).exists()

    def test_when_too_large(self, put):
        with pytest.raises(AttachmentRefused, match="超过 10 MB"):
            put(("a.pdf", io.BytesIO(document().getvalue() + b"%" * LARGEST)))

    def test_when_too_many_pixels_hide_in_few_bytes(self, put):
        with pytest.raises(AttachmentRefused, match="像素"):
            put(("a.png", picture(size=(20_000, 6_000), mode="1")))

    def test_when_there_are_too_many_and_then_none_is_kept(self, put):
        with pytest.raises(AttachmentRefused, match="最多"):
            put(*((f"{number}.png", picture()) for number in range(21)))
        assert not attachments_of("refund", 7).exists()

    def test_one_bad_file_refuses_all(self, put):
        with pytest.raises(AttachmentRefused):
            put(("a.png", picture()), ("b.png", io.BytesIO(b"x")))
        assert not attachments_of("refund", 7).exists()
