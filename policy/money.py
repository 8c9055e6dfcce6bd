"""The only rounding of the house. Money is exact decimal yuan everywhere else.

Half-up to the fen, once, at the end: an agency choice that all published figures agree with.
"""

from decimal import ROUND_HALF_UP, Decimal

_FEN = Decimal("0.01")
_SIX_PLACES = Decimal("0.000001")


def to_fen(yuan: Decimal) -> Decimal:
    """Yuan rounded half-up to the fen: 1815.084 -> 1815.08, 0.005 -> 0.01."""
    return yuan.quantize(_FEN, ROUND_HALF_UP)


def to_six_places(rate: Decimal) -> Decimal:
    """A fraction as it is printed, half-up to six decimals; comparisons use the fraction itself."""
    return rate.quantize(_SIX_PLACES, ROUND_HALF_UP)
