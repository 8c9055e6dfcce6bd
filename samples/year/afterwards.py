"""The days after the payment: what an agency has in hand on an ordinary day, left open on the desks for whoever looks."""

import csv
import re
from decimal import Decimal

from django.conf import settings
from django.test import Client
from django.urls import reverse

from agency.models import Appeal, CreditCheck, Message
from agency.tasks import wake
from policy.notice import load
from samples.year.stage import Year
from samples.year.story import day, look_up, scan, screened, visit
from samples.year.windows import Owner, Stuck, wait_until, words_of
from subsidies.payout.models import Award, PaymentBatch, PublicityRound
from subsidies.refunds.models import Application, State, WhatIf


def arrive(year: Year) -> None:
    """A later file names the legal entity of some branches: screened again, they are found eligible and are offered."""
    year.on(day(2024, 7, 22))
    clerk = year.by("jingban1")
    year.load("enterprises", next(year.folder.glob("enterprises-2.*")))
    screened(year)
    look_up(year, CreditCheck.Moment.SCREENING)
    year.write(f"  {clerk.press('refunds_application', 'offer-all', programme=year.programme.pk)}")
    year.write(f"  {clerk.press('refunds_application', 'guide-dispatch', programme=year.programme.pk)}")
    _sent()
    year.show(
        "后续文件导入、再次筛查并通知后，各状态", ["状态", "户数", "金额（元）"], year.by_state(), "经办台 → 筛查、返还事项"
    )


def _sent() -> None:
    wake("agency.send_messages")
    waiting = Message.objects.filter(state__in=["QUEUED", "SENDING"])
    wait_until(lambda: not waiting.exists(), "发送短信")


def publish_more(year: Year) -> None:
    """Some confirm late; reviewed by two people, a second list is published, and somebody objects on its page."""
    visit([(owner, "确认") for owner, _ in year.owners({"不答"}, [State.OVERDUE])[:6]])
    look_up(year, CreditCheck.Moment.REVIEW)
    first, second = year.by("jingban1"), year.by("fushen1")
    late = Application.objects.filter(state=State.CONFIRMED).order_by("pk")
    first.press_all("refunds_application", "review-all", list(late.values_list("pk", flat=True)[:5]))
    reviewed = Application.objects.filter(state=State.REVIEWED).order_by("pk")
    second.press_all("refunds_application", "approve-all", list(reviewed.values_list("pk", flat=True)))
    first.press("payout_publicityround", "prepare", programme=year.programme.pk, case_kind="refund")
    round_ = PublicityRound.objects.latest("pk")
    second.press("payout_publicityround", "publish", round_.pk, starts_on="2024-07-22")
    year.on(day(2024, 7, 23))
    line = round_.lines.order_by("position")[1]
    visitor = Client()
    form = {"name": "李向阳", "contact": "示例路1号", "text": "该单位今年三月起已停业，办公地点无人。"}
    answer = visitor.post(reverse("portal:object_to", args=[round_.pk, line.position]), form)
    receipt = re.search(r"YY(?:-\w{4}){3}", visitor.get(reverse("portal:objection_filed")).content.decode())
    if answer.status_code != 302 or receipt is None:
        raise Stuck(f"未能在公示页提出异议：{words_of(answer)}")
    rows = [(round_.title, round_.lines.count(), line.name, receipt.group(), form["contact"])]
    heads = ["批次", "户数", "被反映的单位", "回执号", "留下的地址"]
    year.show("第二批公示，收到一件异议", heads, rows, "公开页面 /gongshi/answer/ 凭回执号查询；经办台 → 公示异议")


def appeal(year: Year) -> None:
    """Three appeal: one is not looked at yet, one is asked for evidence, one is upheld after the payment and leaves a
    difference."""
    for owner in _signed_in(year, [State.INELIGIBLE], 2):
        owner.send("appeal", about="ineligible", text="所列减员为正常退休，与裁员无关。", files=scan("退休审批表.png"))
    asked, clerk = Appeal.objects.latest("pk"), year.by("jingban2")
    clerk.press("agency_appeal", "accept", asked.pk)
    clerk.press("agency_appeal", "evidence", asked.pk, what="请补充退休人员的退休证明。", until="2024-08-02")
    _correct_after_payment(year, _signed_in(year, [Award.State.PAID], 1)[0])
    filed = Appeal.objects.order_by("pk")
    rows = [(each.pk, each.get_about_display(), each.get_state_display(), f"{each.answer_by}") for each in filed]
    year.show("申诉", ["编号", "申诉内容", "状态", "答复期限"], rows, "经办台 → 申诉、差额待办")


def _signed_in(year: Year, states: list[str], count: int, first: int = 0) -> list[Owner]:
    """So many enterprises whose case or award is in one of the states, signed in at the portal."""
    paid = set(Award.objects.filter(state__in=states, case_kind="refund").values_list("uscc", flat=True))
    owners = year.owners({"确认", "不答", "放弃"}, [State.APPROVED] if paid else states)
    found = [owner for owner, _ in owners if not paid or owner.uscc in paid][first : first + count]
    sent = Message.objects.filter(kind="sign_in_code", state__in=["SENT", "DELIVERED"])
    before = sent.count()
    for owner in found:
        owner.ask_code()
    wait_until(lambda: sent.count() >= before + len(found), "验证码短信")
    for owner in found:
        owner.enter()
    return found


def _correct_after_payment(year: Year, owner: Owner) -> None:
    """A premium that was paid in addition was not on record: the clerk loads it, another person upholds the appeal."""
    owner.send("appeal", about="amount", text="2023年12月补缴的两名职工的费款没有计入。", files=scan("缴费凭证.png"))
    filed = Appeal.objects.latest("pk")
    year.by("jingban2").press("agency_appeal", "accept", filed.pk)
    added = year.folder / "contributions-2.csv"
    heads = ["统一社会信用代码", "费款所属期", "缴费类型", "缴费人数", "缴费基数", "单位应缴", "个人应缴", "单位实缴", "个人实缴"]
    with added.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow([*heads, "到账日期"])
        sheet.writerow([owner.uscc, "202312", "补缴", 2, "10000.00", "70.00", "30.00", "70.00", "30.00", "2023-12-28"])
    year.load("contributions", added)
    said = {"corrected": "补录2023年12月补缴费款100.00元", "answer": "经核对缴费凭证属实，按更正后的金额补足差额。"}
    year.by("fushen1").press("agency_appeal", "uphold", filed.pk, **said)


def write(year: Year) -> None:
    """One applies by itself, another is to complete its application; two ask the agency something, one has its answer."""
    clerk, applying = year.by("jingban1"), _signed_in(year, [State.DECLINED], 2)
    for owner in applying:
        owner.send("apply", note="经单位研究，现申请返还。", files=scan("情况说明.png"))
    last = Application.objects.get(enterprise__uscc=applying[-1].uscc)
    clerk.press("refunds_application", "return", last.pk, reason="请补充加盖公章的情况说明。")
    last.refresh_from_db()
    asking = _signed_in(year, [Award.State.PAID], 2, first=1)
    for owner in asking:
        owner.write("款项已收到，请问稳岗返还资金可以用于缴纳社会保险费吗？")
    case = Application.objects.get(enterprise__uscc=asking[0].uscc)
    clerk.press("refunds_application", "write", case.pk, text="可以。返还资金可用于职工生活补助、缴纳社会保险费等。")
    _sent()
    rows = [(each.enterprise.name, each.get_state_display()) for each in (last, case)]
    year.show("自主申请与往来消息", ["单位", "状态"], rows, "经办台 → 返还事项，各件的“往来消息”")


def pay_more(year: Year) -> None:
    """Accounts that the bank did not know are mended and checked by another; a second batch waits for its checker."""
    returned = list(Award.objects.filter(state=Award.State.PAYMENT_RETURNED, case_kind="refund").order_by("pk")[:4])
    for award in returned:
        account = {"account_name": award.account_name, "bank": award.bank, "account": f"6222{award.pk:012}"}
        year.by("jingban1").press("payout_award", "mend", award.pk, **account)
    for award in returned[:-1]:  # the last still waits for the other person
        year.by("fushen1").press("payout_award", "accept", award.pk)
    look_up(year, CreditCheck.Moment.PAYMENT)
    year.by("caiwu1").press("payout_paymentbatch", "make", programme=year.programme.pk)
    batch = PaymentBatch.objects.latest("pk")
    year.by("caiwu1").press("payout_paymentbatch", "submit", batch.pk)
    batch.refresh_from_db()
    rows = [(batch.number, batch.count, batch.total, batch.get_state_display())]
    year.show("第二个拨付批次", ["批次号", "笔数", "金额（元）", "状态"], rows, "经办台 → 拨付批次")


def try_out(year: Year) -> None:
    """What another notice would make of the same data."""
    notice = "national/2024"
    choices = {f"choice_{each.key}": each.default for each in load(notice, settings.NOTICE_FOLDERS).choices() if not each.locked}
    asked = {"programme": year.programme.pk, "notice": notice, "shown": notice, "on": f"{year.today}"}
    year.by("zhengce1").press("refunds_whatif", "start", **asked, **choices)
    wait_until(lambda: WhatIf.objects.filter(finished_at__isnull=False).exists(), "试算", 300)
    before, after = map(Decimal, WhatIf.objects.get().counts["amounts"])
    year.show("试算：同样的数据换一份政策文件", ["现行（元）", f"{notice}（元）"], [(before, after)], "经办台 → 试算")


STEPS = (arrive, publish_more, appeal, write, pay_more, try_out)
