"""企业划型: how big an enterprise is, by the ladder of its notice; the first rung that answers wins."""

from collections.abc import Mapping
from typing import NamedTuple

from policy.facts import RefundFacts
from policy.notice import Terms
from policy.verdict import Figure


class SizeVerdict(NamedTuple):
    """The size of one enterprise.

    `size`: 大型, 中小微 or None. `size_class`: 大型, 中型, 小型, 微型 or None where only 中小微 is known. `basis`:
    statistics_list, size_standard, insured_count, parent, size_2020, commitment, recorded, kind; None if
    unknown. `clause`, `because`, `figures` as of a Finding.
    """

    size: str | None
    size_class: str | None
    basis: str | None
    clause: str
    because: str
    figures: Mapping[str, Figure]


def size_of(terms: Terms, facts: RefundFacts) -> SizeVerdict:
    """The size by the ladder of POLICY.md B; only the size facts, kind and mean_insured are read."""
    raise NotImplementedError
