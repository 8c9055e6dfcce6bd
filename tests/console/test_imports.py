"""An import as a clerk sees it: taken in, its report, confirmed."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from agency.models import Import, Post, Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
UPLOAD = "admin:agency_import_upload"


def table(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("名册.csv", text.encode(), "text/csv")


class TestUpload:
    def test_files_an_import_under_the_region_chosen(self, clerk, regions):
        answer = clerk.post(reverse(UPLOAD), {"kind": "enterprises", "file": table("x\n"), "region": "140302"})
        assert answer.status_code == 302
        assert Import.objects.get().region_id == "140302"

    def test_offers_ones_own_regions_and_asks_where_there_are_two(self, clerk, staff):
        one = clerk.get(reverse(UPLOAD)).context["form"].fields["region"]
        assert ([code for code, _ in one.choices], one.required) == (["", "1403", "140302", "140303"], False)
        Post.objects.create(user=staff(Role.PREPARER), role=Role.PREPARER, region_id="1404", from_on=date(2024, 1, 1))
        two = clerk.get(reverse(UPLOAD)).context["form"].fields["region"]
        assert ([code for code, _ in two.choices], two.required) == (["", "1403", "140302", "140303", "1404"], True)
        clerk.post(reverse(UPLOAD), {"kind": "enterprises", "file": table("x\n")})
        assert not Import.objects.exists()
