"""山西, 晋人社厅发〔2024〕28号: an enterprise is paid once it has confirmed (六), who applies itself is paid after publicity
without being asked again (六), and who kept silent to the end of the period is waived (六).

Its own: credit is looked up again on the day of review (二); a dispatch unit that knew of the policy and did not apply is
waived too (五). Its period runs to 31 December, so that publicity, completion, objections and appeals span 国庆."""

from agency.models import Appeal, CreditCheck, Event
from subsidies.payout.models import PaymentBatch
from subsidies.refunds.models import Allocation
from tests.stories import chapters
from tests.stories.chapters import REVIEWED_IN_SEPTEMBER
from tests.stories.endings import ENDINGS, ended


def test_a_year_in_shanxi(diary):
    chapters.opened(diary, "shanxi/2024", reminder_on="next_workday")
    chapters.offered(diary)
    chapters.answered_by_link_and_portal(diary)
    chapters.reminded_three_times(diary)
    chapters.appealed(diary)
    chapters.unit_applied(diary)
    chapters.overdue(diary, "孤山", "寒江")
    chapters.reviewed(diary, *REVIEWED_IN_SEPTEMBER, listed="严重失信", of_no_matter="失信被执行人")
    chapters.published_over_the_holidays(diary, *REVIEWED_IN_SEPTEMBER)
    chapters.first_paid(diary)
    chapters.appeals_decided(diary)
    chapters.paid_again(diary)
    chapters.late_autumn(diary, "明湖", "派远", "金石")
    chapters.last_application(diary)
    chapters.year_ends(diary, "飞鸿", "孤山", "启程")

    # 五: a unit that was told, here by SMS on 26 August, and did not apply is waived
    unit = ENDINGS["启程"]._replace(state="视为放弃", kept="08-22 符合\n01-01 视为放弃")
    ended(diary, ENDINGS | {"启程": unit})
    why = dict(Event.objects.filter(case_kind="refund", to_state="WAIVED").values_list("case_id", "why"))
    assert "晋人社厅发〔2024〕28号 六" in why[diary.case("孤山").pk]
    assert "晋人社厅发〔2024〕28号 五" in why[diary.case("启程").pk]

    # 五: 20 people at the factory, 24,000 x 60 %; the unit's own 15, 18,000 x 60 %; what 5 at the institution would have
    # brought, 6,000 x 60 %, is shown and not paid
    [parts] = Allocation.objects.filter(application=diary.case("派远")).order_by("-pk")[:1]
    assert [(part["whose"], part["amount"]) for part in parts.parts] == [
        ("host", "14400.00"), ("own", "10800.00"), ("public", "3600.00")
    ]  # fmt: skip

    # 二: 25 September the hit, 11 November nothing any more; each day's answer is kept
    looked = CreditCheck.objects.filter(case_kind="refund", case_id=diary.case("金石").pk, moment="REVIEW")
    assert {f"{each.on:%m-%d} {each.outcome}" for each in looked} >= {"09-25 HIT", "10-18 HIT", "11-11 CLEAR"}
    decided = Appeal.objects.order_by("decided_at").values_list("about", "state")
    assert list(decided) == [("ineligible", "DISMISSED"), ("ineligible", "UPHELD"), ("objection", "DISMISSED")]

    # 7,200 + 144,000 + 15,000 + 18,000 + 21,600; 18,000 + 11,520; 12,240 + 25,200 + 10,080; 23,040
    totals = [str(batch.total) for batch in PaymentBatch.objects.order_by("pk")]
    assert totals == ["205800.00", "29520.00", "47520.00", "23040.00"]
    assert set(PaymentBatch.objects.values_list("state", flat=True)) == {"RECONCILED"}
