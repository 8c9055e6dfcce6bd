"""How the console looks and what stands in its side menu; settings take it as UNFOLD."""

from django.urls import reverse_lazy


def listed(model: str) -> object:
    return reverse_lazy(f"admin:{model}_changelist")


def menu(title: str, icon: str, model: str, seen: str) -> dict[str, object]:
    """One line of the console's side menu; `seen` names the function of config.console that shows it."""
    return {"title": title, "icon": icon, "link": listed(model), "permission": f"config.console.{seen}"}


TODAY = {
    "title": "今日信用核验",
    "icon": "today",
    "link": reverse_lazy("admin:refunds_application_lookups"),
    "permission": "config.console.sees_cases",
}
UNFOLD = {
    "SITE_TITLE": "稳岗 · 经办台",
    "SITE_HEADER": "稳岗 · 经办台",
    "SITE_SUBHEADER": "稳岗返还 · 技能提升补贴",
    "SITE_SYMBOL": "handshake",
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "ENVIRONMENT": "config.console.environment",
    "DASHBOARD_CALLBACK": "config.console.board",
    "STYLES": ["config.console.style"],
    "SCRIPTS": ["config.console.script"],
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.6)",
            "100": "oklch(93.2% .032 255.6)",
            "200": "oklch(88.2% .059 254.1)",
            "300": "oklch(80.9% .105 251.8)",
            "400": "oklch(70.7% .165 254.6)",
            "500": "oklch(62.3% .214 259.8)",
            "600": "oklch(50% .18 258)",
            "700": "oklch(44% .17 260)",
            "800": "oklch(38% .14 262)",
            "900": "oklch(33% .11 264)",
            "950": "oklch(25% .08 266)",
        },
    },
    "SIDEBAR": {
        "navigation": [
            {"items": [{"title": "今日待办", "icon": "checklist", "link": reverse_lazy("admin:index")}]},
            {
                "title": "稳岗返还",
                "separator": True,
                "items": [
                    menu("返还事项", "assignment", "refunds_application", "sees_business"),
                    menu("批量办理", "done_all", "agency_bulk", "sees_business"),
                    menu("筛查", "filter_alt", "refunds_screeningrun", "sees_business"),
                    menu("名单导出", "download", "refunds_listexport", "sees_business"),
                    menu("试算", "calculate", "refunds_whatif", "sees_business"),
                    menu("更正请求", "edit_note", "refunds_correction", "sees_business"),
                    menu("划型承诺", "approval", "refunds_commitment", "sees_business"),
                    menu("申诉", "gavel", "agency_appeal", "sees_business"),
                    menu("差额待办", "difference", "payout_difference", "sees_business"),
                    menu("暂缓", "pause_circle", "agency_hold", "sees_business"),
                    TODAY,
                    menu("信用核验存档", "verified", "agency_creditcheck", "sees_cases"),
                    menu("信用异议", "gpp_maybe", "agency_dispute", "sees_cases"),
                ],
            },
            {
                "title": "技能提升补贴",
                "separator": True,
                "items": [
                    menu("补贴事项", "workspace_premium", "skills_claim", "sees_cases"),
                    menu("技能证书", "license", "skills_certificate", "sees_cases"),
                    menu("职业培训补贴", "school", "skills_trainingsubsidy", "sees_cases"),
                    menu("参保人员", "badge", "enterprises_insuredperson", "sees_cases"),
                ],
            },
            {
                "title": "公示与拨付",
                "separator": True,
                "items": [
                    menu("应发补贴", "payments", "payout_award", "sees_business"),
                    menu("公示批次", "campaign", "payout_publicityround", "sees_business"),
                    menu("公示异议", "report", "payout_objection", "sees_business"),
                    menu("拨付批次", "account_balance", "payout_paymentbatch", "sees_money"),
                    menu("拨付明细", "receipt_long", "payout_payment", "sees_money"),
                ],
            },
            {
                "title": "单位与数据",
                "separator": True,
                "items": [
                    menu("导入", "upload_file", "agency_import", "sees_business"),
                    menu("参保单位", "apartment", "enterprises_enterprise", "sees_business"),
                    menu("划型结论", "straighten", "enterprises_sizedecision", "sees_cases"),
                    menu("缴费明细", "table_rows", "enterprises_monthlycontribution", "sees_business"),
                    menu("用工变动", "groups", "enterprises_workforceyear", "sees_business"),
                    menu("统计划型名单", "list_alt", "enterprises_sizelisting", "sees_cases"),
                    menu("2020年度划型", "history", "enterprises_size2020", "sees_cases"),
                    menu("信用名单", "gpp_bad", "enterprises_creditlisting", "sees_cases"),
                    menu("用工单位", "handshake", "refunds_host", "sees_business"),
                ],
            },
            {
                "title": "项目与机构",
                "separator": True,
                "items": [
                    menu("项目", "folder_open", "agency_programme", "sees_business"),
                    menu("项目版本", "history_edu", "agency_edition", "sees_business"),
                    menu("行政区划", "map", "agency_region", "sees_business"),
                    menu("工作日历", "calendar_month", "agency_workday", "sees_business"),
                    menu("基金月报", "savings", "agency_fundmonth", "sees_business"),
                    menu("短信", "sms", "agency_message", "sees_business"),
                    menu("短信回复", "reply", "agency_reply", "sees_replies"),
                    menu("作业", "pending_actions", "agency_job", "sees_business"),
                    menu("文件", "draft", "agency_file", "sees_business"),
                ],
            },
            {
                "title": "账号与留痕",
                "separator": True,
                "items": [
                    menu("用户", "person", "agency_user", "sees_accounts"),
                    menu("岗位", "badge", "agency_post", "sees_accounts"),
                    menu("留痕", "fingerprint", "agency_event", "sees_trail"),
                ],
            },
        ],
    },
}
