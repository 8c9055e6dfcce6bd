from django.apps import AppConfig


class RefundsConfig(AppConfig):
    name = "subsidies.refunds"
    label = "refunds"
    verbose_name = "稳岗返还"

    def ready(self) -> None:
        from subsidies.refunds import resources  # noqa: F401
