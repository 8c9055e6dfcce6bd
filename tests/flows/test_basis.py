"""Confirming looks at every row again where anything that the checks ask was written since, and only there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from agency.actions import imports
from agency.actions.imports import ImportRefused
from agency.intake import forget_writes
from agency.models import Import, Write
from enterprises.models import Enterprise, MonthlyContribution
from tests.office import contribution

RENAME = "UPDATE enterprises_enterprise SET name = 'X' WHERE uscc = %s"
VOID = "UPDATE enterprises_enterprise SET voided = TRUE WHERE uscc = %s"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def codes(committed_office) -> list[str]:
    return committed_office.enterprises(3)


@pytest.fixture
def checked(committed_office, codes) -> Import:
    return committed_office.check("contributions", [contribution(code) for code in codes])


@contextmanager
def elsewhere() -> Iterator[object]:
    """Another connection, as another process has."""
    side = connection.copy()
    try:
        with side.cursor() as cursor:
            yield cursor
    finally:
        side.close()


def asks_again(office, imp: Import) -> bool:
    """Whether confirming looked at the rows; it has landed them."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        office.confirm(imp)
    assert (imp.state, MonthlyContribution.objects.count()) == ("CONFIRMED", 3)
    return any("_fate" in query["sql"] and query["sql"].startswith("CREATE") for query in asked.captured_queries)


def test_nothing_written_nothing_asked(committed_office, checked):
    assert not asks_again(committed_office, checked)


def test_a_write_to_another_table_is_not_asked_about(committed_office, checked):
    committed_office.load("workdays", [{"日期": "2024-02-04", "是否上班": "是"}])
    assert not asks_again(committed_office, checked)


def test_a_write_that_changes_no_fate_is_asked_about_and_the_rows_land(committed_office, checked, codes):
    with elsewhere() as cursor:
        cursor.execute(RENAME, codes[:1])
    assert asks_again(committed_office, checked)


def test_a_write_that_changes_a_fate_lands_nothing(committed_office, checked, codes):
    with elsewhere() as cursor:
        cursor.execute(VOID, codes[:1])
    with pytest.raises(ImportRefused, match="自检查以后数据有变化"):
        committed_office.confirm(checked)
    checked.refresh_from_db()
    assert (checked.state, checked.new, checked.refused, MonthlyContribution.objects.count()) == ("CHECKED", 2, 1, 0)


def test_a_write_that_was_not_ended_when_the_checks_began_counts_as_later(committed_office, codes):
    with elsewhere() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(VOID, codes[:1])
        checked = committed_office.check("contributions", [contribution(code) for code in codes])
        assert checked.new == 3
        cursor.execute("COMMIT")
    with pytest.raises(ImportRefused, match="自检查以后数据有变化"):
        committed_office.confirm(checked)


def test_a_write_that_was_taken_back_is_none(committed_office, checked, codes):
    with elsewhere() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(VOID, codes[:1])
        cursor.execute("ROLLBACK")
    assert not asks_again(committed_office, checked)


def test_another_day_is_another_question(committed_office, checked):
    committed_office.at += timedelta(days=1)
    assert asks_again(committed_office, checked)


def test_a_report_that_the_notes_may_not_outlast_is_not_relied_on(committed_office, checked):
    """Notes go after thirty days."""
    Write.objects.filter(table_name="agency_region").update(at=F("at") - timedelta(days=31))
    forget_writes()
    assert set(Write.objects.values_list("table_name", flat=True)) == {"enterprises_enterprise"}
    checked.report["basis"]["made_at"] -= 16 * 86_400
    checked.save()
    assert asks_again(committed_office, checked)


def test_a_load_made_twice_lands_once(committed_office, checked, codes):
    again = committed_office.check("contributions", [contribution(code) for code in reversed(codes)])
    committed_office.confirm(again)
    with pytest.raises(ImportRefused, match="自检查以后数据有变化"):
        imports.confirm_import(checked, by=checked.checked_by, at=committed_office.at)
    assert MonthlyContribution.objects.count() == 3
    assert Enterprise.objects.count() == 3
