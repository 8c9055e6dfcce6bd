"""数据有变化: a case further on does not pass over a change of its facts until a person has settled it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from agency.actions.holds import NewHold, lift_holds, open_holds
from agency.models import Hold

CHANGED = Hold.Kind.FACTS_CHANGED


def hold_changes(held: Sequence[NewHold], *, at: datetime) -> list[int]:
    """Open these holds, but not for changes that a person has settled; an open one that says something else gives way.

    Returns the ids of the new ones."""
    news: list[NewHold] = []
    for case_kind in {each.case_kind for each in held}:
        mine = [each for each in held if each.case_kind == case_kind]
        ids = [each.case_id for each in mine]
        settled = settled_changes(case_kind, ids)
        waiting = Hold.objects.filter(case_kind=case_kind, case_id__in=ids, kind=CHANGED, lifted_at__isnull=True)
        said = dict(waiting.filter(opened_by__isnull=True).values_list("case_id", "reason"))
        outdated = [each.case_id for each in mine if said.get(each.case_id, each.reason) != each.reason]
        lift_holds(case_kind, outdated, [CHANGED], "又有变化", by=None, at=at, system_only=True)
        news += [each for each in mine if (each.case_id, each.reason) not in settled]
    return open_holds(news, by=None, at=at)


def settled_changes(case_kind: str, case_ids: Collection[int]) -> set[tuple[int, str]]:
    """{(case, what changed)} that a person has looked at and let pass."""
    lifted = Hold.objects.filter(case_kind=case_kind, case_id__in=case_ids, kind=CHANGED, lifted_by__isnull=False)
    return set(lifted.values_list("case_id", "reason"))
