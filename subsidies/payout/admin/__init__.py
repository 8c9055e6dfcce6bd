"""公示与拨付: the staff pages."""

from subsidies.payout.admin import objections, payments, publicity  # noqa: F401 - registered by import
