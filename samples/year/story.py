"""The year, step by step: who does what at which window on which day. Each step says what happened."""

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db.models import Count, Sum
from PIL import Image

from agency.models import CreditCheck, Hold, Import, Message, Reply, User
from agency.tasks import wake
from policy import explain
from samples.year.people import ADMINISTRATOR, STAFF
from samples.year.stage import KINDS, Year
from samples.year.windows import DEMO_PASSWORD, Owner, picture, wait_until
from subsidies.payout.queries import to_look_up
from subsidies.refunds.models import Application, CallOutcome, Correction, Reminder, ScreeningRun, State
from subsidies.refunds.queries import reviewed_to_look_up, screened_to_look_up, to_call, unconfirmed_names

day = dt.date


def batched(of: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of at most `size`."""
    rest = iter(of)
    while group := list(islice(rest, size)):
        yield group


def found(year: Year) -> None:
    """The first administrator by command; every other account and post by the administrator at the console."""
    year.on(day(2024, 5, 27))
    root = year.root
    call_command(
        "first_admin", ADMINISTRATOR.username, ADMINISTRATOR.name, region=root["代码"], region_name=root["名称"],
        password=DEMO_PASSWORD, stdout=io.StringIO(),
    )  # fmt: skip
    admin = year.by(ADMINISTRATOR.username)
    _appoint(year, [staff for staff in STAFF if staff.username == "zhengce1"])
    year.load("regions")
    _appoint(year, [staff for staff in STAFF if staff.username != "zhengce1"])
    rows = [(staff.name, staff.role.label, year.region_of(staff).name, staff.username) for staff in [ADMINISTRATOR, *STAFF]]
    year.show(
        "建立账号：一人一岗，没有超级用户",
        ["姓名", "岗位", "地区", "用户名"],
        rows,
        f"经办台 → 用户、岗位（{admin.username} 登录）",
    )


def _appoint(year: Year, staff: list[Any]) -> None:
    admin = year.by(ADMINISTRATOR.username)
    for one in staff:
        admin.press("agency_user", "new-staff", username=one.username, name=one.name, password=DEMO_PASSWORD)
        user = User.objects.get(username=one.username)
        admin.press("agency_user", "give-post", user.pk, role=one.role.value, region=year.region_of(one).pk, from_on="2024-05-27")


def load(year: Year) -> None:
    """Every spreadsheet: checked, its bad rows refused with reasons, confirmed, the critical ones by a second person."""
    year.on(day(2024, 5, 28))
    for kind in KINDS:
        if kind != "regions":
            year.load(kind)
    rows = []
    for done in Import.objects.order_by("pk"):
        second = done.confirmed_by.name if done.confirmed_by_id != done.checked_by_id else ""
        rows.append((done.kind, done.new, done.changed, done.unchanged, done.warned, done.refused, done.checked_by.name, second))
    heads = ["表格", "新增", "变更", "未变", "提醒", "退回错误行", "导入人", "另一确认人"]
    year.show("导入表格（先检查，后确认）", heads, rows, "经办台 → 导入；错误清单在各表旁的 -错误.xlsx")
    year.show("退回的错误行，按原因", ["表格", "原因", "行数"], year.refused_rows(), "同上")


def adopt(year: Year) -> None:
    """One prepares the programme, another opens it through the fund gate."""
    year.on(day(2024, 6, 3))
    region = year.city
    year.by("zhengce1").press(
        "agency_programme", "prepare", notice="shanxi/2024", region=region.pk, year=2024,
        title=f"{region.name}2024年失业保险稳岗返还", counts_from="2024-01-01", confirm_by="2024-06-28",
        sms_sign=region.office_name[:20], collective_decision_over="1000000", choices="",
    )  # fmt: skip
    programme = year.programme
    year.by("zhengce2").press("agency_programme", "open", programme.pk)
    programme.refresh_from_db()
    edition = programme.editions.get()
    rows = [
        (programme.title, programme.notice, programme.get_state_display(), edition.prepared_by.name, edition.approved_by.name)
    ]
    year.show("开办项目（基金备付期限已核）", ["项目", "政策文件", "状态", "拟定", "批准"], rows, "经办台 → 项目")


def screen(year: Year) -> None:
    """The whole programme against the rules, as a job."""
    screened(year)
    found_ = Application.objects.values_list("state").annotate(Count("pk"), Sum("amount"))
    rows = [(State(state).label, count, total) for state, count, total in sorted(found_)]
    year.show("筛查全部参保单位", ["结论", "户数", "金额（元）"], rows, "经办台 → 返还事项，筛查")
    codes: dict[str, Counter[str]] = {"failed": Counter(), "unknown": Counter()}
    for failed, unknown in Application.objects.values_list("failed", "unknown"):
        codes["failed"].update(failed)
        codes["unknown"].update(unknown)
    both = sorted({*codes["failed"], *codes["unknown"]})
    rule_rows = [(explain.rule_label(code), codes["failed"][code], codes["unknown"][code]) for code in both]
    year.show("未通过的条件（一户可有多项）", ["条件", "不符合", "待核实"], rule_rows, "经办台 → 返还事项，按“不符合的条件”筛选")
    look_up(year, CreditCheck.Moment.SCREENING)


def screened(year: Year) -> None:
    """Order a screening of today's data and wait for its end."""
    year.by("jingban1").press("refunds_application", "screen", programme=year.programme.pk, on=f"{year.today}")
    wait_until(lambda: not ScreeningRun.objects.filter(finished_at__isnull=True).exists(), "筛查", 300)


def look_up(year: Year, moment: str) -> None:
    """Have the worker look up credit and wait until every case has its answer of the day."""
    today, programme = year.today, year.programme
    waiting: Callable[[], Any] = {
        CreditCheck.Moment.SCREENING: lambda: screened_to_look_up(programme, today),
        CreditCheck.Moment.REVIEW: lambda: reviewed_to_look_up(programme, today),
        CreditCheck.Moment.PAYMENT: lambda: to_look_up(today),
    }[CreditCheck.Moment(moment)]
    wake("payout.look_up_credit" if moment == CreditCheck.Moment.PAYMENT else "refunds.look_up_credit")
    wait_until(lambda: not waiting().exists(), "信用核验")
    outcomes = Counter(CreditCheck.objects.filter(moment=moment, on=today, by__isnull=True).values_list("outcome", flat=True))
    rows = [
        ("查询", sum(outcomes.values())), ("列入名单", outcomes[CreditCheck.Outcome.HIT]),
        ("平台无应答", outcomes[CreditCheck.Outcome.NO_ANSWER]),
    ]  # fmt: skip
    heads = [f"信用核验（{CreditCheck.Moment(moment).label}）", "户数"]
    year.show("信用核验：当日逐户向共享平台查询", heads, rows, "经办台 → 信用核验（每次应答存档：时间、来源、散列）")
    holds = Hold.objects.filter(lifted_at__isnull=True).values_list("kind").annotate(Count("pk")).order_by("kind")
    stopped = [(Hold.Kind(kind).label, count) for kind, count in holds]
    year.show("未解除的暂缓（只停本户）", ["暂缓", "件数"], stopped, "经办台 → 暂缓")


def offer(year: Year) -> None:
    """Ask every eligible enterprise by SMS whether it accepts."""
    year.on(day(2024, 6, 4))
    said = year.by("jingban1").press("refunds_application", "offer-all", programme=year.programme.pk)
    year.write(f"  {said}")
    wake("agency.send_messages")
    waiting = Message.objects.filter(state__in=["QUEUED", "SENDING"])
    wait_until(lambda: not waiting.exists(), "发送短信")
    rows = [
        (Message.State(state).label, count)
        for state, count in Message.objects.filter(kind="offer").values_list("state").annotate(Count("pk"))
    ]
    year.show("确认通知短信", ["状态", "条数"], rows, "经办台 → 短信；本机短信网关页面见 make serve")
    year.show("符合条件而未通知", ["原因", "户数", "金额（元）"], year.not_offered(), "经办台 → 返还事项，状态“符合”")


def answer(year: Year) -> None:
    """The enterprises answer at the portal, each signed in with a code from the gateway."""
    year.on(day(2024, 6, 11))
    applying = [State.ELIGIBLE, State.INELIGIBLE, State.INCOMPLETE]
    visit(year.owners({"确认", "放弃", "更正账户"}, [State.OFFERED]) + year.owners({"自主申请"}, applying))
    year.show("单位登录门户答复后，各状态", ["状态", "户数", "金额（元）"], year.by_state(), "门户：用单位的代码和登记手机号登录")


def visit(owners: list[tuple[Owner, str]]) -> None:
    """Each signs in with a code, asked for at the portal, sent by the worker, read from the gateway; and acts.

    One at a time a phone: a phone is sent at most one code a minute."""
    phones = {owner.phone: (owner, wish) for owner, wish in reversed(owners)}
    sent = Message.objects.filter(kind="sign_in_code", state__in=["SENT", "DELIVERED"])
    for group in batched(phones.values(), 100):
        before = sent.count()
        for owner, _ in group:
            owner.ask_code()
        wait_until(lambda: sent.count() >= before + len(group), "验证码短信")  # noqa: B023 - waited for within the round
        for owner, wish in group:
            owner.enter()
            act(owner, wish)


def scan(name: str) -> SimpleUploadedFile:
    """A blank page, as a scanner would make it."""
    made = io.BytesIO()
    Image.new("L", (210, 297), 255).save(made, "PNG")
    return SimpleUploadedFile(name, made.getvalue(), "image/png")


def act(owner: Owner, wish: str) -> None:
    """One answer at the portal."""
    if wish == "放弃":
        owner.send("decline", reason="不需要这笔资金", text="")
    elif wish == "更正账户":
        owner.send("correct", about="account", text="对公账户已变更，请按税务登记的账户核对。", proofs=scan("开户许可证.png"))
    else:
        owner.send("apply" if wish == "自主申请" else "confirm")


def attend(year: Year) -> None:
    """The clerk's work items: unanswered look-ups made by hand, corrections settled; who was held before is offered."""
    year.on(day(2024, 6, 18))
    clerk = year.by("jingban1")
    look_up(year, CreditCheck.Moment.SCREENING)  # who was listed then may have left the list since
    unanswered = Hold.objects.filter(kind=Hold.Kind.CREDIT_UNANSWERED, lifted_at__isnull=True, case_kind=Application.CASE)
    by_hand = list(unanswered.order_by("case_id").values_list("case_id", flat=True))[:-1]  # the last stays a work item
    for pk in by_hand:
        basis = "国家企业信用信息公示系统、信用中国当日查询，未见列入。"
        clerk.press("refunds_application", "credit-by-hand", pk, moment="SCREENING", basis=basis, proofs=picture("查询截图.png"))
    corrections = list(Correction.objects.filter(settled_at__isnull=True).order_by("pk"))[:-1]
    for row in corrections:
        clerk.press("refunds_correction", "settle", row.pk, text="已核对账户，可继续确认。")
    said = clerk.press("refunds_application", "offer-all", programme=year.programme.pk)
    wake("agency.send_messages")
    rows = [("人工核验信用", len(by_hand)), ("处理更正请求", len(corrections))]
    year.show("经办处理在办事项", ["事项", "件数"], rows, "经办台 → 暂缓、更正请求")
    year.write(f"  补发通知：{said}")
    settled = set(Application.objects.filter(corrections__in=corrections).values_list("enterprise__uscc", flat=True))
    again = [(owner, "确认") for owner, _ in year.owners({"更正账户"}, [State.OFFERED]) if owner.uscc in settled]
    visit(again + year.owners({"确认"}, [State.OFFERED]))


def remind(year: Year) -> None:
    """Who has not answered is reminded by SMS; what phones answered meanwhile is loaded and booked by the words of it."""
    year.on(day(2024, 6, 26))
    _remind(year)
    year.load("replies")
    wake("refunds.take_replies")
    wait_until(lambda: not Reply.objects.filter(state=Reply.State.NEW).exists(), "识别短信回复")
    found_ = Reply.objects.values_list("state", "fate").annotate(Count("pk")).order_by("state", "fate")
    rows = [(Reply.State(state).label, Reply.Fate(fate).label, count) for state, fate, count in found_]
    year.show("短信回复", ["状态", "识别结果", "条数"], rows, "经办台 → 短信回复；认不出的由经办联系来信人")


def _remind(year: Year) -> None:
    """The rung of the ladder that is due today, of each offer that nobody has answered."""
    wake("refunds.remind")
    due = Reminder.objects.filter(at__date=year.today)
    wait_until(due.exists, "提醒")
    wake("agency.send_messages")
    waiting = Message.objects.filter(state__in=["QUEUED", "SENDING"])
    wait_until(lambda: not waiting.exists(), "发送短信", 300)
    rows = [(Reminder.Kind(kind).label, count) for kind, count in due.values_list("kind").annotate(Count("pk"))]
    year.show("提醒仍未答复的单位", ["方式", "户数"], rows, "经办台 → 返还事项，各件的“提醒”")


def call(year: Year) -> None:
    """The call list: a spreadsheet for the clerks who call; what they heard is loaded back, and an answer is booked."""
    year.on(day(2024, 7, 2), 16)
    _remind(year)
    clerk = year.by("jingban1")
    listed = clerk.fetch("refunds_application", "call-list", programme=year.programme.pk)
    (year.folder / "call-list.xlsx").write_bytes(listed)
    heard = ("愿意接受", "无人接听", "已通知", "明确放弃")
    cases = to_call(year.programme)[: 5 * len(heard)]
    called = year.folder / "call-outcomes.csv"
    with called.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["统一社会信用代码", "通话时间", "结果", "备注"])
        for number, (case, result) in enumerate(zip(cases, cycle(heard), strict=False)):
            sheet.writerow([case.enterprise.uscc, f"2024-07-02 10:{number:02}:00", result, ""])
    year.load("call-outcomes", called)
    rows = list(CallOutcome.objects.values_list("result", "booked").annotate(Count("pk")).order_by("result", "booked"))
    year.show("电话名单与通话结果", ["结果", "登记情况", "户数"], rows, "经办台 → 返还事项，导出电话名单；导入，通话结果")


def turn_overdue(year: Year) -> None:
    """The deadline passes: overdue, but not yet waived; some confirm late."""
    year.on(day(2024, 6, 29))
    wake("refunds.day_turns")
    wait_until(lambda: not Application.objects.filter(state=State.OFFERED, confirm_by__lt=year.today).exists(), "逾期")
    late = year.owners({"不答"}, [State.OVERDUE])[:5]  # act: whoever does not decline or correct confirms
    visit(late)
    rows = [*year.by_state(), (f"（其中逾期后仍确认 {len(late)} 户）", None, None)]
    year.show("确认期满：逾期未确认，政策期内仍可确认", ["状态", "户数", "金额（元）"], rows, "经办台 → 返还事项")


def review(year: Year) -> None:
    """First review with the day's credit, second review by somebody else; refused ones are told why."""
    year.on(day(2024, 7, 8))
    look_up(year, CreditCheck.Moment.REVIEW)
    first, second = year.by("jingban1"), year.by("fushen1")
    waiting = Application.objects.filter(state__in=[State.CONFIRMED, State.SUBMITTED]).order_by("pk")
    year.write("  初审：" + first.press_all("refunds_application", "review-all", list(waiting.values_list("pk", flat=True))))
    for case in waiting.filter(state=State.SUBMITTED).exclude(failed=[]):
        reasons = "、".join(explain.rule_label(code) for code in case.failed)
        first.press("refunds_application", "reject", case.pk, reason=f"不符合：{reasons}。")
    reviewed = Application.objects.filter(state=State.REVIEWED).order_by("pk")
    year.write("  复审：" + second.press_all("refunds_application", "approve-all", list(reviewed.values_list("pk", flat=True))))
    year.show(
        "两级审核后，各状态", ["状态", "户数", "金额（元）"], year.by_state(), "经办台 → 返还事项；不予返还的理由见各件页面"
    )


def name_in_public(year: Year) -> None:
    """The last rung: whoever has still said nothing stands on the public list, by name alone."""
    year.on(day(2024, 7, 9))
    _remind(year)
    year.write(
        f"  未确认名单 /weiqueren/{year.programme.pk}/：{unconfirmed_names(year.programme).count():,} 户（公开页面，不用登录）"
    )


STEPS = (found, load, adopt, screen, offer, answer, attend, remind, turn_overdue, call, review, name_in_public)
