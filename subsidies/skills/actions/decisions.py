"""判定: claims compared with what is on record, and taken where that leads: approved, rejected, or to a person."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction
from django.utils.timezone import localdate

from agency.models import Edition, Event, Programme, Role, User
from agency.moves import check_mover, copy_rows, move_ids, next_ids
from agency.queries import terms_of
from agency.sealed import masked_name
from enterprises.models import InsuredPerson
from subsidies.payout.actions import create_awards
from subsidies.payout.models import Award
from subsidies.payout.queries import edition_on
from subsidies.skills.models import Claim, Decision, State
from subsidies.skills.queries.assessments import ANSWERS, Assessed, amount_of, assess_all
from subsidies.skills.queries.cases import waiting
from subsidies.skills.queries.facts import rows_of

PERSONS = 2_000  # of one chunk


_TELL = """
    INSERT INTO agency_event (at, kind, case_kind, case_id, by_id, region_id, from_state, to_state, why, detail)
    SELECT %s, %s, %s, claim.id, %s, claim.region_id, '', '', '重新判定',
        jsonb_build_object('decision', made.id, 'outcome', made.outcome)
    FROM skills_decision made JOIN skills_claim claim ON claim.id = made.claim_id WHERE made.id = ANY(%s::bigint[])
"""


class ClaimRefused(Exception):
    """This cannot be done to the claim; says in Chinese why and what to do next."""


class Decided(NamedTuple):
    """How many claims went where, and yuan of those approved."""

    approved: int
    rejected: int
    to_review: int
    amount: Decimal


def decide_all(programme: Programme, *, by: User, at: datetime) -> Decided:
    """Decide every claim of the programme that waits, under the edition in force, by chunks of 2,000 persons, each one
    transaction; claims of one person in claim order. Started again it goes on where it was; two at once share the work.

    Raises ClaimRefused (not opened, or terms from before the skill rules), NoTerms and MoveRefused (no such post)."""
    check_mover(programme, {Role.PREPARER}, by, at)
    edition = skill_edition(programme, at)
    counts: dict[str, int] = defaultdict(int)
    amount, after = Decimal("0.00"), ""
    while persons := _next_persons(programme, edition, after):
        after = persons[-1]
        with transaction.atomic():
            for new in _decide(programme, edition, persons, by=by, at=at):
                counts[new.state] += 1
                amount += amount_of([new]) if new.state is State.APPROVED else 0
    return Decided(counts[State.APPROVED], counts[State.REJECTED], counts[State.TO_REVIEW], amount)


def skill_edition(programme: Programme, at: datetime) -> Edition:
    """The edition under which claims are decided now. Raises ClaimRefused, NoTerms."""
    if programme.state == Programme.State.PREPARED:
        raise ClaimRefused("项目尚未开办，不能判定；请先由政策管理岗位开办项目。")
    edition = edition_on(programme, localdate(at))
    if not terms_of(edition).states("skill_from"):
        raise ClaimRefused("现行版本没有技能提升补贴的条款；请由政策管理岗位拟定并批准新版本。")
    return edition


def lock_persons(indexes: Sequence[str]) -> None:
    """Nobody else decides a claim of these persons until the transaction ends, so that what each was granted is counted
    once; somebody who is not on record is granted nothing."""
    people = InsuredPerson.objects.filter(id_number_index__in=indexes).order_by("pk")
    list(people.select_for_update(no_key=True).values_list("pk", flat=True))


def _next_persons(programme: Programme, edition: Edition, after: str) -> list[str]:
    rows = waiting(programme, terms_of(edition)).filter(person_index__gt=after).order_by("person_index")
    return list(rows.values_list("person_index", flat=True).distinct()[:PERSONS])


def _decide(programme: Programme, edition: Edition, persons: list[str], *, by: User, at: datetime) -> list[Assessed]:
    """Decide what still waits of these persons, under their locks."""
    lock_persons(persons)
    rows = waiting(programme, terms_of(edition)).filter(person_index__in=persons).order_by("pk")
    ids = list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    found = assess_all(edition, rows_of(ids), lambda new: new.state)
    write_decisions(programme, edition, found, by=None, at=at)
    _moved(ids, State.CHECKED, by=by, at=at)
    going: dict[State, list[int]] = defaultdict(list)
    for new in found:
        going[new.state].append(new.row.id)
    for state, theirs in going.items():
        _moved(sorted(theirs), state, by=None, at=at)
    award([new for new in found if new.state is State.APPROVED], programme, by=None, at=at)
    return found


def _moved(ids: Sequence[int], to: State, *, by: User | None, at: datetime) -> None:
    """Move them all or none."""
    if move_ids(Claim, ids, to, by=by, at=at, why="数据比对").refused:
        raise ClaimRefused("有申请不在您的岗位范围内，或刚刚已由他人处理，本次未判定；请刷新页面后再试。")


def write_decisions(programme: Programme, edition: Edition, found: Sequence[Assessed], *, by: User | None, at: datetime) -> None:
    """A new decision in force on each claim, whose programme it is from now on; one that a person asked for has its
    Event, the first ones come with the moves that they lead to."""
    ids = next_ids(Decision, len(found))
    columns = ("id", "claim_id", "facts", *ANSWERS, "edition_id", "by_id", "at")
    rows = [
        (pk, new.row.id, new.facts.to_json(), *new.answers, edition.pk, by and by.pk, at)
        for pk, new in zip(ids, found, strict=True)
    ]
    copy_rows(Decision, columns, rows)
    kinds = [(new.facts.occupation or "", new.facts.grade or "") for new in found]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE skills_claim claim
            SET decision_id = made.id, programme_id = %s, amount = made.amount, failed = made.failed, unknown = made.unknown,
                flags = made.flags, occupation = given.occupation, grade = given.grade
            FROM unnest(%s::bigint[], %s::text[], %s::text[]) given (id, occupation, grade)
            JOIN skills_decision made ON made.id = given.id WHERE claim.id = made.claim_id
            """,
            [programme.pk, ids, [occupation for occupation, _ in kinds], [grade for _, grade in kinds]],
        )
        if by is not None:
            cursor.execute(_TELL, [at, Event.Kind.DECISION, Claim.CASE, by.pk, ids])


def award(approved: Sequence[Assessed], programme: Programme, *, by: User | None, at: datetime) -> None:
    """The awards of approved claims, each to the person's own card; without one it is held. Lists show the masked name."""
    indexes = [new.row.person_index for new in approved]
    people = {person.id_number_index: person for person in InsuredPerson.objects.filter(id_number_index__in=indexes)}
    rows = [_award_of(new, people[new.row.person_index], programme, at) for new in approved]
    made = create_awards(rows, by=by, at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE skills_claim claim SET award_id = award.id
            FROM payout_award award WHERE award.id = ANY(%s::bigint[]) AND claim.id = award.case_id
            """,
            [[one.pk for one in made]],
        )


def _award_of(new: Assessed, person: InsuredPerson, programme: Programme, at: datetime) -> Award:
    sources = Award.AccountSource
    return Award(
        programme=programme, region_id=new.row.region_id, case_kind=Claim.CASE, case_id=new.row.id, uscc="",
        name=masked_name(person.name), amount=new.verdict.amount,
        columns={"certificate": new.row.title or "", "grade": new.facts.grade},
        account_source=sources.CARD if person.card_account else sources.HELD, account_name=person.name, bank=person.card_bank,
        account=person.card_account, created_at=at,
    )  # fmt: skip
