"""公示异议: filed by anybody with a real name while the list is published; only the line objected to stops."""

import secrets
from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate

from agency.models import Event, Role, User
from agency.moves import check_mover, move, open_all, record
from agency.queries import calendar
from policy.workdays import UnknownYear
from subsidies.payout.actions.awards import strike_now
from subsidies.payout.models import Award, Objection, PublicityRound, PublishedLine
from subsidies.payout.queries import terms_in_force

State = Objection.State
RECEIPT_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I: a receipt is read out on the phone


class ObjectionRefused(Exception):
    """This objection cannot be filed or answered; says in Chinese why and what to do next."""


def file_objection(
    line: PublishedLine, name: str, contact: str, text: str, channel: str, *, by: User | None, at: datetime
) -> Objection:
    """File an objection to one published line; its award stops until a reviewer answers. `by` None: over the web.

    Raises ObjectionRefused (no real name, nothing said, outside the period, line struck) and MoveRefused."""
    name, contact, text = name.strip(), contact.strip(), text.strip()
    if len(name) < 2 or any(letter.isdigit() for letter in name):
        raise ObjectionRefused("请填写真实姓名；匿名反映不予受理。")
    if len(contact) < 5:
        raise ObjectionRefused("请填写联系方式（电话或通信地址），以便核查和答复。")
    if not text:
        raise ObjectionRefused("请写明异议内容。")
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


def uphold(objection: Objection, answer: str, *, by: User, at: datetime) -> None:
    """The objection is right: its line is struck and nothing is paid; further open objections to it are settled with it."""
    with transaction.atomic():
        award = _decide(objection, State.UPHELD, answer, by=by, at=at)
        for other in Objection.objects.select_related("region").filter(line__award=award, state=State.FILED):
            move(other, State.UPHELD, by=by, at=at, answer="该件已因另一异议成立而不予发放。", answered_at=at)
        strike_now(award, "公示期异议经核查成立", by=by, at=at)


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
