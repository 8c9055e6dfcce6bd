from django.apps import AppConfig


class EnterprisesConfig(AppConfig):
    name = "enterprises"
    label = "enterprises"
    verbose_name = "参保单位"

    def ready(self) -> None:
        from enterprises import resources  # noqa: F401
