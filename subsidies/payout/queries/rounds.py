"""公示 as the public sees it: rounds, lines with their visible columns alone, and the text whose hash is printed."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import QuerySet

from subsidies.payout.models import PublicityRound, PublishedLine

# Publicity columns by the programme's choice, of claims always `skill`: (header, key of the line).
COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "name": (("序号", "position"), ("单位名称", "name")),
    "name_amount": (("序号", "position"), ("单位名称", "name"), ("返还金额", "amount")),
    "name_rate_amount": (
        ("序号", "position"), ("单位名称", "name"), ("裁员率", "columns__layoff_rate"), ("返还金额", "amount"),
    ),
    "skill": (
        ("序号", "position"), ("姓名", "name"), ("证书名称", "columns__certificate"), ("等级", "columns__grade"),
        ("金额", "amount"),
    ),
}  # fmt: skip


def public_rounds(on: date) -> "QuerySet[PublicityRound]":
    """Rounds that the public may see on the day, the newest first; those whose period is over remain readable."""
    shown = (PublicityRound.State.PUBLISHED, PublicityRound.State.CLOSED)
    return PublicityRound.objects.filter(state__in=shown, starts_on__lte=on).order_by("-starts_on", "-pk")


def public_lines(round_: PublicityRound) -> "QuerySet[PublishedLine, dict[str, Any]]":
    """Lines of a round in order: the columns that it publishes and no other.

    Keys: id, struck_at, struck_why, and those of COLUMNS."""
    keys = [key for _, key in COLUMNS[round_.columns]]
    return round_.lines.order_by("position").values("id", "struck_at", "struck_why", *keys)


def lines_from(round_: PublicityRound, first: int, many: int) -> "QuerySet[PublishedLine, dict[str, Any]]":
    """So many lines from a position on. Positions have no gaps, so that any page is a range of the index, the last as
    near as the first."""
    return public_lines(round_).filter(position__gte=first, position__lt=first + many)


def lines_named(round_: PublicityRound, part: str) -> "QuerySet[PublishedLine, dict[str, Any]]":
    """The lines whose name contains a part. One round is read through, in order, which for 34,101 lines is quicker than what
    an index of the pairs of characters saves where many match, and near it where few do."""
    return public_lines(round_).filter(name__contains=part)


def list_rows(round_: PublicityRound) -> Iterator[tuple[Any, ...]]:
    """The rows of the list as printed, under the headers of COLUMNS."""
    keys = [key for _, key in COLUMNS[round_.columns]]
    return round_.lines.order_by("position").values_list(*keys).iterator(chunk_size=10_000)


def canonical_text(round_: PublicityRound) -> Iterator[str]:
    """The announcement and the list exactly as published, one piece after the other; `sha256` is that of its UTF-8.

    The announcement, an empty line, the headers, then a line a row: cells parted by tabs, amounts with two decimals."""
    yield f"{round_.body.rstrip()}\n\n"
    yield "\t".join(header for header, _ in COLUMNS[round_.columns]) + "\n"
    for row in list_rows(round_):
        yield "\t".join("" if cell is None else str(cell) for cell in row) + "\n"
