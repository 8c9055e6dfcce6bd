"""What an enterprise may appeal against, and until when."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import Max
from django.utils.timezone import localdate, make_aware

from agency.models import Appeal
from subsidies.payout.models import Award, Objection
from subsidies.payout.queries import NoTerms, terms_in_force
from subsidies.refunds.models import Application, State
from subsidies.refunds.queries.cases import timeline

About = Appeal.About


class Grounds(NamedTuple):
    """What may be appealed against now, and the last day for it; `why_not` says in Chinese where nothing may."""

    about: tuple[str, ...]
    until: date | None
    why_not: str = ""


def grounds(application: Application, on: date) -> Grounds:
    """What the enterprise may appeal against on a day: what was decided, within the programme's days since it was told."""
    about = _about(application)
    if not about:
        return Grounds((), None, "目前没有可以申诉的决定；数据有误的，可以申请更正。")
    try:
        days = terms_in_force(application.programme, on).count_of("appeal_days")
    except NoTerms as none:
        return Grounds((), None, str(none))
    until = localdate(_told_at(application)) + timedelta(days=days)
    if on > until:
        return Grounds((), until, f"申诉期限（{until}）已过；如有情况反映，请致电经办机构。")
    return Grounds(about, until)


def _about(application: Application) -> tuple[str, ...]:
    if application.decision_id is None or application.state in (State.INCOMPLETE, State.WITHDRAWN, State.WAIVED):
        return ()
    if application.state == State.INELIGIBLE:
        return (About.INELIGIBLE, About.SIZE)
    if application.state == State.REJECTED:
        return (About.REFUSED,)
    if _struck(application):
        upheld = Objection.objects.filter(line__award=application.award, state=Objection.State.UPHELD).exists()
        return (About.OBJECTION,) if upheld else (About.REFUSED,)
    return (About.SIZE, About.AMOUNT)


def _told_at(application: Application) -> datetime:
    """When it was told what it may appeal against: the refusal; of size and amount the decision, the offer or the payment,
    whichever came last."""
    decision, award = application.decision, application.award
    refused = State.REJECTED if application.state == State.REJECTED else Award.State.STRUCK if _struck(application) else ""
    if refused:
        at = timeline(application).filter(to_state=refused).aggregate(at=Max("at"))["at"]
        return at or decision.at
    told = [decision.at, application.offered_at]
    if award is not None and award.paid_on is not None:
        told.append(make_aware(datetime.combine(award.paid_on, time())))
    return max(filter(None, told))


def _struck(application: Application) -> bool:
    award = application.award
    return application.state == State.APPROVED and award is not None and award.state == Award.State.STRUCK
