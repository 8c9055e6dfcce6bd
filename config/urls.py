"""Where each window opens: the console for staff, the portal for everybody else, a counter for the SMS gateway."""

from django.contrib import admin
from django.urls import include, path

from config.webhook import sms_calls

urlpatterns = [
    path("gateway/sms/", sms_calls, name="sms_calls"),
    path("admin/", admin.site.urls),
    path("", include("portal.urls")),
]
