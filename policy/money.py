"""The only rounding of the house. Money is exact decimal yuan everywhere else.

Half-up to the fen, once, at the end: an agency choice that all published figures agree with.
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

_FEN = Decimal("0.01")
_SIX_PLACES = Decimal("0.000001")


def to_fen(yuan: Decimal) -> Decimal:
    """Yuan rounded half-up to the fen: 1815.084 -> 1815.08, 0.005 -> 0.01."""
    return yuan.quantize(_FEN, ROUND_HALF_UP)


def to_six_places(rate: Decimal) -> Decimal:
    """A fraction as it is printed, half-up to six decimals; comparisons use the fraction itself."""
    return rate.quantize(_SIX_PLACES, ROUND_HALF_UP)


def apportion(parts: Sequence[Decimal]) -> list[Decimal]:
    """Yuan of each part, none below 0, to the fen, so that they add up to their sum rounded half-up to the fen.

    Each is floored; the fen left over go to the largest fractions, of equal ones to the earlier.
    """
    floored = [part.quantize(_FEN, ROUND_FLOOR) for part in parts]
    left_over = int((to_fen(sum(parts, Decimal(0))) - sum(floored, Decimal(0))) / _FEN)
    by_fraction = sorted(range(len(parts)), key=lambda place: floored[place] - parts[place])
    for place in by_fraction[:left_over]:
        floored[place] += _FEN
    return floored
