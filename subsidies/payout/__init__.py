"""公示与拨付: publicity, objections, payment, the same for every subsidy."""
