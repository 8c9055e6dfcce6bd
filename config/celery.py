"""Celery and its beat table: sweeps over rows in a state, no arguments, safe late, twice or at once."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("wengang")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
SWEEPS: dict[str, dict[str, Any]] = {
    "work queued jobs": {"task": "agency.work_jobs", "schedule": 10},
    "send queued messages": {"task": "agency.send_messages", "schedule": 5},
    "read receipts": {"task": "agency.read_receipts", "schedule": 30},
    "work screenings": {"task": "refunds.work_screenings", "schedule": 10},
    "screen for new lists of sizes": {"task": "refunds.screen_new_sizes", "schedule": 60},
    "make lists": {"task": "refunds.work_exports", "schedule": 10},
    "make publicity files": {"task": "payout.work_lists", "schedule": 10},
    "work bulks": {"task": "refunds.work_bulks", "schedule": 10},
    "work what-ifs": {"task": "refunds.work_what_ifs", "schedule": 10},
    "take replies": {"task": "refunds.take_replies", "schedule": 15},
    "tell who was paid": {"task": "refunds.tell_paid", "schedule": 60},
    "tell who declined or is overdue": {"task": "refunds.tell_turned", "schedule": 300},
    "look up credit": {"task": "refunds.look_up_credit", "schedule": 30},
    "look up credit before payment": {"task": "payout.look_up_credit", "schedule": 30},
    "daily: overdue, waived": {"task": "refunds.day_turns", "schedule": crontab(hour=0, minute=10)},
    "daily: cases of ended posts": {"task": "refunds.take_back", "schedule": crontab(hour=0, minute=20)},
    "daily: completions": {"task": "refunds.tell_completions", "schedule": crontab(hour=9, minute=5)},
    "daily: reminders": {"task": "refunds.remind", "schedule": crontab(hour=9, minute=0)},
    "daily: links over": {"task": "agency.end_expired_links", "schedule": crontab(hour=0, minute=20)},
    "daily: evidence not handed in": {"task": "agency.evidence_overdue", "schedule": crontab(hour=0, minute=20)},
    "daily: stray files": {"task": "agency.drop_stray_files", "schedule": crontab(hour=3, minute=10)},
    "daily: publicity over": {"task": "payout.day_turns", "schedule": crontab(hour=0, minute=15)},
}
for sweep in SWEEPS.values():
    if isinstance(sweep["schedule"], int):  # one that no worker was free for is dropped: the next finds the same rows
        sweep["options"] = {"expires": sweep["schedule"]}
app.conf.beat_schedule = SWEEPS
