"""Every term that a notice may state: its key, Chinese label, type and, for words, the words it may take.

A notice that states anything else is refused. What no notice of a chain states has the value `absent`; a key
without one must be stated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

Value = Decimal | int | bool | str | date | tuple[str, ...]
Type = Literal["decimal", "int", "bool", "date", "text", "word", "words"]


@dataclass(frozen=True, slots=True)
class Key:
    """What a term may hold. `words`: allowed word -> label; `least` and `most` bound a number."""

    label: str
    type: Type
    words: Mapping[str, str] = field(default_factory=dict)
    least: int | None = None
    most: int | None = None
    absent: Value | None = None
    optional: bool = False


KINDS = (
    "企业", "分支机构", "社会团体", "基金会", "社会服务机构", "律师事务所", "会计师事务所", "个体工商户", "机关事业单位"
)  # fmt: skip
SIZE_CLASSES = ("大型", "中型", "小型", "微型")
SIZE_WORDS = (*SIZE_CLASSES, "中小微")
GRADES = ("五级", "四级", "三级", "二级", "一级")  # lowest first
INSURED_STATUSES = ("在职", "领取失业保险金", "停保")
LIST_TYPES = ("严重失信", "失信被执行人", "拖欠农民工工资", "经营异常", "注销", "吊销", "破产清算", "拟注销")


FUND_PURPOSES = (
    "失业保险金", "代缴医保", "价格临时补贴", "稳岗返还", "技能提升补贴", "职业培训补贴", "职业技能评价补贴", "岗位补贴",
    "社会保险补贴",
)  # fmt: skip


def _same(words: tuple[str, ...]) -> dict[str, str]:
    return {word: word for word in words}


def _rate(label: str, *, optional: bool = False) -> Key:
    return Key(label, "decimal", least=0, most=1, optional=optional)


def _yuan(label: str, *, optional: bool = False) -> Key:
    return Key(label, "decimal", least=0, optional=optional)


def _days(label: str) -> Key:
    return Key(label, "int", least=1, most=366)


_PREMIUM = {
    "premium_rate": _rate("失业保险总费率"),
    "premium_rate_employer": _rate("单位费率", optional=True),
    "premium_rate_employee": _rate("个人费率", optional=True),
    "premium_tolerance": Key("费率核对容差（元，每人每部分）", "decimal", least=0, most=100, absent=Decimal("0.005")),
}

_SIZE = {
    "size_ladder": Key(
        "划型顺序",
        "words",
        {
            "statistics_named": "统计部门名单列明",
            "statistics_covered": "统计部门名单覆盖而未列明",
            "size_standard": "按划型标准",
            "insured_count": "按平均参保人数",
            "commitment": "书面承诺",
            "size_2020": "2020年度减免社保费划型",
            "recorded": "系统记录",
            "parent": "分支机构随所属法人",
        },
    ),
    "size_branch": Key("分支机构划型", "word", {"legal_entity": "只按所属法人", "ladder": "按划型顺序"}),
    "size_social": Key(
        "社会组织等划型",
        "word",
        {"ladder": "按划型顺序", "sme": "按中小微企业", "insured_count": "只按平均参保人数"},
    ),
    "social_kinds": Key("参照实施的单位类型", "words", _same(KINDS)),
    "size_line": Key("平均参保人数达到即为大型的人数", "int", least=1),
    "size_standard": Key("划型标准", "word", {"2017": "统计上大中小微型企业划分办法（2017）"}, optional=True),
    "size_revised": Key("在现有划型基础上核实、修改、确认", "bool", absent=False),
    "size_objection": Key(
        "对划型有异议", "word", {"evidence": "提供印证材料", "commitment": "书面承诺", "agency": "由经办机构规定"},
        absent="agency",
    ),
    "size_settled_later": Key("划型变更后多退少补", "bool", absent=False),
    "size_when_not_recorded": Key(
        "没有划型记录时", "word", {"incomplete": "信息不全，人工处理", "insured_count": "按平均参保人数"}
    ),
    "size_when_no_2020": Key(
        "没有2020年度划型时",
        "word",
        {"recorded": "按系统记录，再按所属法人", "incomplete": "信息不全，人工处理"},
        absent="incomplete",
    ),
}  # fmt: skip

_CONDITIONS = {
    "refund_from": Key("返还政策起始日", "date"),
    "refund_until": Key("返还政策截止日", "date"),
    "paid_months_least": Key("足额缴费月数下限", "int", least=1),
    "paid_months_basis": Key("足额缴费月数口径", "word", {"cumulative": "累计月数", "last_year": "上年度全部12个月"}),
    "due_unknown_month": Key("没有应缴记录的月份", "word", {"unknown": "情况不明", "any_payment": "有实缴即视为足额"}),
    "layoff_inclusive": Key("裁员率等于上限也符合", "bool"),
    "layoff_limit": _rate("裁员率上限"),
    "layoff_limit_small": _rate("小规模单位裁员率上限"),
    "small_unit_most": Key("小规模单位参保人数上限（含）", "int", least=0),
    "small_unit_headcount": Key("小规模单位按哪个人数", "word", {"mean": "月均参保人数", "start": "年初人数", "end": "年末人数"}),
    "layoff_method": Key(
        "裁员率口径",
        "word",
        {
            "claimants_over_mean": "领取失业金人数÷月均参保人数",
            "dismissals_over_mean": "裁员人数÷月均参保人数",
            "net_reduction_over_start": "（年初人数－年末人数）÷年初人数",
            "net_reduction_less_natural_over_start": "（年初人数－退休－死亡－年末人数）÷年初人数",
            "net_reduction_over_mean": "（年初人数－年末人数）÷月均参保人数",
            "lower_of_net_and_claimants_over_start": "净减少人数、领取失业金人数取少者÷年初人数",
        },
    ),
    "covered_kinds": Key("实施范围", "words", _same(KINDS)),
    "deferred_bars": Key("缓缴未补足不予返还", "bool", absent=False),
    "credit_bars": Key("信用不予返还情形", "words", _same(LIST_TYPES), absent=()),
    "registration_bars": Key("登记状态不予返还情形", "words", _same(LIST_TYPES), absent=()),
    "credit_source": Key("信用和登记核查依据", "text", absent=""),
    "credit_origin": Key("只以此来源的信用记录为准", "text", absent=""),
    "credit_evidence": Key(
        "信用和登记状况查不清或有异议时",
        "word",
        {"when_undecided": "可要求企业提供印证资料", "never": "不要求企业提供资料"},
    ),
    "credit_checked_on_review": Key("以审核之日公开平台查询结果为准并存档", "bool", absent=False),
}

_MONEY = {
    "ratio_large": _rate("大型企业返还比例"),
    "ratio_sme": _rate("中小微企业返还比例"),
    "refund_topped_up": Key("年内返还标准提高的，此前的补发差额", "bool", absent=False),
    "base_arrears": Key("补缴的以前年度欠费计入返还基数", "bool"),
    "base_late_arrivals": Key("次年到账的上年度保费", "word", {"out": "不计入基数", "in": "计入基数"}),
    "uses": Key("资金用途", "words"),
    "uses_condition": Key("资金用途要求", "text", absent=""),
    "uses_shown": Key("资金用途告知方式", "word", {"page": "确认页面和通知", "popup": "弹窗"}, absent="page"),
    "tax_account_classes": Key("可返还至缴费账户的划型", "words", _same(SIZE_CLASSES)),
    "tax_account_unit_only": Key("缴费账户须为单位账户", "bool", absent=False),
}

_FUND = {
    "fund_reserve_months": Key("基金备付月数下限", "int", least=0),
    "fund_months_formula": Key("备付月数算法", "word", {"balance_over_mean_spending": "上年末滚存结余÷（上年支出÷12）"}),
    "pilot_rate": _rate("扩大支出试点额度占封定结余的上限", optional=True),
    "pilot_rate_inclusive": Key("试点支出等于上限也符合", "bool", absent=True),
    "pilot_yearly_rate": _rate("本年度试点额度占封定结余的比例", optional=True),
    "pilot_balance_on": Key("封定结余截至", "date", optional=True),
    "pilot_items": Key("试点支出项目", "words", _same(FUND_PURPOSES), absent=()),
    "pilot_from": Key("试点起始日", "date", optional=True),
    "pilot_until": Key("试点截止日", "date", optional=True),
}

# People, not rules, read dispatch_told_by, dispatch_papers and dispatch_misuse_repaid: how units are told, what is kept on
# file at acceptance, what is asked back once a breach is established.
_DISPATCH = {
    "dispatch_applies_itself": Key("劳务派遣单位须自主申请", "bool"),
    "dispatch_covered_from": Key("恢复劳务派遣单位享受的起始日", "date", optional=True),
    "dispatch_hosts_paid": Key("派遣人员部分全额拨付用工单位", "bool"),
    "dispatch_public_hosts_covered": Key("派遣到机关事业单位的纳入返还", "bool"),
    "dispatch_ban_next_year": Key("违规使用取消下一年度资格", "bool", absent=False),
    "dispatch_misuse_repaid": Key("未使用和拨付部分退回", "bool", absent=False),
    "dispatch_unpassed_returned": Key("逾期未拨付的退回", "bool", absent=False),
    "dispatch_told_by": Key("向劳务派遣单位告知政策的方式", "words", absent=()),
    "dispatch_papers": Key("劳务派遣单位申请时留存的资料", "words", absent=()),
    "dispatch_unapplied_waived": Key("已告知不申请视为放弃", "bool", absent=False),
    "dispatch_size_basis": Key("劳务派遣单位计算单元", "word", {"whole": "单位整体", "by_host": "按用工单位"}),
    "dispatch_passthrough_days": _days("拨付用工单位期限（工作日）"),
}

_PROCEDURE = {
    "confirm_mode": Key(
        "免申即享确认方式",
        "word",
        {
            "confirm_required": "企业确认后发放",
            "proxy_for_small": "小规模单位逾期由经办机构代为确认",
            "silent": "告知后直接发放",
        },
    ),
    "confirm_days": _days("确认期限（自然日）"),
    "self_application_confirms": Key("自主申请的也须确认", "bool"),
    "unconfirmed_at_end": Key("期限内未确认且未申请", "word", {"waived": "视为放弃", "left_open": "不作处理"}),
    "declined_may_apply": Key("放弃后期限内仍可申请", "bool"),
    "reminder_count": Key("短信提醒次数", "int", least=0, most=10),
    "reminder_every_days": _days("短信提醒间隔（自然日）"),
    "reminder_recipients": Key(
        "短信提醒对象",
        "word",
        {"contact_and_legal_representative": "联系人和法定代表人", "contact": "联系人"},
    ),
    "reminder_on": Key("短信提醒遇休息日", "word", {"any_day": "照发", "next_workday": "顺延至下一工作日"}, absent="any_day"),
    "reminder_then": Key(
        "短信提醒后仍未确认的",
        "word",
        {"public_list": "列入电话名单，再公开未确认名单", "call_list": "列入电话名单", "nothing": "不再提醒"},
        absent="public_list",
    ),
    "publicity_days": _days("公示天数"),
    "publicity_unit": Key("公示天数单位", "word", {"working": "工作日", "calendar": "自然日"}),
    "publicity_columns": Key(
        "公示内容",
        "word",
        {"name_amount": "单位名称、返还金额", "name": "单位名称", "name_rate_amount": "单位名称、裁员率、返还金额"},
    ),
    "publicity_required": Key("公示后拨付", "bool"),
    "objection_days": _days("异议答复期限（工作日）"),
    "appeal_days": Key("不服决定的申诉期限（自然日，自收到通知之日起）", "int", least=1, most=366, absent=60),
    "appeal_answer_days": _days("申诉答复期限（工作日）"),
    "paid_notice_channels": Key("到账告知方式", "words", {"sms": "短信", "portal": "网上平台", "popup": "弹窗"}),
    "payment_correction_days": _days("退票更正账户期限（自然日）"),
}

_SKILL = {
    "skill_from": Key("技能提升补贴政策起始日", "date"),
    "skill_until": Key("技能提升补贴政策截止日", "date"),
    "skill_statuses": Key("技能提升补贴对象", "words", _same(INSURED_STATUSES)),
    "insured_months_least": Key("参保缴费月数下限", "int", least=0),
    "recipients_need_months": Key("领取失业保险金人员也须满参保月数", "bool"),
    "skill_months_at": Key("参保月数计算截至", "word", {"claim": "申请之日", "issue": "发证之日"}),
    "drawing_at": Key("领取失业保险金以哪一日为准", "word", {"claim": "申请之日", "issue": "发证之日"}),
    "certificate_types": Key("证书类型", "words"),
    "certificate_proof": Key("证书核验依据", "text", absent=""),
    "skill_amount_5": _yuan("初级（五级）补贴标准"),
    "skill_amount_4": _yuan("中级（四级）补贴标准"),
    "skill_amount_3": _yuan("高级（三级）补贴标准"),
    "claim_window_months": Key("发证后申领期限（月）", "int", least=1, optional=True),
    "open_ended_months": Key("无截止日申领的累计缴费月数下限", "int", least=0, optional=True),
    "open_ended_statuses": Key("无截止日申领的对象", "words", _same(INSURED_STATUSES), absent=()),
    "catch_up_from": Key("印发前已申请可补发的起始日", "date", optional=True),
    "catch_up_until": Key("印发前已申请可补发的截止日", "date", optional=True),
    "yearly_limit": Key("每人每年次数上限", "int", least=1),
    "once_per_grade": Key("同一职业（工种）同一等级只享受一次", "bool"),
    "lower_grade_bar": Key(
        "低级别证书不再享受的情形",
        "word",
        {"received": "已享受同一职业（工种）高级别补贴", "held": "已取得同一职业（工种）高级别证书", "none": "没有规定"},
    ),
    "training_bar_scope": Key(
        "与职业培训补贴不得重复享受的范围",
        "word",
        {
            "same_occupation_and_grade": "同一职业（工种）同一等级",
            "same_or_higher_grade": "同一职业（工种）同一或更高等级",
            "same_occupation": "同一职业（工种）",
            "any": "任何职业培训补贴",
        },
    ),
    "training_bar_from": Key("此日起发放的职业培训补贴才不得重复享受", "date", optional=True),
    "double_benefit_repaid_by": Key(
        "重复享受的由谁退回", "word", {"later": "后享受的单位或个人", "agency": "由经办机构规定"}, absent="agency"
    ),
    "urgent_occupations": Key("急需紧缺职业（工种）", "words", absent=()),
    "urgent_yearly_limit": Key("急需紧缺职业（工种）每年另计的次数上限", "int", least=1, optional=True),
    "urgent_amount_5": _yuan("急需紧缺职业（工种）初级（五级）补贴标准", optional=True),
    "urgent_amount_4": _yuan("急需紧缺职业（工种）中级（四级）补贴标准", optional=True),
    "urgent_amount_3": _yuan("急需紧缺职业（工种）高级（三级）补贴标准", optional=True),
    "post_match_asked": Key("要求证岗相适", "bool", absent=False),
    "skill_topped_up": Key("年内补贴标准提高的，此前的补发差额", "bool", absent=False),
    "skill_publicity_required": Key("技能提升补贴公示后拨付", "bool"),
    "skill_paid_to_own_card": Key("技能提升补贴发放至本人社保卡金融账户", "bool", absent=False),
}

SKILL_KEYS = frozenset(_SKILL)
GROUPS: Mapping[str, Mapping[str, Key]] = {
    "费率": _PREMIUM,
    "划型": _SIZE,
    "条件": _CONDITIONS,
    "金额": _MONEY,
    "劳务派遣": _DISPATCH,
    "经办": _PROCEDURE,
    "技能提升": _SKILL,
    "基金": _FUND,
}
KEYS: Mapping[str, Key] = {key: rule for group in GROUPS.values() for key, rule in group.items()}

# Terms of which a notice states all or none.
TOGETHER = (
    ("pilot_rate", "pilot_balance_on", "pilot_items", "pilot_from", "pilot_until"),
    ("catch_up_from", "catch_up_until"),
    ("open_ended_months", "open_ended_statuses"),
)
