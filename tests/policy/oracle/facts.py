"""Random facts of `assess refund`, from a seed: every column, its edges often, each unknown now and then."""

import random
from collections.abc import Callable, Sequence
from decimal import Decimal

COLUMNS = (
    "uscc", "kind", "dispatch", "on", "paid_months", "months_paid_last_year", "mean_insured", "start_insured", "end_insured",
    "dismissals", "claimants", "retired", "died", "paid_normal", "paid_arrears", "paid_late_fees", "paid_after_year",
    "refunded", "paid_for_public_hosts", "deferred_unpaid", "statistics_size", "statistics_covers", "size_2020",
    "recorded_size", "industry", "employees", "revenue", "assets", "parent_size", "committed_size", "credit_flags",
    "channel", "account", "tax_account", "dispatch_banned",
)  # fmt: skip
SOCIAL = ("社会团体", "基金会", "社会服务机构", "律师事务所", "会计师事务所", "个体工商户")
SIZES = {"": 6, "大型": 3, "中型": 2, "小型": 3, "微型": 3, "中小微": 2}
FLAGS = ("严重失信", "失信被执行人", "拖欠农民工工资", "经营异常", "注销", "吊销", "破产清算", "拟注销")
LETTERS = (("A", 5), ("B", 12), ("C", 43), ("D", 46), ("E", 50), ("F", 52), ("G", 60), ("H", 62), ("I", 65), ("J", 69), ("K", 70),
           ("L", 72), ("M", 75), ("N", 79), ("O", 82), ("P", 83), ("Q", 85), ("R", 90), ("S", 96), ("T", 97))  # fmt: skip
SHORT = ("59", "591", "5910", "592", "5929", "599", "70", "701", "7010", "702", "7020", "703", "7030", "704", "7040", "709",
         "7090", "53", "531", "84", "841", "85", "851")  # fmt: skip
TRADES = ("02", "13", "48", "51", "52", "54", "591", "592", "60", "61", "62", "63", "65", "701", "702", "71", "73")  # one a row
EMPLOYEES = (5, 10, 20, 50, 100, 200, 300, 1000, 2000)
REVENUE = (50, 100, 200, 300, 500, 1000, 2000, 3000, 5000, 6000, 10000, 20000, 30000, 40000, 80000, 100000, 200000)
ASSETS = (100, 300, 2000, 5000, 8000, 10000, 80000, 120000)
HEADS = {"": 3, "0": 2, "1": 1, "20": 4, "29.9": 4, "30": 6, "30.1": 4, "31": 2, "40": 6, "200": 20, "299.5": 8, "300": 8,
         "300.5": 3, "400": 12, "1000": 20}  # fmt: skip
WHOLE = {"": 3, "0": 2, "1": 1, "20": 4, "29": 3, "30": 6, "31": 4, "40": 6, "200": 20, "299": 6, "300": 6, "400": 12, "1000": 20}


def facts(count: int, chance: random.Random) -> list[tuple[str, ...]]:
    """`count` rows in the order of COLUMNS; uscc is the number of the row."""
    columns = {name: draw(chance, count) for name, draw in DRAWN.items()}
    columns["uscc"] = [str(number) for number in range(count)]
    columns["credit_flags"] = [_flags(chance) for _ in range(count)]
    columns["industry"] = [_industry(chance) for _ in range(count)]
    counts = list(zip(columns["mean_insured"], columns["start_insured"], strict=True))
    for name in ("dismissals", "claimants"):
        columns[name] = [_left(chance, mean, start) for mean, start in counts]
    columns["end_insured"] = [_end(chance, mean, start) for mean, start in counts]
    return list(zip(*(columns[name] for name in COLUMNS), strict=True))


def _weighted(weights: dict[str, float]) -> Callable[[random.Random, int], list[str]]:
    return lambda chance, count: chance.choices(list(weights), list(weights.values()), k=count)


def _around(limits: Sequence[int], step: Decimal) -> Callable[[random.Random, int], list[str]]:
    """On, just below and just above each limit; sometimes 0, far above, or unknown."""
    near = [str(limit + side * step) for limit in limits for side in (-1, 0, 0, 1)]
    return _weighted(dict.fromkeys(near, 4) | {"0": 8, "500000": 2 * len(near), "": len(near)})


def _money(edges: dict[str, float], up_to: int) -> Callable[[random.Random, int], list[str]]:
    """Any fen up to so many yuan, and the edges by their chance in a hundred."""
    others = [*edges, None]
    weights = [*edges.values(), 100 - sum(edges.values())]

    def drawn(chance: random.Random, count: int) -> list[str]:
        edge = chance.choices(others, weights, k=count)
        return [f"{chance.randrange(up_to * 100) / 100:.2f}" if each is None else each for each in edge]

    return drawn


DRAWN: dict[str, Callable[[random.Random, int], list[str]]] = {
    "kind": _weighted({"企业": 60, "分支机构": 16, "机关事业单位": 4, "": 4} | dict.fromkeys(SOCIAL, 3)),
    "dispatch": _weighted({"是": 30, "否": 40, "": 30}),
    "on": _weighted(
        {"2023-12-31": 2, "2024-01-01": 10, "2024-02-29": 10, "2024-07-09": 60, "2024-12-31": 10, "2025-01-01": 2, "": 3}
    ),
    "paid_months": _weighted({"": 3, "0": 2, "11": 4, "12": 40, "13": 20, "120": 30}),
    "months_paid_last_year": _weighted({"": 4, "0": 2, "11": 6, "12": 88}),
    "mean_insured": _weighted(HEADS),
    "start_insured": _weighted(WHOLE),
    "retired": _weighted({"": 6, "0": 60, "1": 10, "2": 10, "10": 10}),
    "died": _weighted({"": 6, "0": 80, "1": 10, "2": 4}),
    "paid_normal": _money({"": 3, "0": 2, "0.01": 1, "0.05": 1, "100.05": 3, "1000.15": 3, "12345.65": 3}, 200_000),
    "paid_arrears": _money({"": 3, "0": 70, "0.05": 3}, 3_000),
    "paid_late_fees": _money({"": 30, "0": 40}, 300),
    "paid_after_year": _money({"": 20, "0": 40, "0.05": 2}, 3_000),
    "refunded": _money({"": 3, "0": 75, "0.05": 2, "250000": 3, "12345.65": 2}, 3_000),
    "paid_for_public_hosts": _money({"": 15, "0": 40, "12345.65": 1}, 20_000),
    "deferred_unpaid": _weighted({"": 4, "是": 5, "否": 91}),
    "statistics_size": _weighted({**SIZES, "": 25}),
    "statistics_covers": _weighted({"是": 20, "否": 50, "": 30}),
    "size_2020": _weighted({**SIZES, "": 10}),
    "recorded_size": _weighted({**SIZES, "": 4}),
    "parent_size": _weighted(SIZES),
    "committed_size": _weighted({**SIZES, "": 60}),
    "employees": _around(EMPLOYEES, Decimal(1)),
    "revenue": _around(REVENUE, Decimal("0.01")),
    "assets": _around(ASSETS, Decimal("0.01")),
    "channel": _weighted({"自主申请": 80, "免申即享": 12, "": 8}),
    "account": _weighted({"是": 60, "否": 30, "": 10}),
    "tax_account": _weighted({"是": 60, "否": 30, "": 10}),
    "dispatch_banned": _weighted({"是": 8, "否": 52, "": 40}),
}


def _flags(chance: random.Random) -> str:
    """Mostly none; one, two or three lists; `?` alone or beside others."""
    number = chance.choices((0, 1, 2, 3), (82, 12, 4, 2))[0]
    return ";".join(chance.sample([*FLAGS, "?", "?"], number)) if number else ""


def _industry(chance: random.Random) -> str:
    """A code of two to four digits, with its letter or without."""
    drawn = chance.random()
    if drawn < 0.05:
        return ""
    if drawn < 0.75:
        code = chance.choice(SHORT if drawn < 0.2 else TRADES)
    else:
        code = f"{chance.randint(1, 97):02}{chance.choice(('', '1', '12'))}"
    letter = next(letter for letter, last in LETTERS if int(code[:2]) <= last)
    return f"{letter}{code}" if chance.random() < 0.4 else code


def _edge(chance: random.Random, whole: str) -> int:
    """A count of people around 0, 5.5% or 20% of the whole."""
    number = float(whole or chance.choice((20, 30, 200, 1000)))
    share = chance.choices((0, 55, 200, 120, 300), (50, 30, 10, 6, 4))[0]
    return int(number * share) // 1000 + chance.choices((-1, 0, 1), (2, 16, 1))[0]


def _left(chance: random.Random, mean: str, start: str) -> str:
    """裁员人数 or 领取失业金人数."""
    return "" if chance.random() < 0.04 else str(max(_edge(chance, chance.choice((mean, mean, start))), 0))


def _end(chance: random.Random, mean: str, start: str) -> str:
    """年末人数: a fall around the limits, a growth, one of its own, or unknown."""
    drawn = chance.random()
    if drawn < 0.05:
        return ""
    if drawn < 0.09 or not start:
        return chance.choice(("0", "29", "30", "31", "200", "1000"))
    return str(max(int(start) - _edge(chance, chance.choice((start, start, mean))), 0))
