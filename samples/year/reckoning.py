"""How the year adds up: one reconciliation, and every published amount computed again by somebody else's program."""

import json
import subprocess
import sys
from pathlib import Path

from agency.models import CaseKind
from samples.year.stage import Year
from samples.year.windows import Stuck
from subsidies.payout.models import PublishedLine
from subsidies.payout.queries import Step, terms_in_force
from subsidies.refunds.queries.reconciliation import reconciliation as refunds
from subsidies.skills.queries import reconciliation as claims

RECOMPUTE = Path(__file__).resolve().parent.parent / "recompute.py"


def reconcile(year: Year) -> None:
    """Count and yuan at each step, every difference the sum of its named cases, for each subsidy. Raises Stuck where it
    does not add up."""
    programme, today = year.programme, year.today
    _reconcile(year, "稳岗返还对账：从筛查到拨付", refunds(programme, today))
    _reconcile(year, "技能提升补贴对账：从申请到拨付", claims(programme, terms_in_force(programme, today)))


def _reconcile(year: Year, title: str, steps: list[Step]) -> None:
    rows: list[tuple[str, str, int, object]] = []
    broken = []
    for step in steps:
        for each in step.less:
            sign = "减" if each.count >= 0 else ""
            rows.append(("", f"{sign}  {each.label}".strip(), abs(each.count), abs(each.amount)))
        rows.append((step.label, "", step.count, step.amount))
        if not step.agrees:
            broken.append(step.label)
    year.show(title, ["环节", "差额（逐件可查）", "件数", "金额（元）"], rows, "经办台 → 今日待办 → 项目进展")
    if broken:
        raise Stuck(f"对账不平：{'、'.join(broken)}。")
    year.write("  每一步都等于上一步减去所列差额。")


def recompute(year: Year) -> None:
    """Compute every published amount again from the spreadsheets, by a program that imports nothing of this one."""
    refunded = PublishedLine.objects.filter(award__case_kind=CaseKind.REFUND).values_list("award__uscc", "amount")
    granted = PublishedLine.objects.filter(award__case_kind=CaseKind.CLAIM)
    granted = granted.values_list("award__claim__submission__certificate_number", "amount")
    asked = json.dumps(
        {"refunds": {code: str(amount) for code, amount in refunded}, "claims": {code: str(amount) for code, amount in granted}}
    )
    done = subprocess.run(
        [sys.executable, "-I", str(RECOMPUTE), str(year.folder)], input=asked, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Stuck(f"独立复算与公示不符：\n{done.stdout}{done.stderr}")
    for line in done.stdout.splitlines():
        year.write(f"  {line}")


STEPS = (reconcile, recompute)
