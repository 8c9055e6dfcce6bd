"""What the agency books of a telephone call or a paper: who said it, when, with the scan; and who was first."""

import io

import pytest

from agency.actions import AttachmentRefused
from agency.models import Event, Link, Role
from agency.moves import MoveRefused
from agency.queries import attachments_of
from subsidies.refunds import actions
from subsidies.refunds.models import AnswerRecord, Application, State

pytestmark = pytest.mark.usefixtures("files")


@pytest.fixture
def book(staff, days, moment):
    """book(application): the enterprise accepted by telephone at nine in the morning; what is told else counts."""

    def do(application: Application, answer: str = State.CONFIRMED, *, by=None, at=days.answered, **told) -> AnswerRecord:
        told = {"through": "CALL", "said_by": "张会计", "said_at": moment(6, 26, 9)} | told
        return actions.record_answer(application, answer, by=by or staff(Role.PREPARER), at=at, **told)

    return do


class TestBooked:
    @pytest.mark.parametrize("state", [State.OFFERED, State.OVERDUE, State.DECLINED])
    def test_moves_the_case_names_the_channel_and_ends_the_link(self, offered, book, staff, state):
        application = offered()
        Application.objects.update(state=state)
        application.refresh_from_db()
        record = book(application, note="回拨核对过")
        application.refresh_from_db()
        assert (application.state, application.answer_channel) == (State.CONFIRMED, "CALL")
        assert (record.said_by, record.recorded_by, record.note) == ("张会计", staff(Role.PREPARER), "回拨核对过")
        event = Event.objects.filter(kind="MOVE", case_kind="refund").latest("pk")
        assert (event.detail, event.why) == ({"channel": "CALL"}, "确认接受返还（电话）")
        assert "张会计" not in str(list(Event.objects.values()))
        assert Link.objects.get().ended_because == Link.End.ANSWERED

    def test_of_paper_keeps_the_scan(self, offered, book, scan):
        application = offered()
        book(application, State.DECLINED, through="PAPER", proofs=[scan("放弃声明.png")])
        application.refresh_from_db()
        assert (application.state, application.answer_channel) == (State.DECLINED, "PAPER")
        assert [(each.about, each.file.name) for each in attachments_of("refund", application.pk)] == [("answer", "放弃声明.png")]


class TestRefused:
    @pytest.mark.parametrize(
        ("told", "why"),
        [
            ({"through": "PAPER"}, "须上传扫描件"),
            ({"through": "SMS"}, "只登记电话和书面"),
            ({"said_by": " "}, "答复人"),
            ({"said_at": (6, 26, 11)}, "不能晚于现在"),
            ({"said_at": (6, 24, 9)}, "早于确认通知发出"),
        ],
    )
    def test_says_what_is_missing_and_leaves_nothing(self, offered, book, moment, told, why):
        application = offered()
        if "said_at" in told:
            told = {"said_at": moment(*told["said_at"])}
        with pytest.raises(actions.RefundRefused, match=why):
            book(application, **told)
        assert not AnswerRecord.objects.exists()

    def test_of_a_scan_that_is_none_leaves_the_case_where_it_was(self, offered, book):
        application = offered()
        with pytest.raises(AttachmentRefused):
            book(application, through="PAPER", proofs=[("放弃.pdf", io.BytesIO(b"MZ"))])
        application.refresh_from_db()
        assert (application.state, AnswerRecord.objects.count()) == (State.OFFERED, 0)
        assert Link.objects.get().ended_at is None

    def test_for_the_posts_of_other_regions_and_roles(self, offered, book, staff):
        application = offered()
        for person in (staff(Role.PREPARER, region="140303"), staff(Role.REVIEWER), staff(Role.AUDITOR)):
            with pytest.raises(MoveRefused):
                book(application, by=person)
        assert not AnswerRecord.objects.exists()


class TestFirst:
    def test_what_the_enterprise_answered_after_the_call_counts(self, offered, book, acts_for, moment):
        application = offered()
        actions.decline(application, "", by=acts_for(application.enterprise), at=moment(6, 26, 9), through="LINK")
        with pytest.raises(actions.AlreadyAnswered, match="2024年6月26日 09:00 已通过短信链接答复"):
            book(application, said_at=moment(6, 25))
        application.refresh_from_db()
        assert (application.state, AnswerRecord.objects.count()) == (State.DECLINED, 0)

    def test_a_clerk_and_the_enterprise_at_once_are_one_answer_and_one_that_is_told(
        self, offered, book, acts_for, days, at_once, rounds
    ):
        application = offered()
        user = acts_for(application.enterprise)
        for _ in range(rounds(10)):
            one, other = (Application.objects.get(pk=application.pk) for _ in range(2))
            results = at_once(
                lambda one=one: actions.decline(one, "", by=user, at=days.answered),
                lambda other=other: book(other),
            )
            refused = [each for each in results if isinstance(each, Exception)]
            assert [type(each) for each in refused] == [actions.AlreadyAnswered], refused
            application.refresh_from_db()
            by_clerk = application.state == State.CONFIRMED
            assert AnswerRecord.objects.count() == by_clerk
            assert f"已通过{'电话' if by_clerk else '网上服务'}答复" in str(refused[0])
            AnswerRecord.objects.all().delete()
            Application.objects.update(state=State.OFFERED, answered_at=None)
