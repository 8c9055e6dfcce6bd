"""What a programme says to payout: its terms in force, who publishes, what bars a payment."""

from datetime import date
from typing import NamedTuple

from agency.models import Edition, Programme, Region
from agency.queries import edition_in_force, terms_of
from policy.notice import Terms

DEREGISTERED = "注销"  # in every notice nobody is left to be paid: it holds payment


class NoTerms(Exception):
    """No approved edition of the programme counts on the day; says in Chinese what to do."""


class Publisher(NamedTuple):
    """Whose desk publishes, and the phones that an announcement prints."""

    name: str
    phone: str
    complaints_phone: str


def edition_on(programme: Programme, on: date) -> Edition:
    """The edition that counts on the day. Raises NoTerms."""
    edition = edition_in_force(programme, on)
    if edition is None:
        raise NoTerms(f"“{programme.title}”在 {on} 没有已批准的版本；请先由政策管理岗位批准版本。")
    return edition


def terms_in_force(programme: Programme, on: date) -> Terms:
    """The terms of the edition that counts on the day. Raises NoTerms."""
    return terms_of(edition_on(programme, on))


def legal_basis(programme: Programme, terms: Terms) -> str:
    """Title and 文号 of the notice, as an announcement names them."""
    number = terms.number or programme.final_number
    return f"《{terms.title}》（{number}）" if number else f"《{terms.title}》"


def barring_flags(terms: Terms, on: date) -> frozenset[str]:
    """The list types that stop a payment: those the notice names, and a deregistered payee in every notice."""
    return frozenset({*terms.value("credit_bars", on), *terms.value("registration_bars", on), DEREGISTERED})


def publisher_of(region: Region) -> Publisher:
    """Office and phones of the region; what it does not state is taken from the nearest region above."""
    codes = [code for code in region.path.split("/") if code]
    found = Region.objects.in_bulk(codes)
    nearest = [found[code] for code in reversed(codes) if code in found]
    name, phone, complaints = (
        next((getattr(one, field) for one in nearest if getattr(one, field)), "")
        for field in ("office_name", "phone", "complaints_phone")
    )
    return Publisher(name, phone, complaints)
