"""项目与版本: prepare, approve by a second person, open through the fund gate, change by a new edition, close."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction
from django.utils.timezone import localdate

from agency.actions.messages import message_kinds
from agency.models import Edition, Event, Programme, Region, Role, User
from agency.moves import check_mover, move, open_all, record
from agency.queries import fund_finding, programmes_over, terms_of
from policy import explain
from policy.notice import ChoiceRefused, NoticeError, Terms, load, names
from policy.verdict import Answer

MOST_REPORT_HOURS = 24 * 30


class ProgrammeRefused(Exception):
    """This cannot be done with the programme or its edition; says in Chinese why and what to do next."""


def prepare_programme(
    notice: str, region: Region, year: int, title: str, choices: Mapping[str, str], counts_from: date, *, by: User, at: datetime,
    confirm_by: date | None = None, sms_sign: str = "", collective_decision_over: Decimal | None = None,
    folders: Iterable[Path] = (),
) -> Programme:  # fmt: skip
    """A programme with its first edition, PROPOSED. `folders` hold the agency's own notices. Raises ProgrammeRefused, and
    MoveRefused without the post."""
    terms = resolved(notice, choices, folders)
    _check_days(terms, counts_from, confirm_by)
    if terms.refund_period[0].year != year:
        raise ProgrammeRefused(f"“{terms.title}”是 {terms.refund_period[0].year} 年度的政策，不能用于 {year} 年度。")
    with transaction.atomic():
        Region.objects.select_for_update().get(pk=region.pk)
        if Programme.objects.filter(region=region, year=year).exists():
            raise ProgrammeRefused(f"{region} {year} 年度已有项目，请在该项目中另拟版本。")
        programme = Programme(
            notice=notice, region=region, year=year, title=title, confirm_by=confirm_by, sms_sign=sms_sign,
            collective_decision_over=collective_decision_over, prepared_by=by, created_at=at,
        )  # fmt: skip
        check_mover(programme, {Role.POLICY}, by, at)
        open_all([programme], by=by, at=at)
        _add_edition(programme, terms, choices, counts_from, "", by=by, at=at)
    return programme


def propose_edition(
    programme: Programme, choices: Mapping[str, str], counts_from: date, reason: str, *, by: User, at: datetime,
    folders: Iterable[Path] = (),
) -> Edition:  # fmt: skip
    """A next edition with all its choices anew, to be approved by another. Raises ProgrammeRefused: the programme is
    closed, an edition waits already, or it would count from before the one in force; MoveRefused."""
    check_mover(programme, {Role.POLICY}, by, at)
    if not reason.strip():
        raise ProgrammeRefused("请写明变更理由。")
    terms = resolved(programme.notice, choices, folders)
    _check_days(terms, counts_from, programme.confirm_by)
    with transaction.atomic():
        locked = Programme.objects.select_for_update().get(pk=programme.pk)
        if locked.state == Programme.State.CLOSED:
            raise ProgrammeRefused("项目已结束，不能再拟新版本。")
        if locked.editions.filter(state=Edition.State.PROPOSED).exists():
            raise ProgrammeRefused("已有待批准的版本，请先批准或退回该版本。")
        latest = locked.editions.filter(state=Edition.State.APPROVED).order_by("-counts_from").first()
        if latest is not None and counts_from < latest.counts_from:
            raise ProgrammeRefused(f"新版本的起算日不能早于现行版本（{latest.counts_from}）。")
        return _add_edition(locked, terms, choices, counts_from, reason, by=by, at=at)


def approve_edition(edition: Edition, *, by: User, at: datetime) -> None:
    """A second person approves a further edition of an open programme; the first is approved by opening it."""
    with transaction.atomic():
        programme = Programme.objects.select_for_update().get(pk=edition.programme_id)
        if programme.state != Programme.State.OPEN:
            raise ProgrammeRefused("项目尚未开办或已结束；首个版本在开办项目时一并批准。")
        _approve(edition, by=by, at=at)


def refuse_edition(edition: Edition, why: str, *, by: User, at: datetime) -> None:
    """Refuse a proposed edition; it stays readable and another may be proposed."""
    if not why.strip():
        raise ProgrammeRefused("请写明不予批准的理由。")
    move(edition, Edition.State.REFUSED, by=by, at=at, why=why)


def open_programme(programme: Programme, *, by: User, at: datetime) -> None:
    """A second person approves the first edition and opens the programme. Raises ProgrammeRefused: nobody else's
    approval, the fund gate shut or unknown, the period over, or another programme of the year in this region."""
    with transaction.atomic():
        _lock_year(programme.year)
        locked = Programme.objects.select_for_update(of=("self",)).select_related("region").get(pk=programme.pk)
        edition = locked.editions.filter(state=Edition.State.PROPOSED).first()
        if locked.state == Programme.State.PREPARED and edition is None:
            raise ProgrammeRefused("没有待批准的版本，请先拟定版本。")
        if by.pk == locked.prepared_by_id:
            raise ProgrammeRefused("筹备人不能开办自己筹备的项目，请由另一位政策管理人员办理。")
        if rival := programmes_over(locked.region).filter(year=locked.year).exclude(pk=locked.pk).first():
            raise ProgrammeRefused(f"{locked.year} 年度“{rival.title}”已覆盖该地区，同一地区一年只能开办一个项目。")
        gate: dict[str, str] = {}
        if edition is not None:
            terms = terms_of(edition)
            if localdate(at) > terms.refund_period[1]:
                raise ProgrammeRefused(f"政策已于 {terms.refund_period[1]} 到期，不能开办。")
            gate = _pass_fund_gate(locked, terms)
            _approve(edition, by=by, at=at)
        move(locked, Programme.State.OPEN, by=by, at=at, detail=gate, opened_at=at)
    programme.refresh_from_db(fields=["state", "opened_at"])


def record_final(programme: Programme, number: str, on: date, *, by: User, at: datetime) -> None:
    """Record the final number and day of a notice that was adopted as a draft, to be checked by a second person. Until
    then it may be recorded anew. Raises ProgrammeRefused."""
    check_mover(programme, {Role.POLICY}, by, at)
    number = number.strip()
    if not number:
        raise ProgrammeRefused("请填写正式文号。")
    if on > localdate(at):
        raise ProgrammeRefused("正式印发日期不能晚于今天。")
    with transaction.atomic():
        locked = Programme.objects.select_for_update().get(pk=programme.pk)
        edition = locked.editions.exclude(state=Edition.State.REFUSED).first()
        if edition is None or not terms_of(edition).draft:
            raise ProgrammeRefused("本项目所依据的不是征求意见稿，无须补录文号。")
        if locked.final_checked_by_id:
            raise ProgrammeRefused(f"已补录并复核文号“{locked.final_number}”，不能再改。")
        also = {"final_number": number, "final_on": on, "final_recorded_by": by}
        _set_final(programme, also, f"补录正式文号：{number}", {"final_on": str(on)}, by=by, at=at)


def check_final(programme: Programme, *, by: User, at: datetime) -> None:
    """A second person has compared the recorded number and day with the printed notice; from then on lists may be
    published and money paid. Raises ProgrammeRefused."""
    check_mover(programme, {Role.POLICY}, by, at)
    with transaction.atomic():
        locked = Programme.objects.select_for_update().get(pk=programme.pk)
        if not locked.final_recorded_by_id:
            raise ProgrammeRefused("还没有补录正式文号和印发日期，请先补录。")
        if locked.final_checked_by_id:
            raise ProgrammeRefused(f"文号“{locked.final_number}”已复核，无须再办。")
        if locked.final_recorded_by_id == by.pk:
            raise ProgrammeRefused("补录人不能复核自己补录的文号，请由另一位政策管理人员复核。")
        told = {"final_on": str(locked.final_on)}
        _set_final(programme, {"final_checked_by": by}, f"复核正式文号：{locked.final_number}", told, by=by, at=at)


def _set_final(
    programme: Programme, also: Mapping[str, object], why: str, detail: Mapping[str, str], *, by: User, at: datetime
) -> None:
    Programme.objects.filter(pk=programme.pk).update(**also)
    record(
        Event.Kind.WRITE, case=Programme.CASE, case_id=programme.pk, by=by, at=at, region_id=programme.region_id, why=why,
        detail=detail,
    )  # fmt: skip
    programme.refresh_from_db()


def set_messages(
    programme: Programme, sign: str, templates: Mapping[str, str], report_hours: int, *, by: User, at: datetime
) -> None:
    """How the programme's SMS are signed, the gateway's id of each text, and how many hours a report is waited for; for
    messages that are queued from now on. Raises ProgrammeRefused, MoveRefused."""
    check_mover(programme, {Role.POLICY}, by, at)
    if unknown := [kind for kind in templates if kind not in message_kinds()]:
        raise ProgrammeRefused(f"没有名为“{unknown[0]}”的短信；现有：{'、'.join(message_kinds())}。")
    if not 1 <= report_hours <= MOST_REPORT_HOURS:
        raise ProgrammeRefused(f"等待短信回执小时数须在 1 至 {MOST_REPORT_HOURS} 之间。")
    new = {"sms_sign": sign.strip(), "sms_templates": dict(templates), "sms_report_hours": report_hours}
    with transaction.atomic():
        Programme.objects.filter(pk=programme.pk).update(**new)
        record(
            Event.Kind.WRITE, case=Programme.CASE, case_id=programme.pk, by=by, at=at, region_id=programme.region_id,
            why="短信签名、模板号与回执时限", detail=new,
        )  # fmt: skip
    for name, value in new.items():
        setattr(programme, name, value)


def close_programme(programme: Programme, *, by: User, at: datetime) -> None:
    """Close a programme once its period is over; until then enterprises may still confirm or apply."""
    edition = programme.editions.filter(state=Edition.State.APPROVED).order_by("-number").first()
    if edition is not None and localdate(at) <= terms_of(edition).refund_period[1]:
        raise ProgrammeRefused(f"政策期到 {terms_of(edition).refund_period[1]} 为止，期内单位仍可确认或申请，不能提前结束。")
    move(programme, Programme.State.CLOSED, by=by, at=at)


def resolved(notice: str, choices: Mapping[str, str], folders: Iterable[Path]) -> Terms:
    """The terms of a notice that the system knows, with these choices. Raises ProgrammeRefused."""
    folders = list(folders)
    try:
        if notice not in names(folders):  # a path from a form is no notice
            raise ProgrammeRefused(f"没有政策文件“{notice}”，请从列表中选择。")
        return load(notice, folders).terms(choices)
    except (NoticeError, ChoiceRefused) as wrong:
        raise ProgrammeRefused(str(wrong)) from wrong


def _check_days(terms: Terms, counts_from: date, confirm_by: date | None) -> None:
    first, last = terms.refund_period
    if not first <= counts_from <= last:
        raise ProgrammeRefused(f"起算日须在政策期内（{first} 至 {last}）。")
    if confirm_by is not None and not counts_from <= confirm_by <= last:
        raise ProgrammeRefused(f"确认截止日须在起算日之后、政策期内（不晚于 {last}）。")


def _add_edition(
    programme: Programme, terms: Terms, choices: Mapping[str, str], counts_from: date, reason: str, *, by: User, at: datetime
) -> Edition:
    last = programme.editions.order_by("-number").values_list("number", flat=True).first() or 0
    [edition] = open_all(
        [
            Edition(
                programme=programme, region_id=programme.region_id, number=last + 1, choices=dict(choices),
                terms=terms.canonical(), terms_sha256=terms.sha256, counts_from=counts_from, reason=reason, prepared_by=by,
                prepared_at=at,
            )
        ],
        by=by, at=at, why=reason,
    )  # fmt: skip
    return edition


def _approve(edition: Edition, *, by: User, at: datetime) -> None:
    if by.pk == edition.prepared_by_id:
        raise ProgrammeRefused("拟定人不能批准自己拟定的版本，请由另一位政策管理人员批准。")
    terms_of(edition)  # the text must still bear its hash
    move(edition, Edition.State.APPROVED, by=by, at=at, approved_by=by, approved_at=at)


def _pass_fund_gate(programme: Programme, terms: Terms) -> dict[str, str]:
    """The figures of a passed gate, for the Event."""
    finding = fund_finding(programme.region, programme.year, terms)
    if finding.answer != Answer.PASS:
        raise ProgrammeRefused(f"基金备付条件未通过，不能开办：{explain.for_staff(finding)}")
    return {name: str(figure) for name, figure in finding.figures.items()} | {"clause": finding.clause}


def _lock_year(year: int) -> None:
    """One programme of a year opens at a time, so that two cannot each miss the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"open programme {year}"])
