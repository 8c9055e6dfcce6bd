"""划型异议: how a notice lets an enterprise object to its size, and what it has committed to."""

from collections.abc import Collection
from datetime import date

from agency.models import Programme
from policy.notice import Terms
from subsidies.payout.queries import NoTerms, terms_in_force
from subsidies.refunds.models import Application, Commitment, State

OVER = frozenset({State.REJECTED, State.WITHDRAWN, State.WAIVED})


def committed_sizes(terms: Terms, application_ids: Collection[int]) -> dict[int, str]:
    """{application id: the size that it committed to, not found false}, where the notice takes such a commitment."""
    if "commitment" not in terms.words_of("size_ladder") or not application_ids:
        return {}
    counted = Commitment.objects.filter(application__in=application_ids).exclude(holds=False)
    return dict(counted.values_list("application_id", "size"))


def size_law(application: Application, on: date) -> str:
    """How its notice lets it object to its size: commitment, evidence, or agency (as the agency has it: an appeal); empty
    before there are terms."""
    try:
        return terms_in_force(application.programme, on).word_of("size_objection")
    except NoTerms:
        return ""


def why_not_commit(application: Application, on: date) -> str:
    """Why it may not commit itself to a size now, in Chinese; empty where it may."""
    if application.programme.state != Programme.State.OPEN:
        return "本项目尚未开办或已结束，不再受理划型承诺；请联系经办机构。"
    if size_law(application, on) != "commitment":
        return "本项目对划型有异议的不采用书面承诺；请提出申诉并附证据。"
    terms = terms_in_force(application.programme, on)
    if application.enterprise.kind in terms.words_of("social_kinds") and terms.word_of("size_social") == "insured_count":
        return "贵单位这一类型只按平均参保人数划型，书面承诺不起作用；人数有误的，请申请更正。"
    award = application.award
    if application.state in OVER or (award is not None and award.state in award.FALLEN):
        return "此件已办结，不再受理划型承诺。"
    if application.commitments.exclude(holds=False).exists():
        return "贵单位已就本年度划型作出承诺；如承诺有误，请联系经办机构。"
    if application.commitments.filter(holds=False).exists():
        return "贵单位的承诺经核实不属实，不能再次承诺；有异议的，请提出申诉。"
    return ""
