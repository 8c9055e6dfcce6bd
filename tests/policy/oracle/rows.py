"""Random fact rows of enterprises, near every edge often, each figure unknown now and then."""

import random
from collections.abc import Callable, Iterator
from decimal import Decimal

COLUMNS = (
    "uscc", "kind", "dispatch", "on", "paid_months", "months_paid_last_year", "mean_insured", "start_insured", "end_insured",
    "dismissals", "claimants", "retired", "died", "paid_normal", "paid_arrears", "paid_late_fees", "paid_after_year", "refunded",
    "paid_for_public_hosts", "deferred_unpaid", "statistics_size", "statistics_covers", "size_2020", "recorded_size", "industry",
    "employees", "revenue", "assets", "parent_size", "committed_size", "credit_flags", "channel", "account", "tax_account",
    "dispatch_banned",
)  # fmt: skip
KINDS = (
    "企业",
    "企业",
    "企业",
    "企业",
    "分支机构",
    "分支机构",
    "社会团体",
    "基金会",
    "社会服务机构",
    "律师事务所",
    "会计师事务所",
    "个体工商户",
    "机关事业单位",
)
SIZES = ("大型", "中型", "小型", "微型", "中小微")
FLAGS = ("严重失信", "失信被执行人", "拖欠农民工工资", "经营异常", "注销", "吊销", "破产清算", "拟注销", "?")
DAYS = ("2024-01-01", "2024-12-31", "2024-06-03", "2024-02-29", "2024-09-30")
DAYS_OUT = ("2023-12-31", "2025-01-01")
HEADS = ("1", "10", "20", "29.9", "30", "30.1", "31", "40", "100", "199", "200", "200.5", "299.5", "300", "300.5", "1000")
INDUSTRIES = (
    "01", "A05", "0610", "3311", "D46", "47", "5010", "51", "F5199", "52", "53", "54", "5810", "59", "591", "5910", "592", "5990",
    "60", "61", "62", "63", "6420", "65", "I6510", "70", "701", "7010", "702", "703", "704", "709", "71", "72", "73", "7510",
    "80", "82", "83", "84", "85", "8511", "86", "90", "91", "96",
)  # fmt: skip
PEOPLE = (4, 5, 9, 10, 19, 20, 49, 50, 99, 100, 199, 200, 299, 300, 999, 1000, 1999, 2000)
MONEY = (
    49, 50, 99, 100, 299, 300, 499, 500, 999, 1000, 1999, 2000, 2999, 3000, 4999, 5000, 5999, 6000, 7999, 8000, 9999, 10000,
    19999, 20000, 29999, 30000, 39999, 40000, 79999, 80000, 99999, 100000, 119999, 120000, 199999, 200000,
)  # fmt: skip


def rows(count: int, rng: random.Random) -> Iterator[list[str]]:
    """`count` rows of COLUMNS."""
    for number in range(count):
        row = _row(rng)
        row["uscc"] = f"U{number:07}"
        yield [row[column] for column in COLUMNS]


def _row(rng: random.Random) -> dict[str, str]:
    some = _chance(rng)
    heads = rng.choice(HEADS)
    gone = _gone(rng, Decimal(heads))
    start = rng.choice((int(Decimal(heads)), int(Decimal(heads)), 0, 30, 31, rng.randint(0, 400)))
    lost = _gone(rng, Decimal(start))
    retired, died = rng.randint(0, 4), rng.randint(0, 2)
    return {
        "kind": some(rng.choice(KINDS), 0.04),
        "dispatch": rng.choice(("否", "否", "否", "", "是")),
        "on": some(rng.choice(DAYS_OUT) if rng.random() < 0.06 else rng.choice(DAYS), 0.04),
        "paid_months": some(rng.choice(("12", "12", "13", "24", "40", "11")), 0.04),
        "months_paid_last_year": some(rng.choice(("12", "12", "12", "11", "0")), 0.04),
        "mean_insured": some(heads, 0.05),
        "start_insured": some(start, 0.05),
        "end_insured": some(max(0, start - lost - rng.choice((0, retired + died))), 0.05),
        "dismissals": some(gone, 0.05),
        "claimants": some(gone if rng.random() < 0.6 else lost, 0.05),
        "retired": some(retired, 0.2),
        "died": some(died, 0.2),
        "paid_normal": some(_yuan(rng), 0.03),
        "paid_arrears": some(rng.choice(("0", "0.00", _yuan(rng))), 0.05),
        "paid_late_fees": rng.choice(("", "0", "12.34", _yuan(rng))),
        "paid_after_year": rng.choice(("", "0", _yuan(rng))),
        "refunded": some(rng.choice(("0", "0", "0", _yuan(rng), "9999999.99")), 0.03),
        "paid_for_public_hosts": some(rng.choice(("0", "0.01", _yuan(rng))), 0.15),
        "deferred_unpaid": some(rng.choice(("否", "否", "否", "是")), 0.06),
        "statistics_size": rng.choice(("", "", *SIZES)),
        "statistics_covers": rng.choice(("是", "否", "否", "")),
        "size_2020": rng.choice(("", *SIZES)),
        "recorded_size": rng.choice(("", *SIZES)),
        "industry": some(rng.choice(INDUSTRIES), 0.1),
        "employees": some(rng.choice(PEOPLE), 0.25),
        "revenue": some(_indicator(rng), 0.25),
        "assets": some(_indicator(rng), 0.25),
        "parent_size": rng.choice(("", *SIZES)),
        "committed_size": rng.choice(("", "", "", *SIZES)),
        "credit_flags": ";".join(rng.sample(FLAGS, rng.choice((0, 0, 0, 0, 0, 0, 1, 1, 2)))),
        "channel": some(rng.choice(("免申即享", "自主申请")), 0.05),
        "account": some(rng.choice(("是", "是", "否")), 0.05),
        "tax_account": some(rng.choice(("是", "否")), 0.2),
        "dispatch_banned": rng.choice(("", "否", "否", "是")),
    }


def _chance(rng: random.Random) -> Callable[[object, float], str]:
    """A value as a cell, or an empty one with this probability."""
    return lambda value, unknown: "" if rng.random() < unknown else str(value)


def _gone(rng: random.Random, heads: Decimal) -> int:
    """So many that the rate lies on an edge, just over it, or anywhere."""
    edge = rng.choice((Decimal("0.055"), Decimal("0.055"), Decimal("0.2")))
    return rng.choice((0, 0, int(heads * edge), int(heads * edge), int(heads * edge) + 1, rng.randint(0, 20)))


def _yuan(rng: random.Random) -> str:
    """A sum with fen; of some, a third or three fifths end in half a fen."""
    return rng.choice((f"{rng.randint(0, 500_000)}.{rng.randint(0, 99):02}", f"{rng.randint(0, 9)}.05", "0.01", "3025.14"))


def _indicator(rng: random.Random) -> str:
    return rng.choice((str(rng.choice(MONEY)), f"{rng.choice(MONEY)}.99"))
