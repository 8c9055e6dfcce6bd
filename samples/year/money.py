"""The second half of the year: publicity, objections, payment, the bank's answer, and how it all adds up."""

import csv
import datetime as dt
from itertools import islice

from django.db.models import Count, Sum

from agency.models import CaseKind, CreditCheck
from agency.tasks import wake
from samples.year import claims
from samples.year.stage import Year
from samples.year.story import day, look_up
from samples.year.windows import wait_until
from subsidies.payout.models import Award, Objection, Payment, PaymentBatch, PublicityRound
from subsidies.payout.queries import list_rows
from subsidies.skills.models import Claim


def publish(year: Year) -> None:
    """A frozen list of each subsidy, five working days in public; of persons the masked names alone."""
    year.on(day(2024, 7, 10))
    for kind in (CaseKind.REFUND, CaseKind.CLAIM):
        year.by("jingban1").press("payout_publicityround", "prepare", programme=year.programme.pk, case_kind=kind.value)
        round_ = PublicityRound.objects.get(case_kind=kind)
        year.by("fushen1").press("payout_publicityround", "publish", round_.pk, starts_on="2024-07-11")
    rounds = PublicityRound.objects.order_by("pk")
    rows = [
        (each.title, each.count, each.counted_in, each.total, f"{each.starts_on:%m-%d} 至 {each.ends_on:%m-%d}", each.sha256[:12])
        for each in rounds
    ]
    where = "、".join(f"/gongshi/{each.pk}/" for each in rounds)
    year.show("公示", ["批次", "数量", "", "金额（元）", "期间", "名单散列"], rows, f"公开页面 {where}（不用登录）")
    shown = [row[1:] for row in islice(list_rows(rounds[1]), 3)]
    year.show(
        "技能提升补贴公示名单（前三行）", ["姓名", "证书名称", "等级", "金额（元）"], shown, "同上：姓名已脱敏，没有证件号码"
    )


def object_(year: Year) -> None:
    """Objections stop only their own line."""
    year.on(day(2024, 7, 12))
    round_ = PublicityRound.objects.get(case_kind=CaseKind.REFUND)
    count = round_.lines.count()
    for position, channel, text in (
        (count // 3, "letter", "该单位上半年已停产，职工已遣散。"),
        (count // 2, "phone", "该单位拖欠工资。"),
    ):
        year.by("jingban1").press(
            "payout_publicityround", "objection", round_.pk, position=position, channel=channel, text=text,
            name="异议人", contact="来信地址见信封",
        )  # fmt: skip
    year.on(day(2024, 7, 15))
    upheld, dismissed = Objection.objects.order_by("pk")
    year.by("fushen1").press(
        "payout_objection", "uphold", upheld.pk, answer="经实地核查属实，不予发放。", reason="已停产并遣散职工"
    )
    year.by("fushen1").press("payout_objection", "dismiss", dismissed.pk, answer="经核查工资已结清，异议不成立。")
    rows = [
        (row.line.name, row.get_channel_display(), row.get_state_display(), row.line.amount)
        for row in Objection.objects.order_by("pk")
    ]
    year.show("公示异议", ["单位", "渠道", "结果", "金额（元）"], rows, "经办台 → 公示异议")


def pay(year: Year) -> None:
    """The list is clear; credit once more; one makes, one checks, one releases."""
    round_ = PublicityRound.objects.latest("ends_on")
    year.on(round_.ends_on + dt.timedelta(days=1))
    wake("payout.day_turns")
    wait_until(lambda: not Award.objects.filter(state=Award.State.PUBLICISED).exists(), "公示期满")
    look_up(year, CreditCheck.Moment.PAYMENT)
    year.by("caiwu1").press("payout_paymentbatch", "make", programme=year.programme.pk)
    batch = PaymentBatch.objects.get()
    year.by("caiwu1").press("payout_paymentbatch", "submit", batch.pk)
    year.by("caiwu2").press("payout_paymentbatch", "check", batch.pk)
    year.by("caiwu3").press("payout_paymentbatch", "release", batch.pk, collective_decision="示例局集体审议〔2024〕第1号")
    batch.refresh_from_db()
    row = (
        batch.number,
        batch.count,
        batch.total,
        f"{batch.maker.name}、{batch.checker.name}、{batch.releaser.name}",
        batch.sha256[:12],
    )
    purposes = batch.payments.order_by().values_list("award__case_kind").annotate(Count("pk"), Sum("amount"))
    year.show(
        "拨付批次，按用途",
        ["补贴", "笔数", "金额（元）"],
        [(CaseKind(kind).label, count, total) for kind, count, total in sorted(purposes, reverse=True)],
        "经办台 → 拨付批次：两种补贴同一批，银行文件的用途一栏分别写明",
    )
    year.show(
        "拨付批次与银行文件",
        ["批次号", "笔数", "金额（元）", "编制、复核、放行", "文件散列"],
        [row],
        "经办台 → 拨付批次（下载会留痕）",
    )


def bank(year: Year) -> None:
    """The bank answers line by line; the answer is loaded, confirmed by another, and booked."""
    batch = PaymentBatch.objects.get()
    year.on(year.today + dt.timedelta(days=1))
    answered, of_claims = year.folder / "bank-results.csv", claims.wishes(year)
    heads = ["批次号", "明细号", "户名", "账号", "金额", "结果", "失败原因", "交易日期", "银行流水号"]
    with answered.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(heads)
        certificates = dict(Claim.objects.values_list("award", "submission__certificate_number"))
        for payment in batch.payments.filter(state=Payment.State.PENDING).select_related("award").order_by("line"):
            wish = year.wishes.get(payment.award.uscc, {}).get("银行", "")
            returned = "退票" in (wish, of_claims.get(certificates.get(payment.award_id, "")))
            result = ("失败", "账号户名不符") if returned else ("成功", "")
            sheet.writerow([
                batch.number, payment.line, payment.account_name, payment.account.reveal(), payment.amount, *result,
                year.today, f"{batch.number}{payment.line:08}",
            ])  # fmt: skip
    year.load("bank-results", answered)
    year.by("caiwu1").press("payout_paymentbatch", "book", batch.pk)
    wake("refunds.tell_paid")
    found = Award.objects.order_by("-case_kind", "state").values_list("case_kind", "state").annotate(Count("pk"), Sum("amount"))
    rows = [(CaseKind(kind).label, Award.State(state).label, count, total) for kind, state, count, total in found]
    year.show("按银行回盘入账", ["补贴", "状态", "件数", "金额（元）"], rows, "经办台 → 应发补贴、拨付批次；门户显示“已拨付”")


STEPS = (publish, object_, pay, bank)
