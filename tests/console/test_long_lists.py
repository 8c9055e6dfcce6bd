"""Lists of any length: found by a part of the name, counted as far as one leafs, filtered without asking what there is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from agency.admin import lists
from agency.admin.lists import AtLeast, CountedPaginator
from enterprises.models import Enterprise
from enterprises.queries import found_by

NAMES = st.text(st.sampled_from("晨曦商店（）()ab1 %_\\"), min_size=1, max_size=7)


class TestFoundBy:
    @pytest.mark.django_db
    def test_finds_what_contains_the_word(self, make_enterprise):
        ids = [make_enterprise().pk for _ in range(6)]

        @settings(max_examples=60, deadline=None)
        @given(names=st.lists(NAMES, min_size=6, max_size=6), word=NAMES.map(str.strip).filter(bool))
        def holds(names, word):
            for pk, name in zip(ids, names, strict=True):
                Enterprise.objects.filter(pk=pk).update(name=name)
            by_code = set(Enterprise.objects.filter(uscc__startswith=word.upper()).values_list("pk", flat=True))
            by_name = {pk for pk, name in zip(ids, names, strict=True) if word in name}
            assert set(found_by(word).values_list("pk", flat=True)) == by_code | by_name

        holds()

    def test_finds_a_code_from_its_beginning(self, make_enterprise):
        one = make_enterprise()
        make_enterprise()
        assert list(found_by(one.uscc.lower())) == [one]
        assert found_by(one.uscc[:6]).count() == 2
        assert not found_by(one.uscc[1:]).exists()

    def test_asks_the_index_of_pairs(self, make_enterprise):
        make_enterprise()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("EXPLAIN SELECT FROM enterprises_enterprise WHERE enterprises_name_pairs(name) @> ARRAY['晨曦']")
            assert "enterprise_name_pairs" in str(cursor.fetchall())
        assert "enterprises_name_pairs" in str(found_by("晨曦").query)


class TestPaginator:
    def test_counts_no_further_than_one_leafs(self, make_enterprise, monkeypatch):
        for _ in range(5):
            make_enterprise()
        rows = Enterprise.objects.order_by("uscc")
        assert (CountedPaginator(rows, 2).count, CountedPaginator(rows, 2).num_pages) == (5, 3)
        monkeypatch.setattr(lists, "COUNTED", 4)
        short = CountedPaginator(rows, 2)
        assert (str(short.count), short.num_pages, isinstance(short.count, AtLeast)) == ("超过 4", 2, True)
        monkeypatch.setattr(lists, "COUNTED", 5)
        assert str(CountedPaginator(rows, 2).count) == "5"

    def test_a_list_longer_than_that_says_so(self, clerk, make_enterprise, screen, monkeypatch):
        for _ in range(5):
            make_enterprise()
        screen()
        monkeypatch.setattr(lists, "COUNTED", 4)
        assert "超过 4" in clerk.get(reverse("admin:refunds_application_changelist")).content.decode()


class TestFilters:
    @pytest.mark.parametrize(
        ("listing", "query"),
        [
            ("refunds_application", "size=大型"), ("refunds_application", "size=-"),
            ("enterprises_enterprise", "recorded_size=小型"),
            ("enterprises_sizelisting", "year=2024&size=中小微"), ("enterprises_sizedecision", "basis=parent&year=2024"),
        ],
    )  # fmt: skip
    def test_ask_no_table_what_there_is(self, clerk, make_enterprise, screen, listing, query):
        make_enterprise()
        screen()
        with CaptureQueriesContext(connection) as asked:
            assert clerk.get(f"{reverse(f'admin:{listing}_changelist')}?{query}").status_code == 200
        assert not [found["sql"] for found in asked.captured_queries if "DISTINCT" in found["sql"]]

    def test_undecided_is_a_word_too(self, clerk, make_enterprise, screen):
        sized, unsized = make_enterprise(), make_enterprise(kind="分支机构", parent_uscc="X")
        screen()
        address = reverse("admin:refunds_application_changelist")
        for word, found in (("中小微", [sized]), ("-", [unsized]), ("大型", [])):
            assert [row.enterprise for row in clerk.get(f"{address}?size={word}").context["cl"].queryset] == found

    def test_a_year_that_is_none_filters_nothing(self, clerk, make_enterprise, screen):
        make_enterprise()
        screen()
        assert clerk.get(f"{reverse('admin:enterprises_sizedecision_changelist')}?year=x").status_code == 200


class TestPages:
    PAGES = (
        "", "q=晨曦", "q=晨", "state__exact=ELIGIBLE", "region=1403/140302/",
        "state__exact=ELIGIBLE&region=1403/140302/&q=晨曦",
    )  # fmt: skip

    def test_take_as_many_queries_for_three_hundred_rows_as_for_ten(self, clerk, make_enterprise, screen):
        def asked(page):
            with CaptureQueriesContext(connection) as found:
                assert clerk.get(f"{reverse('admin:refunds_application_changelist')}?{page}").status_code == 200
            return len(found)

        for _ in range(10):
            make_enterprise(name="甲市晨曦商店")
        screen()
        asked("")
        few = {page: asked(page) for page in self.PAGES}
        for _ in range(290):
            make_enterprise(name="甲市晨曦商店")
        screen()
        assert {page: asked(page) for page in self.PAGES} == few

    @pytest.mark.parametrize("order", ["", "&o=7", "&o=-7", "&o=2.-7"])
    def test_show_each_row_once_where_rows_share_what_they_are_sorted_by(self, clerk, make_enterprise, screen, order):
        for _ in range(120):
            make_enterprise(name="甲市晨曦商店")
        screen()
        address = reverse("admin:refunds_application_changelist")
        shown = [row.pk for page in (1, 2, 3) for row in clerk.get(f"{address}?p={page}{order}").context["cl"].result_list]
        assert len(shown) == 120
        assert len(set(shown)) == 120
        again = [
            row.pk for page in (3, 2, 1) for row in reversed(clerk.get(f"{address}?p={page}{order}").context["cl"].result_list)
        ]
        assert again == shown[::-1]
