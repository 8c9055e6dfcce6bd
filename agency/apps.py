from django.apps import AppConfig


class AgencyConfig(AppConfig):
    name = "agency"
    label = "agency"
    verbose_name = "经办机构"

    def ready(self) -> None:
        from agency import resources  # noqa: F401
