"""短信: queue them from templates/sms, hand them to the sweep, book what the gateway said. The row is the queue."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from agency.models import Message, User
from agency.moves import move, move_all, open_all
from agency.queries import Office, offices
from agency.sealed import SealBroken

SIGN_IN_CODE = "sign_in_code"
CODE_LEAVES_WITHIN = timedelta(minutes=5)  # a code that is sent later is of no use
STUCK_AFTER = timedelta(minutes=10)
MOST_TRIES = 8
RECEIPT_WITHIN = timedelta(days=3)
CHUNK = 5_000

Row = tuple[str, int | None, str | None, str, Mapping[str, Any]]  # case kind, case id, region, phone, params


class MessageRefused(Exception):
    """This message cannot be queued; says in Chinese why."""


class Outgoing(NamedTuple):
    """A message in hand for the gateway; `key` makes a second sending of it a repetition."""

    key: str
    phone: str
    text: str
    sign: str
    template: str


class SendResult(NamedTuple):
    """What the gateway said of one message. `retry`: not taken, or unknown whether taken; ask again with the key."""

    key: str
    accepted: bool
    gateway_id: str = ""
    failure: str = ""
    retry: bool = False


class Receipt(NamedTuple):
    """What became of one message: PENDING, DELIVERED, UNDELIVERED (with the gateway's problem) or UNKNOWN."""

    key: str
    code: str
    problem: str = ""


def queue_messages(kind: str, rows: Iterable[Row], *, at: datetime, urgent: bool = False, sign: str = "") -> int:
    """Queue one message a row, worded by templates/sms/<kind>.txt from its params, and from the region's own
    `office` and `office_phone`. Dates become 2024年8月31日, Decimals 1,815.08. Rows without a phone are refused.

    `sign` is the programme's 短信签名; the office's name where it is empty. Returns how many. Raises MessageRefused."""
    known = offices()
    queued = 0
    every = iter(rows)
    with transaction.atomic():
        while chunk := list(islice(every, CHUNK)):
            open_all([_message(kind, row, known, at, urgent, sign) for row in chunk], by=None, at=at)
            queued += len(chunk)
    return queued


def _message(kind: str, row: Row, known: Mapping[str | None, Office], at: datetime, urgent: bool, sign: str) -> Message:
    case_kind, case_id, region_id, phone, params = row
    if not phone:
        raise MessageRefused("没有手机号，不能发送短信；请先补录。")
    office = known.get(region_id, known[None])
    return Message(
        kind=kind, case_kind=case_kind, case_id=case_id, region_id=region_id, phone=phone, urgent=urgent,
        text=_worded(kind, {"office": office.name, "office_phone": office.phone} | dict(params)),
        sign=(sign or office.name)[:30], created_at=at, next_try_at=at,
    )  # fmt: skip


def _worded(kind: str, params: Mapping[str, Any]) -> str:
    """The text of templates/sms/<kind>.txt with its {names} filled in; a name without a value is refused."""
    try:
        source = get_template(f"sms/{kind}.txt").template.source
    except TemplateDoesNotExist as missing:
        raise MessageRefused(f"没有短信模板“{kind}”，请检查 templates/sms。") from missing
    try:
        return str(source.strip().format_map({name: _shown(value) for name, value in params.items()}))
    except KeyError as missing:
        raise MessageRefused(f"短信“{kind}”缺少内容“{missing.args[0]}”，未生成。") from missing


def _shown(value: Any) -> str:
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value:,.2f}" if isinstance(value, Decimal) else str(value)


def take_messages(limit: int, *, at: datetime) -> list[Outgoing]:
    """Take up to `limit` due messages for sending, urgent ones first, passing by those that another sweep has.

    A sign-in code that would arrive too late, and a row that no key opens, are failed instead."""
    with transaction.atomic():
        due = Message.objects.filter(state=Message.State.QUEUED, next_try_at__lte=at).order_by("-urgent", "next_try_at")
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
        mine = Message.objects.filter(pk__in=ids)
        move_all(mine, Message.State.SENDING, by=None, at=at, also={"sent_at": at})
        mine.update(tries=F("tries") + 1)
        taken = [_in_hand(message, at) for message in mine.order_by("-urgent", "next_try_at")]
        book_sent([each for each in taken if isinstance(each, SendResult)], at=at)
    return [each for each in taken if isinstance(each, Outgoing)]


def _in_hand(message: Message, at: datetime) -> Outgoing | SendResult:
    """The message in the open; a failure where it is not to be sent."""
    key = str(message.pk)
    if message.kind == SIGN_IN_CODE and message.created_at + CODE_LEAVES_WITHIN <= at:
        return SendResult(key, False, failure="验证码已过有效期，不再发送")
    try:
        return Outgoing(key, message.phone.reveal(), message.text.reveal(), message.sign, message.kind)
    except SealBroken:
        return SendResult(key, False, failure="号码或内容无法解密，请联系系统管理核对密钥")


def book_sent(results: Sequence[SendResult], *, at: datetime) -> None:
    """Book what the gateway said: sent, failed, or queued again after a while under the same key. The text of a code
    is emptied as soon as it is not needed again. A message that is no longer in sending is left as it is."""
    said = {int(result.key): result for result in results}
    ends: dict[tuple[str, str, datetime | None], list[int]] = defaultdict(list)
    with transaction.atomic():
        sending = Message.objects.select_for_update().filter(pk__in=said, state=Message.State.SENDING).order_by("pk")
        for pk, tries, urgent in sending.values_list("pk", "tries", "urgent"):
            ends[_end(said[pk], tries, urgent, at)].append(pk)
        for (to, failure, next_try_at), ids in ends.items():
            rows = Message.objects.filter(pk__in=ids)
            also = {"failure": failure} | ({"next_try_at": next_try_at} if next_try_at else {})
            move_all(rows, to, by=None, at=at, why=failure, also=also)
            if to == Message.State.SENT:
                _number(ids, [said[pk].gateway_id[:64] for pk in ids])
            if to != Message.State.QUEUED:
                rows.filter(kind=SIGN_IN_CODE).update(text="")


def _end(result: SendResult, tries: int, urgent: bool, at: datetime) -> tuple[str, str, datetime | None]:
    """(state, failure, next try) that a result leads to."""
    if result.accepted:
        return Message.State.SENT, "", None
    if not result.retry or tries >= MOST_TRIES:
        return Message.State.FAILED, result.failure[:200], None
    wait = 5 if urgent else min(30 * 2 ** (tries - 1), 3600)
    return Message.State.QUEUED, result.failure[:200], at + timedelta(seconds=wait)


def _number(ids: list[int], gateway_ids: list[str]) -> None:
    """Note the gateway's own number of each message, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE agency_message SET gateway_id = given.number FROM unnest(%s::bigint[], %s::text[]) given (id, number) "
            "WHERE agency_message.id = given.id",
            [ids, gateway_ids],
        )


def requeue_stuck(*, at: datetime) -> int:
    """Queue again, under the same key, what a sweep took and never booked (it was killed). Returns how many."""
    stuck = Message.objects.filter(state=Message.State.SENDING, sent_at__lt=at - STUCK_AFTER)
    return len(move_all(stuck, Message.State.QUEUED, by=None, at=at, why="发送中断，重新排队").moved)


def resend_message(message: Message, *, by: User, at: datetime) -> None:
    """Queue a failed message once more, under the same key. Raises MessageRefused for one whose text is gone."""
    if not message.text:
        raise MessageRefused("验证码短信不能重发，请由本人重新获取。")
    move(message, Message.State.QUEUED, by=by, at=at, why="人工重发", tries=0, next_try_at=at)


def awaiting_receipt(limit: int, *, after: int, at: datetime) -> list[str]:
    """Keys of sent messages without a receipt, by id from `after` on. Those sent over three days ago end as NO_ANSWER."""
    sent = Message.objects.filter(state=Message.State.SENT)
    move_all(sent.filter(sent_at__lt=at - RECEIPT_WITHIN), Message.State.NO_ANSWER, by=None, at=at, why="三日内无回执")
    return [str(pk) for pk in sent.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit]]


def book_receipts(receipts: Sequence[Receipt], *, at: datetime) -> None:
    """Book what became of sent messages; one that is still on its way is left."""
    ends: dict[tuple[str, str], list[int]] = defaultdict(list)
    for receipt in receipts:
        if receipt.code == "DELIVERED":
            ends[Message.State.DELIVERED, ""].append(int(receipt.key))
        elif receipt.code == "UNDELIVERED":
            ends[Message.State.FAILED, f"未送达：{receipt.problem}"[:200]].append(int(receipt.key))
    for (to, failure), ids in ends.items():
        rows = Message.objects.filter(pk__in=ids, state=Message.State.SENT)
        move_all(rows, to, by=None, at=at, why=failure, also={"failure": failure})
