"""Figures as people read them. Nothing is rounded here: amounts come in fen, rates in six places."""

from decimal import Decimal

from django import template

from policy import explain

register = template.Library()
NOT_KNOWN = "待核实"


@register.filter
def yuan(amount: Decimal | None) -> str:
    """181508.40 -> 181,508.40, its 元 left to the page; unknown -> 待核实."""
    return NOT_KNOWN if amount is None else f"{amount:,.2f}"


@register.filter
def percent(rate: Decimal | str | None) -> str:
    """0.055000 -> 5.5%; unknown -> 待核实."""
    return NOT_KNOWN if rate in (None, "") else explain.percent(Decimal(str(rate)))
