"""网关结果码: what each code of the SMS gateway means to us, in one table (docs/gateways.md)."""

from typing import NamedTuple

from agency.actions.messages import Receipt, SendResult
from agency.models import Message

_State = Message.State


class Outcome(NamedTuple):
    """The state that a code leads to, and what staff read of it. QUEUED: not taken, to be tried again with the same key."""

    state: str
    reason: str = ""


OUTCOMES = {
    "ACCEPTED": Outcome(_State.SENT),
    "INVALID_PHONE": Outcome(_State.FAILED, "手机号无效"),
    "BARRED": Outcome(_State.FAILED, "号码在禁发名单中"),
    "BAD_SIGN": Outcome(_State.FAILED, "短信签名未报备"),
    "BAD_TEMPLATE": Outcome(_State.FAILED, "短信模板未报备，或内容与模板不符"),
    "REJECTED": Outcome(_State.FAILED, "网关拒收"),
    "CONFLICT": Outcome(_State.FAILED, "同一编号已用于另一条短信"),
    "BUSY": Outcome(_State.QUEUED, "网关忙"),
    "TOO_FAST": Outcome(_State.QUEUED, "超过网关限速"),
    "NO_BALANCE": Outcome(_State.QUEUED, "网关余额不足"),
    "DELIVERED": Outcome(_State.DELIVERED),
    "UNDELIVERED": Outcome(_State.FAILED, "未送达"),
    "EXPIRED": Outcome(_State.FAILED, "未送达：超过有效期"),
    "NO_SERVICE": Outcome(_State.FAILED, "未送达：停机或空号"),
    "PENDING": Outcome(_State.SENT),  # no report yet
    "UNKNOWN": Outcome(_State.SENT),  # the gateway does not know it
}
_OF_SENDING = frozenset({_State.SENT, _State.FAILED, _State.QUEUED})
_FINAL = frozenset({_State.DELIVERED, _State.FAILED})
_UNSAID = Outcome(_State.QUEUED, "网关未说明结果")


def sent_as(key: str, code: str, gateway_id: str = "") -> SendResult:
    """What the gateway said to one sending; with an unknown code nothing is known, and it is tried again."""
    found = OUTCOMES.get(code, _UNSAID)
    if found.state not in _OF_SENDING or code in ("PENDING", "UNKNOWN"):
        found = _UNSAID
    return SendResult(key, found.state == _State.SENT, gateway_id, found.reason, retry=found.state == _State.QUEUED)


def reported_as(key: str, code: str, problem: str = "", *, number: str = "", gateway_id: str = "") -> Receipt:
    """What a report says of one message; the gateway's own word of a problem is put into ours where the table has it."""
    found = OUTCOMES.get(code)
    if found is None or found.state not in _FINAL:
        return Receipt(key, None, "", number, gateway_id)
    if found.state == _State.DELIVERED:
        return Receipt(key, found.state, "", number, gateway_id)
    said = OUTCOMES[problem].reason if problem in OUTCOMES else problem
    reason = "：".join(dict.fromkeys([found.reason, *said.split("：")])) if said else found.reason
    return Receipt(key, found.state, reason[:200], number, gateway_id)
