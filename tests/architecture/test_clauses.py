"""What docs/clauses.md points to in the applications is there."""

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import reverse

from agency.intake import kinds
from tests.architecture.conftest import ROOT
from tests.policy.clauses import PAGE, attribute, dead, rows_of

APPS = {"refunds": "subsidies.refunds", "payout": "subsidies.payout", "skills": "subsidies.skills"}


def module(name: str, room: str) -> str:
    """`refunds.offer_all` in room `actions` -> `subsidies.refunds.actions.offer_all`."""
    app, _, rest = name.partition(".")
    return f"{APPS.get(app, app)}.{room}.{rest}"


def state(name: str) -> bool:
    app, model, word = name.split(".")
    return word in apps.get_model(app, model).State.names


def page(name: str) -> str:
    takes_id = {"home": [], "refunds": [], "apply_first": [], "sign_in": [], "rounds": []}
    return reverse(f"portal:{name}", args=takes_id.get(name, [1]))


RESOLVES = {
    "action": lambda name: attribute(module(name, "actions")),
    "task": lambda name: attribute(module(name, "tasks")),
    "model": apps.get_model,
    "state": state,
    "kind": lambda name: name in kinds(),
    "console": lambda name: any(f"{each._meta.app_label}_{each._meta.model_name}" == name for each in admin.site._registry),
    "page": page,
    "sms": lambda name: (ROOT / f"templates/sms/{name}.txt").exists(),
}


class TestPointers:
    def test_lead_somewhere(self):
        assert settings.configured
        rows = [
            row._replace(where=" ".join(f"`{kind}:{name}`" for kind, name in row.pointers if kind in RESOLVES))
            for row in rows_of(PAGE.read_text(encoding="utf-8"))
        ]
        assert {kind for row in rows for kind, _ in row.pointers} == RESOLVES.keys()
        assert dead(rows, RESOLVES) == []

    def test_that_lead_nowhere_are_noticed(self):
        page_of_it = (
            "## 甲\n| 一 | 说 | `action:refunds.offer_none` `kind:nobody` `sms:none` `state:refunds.Application.GONE` | - |\n"
        )
        assert len(dead(rows_of(page_of_it), RESOLVES)) == 4
