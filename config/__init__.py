"""配置: wiring only."""

from config import logs
from config.celery import app as celery_app

logs.install()

__all__ = ["celery_app"]
