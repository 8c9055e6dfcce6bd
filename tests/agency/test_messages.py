"""Messages: worded from templates, taken once, booked by what the gateway said. The row is the queue."""

import re
import threading
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from agency.actions import (
    OUTCOMES,
    MessageRefused,
    SendResult,
    awaiting_receipt,
    book_receipts,
    book_sent,
    book_unreported,
    queue_messages,
    reported_as,
    requeue_stuck,
    resend_message,
    sent_as,
    take_messages,
)
from agency.models import Event, Message, Programme, Role
from agency.moves import MoveRefused

pytestmark = pytest.mark.django_db
PHONE = "13800000001"
SMS = Path(settings.BASE_DIR) / "templates" / "sms"
OFFER = {
    "name": "某单位",
    "title": "甲市2024年稳岗返还",
    "amount": Decimal("1815.08"),
    "deadline": date(2024, 8, 31),
    "link": "http://a.cn/l/x",
}


@pytest.fixture
def queue(regions, at):
    """queue(3): that many offers; queue(phone=..., **params) one with these."""

    def queued(count: int = 1, phone: str = PHONE, kind: str = "offer", urgent: bool = False, when=at, **params) -> list[Message]:
        before = set(Message.objects.values_list("pk", flat=True))
        rows = [("refund", number, "140302", phone, OFFER | params) for number in range(count)]
        assert queue_messages(kind, rows, at=when, urgent=urgent) == count
        return list(Message.objects.exclude(pk__in=before).order_by("pk"))

    return queued


def sent(message: Message, **also) -> SendResult:
    return SendResult(str(message.pk), True, f"SMS-{message.pk}", **also)


class TestWording:
    def test_names_the_programme_deadline_menu_and_phone(self, queue):
        text = queue()[0].text.reveal()
        for part in (
            "某单位",
            "甲市2024年稳岗返还",
            "2024年8月31日前（含当日）",
            "稳岗返还网上服务",
            "“我的返还”",
            "0353-2200000",
        ):
            assert part in text

    def test_is_signed_by_the_office_above_a_region_without_one(self, queue):
        assert queue()[0].sign == "甲市失业保险中心"

    @pytest.mark.parametrize("template", sorted(SMS.glob("*.txt")), ids=lambda path: path.stem)
    def test_no_text_has_a_fixed_address_or_asks_for_an_account(self, template):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"https?:|www\.|\.cn|\.com|点击|回复.{0,6}(账号|密码|身份证)", text)
        assert not re.search(r"(?<!索要)(?<!提供)(请|须)(提供|填写|发送).{0,8}(账号|账户|密码|验证码)", text)
        assert "{office_phone}" in text

    @pytest.mark.parametrize("template", sorted(SMS.glob("*.txt")), ids=lambda path: path.stem)
    def test_every_text_of_a_case_names_its_programme_and_where_to_go(self, template):
        text = template.read_text(encoding="utf-8")
        if template.stem != "sign_in_code":
            assert "{title}" in text
            assert "稳岗返还网上服务" in text
            assert "“我的返还”" in text

    def test_a_missing_value_is_refused_and_nothing_is_queued(self, regions, at):
        rows = [("refund", 1, "1403", PHONE, OFFER), ("refund", 2, "1403", PHONE, {"name": "某单位"})]
        with pytest.raises(MessageRefused, match="缺少内容“title”"):
            queue_messages("offer", rows, at=at)
        assert not Message.objects.exists()

    def test_an_unknown_kind_is_refused(self, regions, at):
        with pytest.raises(MessageRefused, match="没有短信模板“nothing”"):
            queue_messages("nothing", [("refund", 1, "1403", PHONE, {})], at=at)

    def test_a_row_without_a_phone_is_refused(self, regions, at):
        with pytest.raises(MessageRefused, match="没有手机号"):
            queue_messages("offer", [("refund", 1, "1403", "", OFFER)], at=at)

    def test_braces_in_a_name_are_only_text(self, queue):
        assert "{at} {0.__class__}某单位" in queue(name="{at} {0.__class__}某单位")[0].text.reveal()


class TestQueue:
    def test_is_sealed_at_rest_and_told_without_the_phone(self, queue):
        queue()
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(m)::text FROM agency_message m")
            [[row]] = cursor.fetchall()
        assert PHONE not in row
        assert "某单位" not in row
        assert PHONE not in str(list(Event.objects.values()))

    def test_many_cost_a_fixed_number_of_statements(self, queue, django_assert_max_num_queries):
        with django_assert_max_num_queries(12):
            queue(2000)
        assert Event.objects.filter(case_kind="message", to_state="QUEUED").count() == 2000


class TestTake:
    def test_gives_key_phone_text_sign_and_template_in_the_open(self, queue, at):
        [message] = queue()
        [taken] = take_messages(10, at=at)
        assert taken == (str(message.pk), PHONE, message.text.reveal(), "甲市失业保险中心", "offer")
        message.refresh_from_db()
        assert (message.state, message.tries, message.sent_at) == ("SENDING", 1, at)

    def test_what_is_taken_is_not_taken_again(self, queue, at):
        queue(3)
        assert (len(take_messages(2, at=at)), len(take_messages(2, at=at)), len(take_messages(2, at=at))) == (2, 1, 0)

    def test_urgent_ones_leave_first_then_the_longest_waiting(self, queue, at):
        [late] = queue(when=at)
        [early] = queue(when=at - timedelta(hours=1))
        [urgent] = queue(urgent=True, when=at)
        assert [int(taken.key) for taken in take_messages(10, at=at)] == [urgent.pk, early.pk, late.pk]

    def test_what_is_not_due_waits(self, queue, at):
        queue(when=at + timedelta(seconds=1))
        assert take_messages(10, at=at) == []

    def test_a_row_that_no_key_opens_fails_and_stops_no_other(self, queue, at):
        [broken], [whole] = queue(), queue()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE agency_message SET phone = '9$AAAA' WHERE id = %s", [broken.pk])
        assert [int(taken.key) for taken in take_messages(10, at=at)] == [whole.pk]
        broken = Message.objects.defer("phone").get(pk=broken.pk)
        assert (broken.state, "无法解密" in broken.failure) == ("FAILED", True)


@pytest.mark.django_db(transaction=True)
class TestTwoSweeps:
    def test_share_the_queue_and_send_nothing_twice(self, queue, at, rounds):
        queue(rounds(300))
        taken: list[list[str]] = [[], []]
        barrier = threading.Barrier(2)

        def sweep(mine: list[str]) -> None:
            barrier.wait(20)
            while part := take_messages(20, at=at):
                mine += [message.key for message in part]
            connection.close()

        threads = [threading.Thread(target=sweep, args=[mine]) for mine in taken]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        keys = taken[0] + taken[1]
        assert len(keys) == len(set(keys)) == rounds(300)


class TestBookSent:
    def test_an_accepted_one_is_sent(self, queue, at):
        [message] = queue()
        take_messages(10, at=at)
        book_sent([sent(message)], at=at)
        message.refresh_from_db()
        assert (message.state, message.gateway_id, message.failure) == ("SENT", f"SMS-{message.pk}", "")

    def test_one_that_is_refused_for_good_fails_and_says_why(self, queue, at):
        [message] = queue()
        take_messages(10, at=at)
        book_sent([SendResult(str(message.pk), False, failure="手机号无效")], at=at)
        message.refresh_from_db()
        assert (message.state, message.failure) == ("FAILED", "手机号无效")
        assert take_messages(10, at=at + timedelta(days=1)) == []

    def test_one_that_may_have_been_taken_waits_longer_each_time_under_the_same_key(self, queue, at):
        [message] = queue()
        waits, now = [], at
        while taken := take_messages(10, at=now):
            assert [each.key for each in taken] == [str(message.pk)]
            book_sent([SendResult(str(message.pk), False, failure="网关无应答", retry=True)], at=now)
            message.refresh_from_db()
            assert not take_messages(10, at=message.next_try_at - timedelta(seconds=1))
            waits.append((message.next_try_at - now).total_seconds())
            now = message.next_try_at
        assert waits == [30, 60, 120, 240, 480, 960, 1920, 0]
        assert (message.state, message.tries, message.failure) == ("FAILED", 8, "网关无应答")

    def test_an_urgent_one_is_tried_again_at_once(self, queue, at):
        [message] = queue(urgent=True)
        take_messages(10, at=at)
        book_sent([SendResult(str(message.pk), False, failure="网关忙", retry=True)], at=at)
        assert take_messages(10, at=at + timedelta(seconds=5))

    def test_the_text_of_a_code_is_emptied_once_it_has_left(self, regions, at):
        queue_messages("sign_in_code", [("", None, "1403", PHONE, {"code": "123456", "minutes": 5})], at=at, urgent=True)
        message = Message.objects.get()
        take_messages(10, at=at)
        book_sent([SendResult(str(message.pk), False, failure="网关忙", retry=True)], at=at)
        message.refresh_from_db()
        assert "123456" in message.text.reveal()
        take_messages(10, at=at + timedelta(seconds=5))
        book_sent([sent(message)], at=at)
        message.refresh_from_db()
        assert (message.state, message.text.reveal()) == ("SENT", "")

    def test_the_text_of_another_message_stays_readable(self, queue, at):
        [message] = queue()
        take_messages(10, at=at)
        book_sent([sent(message)], at=at)
        message.refresh_from_db()
        assert "某单位" in message.text.reveal()

    def test_a_result_that_comes_after_another_sweep_booked_it_changes_nothing(self, queue, at):
        [message] = queue()
        take_messages(10, at=at)
        book_sent([sent(message)], at=at)
        book_sent([SendResult(str(message.pk), False, failure="网关忙", retry=True)], at=at)
        message.refresh_from_db()
        assert (message.state, message.gateway_id) == ("SENT", f"SMS-{message.pk}")

    def test_a_thousand_results_cost_a_fixed_number_of_statements(self, queue, at, django_assert_max_num_queries):
        messages = queue(1000)
        take_messages(1000, at=at)
        with django_assert_max_num_queries(30):
            book_sent([sent(each) if each.pk % 2 else SendResult(str(each.pk), False, failure="x") for each in messages], at=at)
        assert Message.objects.filter(state="SENT").count() == 500


class TestStuck:
    def test_what_was_taken_and_never_booked_is_queued_again(self, queue, at):
        [message] = queue()
        take_messages(10, at=at)
        assert requeue_stuck(at=at + timedelta(minutes=10)) == 0
        assert requeue_stuck(at=at + timedelta(minutes=10, seconds=1)) == 1
        assert [each.key for each in take_messages(10, at=at + timedelta(minutes=11))] == [str(message.pk)]


class TestResend:
    def test_a_clerk_queues_a_failed_one_again(self, queue, staff, at):
        [message] = queue()
        take_messages(10, at=at)
        book_sent([SendResult(str(message.pk), False, failure="网关拒收")], at=at)
        message.refresh_from_db()
        resend_message(message, by=staff(Role.PREPARER), at=at)
        assert [each.key for each in take_messages(10, at=at)] == [str(message.pk)]

    def test_a_sent_one_is_not_sent_again(self, queue, staff, at):
        [message] = queue()
        take_messages(10, at=at)
        book_sent([sent(message)], at=at)
        message.refresh_from_db()
        with pytest.raises(MoveRefused, match="已发送"):
            resend_message(message, by=staff(Role.PREPARER), at=at)

    def test_a_code_is_not_sent_again(self, regions, staff, at):
        queue_messages("sign_in_code", [("", None, "1403", PHONE, {"code": "123456", "minutes": 5})], at=at)
        take_messages(10, at=at)
        book_sent([SendResult(str(Message.objects.get().pk), False, failure="网关拒收")], at=at)
        with pytest.raises(MessageRefused, match="验证码短信不能重发"):
            resend_message(Message.objects.get(), by=staff(Role.PREPARER), at=at)


class TestReceipts:
    @pytest.fixture
    def on_its_way(self, queue, at) -> Message:
        [message] = queue()
        take_messages(10, at=at)
        book_sent([sent(message)], at=at)
        return message

    def test_a_report_of_an_earlier_sending_that_comes_again_changes_nothing(self, on_its_way, staff, at):
        failed = reported_as(str(on_its_way.pk), "UNDELIVERED", "停机", number="R-1")
        assert book_receipts([failed], at=at) == 1
        on_its_way.refresh_from_db()
        resend_message(on_its_way, by=staff(Role.PREPARER), at=at)
        take_messages(10, at=at)
        book_sent([sent(on_its_way)], at=at)
        assert book_receipts([failed], at=at) == 0
        assert book_receipts([reported_as(str(on_its_way.pk), "DELIVERED", number="R-2")], at=at) == 1
        on_its_way.refresh_from_db()
        assert on_its_way.state == Message.State.DELIVERED

    @pytest.mark.parametrize(
        ("code", "problem", "state", "failure"),
        [
            ("DELIVERED", "", "DELIVERED", ""),
            ("UNDELIVERED", "停机", "FAILED", "未送达：停机"),
            ("UNDELIVERED", "NO_SERVICE", "FAILED", "未送达：停机或空号"),
            ("EXPIRED", "", "FAILED", "未送达：超过有效期"),
            ("PENDING", "", "SENT", ""),
            ("UNKNOWN", "", "SENT", ""),
            ("SOMETHING_NEW", "", "SENT", ""),
        ],
    )
    def test_what_became_of_it_is_booked(self, code, problem, state, failure, on_its_way, at):
        assert awaiting_receipt(10, after=0, late=False, at=at) == [str(on_its_way.pk)]
        book_receipts([reported_as(str(on_its_way.pk), code, problem)], at=at)
        on_its_way.refresh_from_db()
        assert (on_its_way.state, on_its_way.failure) == (state, failure)

    def test_it_is_asked_for_less_and_less_often(self, on_its_way, at):
        now, waits = at, []
        for _ in range(12):
            assert awaiting_receipt(10, after=0, late=False, at=now) == [str(on_its_way.pk)]
            book_unreported([reported_as(str(on_its_way.pk), "PENDING")], at=now)
            on_its_way.refresh_from_db()
            assert awaiting_receipt(10, after=0, late=False, at=on_its_way.next_try_at - timedelta(seconds=1)) == []
            waits.append(int((on_its_way.next_try_at - now).total_seconds()))
            now = on_its_way.next_try_at
        assert waits == [30, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]

    @pytest.mark.parametrize(("late_by", "state"), [(timedelta(0), "SENT"), (timedelta(seconds=1), "NO_ANSWER")])
    def test_once_its_programmes_hours_are_over_and_the_gateway_was_asked_it_has_no_answer(self, late_by, state, queue, at):
        [message] = queue()
        Message.objects.update(report_hours=2)
        take_messages(10, at=at)
        book_sent([sent(message)], at=at)
        now = at + timedelta(hours=2) + late_by
        asked = awaiting_receipt(10, after=0, late=True, at=now)
        assert bool(asked) == (state == "NO_ANSWER")
        message.refresh_from_db()
        assert message.state == "SENT"
        assert book_unreported([reported_as(str(message.pk), "PENDING")], at=now) == (state == "NO_ANSWER")
        message.refresh_from_db()
        assert message.state == state

    def test_it_waits_on_while_the_gateway_cannot_be_asked(self, on_its_way, at):
        book_unreported([], at=at + timedelta(days=30))
        assert awaiting_receipt(10, after=0, late=True, at=at + timedelta(days=30)) == [str(on_its_way.pk)]

    def test_what_has_no_answer_stays_so(self, on_its_way, at):
        book_unreported([reported_as(str(on_its_way.pk), "UNKNOWN")], at=at + timedelta(days=4))
        assert book_receipts([reported_as(str(on_its_way.pk), "DELIVERED")], at=at + timedelta(days=4)) == 0
        on_its_way.refresh_from_db()
        assert on_its_way.state == "NO_ANSWER"


class TestOutcomes:
    @pytest.mark.parametrize("code", [*OUTCOMES, "", "None", "SOMETHING_NEW"])
    def test_every_code_leads_to_a_move_of_the_table(self, code):
        said, told = sent_as("1", code), reported_as("1", code)
        to = "SENT" if said.accepted else "QUEUED" if said.retry else "FAILED"
        assert (Message.State.SENDING, to) in Message.MOVES
        assert said.accepted or said.failure
        assert told.state is None or (Message.State.SENT, told.state) in Message.MOVES
        assert told.state != "FAILED" or told.problem

    def test_docs_list_them_all(self):
        text = (Path(settings.BASE_DIR) / "docs" / "gateways.md").read_text(encoding="utf-8")
        assert [code for code in OUTCOMES if f"| `{code}`" not in text] == []


class TestKinds:
    def test_are_the_templates(self):
        assert set(Message.Kind.values) == {path.stem for path in SMS.glob("*.txt")}


class TestProgramme:
    def test_its_sign_template_and_hours_go_with_every_message(self, regions, at):
        programme = Programme(sms_sign="甲市稳岗", sms_templates={"offer": "T-1001"}, sms_report_hours=24)
        for kind in ("offer", "declined"):
            row = ("refund", 1, "1403", PHONE, OFFER | {"period_end": date(2024, 12, 31)})
            queue_messages(kind, [row], at=at, programme=programme)
        taken = take_messages(10, at=at)
        assert {(each.sign, each.template) for each in taken} == {("甲市稳岗", "T-1001"), ("甲市稳岗", "declined")}
        assert set(Message.objects.values_list("report_hours", flat=True)) == {24}
