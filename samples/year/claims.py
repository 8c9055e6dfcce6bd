"""The second subsidy of the same year: workers' claims are loaded, decided, looked at where the comparison cannot tell."""

from collections import Counter

from django.db.models import Count, Sum

from policy import explain
from samples.year.stage import CLAIM_KINDS, Year, read_csv
from samples.year.story import day
from subsidies.skills.models import Claim, Flag, State


def load(year: Year) -> None:
    """Insured persons, certificates, training subsidies, and the claims themselves."""
    year.on(day(2024, 7, 9))
    done = [year.load(kind) for kind in CLAIM_KINDS]
    rows = [(each.kind, each.new, each.warned, each.refused, each.checked_by.name) for each in done]
    heads = ["表格", "新增", "提醒", "退回错误行", "导入人"]
    year.show("技能提升补贴：导入人员、证书、培训补贴和申请", heads, rows, "经办台 → 导入、参保人员、技能证书、补贴事项")
    year.show("退回的错误行，按原因", ["表格", "原因", "行数"], year.refused_rows(CLAIM_KINDS), "同上")


def decide(year: Year) -> None:
    """All of them compared with what is on record; every answer with its reason."""
    said = year.by("jingban2").press("skills_claim", "decide", programme=year.programme.pk)
    year.write(f"  {said}")
    year.show("技能提升补贴：判定后，各状态", ["状态", "件数", "金额（元）"], _by_state(), "经办台 → 补贴事项")
    failed: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    for theirs in Claim.objects.values_list("failed", "unknown", "flags"):
        for counter, codes in zip((failed, unknown, flags), theirs, strict=True):
            counter.update(codes)
    rows = [(explain.rule_label(code), failed[code], unknown[code]) for code in sorted({*failed, *unknown})]
    rows += [(Flag(flag).label, 0, count) for flag, count in sorted(flags.items())]
    year.show("未通过的原因（一件可有多项）", ["条件", "不符合", "待核实"], rows, "经办台 → 补贴事项，按条件筛选")


def review(year: Year) -> None:
    """What was missing is loaded; a person looks at the rest: approves what is right now, refuses what is not theirs."""
    second = year.load("certificates", next(year.folder.glob("certificates-2.*")))
    year.write(f"  后续证书文件：更新 {second.changed} 张。")
    clerk = year.by("fushen1")
    waiting = Claim.objects.filter(state=State.TO_REVIEW).order_by("pk")
    year.write("  核实：" + clerk.press_all("skills_claim", "approve-all", list(waiting.values_list("pk", flat=True))))
    for claim in waiting.filter(flags__contains=[Flag.OTHER_HOLDER]):
        clerk.press("skills_claim", "reject", claim.pk, reason="证书登记在他人名下，不予补贴。")
    year.show("人工核实后，各状态", ["状态", "件数", "金额（元）"], _by_state(), "经办台 → 补贴事项；逐条判定和依据见各件页面")


def wishes(year: Year) -> dict[str, str]:
    """{证书编号: what follows its claim in the made-up city}."""
    return {row["证书编号"]: row["后续"] for row in read_csv(year.folder / "skill_cases.csv")}


def _by_state() -> list[tuple[str, int, object]]:
    found = Claim.objects.order_by("state").values_list("state").annotate(Count("pk"), Sum("amount"))
    return [(State(state).label, count, total) for state, count, total in found]


STEPS = (load, decide, review)
