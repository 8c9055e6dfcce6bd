"""The rules alone: `assess refund` on a file of facts with every column, beside a bare read and write of the same file."""

import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measure import told, watched

SIZE = int(os.environ.get("SIZE") or 1_000_000)


def fact_row(number: int, rng: random.Random) -> dict[str, object]:
    """One made-up enterprise as a row of FORMATS' facts: every column, and filled as a register would have it."""
    people = rng.choice((rng.randint(1, 30), rng.randint(1, 30), rng.randint(31, 400), rng.randint(300, 3000)))
    mean, fen = people * 12 + rng.randint(-11, 11), rng.randint(0, 99)
    kind = rng.choices(("企业", "分支机构", "社会团体", "律师事务所", "个体工商户"), (80, 8, 4, 4, 4))[0]
    dispatch = kind == "企业" and rng.random() < 0.02
    size = rng.choices(("大型", "中型", "小型", "微型"), (3, 12, 45, 40))[0]
    return {
        "uscc": f"91140300MA{number:07}X", "kind": kind, "dispatch": "是" if dispatch else "否",
        "on": f"2024-{rng.randint(5, 12):02}-{rng.randint(1, 28):02}", "paid_months": rng.choice((8, *range(12, 120))),
        "months_paid_last_year": rng.choice((12, 12, 12, 12, 7)),
        "mean_insured": f"{mean / 12:.6f}".rstrip("0").rstrip("."), "start_insured": people,
        "end_insured": max(0, people + rng.randint(-6, 9)), "dismissals": rng.choice((0, 0, 0, 0, 1, 2)),
        "claimants": rng.choice((0, 0, 0, 0, 1, 2, 3, 9)), "retired": rng.choice((0, 0, 1, 2)), "died": rng.choice((0, 0, 0, 1)),
        "paid_normal": f"{people * rng.randint(500, 900)}.{fen:02}", "paid_arrears": rng.choice(("0", "0", f"{fen * 37}.50")),
        "paid_late_fees": rng.choice(("0", "0", f"{fen}.12")), "paid_after_year": rng.choice(("0", f"{fen * 11}.08")),
        "refunded": rng.choice(("0", "0", f"{fen}.00")), "paid_for_public_hosts": f"{people}.00" if dispatch else "0",
        "deferred_unpaid": "否", "statistics_size": size if rng.random() < 0.3 else "", "statistics_covers": rng.choice("是否"),
        "size_2020": size, "recorded_size": size, "industry": rng.choice(("3311", "C13", "5212", "61", "7010", "I65", "4710")),
        "employees": people, "revenue": f"{people * rng.randint(8, 90)}.{fen:02}", "assets": f"{people * rng.randint(5, 200)}",
        "parent_size": size if kind == "分支机构" else "", "committed_size": size if rng.random() < 0.1 else "",
        "credit_flags": rng.choices(("", "严重失信", "经营异常", "拟注销;拖欠农民工工资"), (96, 2, 1, 1))[0],
        "channel": "自主申请" if dispatch else "免申即享", "account": rng.choice("是是是否"), "tax_account": "是",
        "dispatch_banned": "否",
    }  # fmt: skip


def rules() -> None:
    """The calculator on a file of made-up facts."""
    rng = random.Random(2024)
    with tempfile.TemporaryDirectory() as spare:
        facts, out = Path(spare) / "facts.csv", Path(spare) / "out.csv"
        with facts.open("w", encoding="utf-8", newline="") as file:
            sheet = csv.DictWriter(file, fact_row(0, rng))
            sheet.writeheader()
            sheet.writerows(fact_row(number, rng) for number in range(SIZE))
        begun = time.perf_counter()
        with facts.open(encoding="utf-8", newline="") as source, out.open("w", encoding="utf-8", newline="") as copy:
            csv.writer(copy).writerows(csv.reader(source))
        bare = time.perf_counter() - begun
        with watched(own=False) as one:
            command = [sys.executable, "-m", "policy", "assess", "refund", "--notice", "shanxi/2024", str(facts), str(out)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        told("assess refund", SIZE, one, bare)
