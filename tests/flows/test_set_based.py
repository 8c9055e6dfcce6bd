"""No query and no save a row: what is asked of PostgreSQL does not grow with the file."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agency import intake
from agency.actions import imports
from enterprises.models import Enterprise
from tests.office import contribution, enterprise


class TestQueries:
    @pytest.mark.parametrize("kind", ["enterprises", "contributions"])
    def test_are_as_many_for_a_thousand_rows_as_for_ten(self, office, kind):
        codes = office.enterprises(1_000) if kind == "contributions" else []
        rows = (
            [enterprise(number) for number in range(1_000)] if kind == "enterprises" else [contribution(code) for code in codes]
        )
        counts = []
        for part in (rows[:10], rows):
            with CaptureQueriesContext(connection) as asked:
                imp = office.check(kind, part)
                imports.confirm_import(imp, by=imp.checked_by, at=office.at)
            counts.append(len(asked))
            assert imp.state == "CONFIRMED"
        assert counts[0] == counts[1]


class TestExport:
    def test_has_the_headers_of_the_import_and_masks_what_is_sealed(self, office):
        office.load("enterprises", [enterprise(1, 劳务派遣="是", 手机号="13912345678", 账号="622200001234")])
        resource = intake.kind_of("enterprises")
        exported = resource.export(Enterprise.objects.all())
        row = exported.dict[0]
        assert list(row) == [column.header for column in resource.columns]
        assert (row["手机号"], row["账号"], row["劳务派遣"], row["作废"]) == ("139****5678", "****1234", "是", "否")

    def test_cannot_be_used_to_import_row_by_row(self):
        with pytest.raises(TypeError):
            intake.kind_of("enterprises").import_data([])
