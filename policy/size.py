"""企业划型: how big an enterprise is, by the ladder of its notice; the first rung that answers wins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from policy.facts import RefundFacts
from policy.keys import SIZE_CLASSES
from policy.notice import Terms
from policy.size_standard import stand
from policy.verdict import Figure

BRANCH = "分支机构"
LARGE, SME = "大型", "中小微"


@dataclass(frozen=True, slots=True)
class SizeRules:
    """The size terms of one notice, ready to be asked a million times."""

    ladder: tuple[str, ...]
    branch_by_parent_only: bool
    social: str
    social_kinds: frozenset[str]
    line: int
    revised: bool
    clauses: Mapping[str, str]


class SizeVerdict(NamedTuple):
    """The size of one enterprise.

    `size`: 大型, 中小微 or None. `size_class`: 大型, 中型, 小型, 微型 or None where only 中小微 is known. `basis`:
    statistics_list, size_standard, insured_count, parent, size_2020, commitment, recorded, kind; None if
    unknown. `clause` and `because` as of a Finding; `rules` and `facts` are what the figures are made from.
    """

    size: str | None
    size_class: str | None
    basis: str | None
    clause: str
    because: str
    rules: SizeRules
    facts: RefundFacts

    @property
    def figures(self) -> Mapping[str, Figure]:
        """As of a Finding; where the notice asks for the earlier size to be revised (山西 二), with `recorded_size` and
        whether it is `changed`."""
        figures = _FIGURES[self.because](self.rules, self.facts)
        if self.rules.revised and self.facts.recorded_size is not None:
            changed = self.size is not None and self.size != _group(self.facts.recorded_size)
            figures |= {"recorded_size": self.facts.recorded_size, "changed": changed}
        return figures


KEYS = frozenset((
    "size_ladder", "size_branch", "size_social", "social_kinds", "size_line", "size_standard", "size_revised",
    "size_objection", "size_when_not_recorded", "size_when_no_2020",
))  # fmt: skip


def size_of(terms: Terms, facts: RefundFacts) -> SizeVerdict:
    """The size by the notice's ladder; only the size facts, `kind` and `mean_insured` are read.

    Source: 晋人社厅发〔2024〕28号 二, 冀人社发〔2024〕14号 二, 鲁人社发〔2024〕8号 二, 兵团征求意见稿 二（一）; elsewhere
    a reading.
    """
    return judge_size(size_rules(terms, terms.day_that_counts(KEYS, facts.on)), facts)


def judge_size(rules: SizeRules, facts: RefundFacts) -> SizeVerdict:
    """The size by these terms; see `size_of`. Source: the verdict's own clause."""
    return _of_any_kind(rules, facts) if facts.kind is None else _of_kind(rules, facts, facts.kind)


@lru_cache(maxsize=1024)
def size_rules(terms: Terms, on: date | None) -> SizeRules:
    """The size terms in force on this day, each with its clause. KeyError where the notice lacks one."""
    ladder = list(terms.words_of("size_ladder", on))
    if "size_2020" in ladder and terms.word_of("size_when_no_2020", on) == "recorded":
        ladder += ["recorded", "parent"]
    if terms.word_of("size_when_not_recorded", on) == "insured_count":
        ladder.append("insured_count")
    clause = terms.clause("size_ladder", on)
    return SizeRules(
        ladder=tuple(ladder),
        branch_by_parent_only=terms.word_of("size_branch", on) == "legal_entity",
        social=terms.word_of("size_social", on),
        social_kinds=frozenset(terms.words_of("social_kinds", on)),
        line=terms.count_of("size_line", on),
        revised=terms.says("size_revised", on),
        clauses={
            "ladder": clause,
            "parent": terms.clause("size_branch", on),
            "social": terms.clause("size_social", on),
            "size_standard": f"{clause}；{terms.clause('size_standard', on)}" if terms.states("size_standard", on) else "",
            "insured_count": terms.clause("size_line", on),
            "commitment": terms.clause("size_objection", on),
        },
    )


def _of_any_kind(rules: SizeRules, facts: RefundFacts) -> SizeVerdict:
    """The size where the kind is unknown: only if every kind comes to the same."""
    kinds = ("企业", BRANCH, *sorted(rules.social_kinds)[:1])
    first, *others = [_of_kind(rules, facts, kind) for kind in kinds]
    if first.size is None or any(other.size != first.size for other in others):
        return _unknown(rules, facts, "ladder", "kind_unknown")
    agreed = all(other.size_class == first.size_class for other in others)
    return first if agreed else first._replace(size_class=None)


def _of_kind(rules: SizeRules, facts: RefundFacts, kind: str) -> SizeVerdict:
    if kind == BRANCH and rules.branch_by_parent_only:
        return _parent(rules, facts, kind) or _unknown(rules, facts, "parent", "parent_unknown")
    if kind in rules.social_kinds and rules.social == "sme":
        return SizeVerdict(SME, None, "kind", rules.clauses["social"], "social_as_sme", rules, facts)
    if kind in rules.social_kinds and rules.social == "insured_count":
        return _insured_count(rules, facts, kind) or _unknown(rules, facts, "social", "count_unknown")
    for rung in rules.ladder:
        verdict = _RUNGS[rung](rules, facts, kind)
        if verdict is not None:
            return verdict
    return _unknown(rules, facts, "ladder", "no_rung_answered")


def _unknown(rules: SizeRules, facts: RefundFacts, clause: str, because: str) -> SizeVerdict:
    return SizeVerdict(None, None, None, rules.clauses[clause], because, rules, facts)


def _group(word: str) -> str:
    return LARGE if word == LARGE else SME


def _named(
    rules: SizeRules, facts: RefundFacts, word: str | None, basis: str, because: str, clause: str = "ladder"
) -> SizeVerdict | None:
    """A size that a record names."""
    if word is None:
        return None
    size_class = word if word in SIZE_CLASSES else None
    return SizeVerdict(_group(word), size_class, basis, rules.clauses[clause], because, rules, facts)


def _statistics_named(rules: SizeRules, facts: RefundFacts, _kind: str) -> SizeVerdict | None:
    return _named(rules, facts, facts.statistics_size, "statistics_list", "statistics_named")


def _statistics_covered(rules: SizeRules, facts: RefundFacts, _kind: str) -> SizeVerdict | None:
    return _named(rules, facts, SME if facts.statistics_covers else None, "statistics_list", "statistics_covered")


def _size_standard(rules: SizeRules, facts: RefundFacts, _kind: str) -> SizeVerdict | None:
    found = stand(facts.industry, facts.employees, facts.revenue, facts.assets)
    if found is None:
        return None
    clause = rules.clauses["size_standard"]
    return SizeVerdict(found.size, found.size_class, "size_standard", clause, "size_standard", rules, facts)


def _insured_count(rules: SizeRules, facts: RefundFacts, _kind: str) -> SizeVerdict | None:
    """Mean monthly payers of last year, not rounded: 299.5 is below 300."""
    if facts.mean_insured is None:
        return None
    clause = rules.clauses["insured_count"]
    if facts.mean_insured >= rules.line:
        return SizeVerdict(LARGE, LARGE, "insured_count", clause, "count_at_line", rules, facts)
    return SizeVerdict(SME, None, "insured_count", clause, "count_below_line", rules, facts)


def _commitment(rules: SizeRules, facts: RefundFacts, _kind: str) -> SizeVerdict | None:
    return _named(rules, facts, facts.committed_size, "commitment", "commitment", "commitment")


def _size_2020(rules: SizeRules, facts: RefundFacts, _kind: str) -> SizeVerdict | None:
    return _named(rules, facts, facts.size_2020, "size_2020", "size_2020")


def _recorded(rules: SizeRules, facts: RefundFacts, _kind: str) -> SizeVerdict | None:
    return _named(rules, facts, facts.recorded_size, "recorded", "recorded")


def _parent(rules: SizeRules, facts: RefundFacts, kind: str) -> SizeVerdict | None:
    return _named(rules, facts, facts.parent_size if kind == BRANCH else None, "parent", "parent", "parent")


_RUNGS: Mapping[str, Callable[[SizeRules, RefundFacts, str], SizeVerdict | None]] = {
    "statistics_named": _statistics_named,
    "statistics_covered": _statistics_covered,
    "size_standard": _size_standard,
    "insured_count": _insured_count,
    "commitment": _commitment,
    "size_2020": _size_2020,
    "recorded": _recorded,
    "parent": _parent,
}


def _count_and_line(rules: SizeRules, facts: RefundFacts) -> dict[str, Figure]:
    return {"mean_insured": facts.mean_insured, "line": rules.line}


def _by_standard(_: SizeRules, facts: RefundFacts) -> dict[str, Figure]:
    found = stand(facts.industry, facts.employees, facts.revenue, facts.assets)
    return dict(found.figures) if found else {}


_FIGURES: Mapping[str, Callable[[SizeRules, RefundFacts], dict[str, Figure]]] = {
    "kind_unknown": lambda _, __: {},
    "parent_unknown": lambda _, facts: {"parent_size": facts.parent_size},
    "social_as_sme": lambda _, facts: {"kind": facts.kind},
    "count_unknown": _count_and_line,
    "no_rung_answered": lambda rules, _: {"ladder": rules.ladder},
    "statistics_named": lambda _, facts: {"named": facts.statistics_size},
    "statistics_covered": lambda _, __: {"named": SME},
    "size_standard": _by_standard,
    "count_at_line": _count_and_line,
    "count_below_line": _count_and_line,
    "commitment": lambda _, facts: {"named": facts.committed_size},
    "size_2020": lambda _, facts: {"named": facts.size_2020},
    "recorded": lambda _, facts: {"named": facts.recorded_size},
    "parent": lambda _, facts: {"named": facts.parent_size},
}
