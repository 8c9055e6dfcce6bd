"""Figures as people read them. Nothing is rounded here: amounts come in fen, rates in six places."""

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def yuan(amount: Decimal | None) -> str:
    """181508.40 -> 181,508.40; unknown -> 待核实."""
    return "待核实" if amount is None else f"{amount:,.2f}"


@register.filter
def percent(rate: Decimal | str | None) -> str:
    """0.055000 -> 5.5%; unknown -> 待核实."""
    if rate in (None, ""):
        return "待核实"
    return f"{(Decimal(str(rate)) * 100).normalize():f}%"
