"""The staff pages of the agency's own rows, and the desk that every app's pages stand on."""

from django.contrib import admin
from django.contrib.auth.models import Group

from agency.admin import bulk, disputes, imports, messages, people, places, programmes, trail, work  # noqa: F401 - registered by import
from agency.admin.attachments import ProofsField, attachments_panel
from agency.admin.desk import STAFF_WHO_WORK, Deed, DeskAdmin, Panel, Refused, revealed, roles_of
from agency.admin.typed import correct

admin.site.unregister(Group)  # Django's groups are not used: posts decide

__all__ = [
    "STAFF_WHO_WORK",
    "Deed",
    "DeskAdmin",
    "Panel",
    "ProofsField",
    "Refused",
    "attachments_panel",
    "correct",
    "revealed",
    "roles_of",
]
