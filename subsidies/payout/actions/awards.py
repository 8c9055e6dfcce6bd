"""应发补贴: made when a case is approved, struck with a reason, its account mended and accepted by a second person."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate

from agency.actions.holds import NewHold, lift_holds, open_holds
from agency.models import CaseKind, Event, Hold, Role, User
from agency.moves import Moved, check_mover, move, move_all, open_all, record
from subsidies.payout.actions.batches import drop_unreleased
from subsidies.payout.models import Award, Objection, PublicityRound, PublishedLine

State = Award.State
MENDABLE = frozenset({State.PENDING, State.PUBLICISED, State.OBJECTED, State.CLEARED, State.PAYMENT_RETURNED})


class AwardRefused(Exception):
    """This cannot be done to the award; says in Chinese why and what to do next."""


def create_awards(rows: Sequence[Award], *, by: User | None, at: datetime) -> list[Award]:
    """Make the awards of approved cases, each with its Event; one whose account is not known is held for a person."""
    with transaction.atomic():
        made: list[Award] = open_all(rows, by=by, at=at)
        open_holds([_no_account(award) for award in made if not _account_known(award)], by=by, at=at)
    return made


def strike(award: Award, why: str, *, by: User | None, at: datetime) -> None:
    """Not to be paid, for a stated reason; its published line keeps its place, its payment leaves an unreleased batch.

    Raises AwardRefused (no reason; an open objection decides first) and MoveRefused."""
    if not why.strip():
        raise AwardRefused("请写明不予发放的理由；撤下的名单行旁会公开这一理由。")
    if Objection.objects.filter(line__award=award, state=Objection.State.FILED).exists():
        raise AwardRefused("该件有未办结的公示异议；请在异议中核查并作出结论。")
    with transaction.atomic():
        drop_unreleased([award.pk], f"不予发放：{why}", by=by, at=at)
        strike_now(award, why, by=by, at=at)


def strike_now(award: Award, why: str, *, by: User | None, at: datetime) -> None:
    """Move the award to 不予发放 and mark its published line; inside the transaction of whoever decided."""
    move(award, State.STRUCK, by=by, at=at, why=why)
    published = PublicityRound.State.PUBLISHED, PublicityRound.State.CLOSED
    PublishedLine.objects.filter(award=award, round__state__in=published).update(struck_at=at, struck_why=why[:300])


def mend_account(award: Award, account_name: str, bank: str, account: str, *, by: User, at: datetime) -> None:
    """Put another account on the award; it is held until a second person accepts it, and leaves an unreleased batch.

    Raises AwardRefused: something empty, at the bank or beyond, past the day by which it had to be mended, or not the
    claimant's own card (冀人社发〔2024〕14号 五; elsewhere by choice)."""
    account_name, bank, account = account_name.strip(), bank.strip(), "".join(account.split())
    if not (account_name and bank and account):
        raise AwardRefused("户名、开户行、账号都要填写。")
    if not (account.isdigit() and 6 <= len(account) <= 34):
        raise AwardRefused("账号应为 6 至 34 位数字，请核对。")
    with transaction.atomic():
        drop_unreleased([award.pk], "收款账户更正", by=None, at=at)
        award = _locked(award, at)
        check_mover(award, {Role.PREPARER, Role.REVIEWER, Role.ENTERPRISE}, by, at)
        _refuse_another_payee(award, account_name)
        award.account_name, award.bank, award.account = account_name, bank, account
        award.account_source = _source_of(award)
        award.mended_by, award.mended_at, award.accepted_by = by, at, None
        award.save(
            update_fields=[
                "account_name", "bank", "account", "account_index", "account_source", "mended_by", "mended_at", "accepted_by",
            ]
        )  # fmt: skip
        record(Event.Kind.WRITE, case=Award.CASE, case_id=award.pk, by=by, at=at, region_id=award.region_id, why="更正收款账户")
        open_holds([_no_account(award)], by=by, at=at)


def accept_account(award: Award, *, by: User, at: datetime) -> None:
    """A second person has checked the mended account: the hold is lifted, a returned payment may go out again.

    Raises AwardRefused: nothing mended, one's own mending, or a missing account; MoveRefused: no such post."""
    with transaction.atomic():
        award = _locked(award, at)
        if award.mended_by_id is None or award.accepted_by_id is not None:
            raise AwardRefused("该件没有待核对的账户更正；请先由单位或经办更正账户。")
        if award.mended_by_id == by.pk:
            raise AwardRefused("更正账户的人不能核对自己的更正，请由另一人核对。")
        check_mover(award, {Role.REVIEWER}, by, at)
        Award.objects.filter(pk=award.pk).update(accepted_by=by)
        record(
            Event.Kind.WRITE, case=Award.CASE, case_id=award.pk, by=by, at=at, region_id=award.region_id, why="收款账户核对无误"
        )
        lift_holds(Award.CASE, [award.pk], [Hold.Kind.NO_ACCOUNT], "收款账户已更正并经核对", by=by, at=at)
        if award.state == State.PAYMENT_RETURNED:
            move(award, State.CLEARED, by=by, at=at, why="账户已更正，重新拨付", correct_by=None)


def _source_of(award: Award) -> Award.AccountSource:
    return Award.AccountSource.CARD if award.case_kind == CaseKind.CLAIM else Award.AccountSource.CORPORATE


def _refuse_another_payee(award: Award, account_name: str) -> None:
    """A claim is paid to the claimant's own card alone."""
    if _source_of(award) == Award.AccountSource.CARD and account_name != award.account_name:
        raise AwardRefused("技能提升补贴拨付至本人社会保障卡，户名须与本人姓名一致，请核对。")


def forfeit(on: date, *, at: datetime) -> Moved:
    """End what was returned and not mended by its day; an account mended and waiting for us is not forfeited."""
    late = Award.objects.filter(state=State.PAYMENT_RETURNED, correct_by__lt=on, mended_by__isnull=True)
    return move_all(late, State.FORFEITED, by=None, at=at, why="逾期未更正账户")


def _locked(award: Award, at: datetime) -> Award:
    """The award as it is now, under a row lock; refused where its account no longer matters."""
    award = Award.objects.select_for_update(of=("self",), no_key=True).select_related("region").get(pk=award.pk)
    if award.state not in MENDABLE:
        raise AwardRefused(f"当前状态为“{award.get_state_display()}”，不能更正账户。")
    if award.state == State.PAYMENT_RETURNED and award.mended_by_id is None and award.correct_by < localdate(at):
        raise AwardRefused(f"更正账户的期限（{award.correct_by}）已过，不能再更正。")
    return award


def _account_known(award: Award) -> bool:
    return bool(award.account_source != Award.AccountSource.HELD and award.account and award.account_name and award.bank)


def _no_account(award: Award) -> NewHold:
    reason = "收款账户更正后待另一人核对" if award.mended_by_id else "没有可用的收款账户，待补充核对"
    return NewHold(Award.CASE, award.pk, Hold.Kind.NO_ACCOUNT, reason, award.region_id)
