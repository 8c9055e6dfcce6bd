"""兵团, 征求意见稿 of 2024: own applicants are asked to confirm as well (二（一）), and who declined is told that it may still
apply this year (二（一）).

Its own: while the notice is a draft nothing is published or paid, until its final number is recorded by one person and
checked by another; premiums are shared half and half (一（一）); the base leaves out arrears of other years and late fees
(二（一）). No list bars, but a payee that is deregistered is nobody to pay. Its period runs to 31 December, so that publicity,
completion, objections and appeals span 国庆. A formal list of sizes that comes after the payment is screened for by itself, and
the difference is noted (二（一）)."""

from agency.models import Event, Hold
from subsidies.payout.models import Award, Difference, PaymentBatch, PublicityRound
from subsidies.refunds.models import Application, ScreeningRun
from tests.stories import chapters
from tests.stories.chapters import REVIEWED_IN_SEPTEMBER
from tests.stories.endings import ALL_FIVE, ENDINGS, IN_THE_LAST_LIST, IN_THE_SECOND_LIST, SILENT, ended


def test_a_year_in_xpcc(diary):
    chapters.opened(diary, "xpcc/2024", split=(50, 50), reminder_on="next_workday")
    chapters.offered(diary)
    chapters.answered_by_link_and_portal(diary)
    chapters.reminded_three_times(diary)
    chapters.appealed(diary)
    chapters.unit_applied(diary)
    chapters.overdue(diary, "孤山", "寒江")
    chapters.reviewed(diary, *REVIEWED_IN_SEPTEMBER, listed="注销", of_no_matter="严重失信")
    draft_becomes_final(diary)
    chapters.published_over_the_holidays(diary, *REVIEWED_IN_SEPTEMBER)
    chapters.first_paid(diary)
    chapters.appeals_decided(diary)
    chapters.paid_again(diary)
    not_yet_asked(diary)
    chapters.asked_again(diary, 10, 21, "明湖", "派远")
    chapters.late_autumn(diary, "明湖", "派远", "金石")
    sized_formally(diary)
    chapters.last_application(diary)
    chapters.asked_again(diary, 12, 23, "寒江")
    chapters.year_ends(diary, "飞鸿", "孤山")

    # 二（一）: 不含补缴的其他年度欠费和滞纳金, so 24,000 x 60 % without the 1,000 of 2022
    river = ENDINGS["长河"]._replace(amount="14400.00", payments="14400.00 成功 2024-10-11")
    # 二（一）: own applicants confirm too
    lake = ENDINGS["明湖"]._replace(
        answer="网上服务", kept=f"08-22 不符合\n10-14 已申请\n10-21 待确认\n10-21 已确认\n{IN_THE_SECOND_LIST}"
    )
    unit = ENDINGS["派远"]._replace(
        answer="网上服务",
        kept="08-22 符合\n09-20 已申请\n09-27 退回补正\n10-15 已申请\n10-21 待确认\n10-21 已确认\n" + IN_THE_SECOND_LIST,
    )
    late = ENDINGS["寒江"]._replace(
        answer="网上服务", reminders=ALL_FIVE, kept=f"{SILENT}12-20 已申请\n12-23 待确认\n12-23 已确认\n{IN_THE_LAST_LIST}"
    )
    ended(diary, ENDINGS | {"长河": river, "明湖": lake, "派远": unit, "寒江": late})

    # 7,200 + 144,000 + 14,400 + 18,000 + 21,600; 18,000 + 11,520; 12,240 + 25,200 + 10,080; 23,040
    totals = [str(batch.total) for batch in PaymentBatch.objects.order_by("pk")]
    assert totals == ["205200.00", "29520.00", "47520.00", "23040.00"]


def draft_becomes_final(diary):
    """26 September: nothing is published under a draft, nor before the number that one recorded is checked by another."""
    diary.on(9, 26)
    programme = diary.programme.pk
    asked = {"programme": programme, "case_kind": "refund"}
    assert "征求意见稿" in diary["经办甲"].is_told("payout_publicityround", "prepare", **asked)
    diary["政策甲"].press("agency_programme", "final", programme, number="兵人社发〔2024〕9号", on="2024-09-25")
    assert "复核" in diary["经办甲"].is_told("payout_publicityround", "prepare", **asked)
    assert "不能" in diary["政策甲"].is_told("agency_programme", "check-final", programme)
    diary["政策乙"].press("agency_programme", "check-final", programme)
    assert not PublicityRound.objects.exists()


def not_yet_asked(diary):
    """18 October: an own applicant is not reviewed before it has been asked."""
    diary.on(10, 18)
    assert "自主申请的也须由单位确认" in diary["经办甲"].is_told("refunds_application", "review", diary.case("派远").pk)


def sized_formally(diary):
    """2 December: the formal list names one that was paid 60 % as large. Nobody starts a screening; the difference to 30 % is
    noted, what is paid stays, and nobody else is touched."""
    diary.on(12, 2)
    diary.sweep("refunds.screen_new_sizes", "refunds.work_screenings")
    assert ScreeningRun.objects.count() == 1
    before = standing()
    diary.load("size-list", [{"统一社会信用代码": diary.units["晨光"].uscc, "划型": "大型", "年度": 2024}])
    for _ in range(2):
        diary.sweep("refunds.screen_new_sizes", "refunds.work_screenings")
    run = ScreeningRun.objects.exclude(finished_at=None).latest("pk")
    assert (run.on, run.requested_by, ScreeningRun.objects.count()) == (diary.today, None, 2)
    assert "二（一）" in Event.objects.get(case_kind="screening", case_id=run.pk, by=None).why
    noted = Difference.objects.get()
    assert (noted.award, str(noted.paid), str(noted.owed)) == (diary.case("晨光").award, "7200.00", "3600.00")
    assert (noted.award.state, str(noted.award.amount)) == (Award.State.PAID, "7200.00")
    assert standing() == before


def standing():
    """Every case with its state, every award with its state and amount, every hold."""
    told = (Application, "state"), (Award, "state", "amount"), (Hold, "lifted_at")
    return [list(model.objects.order_by("pk").values_list("pk", *fields)) for model, *fields in told]
