"""What changes the enterprises' rows, one file a noun."""

from enterprises.actions.contacts import reveal, reveal_contact, reveal_person
from enterprises.actions.covers import record_covers
from enterprises.actions.links import PhoneChanged, phone_behind, request_link_code, sign_in_by_link
from enterprises.actions.members import SignInRefused, acting_user, request_code, sign_in
from enterprises.actions.sizes import Sized, record_sizes

__all__ = [
    "PhoneChanged",
    "SignInRefused",
    "Sized",
    "acting_user",
    "phone_behind",
    "record_covers",
    "record_sizes",
    "request_code",
    "request_link_code",
    "reveal",
    "reveal_contact",
    "reveal_person",
    "sign_in",
    "sign_in_by_link",
]
