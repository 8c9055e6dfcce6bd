"""The call list handed out, and what came of the calls loaded back."""

from io import BytesIO
from pathlib import Path

import pytest

from agency.actions import imports
from agency.models import Event, Role
from agency.moves import MoveRefused
from agency.queries import open_warnings
from enterprises.models import Enterprise
from sheets.write import write_rows
from subsidies.refunds import actions, queries
from subsidies.refunds.actions.calls import CALL_COLUMNS
from subsidies.refunds.models import Application, CallOutcome, State
from tests.office import read_back, uscc


@pytest.fixture
def to_call(offered, moment):
    """Offers that came to the call list on 2024-07-22, their deadline past."""

    def make(count: int) -> list[Application]:
        cases = [offered(uscc=uscc(number), contact=f"联系人{number}", legal_phone="13900000009") for number in range(count)]
        actions.remind(at=moment(7, 22))
        Application.objects.filter(pk__in=[case.pk for case in cases]).update(state=State.OVERDUE)
        return cases

    return make


@pytest.fixture
def outcomes(staff, files, tmp_path: Path, moment):
    """Load outcomes: rows of (case, time, result)."""

    def load(*rows: tuple[Application, str, str], note: str = ""):
        by, at = staff(Role.PREPARER), moment(7, 24)
        path = tmp_path / f"calls-{CallOutcome.objects.count()}-{len(list(tmp_path.iterdir()))}.xlsx"
        write_rows(path, ["统一社会信用代码", "通话时间", "结果", "备注"], [(c.enterprise.uscc, t, r, note) for c, t, r in rows])
        imp = imports.start_import("call-outcomes", path, path.name, {}, by=by, at=at)
        imports.check_import(imp, at=at)
        if imp.refused or imp.state != "CHECKED":
            return imp
        if warnings := open_warnings(imp):
            imports.acknowledge_warnings(imp, [warning["name"] for warning in warnings], by=by, at=at)
        imports.confirm_import(imp, by=by, at=at)
        return imp

    return load


class TestCallList:
    def test_holds_phones_for_the_clerk_and_is_an_event(self, to_call, programme, staff, moment):
        first, _ = to_call(2)
        written = BytesIO()
        assert actions.write_call_list(programme, written, by=staff(Role.PREPARER), at=moment(7, 23)) == 2
        written.seek(0)
        rows = read_back(written)
        assert list(rows[0]) == list(CALL_COLUMNS)
        assert (rows[0]["手机号"], rows[0]["法人手机号"]) == (first.enterprise.phone.reveal(), "13900000009")
        assert (rows[0]["联系人"], rows[0]["结果"]) == ("联系人0", "")
        event = Event.objects.filter(kind="EXPORT").latest("pk")
        assert (event.by, event.detail) == (staff(Role.PREPARER), {"rows": 2})

    @pytest.mark.parametrize("role", [Role.REVIEWER, Role.FINANCE, Role.AUDITOR, Role.POLICY])
    def test_is_for_those_who_call(self, to_call, programme, staff, moment, role):
        to_call(1)
        with pytest.raises(MoveRefused):
            actions.write_call_list(programme, BytesIO(), by=staff(role), at=moment(7, 23))

    def test_says_when_nobody_is_to_be_called(self, offered, programme, staff, moment):
        offered()
        with pytest.raises(actions.RefundRefused, match="没有单位"):
            actions.write_call_list(programme, BytesIO(), by=staff(Role.PREPARER), at=moment(7, 23))


class TestOutcomes:
    def test_an_answer_on_the_phone_is_booked_and_shown(self, to_call, outcomes, staff, programme):
        yes, no, told = to_call(3)
        Application.objects.filter(pk=no.pk).update(state=State.OFFERED)
        outcomes(
            (yes, "2024-07-23 09:30", "愿意接受"), (no, "2024-07-23 09:40", "明确放弃"), (told, "2024-07-23 10:00", "无人接听")
        )
        states = dict(Application.objects.values_list("pk", "state"))
        assert (states[yes.pk], states[no.pk], states[told.pk]) == (State.CONFIRMED, State.DECLINED, State.OVERDUE)
        event = Event.objects.filter(case_kind="refund", case_id=yes.pk).latest("pk")
        assert (event.by, event.why) == (staff(Role.PREPARER), "电话答复（经办登记）：确认")
        assert [call.booked for call in queries.calls_of(yes)] == ["已登记为确认"]
        assert list(queries.to_call(programme)) == [told]

    def test_the_last_call_of_several_counts(self, to_call, outcomes):
        [case] = to_call(1)
        outcomes((case, "2024-07-23 09:30", "明确放弃"), (case, "2024-07-23 15:00", "愿意接受"))
        assert [call.booked for call in queries.calls_of(case)] == ["已登记为确认", "未登记：同一单位另有更晚的答复"]

    def test_what_the_enterprise_answered_after_the_call_stands(self, to_call, outcomes, acts_for, moment):
        [case] = to_call(1)
        case.refresh_from_db()
        actions.confirm(case, by=acts_for(case.enterprise), at=moment(7, 23, 16))
        outcomes((case, "2024-07-23 09:30:00", "明确放弃"))
        case.refresh_from_db()
        assert case.state == State.CONFIRMED
        assert queries.calls_of(case)[0].booked == "未登记：通话之后单位已另行答复"

    def test_who_says_no_after_the_deadline_is_not_called_again(self, to_call, outcomes, programme):
        [case] = to_call(1)
        outcomes((case, "2024-07-23 09:30", "明确放弃"))
        assert queries.calls_of(case)[0].booked.startswith("未登记：现在的状态")
        assert not queries.to_call(programme)

    def test_an_answer_that_was_booked_cannot_be_changed(self, to_call, outcomes):
        [case] = to_call(1)
        outcomes((case, "2024-07-23 09:30", "愿意接受"))
        again = outcomes((case, "2024-07-23 09:30", "明确放弃"))
        assert "已处理（已登记为确认）" in again.report["errors"][0][4]

    def test_a_row_that_cannot_be_right_is_refused(self, to_call, outcomes):
        [case] = to_call(1)
        assert "晚于今天" in outcomes((case, "2024-07-25 09:30", "已通知")).report["errors"][0][4]
        assert "以下之一" in outcomes((case, "2024-07-23 09:30", "打通了")).report["errors"][0][4]
        noted = outcomes((case, "2024-07-23 09:30", "已通知"), note="打 13812345678 找王会计")
        assert "备注中不要填写" in noted.report["errors"][0][4]
        Enterprise.objects.update(voided=True)
        assert "已作废" in outcomes((case, "2024-07-23 09:30", "已通知")).report["errors"][0][4]
