"""The plain units that most of a city consists of: every one of them is eligible, at once, and can be paid."""

import math
from random import Random

from samples.city import names
from samples.city.unit import MONTHS_2023, MONTHS_2024, Unit

_DISTRICTS, _SHARES = (*names.DISTRICTS, names.CITY), (35, 30, 15, 12, 8)
_TRADES = tuple(names.TRADES)


def plain_unit(number: int, rng: Random, registry: str = "91", ending: str = "有限公司") -> Unit:
    """A unit with everything on record but what it paid and how its staff changed."""
    region = rng.choices(_DISTRICTS, _SHARES)[0]
    industry = rng.choice(_TRADES)
    name = names.unit_name(number, names.TRADES[industry], ending)
    return Unit(
        number=number,
        uscc=names.uscc(number, registry),
        name=name,
        region=region,
        industry=industry,
        contact=names.person(number),
        phone=names.phone(number),
        legal=names.person(number + 77),
        legal_phone=names.phone(number, "143"),
        account=(name, names.bank(region), names.account(number)),
        tax_account=(name, names.bank(region), names.account(number, "14992")),
        wage=10 * rng.randint(350, 900),
    )


def ordinary_unit(number: int, rng: Random, *, long: bool) -> Unit:
    """An eligible 中小微 unit of 2 to 280 insured; `long`: with the months of 2024 too."""
    unit = plain_unit(number, rng)
    insured = min(280, max(2, int(math.exp(rng.gauss(2.6, 1.1)))))
    later = insured if rng.random() < 0.6 else min(285, max(2, round(insured * rng.uniform(0.9, 1.1))))
    turn = rng.randint(1, 11)
    unit.pay_months(MONTHS_2023[:turn], insured)
    unit.pay_months(MONTHS_2023[turn:] + (MONTHS_2024 if long else ()), later)
    _size(unit, max(insured, later), rng)
    _leavers(unit, insured, later, rng)
    unit.answer = rng.choices(("确认", "不答", "放弃", "更正账户"), (55, 38, 4, 3))[0]
    unit.bank_answer = "退票" if rng.random() < 0.01 else "成功"
    return unit


def _size(unit: Unit, insured: int, rng: Random) -> None:
    """More than half are named by the statistics list; of the others some have figures for the standard, some only a count."""
    word = "微型" if insured < 10 else "小型" if insured < 60 else "中型"
    draw = rng.random()
    if draw < 0.55:
        unit.statistics = word
    elif draw < 0.85:
        unit.employees = str(min(insured, 90))
        unit.revenue = f"{rng.randint(30, 4_500)}.{rng.randint(10, 99)}"
        unit.assets = f"{rng.randint(20, 4_000)}.{rng.randint(10, 99)}"
    if rng.random() < 0.7:
        unit.recorded = word
    if rng.random() < 0.5:
        unit.size_2020 = word


def _leavers(unit: Unit, insured: int, later: int, rng: Random) -> None:
    """Nobody in most units; in the others fewer than the limit allows."""
    most = max(insured, later)
    allowed = int(0.2 * min(insured, later)) if most <= 30 else int(0.05 * min(insured, later)) if min(insured, later) > 30 else 0
    claimants = rng.randint(0, allowed) if rng.random() < 0.15 else 0
    unit.leave(claimants, insured, later, retired=1 if rng.random() < 0.1 else 0)
