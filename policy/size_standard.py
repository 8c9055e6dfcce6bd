"""The 2017 standard of enterprise sizes: by industry, from 从业人员, 营业收入 and 资产总额.

Source: 统计上大中小微型企业划分办法（2017）, as `size_standard.toml` has it. It answers large or not: any known
indicator below the large limit makes it 中小微; all indicators known and at or over it make it 大型; else nothing.
"""

import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from policy.verdict import Figure

CLASSES = ("微型", "小型", "中型", "大型")

_INDICATORS = ("employees", "revenue", "assets")


@dataclass(frozen=True, slots=True)
class _Industry:
    """One row: the lowest figure of the classes 小型, 中型, 大型 for each indicator that counts, by its place."""

    name: str
    codes: tuple[str, ...]
    limits: tuple[tuple[int, tuple[int, int, int]], ...]

    def holds(self, code: str) -> bool:
        """Whether a code of 2 to 4 digits lies in this row, or is too short to tell."""
        return any(code.startswith(each) or each.startswith(code) for each in self.codes)


_Known = tuple[int | None, Decimal | None, Decimal | None]


class Standing(NamedTuple):
    """What the standard makes of an enterprise: 大型 or 中小微, its class where known; the row it was found by, and the
    indicators that are known of it (persons, 万元, 万元)."""

    size: str
    size_class: str | None
    row: _Industry
    known: _Known

    @property
    def figures(self) -> Mapping[str, Figure]:
        """The industry, and each indicator that counts with the limit of 大型."""
        figures: dict[str, Figure] = {"industry": self.row.name}
        for place, limits in self.row.limits:
            figures[_INDICATORS[place]] = self.known[place]
            figures[f"{_INDICATORS[place]}_large"] = limits[-1]
        return figures


@lru_cache(maxsize=1)
def _industries() -> tuple[_Industry, ...]:
    table = tomllib.loads(Path(__file__).with_name("size_standard.toml").read_text("utf-8"))
    return tuple(
        _Industry(
            row["name"],
            tuple(row["codes"]),
            tuple(
                (place, (row[key]["small"], row[key]["medium"], row[key]["large"]))
                for place, key in enumerate(_INDICATORS)
                if key in row
            ),
        )
        for row in table["industry"]
    )


@lru_cache(maxsize=4096)
def _rows(code: str) -> tuple[_Industry, ...]:
    return tuple(industry for industry in _industries() if industry.holds(code))


def stand(industry: str | None, employees: int | None, revenue: Decimal | None, assets: Decimal | None) -> Standing | None:
    """What the standard answers; None where it does not: no row, or too little known.

    `revenue` and `assets` in 万元. A code too short to pick one row is answered if every row agrees on the size.
    Source: 国统字〔2017〕213号 统计上大中小微型企业划分办法（2017）.
    """
    rows = _rows(industry) if industry else ()
    if not rows:
        return None
    known = (employees, revenue, assets)
    if len(rows) == 1:
        return _by_row(rows[0], known)
    first, *others = [_by_row(row, known) for row in rows]
    if first is None or any(other is None or other.size != first.size for other in others):
        return None
    if any(other is not None and other.size_class != first.size_class for other in others):
        return first._replace(size_class=None)
    return first


def _by_row(row: _Industry, known: _Known) -> Standing | None:
    lowest, complete = len(CLASSES) - 1, True
    for place, limits in row.limits:
        value = known[place]
        if value is None:
            complete = False
        else:
            lowest = min(lowest, bisect_right(limits, value))  # how many limits it reaches
    size_class = CLASSES[lowest]
    if size_class == "大型":
        return Standing("大型", "大型", row, known) if complete else None
    settled = complete or size_class == "微型"
    return Standing("中小微", size_class if settled else None, row, known)
