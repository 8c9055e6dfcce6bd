"""Lists of any length: a page costs the same however many rows there are."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.utils.functional import cached_property

from agency import clock

COUNTED = 10_000  # rows that a list counts and leafs through; beyond these one filters, searches, or takes the spreadsheet


class AtLeast(int):
    """A count that was not carried on."""

    def __str__(self) -> str:
        return f"超过 {int(self):,}"

    def __format__(self, spec: str) -> str:
        return str(self)


class CountedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts as far as one leafs: to count a million rows, or to pass over half of them, takes longer than the page."""

    @cached_property
    def count(self) -> int:
        """The number of rows, exact up to COUNTED."""
        rows = self.object_list.order_by()[: COUNTED + 1].count()  # type: ignore[union-attr]
        return AtLeast(COUNTED) if rows > COUNTED else rows


class YearFilter(admin.SimpleListFilter):
    """This year and the years before that are looked at; not asked of a million rows which there are."""

    title, parameter_name, shown = "年度", "year", 6

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        this = clock.today().year
        return [(str(year), f"{year}年") for year in range(this, this - self.shown, -1)]

    def queryset(self, request: Any, queryset: Any) -> Any:
        value = self.value() or ""
        return queryset.filter(year=int(value)) if value.isascii() and value.isdigit() and len(value) == 4 else queryset


def words_filter(title: str, column: str, words: Mapping[str, str]) -> type[admin.SimpleListFilter]:
    """A filter on a column that holds one of a few words {word: label}; empty is among them as 未定."""

    class WordsFilter(admin.SimpleListFilter):
        def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
            return [*words.items(), ("-", "未定")]

        def queryset(self, request: Any, queryset: Any) -> Any:
            if not self.value():
                return queryset
            return queryset.filter(**{column: "" if self.value() == "-" else self.value()})

    WordsFilter.title, WordsFilter.parameter_name = title, column  # type: ignore[attr-defined]
    return WordsFilter
