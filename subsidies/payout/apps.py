from django.apps import AppConfig


class PayoutConfig(AppConfig):
    name = "subsidies.payout"
    label = "payout"
    verbose_name = "公示与拨付"

    def ready(self) -> None:
        from subsidies.payout import resources  # noqa: F401
