"""The year's chapters that the notices share. What a notice rules otherwise is an argument, or a chapter of its own story.

The days are one calendar, 2024: 中秋 is off from 15 to 17 September and worked for on Saturday the 14th; 国庆 is off from 1 to
7 October and worked for on Sunday 29 September and Saturday 12 October."""

from collections.abc import Sequence
from datetime import date

from django.test import Client
from django.urls import reverse

from agency.models import Appeal, CreditCheck, Message
from samples.year.windows import picture
from subsidies.payout.models import Award, Objection
from subsidies.refunds.models import Application, Completion, State
from tests.stories import cast
from tests.stories.cast import CAST, Unit
from tests.stories.diary import Diary

REVIEWED_IN_SEPTEMBER = ("晨光", "百川", "长河", "大雁", "东篱", "空谷", "兰亭")


def opened(diary: Diary, notice: str, *, confirm_by: str = "2024-09-20", split: tuple[int, int] = (70, 30),
           also: Sequence[Unit] = (), credit_from: str = "某平台", **choices: str) -> None:  # fmt: skip
    """20 August: the spreadsheets are loaded, the programme is prepared by one person and opened by another."""
    diary.on(8, 20)
    everybody = [*CAST, *also]
    diary.units = {unit.name: unit for unit in everybody}
    diary.load("regions", cast.places())
    diary.load("fund", cast.fund())
    diary.load("enterprises", cast.registry(everybody))
    paid = [*cast.contributions(everybody, *split), *cast.arrears(diary.units["长河"], *split)]
    diary.load("contributions", paid)
    diary.load("workforce", cast.workforce(everybody))
    diary.load("size-list", cast.size_list(everybody), covers="all")
    diary.load("size-2020", cast.size_list(everybody, "size-2020"))
    diary.load("credit-list", cast.credit_list(credit_from))
    diary.load("hosts", [row for name in ("派远", "启程") for row in cast.hosts(diary.units[name])])
    diary.adopt(notice, confirm_by, **choices)


def offered(diary: Diary) -> None:
    """22 August: everybody is screened and looked up. 26 August: the eligible are offered, the dispatch units told to apply;
    the gateway reports to our webhook that every offer arrived."""
    diary.on(8, 22)
    diary["经办甲"].press("refunds_application", "screen", programme=diary.programme.pk, on="2024-08-22")
    assert {unit.name for unit in CAST if diary.case(unit.name).state == State.INELIGIBLE} == {"明湖", "南山"}
    diary.sweep("refunds.look_up_credit")
    diary.on(8, 26)
    diary["经办甲"].press("refunds_application", "offer-all", programme=diary.programme.pk)
    offers = Message.objects.filter(kind__startswith="offer")
    diary.all_reported()
    assert {each.state for each in offers} == {Message.State.DELIVERED}
    assert len(offers) == Application.objects.filter(state=State.OFFERED).count() == len(diary.units) - 4
    said = diary["经办甲"].press("refunds_application", "guide-dispatch", programme=diary.programme.pk)
    assert "已告知 2 户" in said
    assert len(diary.delivered("启程", "dispatch")) == 1


def answered_by_link_and_portal(diary: Diary, template: str = "offer") -> None:
    """The last days of August: one opens the link of its SMS, one signs in at the portal, one declines and is told that it may
    still change its mind."""
    diary.on(8, 28)
    diary.by_link("晨光", template)
    diary.on(8, 29)
    diary.at_portal("百川", "confirm")
    diary.on(8, 30)
    diary.at_portal("飞鸿", "decline", reason="不需要这笔资金", text="")
    diary.sweep("refunds.tell_turned", "agency.send_messages")
    assert "2024年12月31日前" in diary.delivered("飞鸿", "declined")[0]


def reminded_three_times(diary: Diary, *also: str) -> None:
    """September: an SMS a week; the third would fall into 中秋, so it waits for the first day that is worked."""
    diary.on(9, 2)
    diary.on(9, 3)
    diary.texts("长河", "Y")
    diary.on(9, 4)
    for name in ("金石", "空谷", "兰亭", *also):
        diary.at_portal(name, "confirm")
    diary.on(9, 9)
    diary.on(9, 10)
    diary.on_paper("大雁")
    diary.on(9, 16)
    assert len(diary.reminded("孤山")) == 2
    diary.on(9, 18)
    assert diary.reminded("孤山") == [("09-02", "SMS"), ("09-09", "SMS"), ("09-18", "SMS")]
    assert len(diary.delivered("孤山", "reminder")) == 3


def appealed(diary: Diary) -> None:
    """11 and 20 September: two that were found ineligible appeal; each answer is due 20 working days later, over 国庆."""
    diary.on(9, 11)
    diary.at_portal("南山", "appeal", about="ineligible", text="人员系正常流动。", files=picture("花名册.png"))
    assert _appeal(diary, "南山").answer_by == date(2024, 10, 15)
    diary.on(9, 20)
    diary.at_portal("明湖", "appeal", about="ineligible", text="领取失业金人数填错，应为零。", files=picture("花名册.png"))
    assert _appeal(diary, "明湖").answer_by == date(2024, 10, 23)
    for name in ("南山", "明湖"):
        diary["经办乙"].press("agency_appeal", "accept", _appeal(diary, name).pk)


def overdue(diary: Diary, *silent: str) -> None:
    """21 September: the deadline was yesterday. 23 September: the call list; one that is called confirms after all."""
    diary.on(9, 21)
    assert {name for name in diary.units if diary.case(name).state == State.OVERDUE} == {"东篱", *silent}
    assert "2024年12月31日前" in diary.delivered("东篱", "overdue")[0]
    diary.on(9, 23)
    diary.on(9, 24)
    called = {
        "统一社会信用代码": diary.units["东篱"].uscc,
        "通话时间": "2024-09-24 09:40:00",
        "结果": "愿意接受",
        "备注": "会计答复",
    }
    diary.load("call-outcomes", [called])


def reviewed(diary: Diary, *names: str, listed: str, of_no_matter: str) -> None:
    """25 September, the day of review: since yesterday the platform lists one of them, on a list that bars under the notice,
    which stops that one alone; and another on a list of which the notice says nothing, which stops nobody."""
    stops, stops_not = diary.units["金石"].uscc, diary.units["晨光"].uscc
    diary.listings(f"{stops},{listed},2024-09-24,2024-11-08,\n{stops_not},{of_no_matter},2024-09-24,,\n")
    diary.on(9, 25)
    hits = CreditCheck.objects.filter(moment="REVIEW", on=diary.today, outcome="HIT").values_list("case_id", flat=True)
    stone = diary.case("金石")
    assert set(hits) == {stone.pk, diary.case("晨光").pk}
    assert "暂缓" in diary["经办甲"].is_told("refunds_application", "review", stone.pk)
    diary.review(*names)
    assert Award.objects.count() == len(names)


def unit_applied(diary: Diary) -> None:
    """20 September: a dispatch unit that was told applies and accepts the allocation. 27 September: it is to complete its
    application within ten working days: 29 and 30 September, 8 to 12, 14 to 16 October."""
    diary.on(9, 20)
    diary.at_portal("派远", "apply")


def returned_to_unit(diary: Diary) -> None:
    diary["经办甲"].press("refunds_application", "return", diary.case("派远").pk, reason="请补充用工单位的劳务合同。")
    assert Completion.objects.get().complete_by == date(2024, 10, 16)


def published_over_the_holidays(diary: Diary, *names: str, unconfirmed_listed: bool = True) -> None:
    """27 September: five working days in public: 27, 29 and 30 September, 8 and 9 October; objections meanwhile."""
    diary.on(9, 27)
    round_ = diary.publish("2024-09-27")
    assert (round_.count, round_.ends_on) == (len(names), date(2024, 10, 9))
    returned_to_unit(diary)
    diary.on(9, 30)
    first = diary.objects("空谷", "该单位上半年已停产。")
    assert first.answer_by == date(2024, 10, 12)  # a Saturday that is worked
    assert (names_unconfirmed(diary) == {"孤山", "寒江"}) == unconfirmed_listed
    diary.on(10, 8)
    line = diary.line("兰亭")
    diary["经办甲"].press(
        "payout_publicityround", "objection", round_.pk, position=line.position, channel="phone", text="该单位拖欠工资。",
        name="赵山河", contact="03537654321",
    )  # fmt: skip
    assert line.objections.get().answer_by == date(2024, 10, 14)
    diary.on(10, 9)
    assert Award.objects.filter(state=Award.State.PUBLICISED).count() == len(names) - 2


def names_unconfirmed(diary: Diary) -> set[str]:
    """Whom the public list of those not yet confirmed names."""
    page = Client().get(reverse("portal:unconfirmed", args=[diary.programme.pk])).content.decode()
    return {name for name in diary.units if f"甲市{name}有限公司" in page}


def first_paid(diary: Diary) -> None:
    """10 October: the list is clear, five are paid. 11 October: one of them comes back from the bank; both objections are
    answered within their days."""
    diary.on(10, 10)
    batch = diary.release()
    diary.on(10, 11)
    diary.bank(batch, returned="大雁")
    upheld, dismissed = (Objection.objects.get(line=diary.line(name)) for name in ("空谷", "兰亭"))
    diary["复审乙"].press("payout_objection", "uphold", upheld.pk, answer="经实地核查属实。", reason="上半年已停产")
    diary["复审乙"].press("payout_objection", "dismiss", dismissed.pk, answer="经核查工资已结清，异议不成立。")


def appeals_decided(diary: Diary) -> None:
    """12 October, a Saturday that is worked: the figure of one is corrected, the other's is right. 14 October: one appeal is
    upheld; whoever was struck after an objection appeals too, and in vain."""
    diary.on(10, 12)
    diary["复审乙"].press("agency_appeal", "dismiss", _appeal(diary, "南山").pk, answer="经核对，九人均为单位解除合同。")
    diary.load("workforce", cast.workforce([diary.units["明湖"]], claimants=0))
    diary.on(10, 14)
    diary["复审乙"].press(
        "agency_appeal", "uphold", _appeal(diary, "明湖").pk, corrected="领取失业金人数 9 → 0", answer="经核对系填报错误。"
    )
    diary.at_portal("空谷", "appeal", about="objection", text="停产系检修，已复工。", files=picture("照片.png"))
    assert _appeal(diary, "空谷").answer_by == date(2024, 11, 11)
    diary["经办乙"].press("agency_appeal", "accept", _appeal(diary, "空谷").pk)
    diary.on(10, 18)
    diary["复审乙"].press("agency_appeal", "dismiss", _appeal(diary, "空谷").pk, answer="经再次实地核查，仍未复工。")


def paid_again(diary: Diary) -> None:
    """15 October: the dispatch unit completes its application; the account that the bank did not know is mended, and checked
    by a second person. 17 October: it and the one whose objection was dismissed are paid."""
    diary.on(10, 15)
    diary.at_portal("派远", "apply")
    award = diary.case("大雁").award
    mended = {"account_name": "甲市大雁有限公司", "bank": "某银行甲市支行", "account": "62220203539999"}
    diary["经办甲"].press("payout_award", "mend", award.pk, **mended)
    diary["复审甲"].press("payout_award", "accept", award.pk)
    diary.on(10, 17)
    batch = diary.release()
    diary.bank(batch)


def asked_again(diary: Diary, month: int, day: int, *names: str) -> None:
    """Where own applicants too are asked: those that applied are offered, and confirm at the portal."""
    diary.on(month, day)
    for name in names:
        diary["经办甲"].press("refunds_application", "offer", diary.case(name).pk)
        diary.at_portal(name, "confirm")


def late_autumn(diary: Diary, *names: str) -> None:
    """11 November: the listing ended on the 8th, so the case goes on by itself. 18 to 22 November: the second list."""
    diary.on(11, 11)
    diary.review(*names)
    diary.on(11, 18)
    round_ = diary.publish("2024-11-18")
    assert (round_.count, round_.ends_on) == (len(names), date(2024, 11, 22))
    diary.on(11, 25)
    batch = diary.release()
    diary.on(11, 26)
    diary.bank(batch)


def last_application(diary: Diary) -> None:
    """20 December: one that let its deadline pass applies by itself."""
    diary.on(12, 20)
    diary.at_portal("寒江", "apply")


def year_ends(diary: Diary, *waived: str) -> None:
    """30 December to 6 January: the last list is out over New Year. 1 January: who said nothing is waived, and nobody before."""
    diary.on(12, 23)
    diary.review("寒江")
    diary.on(12, 30)
    assert diary.publish("2024-12-30").ends_on == date(2025, 1, 6)
    diary.on(12, 31)
    assert not Application.objects.filter(state=State.WAIVED).exists()
    diary.on(1, 1, 2025)
    assert {name for name in diary.units if diary.case(name).state == State.WAIVED} == set(waived)
    diary.on(1, 7, 2025)
    batch = diary.release()
    diary.on(1, 8, 2025)
    diary.bank(batch)


def _appeal(diary: Diary, name: str) -> Appeal:
    return Appeal.objects.filter(case_kind="refund", case_id=diary.case(name).pk).latest("pk")
