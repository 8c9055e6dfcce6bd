"""公示异议: filed by anybody with a real name while the list is published; only the line objected to stops."""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import BinaryIO

from django.db import connection, transaction
from django.utils.timezone import localdate

from agency.actions.attachments import attach
from agency.models import Attachment, Event, Role, User
from agency.moves import check_mover, move, open_all, record
from agency.queries import calendar
from agency.sealed import blind_index
from policy.workdays import UnknownYear
from subsidies.payout.actions.awards import strike_now
from subsidies.payout.models import Attempt, Award, Objection, PublicityRound, PublishedLine, Statement
from subsidies.payout.queries import terms_in_force

State = Objection.State
RECEIPT_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I: a receipt is read out on the phone
WEB_AN_ADDRESS, WEB_A_LINE_AND_DAY = 5, 10  # objections over the web: from one address an hour, to one line a day
WRONG_PAIRS = 10  # of receipt and contact, an hour
STATEMENTS = 5  # of an enterprise about one award
PERSONAL_NUMBER = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|\d{15,34}[Xx]?)(?!\d)")  # text is not sealed


class ObjectionRefused(Exception):
    """This objection cannot be filed or answered; says in Chinese why and what to do next."""


def file_objection(
    line: PublishedLine, name: str, contact: str, text: str, channel: str, *, by: User | None, at: datetime
) -> Objection:
    """File an objection to one published line; its award stops until a reviewer answers. `by` None: over the web.

    Raises ObjectionRefused (no real name, nothing said, outside the period, line struck) and MoveRefused."""
    name, contact, text = name.strip(), plain_contact(contact), text.strip()
    _refuse_anonymous(name, contact, text)
    if channel not in dict(Objection._meta.get_field("channel").flatchoices):
        raise ObjectionRefused("渠道应为电话、来信或网上。")
    on = localdate(at)
    with transaction.atomic():
        award = Award.objects.select_for_update(of=("self",), no_key=True).select_related("region").get(pk=line.award_id)
        line = PublishedLine.objects.select_related("round__programme").get(pk=line.pk)
        _refuse_outside_publicity(line, on)
        days = int(str(terms_in_force(line.round.programme, on).value("objection_days", on)))
        try:
            answer_by = calendar().nth_after(on, days)
        except UnknownYear as unknown:
            raise ObjectionRefused(str(unknown)) from unknown
        [objection] = open_all(
            [
                Objection(
                    line=line, region=award.region, receipt=_receipt(), name=name, contact=contact, text=text, channel=channel,
                    filed_by=by, filed_at=at, answer_by=answer_by,
                )
            ],
            by=by, at=at,
        )  # fmt: skip
        if award.state != Award.State.OBJECTED:
            move(award, Award.State.OBJECTED, by=by, at=at, why="公示期内收到异议")
    return objection


def uphold(objection: Objection, answer: str, reason: str = "", *, by: User, at: datetime) -> None:
    """The objection is right: its line is struck and nothing is paid; further open objections to it are settled with it.

    `answer` is for who objected; `reason` is told to the enterprise and stands beside the struck line, so that it names
    nobody. Raises ObjectionRefused, MoveRefused."""
    reason = reason.strip()
    if len(reason) > 200:
        raise ObjectionRefused("不予发放的原因最多 200 字，请精简。")
    with transaction.atomic():
        for one in Objection.objects.filter(line__award__lines=objection.line_id):
            if one.name.reveal() in reason or one.contact.reveal() in reason:
                raise ObjectionRefused("不予发放的原因会告知单位并公开，不能写出异议人的姓名或联系方式。")
        award = _decide(objection, State.UPHELD, answer, by=by, at=at)
        for other in Objection.objects.select_related("region").filter(line__award=award, state=State.FILED):
            move(other, State.UPHELD, by=by, at=at, answer="该件已因另一异议成立而不予发放。", answered_at=at)
        strike_now(award, "：".join(filter(None, ("公示期异议经核查成立", reason))), by=by, at=at)


def dismiss(objection: Objection, answer: str, *, by: User, at: datetime) -> None:
    """The objection is wrong: with no other open its award is published again, and cleared once the period is over."""
    with transaction.atomic():
        award = _decide(objection, State.DISMISSED, answer, by=by, at=at)
        if not Objection.objects.filter(line__award=award, state=State.FILED).exists():
            move(award, Award.State.PUBLICISED, by=by, at=at, why="异议经核查不成立")


def read_objector(objection: Objection, *, by: User, at: datetime) -> tuple[str, str]:
    """Name and contact of who objected, plain, for whoever looks into it. Writes an Event; never for the enterprise."""
    check_mover(objection, {Role.REVIEWER, Role.AUDITOR}, by, at)
    record(
        Event.Kind.READ, case=Objection.CASE, case_id=objection.pk, by=by, at=at, region_id=objection.region_id,
        why="查看异议人姓名和联系方式",
    )  # fmt: skip
    return objection.name.reveal(), objection.contact.reveal()


def object_over_web(line: PublishedLine, name: str, contact: str, text: str, *, address: str, at: datetime) -> Objection:
    """File an objection that comes over the web from an address, within its limits and those of the line. Raises
    ObjectionRefused."""
    _refuse_anonymous(name.strip(), plain_contact(contact), text.strip())
    today = Objection.objects.filter(line=line, channel="web", filed_at__gt=at - timedelta(days=1)).count()
    if today >= WEB_A_LINE_AND_DAY:
        raise ObjectionRefused(f"该件今天收到的网上异议已经很多；请拨打监督电话 {line.round.complaints_phone}，或以来信反映。")
    if not count_attempt("object", address, WEB_AN_ADDRESS, at=at):
        raise ObjectionRefused(f"从您的网络提交得太频繁，请一小时后再试，或拨打监督电话 {line.round.complaints_phone}。")
    return file_objection(line, name, contact, text, "web", by=None, at=at)


def look_up_answer(receipt: str, contact: str, *, address: str, at: datetime) -> Objection:
    """The objection of a receipt, for who also knows the contact that was given. A wrong pair says nothing of either;
    after too many of them from an address or for a receipt nothing is looked up for an hour. Raises ObjectionRefused."""
    receipt = "".join(unicodedata.normalize("NFKC", receipt).upper().split())[:24]
    if any(attempts("look", key, at) >= WRONG_PAIRS for key in (address, receipt)):
        raise ObjectionRefused("核对不上的次数太多，请一小时后再试，或拨打公示名单中的监督电话查询。")
    index = blind_index(plain_contact(contact))
    found = Objection.objects.select_related("line__round").filter(receipt=receipt, contact_index=index).first()
    if found is None:
        for key in (address, receipt):
            count_attempt("look", key, None, at=at)
        raise ObjectionRefused("没有找到。请核对回执号，联系方式须与提出异议时填写的一致。")
    return found


def count_attempt(what: str, whose: str, most: int | None, *, at: datetime) -> bool:
    """Book one more attempt of an address or receipt, unless it has made `most` within the hour; says whether it did."""
    key = _key(what, whose)
    with transaction.atomic():
        with connection.cursor() as cursor:  # several at once wait for each other
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        if most is not None and attempts(what, whose, at) >= most:
            return False
        Attempt.objects.create(what=what, key=key, at=at)
    return True


def attempts(what: str, whose: str, at: datetime) -> int:
    """How many there were within the last hour."""
    return Attempt.objects.filter(key=_key(what, whose), what=what, at__gt=at - timedelta(hours=1)).count()


def forget_attempts(*, at: datetime) -> int:
    """Drop what was counted more than a day ago."""
    return Attempt.objects.filter(at__lt=at - timedelta(days=1)).delete()[0]


def _key(what: str, whose: str) -> str:
    return blind_index(f"attempt {what} {whose}")


def state_ones_case(award: Award, text: str, proofs: Sequence[tuple[str, BinaryIO]] = (), *, by: User, at: datetime) -> Statement:
    """The enterprise's own word, with proofs, while an objection to its line is examined. Raises ObjectionRefused,
    AttachmentRefused, MoveRefused."""
    text = text.strip()
    if not text:
        raise ObjectionRefused("请写明情况。")
    if PERSONAL_NUMBER.search(text):
        raise ObjectionRefused("请不要在说明里写手机号、证件号码或银行账号；需要的，请放在证明材料里。")
    check_mover(award, {Role.ENTERPRISE}, by, at)
    with transaction.atomic():
        award = Award.objects.select_for_update(of=("self",), no_key=True).get(pk=award.pk)
        if award.state != Award.State.OBJECTED:
            raise ObjectionRefused("该件现在没有待核查的异议，不用提交说明。")
        if award.statements.count() >= STATEMENTS:
            raise ObjectionRefused(f"说明最多提交 {STATEMENTS} 次；还有补充的，请联系经办机构。")
        made = Statement.objects.create(award=award, region_id=award.region_id, text=text, by=by, at=at)
        record(
            Event.Kind.WRITE, case=Award.CASE, case_id=award.pk, by=by, at=at, region_id=award.region_id,
            why="单位就公示异议提交说明", detail={"statement": made.pk},
        )  # fmt: skip
        about = Attachment.About.OBJECTION
        attach(award.case_kind, award.case_id, about, proofs, award.region_id, by=by, at=at)
    return made


def plain_contact(contact: str) -> str:
    """A contact in one way of writing: narrow letters and digits, no blanks; a telephone without strokes."""
    contact = "".join(unicodedata.normalize("NFKC", contact).split())
    bare = contact.replace("-", "")
    return bare if bare.isdecimal() else contact


def _refuse_anonymous(name: str, contact: str, text: str) -> None:
    if len(name) < 2 or any(letter.isdigit() for letter in name) or "匿名" in name:
        raise ObjectionRefused("请填写真实姓名；匿名反映不予受理。")
    if len(contact) < 5:
        raise ObjectionRefused("请填写联系方式（电话或通信地址），以便核查和答复。")
    if not text:
        raise ObjectionRefused("请写明异议内容。")
    if PERSONAL_NUMBER.search(text):
        raise ObjectionRefused("异议内容里请不要写手机号、证件号码或银行账号；您的电话请填在联系方式里。")


def _decide(objection: Objection, to: str, answer: str, *, by: User, at: datetime) -> Award:
    """Answer the objection under the lock of its award, which is returned."""
    answer = answer.strip()
    if not answer:
        raise ObjectionRefused("请写明核查结论和理由；答复会告知异议人。")
    if len(answer) > 500:
        raise ObjectionRefused("答复最多 500 字，请精简。")
    award_id = PublishedLine.objects.values_list("award_id", flat=True).get(pk=objection.line_id)
    award = Award.objects.select_for_update(of=("self",), no_key=True).select_related("region").get(pk=award_id)
    move(objection, to, by=by, at=at, answer=answer, answered_at=at)
    return award


def _refuse_outside_publicity(line: PublishedLine, on: date) -> None:
    round_ = line.round
    if round_.state != PublicityRound.State.PUBLISHED or on < round_.starts_on:
        raise ObjectionRefused(f"该名单不在公示期内；如有情况反映，请拨打监督电话 {round_.complaints_phone}。")
    if on > round_.ends_on:
        raise ObjectionRefused(f"公示期已于 {round_.ends_on} 结束；如有情况反映，请拨打监督电话 {round_.complaints_phone}。")
    if line.struck_at is not None:
        raise ObjectionRefused("该件已从名单中撤下，不会发放，无须再提异议。")


def _receipt() -> str:
    """A receipt number that cannot be guessed: 60 random bits, YY-XXXX-XXXX-XXXX."""
    letters = [secrets.choice(RECEIPT_LETTERS) for _ in range(12)]
    return "-".join(["YY", *("".join(letters[start : start + 4]) for start in (0, 4, 8))])
