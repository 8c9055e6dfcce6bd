"""Findings in words. Labels of every code; one sentence for the enterprise or worker, one for staff, one on what to do.

The sentences stand in explain.toml and explain_skill.toml.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from policy.facts import NOT_CHECKED
from policy.keys import KEYS
from policy.notice import Terms
from policy.refund import RefundVerdict
from policy.size import LARGE, SME
from policy.verdict import Figure, Finding

_RULES = {
    "paid_in_full": "足额缴费",
    "deferred_paid_up": "缓缴补足",
    "layoff_rate": "裁员率",
    "kind_covered": "实施范围",
    "credit": "信用状况",
    "registration": "登记状态",
    "within_period": "政策期限",
    "dispatch_applies_itself": "劳务派遣单位自主申请",
    "dispatch_not_banned": "劳务派遣单位资格",
    "top_up": "补差",
    "dispatch_split": "派遣资金分配",
    "dispatch_part": "分配部分",
    "dispatch_passed_on": "拨付用工单位",
    "size_known": "企业划型",
    "base_known": "返还基数",
    "fund_reserve": "基金备付期限",
    "pilot_cap": "扩大支出试点额度",
    "premium_rate": "费率核对",
    "status_covered": "补贴对象",
    "insured_long_enough": "参保月数",
    "certificate_valid": "证书",
    "grade_covered": "证书等级",
    "within_window": "申领期限",
    "yearly_limit": "每年次数",
    "once_per_grade": "同一等级一次",
    "not_below_received": "低级别证书",
    "not_with_training_subsidy": "职业培训补贴",
    "post_matches": "证岗相适",
}
_BASES = {
    "statistics_list": "统计部门名单",
    "size_standard": "划型标准",
    "insured_count": "平均参保人数",
    "parent": "所属法人划型",
    "size_2020": "2020年度划型",
    "commitment": "书面承诺",
    "recorded": "系统记录",
    "kind": "单位类型",
}
_PAYEES = {"corporate": "对公账户", "tax": "缴纳社会保险费的账户", "held": "暂缓，待处理"}
_PAYEE_REASONS = {
    "corporate_account": "拨付至单位对公账户。",
    "small_without_account": "小微企业没有对公账户，拨付至税务部门提供的缴纳社会保险费的账户。",
    "deregistered": "单位已注销，没有收款人，须人工处理。",
    "account_unknown": "没有对公账户信息，请补充账户。",
    "class_unknown": "没有对公账户，且不知是否为小微企业，须人工处理。",
    "not_small": "没有对公账户，且不是小微企业，请提供对公账户。",
    "tax_account_unknown": "没有对公账户，税务部门尚未提供缴费账户，须人工处理。",
    "no_account": "没有对公账户，也没有缴费账户，请提供账户。",
}
_OUTCOMES = {"eligible": "合格", "ineligible": "不合格", "incomplete": "信息不全"}
_FACTS = {
    "mean_insured": "月均参保人数",
    "start_insured": "年初人数",
    "end_insured": "年末人数",
    "dismissals": "裁员人数",
    "claimants": "领取失业金人数",
    "retired": "退休人数",
    "died": "死亡人数",
    "paid_normal": "上年度各月保费当年到账",
    "paid_arrears": "以前年度欠费上年到账",
    "paid_after_year": "上年度保费次年到账",
    "refunded": "退还的上年度保费",
    "paid_for_public_hosts": "派遣到机关事业单位人员的保费",
    "paid_for_large_hosts": "派遣到大型用工单位人员的保费",
    "paid_for_sme_hosts": "派遣到中小微用工单位人员的保费",
    "employees": "从业人员",
    "revenue": "营业收入",
    "assets": "资产总额",
}
_OTHER_FACTS = {
    "kind": "单位类型",
    "dispatch": "劳务派遣单位",
    "on": "判定日",
    "paid_months": "累计足额缴费月数",
    "months_paid_last_year": "上年度足额缴费月数",
    "paid_late_fees": "滞纳金",
    "deferred_unpaid": "缓缴未补缴",
    "statistics_size": "统计名录划型",
    "statistics_covers": "统计名录已覆盖",
    "size_2020": "2020年划型",
    "recorded_size": "登记的划型",
    "industry": "行业",
    "parent_size": "法人单位划型",
    "committed_size": "承诺的划型",
    "credit_flags": "信用和登记状态",
    "channel": "申领方式",
    "account": "对公账户",
    "tax_account": "缴费账户",
    "dispatch_banned": "派遣单位失去资格",
}
_WHO = {"在职": "企业在职职工", "领取失业保险金": "领取失业保险金人员", "停保": "停保人员"}
_LABELS: Mapping[str, Mapping[str, str]] = {
    "method": KEYS["layoff_method"].words,
    "basis": {
        **_BASES,
        **KEYS["paid_months_basis"].words,
        "received": "享受过同一职业（工种）更高等级的技能提升补贴",
        "held": "取得过同一职业（工种）更高等级的证书",
    },
    "at": KEYS["skill_months_at"].words,
    "scope": KEYS["training_bar_scope"].words,
    "repaid_by": KEYS["double_benefit_repaid_by"].words,
}
_INDICATOR_UNITS = {"employees": "人", "revenue": "万元", "assets": "万元"}
_ENTERING = ("paid_normal", "paid_arrears", "paid_after_year")
_LEAVING = ("refunded", "paid_for_public_hosts")
_INSIDE = ("paid_for_large_hosts", "paid_for_sme_hosts")
_RATIOS = {LARGE: "ratio_large", SME: "ratio_sme"}
_NOT_KNOWN = "不明"


class HostSum(NamedTuple):
    """What was paid for the workers at hosts of one size, yuan, and the rate that it is refunded at."""

    size: str
    paid: Decimal
    rate: Decimal


def rule_label(rule: str) -> str:
    """Chinese label of a rule code: layoff_rate -> 裁员率. KeyError for no such code."""
    return _RULES[rule]


def basis_labels() -> dict[str, str]:
    """Chinese label of every size basis, by its code."""
    return dict(_BASES)


def basis_label(basis: str | None) -> str:
    """Chinese label of a size basis; empty for none. KeyError for no such code."""
    return _BASES[basis] if basis else ""


def method_label(method: str) -> str:
    """Chinese label of a layoff method. KeyError for no such code."""
    return KEYS["layoff_method"].words[method]


def payee_label(payee: str) -> str:
    """Chinese label of corporate, tax, held. KeyError for no such code."""
    return _PAYEES[payee]


def payee_reason(because: str) -> str:
    """Why the money goes to that account or is held, in one Chinese sentence. KeyError for no such code."""
    return _PAYEE_REASONS[because]


def outcome_label(outcome: str) -> str:
    """合格, 不合格, 信息不全. KeyError for no such code."""
    return _OUTCOMES[outcome]


def fact_label(fact: str) -> str:
    """Chinese label of a fact column that a finding may miss: retired -> 退休人数. KeyError for no such column."""
    return _FACTS[fact]


def fact_change(fact: str, before: Figure, after: Figure) -> str:
    """A fact of a refund that changed: 退休人数 1→2. KeyError for no such fact."""
    return f"{_FACTS.get(fact) or _OTHER_FACTS[fact]} {_fact_shown(before)}→{_fact_shown(after)}"


def _fact_shown(value: Figure) -> str:
    if isinstance(value, tuple):
        return "、".join("未核查" if each == NOT_CHECKED else each for each in value) or "未列入"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return "无" if value is None else str(value)


def for_enterprise(finding: Finding) -> str:
    """One plain Chinese sentence."""
    return _sentence(finding, "enterprise")


def for_worker(finding: Finding) -> str:
    """One plain Chinese sentence on a skill claim."""
    return _sentence(finding, "worker")


def for_staff(finding: Finding) -> str:
    """One Chinese sentence with figures and limit, and the clause behind it."""
    clause = f"［{finding.clause}］" if finding.clause else ""
    return _sentence(finding, "staff") + clause


def remedy(finding: Finding) -> str:
    """What can be done about a FAIL or UNKNOWN, in Chinese; empty for a PASS."""
    return _sentence(finding, "remedy")


def how_amount(terms: Terms, verdict: RefundVerdict) -> str:
    """How the amount was reached, in one Chinese sentence with its clause; empty where there is no amount."""
    if verdict.amount is None or verdict.base is None or verdict.rate is None:
        return ""
    hosts = host_sums(terms, verdict)
    own = verdict.base - sum([each.paid for each in hosts])
    sums = [f"{'自有部分' if hosts else '返还基数'}{yuan(own)}×返还比例{percent(verdict.rate)}（{verdict.size}）"]
    sums += [f"{each.size}用工单位部分{yuan(each.paid)}×{percent(each.rate)}" for each in hosts]
    clause = terms.clause(_RATIOS[verdict.size or SME], _counted_on(terms, verdict))
    return f"{'＋'.join(sums)}＝{yuan(verdict.amount)}［{clause}］"


def host_sums(terms: Terms, verdict: RefundVerdict) -> list[HostSum]:
    """What of a dispatch unit's base (yuan) goes by its hosts' own sizes; empty where the unit is calculated as a whole."""
    finding = verdict.finding("base_known")
    base = finding.figures if finding else {}
    on = _counted_on(terms, verdict)
    found = ((size, base.get(f"paid_for_{name}_hosts")) for size, name in ((LARGE, "large"), (SME, "sme")))
    return [HostSum(size, paid, terms.number_of(_RATIOS[size], on)) for size, paid in found if isinstance(paid, Decimal)]


def _counted_on(terms: Terms, verdict: RefundVerdict) -> date | None:
    """The day that the ratios were looked up for."""
    finding = verdict.finding("within_period")
    on = finding.figures["on"] if finding else None
    return terms.day_that_counts(_RATIOS.values(), on if isinstance(on, date) else None)


def percent(rate: Decimal) -> str:
    """A fraction as per cent: 0.055 -> 5.5%."""
    return f"{_plain(rate * 100)}%"


def yuan(amount: Decimal) -> str:
    """Yuan with thousands separators and two decimals: 1,234.50元."""
    return f"{amount:,.2f}元"


def day(on: date) -> str:
    """2024年6月3日."""
    return f"{on.year}年{on.month}月{on.day}日"


def _sentence(finding: Finding, audience: str) -> str:
    words = _wording()[finding.rule][finding.because]
    return words.get(audience, "").format_map(_Shown(finding.figures))


@cache
def _wording() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    wording: dict[str, dict[str, dict[str, str]]] = {}
    for path in sorted(Path(__file__).parent.glob("explain*.toml")):
        for rule, reasons in tomllib.loads(path.read_text("utf-8")).items():
            for because, words in reasons.items():
                wording.setdefault(rule, {}).setdefault(because, {}).update(words)
    return wording


def _plain(number: Decimal) -> str:
    """Digits without trailing zeros; a mean without end at two decimals."""
    exponent = number.normalize().as_tuple().exponent
    shown = number if isinstance(exponent, int) and exponent >= -6 else round(number, 2)
    return f"{shown.normalize():f}"


class _Shown(dict[str, str]):
    """Figures as a sentence shows them, made when asked for."""

    def __init__(self, figures: Mapping[str, Figure]) -> None:
        super().__init__()
        self._figures = figures

    def __missing__(self, name: str) -> str:
        if name == "parts":
            return self._parts()
        if name == "indicators":
            return self._indicators()
        if name.endswith("_note"):
            return self._note(name.removesuffix("_note"))
        for suffix, show in (("_percent", percent), ("_yuan", yuan)):
            if name.endswith(suffix):
                figure = self._figures[name.removesuffix(suffix)]
                return _NOT_KNOWN if figure is None else show(Decimal(str(figure)))
        return self._shown(name, self._figures[name])

    def _shown(self, name: str, figure: Figure) -> str:
        if figure is None:
            return _NOT_KNOWN
        if isinstance(figure, date):
            return f"{figure.year}年{figure.month}月" if name == "month" else day(figure)
        if isinstance(figure, bool):
            return "是" if figure else "否"
        if isinstance(figure, tuple):
            words = {"ladder": KEYS["size_ladder"].words, "rules": _RULES, "who": _WHO}.get(name, _FACTS)
            return "、".join(words.get(each, each) for each in figure)
        if isinstance(figure, str):
            return _LABELS.get(name, {}).get(figure, figure)
        return _plain(Decimal(figure))

    def _parts(self) -> str:
        """What the base is made of: 上年度各月保费当年到账1.00元，加…，减…."""
        signs = [("加", name) for name in _ENTERING] + [("减", name) for name in _LEAVING]
        parts = [f"{sign}{_FACTS[name]}{self[f'{name}_yuan']}" for sign, name in signs if self._figures.get(name) is not None]
        inside = [f"{_FACTS[name]}{self[f'{name}_yuan']}" for name in _INSIDE if self._figures.get(name) is not None]
        return "，".join(parts).removeprefix("加") + (f"（其中{'、'.join(inside)}）" if inside else "")

    def _indicators(self) -> str:
        """从业人员120人（大型下限1000人），…."""
        return "，".join(
            f"{_FACTS[name]}{self[name]}{unit if self._figures[name] is not None else ''}"
            f"（大型下限{self[f'{name}_large']}{unit}）"
            for name, unit in _INDICATOR_UNITS.items()
            if name in self._figures
        )

    def _note(self, name: str) -> str:
        """What a sentence adds where this figure says something; empty where it does not."""
        figure = self._figures[name]
        notes = {
            "proof": f"（按{figure}核验）" if figure else "",
            "drawing": f"，发证之日{self['status_at_issue']}（领取失业保险金以发证之日为准）" if figure == "issue" else "",
            "urgent": "（急需紧缺职业（工种）单独计算）" if figure else "",
            "possible": f"，另有{self[name]}次的年份或职业（工种）不明" if figure else "",
            "since": f"、{self[name]}起" if figure else "",
            "repaid_by": f"；重复享受的，由{self[name]}退回" if figure == "later" else "",
        }
        return notes[name]
