"""What docs/clauses.md points to in the applications is there."""

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin

import portal.urls
from agency.intake import kinds
from tests.architecture.conftest import ROOT
from tests.policy.clauses import KINDS, PAGE, attribute, dead, rows_of

APPS = {"refunds": "subsidies.refunds", "payout": "subsidies.payout", "skills": "subsidies.skills"}


def module(name: str, room: str) -> str:
    """`refunds.offer_all` in room `actions` -> `subsidies.refunds.actions.offer_all`."""
    app, _, rest = name.partition(".")
    return f"{APPS.get(app, app)}.{room}.{rest}"


def state(name: str) -> bool:
    app, model, word = name.split(".")
    return word in apps.get_model(app, model).State.names


def page(name: str) -> bool:
    return name in {each.name for each in portal.urls.urlpatterns}


RESOLVES = {
    "action": lambda _, name: attribute(module(name, "actions")),
    "task": lambda _, name: attribute(module(name, "tasks")),
    "model": lambda _, name: apps.get_model(name),
    "state": lambda _, name: state(name),
    "kind": lambda _, name: name in kinds(),
    "console": lambda _, name: any(f"{each._meta.app_label}_{each._meta.model_name}" == name for each in admin.site._registry),
    "page": lambda _, name: page(name),
    "sms": lambda _, name: (ROOT / f"templates/sms/{name}.txt").exists(),
}


class TestPointers:
    def test_lead_somewhere(self):
        assert settings.configured
        rows = rows_of(PAGE.read_text(encoding="utf-8"))
        assert {kind for row in rows for kind, _ in row.pointers} == set(KINDS)
        assert dead(rows, RESOLVES) == []

    @pytest.mark.parametrize(
        "gone",
        [
            "action:refunds.offer_none", "action:refund.offer", "task:refunds.none", "model:agency.None",
            "state:refunds.Application.GONE", "kind:nobody", "console:agency_none", "page:none", "sms:none", "thing:none",
        ],
    )  # fmt: skip
    def test_that_lead_nowhere_are_noticed(self, gone):
        assert dead(rows_of(f"## 甲\n| 一 | 「原文」 | 说 | `{gone}` | 规定 |\n"), RESOLVES) == [f"甲 一：{gone}"]
