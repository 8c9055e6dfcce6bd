"""河北, 冀人社发〔2024〕14号: an enterprise confirms, is published, and is paid (五).

Its own: three lists bar, 严重失信, 失信被执行人 and 拖欠农民工工资, as the provincial platform has them; a listing as 经营异常
does not (二). Sizes are those of 2020, and social organisations are sized by their insured alone (二). The notice does not say
what becomes of silence, so the agency's choice does (waived), and a dispatch unit that did not apply just stays where it was.
Its period runs to 31 December, so that publicity, completion, objections and appeals span 国庆."""

from subsidies.payout.models import PaymentBatch
from tests.stories import chapters
from tests.stories.cast import Unit
from tests.stories.chapters import REVIEWED_IN_SEPTEMBER
from tests.stories.endings import APPROVED_AND_PAID, ENDINGS, OFFERED, PAID, Ending, ended

ASSOCIATION = Unit(16, "同心", 310, kind="社会团体")


def test_a_year_in_hebei(diary):
    chapters.opened(diary, "hebei/2024", also=[ASSOCIATION], credit_from="河北省信用信息共享平台", reminder_on="next_workday")
    chapters.offered(diary)
    chapters.answered_by_link_and_portal(diary)
    chapters.reminded_three_times(diary, "同心")
    chapters.appealed(diary)
    chapters.unit_applied(diary)
    chapters.overdue(diary, "孤山", "寒江")
    chapters.reviewed(diary, *REVIEWED_IN_SEPTEMBER, "同心", listed="拖欠农民工工资", of_no_matter="经营异常")
    chapters.published_over_the_holidays(diary, *REVIEWED_IN_SEPTEMBER, "同心")
    chapters.first_paid(diary)
    chapters.appeals_decided(diary)
    chapters.paid_again(diary)
    chapters.late_autumn(diary, "明湖", "派远", "金石")
    chapters.last_application(diary)
    chapters.year_ends(diary, "飞鸿", "孤山")

    # 二: social organisations by last year's mean insured alone, 300 and over are large: 310 x 100 x 12 = 372,000 x 30 %,
    # whatever the register says
    association = Ending(
        PAID, "网上服务", "111600.00", "111600.00 成功 2024-10-11", "09-02 SMS", f"{OFFERED}09-04 已确认\n{APPROVED_AND_PAID}"
    )
    ended(diary, ENDINGS | {"同心": association})

    # 7,200 + 144,000 + 15,000 + 18,000 + 21,600 + 111,600; 18,000 + 11,520; 12,240 + 25,200 + 10,080; 23,040
    totals = [str(batch.total) for batch in PaymentBatch.objects.order_by("pk")]
    assert totals == ["317400.00", "29520.00", "47520.00", "23040.00"]
