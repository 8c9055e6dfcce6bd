"""What is asked of the agency's rows: who may do what where, which terms hold, what waits."""

from collections import defaultdict
from datetime import date

from django.db.models import Q, QuerySet

from agency.models import Edition, Post, Programme, Role, User


def posts_on(user: User, on: date) -> "QuerySet[Post]":
    """The posts that the user holds on a day (both ends in)."""
    return Post.objects.filter(user=user, from_on__lte=on).filter(Q(until_on__isnull=True) | Q(until_on__gte=on))


def paths_by_role(user: User, on: date) -> dict[str, list[str]]:
    """{role: region paths} of the user on a day; a path covers every region whose own path starts with it."""
    if not user.is_active:
        return {}
    found: dict[str, list[str]] = defaultdict(list)
    for role, path in posts_on(user, on).values_list("role", "region__path"):
        found[role].append(path)
    return dict(found)


def may(user: User, roles: set[str] | frozenset[str], path: str, on: date) -> bool:
    """Whether the user holds one of the roles over the region with this path on the day."""
    return any(
        role in roles and any(path.startswith(prefix) for prefix in prefixes)
        for role, prefixes in paths_by_role(user, on).items()
    )


def within(user: User, roles: set[str] | frozenset[str], on: date, path_field: str = "region__path") -> Q:
    """A filter for the rows whose region the user covers by one of the roles; matches nothing where there is none."""
    scope = Q(pk__in=[])
    for role, prefixes in paths_by_role(user, on).items():
        if role in roles:
            for prefix in prefixes:
                scope |= Q(**{f"{path_field}__startswith": prefix})
    return scope


def edition_in_force(programme: Programme, on: date) -> Edition | None:
    """The latest approved edition that counts on the day, None before the first."""
    return (
        programme.editions.filter(state=Edition.State.APPROVED, counts_from__lte=on).order_by("-counts_from", "-number").first()
    )


BUSINESS_READERS = frozenset({Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.AUDITOR, Role.POLICY})
