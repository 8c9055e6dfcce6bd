"""The console as a member of staff opens it, over the city of the refunds' tests."""

from collections.abc import Callable

import pytest
from django.test import Client

from agency.models import Role
from tests.subsidies.refunds.conftest import (  # noqa: F401 - the same city
    acts_for,
    allocation,
    credit_list,
    days,
    files,
    make_enterprise,
    make_programme,
    moment,
    programme,
    regions,
    screen,
    staff,
)

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def at_desk(staff) -> Callable[..., Client]:  # noqa: F811
    """The browser of the person who holds a role over a region."""

    def browser(role: str, region: str = "1403") -> Client:
        client = Client()
        client.force_login(staff(role, region=region), backend=BACKEND)
        return client

    return browser


@pytest.fixture
def clerk(at_desk) -> Client:
    return at_desk(Role.PREPARER)
