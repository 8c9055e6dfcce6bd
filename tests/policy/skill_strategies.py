"""Skill claims for property tests: everything unknown now and then, days and history near the edges often."""

from datetime import date

from hypothesis import strategies as st

from policy.keys import GRADES, INSURED_STATUSES
from policy.skill_facts import SkillFacts, Subsidy
from tests.policy.strategies import or_unknown

OCCUPATIONS = ("6-31-01-03", "6-31-01-04", "6-18-01-01", "6-25-03-00")
TYPES = ("职业资格证书", "职业技能等级证书", "专项职业能力证书")

occupations = st.sampled_from(OCCUPATIONS)
grades = st.sampled_from(GRADES)
days = st.one_of(
    st.dates(date(2023, 12, 28), date(2025, 1, 4)),
    st.sampled_from([date(2024, 1, 1), date(2024, 7, 8), date(2024, 7, 9), date(2024, 12, 31), date(2025, 2, 28)]),
)
early_days = st.dates(date(2022, 12, 1), date(2025, 1, 4))
subsidies = st.lists(st.builds(Subsidy, or_unknown(occupations), or_unknown(grades), or_unknown(early_days)), max_size=4).map(
    tuple
)


def claims(**known: st.SearchStrategy[object]) -> st.SearchStrategy[SkillFacts]:
    """Any claim; `known` fixes the strategy of some fields."""
    fields: dict[str, st.SearchStrategy[object]] = {
        "claimed_on": or_unknown(days),
        "occupation": or_unknown(occupations),
        "grade": or_unknown(grades),
        "issued_on": or_unknown(st.one_of(early_days, days)),
        "certificate_type": or_unknown(st.sampled_from(TYPES)),
        "certificate_valid": or_unknown(st.booleans()),
        "insured_months": or_unknown(st.sampled_from([0, 11, 12, 23, 24, 35, 36, 120])),
        "status": or_unknown(st.sampled_from(INSURED_STATUSES)),
        "status_at_issue": or_unknown(st.sampled_from(INSURED_STATUSES)),
        "training_subsidies": subsidies,
        "training_checked": st.booleans(),
        "received": or_unknown(subsidies),
        "certificates_held": or_unknown(subsidies),
        "post_agrees": or_unknown(st.booleans()),
    }
    return st.builds(SkillFacts, **{**fields, **known})


def sound_claims(**known: st.SearchStrategy[object]) -> st.SearchStrategy[SkillFacts]:
    """A claim that is often eligible, so that what a property changes decides."""
    fields: dict[str, st.SearchStrategy[object]] = {
        "claimed_on": st.sampled_from([date(2024, 3, 1), date(2024, 9, 2), date(2025, 1, 1)]),
        "grade": st.sampled_from(GRADES[:3]),
        "issued_on": st.sampled_from([date(2024, 2, 29), date(2024, 3, 1)]),
        "certificate_type": st.just(TYPES[0]),
        "certificate_valid": st.just(True),
        "insured_months": st.sampled_from([11, 12, 35, 36]),
        "status": st.sampled_from(INSURED_STATUSES[:2]),
        "training_subsidies": st.just(()),
        "training_checked": st.just(True),
        "received": st.just(()),
        "certificates_held": st.just(()),
        "post_agrees": st.just(True),
    }
    return claims(**{**fields, **known})
