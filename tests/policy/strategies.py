"""Fact rows for property tests: every field unknown now and then, figures near the edges often."""

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from policy.facts import RefundFacts
from policy.keys import KINDS, LIST_TYPES, SIZE_WORDS

NOTICES = ("national/2024", "shanxi/2024", "hebei/2024", "shandong/2024", "xpcc/2024", "jilin/2024")
METHODS = (
    "claimants_over_mean", "dismissals_over_mean", "net_reduction_over_start",
    "net_reduction_less_natural_over_start", "net_reduction_over_mean", "lower_of_net_and_claimants_over_start",
)  # fmt: skip

people = st.one_of(st.integers(0, 40), st.sampled_from([199, 200, 201, 299, 300, 301, 1000]))
few = st.integers(0, 60)
yuan = st.decimals("0", "5000000", places=2)


def or_unknown(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(values, values, values, st.none())


def facts(**known: st.SearchStrategy[object]) -> st.SearchStrategy[RefundFacts]:
    """Any row; `known` fixes the strategy of some fields."""
    size = st.sampled_from([None, None, *SIZE_WORDS])
    fields: dict[str, st.SearchStrategy[object]] = {
        "kind": or_unknown(st.sampled_from(KINDS)),
        "dispatch": st.booleans(),
        "on": or_unknown(st.dates(date(2023, 12, 28), date(2025, 1, 4))),
        "paid_months": or_unknown(st.integers(0, 40)),
        "months_paid_last_year": or_unknown(st.integers(0, 12)),
        "mean_insured": or_unknown(
            st.one_of(people.map(Decimal), st.tuples(st.integers(0, 4000), st.integers(1, 12)).map(_mean))
        ),
        "start_insured": or_unknown(people),
        "end_insured": or_unknown(people),
        "dismissals": or_unknown(few),
        "claimants": or_unknown(few),
        "retired": or_unknown(few),
        "died": or_unknown(few),
        "paid_normal": or_unknown(yuan),
        "paid_arrears": or_unknown(yuan),
        "paid_late_fees": yuan,
        "paid_after_year": or_unknown(yuan),
        "refunded": or_unknown(yuan),
        "paid_for_public_hosts": or_unknown(yuan),
        "paid_for_large_hosts": or_unknown(yuan),
        "paid_for_sme_hosts": or_unknown(yuan),
        "deferred_unpaid": or_unknown(st.booleans()),
        "statistics_size": size,
        "statistics_covers": st.booleans(),
        "size_2020": size,
        "recorded_size": size,
        "industry": or_unknown(st.sampled_from(["33", "3311", "51", "59", "591", "70", "704", "66", "73"])),
        "employees": or_unknown(st.sampled_from([1, 10, 199, 200, 300, 1000, 2000])),
        "revenue": or_unknown(st.sampled_from([Decimal(n) for n in (1, 500, 30000, 40000, 200000)])),
        "assets": or_unknown(st.sampled_from([Decimal(n) for n in (1, 2000, 10000, 120000)])),
        "parent_size": size,
        "committed_size": size,
        "credit_flags": st.one_of(st.just(()), st.lists(st.sampled_from([*LIST_TYPES, "?"]), max_size=2, unique=True).map(tuple)),
        "channel": or_unknown(st.sampled_from(["免申即享", "自主申请"])),
        "account": or_unknown(st.booleans()),
        "tax_account": or_unknown(st.booleans()),
        "dispatch_banned": st.booleans(),
    }
    return st.builds(RefundFacts, **{**fields, **known})


def sound(**known: st.SearchStrategy[object]) -> st.SearchStrategy[RefundFacts]:
    """A row that is nearly always eligible, so that what a property changes decides."""
    fields: dict[str, st.SearchStrategy[object]] = {
        "kind": st.just("企业"),
        "dispatch": st.just(False),
        "on": st.just(date(2024, 6, 3)),
        "paid_months": st.integers(12, 40),
        "months_paid_last_year": st.just(12),
        "mean_insured": st.integers(1, 500).map(Decimal),
        "start_insured": st.integers(1, 500),
        "end_insured": st.integers(1, 500),
        "dismissals": st.integers(0, 3),
        "claimants": st.integers(0, 3),
        "retired": st.integers(0, 3),
        "died": st.integers(0, 3),
        "paid_normal": yuan,
        "paid_arrears": yuan,
        "refunded": st.just(Decimal(0)),
        "deferred_unpaid": st.just(False),
        "recorded_size": st.sampled_from(SIZE_WORDS),
        "size_2020": st.sampled_from(SIZE_WORDS),
        "statistics_size": st.sampled_from(SIZE_WORDS),
        "credit_flags": st.just(()),
        "channel": st.just("免申即享"),
        "account": st.just(True),
    }
    return st.builds(RefundFacts, **{**fields, **known})


def _mean(sum_and_months: tuple[int, int]) -> Decimal:
    total, months = sum_and_months
    return Decimal(total) / months
