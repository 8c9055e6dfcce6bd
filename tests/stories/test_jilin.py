"""吉林, 吉人社联〔2024〕43号: how an offer is confirmed is the agency's choice; here silence accepts (silent), for whoever was
told so by a message that arrived.

So the course is another: nobody is reminded before the deadline of 6 September. One that kept silent is confirmed by it; two
that asked for a correction have not kept silent, are overdue, and are reminded every fortnight: the third time falls into
国庆 and waits for the first day that is worked. The layoff rate is (年初 - 退休 - 死亡 - 年末) / 年初, the default here (二).
No list bars, but a payee that is deregistered is nobody to pay. The period runs to 31 December, so that publicity,
completion, objections and appeals span 国庆 as well."""

from datetime import date

from agency.models import Event, Hold
from subsidies.payout.models import PaymentBatch
from subsidies.refunds.models import Application, Correction, State
from tests.stories import chapters
from tests.stories.chapters import REVIEWED_IN_SEPTEMBER
from tests.stories.endings import APPROVED_AND_PAID, ENDINGS, IN_THE_LAST_LIST, OFFERED, ended

FORTNIGHTLY = "09-09 SMS、09-23 SMS、10-08 SMS、10-21 CALL、11-04 PUBLIC"
CORRECTED = OFFERED + "09-02 暂缓：单位申请更正\n09-07 逾期未确认\n09-07 解除：单位申请更正\n"


def test_a_year_in_jilin(diary):
    chapters.opened(
        diary, "jilin/2024", confirm_by="2024-09-06", reminder_on="next_workday", reminder_every_days="14",
        confirm_mode="silent",
    )  # fmt: skip
    chapters.offered(diary)
    chapters.answered_by_link_and_portal(diary, "offer_silent")
    answered_before_the_deadline(diary)
    silence_accepts(diary)
    chapters.appealed(diary)
    chapters.unit_applied(diary)
    diary.on(9, 23)
    chapters.reviewed(diary, *REVIEWED_IN_SEPTEMBER, listed="注销", of_no_matter="严重失信")
    chapters.published_over_the_holidays(diary, *REVIEWED_IN_SEPTEMBER, unconfirmed_listed=False)
    chapters.first_paid(diary)
    chapters.appeals_decided(diary)
    chapters.paid_again(diary)
    diary.on(10, 21)
    diary.on(11, 4)
    assert chapters.names_unconfirmed(diary) == {"孤山", "寒江"}
    chapters.late_autumn(diary, "明湖", "派远", "金石")
    chapters.last_application(diary)
    chapters.year_ends(diary, "飞鸿", "孤山")

    quiet = {name: ENDINGS[name]._replace(reminders="") for name in ("长河", "金石", "空谷", "兰亭")}
    paper = ENDINGS["大雁"]._replace(reminders="", kept=ENDINGS["大雁"].kept.replace("09-10 已确认", "09-05 已确认"))
    silent = ENDINGS["东篱"]._replace(answer="默示", reminders="", kept=f"{OFFERED}09-07 已确认\n{APPROVED_AND_PAID}")
    waived = ENDINGS["孤山"]._replace(reminders=FORTNIGHTLY, kept=f"{CORRECTED}01-01 视为放弃")
    late = ENDINGS["寒江"]._replace(reminders=FORTNIGHTLY, kept=f"{CORRECTED}12-20 已申请\n{IN_THE_LAST_LIST}")
    ended(diary, ENDINGS | quiet | {"大雁": paper, "东篱": silent, "孤山": waived, "寒江": late})

    # as everywhere: 7,200 + 144,000 + 15,000 + 18,000 + 21,600; 18,000 + 11,520; 12,240 + 25,200 + 10,080; 23,040
    totals = [str(batch.total) for batch in PaymentBatch.objects.order_by("pk")]
    assert totals == ["205800.00", "29520.00", "47520.00", "23040.00"]


def answered_before_the_deadline(diary):
    """2 to 5 September: corrections asked for, a reply by SMS, three at the portal, one on paper; nobody is reminded."""
    diary.on(9, 2)
    for name in ("孤山", "寒江"):
        diary.at_portal(name, "correct", about="contact", text="经办人已更换。")
    diary.on(9, 3)
    diary.texts("长河", "Y")
    diary.on(9, 4)
    for name in ("金石", "空谷", "兰亭"):
        diary.at_portal(name, "confirm")
    diary.on(9, 5)
    diary.on_paper("大雁")
    diary.on(9, 6)
    assert {name for name in diary.units if diary.case(name).state == State.OFFERED} == {"东篱", "孤山", "寒江"}


def silence_accepts(diary):
    """7 September: the deadline was yesterday. The corrections are settled, and who asked for them is asked to answer."""
    diary.on(9, 7)
    case = diary.case("东篱")
    told = Event.objects.filter(case_kind="refund", case_id=case.pk).latest("pk")
    assert (case.state, told.by, "默示确认" in told.why) == (State.CONFIRMED, None, True)
    assert Application.objects.filter(state=State.OVERDUE).count() == 2
    for correction in Correction.objects.all():
        diary["经办甲"].press("refunds_correction", "settle", correction.pk, text="已更正。")
    assert not Hold.objects.filter(lifted_at__isnull=True).exists()
    diary.on(9, 9)
    assert len(diary.delivered("孤山", "reminder_overdue")) == 1
    assert diary.case("孤山").confirm_by == date(2024, 9, 6)
