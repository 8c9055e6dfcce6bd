from django.apps import AppConfig


class SkillsConfig(AppConfig):
    name = "subsidies.skills"
    label = "skills"
    verbose_name = "技能提升补贴"

    def ready(self) -> None:
        from subsidies.skills import resources  # noqa: F401
