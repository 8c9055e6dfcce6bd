"""Write docs/states.md from the tables beside every State: labels, next steps, moves with roles, a picture each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand

from agency.models import Role

PATH = Path(settings.BASE_DIR) / "docs" / "states.md"
ORDER = ("refunds", "skills", "payout", "enterprises", "agency")
HEAD = """# States and moves

Written by `python manage.py states` from the tables in the code; a test fails while it is not current. Every move is carried
out by `agency.moves`, guarded, with its Event; every other pair is refused, to everybody. Staff move a case only within the
region of their post. 系统 = a sweep or job; 单位 = the enterprise itself, in the portal. A move marked 暂缓 waits while a Hold
is open on the case. 公众标签 is what the enterprise or the public reads; `-` where nobody outside sees the row.
"""


class Command(BaseCommand):
    help = "由状态表生成 docs/states.md"

    def handle(self, *args: Any, **options: Any) -> None:
        PATH.write_text(written(), "utf-8")


def moving_models() -> list[Any]:
    """Every model that moves by a table, cases first."""
    found = [model for model in apps.get_models() if hasattr(model, "MOVES")]
    return sorted(found, key=lambda model: ORDER.index(model._meta.app_label))


def written() -> str:
    """The whole file."""
    return "\n".join([HEAD, *("\n".join([*_section(model), ""]) for model in moving_models())]).rstrip() + "\n"


def _section(model: Any) -> Iterator[str]:
    labels = dict(model.State.choices)
    public = getattr(model, "PUBLIC_LABELS", {})
    yield f"## {model._meta.verbose_name} · {model.__name__}\n"
    yield "| state | 状态 | 公众标签 | 下一步 |"
    yield "|---|---|---|---|"
    for state, label in labels.items():
        yield f"| `{state}` | {label} | {public.get(state) or '-'} | {model.NEXT_STEPS[state]} |"
    yield "\n| 原状态 | 新状态 | 由谁 | |"
    yield "|---|---|---|---|"
    for (was, now), roles in _in_order(model):
        held = "暂缓" if (was, now) in model.HELD_MOVES else ""
        yield f"| {labels[was]} | {labels[now]} | {_who(roles)} | {held} |"
    yield from _picture(model, labels)


def _picture(model: Any, labels: dict[str, str]) -> Iterator[str]:
    yield "\n```mermaid\nstateDiagram-v2"
    for state, label in labels.items():
        yield f'    state "{label}" as {state}'
    born = model._meta.get_field("state").default
    if born in labels:
        yield f"    [*] --> {born}"
    for (was, now), roles in _in_order(model):
        yield f"    {was} --> {now}: {_who(roles)}"
    for state in labels:
        if not any(was == state for was, _ in model.MOVES):
            yield f"    {state} --> [*]"
    yield "```"


def _in_order(model: Any) -> list[tuple[tuple[str, str], set[str]]]:
    order = {state: place for place, (state, _) in enumerate(model.State.choices)}
    return sorted(model.MOVES.items(), key=lambda each: (order[each[0][0]], order[each[0][1]]))


def _who(roles: set[str]) -> str:
    return "、".join(role.label for role in Role if role in roles)
