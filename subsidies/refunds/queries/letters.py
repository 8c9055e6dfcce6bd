"""通知书: the letters of a case, made when somebody asks from what was frozen then; none is stored.

Wording stands in templates/letters: each line is a paragraph, the first one the addressee. Every letter ends with the
edition that it rests on and the office's name and day."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils.timezone import localdate

from agency.documents import Block, Document, Paragraph, Signature, Text, day_in_words
from agency.models import Event
from agency.queries import terms_of
from policy import explain
from policy.notice import Terms
from policy.verdict import Answer
from subsidies.payout.models import Award, PublishedLine
from subsidies.payout.queries import legal_basis, publisher_of, terms_in_force
from subsidies.refunds.models import Application, Decision, State
from subsidies.refunds.queries.cases import findings_of, verdict_of

TITLES = {
    "offer": "稳岗返还确认通知书",
    "receipt": "稳岗返还确认回执",
    "refusal": "不予返还通知书",
    "publicity": "稳岗返还公示告知书",
    "payment": "稳岗返还拨付告知书",
}


class NoLetter(Exception):
    """There is no such letter of this case, or not yet; says so in Chinese."""


class _Ground(NamedTuple):
    """What a letter rests on: when it came about, the decision then in force and its terms, and what its text needs."""

    at: datetime
    decision: Decision
    terms: Terms
    clause_of: str
    told: dict[str, Any]


def letters_of(application: Application) -> list[str]:
    """The kinds of letter that the case has by now, in the order of its life."""
    return [kind for kind in TITLES if _GROUNDS[kind](application) is not None]


def letter_of(application: Application, kind: str) -> Document:
    """One letter. Raises NoLetter."""
    ground = _GROUNDS[kind](application) if kind in TITLES else None
    if ground is None:
        raise NoLetter("这件事项没有这种通知书，或还没有办到这一步；请返回事项查看已有的通知书。")
    publisher, edition = publisher_of(application.region), ground.decision.edition
    basis = legal_basis(application.programme, ground.terms)
    told = {
        "name": application.enterprise.name, "uscc": application.enterprise.uscc, "programme": application.programme.title,
        "basis": basis, "clause": ground.terms.clause(ground.clause_of), "office": publisher.name or "经办机构",
        "phone": publisher.phone, "complaints_phone": publisher.complaints_phone,
    }  # fmt: skip
    shown = {name: day_in_words(value) if isinstance(value, date) else value for name, value in ground.told.items()}
    first, *lines = _lines(render_to_string(f"letters/{kind}.txt", told | shown))
    rests = f"依据：{basis}；{application.programme.title}第{edition.number}版（条款散列 {edition.terms_sha256[:12]}）。"
    body: list[Block] = [Paragraph(line) for line in lines]
    signed = Signature(publisher.name or "经办机构", localdate(ground.at))
    if ground.terms.draft and application.programme.final_checked_by_id is None:
        body.insert(0, Text("征求意见稿：所依据的文件尚未正式印发，以下为测算结果，不作为发放的依据。", bold=True))
    return Document(TITLES[kind], [Text(first), *body, Text(rests), signed], number=f"事项编号 {application.pk}")


def commitment_letter(application: Application, size: str, on: date) -> Document:
    """划型书面承诺书 (冀人社发〔2024〕14号 二) to be signed and stamped by the enterprise. Raises NoTerms."""
    terms = terms_in_force(application.programme, on)
    publisher = publisher_of(application.region)
    told = {
        "office": publisher.name or "经办机构", "name": application.enterprise.name, "uscc": application.enterprise.uscc,
        "programme": application.programme.title, "basis": legal_basis(application.programme, terms),
        "clause": terms.clause("size_objection"), "was": application.size, "size": size,
        **{name: _or_blank(getattr(application.enterprise, name)) for name in ("industry", "employees", "revenue", "assets")},
    }  # fmt: skip
    first, *lines = _lines(render_to_string("letters/commitment.txt", told))
    signed = ["单位名称（盖章）：", "法定代表人（签字）：", "日期：        年    月    日"]
    body: list[Block] = [Text(first), *map(Paragraph, lines), *map(Text, signed)]
    return Document(f"{size}企业划型承诺书", body, number=f"事项编号 {application.pk}")


def _or_blank(known: object) -> str:
    """A figure as plain text; a line to write it on where it is not known."""
    if known in (None, ""):
        return "＿＿＿＿"
    return f"{known:,}" if isinstance(known, int | Decimal) else str(known)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _ground(application: Application, at: datetime | None, clause_of: str, **told: Any) -> _Ground | None:
    """The decision in force at a moment, with its terms; None before the moment or where nothing was decided."""
    if at is None:
        return None
    decision = application.decisions.filter(at__lte=at).select_related("edition").order_by("-id").first()
    return decision and _Ground(at, decision, terms_of(decision.edition), clause_of, told)


def _entered(application: Application, state: str) -> Event | None:
    """When the case came to a state last."""
    found = Event.objects.filter(case_kind=Application.CASE, case_id=application.pk, to_state=state)
    return found.order_by("-id").first()


def _offer(application: Application) -> _Ground | None:
    ground = _ground(application, application.offered_at, "confirm_mode")
    if ground is None:
        return None
    terms, decision = ground.terms, ground.decision
    return ground._replace(
        told={
            "amount": explain.yuan(decision.amount) if decision.amount is not None else "—",
            "how_amount": explain.how_amount(terms, verdict_of(decision)),
            "deadline": application.confirm_by,
            "period_end": terms.refund_period[1],
            "uses": _uses(terms),
            "silent": terms.word_of("confirm_mode") == "silent",
            "waived": terms.word_of("unconfirmed_at_end") == "waived",
        }
    )


def _receipt(application: Application) -> _Ground | None:
    event = _entered(application, State.CONFIRMED)
    ground = _ground(application, event and event.at, "confirm_mode")
    if ground is None or application.state in {State.OFFERED, State.DECLINED, State.OVERDUE}:
        return None
    through = application.get_answer_channel_display() if application.answer_channel else ""
    amount = explain.yuan(ground.decision.amount) if ground.decision.amount is not None else "—"
    return ground._replace(told={"answered_on": localdate(ground.at), "through": through, "amount": amount})


def _refusal(application: Application) -> _Ground | None:
    award = application.award
    if application.state == State.REJECTED:
        event, reason = _entered(application, State.REJECTED), application.reason
    elif award is not None and award.state == Award.State.STRUCK and application.state == State.APPROVED:
        struck = Event.objects.filter(case_kind=Award.CASE, case_id=award.pk, to_state=Award.State.STRUCK)
        event = struck.order_by("-id").first()
        reason = event.why if event else ""
    else:
        return None
    ground = _ground(application, event and event.at, "ratio_sme")
    if ground is None:
        return None
    findings = [
        {
            "label": explain.rule_label(finding.rule), "sentence": explain.for_enterprise(finding), "clause": finding.clause,
            "remedy": explain.remedy(finding),
        }
        for finding in findings_of(ground.decision) if finding.answer is not Answer.PASS
    ]  # fmt: skip
    reason = reason.rstrip("。") + "。"
    days = ground.terms.count_of("appeal_days")
    return ground._replace(told={"reason": reason, "findings": findings, "decided_on": ground.decision.on, "appeal_days": days})


def _publicity(application: Application) -> _Ground | None:
    lines = PublishedLine.objects.filter(award_id=application.award_id, award__isnull=False, round__starts_on__isnull=False)
    line = lines.select_related("round").order_by("-round__number").first()
    if line is None:
        return None
    event = Event.objects.filter(case_kind="round", case_id=line.round_id, to_state="PUBLISHED").order_by("-id").first()
    ground = _ground(application, event and event.at, "publicity_required")
    return ground and ground._replace(
        told={
            "round": line.round.title, "position": line.position, "amount": explain.yuan(line.amount),
            "starts_on": line.round.starts_on, "ends_on": line.round.ends_on,
        }
    )  # fmt: skip


def _payment(application: Application) -> _Ground | None:
    award = application.award
    if award is None or award.paid_on is None or award.state != Award.State.PAID:
        return None
    event = Event.objects.filter(case_kind=Award.CASE, case_id=award.pk, to_state=Award.State.PAID).order_by("-id").first()
    ground = _ground(application, event and event.at, "uses")
    return ground and ground._replace(
        told={
            "amount": explain.yuan(award.amount), "paid_on": award.paid_on, "account_name": award.account_name,
            "account": str(award.account), "uses": _uses(ground.terms),
        }
    )  # fmt: skip


def _uses(terms: Terms) -> str:
    condition = terms.word_of("uses_condition")
    return "、".join(terms.words_of("uses")) + (f"（{condition}）" if condition else "")


_GROUNDS: dict[str, Callable[[Application], _Ground | None]] = {
    "offer": _offer,
    "receipt": _receipt,
    "refusal": _refusal,
    "publicity": _publicity,
    "payment": _payment,
}
