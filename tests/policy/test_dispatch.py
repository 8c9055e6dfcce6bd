"""What must hold of any dispatch unit's refund in parts, tried on thousands."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.dispatch import PUBLIC_BODY, Host, Split, split
from policy.explain import for_enterprise, for_staff, remedy
from policy.facts import RefundFacts
from policy.notice import Terms
from policy.refund import assess_refund
from policy.verdict import Answer
from tests.policy.strategies import NOTICES, yuan
from tests.policy.test_properties import terms

any_basis = st.builds(
    terms, st.sampled_from(NOTICES), st.just(""), st.just("mean"), st.just("out"), st.sampled_from(["whole", "by_host"])
)
fen = st.one_of(yuan, st.decimals("0", "0.99", places=2))
hosts = st.lists(
    st.builds(
        Host,
        st.sampled_from([f"{number}号" for number in range(20)]),
        st.sampled_from(["企业", "社会团体", PUBLIC_BODY]),
        fen,
        st.sampled_from(["大型", "小型", "中小微"]),
    ),
    max_size=9,
    unique_by=lambda host: host.code,
)


def unit(size: str, hosts: list[Host], own: Decimal) -> RefundFacts:
    """An eligible dispatch unit that paid this for the workers at its hosts and for its own."""

    def paid(*, public: bool, sizes: tuple[str, ...] = ("大型", "小型", "中小微")) -> Decimal:
        found = [host.paid for host in hosts if (host.kind == PUBLIC_BODY) == public and host.size in sizes]
        return sum([each for each in found if each is not None], Decimal(0))

    return RefundFacts.from_row(
        {
            "kind": "企业", "dispatch": "是", "on": "2024-06-03", "paid_months": "12", "mean_insured": "100",
            "start_insured": "100", "end_insured": "100", "claimants": "0", "retired": "0", "died": "0",
            "paid_normal": str(paid(public=True) + paid(public=False) + own), "paid_arrears": "0", "refunded": "0",
            "paid_for_public_hosts": str(paid(public=True)), "deferred_unpaid": "否", "statistics_size": size,
            "paid_for_large_hosts": str(paid(public=False, sizes=("大型",))),
            "paid_for_sme_hosts": str(paid(public=False, sizes=("小型", "中小微"))),
            "size_2020": size, "recorded_size": size, "credit_flags": "", "channel": "自主申请", "account": "是",
        }
    )  # fmt: skip


def parts(found: Split) -> list[Decimal]:
    assert found.own is not None
    return [part.amount for part in (*found.hosts, found.own)]


class TestParts:
    @given(any_basis, st.sampled_from(["大型", "小型"]), hosts, fen)
    def test_add_up_to_the_refund_and_none_is_negative(self, law: Terms, size: str, hosts: list[Host], own: Decimal) -> None:
        facts = unit(size, hosts, own)
        found = split(law, facts, hosts)
        assert found.finding.answer is Answer.PASS
        assert found.refund == sum(parts(found)) == assess_refund(law, facts).amount
        assert min(parts(found)) >= 0
        assert len(found.hosts) + len(found.not_paid) == len(hosts)

    @given(any_basis, st.sampled_from(["大型", "小型"]), hosts, fen)
    def test_are_less_than_a_fen_from_their_exact_share(self, law: Terms, size: str, hosts: list[Host], own: Decimal) -> None:
        found = split(law, unit(size, hosts, own), hosts)
        assert found.own is not None
        for part in (*found.hosts, found.own):
            assert abs(part.amount - part.paid * part.rate) < Decimal("0.01")

    @given(any_basis, hosts, fen, st.randoms(use_true_random=False))
    def test_do_not_depend_on_the_order_of_hosts(self, law: Terms, hosts: list[Host], own: Decimal, any_order) -> None:
        shuffled = list(hosts)
        any_order.shuffle(shuffled)
        facts = unit("小型", hosts, own)
        assert split(law, facts, shuffled) == split(law, facts, hosts)

    @given(any_basis, hosts.filter(bool), fen, st.sampled_from(["paid", "kind", "size"]), st.data())
    def test_are_never_guessed_from_an_unknown_figure(
        self, law: Terms, hosts: list[Host], own: Decimal, unknown: str, data: st.DataObject
    ) -> None:
        facts = unit("小型", hosts, own)
        place = data.draw(st.integers(0, len(hosts) - 1))
        known = hosts[place]
        without = [*hosts[:place], known._replace(**{unknown: None}), *hosts[place + 1 :]]
        found = split(law, facts, without)
        if found.finding.answer is Answer.PASS:
            assert parts(found) == parts(split(law, facts, hosts))
        else:
            assert (found.finding.answer, found.hosts, found.own) == (Answer.UNKNOWN, (), None)
        if unknown == "paid":
            assert found.finding.because == "paid_unknown"

    def test_are_of_a_dispatch_unit_only(self) -> None:
        facts = replace(unit("小型", [], Decimal(1)), dispatch=False)
        with pytest.raises(ValueError, match="不是劳务派遣单位"):
            split(terms("shanxi/2024"), facts, [])

    @given(any_basis, hosts, fen, fen)
    def test_come_with_words_and_a_clause(self, law: Terms, hosts: list[Host], own: Decimal, others: Decimal) -> None:
        facts = unit("小型", hosts, own)
        for row in (facts, replace(facts, paid_for_public_hosts=others), replace(facts, paid_months=others and None)):
            for finding in split(law, row, hosts).findings:
                spoken = (for_enterprise(finding), for_staff(finding), remedy(finding))
                assert spoken[0]
                assert spoken[1].endswith(f"［{finding.clause}］")
                assert finding.clause
                assert bool(spoken[2]) == (finding.answer is not Answer.PASS)
                assert not any(trace in "".join(spoken) for trace in ("{", "None", "_"))
