"""电话名单: handed out as a spreadsheet for the clerks who call; what came of it is loaded back and booked."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.timezone import localdate, localtime

from agency.actions.links import end_links
from agency.models import Event, Import, Link, Programme, Role, User
from agency.moves import check_mover, move_ids, record
from agency.queries import within
from sheets.write import write_rows
from subsidies.payout.queries import NoTerms, terms_in_force
from subsidies.refunds.actions.refusals import RefundRefused
from subsidies.refunds.models import Application, CallOutcome, State
from subsidies.refunds.queries.reminders import to_call

CALLERS = frozenset({Role.PREPARER})
MOST_CALLS = 10_000  # in one spreadsheet
CALL_COLUMNS = (
    "统一社会信用代码", "单位名称", "参保地", "联系人", "手机号", "法定代表人", "法人手机号", "返还金额", "确认截止日",
    "通话时间", "结果", "备注",
)  # fmt: skip
_ANSWERS = {CallOutcome.Result.ACCEPTS.value: State.CONFIRMED, CallOutcome.Result.DECLINES.value: State.DECLINED}
_DONE = {State.CONFIRMED: "已登记为确认", State.DECLINED: "已登记为放弃"}


def write_call_list(programme: Programme, to: BinaryIO, *, by: User, at: datetime) -> int:
    """Write those to be called in the clerk's regions, phones in the open, with empty columns for what came of it; the
    export is an Event. Returns how many. Raises RefundRefused, MoveRefused."""
    today = localdate(at)
    check_mover(programme, CALLERS, by, at)
    rows = to_call(programme).filter(within(by, CALLERS, today))
    count = rows.count()
    if not count:
        raise RefundRefused("电话名单上现在没有单位：短信提醒之后仍未答复的才列入，已答复或暂缓的不列。")
    if count > MOST_CALLS:
        raise RefundRefused(f"电话名单有 {count:,} 户，一张表最多 {MOST_CALLS:,} 户；请由各区县经办分别导出。")
    with transaction.atomic():
        record(
            Event.Kind.EXPORT, case=Programme.CASE, case_id=programme.pk, by=by, at=at, region_id=programme.region_id,
            why="导出电话名单（含联系人和手机号）", detail={"rows": count},
        )  # fmt: skip
        return write_rows(to, CALL_COLUMNS, _lines(rows), "电话名单")


def _lines(rows: Any) -> Iterator[tuple[Any, ...]]:
    for row in rows.iterator(chunk_size=2_000):
        its = row.enterprise
        yield (
            its.uscc, its.name, row.region.name, its.contact, its.phone.reveal(), its.legal_person, its.legal_phone.reveal(),
            row.amount, row.confirm_by, None, None, None,
        )  # fmt: skip


def book_calls(imp: Import, *, by: User, at: datetime) -> None:
    """Book the answers given on the phone that an import brought: the agency's record of a call, of the case of the year
    of the call. Each row says what it did, or why nothing. A case that was answered after the call keeps its answer."""
    heard = CallOutcome.objects.filter(source=imp, result__in=_ANSWERS, booked="", voided=False)
    calls = {(call.uscc, call.called_at[:4]): call for call in heard.order_by("called_at")}  # the last one counts
    found = Application.objects.filter(enterprise__uscc__in=[uscc for uscc, _ in calls]).select_related("programme", "enterprise")
    cases = {(case.enterprise.uscc, str(case.year)): case for case in found}
    open_on = {programme: _is_open(programme, at) for programme in {case.programme for case in cases.values()}}
    going: dict[State, dict[int, int]] = {state: {} for state in _DONE}  # {case: call}
    told: dict[str, list[int]] = defaultdict(list)
    for key, call in calls.items():
        case = cases.get(key)
        if problem := _problem(case, call, open_on):
            told[f"未登记：{problem}"].append(call.pk)
        elif case is not None:
            going[_ANSWERS[call.result]][case.pk] = call.pk
    for state, pairs in going.items():
        done = move_ids(
            Application, sorted(pairs), state, by=by, at=at, why=f"电话答复（经办登记）：{_DONE[state][-2:]}",
            also={"answered_at": at, "answer_channel": Application.AnswerChannel.CALL, "reason": ""},
        )  # fmt: skip
        end_links(Application.CASE, done.moved, Link.End.ANSWERED, at=at)
        told[_DONE[state]] += [pairs[pk] for pk in done.moved]
        told["未登记：现在的状态不能如此答复，请在事项中查看"] += [pairs[pk] for pk in done.refused]
    for words, pks in told.items():
        CallOutcome.objects.filter(pk__in=pks).update(booked=words)
    heard.filter(booked="").update(booked="未登记：同一单位另有更晚的答复")


def _problem(case: Application | None, call: CallOutcome, open_on: dict[Programme, bool]) -> str:
    """Why an answer on the phone does nothing to the case; empty where it may."""
    if case is None:
        return "该单位该年度没有返还事项"
    if not open_on[case.programme]:
        return "项目未开办或已过政策期"
    if case.answered_at is not None and f"{localtime(case.answered_at):%F %T}" >= call.called_at:
        return "通话之后单位已另行答复"
    return ""


def _is_open(programme: Programme, at: datetime) -> bool:
    try:
        first, last = terms_in_force(programme, localdate(at)).refund_period
    except NoTerms:
        return False
    return programme.state == Programme.State.OPEN and first <= localdate(at) <= last
