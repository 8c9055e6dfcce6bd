"""山东, 鲁人社发〔2024〕8号: an enterprise is told, confirms, and is paid (七).

Its own: the base is last year's premiums without arrears of earlier years and late fees (二); social organisations count as
small whatever they are (二). No list bars, but a payee that is deregistered is nobody to pay, under every notice. Its period
runs to 31 December, so that publicity, completion, objections and appeals span 国庆."""

from subsidies.payout.models import PaymentBatch
from tests.stories import chapters
from tests.stories.cast import Unit
from tests.stories.chapters import REVIEWED_IN_SEPTEMBER
from tests.stories.endings import APPROVED_AND_PAID, ENDINGS, OFFERED, PAID, Ending, ended

ASSOCIATION = Unit(16, "同心", 310, size="大型", kind="社会团体")


def test_a_year_in_shandong(diary):
    chapters.opened(diary, "shandong/2024", also=[ASSOCIATION], reminder_on="next_workday")
    chapters.offered(diary)
    chapters.answered_by_link_and_portal(diary)
    chapters.reminded_three_times(diary, "同心")
    chapters.appealed(diary)
    chapters.unit_applied(diary)
    chapters.overdue(diary, "孤山", "寒江")
    chapters.reviewed(diary, *REVIEWED_IN_SEPTEMBER, "同心", listed="注销", of_no_matter="严重失信")
    chapters.published_over_the_holidays(diary, *REVIEWED_IN_SEPTEMBER, "同心")
    chapters.first_paid(diary)
    chapters.appeals_decided(diary)
    chapters.paid_again(diary)
    chapters.late_autumn(diary, "明湖", "派远", "金石")
    chapters.last_application(diary)
    chapters.year_ends(diary, "飞鸿", "孤山")

    # 二: social organisations as small ones: 310 x 100 x 12 = 372,000 x 60 %, though on record as large
    association = Ending(
        PAID, "网上服务", "223200.00", "223200.00 成功 2024-10-11", "09-02 SMS", f"{OFFERED}09-04 已确认\n{APPROVED_AND_PAID}"
    )
    # 二: 不含补缴历年欠费及滞纳金, so 24,000 x 60 % without the 1,000 of 2022
    river = ENDINGS["长河"]._replace(amount="14400.00", payments="14400.00 成功 2024-10-11")
    ended(diary, ENDINGS | {"同心": association, "长河": river})

    # 7,200 + 144,000 + 14,400 + 18,000 + 21,600 + 223,200; 18,000 + 11,520; 12,240 + 25,200 + 10,080; 23,040
    totals = [str(batch.total) for batch in PaymentBatch.objects.order_by("pk")]
    assert totals == ["428400.00", "29520.00", "47520.00", "23040.00"]
