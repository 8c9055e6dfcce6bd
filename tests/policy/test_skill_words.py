"""Sentences on skill claims that depend on what a notice or an agency chose, word for word."""

from typing import Any

import pytest

from policy.explain import for_staff, for_worker, remedy
from policy.skill import SkillFacts, assess_skill
from policy.verdict import Finding
from tests.policy.test_golden import base_of, terms_of


def finding(rule: str, notice: str, choose: dict[str, str] | None = None, **changed: Any) -> Finding:
    facts = SkillFacts.from_row({**base_of("skill"), **changed})
    return next(each for each in assess_skill(terms_of(notice, choose or {}), facts).findings if each.rule == rule)


class TestToStaff:
    @pytest.mark.parametrize(
        ("rule", "notice", "changed", "said"),
        [
            ("certificate_valid", "shandong/2024", {},
             "职业技能等级证书，状态有效（按技能人才评价工作网全国联网查询系统核验）。"),
            ("certificate_valid", "shanxi/2024", {}, "职业技能等级证书，状态有效。"),
            ("within_period", "shandong/2024", {"claimed_on": "2024-07-08"},
             "2024年7月8日申请，在2024年1月1日至2024年7月8日之间（通知印发前），按申请之日判定，符合的予以补发。"),
            ("within_period", "hebei/2024", {"claimed_on": "2025-01-01", "insured_months": "36"},
             "2025年1月1日晚于2024年12月31日；在职，累计缴费36个月，不少于36个月，企业在职职工仍可申领。"),
            ("not_with_training_subsidy", "xpcc/2024", {"training_subsidies": "6-31-01-03:四级:2024-05-01"},
             "2024年5月1日已发放职业培训补贴：职业（工种）6-31-01-03，四级；不得重复享受（同一职业（工种）同一等级）；"
             "重复享受的，由后享受的单位或个人退回。"),
            ("not_with_training_subsidy", "jilin/2024", {},
             "没有申请之日及以前、2024年1月1日起发放的职业培训补贴（同一职业（工种）同一或更高等级）。"),
            ("not_with_training_subsidy", "hebei/2024", {}, "没有申请之日及以前发放的职业培训补贴（同一职业（工种）同一等级）。"),
            ("yearly_limit", "jia/2024", {"occupation": "6-18-01-01"},
             "2024年已享受0次，上限1次（急需紧缺职业（工种）单独计算）。"),
            ("yearly_limit", "hebei/2024", {"skill_subsidies": "电工:五级:;电工:四级:2024-01-02"},
             "2024年已享受1次，另有1次的年份或职业（工种）不明，上限3次。"),
            ("not_below_received", "jia/2024", {"certificates_held": ""}, "没有取得过同一职业（工种）更高等级的证书。"),
        ],
    )  # fmt: skip
    def test_name_what_the_notice_adds(self, rule: str, notice: str, changed: dict[str, str], said: str) -> None:
        found = finding(rule, notice, **changed)
        assert for_staff(found) == f"{said}［{found.clause}］"

    def test_name_the_day_that_decides_whether_benefit_was_drawn(self) -> None:
        found = finding("status_covered", "shanxi/2024", {"drawing_at": "issue"}, status="停保", status_at_issue="停保")
        note = "停保，发证之日停保（领取失业保险金以发证之日为准）"
        who = "企业在职职工、领取失业保险金人员"
        assert for_staff(found) == f"申请之日{note}，不属于补贴对象（{who}）。［晋人社厅发〔2024〕28号 三］"
        assert for_worker(found) == f"您申请时的参保状态为{note}；技能提升补贴的对象是{who}。"
        assert for_staff(finding("status_covered", "shanxi/2024", status="停保")).startswith("申请之日停保，不属于")

    @pytest.mark.parametrize(("at", "day"), [("claim", "申请之日"), ("issue", "发证之日")])
    def test_name_the_day_to_which_months_are_counted(self, at: str, day: str) -> None:
        found = finding("insured_long_enough", "hebei/2024", {"skill_months_at": at})
        assert for_staff(found).startswith(f"截至{day}累计缴费24个月")


class TestToTheWorker:
    def test_say_why_not_and_what_can_be_done(self) -> None:
        found = finding("within_window", "hebei/2024", issued_on="2023-09-01")
        assert for_worker(found) == "您的证书于2023年9月1日核发，应在2024年9月1日（含）以前申请，现已超过期限。"
        assert remedy(found) == "这一证书已不能申领；如发证日期登记有误，请提供证书更正。"

    def test_promise_no_later_months_where_those_at_issue_count(self) -> None:
        now = finding("insured_long_enough", "hebei/2024", insured_months="11")
        then = finding("insured_long_enough", "hebei/2024", {"skill_months_at": "issue"}, insured_months="11")
        assert "缴费满12个月后" in remedy(now)
        assert "缴费满12个月后" not in remedy(then)
