"""The 2017 standard of enterprise sizes: by industry, from 从业人员, 营业收入 and 资产总额.

Source: 统计上大中小微型企业划分办法（2017）, as `size_standard.toml` has it. It answers large or not: any known
indicator below the large limit makes it 中小微; all indicators known and at or over it make it 大型; else nothing.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from policy.verdict import Figure

CLASSES = ("微型", "小型", "中型", "大型")

_INDICATORS = ("employees", "revenue", "assets")


class Standing(NamedTuple):
    """What the standard makes of an enterprise: 大型 or 中小微, its class where known, and the figures used."""

    size: str
    size_class: str | None
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class _Industry:
    """One row: the lowest figure of the classes 小型, 中型, 大型 for each indicator that counts."""

    name: str
    codes: tuple[str, ...]
    limits: tuple[tuple[str, tuple[int, int, int]], ...]

    def holds(self, code: str) -> bool:
        """Whether a code of 2 to 4 digits lies in this row, or is too short to tell."""
        return any(code.startswith(each) or each.startswith(code) for each in self.codes)


@lru_cache(maxsize=1)
def _industries() -> tuple[_Industry, ...]:
    table = tomllib.loads(Path(__file__).with_name("size_standard.toml").read_text("utf-8"))
    return tuple(
        _Industry(
            row["name"],
            tuple(row["codes"]),
            tuple((key, (row[key]["small"], row[key]["medium"], row[key]["large"])) for key in _INDICATORS if key in row),
        )
        for row in table["industry"]
    )


@lru_cache(maxsize=4096)
def _rows(code: str) -> tuple[_Industry, ...]:
    return tuple(industry for industry in _industries() if industry.holds(code))


def stand(industry: str | None, employees: int | None, revenue: Decimal | None, assets: Decimal | None) -> Standing | None:
    """What the standard answers; None where it does not: no row, or too little known.

    `revenue` and `assets` in 万元. A code too short to pick one row is answered if every row agrees on the size.
    """
    rows = _rows(industry) if industry else ()
    if not rows:
        return None
    known: dict[str, Decimal | int | None] = {"employees": employees, "revenue": revenue, "assets": assets}
    answers = [_by_row(row, known) for row in rows]
    first = answers[0]
    if first is None or any(answer is None or answer.size != first.size for answer in answers):
        return None
    if any(answer is not None and answer.size_class != first.size_class for answer in answers):
        return first._replace(size_class=None)
    return first


def _by_row(row: _Industry, known: Mapping[str, Decimal | int | None]) -> Standing | None:
    lowest, complete = len(CLASSES) - 1, True
    figures: dict[str, Figure] = {"industry": row.name}
    for indicator, limits in row.limits:
        value = known[indicator]
        figures[indicator] = value
        figures[f"{indicator}_large"] = limits[-1]
        if value is None:
            complete = False
        else:
            lowest = min(lowest, sum(value >= limit for limit in limits))
    size_class = CLASSES[lowest]
    if size_class == "大型":
        return Standing("大型", "大型", figures) if complete else None
    settled = complete or size_class == "微型"
    return Standing("中小微", size_class if settled else None, figures)
