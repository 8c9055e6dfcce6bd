"""短信: queue them from templates/sms, hand them to the sweep, book what the gateway said. The row is the queue."""

import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import BooleanField, DateTimeField, DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest, Least
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from agency.models import Message, Programme, User
from agency.moves import as_array, move, move_all, move_ids, open_all
from agency.queries import Office, offices
from agency.sealed import SealBroken, Sealed

SIGN_IN_CODE = "sign_in_code"
CODE_LEAVES_WITHIN = timedelta(minutes=5)  # a code that is sent later is of no use
STUCK_AFTER = timedelta(minutes=10)
MOST_TRIES = 8
ASKED_LEAST, ASKED_MOST = timedelta(seconds=30), timedelta(hours=1)  # between two questions after one report
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
    """What became of one message: its state by then, None while the gateway knows no more, with a reason where it failed.
    `number` is the report's own, empty where the gateway was asked."""

    key: str
    state: str | None
    problem: str = ""
    number: str = ""
    gateway_id: str = ""


def queue_messages(
    kind: str, rows: Iterable[Row], *, at: datetime, urgent: bool = False, programme: Programme | None = None
) -> int:
    """Queue one message a row, worded by templates/sms/<kind>.txt from its params, and from the region's own
    `office` and `office_phone`. Dates become 2024年8月31日, Decimals 1,815.08. Rows without a phone are refused.

    Of the programme are 短信签名 (the office's name where it is empty), 短信模板号 and how long a report is waited for.
    Returns how many. Raises MessageRefused."""
    known = offices()
    of_all: dict[str, Any] = {"kind": kind, "created_at": at, "next_try_at": at, "urgent": urgent}
    if programme is not None:
        of_all |= {"sign": programme.sms_sign, "template": str(programme.sms_templates.get(kind, ""))[:64]}
        of_all |= {"report_hours": programme.sms_report_hours}
    queued = 0
    every = iter(rows)
    with transaction.atomic():
        while chunk := list(islice(every, CHUNK)):
            open_all([_message(row, known, of_all) for row in chunk], by=None, at=at)
            queued += len(chunk)
    return queued


def _message(row: Row, known: Mapping[str | None, Office], of_all: Mapping[str, Any]) -> Message:
    case_kind, case_id, region_id, phone, params = row
    if not phone:
        raise MessageRefused("没有手机号，不能发送短信；请先补录。")
    office = known.get(region_id, known[None])
    words = {name: one_of[0] for name, one_of in answer_words().items()}
    text = _worded(of_all["kind"], {"office": office.name, "office_phone": office.phone} | words | dict(params))
    message = Message(case_kind=case_kind, case_id=case_id, region_id=region_id, phone=phone, text=text, **of_all)
    message.sign = (message.sign or office.name)[:30]
    return message


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


@cache
def answer_words() -> dict[str, tuple[str, ...]]:
    """{"yes": ..., "no": ...}: the words of templates/sms/answers.toml, as they are compared."""
    given = tomllib.loads(get_template("sms/answers.toml").template.source)
    return {name: tuple(_plain(word) for word in given[name]) for name in ("yes", "no")}


def answer_meant(text: str) -> bool | None:
    """Whether a reply accepts or declines; None where its words are others than the known ones."""
    word = _plain(text)
    return next((name == "yes" for name, words in answer_words().items() if word in words), None)


def _plain(text: str) -> str:
    """Of one width and case, without spaces and marks."""
    kept = (char for char in unicodedata.normalize("NFKC", text).upper() if unicodedata.category(char)[0] in "LN")
    return "".join(kept)


def _shown(value: Any) -> str:
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value:,.2f}" if isinstance(value, Decimal) else str(value)


@cache
def message_kinds() -> tuple[str, ...]:
    """The names of the texts in templates/sms."""
    folders = (Path(folder) / "sms" for folder in get_template("sms/offer.txt").backend.dirs)
    return tuple(sorted({path.stem for folder in folders for path in folder.glob("*.txt")}))


def take_messages(limit: int, *, at: datetime) -> list[Outgoing]:
    """Take up to `limit` due messages for sending, urgent ones first, passing by those that another sweep has.

    A sign-in code that would arrive too late, and a row that no key opens, are failed instead."""
    with transaction.atomic():
        due = Message.objects.filter(state=Message.State.QUEUED, next_try_at__lte=at).order_by("-urgent", "next_try_at")
        late = Q(kind=SIGN_IN_CODE, created_at__lte=at - CODE_LEAVES_WITHIN)
        wanted = due.annotate(too_late=ExpressionWrapper(late, BooleanField())).values_list(*_Due._fields)
        mine = [_Due(*row) for row in wanted.select_for_update(skip_locked=True)[:limit]]
        tried: dict[int, list[int]] = defaultdict(list)
        for message in mine:
            tried[message.tries].append(message.pk)
        for tries, ids in tried.items():
            move_ids(Message, ids, Message.State.SENDING, by=None, at=at, also={"sent_at": at, "tries": tries + 1})
        taken = [_in_hand(message) for message in mine]
        book_sent([each for each in taken if isinstance(each, SendResult)], at=at)
    return [each for each in taken if isinstance(each, Outgoing)]


def keep_pace(gateway: str, count: int, per_second: int) -> float:
    """Book a place for so many messages among all that our processes send to a gateway; how many seconds to wait for it.
    By the database's own clock, which they share."""
    taken = count / per_second
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO agency_pace AS pace (gateway, free_at) VALUES (%s, clock_timestamp() + make_interval(secs => %s)) "
            "ON CONFLICT (gateway) DO UPDATE "
            "SET free_at = greatest(pace.free_at, clock_timestamp()) + make_interval(secs => %s) "
            "RETURNING extract(epoch FROM free_at - clock_timestamp())",
            [gateway, taken, taken],
        )
        return max(0.0, float(cursor.fetchone()[0]) - taken)


class _Due(NamedTuple):
    """What is read of a message to send it: whole rows would take twice as long."""

    pk: int
    kind: str
    tries: int
    too_late: bool
    phone: Sealed
    text: Sealed
    sign: str
    template: str


def _in_hand(message: _Due) -> Outgoing | SendResult:
    """The message in the open; a failure where it is not to be sent."""
    key = str(message.pk)
    if message.too_late:
        return SendResult(key, False, failure="验证码已过有效期，不再发送")
    try:
        text = message.text.reveal()
        return Outgoing(key, message.phone.reveal(), text, message.sign, message.template or message.kind)
    except SealBroken:
        return SendResult(key, False, failure="号码或内容无法解密，请联系系统管理核对密钥")


def book_sent(results: Sequence[SendResult], *, at: datetime) -> None:
    """Book what the gateway said: sent, failed, or queued again after a while under the same key. The text of a code
    is emptied as soon as it is not needed again. A message that is no longer in sending is left as it is."""
    said = {int(result.key): result for result in results}
    ends: dict[tuple[str, str, datetime | None, bool], dict[int, str]] = defaultdict(dict)
    with transaction.atomic():
        for sent in _locked(said, [Message.State.SENDING]):
            end = _end(said[sent.pk], sent.tries, sent.urgent, at)
            spent = sent.kind == SIGN_IN_CODE and end[0] != Message.State.QUEUED
            ends[*end, spent][sent.pk] = said[sent.pk].gateway_id[:64] or sent.gateway_id
        for (to, failure, next_try_at, spent), numbers in ends.items():
            also = {"failure": failure} | ({"next_try_at": next_try_at} if next_try_at else {}) | ({"text": ""} if spent else {})
            each = {"gateway_id": numbers} if to != Message.State.QUEUED else {}
            move_ids(Message, numbers, to, by=None, at=at, why=failure, also=also, each=each)


class _Underway(NamedTuple):
    """What is read of a message to book what became of it."""

    pk: int
    state: str
    kind: str
    tries: int
    urgent: bool
    gateway_id: str
    report: str


def _locked(ids: Iterable[int], states: Sequence[str]) -> list[_Underway]:
    """Those of the messages that are in one of the states, locked, by id."""
    found = Message.objects.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [as_array(ids)]), state__in=states)
    return [_Underway(*row) for row in found.select_for_update().order_by("pk").values_list(*_Underway._fields)]


def _end(result: SendResult, tries: int, urgent: bool, at: datetime) -> tuple[str, str, datetime | None]:
    """(state, failure, next try) that a result leads to."""
    if result.accepted:
        return Message.State.SENT, "", at
    if not result.retry or tries >= MOST_TRIES:
        return Message.State.FAILED, result.failure[:200], None
    wait = 5 if urgent else min(30 * 2 ** (tries - 1), 3600)
    return Message.State.QUEUED, result.failure[:200], at + timedelta(seconds=wait)


def requeue_stuck(*, at: datetime) -> int:
    """Queue again, under the same key, what a sweep took and never booked (it was killed). Returns how many."""
    stuck = Message.objects.filter(state=Message.State.SENDING, sent_at__lt=at - STUCK_AFTER)
    return len(move_all(stuck, Message.State.QUEUED, by=None, at=at, why="发送中断，重新排队").moved)


def resend_message(message: Message, *, by: User, at: datetime) -> None:
    """Queue a failed message once more, under the same key. Raises MessageRefused for one whose text is gone."""
    if not message.text:
        raise MessageRefused("验证码短信不能重发，请由本人重新获取。")
    move(message, Message.State.QUEUED, by=by, at=at, why="人工重发", tries=0, next_try_at=at)


def awaiting_receipt(limit: int, *, after: int, late: bool, at: datetime) -> list[str]:
    """Keys of sent messages whose report is to be asked for, by id from `after` on; with `late` only those that have waited
    for it longer than their programme allows, for a gateway that reports by itself."""
    sent = Message.objects.filter(state=Message.State.SENT, pk__gt=after, next_try_at__lte=at)
    if late:
        sent = sent.filter(_late(at))
    return [str(pk) for pk in sent.order_by("pk").values_list("pk", flat=True)[:limit]]


def _late(at: datetime) -> Q:
    """That a message has waited for its report longer than its programme allows."""
    hours = ExpressionWrapper(F("report_hours") * Value(timedelta(hours=1)), DurationField())
    return Q(sent_at__lt=ExpressionWrapper(Value(at) - hours, DateTimeField()))


def book_receipts(receipts: Iterable[Receipt], *, at: datetime) -> int:
    """Book what became of messages. The first final state stands; a report that overtook the gateway's answer counts, the
    same report twice does not. Returns how many changed a message."""
    told = {int(each.key): each for each in reversed(list(receipts)) if each.state}
    reported: dict[tuple[str, str, bool], list[_Underway]] = defaultdict(list)
    with transaction.atomic():
        for one in _locked(told, [Message.State.QUEUED, Message.State.SENDING, Message.State.SENT]):
            said = told[one.pk]
            if (one.tries or one.state != Message.State.QUEUED) and (not one.report or one.report != said.number):
                reported[str(said.state), said.problem[:200], one.kind == SIGN_IN_CODE].append(one)
        for (to, failure, spent), ones in reported.items():
            also = {"failure": failure} | ({"text": ""} if spent else {})
            each = {
                "gateway_id": {one.pk: told[one.pk].gateway_id[:64] or one.gateway_id for one in ones},
                "report": {one.pk: told[one.pk].number[:64] or one.report for one in ones},
            }
            move_ids(Message, [one.pk for one in ones], to, by=None, at=at, why=failure, also=also, each=each)
    return sum(map(len, reported.values()))


def book_unreported(receipts: Iterable[Receipt], *, at: datetime) -> int:
    """Of the messages of which a gateway that was asked knows no more: those late have NO_ANSWER, the others are asked for
    again, each time after as long as they have waited. Returns how many are given up."""
    silent = Message.objects.filter(pk__in=[int(each.key) for each in receipts if not each.state], state=Message.State.SENT)
    with transaction.atomic():
        given_up = move_all(silent.filter(_late(at)), Message.State.NO_ANSWER, by=None, at=at, why="逾期无回执，经查询仍无结果")
        waited = ExpressionWrapper(Value(at) - F("sent_at"), DurationField())
        again = Least(Greatest(waited, Value(ASKED_LEAST)), Value(ASKED_MOST))
        silent.update(next_try_at=ExpressionWrapper(Value(at) + again, DateTimeField()))
    return len(given_up.moved)
