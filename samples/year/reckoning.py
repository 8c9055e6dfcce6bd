"""How the year adds up: one reconciliation, and every published amount computed again by somebody else's program."""

import json
import subprocess
import sys
from pathlib import Path

from samples.year.stage import Year
from samples.year.windows import Stuck
from subsidies.payout.models import PublishedLine
from subsidies.refunds.queries.reconciliation import reconciliation

RECOMPUTE = Path(__file__).resolve().parent.parent / "recompute.py"


def reconcile(year: Year) -> None:
    """Count and yuan at each step, every difference the sum of its named cases. Raises Stuck where it does not add up."""
    rows: list[tuple[str, str, int, object]] = []
    broken = []
    for step in reconciliation(year.programme, year.today):
        for each in step.less:
            sign = "减" if each.count >= 0 else ""
            rows.append(("", f"{sign}  {each.label}".strip(), abs(each.count), abs(each.amount)))
        rows.append((step.label, "", step.count, step.amount))
        if not step.agrees:
            broken.append(step.label)
    year.show("对账：从筛查到拨付", ["环节", "差额（逐件可查）", "户数", "金额（元）"], rows, "经办台 → 今日待办 → 项目进展")
    if broken:
        raise Stuck(f"对账不平：{'、'.join(broken)}。")
    year.write("  每一步都等于上一步减去所列差额。")


def recompute(year: Year) -> None:
    """Compute every published amount again from the spreadsheets, by a program that imports nothing of this one."""
    lines = dict(PublishedLine.objects.values_list("award__uscc", "amount"))
    asked = json.dumps({uscc: str(amount) for uscc, amount in lines.items()})
    done = subprocess.run(
        [sys.executable, "-I", str(RECOMPUTE), str(year.folder)], input=asked, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Stuck(f"独立复算与公示不符：\n{done.stdout}{done.stderr}")
    year.write(f"  {done.stdout.strip()}")


STEPS = (reconcile, recompute)
