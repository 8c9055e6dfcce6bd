"""短信链接: made for a campaign at once, opened any number of times, ended once and for a reason."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.timezone import make_aware

from agency.models import Link
from agency.moves import insert_all
from agency.sealed import blind_index

TOKEN_BYTES = 16
TOKEN_LENGTH = 22  # of its 128 bits in URL-safe letters
WRONG_CODES = 5


class LinkEnded(Exception):
    """This link leads nowhere any more; says in Chinese why. `because` is a word of Link.End."""

    def __init__(self, because: str) -> None:
        super().__init__(f"此链接已失效：{Link.End(because).label}。")
        self.because = because


class NewLink(NamedTuple):
    """One link that is wanted: of whose case, sent to which phone, and its last day."""

    case_id: int
    uscc: str
    phone: str
    until: date


def new_links(case_kind: str, wanted: Sequence[NewLink], *, at: datetime) -> list[str]:
    """The address of a new link for each, in the same order; what was made for these cases before ends. Two statements,
    however many. A case wanted twice (two phones) has two links that both work."""
    tokens = [secrets.token_urlsafe(TOKEN_BYTES) for _ in wanted]
    with transaction.atomic():
        end_links(case_kind, [each.case_id for each in wanted], Link.End.NEWER, at=at)
        insert_all([
            Link(
                token_hash=_hash(token), case_kind=case_kind, case_id=each.case_id, uscc=each.uscc,
                phone_index=blind_index(each.phone), made_at=at, expires_at=_end_of(each.until),
            )
            for token, each in zip(tokens, wanted, strict=True)
        ])  # fmt: skip
    return [f"{settings.PUBLIC_URL.rstrip('/')}/{settings.LINK_PATH}{token}" for token in tokens]


def find_link(token: str) -> Link | None:
    """The link of this token, ended or not; None for what never was one, whatever its form."""
    if len(token) != TOKEN_LENGTH:
        return None
    return Link.objects.filter(token_hash=_hash(token)).first()


def check_link(link: Link, *, at: datetime) -> None:
    """Raise LinkEnded unless the link still leads to its case."""
    if link.ended_because:
        raise LinkEnded(link.ended_because)
    if link.expires_at <= at:
        raise LinkEnded(Link.End.DEADLINE)


def end_links(case_kind: str, case_ids: Sequence[int], because: str, *, at: datetime) -> int:
    """End whatever links of these cases are open, in one statement. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE agency_link SET ended_at = %s, ended_because = %s "
            "WHERE case_kind = %s AND case_id = ANY(%s::bigint[]) AND ended_at IS NULL",
            [at, because, case_kind, list(case_ids)],
        )
        return int(cursor.rowcount)


def end_expired_links(*, at: datetime) -> int:
    """Note of every link whose deadline has passed that it ended then. Returns how many."""
    over = Link.objects.filter(ended_at__isnull=True, expires_at__lte=at)
    return over.update(ended_at=F("expires_at"), ended_because=Link.End.DEADLINE)


def count_wrong_code(link: Link, *, at: datetime) -> None:
    """Count one wrong code; the fifth ends the link, and raises LinkEnded."""
    with transaction.atomic():
        locked = Link.objects.select_for_update().get(pk=link.pk)
        check_link(locked, at=at)
        locked.tries += 1
        if locked.tries >= WRONG_CODES:
            locked.ended_at, locked.ended_because = at, Link.End.WRONG_CODES
        locked.save(update_fields=["tries", "ended_at", "ended_because"])
    check_link(locked, at=at)


def _end_of(day: date) -> datetime:
    return make_aware(datetime.combine(day + timedelta(days=1), time.min))


def _hash(token: str) -> str:
    """Plain SHA-256: 128 random bits are not guessed from it."""
    return sha256(token.encode()).hexdigest()
