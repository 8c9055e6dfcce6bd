"""网关来电: what the gateway reports and whoever replies, taken once each; a clerk settles what nobody may guess."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from agency.actions.messages import Receipt, book_receipts
from agency.models import Event, Import, Push, Reply, User
from agency.moves import move, open_all, record, tell_born

PUSHES_KEPT = timedelta(minutes=30)  # well beyond the time in which a call's own time lets it in
_REPLIES = 0x7265706C  # the advisory lock of whoever takes replies in


class AlreadyTaken(Exception):
    """This very call was taken before."""


class ReplyRefused(Exception):
    """This cannot be done to a reply; says in Chinese why."""


class NewReply(NamedTuple):
    """A message from a phone, as the gateway gives it."""

    number: str
    phone: str
    text: str
    received_at: datetime


def book_push(
    signature: str, receipts: Sequence[Receipt], replies: Sequence[NewReply], *, called_at: datetime, at: datetime
) -> tuple[int, int]:
    """Take one signed call: its reports and its replies, each once. Returns how many messages changed, and how many replies
    are new. `called_at` is by the real clock, `at` the desk's. Raises AlreadyTaken, and has then written nothing."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO agency_push (signature, at) VALUES (%s, %s) ON CONFLICT DO NOTHING", [signature, called_at]
            )
            if not cursor.rowcount:
                raise AlreadyTaken
        return book_receipts(receipts, at=at), _open_replies(replies, at=at)


def _open_replies(replies: Sequence[NewReply], *, at: datetime) -> int:
    if not replies:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_REPLIES])
    given = {each.number: each for each in reversed(replies)}
    known = set(Reply.objects.filter(number__in=given).values_list("number", flat=True))
    new = [Reply(**each._asdict()) for number, each in given.items() if number not in known]
    return len(open_all(new, by=None, at=at))


def tell_loaded(imp: Import, *, by: User, at: datetime) -> None:
    """Of the replies that an import brought: that they came."""
    told = Event.objects.filter(case_kind=Reply.CASE, case_id=OuterRef("pk"))
    new = Reply.objects.filter(~Exists(told), source=imp).order_by("pk").values_list("pk", flat=True)
    tell_born(Reply, list(new), by=by, at=at, why=f"第 {imp.pk} 号导入")


def forget_pushes(*, called_before: datetime) -> None:
    """Forget calls that are too old to be let in again."""
    Push.objects.filter(at__lt=called_before - PUSHES_KEPT).delete()


def settle_reply(reply: Reply, text: str, *, by: User, at: datetime) -> None:
    """A clerk notes what became of a reply that was listed. Raises ReplyRefused, MoveRefused."""
    if not text.strip():
        raise ReplyRefused("请写明处理结果。")
    move(reply, Reply.State.SETTLED, by=by, at=at, why=text.strip()[:300], settlement=text.strip()[:300])


def reveal_reply(reply: Reply, *, by: User, at: datetime) -> dict[str, str]:
    """{label: value} of the sender's full number and the words; that they were read is an Event."""
    record(Event.Kind.READ, case=Reply.CASE, case_id=reply.pk, by=by, at=at, region_id=reply.region_id, why="查看号码与内容")
    return {"手机号": reply.phone.reveal(), "内容": reply.text.reveal()}
