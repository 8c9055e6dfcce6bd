from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    name = "config"
    label = "config"
    verbose_name = "配置"


class DeskAdminConfig(AdminConfig):
    default_site = "config.site.Desk"
