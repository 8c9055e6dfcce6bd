"""事实: what claims are decided from, for any number of them in five statements."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from policy.notice import Terms
from policy.skill import SkillFacts, Subsidy
from policy.skill_terms import KEYS, SkillRules, skill_rules
from subsidies.payout.models import Award
from subsidies.skills.models import Certificate, Claim, State

# What a national lookup may say of a certificate; any other word settles nothing.
LOOKUP_WORDS = {"一致": True, "有效": True, "已查到": True, "不一致": False, "无效": False, "未查到": False}


class Row(NamedTuple):
    """A claim with what is on record of its person and its certificate, each None where nothing is."""

    id: int
    state: str
    person_index: str
    region_id: str
    programme_id: int | None
    claimed_on: date
    name: str
    voided: bool
    post_agrees: bool | None
    loaded_by: int | None
    on_record: bool
    person_name: str | None
    status: str | None
    paid_months: int | None
    paid_until: date | None
    certificate_name: str | None
    of_another: bool | None  # the certificate is that of another 证件号码
    certificate_type: str | None
    certificate_status: str | None
    lookup: str | None
    occupation: str | None
    grade: str | None
    issued_on: date | None
    title: str | None  # how a list names the certificate: by its occupation, else by its type
    training_listed_on: date | None  # the last day on which a list of training subsidies was loaded for its region


class Earlier(NamedTuple):
    """Another claim of the same person: where it stands, and what was granted for it."""

    id: int
    claimed_on: date
    is_open: bool
    granted: bool
    subsidy: Subsidy


class Background(NamedTuple):
    """What is asked once for all claims of some persons, by the person's index."""

    claims: dict[str, list[Earlier]]
    training: dict[str, tuple[Subsidy, ...]]
    certificates: dict[str, tuple[Subsidy, ...]] | None  # None: this notice does not ask


_ROWS = """
SELECT claim.id, claim.state, claim.person_index, claim.region_id, claim.programme_id,
    submission.claimed_on, submission.name, submission.voided, claim.post_agrees, load.checked_by_id,
    person.id IS NOT NULL, person.name, nullif(person.status, ''), person.paid_months, person.paid_until,
    nullif(paper.name, ''), paper.id_number_index <> claim.person_index,
    nullif(paper.type, ''), nullif(paper.status, ''), nullif(paper.lookup, ''),
    nullif(paper.occupation_code, ''), nullif(paper.grade, ''), paper.issued_on,
    coalesce(nullif(paper.occupation_name, ''), nullif(paper.type, '')), place.listed_on
FROM skills_claim claim
JOIN skills_submission submission ON submission.id = claim.submission_id
LEFT JOIN agency_import load ON load.id = submission.source_id
LEFT JOIN enterprises_insuredperson person ON person.id_number_index = claim.person_index AND NOT person.voided
LEFT JOIN skills_certificate paper ON paper.number = submission.certificate_number AND NOT paper.voided
LEFT JOIN (
    SELECT region.code, max((load.confirmed_at AT TIME ZONE 'Asia/Shanghai')::date) AS listed_on
    FROM agency_import load JOIN agency_region over ON over.code = load.region_id
    JOIN agency_region region ON starts_with(region.path, over.path)
    WHERE load.kind = 'training-subsidies' AND load.state = 'CONFIRMED' GROUP BY region.code
) place ON place.code = claim.region_id
WHERE claim.id = ANY(%s::bigint[])
ORDER BY claim.person_index, submission.claimed_on, claim.id
"""


def rows_of(claim_ids: Collection[int]) -> list[Row]:
    """The claims with their records, those of one person in claim order: by day, then as they were handed in."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [list(claim_ids)])
        return [Row._make(row) for row in cursor.fetchall()]


def background_of(terms: Terms, rows: Iterable[Row]) -> Background:
    """What the persons of these claims claimed, were given and hold."""
    indexes = list({row.person_index for row in rows})
    bars = {term.value for term in terms.all() if term.key == "lower_grade_bar"}
    return Background(_claims(indexes), _training(indexes), _certificates(indexes) if "held" in bars else None)


def rules_for(terms: Terms, row: Row) -> SkillRules:
    """The skill terms in force on the day of the claim."""
    return skill_rules(terms, terms.day_that_counts(KEYS, row.claimed_on, "skill"))


def _claims(indexes: list[str]) -> dict[str, list[Earlier]]:
    """Claims that count: not voided; one is granted while its award was neither struck nor forfeited."""
    dead = (Award.State.STRUCK, Award.State.FORFEITED)
    rows = Claim.objects.filter(person_index__in=indexes, submission__voided=False).order_by("submission__claimed_on", "pk")
    found: dict[str, list[Earlier]] = {}
    columns = ("person_index", "pk", "submission__claimed_on", "state", "award__state", "occupation", "grade")
    for index, pk, claimed_on, state, award, occupation, grade in rows.values_list(*columns):
        granted = state == State.APPROVED and award is not None and award not in dead
        is_open = state not in (State.APPROVED, State.REJECTED)
        subsidy = Subsidy(occupation or None, grade or None, claimed_on)
        found.setdefault(index, []).append(Earlier(pk, claimed_on, is_open, granted, subsidy))
    return found


def _training(indexes: list[str]) -> dict[str, tuple[Subsidy, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id_number_index, nullif(occupation_code, ''), nullif(grade, ''), paid_on FROM skills_trainingsubsidy
            WHERE id_number_index = ANY(%s) AND NOT voided ORDER BY paid_on, id
            """,
            [indexes],
        )
        return _by_person(cursor.fetchall())


def _certificates(indexes: list[str]) -> dict[str, tuple[Subsidy, ...]]:
    rows = Certificate.objects.filter(id_number_index__in=indexes, voided=False).exclude(status=Certificate.Status.CANCELLED)
    columns = ("id_number_index", "occupation_code", "grade", "issued_on")
    return _by_person(
        (index, occupation or None, grade or None, issued_on)
        for index, occupation, grade, issued_on in rows.order_by("issued_on", "pk").values_list(*columns)
    )


def _by_person(rows: Any) -> dict[str, tuple[Subsidy, ...]]:
    found: dict[str, tuple[Subsidy, ...]] = {}
    for index, *subsidy in rows:
        found[index] = (*found.get(index, ()), Subsidy(*subsidy))
    return found


def facts_of(terms: Terms, row: Row, background: Background, received: Sequence[Subsidy]) -> SkillFacts:
    """The facts of one claim. What is not on record is unknown: also the certificate of another 证件号码."""
    rules = rules_for(terms, row)
    own = row if not row.of_another else row._replace(**_NO_CERTIFICATE)
    certificates = background.certificates if rules.lower_grade_bar == "held" else None
    return SkillFacts(
        claimed_on=row.claimed_on, occupation=own.occupation, grade=own.grade, issued_on=own.issued_on,
        certificate_type=own.certificate_type, certificate_valid=_is_valid(rules, own), insured_months=insured_months(rules, own),
        status=row.status, training_subsidies=background.training.get(row.person_index, ()),
        training_checked=row.training_listed_on is not None and row.training_listed_on >= row.claimed_on,
        received=tuple(received), certificates_held=None if certificates is None else certificates.get(row.person_index, ()),
        post_agrees=row.post_agrees,
    )  # fmt: skip


_NO_CERTIFICATE: dict[str, Any] = dict.fromkeys(
    ("certificate_type", "certificate_status", "lookup", "occupation", "grade", "issued_on")
)


def _is_valid(rules: SkillRules, row: Row) -> bool | None:
    """Whether the certificate is valid: never where it is cancelled or a lookup did not find it; where the notice names a
    lookup as the proof only once that has found it."""
    looked_up = LOOKUP_WORDS.get(row.lookup or "")
    if row.certificate_status == Certificate.Status.CANCELLED or looked_up is False:
        return False
    if rules.certificate_proof:
        return looked_up
    return True if looked_up or row.certificate_status == Certificate.Status.VALID else None


def insured_months(rules: SkillRules, row: Row) -> int | None:
    """累计缴费月数 on the day that counts, by 累计缴费月数 up to 截至年月 (its month counts, as does that of the day). Between
    the two a month may have been paid or not: known only where that settles every number of months that the notice asks."""
    day = row.issued_on if rules.months_at == "issue" else row.claimed_on
    if day is None or row.paid_months is None or row.paid_until is None:
        return None
    between = 12 * (day.year - row.paid_until.year) + day.month - row.paid_until.month
    least, most = max(row.paid_months + min(between, 0), 0), row.paid_months + max(between, 0)
    asked = (rules.months_least, rules.open_ended_months or 0)
    return least if all(least >= months or most < months for months in asked) else None
