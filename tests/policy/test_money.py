from decimal import Decimal

import pytest

from policy.money import apportion, to_fen, to_six_places


class TestRounding:
    @pytest.mark.parametrize(
        ("yuan", "fen"),
        [("1815.084", "1815.08"), ("0.005", "0.01"), ("0.0049", "0.00"), ("2.675", "2.68"), ("0.015", "0.02")],
    )
    def test_rounds_half_up_to_the_fen(self, yuan: str, fen: str) -> None:
        assert str(to_fen(Decimal(yuan))) == fen

    def test_prints_a_rate_with_six_decimals(self) -> None:
        assert str(to_six_places(Decimal(7) / Decimal(30))) == "0.233333"
        assert str(to_six_places(Decimal("0.0000005"))) == "0.000001"


class TestParts:
    @pytest.mark.parametrize(
        ("exact", "parts"),
        [
            (["0.006", "0.006", "0.006"], ["0.01", "0.01", "0.00"]),
            (["0.012", "0.006", "0.012"], ["0.01", "0.01", "0.01"]),
            (["0.001", "0.003"], ["0.00", "0.00"]),
            (["0.002", "0.003"], ["0.00", "0.01"]),
            (["1.00", "0.00"], ["1.00", "0.00"]),
            (["0.005"], ["0.01"]),
        ],
    )
    def test_give_the_fen_left_over_to_the_largest_fractions(self, exact: list[str], parts: list[str]) -> None:
        assert [str(part) for part in apportion([Decimal(each) for each in exact])] == parts
