"""Objections over the web: kept from flooding, answered to who holds receipt and contact, and nobody's name in a reason."""

from datetime import timedelta

import pytest
from django.db import connection

from agency.models import Event, Role, User
from agency.moves import MoveRefused
from subsidies.payout import actions
from subsidies.payout.models import Attempt, Award, Objection, PublishedLine

PHONE = "13800000000"


@pytest.fixture
def lines(make_awards, publish) -> list[PublishedLine]:
    make_awards(8)
    return list(publish().lines.select_related("round").order_by("position"))


@pytest.fixture
def send(lines, moment):
    """send(2): an objection to the third line from one address on 2024-06-05, or as told otherwise."""

    def do(place=0, *, name="王某某", contact=PHONE, text="已停业多年", address="10.1.2.3", at=None) -> Objection:
        return actions.object_over_web(lines[place], name, contact, text, address=address, at=at or moment(6, 5))

    return do


class TestFloods:
    def test_an_address_files_five_an_hour(self, send, moment):
        for place in range(5):
            send(place)
        with pytest.raises(actions.ObjectionRefused, match="太频繁"):
            send(5)
        send(5, address="10.1.2.4")
        send(6, at=moment(6, 5, 11) + timedelta(minutes=1))
        assert Objection.objects.count() == 7

    def test_a_line_takes_ten_a_day_over_the_web_and_the_phone_stays_open(self, send, lines, staff, moment):
        for number in range(10):
            send(0, address=f"10.0.0.{number}")
        with pytest.raises(actions.ObjectionRefused, match="监督电话 0353-7654321"):
            send(0, address="10.0.0.99")
        actions.file_objection(lines[0], "李某", PHONE, "欠薪", "phone", by=staff(Role.PREPARER), at=moment(6, 5))
        send(0, address="10.0.0.99", at=moment(6, 6, 11))
        assert Objection.objects.count() == 12

    def test_what_is_refused_for_its_form_counts_against_nobody(self, send):
        for _ in range(8):
            with pytest.raises(actions.ObjectionRefused):
                send(0, name="匿名")
        assert not Attempt.objects.exists()

    def test_no_address_or_receipt_is_kept(self, send, moment):
        made = send(0)
        with pytest.raises(actions.ObjectionRefused):
            actions.look_up_answer(made.receipt, "别的电话号码", address="10.1.2.3", at=moment(6, 5))
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(payout_attempt::text, '') FROM payout_attempt")
            [kept] = cursor.fetchone()
        assert "10.1.2.3" not in kept
        assert made.receipt not in kept

    def test_a_day_later_the_counts_are_gone(self, send, moment):
        send(0)
        assert actions.forget_attempts(at=moment(6, 6, 9)) == 0
        assert actions.forget_attempts(at=moment(6, 6, 11)) == 1


class TestWords:
    @pytest.mark.parametrize("number", [PHONE, "140302198001011234", "6222000012345678901", "14030219800101123X"])
    def test_personal_numbers_stay_out_of_the_text(self, send, number):
        with pytest.raises(actions.ObjectionRefused, match="不要写手机号"):
            send(0, text=f"请联系{number}核实")

    @pytest.mark.parametrize("said", ["2024年1月1日至2024-03-31停产", "欠薪1234567.89元", "0353-1234567 打不通"])
    def test_days_sums_and_office_phones_may_stand_there(self, send, said):
        assert send(0, text=said).text == said


class TestAnswer:
    def test_opens_to_receipt_and_contact_however_they_are_written(self, send, moment):
        made = send(0, contact="138-0000-0000")
        ways = [(made.receipt, PHONE), (f" {made.receipt.lower()} ", "138 0000 0000"), (made.receipt, "１３８０００００００0")]
        for receipt, contact in ways:
            assert actions.look_up_answer(receipt, contact, address="a", at=moment(6, 6)) == made

    def test_wrong_pairs_are_told_apart_by_nothing(self, send, moment):
        made, other = send(0), send(1, contact="13900000000")
        said = set()
        for receipt, contact in (
            (made.receipt, "13900000000"),
            (other.receipt, PHONE),
            ("YY-2222-2222-2222", PHONE),
            ("x" * 99, ""),
        ):
            with pytest.raises(actions.ObjectionRefused) as refused:
                actions.look_up_answer(receipt, contact, address="a", at=moment(6, 6))
            said.add(str(refused.value))
        assert len(said) == 1

    def test_guessing_contacts_for_a_receipt_ends(self, send, moment):
        made = send(0)
        for number in range(10):
            with pytest.raises(actions.ObjectionRefused, match="没有找到"):
                actions.look_up_answer(made.receipt, f"1390000000{number}", address=f"10.0.0.{number}", at=moment(6, 6))
        with pytest.raises(actions.ObjectionRefused, match="太多"):
            actions.look_up_answer(made.receipt, PHONE, address="10.0.0.77", at=moment(6, 6))
        assert actions.look_up_answer(made.receipt, PHONE, address="10.0.0.77", at=moment(6, 6, 12)) == made

    def test_one_that_staff_entered_opens_too(self, lines, staff, moment):
        made = actions.file_objection(
            lines[0], "李某", "甲市 某路1号", "欠薪", "letter", by=staff(Role.PREPARER), at=moment(6, 5)
        )
        assert actions.look_up_answer(made.receipt, "甲市某路1号", address="a", at=moment(6, 6)) == made


class TestReason:
    def test_stands_beside_the_line_and_is_told(self, send, staff, moment):
        made = send(0)
        actions.uphold(made, "经核查属实。", "已停产", by=staff(Role.REVIEWER), at=moment(6, 6))
        line = PublishedLine.objects.get(pk=made.line_id)
        assert line.struck_why == "公示期异议经核查成立：已停产"
        assert Event.objects.get(case_kind="award", to_state="STRUCK").why == line.struck_why

    @pytest.mark.parametrize("reason", ["王某某反映属实", f"经电话{PHONE}核实", "李某某说得对"])
    def test_names_nobody_who_objected(self, send, staff, moment, reason):
        made = send(0)
        send(0, name="李某某", contact="13900000000")
        with pytest.raises(actions.ObjectionRefused, match="不能写出异议人"):
            actions.uphold(made, "属实", reason, by=staff(Role.REVIEWER), at=moment(6, 6))
        made.refresh_from_db()
        assert made.state == "FILED"


class TestStatement:
    @pytest.fixture
    def owner(self, db) -> User:
        return User.objects.create(username="owner", name="单位", kind=User.Kind.ENTERPRISE)

    def test_is_kept_while_an_objection_is_examined(self, send, owner, staff, moment):
        made = send(0)
        award = made.line.award
        actions.state_ones_case(award, "正常经营。", by=owner, at=moment(6, 6))
        assert [row.text for row in award.statements.all()] == ["正常经营。"]
        actions.dismiss(made, "不实", by=staff(Role.REVIEWER), at=moment(6, 6))
        with pytest.raises(actions.ObjectionRefused, match="没有待核查"):
            actions.state_ones_case(award, "再补充", by=owner, at=moment(6, 6))

    def test_is_the_enterprise_s_alone_and_of_a_number(self, send, owner, staff, moment):
        award = Award.objects.get(pk=send(0).line.award_id)
        with pytest.raises(MoveRefused):
            actions.state_ones_case(award, "x", by=staff(Role.PREPARER), at=moment(6, 6))
        for _ in range(5):
            actions.state_ones_case(award, "x", by=owner, at=moment(6, 6))
        with pytest.raises(actions.ObjectionRefused, match="最多提交 5 次"):
            actions.state_ones_case(award, "x", by=owner, at=moment(6, 6))
