"""How the year ends for each enterprise where a notice rules nothing else, worked out by hand.

100 yuan a head and month were paid in 2023, so an enterprise of ten paid 10 x 100 x 12 = 12,000: a small one gets 60 %
back, a large one 30 % (人社部发〔2024〕40号 二). A story names only what its notice changes."""

from collections.abc import Mapping
from typing import NamedTuple

from subsidies.payout.models import Payment
from tests.stories.diary import Diary


class Ending(NamedTuple):
    """State of case and award; how the answer came; the amount; every payment; the rungs of the ladder; what was kept."""

    state: str
    answer: str
    amount: str
    payments: str
    reminders: str
    kept: str


APPROVED_AND_PAID = """\
09-25 初审通过
09-25 复审通过
09-25 待公示
09-27 公示中
10-10 公示无异议
10-10 拨付中
10-11 已拨付"""
IN_THE_SECOND_LIST = """\
11-11 初审通过
11-11 复审通过
11-11 待公示
11-18 公示中
11-25 公示无异议
11-25 拨付中
11-26 已拨付"""
IN_THE_LAST_LIST = """\
12-23 初审通过
12-23 复审通过
12-23 待公示
12-30 公示中
01-07 公示无异议
01-07 拨付中
01-08 已拨付"""
OBJECTED = """\
08-22 符合
08-26 待确认
09-04 已确认
09-25 初审通过
09-25 复审通过
09-25 待公示
09-27 公示中
"""
OFFERED = "08-22 符合\n08-26 待确认\n"
SILENT = OFFERED + "09-21 逾期未确认\n"
PAID = "复审通过，已拨付"
THREE = "09-02 SMS、09-09 SMS、09-18 SMS"
ALL_FIVE = f"{THREE}、09-23 CALL、09-30 PUBLIC"

ENDINGS = {
    # 12,000 x 60 %
    "晨光": Ending(PAID, "短信链接", "7200.00", "7200.00 成功 2024-10-11", "", f"{OFFERED}08-28 已确认\n{APPROVED_AND_PAID}"),
    # 400 people, large: 480,000 x 30 %
    "百川": Ending(
        PAID, "网上服务", "144000.00", "144000.00 成功 2024-10-11", "", f"{OFFERED}08-29 已确认\n{APPROVED_AND_PAID}"
    ),
    # 24,000, and 1,000 of arrears of 2022 that were paid in 2023 (上年度实际缴纳), no late fee: 25,000 x 60 %
    "长河": Ending(
        PAID, "短信回复", "15000.00", "15000.00 成功 2024-10-11", "09-02 SMS", f"{OFFERED}09-03 已确认\n{APPROVED_AND_PAID}"
    ),
    # 30,000 x 60 %; returned by the bank once, paid once
    "大雁": Ending(
        PAID, "书面", "18000.00", "18000.00 退票；18000.00 成功 2024-10-17", "09-02 SMS、09-09 SMS",
        f"{OFFERED}09-10 已确认\n" + APPROVED_AND_PAID.replace("10-11 已拨付", "10-11 退票") + """
10-15 暂缓：收款账户待核
10-15 解除：收款账户待核
10-15 公示无异议
10-17 拨付中
10-17 已拨付""",
    ),
    # 36,000 x 60 %
    "东篱": Ending(
        PAID, "电话", "21600.00", "21600.00 成功 2024-10-11", f"{THREE}、09-23 CALL",
        f"{SILENT}09-24 已确认\n{APPROVED_AND_PAID}",
    ),
    "飞鸿": Ending("视为放弃", "网上服务", "7920.00", "", "", f"{OFFERED}08-30 已放弃\n01-01 视为放弃"),
    "孤山": Ending("视为放弃", "", "22320.00", "", ALL_FIVE, f"{SILENT}01-01 视为放弃"),
    # 32 people: 38,400 x 60 %; applied on 20 December, paid in January
    "寒江": Ending(PAID, "", "23040.00", "23040.00 成功 2025-01-08", ALL_FIVE, f"{SILENT}12-20 已申请\n{IN_THE_LAST_LIST}"),
    # 16,800 x 60 %
    "金石": Ending(
        PAID, "网上服务", "10080.00", "10080.00 成功 2024-11-26", "09-02 SMS",
        f"{OFFERED}09-04 已确认\n09-25 暂缓：列入信用名单\n11-11 解除：列入信用名单\n{IN_THE_SECOND_LIST}",
    ),
    "空谷": Ending(
        "复审通过，不予发放", "网上服务", "10800.00", "", "09-02 SMS", f"{OBJECTED}09-30 异议核查\n10-11 不予发放"
    ),
    # 19,200 x 60 %
    "兰亭": Ending(
        PAID, "网上服务", "11520.00", "11520.00 成功 2024-10-17", "09-02 SMS",
        f"{OBJECTED}10-08 异议核查\n10-11 公示中\n10-12 公示无异议\n10-17 拨付中\n10-17 已拨付",
    ),
    # 9 of 17 laid off would be over 20 %; put right, 20,400 x 60 %
    "明湖": Ending(
        PAID, "", "12240.00", "12240.00 成功 2024-11-26", "", f"08-22 不符合\n10-14 已申请\n{IN_THE_SECOND_LIST}"
    ),
    # 9 of 18 laid off: 50 %, over 20 %
    "南山": Ending("不符合", "", "", "", "", "08-22 不符合"),
    # 48,000 less 6,000 for five people at a public institution: 42,000 x 60 %
    "派远": Ending(
        PAID, "", "25200.00", "25200.00 成功 2024-11-26", "",
        f"08-22 符合\n09-20 已申请\n09-27 退回补正\n10-15 已申请\n{IN_THE_SECOND_LIST}",
    ),
    # 49,200 less 6,000: 43,200 x 60 %; knew of it and did not apply
    "启程": Ending("符合", "", "25920.00", "", "", "08-22 符合"),
}  # fmt: skip


def ended(diary: Diary, endings: Mapping[str, Ending]) -> None:
    """Each enterprise stands where the year should have left it, and nobody was paid twice."""
    found = {}
    for name in diary.units:
        reminders = "、".join(f"{day} {kind}" for day, kind in diary.reminded(name))
        found[name] = Ending(*diary.stands(name), reminders, diary.kept(name))
    assert {name: each for name, each in found.items() if each != endings.get(name)} == {}
    paid = list(Payment.objects.filter(state=Payment.State.SUCCEEDED).values_list("award__uscc", flat=True))
    assert len(paid) == len(set(paid))
    assert {diary.name_of(uscc) for uscc in paid} == {name for name, each in endings.items() if each.payments}
