"""信用异议: evidence from the enterprise, answered by a second person."""

from io import BytesIO

import pytest
from PIL import Image

from agency.actions import (
    Answer,
    AttachmentRefused,
    DisputeRefused,
    book_answers,
    dismiss_dispute,
    file_dispute,
    state_by_hand,
    uphold_dispute,
)
from agency.models import Attachment, CreditCheck, Dispute, Event, Hold, Role, User
from agency.moves import MoveRefused

pytestmark = pytest.mark.django_db
USCC = "91140300000000000X"


@pytest.fixture
def files(settings, tmp_path) -> None:
    settings.FILES_ROOT = tmp_path


@pytest.fixture
def enterprise(db) -> User:
    return User.objects.create(username=USCC, name="甲公司", kind=User.Kind.ENTERPRISE)


@pytest.fixture
def book(regions, at):
    def booked(*flags, case_kind="refund", case=1, day=None):
        answer = Answer("HIT" if flags else "CLEAR", flags, '{"as": "received"}', "共享平台", at)
        moment = CreditCheck.Moment.REVIEW
        return book_answers(case_kind, moment, day or at.date(), [(case, USCC, "1403", answer)], {"严重失信", "经营异常"}, at=at)

    return booked


def proof(name: str = "证明.png") -> tuple[str, BytesIO]:
    content = BytesIO()
    Image.new("RGB", (8, 8)).save(content, "PNG")
    content.seek(0)
    return name, content


@pytest.fixture
def filed(book, enterprise, files, at):
    book("严重失信")
    return file_dispute(Hold.objects.get(), "已修复", [proof()], by=enterprise, at=at)


def open_kinds() -> list[str]:
    return list(Hold.objects.filter(lifted_at__isnull=True).values_list("kind", flat=True))


def test_is_filed_with_its_evidence_and_its_event(filed, at):
    assert (filed.state, filed.flags, filed.case_kind, filed.case_id) == ("FILED", ["严重失信"], "refund", 1)
    assert Attachment.objects.get(case_id=1).about == "credit"
    assert Event.objects.get(case_kind="dispute").to_state == "FILED"


def test_upheld_the_case_goes_on_and_the_same_listing_stops_it_no_more(filed, book, staff, at):
    uphold_dispute(filed, "信用中国已显示修复", by=staff(Role.REVIEWER), at=at)
    assert open_kinds() == []
    assert CreditCheck.objects.latest("pk").outcome == "CLEAR"
    book("严重失信")
    assert open_kinds() == []
    latest = CreditCheck.objects.latest("pk")
    assert (latest.flags, latest.raw) == ([], '{"as": "received"}')
    assert "异议属实" in latest.source
    book("严重失信", case_kind="award", case=7)
    assert open_kinds() == []
    book("严重失信", "经营异常")
    assert Hold.objects.get(lifted_at__isnull=True).reason.endswith("经营异常")


def test_dismissed_the_hold_stays_until_the_listing_is_lifted(filed, book, staff, at):
    dismiss_dispute(filed, "仍在名单内", by=staff(Role.REVIEWER), at=at)
    assert (open_kinds(), filed.state) == (["CREDIT"], "DISMISSED")
    book()
    assert open_kinds() == []


def test_who_stated_the_listing_does_not_answer(enterprise, files, staff, at):
    clerk = staff(Role.PREPARER)
    state_by_hand("refund", 1, USCC, "1403", "REVIEW", at.date(), ["严重失信"], "信用中国", by=clerk, at=at, proofs=[proof()])
    dispute = file_dispute(Hold.objects.get(), "不是我", [proof()], by=enterprise, at=at)
    with pytest.raises(DisputeRefused, match="另一人"):
        uphold_dispute(dispute, "查过", by=clerk, at=at)
    uphold_dispute(dispute, "查过", by=staff(Role.REVIEWER), at=at)
    assert open_kinds() == []


@pytest.mark.parametrize(("role", "region"), [(Role.AUDITOR, "1403"), (Role.FINANCE, "1403"), (Role.REVIEWER, "1404")])
def test_by_another_post_or_elsewhere_it_is_refused(filed, staff, at, role, region):
    with pytest.raises(MoveRefused):
        uphold_dispute(filed, "查过", by=staff(role, region), at=at)
    assert open_kinds() == ["CREDIT"]


def test_is_answered_once(filed, staff, at):
    same = Dispute.objects.get()
    uphold_dispute(filed, "属实", by=staff(Role.REVIEWER), at=at)
    with pytest.raises(MoveRefused, match="他人"):
        dismiss_dispute(same, "不属实", by=staff(Role.PREPARER), at=at)


def test_says_what_is_missing(book, enterprise, files, staff, at):
    book("严重失信")
    hold = Hold.objects.get()
    for text, proofs in (("", [proof()]), ("已修复", [])):
        with pytest.raises(DisputeRefused, match="上传证明"):
            file_dispute(hold, text, proofs, by=enterprise, at=at)
    with pytest.raises(AttachmentRefused):
        file_dispute(hold, "已修复", [("x.png", BytesIO(b"text"))], by=enterprise, at=at)
    dispute = file_dispute(hold, "已修复", [proof()], by=enterprise, at=at)
    with pytest.raises(DisputeRefused, match="正在核实"):
        file_dispute(hold, "再说一次", [proof()], by=enterprise, at=at)
    with pytest.raises(DisputeRefused, match="依据"):
        uphold_dispute(dispute, " ", by=staff(Role.REVIEWER), at=at)
    book()
    with pytest.raises(DisputeRefused, match="不再影响"):
        file_dispute(hold, "已修复", [proof()], by=enterprise, at=at)
