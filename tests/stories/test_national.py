"""全国, 人社部发〔2024〕40号, adopted by itself: its ceilings of 30 % and 60 % (二), compared, paid, told (五).

Its own: how an offer is confirmed is the agency's choice. Here the agency confirms for small units, up to 30 people, that
let the deadline pass (proxy_for_small); larger ones must answer themselves. No list bars, but a payee that is deregistered is
nobody to pay. Its period runs to 31 December, so that publicity, completion, objections and appeals span 国庆."""

from subsidies.payout.models import PaymentBatch
from tests.stories import chapters
from tests.stories.cast import Unit
from tests.stories.chapters import REVIEWED_IN_SEPTEMBER
from tests.stories.endings import APPROVED_AND_PAID, ENDINGS, PAID, SILENT, THREE, Ending, ended

SMALL = Unit(16, "书院", 12)


def test_a_year_under_the_national_notice(diary):
    chapters.opened(diary, "national/2024", also=[SMALL], reminder_on="next_workday", confirm_mode="proxy_for_small")
    chapters.offered(diary)
    chapters.answered_by_link_and_portal(diary)
    chapters.reminded_three_times(diary)
    chapters.appealed(diary)
    chapters.unit_applied(diary)
    chapters.overdue(diary, "孤山", "寒江", "书院")
    # 24 September: of the three that still say nothing only one has no more than 30 people
    said = diary["经办甲"].press("refunds_application", "confirm-for-all", programme=diary.programme.pk)
    assert "已代为确认 1 户" in said
    chapters.reviewed(diary, *REVIEWED_IN_SEPTEMBER, "书院", listed="注销", of_no_matter="严重失信")
    chapters.published_over_the_holidays(diary, *REVIEWED_IN_SEPTEMBER, "书院")
    chapters.first_paid(diary)
    chapters.appeals_decided(diary)
    chapters.paid_again(diary)
    chapters.late_autumn(diary, "明湖", "派远", "金石")
    chapters.last_application(diary)
    chapters.year_ends(diary, "飞鸿", "孤山")

    # 14,400 x 60 %
    small = Ending(
        PAID, "经办机构代为确认", "8640.00", "8640.00 成功 2024-10-11", f"{THREE}、09-23 CALL",
        f"{SILENT}09-24 已确认\n{APPROVED_AND_PAID}",
    )  # fmt: skip
    ended(diary, ENDINGS | {"书院": small})

    # 7,200 + 144,000 + 15,000 + 18,000 + 21,600 + 8,640; 18,000 + 11,520; 12,240 + 25,200 + 10,080; 23,040
    totals = [str(batch.total) for batch in PaymentBatch.objects.order_by("pk")]
    assert totals == ["214440.00", "29520.00", "47520.00", "23040.00"]
